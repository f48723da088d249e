package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

// maxStatementFile is what is read of a statement; a day's of a large account
// has a few megabytes.
const maxStatementFile = 32 << 20

// reconciling is one run of the verb.
type reconciling struct {
	remote
	scope   *client.Scope
	query   client.BooksQuery
	csvMap  string
	csv     string
	pull    bool
	account string
}

func verbReconcile(env Env) *cobra.Command {
	o := &reconciling{}
	cmd := &cobra.Command{
		Use:     "reconcile ACCOUNT [STATEMENT...] [--pull] [--csv FILE]",
		Short:   "Compare payouts, ledger and what a provider or a bank has reported",
		GroupID: groupDoubt,
		Args:    cobra.MinimumNArgs(1),
		Long: `Holds three books of a provider account against each other: the payouts'
records, the ledger of its deposit accounts, and what was reported: statements
given here (camt.053, camt.054, pain.002, CSV), and with --pull the provider's
own report. What is loaded settles the payouts that it names, once: a payout
that came back after it was paid becomes returned. The same file again changes
nothing; a file that isn't whole, or is another account's, changes nothing.

Classes: theirs_only (money moved that our books don't have: look at once),
duplicate, amount_differs, ours_only, matched (shown with --all). A difference
that a person has looked into is set apart by penstock reconcile explain.

A CSV file is read by --map, a JSON object that names its columns, such as
{"separator": ";", "decimal": ",", "reference": "Text", "amount": "Betrag",
"currency": "EUR", "side": "S/H", "debit": "S", "credit": "H", "date": "Datum",
"layout": "02.01.2006"}, or else has the columns reference, amount, currency,
kind (paid or returned) and date, and may have provider_reference.
Exit code 1 if anything isn't matched or explained.`,
		Example: `  penstock reconcile mca_... statement.xml --mode live
  penstock reconcile mca_... bank.csv --map bank.json --csv report.csv
  penstock reconcile mca_... --pull --from 2026-11-01 --to 2026-11-30
  penstock reconcile explain mca_... LINE --description 'fee of the bank'`,
	}
	o.scope = scopeFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.query.From, "from", "", "first `DAY` (default five weeks ago)")
	f.StringVar(&o.query.To, "to", "", "last `DAY` (default today)")
	f.StringVar(&o.query.Class, "class", "", "show this `CLASS` alone")
	f.BoolVar(&o.query.All, "all", false, "show what matches, too")
	f.StringVar(&o.csvMap, "map", "", "`FILE` (JSON) that says how a CSV statement is read")
	f.StringVar(&o.csv, "csv", "", "write the report to `FILE` as CSV, all classes; - is standard output")
	f.BoolVar(&o.pull, "pull", false, "ask the provider for its report and its balances first")
	o.remote = asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.account = args[0]
		return o.run(cmd, args[1:])
	}
	cmd.AddCommand(reconcileExplain(env), reconcileBalances(env), reconcileRuns(env))
	return cmd
}

func (o *reconciling) run(cmd *cobra.Command, files []string) error {
	c, err := reach(o.env, *o.file)
	if err != nil {
		return err
	}
	how := ""
	if o.csvMap != "" {
		raw, err := readBounded(o.csvMap, 64<<10, false)
		if err != nil {
			return usage(fmt.Errorf("read the map: %w", err))
		}
		how = string(raw)
	}
	for _, name := range files {
		raw, err := readBounded(name, maxStatementFile, false)
		if err != nil {
			return usage(fmt.Errorf("read the statement: %w", err))
		}
		got, err := c.Load(cmd.Context(), o.account, client.StatementFile{Merchant: o.scope.Merchant, Mode: o.scope.Mode, Name: filepath.Base(name), Map: how, Text: raw})
		if err != nil {
			return answered(err)
		}
		o.told(filepath.Base(name), got)
	}
	if o.pull {
		if err := o.pulled(cmd, c); err != nil {
			return err
		}
	}
	found, err := c.Books(cmd.Context(), *o.scope, o.account, o.query)
	if err != nil {
		return answered(err)
	}
	if o.csv != "" {
		if err := o.writeCSV(cmd, c); err != nil {
			return err
		}
	}
	return o.show(found)
}

// pulled asks for the report and the balances; a provider that gives one of the
// two is asked for that.
func (o *reconciling) pulled(cmd *cobra.Command, c *client.Client) error {
	got, err := c.PullReports(cmd.Context(), *o.scope, o.account)
	if err == nil {
		o.told("the provider's report", got)
	}
	_, errBalance := c.PullBalances(cmd.Context(), *o.scope, o.account)
	if err == nil || errBalance == nil {
		return nil
	}
	return answered(err)
}

func (o *reconciling) told(name string, got client.Loaded) {
	fmt.Fprintf(o.env.Stderr, "%s: %s, %d new, %s settled\n", name, plural(got.Lines, "line"), got.New, plural(got.Settled, "payout"))
}

