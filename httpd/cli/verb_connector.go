package cli

import (
	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbConnector(env Env) *cobra.Command {
	return group("connector", "Connect, list and stop provider accounts", groupPay,
		"  penstock connector connect sandbox --base-url http://127.0.0.1:9090", connectorConnect(env), connectorList(env), connectorBreaker(env), connectorTest(env))
}

func connectorConnect(env Env) *cobra.Command {
	n := client.NewAccount{}
	var credentials string
	cmd := &cobra.Command{
		Use:   "connect NAME [--base-url URL] [--merchant M]",
		Short: "Connect a provider account; new payouts leave by it",
		Args:  cobra.ExactArgs(1),
		Long: `Connects an account at a provider. In test mode every provider is played by the
test provider: inside the daemon, or at --base-url (penstock sandbox), which
egress.allow must name where it is a private address. The provider's own test
environment answers where the credentials hold "test_at": "provider". Accounts at the same
provider that were there before take no new payouts, unless --beside is given;
payouts that left by them are followed there to their end. Credentials are read
from a file or standard input (-), a JSON object of strings.`,
		Example: `  penstock connector connect sandbox --base-url http://127.0.0.1:9090 --json
  penstock connector connect wise --merchant shop --credentials - < wise.json`,
	}
	scope := scopeFlags(cmd)
	cmd.Flags().StringVar(&n.BaseURL, "base-url", "", "`URL` of the provider (default its own, or sandbox.base_url)")
	cmd.Flags().StringVar(&n.Label, "label", "", "`NAME` for people")
	cmd.Flags().StringVar(&credentials, "credentials", "", "`FILE` with the credentials in JSON, - for standard input")
	cmd.Flags().BoolVar(&n.Beside, "beside", false, "keep earlier accounts at the same provider in use")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		n.Merchant, n.Mode, n.Provider = scope.Merchant, scope.Mode, args[0]
		if n.Credentials, err = readDetails(env, credentials); err != nil {
			return err
		}
		return ask(r, func(c *client.Client) (client.Account, error) { return c.Connect(cmd.Context(), n) }, func(a client.Account) error {
			return r.showAccounts(client.Page[client.Account]{Data: []client.Account{a}})
		})
	}
	return cmd
}

func connectorList(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list [--merchant M]",
		Short:   "List provider accounts, without their credentials",
		Args:    cobra.NoArgs,
		Example: "  penstock connector list --config pay/config.toml",
	}
	scope := scopeFlags(cmd)
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Account], error) { return c.Accounts(cmd.Context(), *scope) }, r.showAccounts)
	}
	return cmd
}

func (r remote) showAccounts(p client.Page[client.Account]) error {
	rows := make([][]string, len(p.Data))
	for i, a := range p.Data {
		state := "in use"
		switch {
		case a.Disabled:
			state = "no new payouts"
		case a.Breaker == client.BreakerForced:
			state = "breaker open by hand"
		case a.Breaker == client.BreakerOpen:
			state = "doesn't answer"
		}
		rows[i] = []string{a.ID, a.Provider, state, a.Label, a.BaseURL}
	}
	return printTable(r.env, []string{"ACCOUNT", "PROVIDER", "STATE", "LABEL", "BASE URL"}, rows)
}
