package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/reconcile"
	"penstock/store"
)

// MaxPreview is how many lines of a statement are shown before it is loaded. All
// are counted.
const MaxPreview = 200

// StatementPreview is what was understood of a statement that isn't loaded yet,
// and what it would do as the payouts stand now.
type StatementPreview struct {
	Name     string // as it may be shown
	Lines    int    // in it
	Known    int    // of them, that were loaded before: they do nothing
	Unbooked int    // that book nothing: words about orders
	From, To time.Time
	Means    map[Done]int // what those would do that weren't loaded before
	Sums     []ReportSum  // of what is booked, by currency
	First    []PreviewLine
}

// ReportSum is what the booked lines of one currency come to. One that is too
// large to be summed is not set.
type ReportSum struct {
	Out, Back   money.Amount // what left, what came back
	Outs, Backs int          // lines
	Currency    money.Currency
}

// PreviewLine is a line and what it would do.
type PreviewLine struct {
	ReportLine
	Known bool // it was loaded before
	Means Done
}

// PreviewStatement reads a statement as LoadStatement does and changes nothing.
func (e *Engine) PreviewStatement(ctx context.Context, c Caller, account string, f connector.File) (*StatementPreview, error) {
	reports, err := e.readStatement(ctx, c.Scope, account, &f)
	if err != nil {
		return nil, err
	}
	now, _ := e.pulse.now()
	lines, out := linesOf(c.Scope, account, reports, now), &StatementPreview{Name: f.Name, Lines: len(reports), Means: map[Done]int{}}
	out.Unbooked = len(reports) - len(lines) // linesOf leaves out words about nobody's order
	out.From, out.To = daysOf(reports)
	if err := e.nameByRef(ctx, c.Scope, account, lines); err != nil {
		return nil, err
	}
	err = e.Store.View(ctx, func(tx store.Tx) error {
		for i := range lines {
			if err := ctx.Err(); err != nil {
				return err
			}
			l, err := preview(tx, c.Scope, account, lines[i])
			if err != nil {
				return err
			}
			if out.add(&l); len(out.First) < MaxPreview {
				out.First = append(out.First, l)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("preview a statement: %w", err)
	}
	slices.SortFunc(out.Sums, func(a, b ReportSum) int { return cmp.Compare(a.Currency.Code(), b.Currency.Code()) })
	return out, nil
}

// preview says what a line would do.
func preview(tx store.Tx, s Scope, account string, l ReportLine) (PreviewLine, error) {
	out := PreviewLine{ReportLine: l}
	before, err := load[ReportLine](tx, bucketReported, s.key(account, l.ID))
	switch {
	case err == nil && (before.Key != "" || l.Key == ""):
		out.Known, out.Means = true, before.Done
		return out, nil
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return out, err
	}
	out.Means, err = l.means(tx, s, account)
	return out, err
}

func (p *StatementPreview) add(l *PreviewLine) {
	if l.Known {
		p.Known++
	} else {
		p.Means[l.Means]++
	}
	side := l.side()
	if side == reconcile.Said || !l.Amount.IsSet() {
		p.Unbooked++
		return
	}
	i := slices.IndexFunc(p.Sums, func(s ReportSum) bool { return s.Currency == l.Amount.Currency() })
	if i < 0 {
		i = len(p.Sums)
		c := l.Amount.Currency()
		p.Sums = append(p.Sums, ReportSum{Out: money.New(0, c), Back: money.New(0, c), Currency: c})
	}
	sum, n := &p.Sums[i].Out, &p.Sums[i].Outs
	if side == reconcile.Back {
		sum, n = &p.Sums[i].Back, &p.Sums[i].Backs
	}
	if *n++; !sum.IsSet() {
		return
	}
	next, err := sum.Add(l.Amount)
	if err != nil {
		next = money.Amount{}
	}
	*sum = next
}