func (o *reconciling) writeCSV(cmd *cobra.Command, c *client.Client) (err error) {
	out := o.env.Stdout
	if o.csv != "-" {
		f, err := os.OpenFile(o.csv, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return usage(fmt.Errorf("write the report: %w", err))
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	q := o.query
	q.All = true
	return answered(c.BooksCSV(cmd.Context(), *o.scope, o.account, q, out))
}

// show prints the findings, and is an error when any is open.
func (o *reconciling) show(b client.Books) error {
	open := 0
	for class, n := range b.Counts {
		if class != "matched" {
			open += n
		}
	}
	switch {
	case *o.json:
		if err := printJSON(o.env, b); err != nil {
			return err
		}
	case o.csv != "-":
		if err := o.table(b); err != nil {
			return err
		}
	}
	if open > 0 {
		return withNext(fmt.Errorf("%s between the books of %s to %s", plural(open, "difference"), b.From, b.To), "look into theirs_only first; penstock reconcile explain sets one apart")
	}
	return nil
}

func (o *reconciling) table(b client.Books) error {
	if len(b.Findings) > 0 {
		rows := make([][]string, len(b.Findings))
		for i, f := range b.Findings {
			rows[i] = bookRow(f)
		}
		if err := printTable(o.env, []string{"CLASS", "WHY", "PAYOUT", "STATUS", "CURRENCY", "OURS", "LEDGER", "THEIRS", "DAY", "SOURCE", "LINE", "EXPLAINED"}, rows); err != nil {
			return err
		}
	}
	var counts []string
	for _, class := range []string{"matched", "ours_only", "theirs_only", "amount_differs", "duplicate"} {
		counts = append(counts, fmt.Sprintf("%s %d", class, b.Counts[class]))
	}
	fmt.Fprintf(o.env.Stdout, "%s to %s: %s, explained %d\n", b.From, b.To, strings.Join(counts, ", "), b.Explained)
	return nil
}

func bookRow(f client.BooksFinding) []string {
	day, source, line := "", "", ""
	if n := len(f.Lines); n > 0 {
		l := f.Lines[n-1]
		day, source, line = l.Day, l.Source, l.ID
		if l.Row > 0 {
			source += ":" + strconv.Itoa(l.Row)
		}
	}
	theirs := moved(f.Theirs)
	if theirs == "" && len(f.Lines) > 0 { // it can't be summed
		l := f.Lines[len(f.Lines)-1]
		theirs = strings.TrimSpace(l.Currency + " " + l.Amount)
	}
	return []string{f.Class, f.Why, f.Payout, f.Status, f.Currency, moved(f.Ours), moved(f.Ledger), theirs, day, source, line, f.Explained}
}

// moved is what left, and what of it came back.
func moved(s client.Sums) string {
	if s.Back == "" || strings.Trim(s.Back, "0.") == "" {
		return s.Out
	}
	if s.Out == "" {
		return "+" + s.Back
	}
	return s.Out + " +" + s.Back
}

func reconcileExplain(env Env) *cobra.Command {
	var text string
	cmd := &cobra.Command{
		Use:     "explain ACCOUNT LINE --description TEXT",
		Short:   "Set a difference apart that a person has looked into; it moves no money",
		Args:    cobra.ExactArgs(2),
		Example: "  penstock reconcile explain mca_... 01k... --description 'rent, paid by hand'",
	}
	scope := scopeFlags(cmd)
	cmd.Flags().StringVar(&text, "description", "", "`TEXT` that says what it is")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (struct{}, error) {
			return struct{}{}, c.ExplainLine(cmd.Context(), *scope, args[0], args[1], text)
		}, func(struct{}) error {
			fmt.Fprintln(env.Stdout, "Set apart. Another difference about the same payout will be told again.")
			return nil
		})
	}
	return cmd
}

func reconcileBalances(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "balances [ACCOUNT]",
		Short: "Show what providers say is on deposit accounts, beside our ledger",
		Args:  cobra.MaximumNArgs(1),
		Long: `Shows what each provider last said that can be paid out, beside what our ledger
has available and holds for payouts under way. The difference is what neither
explains: zero while theirs lies between available, and available with held.
Nothing is booked: penstock deposit topup and adjust set the books right. With
an account the provider is asked now.`,
		Example: "  penstock reconcile balances mca_... --mode live",
	}
	scope := scopeFlags(cmd)
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Page[client.Standing], error) {
			if len(args) == 1 {
				return c.PullBalances(cmd.Context(), *scope, args[0])
			}
			return c.Standings(cmd.Context(), *scope)
		}, func(p client.Page[client.Standing]) error {
			rows := make([][]string, len(p.Data))
			slices.SortStableFunc(p.Data, func(a, b client.Standing) int { return strings.Compare(a.Deposit, b.Deposit) })
			for i, s := range p.Data {
				rows[i] = []string{s.Deposit, s.Currency, s.Theirs, s.Available, s.Held, s.Difference, when(s.At)}
			}
			return printTable(env, []string{"DEPOSIT ACCOUNT", "CURRENCY", "THEIRS", "AVAILABLE", "HELD", "DIFFERENCE", "ASKED"}, rows)
		})
	}
	return cmd
}
