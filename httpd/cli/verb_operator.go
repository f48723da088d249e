package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbOperator(env Env) *cobra.Command {
	return group("operator", "Let people into the dashboard", groupRun,
		"  penstock operator invite ada@example.com --role manager", operatorInvite(env), operatorList(env), operatorChange(env), operatorSessions(env), operatorEnd(env))
}

func operatorInvite(env Env) *cobra.Command {
	var role string
	cmd := &cobra.Command{
		Use:   "invite ADDRESS [--role ROLE]",
		Short: "Make a one-time link into the dashboard, good for 30 minutes",
		Args:  cobra.ExactArgs(1),
		Long: `Makes a link by which somebody sets a name and a password and is logged in. It
works once and for 30 minutes; a link made before for the same address ends.
Whoever has that address already chooses a new password by it and keeps their
role: this is also how a forgotten password is replaced.`,
		Example: `  penstock operator invite ada@example.com --config pay/config.toml
  penstock operator invite bob@example.com --role viewer
  penstock operator invite ada@example.com --json | jq -r .setup_url`,
	}
	cmd.Flags().StringVar(&role, "role", "owner", "`ROLE` of somebody new: owner, administrator, manager, developer, viewer, or a custom one")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Invitation, error) {
			return c.InviteOperator(cmd.Context(), args[0], role)
		}, func(i client.Invitation) error {
			printPairs(env, []pair{{"For", i.Email}, {"Link", i.Link}, {"Until", when(i.Expires)}})
			fmt.Fprintln(env.Stderr, "The link is not shown again. Whoever has it comes in.")
			return nil
		})
	}
	return cmd
}

func operatorList(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the people who may come in",
		Args:    cobra.NoArgs,
		Example: "  penstock operator list --config pay/config.toml",
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Operator], error) { return c.Operators(cmd.Context()) }, func(p client.Page[client.Operator]) error {
			rows := make([][]string, len(p.Data))
			for i, o := range p.Data {
				state := "may come in"
				if o.Disabled {
					state = "disabled"
				}
				rows[i] = []string{o.ID, o.Email, o.Name, o.Role, state, when(o.Seen)}
			}
			return printTable(env, []string{"OPERATOR", "E-MAIL", "NAME", "ROLE", "STATE", "LAST LOG-IN"}, rows)
		})
	}
	return cmd
}
