package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbDeposit(env Env) *cobra.Command {
	return group("deposit", "Deposit accounts: what is on them, and their ledger", groupPay,
		"  penstock deposit list", depositList(env), depositCredit(env, "topup"), depositCredit(env, "adjust"), depositLedger(env))
}

func depositList(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List deposit accounts with their balances",
		Args:    cobra.NoArgs,
		Example: "  penstock deposit list --mode live",
	}
	scope := scopeFlags(cmd)
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Deposit], error) { return c.Deposits(cmd.Context(), *scope) }, r.showDeposits)
	}
	return cmd
}

func (r remote) showDeposits(p client.Page[client.Deposit]) error {
	rows := make([][]string, len(p.Data))
	for i, d := range p.Data {
		rows[i] = []string{d.ID, d.Name, d.Currency, d.Available, d.Held, d.Paid, d.Health, d.State}
	}
	return printTable(r.env, []string{"DEPOSIT ACCOUNT", "NAME", "CURRENCY", "AVAILABLE", "HELD", "PAID", "HEALTH", "STATE"}, rows)
}

func depositCredit(env Env, kind string) *cobra.Command {
	var text string
	cmd := &cobra.Command{
		Use:     "topup ID AMOUNT",
		Short:   "Write down money that was put in with the provider",
		Args:    cobra.ExactArgs(2),
		Example: "  penstock deposit topup pda_... 10000.00 --description 'bank transfer of 28 November'",
	}
	if kind == "adjust" {
		cmd.Use, cmd.Short = "adjust ID AMOUNT", "Set the books right by an amount of either sign, with the reason"
		cmd.Example = "  penstock deposit adjust pda_... --description 'fee of the bank' -- -12.50"
	}
	scope := scopeFlags(cmd)
	cmd.Flags().StringVar(&text, "description", "", "`TEXT` that says why")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Deposit, error) {
			return c.Credit(cmd.Context(), *scope, kind, args[0], args[1], text)
		}, func(d client.Deposit) error {
			return r.showDeposits(client.Page[client.Deposit]{Data: []client.Deposit{d}})
		})
	}
	return cmd
}

func depositLedger(env Env) *cobra.Command {
	var before uint64
	var limit int
	cmd := &cobra.Command{
		Use:     "ledger ID",
		Short:   "Show a deposit account's ledger, newest first",
		Args:    cobra.ExactArgs(1),
		Example: "  penstock deposit ledger pda_... --limit 100",
	}
	scope := scopeFlags(cmd)
	cmd.Flags().Uint64Var(&before, "before", 0, "postings before the one of this `NUMBER`")
	cmd.Flags().IntVar(&limit, "limit", 50, "at most `N`, up to 1000")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Posting], error) {
			return c.Postings(cmd.Context(), *scope, args[0], before, limit)
		}, func(p client.Page[client.Posting]) error {
			rows := make([][]string, len(p.Data))
			for i, x := range p.Data {
				var sides []string
				for _, e := range x.Entries {
					sides = append(sides, fmt.Sprintf("%s %+d", e.Account, e.Minor))
				}
				rows[i] = []string{strconv.FormatUint(x.Seq, 10), when(x.At), x.Kind, strings.Join(sides, ", "), x.Available, x.Held, x.Payout, x.By}
			}
			return printTable(env, []string{"NUMBER", "TIME", "WHAT", "MINOR UNITS", "AVAILABLE", "HELD", "PAYOUT", "BY"}, rows)
		})
	}
	return cmd
}
