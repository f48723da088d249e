package cli

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbPayout(env Env) *cobra.Command {
	return group("payout", "Make, list, show, cancel and settle payouts", groupPay,
		"  penstock payout list --status pending", payoutCreate(env), payoutList(env), payoutShow(env), payoutCancel(env), payoutState(env))
}

func payoutCreate(env Env) *cobra.Command {
	var n client.NewPayout
	var key, details, iban string
	cmd := &cobra.Command{
		Use:   "create --amount A --currency C (--method-id PM --customer CUS | --iban IBAN | --method M --details FILE)",
		Short: "Make a payout and send it on its way",
		Args:  cobra.NoArgs,
		Long: `Makes a payout in test or live mode, as the merchant would by the API. Where the
outcome is in doubt (exit code 4), repeat it with the same --key: the same key
pays once. Account details are read from a file or standard input (-), a JSON
object such as {"card_number":"...","expiry_month":"03","expiry_year":"2030"},
so that they stay out of the list of processes.`,
		Example: `  penstock payout create --amount 12.50 --currency EUR --iban NL69TEST0000000001 --config pay/config.toml
  penstock payout create --amount 7 --currency EUR --customer ada --method-id pm_01m7yd34dqd1th7h9hxq5r4rd4 --key invoice-77
  penstock payout create --amount 7 --currency USD --method card --details - < card.json`,
	}
	f := cmd.Flags()
	scope := scopeFlags(cmd)
	f.StringVar(&n.Amount, "amount", "", "`AMOUNT` in major units, such as 12.50")
	f.StringVar(&n.Currency, "currency", "", "`CODE`, such as EUR")
	f.StringVar(&n.Ref, "reference", "", "the merchant's own `ID` of the payout, unique")
	f.StringVar(&n.Customer, "customer", "", "`ID` of the customer")
	f.StringVar(&n.Method, "method-id", "", "`ID` of a saved payment method of the customer")
	f.StringVar(&n.Form, "method", "", "`NAME` of a payout method: sepa, card, ach, bacs, pix, paypal, ...")
	f.StringVar(&details, "details", "", "`FILE` with the account's details in JSON, - for standard input")
	f.StringVar(&iban, "iban", "", "`IBAN` to pay by SEPA, in place of --method and --details")
	f.StringVar(&key, "key", "", "idempotency `KEY`: the same key pays once (default one made up)")
	f.BoolVar(&n.Hold, "hold", false, "stop when it is ready; somebody fulfils it by the API")
	r := asking(env, cmd)
	mustFlags(cmd, "amount", "currency")
	cmd.MarkFlagsMutuallyExclusive("iban", "method", "method-id")
	cmd.MarkFlagsMutuallyExclusive("iban", "details")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		n.Merchant, n.Mode = scope.Merchant, scope.Mode
		if iban != "" {
			n.Form, n.Details = "sepa", map[string]string{"iban": iban}
		} else if n.Details, err = readDetails(env, details); err != nil {
			return err
		}
		if key == "" {
			if key, err = newKeyText(); err != nil {
				return err
			}
		}
		err = ask(r, func(c *client.Client) (client.Payout, error) { return c.CreatePayout(cmd.Context(), n, key) }, r.showPayout)
		if exitCode(err) == ExitUnknown {
			err = withNext(err, "repeat it with --key "+key+": the same key pays once")
		}
		return err
	}
	return cmd
}

// newKeyText makes up an idempotency key.
func newKeyText() (string, error) {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make up a key: %w", err)
	}
	return "cli-" + hex.EncodeToString(raw), nil
}

// readDetails reads an account's details; none is nil.
func readDetails(env Env, name string) (map[string]string, error) {
	var from io.Reader
	switch name {
	case "":
		return nil, nil
	case "-":
		from = env.Stdin
	default:
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read details: %w", err)
		}
		defer f.Close()
		from = f
	}
	raw, err := io.ReadAll(io.LimitReader(from, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("read details: %w", err)
	}
	var details map[string]string
	if json.Unmarshal(raw, &details) != nil { // the error would quote an account
		return nil, usage(errors.New("--details wants a JSON object whose values are strings"))
	}
	return details, nil
}

func payoutList(env Env) *cobra.Command {
	var f client.PayoutFilter
	var limit int
	cmd := &cobra.Command{
		Use:   "list [--status S] [--customer CUS]",
		Short: "List payouts, newest first",
		Args:  cobra.NoArgs,
		Example: `  penstock payout list --config pay/config.toml
  penstock payout list --status pending --limit 100 --merchant shop
  penstock payout list --json | jq -r '.data[].payout_id'`,
	}
	scope := scopeFlags(cmd)
	cmd.Flags().StringVar(&f.Status, "status", "", "those of one `STATUS`: draft, ready, dispatching, pending, paid, partly_paid, failed, expired, cancelled, returned")
	cmd.Flags().StringVar(&f.Customer, "customer", "", "those of one customer's `ID`")
	cmd.Flags().StringVar(&f.Before, "before", "", "those made before the payout of this `ID`")
	cmd.Flags().IntVar(&limit, "limit", 20, "at most `N`, up to 1000")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Payout], error) {
			return c.Payouts(cmd.Context(), *scope, f, limit)
		},
			func(p client.Page[client.Payout]) error {
				rows := make([][]string, len(p.Data))
				for i, r := range p.Data {
					rows[i] = []string{r.ID, r.Status + waitsFor(r), r.Currency + " " + r.Amount, r.Customer, r.Provider, when(r.Created)}
				}
				moreNote(env, p.More, "--before the last id")
				return printTable(env, []string{"PAYOUT", "STATUS", "AMOUNT", "CUSTOMER", "PROVIDER", "CREATED"}, rows)
			})
	}
	return cmd
}

