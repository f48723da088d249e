package iso20022

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// plainMap is how a CSV file is read where nobody says otherwise: the columns
// reference, amount, currency, kind (paid or returned) and date, and
// provider_reference if it is there.
func plainMap() *CSVMap {
	return &CSVMap{Separator: ",", Encoding: "utf-8", Decimal: ".", Layout: "2006-01-02", Reference: "reference", Provider: "provider_reference",
		Amount: "amount", Currency: "currency", Side: "kind", Debit: "paid", Credit: "returned", Date: "date"}
}

// Reader reads statements for accounts of whatever provider: pain.002,
// camt.053, camt.054, and CSV by a map.
type Reader struct{}

var (
	_ connector.StatementReader = Reader{}
	_ connector.StatementReader = (*account)(nil)
)

// Statement reads a file whole. What it says of a payout of ours is known by
// the payout's id in it; blocks of a file of ours it doesn't know.
func (Reader) Statement(_ context.Context, f connector.File) ([]connector.Report, error) {
	lines, err := readStatement(f, nil)
	if err != nil {
		return nil, refusedStatement(err)
	}
	out := make([]connector.Report, 0, len(lines))
	for _, l := range lines {
		r := l.report()
		if id := ours(l.EndToEnd); id != "" {
			r.Key = keyOf(id)
		}
		r.Source = f.Name
		out = append(out, r)
	}
	return out, nil
}

// Statement reads a file that somebody hands over in place of the bank. It must
// be of this account.
func (a *account) Statement(ctx context.Context, f connector.File) ([]connector.Report, error) {
	out, err := a.statement(ctx, f)
	if err != nil {
		return nil, refusedStatement(err)
	}
	return out, nil
}

func (a *account) statement(ctx context.Context, f connector.File) ([]connector.Report, error) {
	lines, err := readStatement(f, a.csv)
	if err != nil {
		return nil, err
	}
	if lines, err = a.own(lines); err != nil {
		return nil, err
	}
	release, err := a.hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if _, err := a.state.open(a.host.Now()); err != nil {
		return nil, err
	}
	var out []connector.Report
	for _, l := range lines {
		reports, err := a.reported(l)
		if err != nil {
			return nil, err
		}
		for _, r := range reports {
			if id := ours(l.EndToEnd); r.Key == "" && id != "" {
				r.Key = keyOf(id)
			}
			r.Source = f.Name
			out = append(out, r)
		}
	}
	return out, nil
}

// refusedStatement leaves what isn't about the file as it is.
func refusedStatement(err error) error {
	if errors.Is(err, errInbound) || errors.Is(err, ErrOther) || errors.Is(err, errForeign) || errors.Is(err, errMap) {
		return fmt.Errorf("%w: %w", connector.ErrStatement, err)
	}
	return fmt.Errorf("iso20022: %w", err)
}

// readStatement tells XML from CSV by its first letter. own is the account's
// own map, which goes before a file's.
func readStatement(f connector.File, own *CSVMap) ([]Line, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(f.Text, []byte("\ufeff")))
	if len(text) == 0 {
		return nil, fmt.Errorf("%w: it is empty", errInbound)
	}
	if text[0] == '<' {
		doc, err := readDocument(f.Text)
		if err != nil {
			return nil, err
		}
		if err := doc.addsUp(); err != nil {
			return nil, err
		}
		return doc.lines()
	}
	switch {
	case f.Map != "":
		m, err := ReadCSVMap(f.Map)
		if err != nil {
			return nil, err
		}
		return m.Read(f.Text)
	case own != nil:
		return own.Read(f.Text)
	}
	return plainMap().Read(f.Text)
}

// addsUp refuses a statement whose booked entries don't lead from its opening
// balance to its closing one: some of them are missing.
func (doc *inDocument) addsUp() error {
	if doc.Statement == nil {
		return nil
	}
	for i, s := range doc.Statement.Statements {
		if left, known := s.left(); known && !left.IsZero() {
			return fmt.Errorf("%w: the entries of statement %d lead to another closing balance than it has, by %s", errInbound, i+1, left)
		}
	}
	return nil
}

// left is what the entries leave between the balances; known only where there
// is one of each, all in one currency.
func (s statement) left() (left money.Amount, known bool) {
	sum := func(side string, f figure, minus bool) bool {
		a, err := f.amount()
		if err != nil {
			return false
		}
		if (side == "DBIT") != minus {
			left, err = left.Sub(a)
		} else {
			left, err = left.Add(a)
		}
		return err == nil
	}
	opening, closing := 0, 0
	for _, b := range s.Balances {
		switch b.Kind {
		case "OPBD", "PRCD":
			opening++
			known = sum(b.Side, b.Amount, true)
		case "CLBD":
			closing++
			known = sum(b.Side, b.Amount, false)
		default:
			continue
		}
		if !known {
			return left, false
		}
	}
	for _, e := range s.Entries {
		if e.booked() && !sum(e.Side, e.Amount, true) {
			return left, false
		}
	}
	return left, opening == 1 && closing == 1
}

// report is a line as the engine hears of it.
func (l Line) report() connector.Report {
	r := connector.Report{Outcome: l.Outcome, Booked: l.Booked, Amount: l.Amount, At: l.Date, ID: connector.Ref(l.ID), Row: l.Row}
	if l.Ref != "" {
		r.Outcome.Ref = connector.Ref(l.Ref)
	}
	return r
}
