package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbRoute(env Env) *cobra.Command {
	return group("route", "List payout routes, and ask where a payout would leave", groupPay,
		"  penstock route explain --service test_usd --amount 12.50 --currency USD", routeExplain(env), routeList(env))
}

func routeExplain(env Env) *cobra.Command {
	var d client.DryRun
	var fields, metadata []string
	cmd := &cobra.Command{
		Use:   "explain --service S --amount A --currency C",
		Short: "Tell where a payout would leave, and why; none is made",
		Args:  cobra.NoArgs,
		Long: `Decides like a payout does, on the same path, and keeps nothing of it: the way
through the routing scheme's tree, each strategy, and each route considered,
taken or refused, with the numbers. Where the tree draws by chance, each run
draws anew.`,
		Example: `  penstock route explain --service test_usd --amount 12.50 --currency USD
  penstock route explain --service test_usd --amount 900 --currency EUR --split --metadata tier=gold
  penstock route explain --point pop_... --service payment_card_usd --amount 5 --currency USD --field card_number=4111111111111111 --json`,
	}
	scope := scopeFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&d.Service, "service", "", "payout `SERVICE`, e.g. test_usd")
	f.StringVar(&d.Amount, "amount", "", "`AMOUNT` in major units")
	f.StringVar(&d.Currency, "currency", "", "`CODE` of the amount's currency")
	f.StringVar(&d.Point, "point", "", "payout point `ID` (default the merchant's)")
	f.StringVar(&d.Customer, "customer", "", "customer `ID`")
	f.StringArrayVar(&fields, "field", nil, "a field of the service, `KEY=VALUE`; may be repeated")
	f.StringArrayVar(&metadata, "metadata", nil, "what conditions may ask for, `KEY=VALUE`; may be repeated")
	f.BoolVar(&d.Split, "split", false, "the request may be split")
	for _, name := range []string{"service", "amount", "currency"} {
		_ = cmd.MarkFlagRequired(name)
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		d.Merchant, d.Mode, d.Currency = scope.Merchant, scope.Mode, strings.ToUpper(d.Currency)
		if d.Fields, err = pairsOf("field", fields); err != nil {
			return err
		}
		if len(metadata) > 0 {
			m, err := pairsOf("metadata", metadata)
			if err != nil {
				return err
			}
			if d.Metadata, err = json.Marshal(m); err != nil {
				return err
			}
		}
		return ask(r, func(c *client.Client) (client.Explanation, error) { return c.Explain(cmd.Context(), d) }, func(e client.Explanation) error {
			for _, line := range e.Lines {
				fmt.Fprintln(env.Stdout, line)
			}
			return nil
		})
	}
	return cmd
}

// pairsOf reads flags of the form KEY=VALUE.
func pairsOf(flag string, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range list {
		k, v, ok := strings.Cut(p, "=")
		if !ok || k == "" {
			return nil, usage(fmt.Errorf("--%s wants KEY=VALUE", flag))
		}
		out[k] = v
	}
	return out, nil
}

func routeList(env Env) *cobra.Command {
	var service string
	cmd := &cobra.Command{
		Use:     "list [--service S]",
		Short:   "List payout routes",
		Args:    cobra.NoArgs,
		Example: "  penstock route list --service test_usd",
	}
	scope := scopeFlags(cmd)
	cmd.Flags().StringVar(&service, "service", "", "of one payout `SERVICE`")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Route], error) {
			return c.Routes(cmd.Context(), *scope, service)
		}, func(p client.Page[client.Route]) error {
			rows := make([][]string, len(p.Data))
			for i, x := range p.Data {
				rows[i] = []string{x.ID, x.Service, x.Provider, x.Deposit, x.Min, x.Max, x.State}
			}
			return printTable(env, []string{"ROUTE", "SERVICE", "PROVIDER", "DEPOSIT ACCOUNT", "MIN", "MAX", "STATE"}, rows)
		})
	}
	return cmd
}
