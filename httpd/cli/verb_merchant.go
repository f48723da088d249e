package cli

import (
	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbMerchant(env Env) *cobra.Command {
	return group("merchant", "Make and list merchants", groupPay,
		"  penstock merchant create --id shop --name 'The Shop'", merchantCreate(env), merchantList(env))
}

func merchantCreate(env Env) *cobra.Command {
	var id, name string
	cmd := &cobra.Command{
		Use:   "create [--id ID] [--name NAME]",
		Short: "Make a merchant who can pay at once in test mode",
		Args:  cobra.NoArgs,
		Example: `  penstock merchant create --id shop --name 'The Shop' --config pay/config.toml
  penstock merchant create --json | jq -r .merchant_id      # an id is made up`,
	}
	cmd.Flags().StringVar(&id, "id", "", "`ID`, 1 to 64 letters, digits, underscores or hyphens; made up when it is left out")
	cmd.Flags().StringVar(&name, "name", "", "`NAME` for people")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Merchant, error) { return c.CreateMerchant(cmd.Context(), id, name) },
			func(m client.Merchant) error {
				printPairs(env, []pair{{"Merchant", m.ID}, {"Name", m.Name}, {"Profile", m.Profile}})
				return nil
			})
	}
	return cmd
}

func merchantList(env Env) *cobra.Command {
	var after string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List merchants",
		Args:    cobra.NoArgs,
		Example: "  penstock merchant list --config pay/config.toml",
	}
	cmd.Flags().StringVar(&after, "after", "", "those whose `ID` is greater")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most `N`, up to 1000")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Merchant], error) {
			return c.Merchants(cmd.Context(), after, limit)
		}, func(p client.Page[client.Merchant]) error {
			rows := make([][]string, len(p.Data))
			for i, m := range p.Data {
				rows[i] = []string{m.ID, m.Name, m.Profile, when(m.Created)}
			}
			moreNote(env, p.More, "--after the last id")
			return printTable(env, []string{"MERCHANT", "NAME", "PROFILE", "CREATED"}, rows)
		})
	}
	return cmd
}
