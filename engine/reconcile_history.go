package engine

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"penstock/engine/money"
	"penstock/engine/reconcile"
	"penstock/store"
)

// ObjBooksRun is a run of a reconciliation.
const ObjBooksRun Object = "reconciliation_run"

// RunBegan is what began a run of a reconciliation.
type RunBegan string

const (
	RunStatement RunBegan = "statement" // somebody handed a statement over
	RunPull      RunBegan = "pull"      // somebody had the provider asked for its report
	RunCompare   RunBegan = "compare"   // somebody had the books compared as they stood
	RunSchedule  RunBegan = "schedule"  // reconcile.cron
)

// BooksRun is one run of a reconciliation: what was read, and how the books of a
// provider account stood then. Nothing changes it afterwards.
type BooksRun struct {
	Seq    uint64    `json:"seq"` // from 1, of the account
	Began  RunBegan  `json:"began"`
	By     string    `json:"by"`              // who: a person's or a key's id, "operator", "penstock"
	At     time.Time `json:"at"`              // when the books were compared, or couldn't be
	Source string    `json:"source,omitzero"` // name of the statement, as it may be shown; empty: none was handed over

	Lines   int `json:"lines,omitzero"` // that were read
	New     int `json:"new,omitzero"`   // of them, not seen before
	Settled int `json:"settled,omitzero"`

	From      time.Time               `json:"from,omitzero"` // the days compared: from From on, before To
	To        time.Time               `json:"to,omitzero"`
	Counts    map[reconcile.Class]int `json:"counts,omitzero"` // of what nobody had explained; nil: nothing was compared
	Explained int                     `json:"explained,omitzero"`
	Matched   []money.Amount          `json:"matched,omitzero"` // what left by all that matched, by currency; one too large to be summed is left out
	Problem   string                  `json:"problem,omitzero"` // why nothing was compared; safe to show
	Kept      int                     `json:"kept,omitzero"`    // findings that are kept of it
}

// RunFinding is a finding as it stood in a run.
type RunFinding struct {
	Class     reconcile.Class `json:"class"`
	Why       reconcile.Why   `json:"why,omitzero"`
	Explained bool            `json:"explained,omitzero"`
	Payout    string          `json:"payout,omitzero"` // its id; empty: it is about none of ours
	Status    string          `json:"status,omitzero"` // of the payout, then
	Line      string          `json:"line,omitzero"`   // the first of theirs; empty: there is none
	Lines     int             `json:"lines,omitzero"`
	Source    string          `json:"source,omitzero"` // where that line stands
	Row       int             `json:"row,omitzero"`
	Day       time.Time       `json:"day"`
	OursOut   money.Amount    `json:"ours_out,omitzero"` // by the record
	OursBack  money.Amount    `json:"ours_back,omitzero"`
	TheirOut  money.Amount    `json:"their_out,omitzero"`
	TheirBack money.Amount    `json:"their_back,omitzero"`
}

// Currency is that of its money; zero where none is known.
func (f *RunFinding) Currency() money.Currency {
	for _, a := range []money.Amount{f.OursOut, f.TheirOut, f.TheirBack} {
		if a.IsSet() {
			return a.Currency()
		}
	}
	return money.Currency{}
}

// What is kept: an account's latest runs, and of each the findings that differ,
// what is worst first, and the latest of those that match. All are counted.
const (
	MaxRuns       = 200
	MaxRunDiffer  = 200
	MaxRunMatched = 100
)

func runKey(s Scope, account string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(s.key(account, ""), seq)
}

// ran takes down how the books stand after a run.
func (r BooksRun) ran(books *Comparison) (BooksRun, []RunFinding) {
	r.At, r.From, r.To, r.Counts, r.Explained = books.At, books.From, books.To, books.Counts, books.Reconciled.Explained
	rank := map[reconcile.Class]int{}
	for i, c := range reconcile.Classes() {
		rank[c] = i
	}
	var differ, match []RunFinding
	sums := map[money.Currency]money.Amount{}
	for i := range books.Findings {
		f := &books.Findings[i]
		if f.Class != reconcile.Matched {
			differ = append(differ, f.asRun())
			continue
		}
		match = append(match, f.asRun())
		if f.Payout != nil && f.Payout.Recorded.Out.IsPositive() {
			addTo(sums, f.Payout.Recorded.Out)
		}
	}
	for _, sum := range sums {
		if sum.IsPositive() {
			r.Matched = append(r.Matched, sum)
		}
	}
	slices.SortFunc(r.Matched, func(a, b money.Amount) int { return cmp.Compare(a.Currency().Code(), b.Currency().Code()) })
	slices.SortStableFunc(differ, func(a, b RunFinding) int {
		if a.Explained != b.Explained {
			return map[bool]int{false: -1, true: 1}[a.Explained]
		}
		return cmp.Compare(rank[a.Class], rank[b.Class])
	})
	slices.Reverse(match)
	kept := append(differ[:min(len(differ), MaxRunDiffer)], match[:min(len(match), MaxRunMatched)]...)
	r.Kept = len(kept)
	return r, kept
}

