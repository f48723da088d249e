package engine

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"penstock/engine/money"
	"penstock/engine/reconcile"
)

// reconciledColumns are those of the report as CSV. Amounts are in major units.
var reconciledColumns = [...]string{"class", "why", "payout", "request", "status", "currency", "ordered", "ours_out", "ours_back", "ledger_out", "ledger_back",
	"theirs_out", "theirs_back", "lines", "day", "source", "row", "explained"}

// WriteCSV writes the findings as CSV (RFC 4180), of one class, or of all where
// it is empty. prefix is that of a request's id in the caller's dialect. No value
// is taken for a formula by a spreadsheet.
func (c *Comparison) WriteCSV(w io.Writer, class reconcile.Class, prefix string) error {
	out := csv.NewWriter(w)
	if err := out.Write(reconciledColumns[:]); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		if class != "" && class != f.Class {
			continue
		}
		if err := out.Write(f.columns(prefix)); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (f *BooksFinding) columns(prefix string) []string {
	row := make([]string, 0, len(reconciledColumns))
	row = append(row, string(f.Class), string(f.Why))
	ours, ledger, ordered := reconcile.Sums{}, reconcile.Sums{}, money.Amount{}
	payout, request := "", ""
	if p := f.Payout; p != nil {
		ours, ledger, ordered, payout, request = p.Recorded, p.Ledger, p.Ordered, p.Key, prefix+f.Request
	}
	row = append(row, payout, request, f.Status, f.currency(), inMajor(ordered), inMajor(ours.Out), inMajor(ours.Back), inMajor(ledger.Out), inMajor(ledger.Back),
		inMajor(f.Theirs.Out), inMajor(f.Theirs.Back))
	ids, day, source, at := make([]string, len(f.Reported)), "", "", ""
	for i, l := range f.Reported {
		ids[i] = l.ID
	}
	if len(f.Reported) > 0 {
		first := f.Reported[0]
		day, source = first.Day.Format(time.DateOnly), first.Source
		if first.Row > 0 {
			at = strconv.Itoa(first.Row)
		}
	}
	return append(row, strings.Join(ids, " "), day, plainCell(source), at, plainCell(f.Explained))
}

// currency is that of the payout, or else of what they booked.
func (f *BooksFinding) currency() string {
	switch {
	case f.Payout != nil:
		return f.Payout.Ordered.Currency().Code()
	case len(f.Reported) > 0:
		return f.Reported[0].Amount.Currency().Code()
	}
	return ""
}

func inMajor(a money.Amount) string {
	if !a.IsSet() {
		return ""
	}
	return a.Decimal()
}

// plainCell keeps a spreadsheet from taking a text for a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
