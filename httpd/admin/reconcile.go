package admin

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/reconcile"
	"penstock/httpd/client"
	"penstock/httpd/wire"
)

func loadedOf(l *engine.Loaded, err error) (client.Loaded, error) {
	if err != nil {
		return client.Loaded{}, err
	}
	return client.Loaded{Lines: l.Lines, New: l.New, Settled: l.Settled, From: day(l.From), To: day(l.To)}, nil
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func (a *Admin) loadStatement(ctx context.Context, c *wire.Call, req client.StatementFile) (client.Loaded, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return client.Loaded{}, err
	}
	return loadedOf(a.Engine.LoadStatement(ctx, who, c.Param("id"), connector.File{Name: req.Name, Text: req.Text, Map: req.Map}))
}

func (a *Admin) pullReports(ctx context.Context, c *wire.Call, req scoped) (client.Loaded, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return client.Loaded{}, err
	}
	return loadedOf(a.Engine.PullReports(ctx, who, c.Param("id")))
}

// scoped names a merchant and a mode.
type scoped struct {
	Merchant string `json:"merchant_id"`
	Mode     string `json:"mode"`
}

func sumsOf(s reconcile.Sums) client.Sums {
	return client.Sums{Out: decimal(s.Out), Back: decimal(s.Back)}
}

func booksFindingOf(f *engine.BooksFinding) client.BooksFinding {
	out := client.BooksFinding{Class: string(f.Class), Why: string(f.Why), Status: f.Status, Theirs: sumsOf(f.Theirs), Lines: []client.ReportLine{}, Explained: f.Explained}
	var in money.Currency
	if f.Payout != nil {
		out.Payout, out.Request, in = f.Payout.Key, engine.PrefixRequest+f.Request, f.Payout.Ordered.Currency()
		out.Ours, out.Ledger = sumsOf(f.Payout.Recorded), sumsOf(f.Payout.Ledger)
	}
	for _, l := range f.Reported {
		if in.IsZero() {
			in = l.Amount.Currency()
		}
		out.Lines = append(out.Lines, client.ReportLine{ID: l.ID, Day: day(l.Day), What: string(l.Verdict), Booked: l.Booked, Amount: decimal(l.Amount), Currency: l.Amount.Currency().Code(),
			Source: l.Source, Row: l.Row, Done: string(l.Done)})
	}
	out.Currency = in.Code()
	return out
}

// compared reads the period of a query and compares.
func (a *Admin) compared(ctx context.Context, c *wire.Call) (*engine.Comparison, reconcile.Class, error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return nil, "", err
	}
	from, until, err := c.Days()
	var bad *wire.DayError
	if errors.As(err, &bad) {
		return nil, "", wrong(bad.Name, bad.Rule)
	}
	class := reconcile.Class(c.Query("class"))
	if class != "" && !slices.Contains(reconcile.Classes(), class) {
		return nil, "", wrong("class", "wants one of the classes of the report")
	}
	found, err := a.Engine.Reconcile(ctx, who.Scope, c.Param("id"), engine.Period{From: from, To: until})
	return found, class, err
}

// getBooks compares. What matches is left out unless it is asked for.
func (a *Admin) getBooks(ctx context.Context, c *wire.Call, _ wire.None) (client.Books, error) {
	found, class, err := a.compared(ctx, c)
	if err != nil {
		return client.Books{}, err
	}
	out := client.Books{Account: found.Account, From: day(found.From), To: day(found.To.AddDate(0, 0, -1)), Counts: map[string]int{}, Explained: found.Reconciled.Explained, Findings: []client.BooksFinding{}}
	for of, n := range found.Counts {
		out.Counts[string(of)] = n
	}
	for i := range found.Findings {
		f := &found.Findings[i]
		if f.Class == class || class == "" && (f.Class != reconcile.Matched || c.Query("all") == "true") {
			out.Findings = append(out.Findings, booksFindingOf(f))
		}
	}
	return out, nil
}

func (a *Admin) getBooksCSV(ctx context.Context, c *wire.Call, _ wire.None) (wire.Reply, error) {
	found, class, err := a.compared(ctx, c)
	if err != nil {
		return wire.Reply{}, err
	}
	return wire.Reply{
		Header: [][2]string{{"Content-Type", "text/csv; charset=utf-8"}},
		Stream: func(_ context.Context, w io.Writer) error { return found.WriteCSV(w, class, engine.PrefixRequest) },
	}, nil
}

type explained struct {
	scoped
	Text string `json:"description"`
}

func (a *Admin) explainLine(ctx context.Context, c *wire.Call, req explained) (struct{}, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, a.Engine.ExplainReported(ctx, who, c.Param("id"), c.Param("line"), req.Text)
}

func standingsOf(all []engine.StandingOf) list[client.Standing] {
	out := make([]client.Standing, len(all))
	for i, s := range all {
		out[i] = client.Standing{Deposit: engine.PrefixDeposit + s.Deposit, At: s.At, Currency: s.Theirs.Currency().Code(), Theirs: s.Theirs.Decimal(),
			Available: s.Available.Decimal(), Held: s.Held.Decimal(), Difference: s.Difference.Decimal()}
	}
	return list[client.Standing]{Data: out}
}

func (a *Admin) listStandings(ctx context.Context, c *wire.Call, _ wire.None) (list[client.Standing], error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[client.Standing]{}, err
	}
	all, err := a.Engine.Standings(ctx, who.Scope)
	return standingsOf(all), err
}

func (a *Admin) pullBalances(ctx context.Context, c *wire.Call, req scoped) (list[client.Standing], error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return list[client.Standing]{}, err
	}
	all, err := a.Engine.PullBalances(ctx, who, c.Param("id"))
	return standingsOf(all), err
}