// addTo adds to the sum of a currency; one that no longer fits stays negative,
// which no sum of what left can be.
func addTo(sums map[money.Currency]money.Amount, a money.Amount) {
	c := a.Currency()
	sum, some := sums[c]
	if !some {
		sum = money.New(0, c)
	}
	if sum.IsNegative() {
		return
	}
	next, err := sum.Add(a)
	if err != nil {
		next = money.New(-1, c)
	}
	sums[c] = next
}

func (f *BooksFinding) asRun() RunFinding {
	out := RunFinding{Class: f.Class, Why: f.Why, Explained: f.Explained != "", Status: f.Status, Lines: len(f.Reported), Day: dayStart(f.At), TheirOut: f.Theirs.Out, TheirBack: f.Theirs.Back}
	if p := f.Payout; p != nil {
		out.Payout, out.OursOut, out.OursBack = p.Key, p.Recorded.Out, p.Recorded.Back
	}
	if len(f.Reported) > 0 {
		l := &f.Reported[0]
		out.Line, out.Source, out.Row, out.Day = l.ID, l.Source, l.Row, l.Day
	}
	return out
}

// keepRun numbers a run and keeps it, and forgets the one that is too old.
func keepRun(tx store.Tx, s Scope, account string, r BooksRun, found []RunFinding) error {
	prefix := s.key(account, "")
	last, err := tx.Scan(bucketBooksRun, prefix, after(prefix), 1, true)
	if err != nil {
		return fmt.Errorf("scan runs: %w", err)
	}
	r.Seq = 1
	if len(last) == 1 {
		before, err := decode[BooksRun](bucketBooksRun, last[0].Value)
		if err != nil {
			return err
		}
		r.Seq = before.Seq + 1
	}
	if err := keep(tx, bucketBooksRun, runKey(s, account, r.Seq), &r); err != nil {
		return err
	}
	if len(found) > 0 {
		if err := keep(tx, bucketRunFound, runKey(s, account, r.Seq), &found); err != nil {
			return err
		}
	}
	if r.Seq <= MaxRuns {
		return nil
	}
	for _, bucket := range []string{bucketBooksRun, bucketRunFound} {
		if err := tx.Delete(bucket, runKey(s, account, r.Seq-MaxRuns)); err != nil {
			return fmt.Errorf("forget a run: %w", err)
		}
	}
	return nil
}

// failedRun keeps that a run came to nothing, and returns why.
func (e *Engine) failedRun(ctx context.Context, s Scope, account string, r BooksRun, why error) error {
	var told *Error
	if ctx.Err() != nil || !errors.As(why, &told) || told.Code != CodeInvalid && told.Code != CodeBusy {
		return why
	}
	r.Problem = strings.ToValidUTF8(told.Message[:min(len(told.Message), maxExplain)], "")
	if err := e.update(ctx, func(tx store.Tx, now time.Time) error {
		r.At = now
		return keepRun(tx, s, account, r, nil)
	}); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// CompareBooks compares the books of an account as they stand, over the days
// that are compared by themselves, and keeps what came of it as a run.
func (e *Engine) CompareBooks(ctx context.Context, c Caller, account string) error {
	return e.summarise(ctx, c.Scope, account, time.Time{}, &BooksRun{Began: RunCompare, By: c.Actor})
}

// BooksRuns are runs of an account's reconciliation, the newest first: those
// below a number (zero: from the newest), at most limit.
func (e *Engine) BooksRuns(ctx context.Context, s Scope, account string, before uint64, limit int) ([]BooksRun, error) {
	return read(ctx, e, func(tx store.Tx) (out []BooksRun, err error) {
		if _, err := find[ProviderAccount](tx, bucketAccount, ObjAccount, s, account); err != nil {
			return nil, err
		}
		to := after(s.key(account, ""))
		if before > 0 {
			to = runKey(s, account, before)
		}
		page, err := tx.Scan(bucketBooksRun, s.key(account, ""), to, min(max(limit, 1), MaxRuns), true)
		if err != nil {
			return nil, fmt.Errorf("scan runs: %w", err)
		}
		for _, row := range page {
			r, err := decode[BooksRun](bucketBooksRun, row.Value)
			if err != nil {
				return nil, err
			}
			out = append(out, *r)
		}
		return out, nil
	})
}

// BooksRun is one run and what is kept of its findings, those that differ first.
func (e *Engine) BooksRun(ctx context.Context, s Scope, account string, seq uint64) (run *BooksRun, found []RunFinding, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		if _, err := find[ProviderAccount](tx, bucketAccount, ObjAccount, s, account); err != nil {
			return err
		}
		run, err = load[BooksRun](tx, bucketBooksRun, runKey(s, account, seq))
		if errors.Is(err, store.ErrNotFound) {
			return notFound(ObjBooksRun, fmt.Sprint(seq))
		}
		if err != nil || run.Kept == 0 {
			return err
		}
		all, err := load[[]RunFinding](tx, bucketRunFound, runKey(s, account, seq))
		if err != nil {
			return fmt.Errorf("findings of run %d: %w", seq, err)
		}
		found = *all
		return nil
	})
	return run, found, err
}
