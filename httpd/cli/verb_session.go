package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func operatorChange(env Env) *cobra.Command {
	var role string
	var in, out bool
	cmd := &cobra.Command{
		Use:   "change ADDRESS [--role ROLE] [--disable | --enable]",
		Short: "Give somebody another role, or end or restore their right to come in",
		Args:  cobra.ExactArgs(1),
		Example: `  penstock operator change bob@example.com --role manager --config pay/config.toml
  penstock operator change bob@example.com --disable      # their sessions end at once`,
	}
	cmd.Flags().StringVar(&role, "role", "", "`ROLE`, see penstock role list")
	cmd.Flags().BoolVar(&out, "disable", false, "let them in no more")
	cmd.Flags().BoolVar(&in, "enable", false, "let them in again")
	cmd.MarkFlagsMutuallyExclusive("disable", "enable")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if role == "" && !in && !out {
			return usage(errors.New("nothing to change: give --role, --disable or --enable"))
		}
		var disabled *bool
		if in || out {
			disabled = &out
		}
		return ask(r, func(c *client.Client) (client.Operator, error) {
			return c.ChangeOperator(cmd.Context(), args[0], role, disabled)
		}, func(o client.Operator) error {
			state := "may come in"
			if o.Disabled {
				state = "is not let in"
			}
			fmt.Fprintf(env.Stdout, "%s is %s and %s.\n", o.Email, o.Role, state)
			return nil
		})
	}
	return cmd
}

func operatorSessions(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sessions [ADDRESS]",
		Short: "List who is in the dashboard, the latest seen first",
		Args:  cobra.MaximumNArgs(1),
		Example: `  penstock operator sessions --config pay/config.toml
  penstock operator sessions bob@example.com`,
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		who := ""
		if len(args) > 0 {
			who = args[0]
		}
		return ask(r, func(c *client.Client) (client.Page[client.Session], error) { return c.Sessions(cmd.Context(), who) }, func(p client.Page[client.Session]) error {
			rows := make([][]string, len(p.Data))
			for i, s := range p.Data {
				rows[i] = []string{s.ID, s.Operator, s.From, when(s.Created), when(s.Seen), clip(s.Agent)}
			}
			return printTable(env, []string{"SESSION", "OPERATOR", "FROM", "SINCE", "LAST USED", "BROWSER"}, rows)
		})
	}
	return cmd
}

func operatorEnd(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "end SESSION",
		Short:   "End a session: whoever uses it has to log in again",
		Args:    cobra.ExactArgs(1),
		Example: "  penstock operator end ses_01kb2v0c9m4x7t5q8r3n6p1d0e --config pay/config.toml",
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (struct{}, error) { return struct{}{}, c.EndSession(cmd.Context(), args[0]) }, func(struct{}) error {
			fmt.Fprintln(env.Stdout, "The session has ended.")
			return nil
		})
	}
	return cmd
}
