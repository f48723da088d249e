package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/engine/connector"
	"penstock/engine/reconcile"
	"penstock/store"
)

// ExplainReported is a person's word about a difference between the books: the one
// that a line of theirs is in. It moves no money; what has to be set right is
// set right elsewhere. The difference is told apart from then on.
func (e *Engine) ExplainReported(ctx context.Context, c Caller, account, line, text string) error {
	if err := checkDescription(text); err != nil {
		return err
	}
	if text == "" {
		return missing("description")
	}
	if len(line) != idLen {
		return notFound(ObjReported, line)
	}
	l, err := read(ctx, e, func(tx store.Tx) (*ReportLine, error) {
		l, err := load[ReportLine](tx, bucketReported, c.key(account, line))
		if errors.Is(err, store.ErrNotFound) {
			return nil, notFound(ObjReported, line)
		}
		return l, err
	})
	if err != nil {
		return err
	}
	books, err := e.Reconcile(ctx, c.Scope, account, Period{From: l.Day, To: l.Day.AddDate(0, 0, 1)})
	if err != nil {
		return err
	}
	of := ""
	for i := range books.Findings {
		for _, at := range books.Findings[i].Reported {
			if at.ID == line && books.Findings[i].Class != reconcile.Matched {
				of = books.Findings[i].difference()
			}
		}
	}
	if of == "" {
		return wrongState(ObjReported, line, string(reconcile.Matched), "explained")
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		l, err := load[ReportLine](tx, bucketReported, c.key(account, line))
		if err != nil {
			return err
		}
		l.Explained, l.By, l.Of = text, c.Actor, of
		if err := keep(tx, bucketReported, c.key(account, line), l); err != nil {
			return err
		}
		return c.act(tx, now, "reconciliation.explain", account+" "+line)
	})
	if err != nil {
		return err
	}
	return e.summarise(ctx, c.Scope, account, time.Time{}, nil)
}

// summarise compares the days that are compared by themselves and keeps the
// numbers, which the metrics show. pulled is when the provider was asked; zero:
// it wasn't. run is what is kept of it as a run; nil: it is none.
func (e *Engine) summarise(ctx context.Context, s Scope, account string, pulled time.Time, run *BooksRun) error {
	books, err := e.Reconcile(ctx, s, account, Period{})
	if err != nil {
		err = fmt.Errorf("compare the books of %s: %w", account, err)
		if run != nil {
			err = e.failedRun(ctx, s, account, *run, err)
		}
		return err
	}
	var is BooksRun
	var found []RunFinding
	if run != nil {
		seen := books
		if own := (Period{run.From, run.To}); own.apart(books.Period) { // an old statement: its own days are what was looked at
			if seen, err = e.Reconcile(ctx, s, account, own); err != nil {
				return fmt.Errorf("compare the books of %s: %w", account, err)
			}
		}
		is, found = run.ran(seen)
	}
	return e.update(ctx, func(tx store.Tx, _ time.Time) error {
		now := books.Reconciled
		now.Pulled = pulled
		if before, err := load[Reconciled](tx, bucketReconciled, s.key(account)); err == nil && pulled.IsZero() {
			now.Pulled = before.Pulled
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := keep(tx, bucketReconciled, s.key(account), now); err != nil || run == nil {
			return err
		}
		return keepRun(tx, s, account, is, found)
	})
}

// Reconciled is the latest comparison of an account in numbers; nil: its books
// have never been compared.
func (e *Engine) Reconciled(ctx context.Context, s Scope, account string) (*Reconciled, error) {
	return read(ctx, e, func(tx store.Tx) (*Reconciled, error) {
		r, err := load[Reconciled](tx, bucketReconciled, s.key(account))
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		return r, err
	})
}

// Tells says what can be asked of the provider of an account about its books: a
// report, a balance. Neither where it can't be asked now.
func (e *Engine) Tells(ctx context.Context, s Scope, account string) (reports, balances bool) {
	via, err := e.connectorOf(ctx, s, account)
	if err != nil {
		return false, false
	}
	_, reports = via.(connector.Reporter)
	_, balances = via.(connector.Balancer)
	return reports, balances
}

// Books are the latest numbers of all accounts together, for the metrics.
type Books struct {
	Counts   map[reconcile.Class]int // summed
	StrayOut int
	Oldest   time.Time // the oldest of the latest comparisons; zero: there is none
	Standing []StandingOf
}

// BooksNow sums the latest numbers of all accounts.
func (e *Engine) BooksNow(ctx context.Context) (*Books, error) {
	return read(ctx, e, func(tx store.Tx) (*Books, error) {
		out := &Books{Counts: map[reconcile.Class]int{}}
		err := each(tx, bucketReconciled, nil, func(p store.Pair) error {
			r, err := decode[Reconciled](bucketReconciled, p.Value)
			if err != nil {
				return err
			}
			for class, n := range r.Counts {
				out.Counts[class] += n
			}
			out.StrayOut += r.StrayOut
			if out.Oldest.IsZero() || r.ComparedAt.Before(out.Oldest) {
				out.Oldest = r.ComparedAt
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out.Standing, err = standings(tx, nil)
		return out, err
	})
}

// pullBooks asks every provider that gives reports or balances, beside the
// work. What one account can't tell now keeps nobody from the others.
func (e *Engine) pullBooks(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			e.stats.Panics.Add(1)
			e.Log.ErrorContext(ctx, "comparing books panicked", "panic", fmt.Sprint(p))
		}
	}()
	scopes, err := e.scopes(ctx)
	if err != nil {
		e.Log.ErrorContext(ctx, "the books can't be compared now", "err", err)
		return
	}
	for _, s := range scopes {
		accounts, err := e.Accounts(ctx, s)
		if err != nil {
			e.Log.ErrorContext(ctx, "the books can't be compared now", "err", err)
			return
		}
		for _, a := range accounts {
			if ctx.Err() != nil {
				return
			}
			if !a.Archived {
				e.pullAccount(ctx, Caller{Scope: s, Actor: "penstock"}, a.ID)
			}
		}
	}
}

func (e *Engine) pullAccount(ctx context.Context, c Caller, account string) {
	via, err := e.connectorOf(ctx, c.Scope, account)
	if err == nil {
		if _, ok := via.(connector.Reporter); ok {
			_, err = e.pullReports(ctx, c, account, RunSchedule)
		} else if last, errLast := e.Reconciled(ctx, c.Scope, account); last != nil {
			err = e.summarise(ctx, c.Scope, account, time.Time{}, &BooksRun{Began: RunSchedule, By: c.Actor})
		} else {
			err = errLast
		}
		if _, ok := via.(connector.Balancer); ok {
			_, errBalance := e.PullBalances(ctx, c, account)
			err = errors.Join(err, errBalance)
		}
	}
	if err != nil && ctx.Err() == nil {
		e.stats.Errors.Add(1)
		e.Log.WarnContext(ctx, "what a provider reports can't be compared now; it is tried again", "account", account, "err", err)
	}
}
