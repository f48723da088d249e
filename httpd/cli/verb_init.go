package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func verbInit(env Env) *cobra.Command {
	var s setting
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "init [DIR] [--listen HOST:PORT] [--email ADDRESS] [--json]",
		Short:   "Make a directory to run from: configuration, keys, store, a first merchant",
		GroupID: groupRun,
		Args:    cobra.MaximumNArgs(1),
		Long: `Makes DIR with config.toml (every key, commented), master.key, admin.key, the
store, the merchant "default" and a test API key. The keys are shown this once.
A directory that is not empty is refused. Without DIR, on a terminal, it asks.`,
		Example: `  penstock init                                      # asks, on a terminal
  penstock init ./pay                                # then: penstock serve --config ./pay/config.toml
  penstock init ./pay --listen 0.0.0.0:8443          # reachable from elsewhere; set TLS before live keys
  penstock init ./pay --json | jq -r .api_key        # for scripts`,
	}
	cmd.Flags().StringVar(&s.listen, "listen", "", "`HOST:PORT` to serve on (default 127.0.0.1:8080)")
	cmd.Flags().StringVar(&s.email, "email", "", "`ADDRESS` of the first operator (default owner@localhost)")
	jsonFlag(cmd, &asJSON)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if s.listen != "" {
			if err := checkListen(s.listen); err != nil {
				return usage(fmt.Errorf("--listen %w", err))
			}
		}
		if s.email != "" {
			if err := checkOwner(s.email); err != nil {
				return usage(fmt.Errorf("--email: %w", err))
			}
		}
		switch {
		case len(args) == 1:
			s.dir = args[0]
		case asJSON || !onTerminal(env):
			return usage(errors.New("the directory to make is missing: penstock init DIR"))
		default:
			var err error
			if s, err = askSetting(env.Stdin, env.Stderr, s); err != nil {
				return err
			}
		}
		if s.email == "" {
			s.email = "owner@localhost"
		}
		m, err := initialise(cmd.Context(), env, s.dir, s.listen, s.email)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(env, m)
		}
		printPairs(env, []pair{
			{"Configuration", m.Config}, {"Merchant", m.Merchant}, {"API key", m.Key}, {"Publishable key", m.Publishable},
			{"Administrator's key", m.AdminKey}, {"Operator", m.Operator.Email + ", within 30 minutes: " + m.Operator.SetupURL},
		})
		fmt.Fprintf(env.Stderr, `
The keys are not shown again. Keep a copy of master.key elsewhere: without it no
detail can be read, and no backup opened.

Next:
  penstock serve --config %s
`, m.Config)
		return nil
	}
	return cmd
}
