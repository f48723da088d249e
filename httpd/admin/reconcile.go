package admin

import (
	"context"
	"io"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/reconcile"
	"penstock/httpd/wire"
)

type newStatement struct {
	Merchant string `json:"merchant_id"`
	Mode     string `json:"mode"`
	Name     string `json:"name"`
	Map      string `json:"map"` // how a CSV file is read
	Text     []byte `json:"text"`
}

// loaded is what came of a statement or a report.
type loaded struct {
	Lines   int    `json:"lines"`
	New     int    `json:"new"`
	Settled int    `json:"settled"`
	From    string `json:"from,omitzero"` // days
	To      string `json:"to,omitzero"`
}

func loadedOf(l *engine.Loaded, err error) (loaded, error) {
	if err != nil {
		return loaded{}, err
	}
	return loaded{l.Lines, l.New, l.Settled, day(l.From), day(l.To)}, nil
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func (a *Admin) loadStatement(ctx context.Context, c *wire.Call, req newStatement) (loaded, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return loaded{}, err
	}
	return loadedOf(a.Engine.LoadStatement(ctx, who, c.Param("id"), connector.File{Name: req.Name, Text: req.Text, Map: req.Map}))
}

func (a *Admin) pullReports(ctx context.Context, c *wire.Call, req scoped) (loaded, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return loaded{}, err
	}
	return loadedOf(a.Engine.PullReports(ctx, who, c.Param("id")))
}

// scoped names a merchant and a mode.
type scoped struct {
	Merchant string `json:"merchant_id"`
	Mode     string `json:"mode"`
}

// books is how the books of a provider account stand to each other.
type books struct {
	Account   string                  `json:"account_id"`
	From      string                  `json:"from"`
	To        string                  `json:"to"` // the last day
	Counts    map[reconcile.Class]int `json:"counts"`
	Explained int                     `json:"explained"`
	Findings  []booksFinding          `json:"findings"`
}

type booksFinding struct {
	Class     reconcile.Class `json:"class"`
	Why       reconcile.Why   `json:"why,omitzero"`
	Payout    string          `json:"instruction_id,omitzero"`
	Request   string          `json:"payout_id,omitzero"`
	Status    string          `json:"status,omitzero"`
	Currency  string          `json:"currency,omitzero"`
	Ours      sums            `json:"ours"`
	Ledger    sums            `json:"ledger"`
	Theirs    sums            `json:"theirs"`
	Lines     []reportLine    `json:"lines"`
	Explained string          `json:"explained,omitzero"`
}

// sums are in major units; empty is nothing.
type sums struct {
	Out  string `json:"out,omitzero"`
	Back string `json:"back,omitzero"`
}

type reportLine struct {
	ID       string `json:"line_id"`
	Day      string `json:"day"`
	What     string `json:"verdict"`
	Booked   bool   `json:"booked"`
	Amount   string `json:"amount,omitzero"`
	Currency string `json:"currency,omitzero"`
	Source   string `json:"source,omitzero"`
	Row      int    `json:"row,omitzero"`
	Done     string `json:"done,omitzero"`
}

func sumsOf(s reconcile.Sums) sums { return sums{decimal(s.Out), decimal(s.Back)} }

func booksFindingOf(f *engine.BooksFinding) booksFinding {
	out := booksFinding{Class: f.Class, Why: f.Why, Status: f.Status, Theirs: sumsOf(f.Theirs), Lines: []reportLine{}, Explained: f.Explained}
	var in money.Currency
	if f.Payout != nil {
		out.Payout, out.Request, in = f.Payout.Key, engine.PrefixRequest+f.Request, f.Payout.Ordered.Currency()
		out.Ours, out.Ledger = sumsOf(f.Payout.Recorded), sumsOf(f.Payout.Ledger)
	}
	for _, l := range f.Reported {
		if in.IsZero() {
			in = l.Amount.Currency()
		}
		out.Lines = append(out.Lines, reportLine{l.ID, day(l.Day), string(l.Verdict), l.Booked, decimal(l.Amount), l.Amount.Currency().Code(), l.Source, l.Row, string(l.Done)})
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
	var p engine.Period
	for _, at := range []struct {
		name string
		into *time.Time
		plus int
	}{{"from", &p.From, 0}, {"to", &p.To, 1}} {
		text := c.Query(at.name)
		if text == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return nil, "", wrong(at.name, "wants a day such as 2026-11-28")
		}
		*at.into = t.AddDate(0, 0, at.plus)
	}
	class := reconcile.Class(c.Query("class"))
	if class != "" && !isClass(class) {
		return nil, "", wrong("class", "wants one of the classes of the report")
	}
	found, err := a.Engine.Reconcile(ctx, who.Scope, c.Param("id"), p)
	return found, class, err
}

func isClass(c reconcile.Class) bool {
	for _, known := range reconcile.Classes() {
		if c == known {
			return true
		}
	}
	return false
}

// getBooks compares. What matches is left out unless it is asked for.
func (a *Admin) getBooks(ctx context.Context, c *wire.Call, _ wire.None) (books, error) {
	found, class, err := a.compared(ctx, c)
	if err != nil {
		return books{}, err
	}
	out := books{found.Account, day(found.From), day(found.To.AddDate(0, 0, -1)), found.Counts, found.Reconciled.Explained, []booksFinding{}}
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

// standing is what a provider says is on a deposit account, beside our ledger.
type standing struct {
	Deposit    string    `json:"deposit_id"`
	At         time.Time `json:"at"`
	Currency   string    `json:"currency"`
	Theirs     string    `json:"theirs"`
	Available  string    `json:"available"`
	Held       string    `json:"held"`
	Difference string    `json:"difference"`
}

func standingsOf(all []engine.StandingOf) list[standing] {
	out := make([]standing, len(all))
	for i, s := range all {
		out[i] = standing{engine.PrefixDeposit + s.Deposit, s.At, s.Theirs.Currency().Code(), s.Theirs.Decimal(), s.Available.Decimal(), s.Held.Decimal(), s.Difference.Decimal()}
	}
	return list[standing]{Data: out}
}

func (a *Admin) listStandings(ctx context.Context, c *wire.Call, _ wire.None) (list[standing], error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[standing]{}, err
	}
	all, err := a.Engine.Standings(ctx, who.Scope)
	return standingsOf(all), err
}

func (a *Admin) pullBalances(ctx context.Context, c *wire.Call, req scoped) (list[standing], error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return list[standing]{}, err
	}
	all, err := a.Engine.PullBalances(ctx, who, c.Param("id"))
	return standingsOf(all), err
}
