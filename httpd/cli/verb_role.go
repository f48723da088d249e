package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbRole(env Env) *cobra.Command {
	return group("role", "Say what people in the dashboard may do", groupRun,
		"  penstock role save support --permits resend,state", roleList(env), roleSave(env), roleDelete(env))
}

func roleList(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List roles and what each allows",
		Args:    cobra.NoArgs,
		Example: "  penstock role list --config pay/config.toml",
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Role], error) { return c.Roles(cmd.Context()) }, func(p client.Page[client.Role]) error {
			rows := make([][]string, len(p.Data))
			for i, one := range p.Data {
				kind := "built in"
				if one.Custom {
					kind = "custom"
				}
				rows[i] = []string{one.Name, strings.Join(append([]string{"look"}, one.Permits...), ","), kind, one.About, when(one.Changed)}
			}
			return printTable(env, []string{"ROLE", "ALLOWS", "KIND", "FOR", "CHANGED"}, rows)
		})
	}
	return cmd
}

func roleSave(env Env) *cobra.Command {
	var permits []string
	var about string
	cmd := &cobra.Command{
		Use:   "save NAME [--permits LIST] [--about TEXT]",
		Short: "Make a role, or change what one allows",
		Args:  cobra.ExactArgs(1),
		Long: `Makes a role of that name, or replaces what it allows; that counts at once for all
who have it. Whoever has a role may look. What its permits don't name is refused:

  pay      make, process, cancel and edit payout requests
  state    moderate, and say what became of a payout
  fund     top up and adjust deposit accounts
  resend   send webhooks again
  connect  provider accounts, routes, schemes, payout points, keys
  people   invite, give roles that allow no more, end sessions`,
		Example: `  penstock role save support --permits resend,state --about "answers merchants"
  penstock role save auditor                      # looks, and does nothing
  penstock operator invite bob@example.com --role support`,
	}
	cmd.Flags().StringSliceVar(&permits, "permits", nil, "`LIST` of what it allows, with commas between")
	cmd.Flags().StringVar(&about, "about", "", "`TEXT`, what it is for")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Role, error) {
			return c.SaveRole(cmd.Context(), args[0], about, append([]string{}, permits...))
		}, func(one client.Role) error {
			fmt.Fprintf(env.Stdout, "%s allows %s.\n", one.Name, strings.Join(append([]string{"look"}, one.Permits...), ", "))
			return nil
		})
	}
	return cmd
}

func roleDelete(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "delete NAME",
		Short:   "Take a custom role away that nobody has",
		Args:    cobra.ExactArgs(1),
		Example: "  penstock role delete support --config pay/config.toml",
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (struct{}, error) { return struct{}{}, c.DeleteRole(cmd.Context(), args[0]) }, func(struct{}) error {
			fmt.Fprintf(env.Stdout, "%s is gone.\n", args[0])
			return nil
		})
	}
	return cmd
}