// waitsFor names whom a payout waits for, where that is a person.
func waitsFor(p client.Payout) string {
	switch {
	case p.Moderation != "":
		return " (waits for you)"
	case p.Attention:
		return " (needs a look)"
	}
	return ""
}

func payoutShow(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show PAYOUT",
		Short:   "Show a payout with its history",
		Args:    cobra.ExactArgs(1),
		Example: "  penstock payout show payout_01m7yd36spsb257v8awpzx2d01 --config pay/config.toml",
	}
	scope := scopeFlags(cmd)
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Payout, error) { return c.Payout(cmd.Context(), *scope, args[0]) }, r.showPayout)
	}
	return cmd
}

func payoutCancel(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cancel PAYOUT",
		Short:   "Stop a payout of which nothing has been sent",
		Args:    cobra.ExactArgs(1),
		Example: "  penstock payout cancel payout_01m7yd36spsb257v8awpzx2d01 --config pay/config.toml",
	}
	scope := scopeFlags(cmd)
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Payout, error) { return c.CancelPayout(cmd.Context(), *scope, args[0]) }, r.showPayout)
	}
	return cmd
}

func payoutState(env Env) *cobra.Command {
	var st client.Statement
	cmd := &cobra.Command{
		Use:   "state PAYOUT --verdict V",
		Short: "Say what became of a payout that waits for a person",
		Args:  cobra.ExactArgs(1),
		Long: `Settles a payout by your word, after you have seen its fate at the provider.
Your word is believed, and stands in the history and in the audit log. An end is
never overwritten: a contradiction is written down and calls for a look.`,
		Example: `  penstock payout state payout_01m7yd36spsb257v8awpzx2d01 --verdict paid --note 'seen on statement 12'
  penstock payout state payout_01m7yd36spsb257v8awpzx2d01 --verdict rejected --resolution account_closed
  penstock payout state payout_01m7yd36spsb257v8awpzx2d01 --verdict partly_paid --moved 5.00`,
	}
	scope := scopeFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&st.Verdict, "verdict", "", "`VERDICT`: paid, partly_paid, rejected or returned")
	f.StringVar(&st.Moved, "moved", "", "`AMOUNT` that was paid, for partly_paid")
	f.StringVar(&st.Resolution, "resolution", "", "why, in a `WORD`")
	f.StringVar(&st.Part, "instruction", "", "`ID` of the instruction (po_...), where there is more than one")
	f.StringVar(&st.Note, "note", "", "`TEXT` for the history")
	r := asking(env, cmd)
	mustFlags(cmd, "verdict")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Payout, error) {
			return c.StatePayout(cmd.Context(), *scope, args[0], st)
		}, r.showPayout)
	}
	return cmd
}

// showPayout prints a payout for a person.
func (r remote) showPayout(p client.Payout) error {
	env := r.env
	printPairs(env, []pair{
		{"Payout", p.ID}, {"Status", p.Status + waitsFor(p)}, {"Waits for", p.Moderation}, {"Amount", p.Currency + " " + p.Amount},
		{"Merchant", p.Merchant + ", " + p.Mode + " mode"}, {"Customer", p.Customer}, {"Method", p.Method}, {"To", accountText(p)}, {"Provider", p.Provider},
		{"Created", when(p.Created)}, {"Changed", when(p.Changed)}, {"Expires", when(p.Expires)},
	})
	for _, part := range p.Parts {
		fmt.Fprintf(env.Stdout, "\nInstruction %s: %s, attempt %d, by %s\n", part.ID, part.Status, part.Attempt, part.Account)
		printPairs(env, []pair{{"  Provider's reference", part.Ref}, {"  Moved", part.Moved}, {"  Resolution", part.Resolution}, {"  Message", part.Message}, {"  Next look", when(part.Due)}})
	}
	if len(p.History) > 0 {
		fmt.Fprintln(env.Stdout)
		rows := make([][]string, len(p.History))
		for i, l := range p.History {
			again := ""
			if l.More > 0 {
				again = fmt.Sprintf(" (and %d more times)", l.More)
			}
			rows[i] = []string{fmt.Sprint(l.Seq), when(l.At), l.What, l.To, l.By, l.Text + again}
		}
		return printTable(env, []string{"N", "WHEN", "WHAT", "THEN", "BY", "WHY"}, rows)
	}
	return nil
}

// accountText is the beneficiary's account as it may be shown.
func accountText(p client.Payout) string {
	for _, name := range []string{"iban", "card_number", "bank_account_number", "email", "pix_key", "telephone_number"} {
		if v := p.Details[name]; v != "" {
			return p.Form + " " + v
		}
	}
	return p.Form
}
