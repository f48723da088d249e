package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func verbInit(env Env) *cobra.Command {
	var listen, email string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "init DIR [--listen HOST:PORT] [--json]",
		Short:   "Make a directory to run from: configuration, keys, store, a first merchant",
		GroupID: groupRun,
		Args:    cobra.ExactArgs(1),
		Long: `Makes DIR with config.toml (every key, commented), master.key, admin.key, the
store, the merchant "default" and a test API key. The keys are shown this once.
A directory that is not empty is refused.`,
		Example: `  penstock init ./pay                                # then: penstock serve --config ./pay/config.toml
  penstock init ./pay --listen 0.0.0.0:8443          # reachable from elsewhere; set TLS before live keys
  penstock init ./pay --json | jq -r .api_key        # for scripts`,
	}
	cmd.Flags().StringVar(&listen, "listen", "", "`HOST:PORT` to serve on (default 127.0.0.1:8080)")
	cmd.Flags().StringVar(&email, "email", "owner@localhost", "`ADDRESS` of the first operator")
	jsonFlag(cmd, &asJSON)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if listen != "" && !listenAddress(listen) {
			return usage(fmt.Errorf(`--listen wants HOST:PORT, HOST an address, "localhost" or empty for all; got %q`, clip(listen)))
		}
		m, err := initialise(cmd.Context(), env, args[0], listen, email)
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
