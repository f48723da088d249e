package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/reconcile"
	"penstock/store"
)

func (k *till) runs() []engine.BooksRun {
	k.t.Helper()
	out, err := k.Engine.BooksRuns(k.Ctx, k.me.Scope, k.account, 0, engine.MaxRuns)
	must(k.t, err)
	return out
}

// TestARunShowsTheBooksAsTheyStood: who began it, what was read, what differed
// and what matched; what is explained or loaded later changes nothing of it.
func TestARunShowsTheBooksAsTheyStood(t *testing.T) {
	k := newTill(t, 1)
	good, less := k.paidOf(1000), k.paidOf(3000)
	k.paidOf(2000)
	rows := []string{row(good.Payouts[0], "10.00", "paid"), row(less.Payouts[0], "29.99", "paid"), "rent,7.00,EUR,paid,2026-01-06,\n"}
	k.load(rows...)
	run, found, err := k.Engine.BooksRun(k.Ctx, k.me.Scope, k.account, 1)
	must(t, err)
	if run.Began != engine.RunStatement || run.By != k.me.Actor || run.Source != "statement-20260106.csv" || run.Lines != 3 || run.New != 3 || run.At.IsZero() || run.Problem != "" {
		t.Errorf("the run: %+v", run)
	}
	if n := run.Counts; n[reconcile.Matched] != 1 || n[reconcile.TheirsOnly] != 1 || n[reconcile.AmountDiffers] != 1 || n[reconcile.OursOnly] != 1 {
		t.Errorf("in numbers: %v", n)
	}
	if fmt.Sprint(run.Matched) != "[EUR 10.00]" && fmt.Sprint(run.Matched) != "[10.00 EUR]" {
		t.Errorf("matched: %v", run.Matched)
	}
	var shown []string
	for _, f := range found {
		shown = append(shown, fmt.Sprintf("%s %s/%s", f.Class, f.OursOut, f.TheirOut))
	}
	if len(found) != 4 || found[0].Class != reconcile.TheirsOnly || found[3].Class != reconcile.Matched || found[3].Payout != good.Payouts[0].Key() || found[1].OursOut != eur(3000) || found[1].TheirOut != eur(2999) || found[1].Row == 0 {
		t.Errorf("found: %s", strings.Join(shown, "; "))
	}

	k.run(time.Hour)
	must(t, k.Engine.ExplainReported(k.Ctx, k.me, k.account, found[0].Line, "the rent"))
	must(t, k.Engine.CompareBooks(k.Ctx, k.me, k.account))
	k.load(rows...)
	all := k.runs()
	if len(all) != 3 || all[0].Began != engine.RunStatement || all[0].New != 0 || all[1].Began != engine.RunCompare || all[1].Explained != 1 || all[1].Counts[reconcile.TheirsOnly] != 0 {
		t.Fatalf("the runs: %+v", all)
	}
	if again, same, err := k.Engine.BooksRun(k.Ctx, k.me.Scope, k.account, 1); err != nil || fmt.Sprint(*again) != fmt.Sprint(*run) || fmt.Sprint(same) != fmt.Sprint(found) {
		t.Errorf("the first run is another one now: %+v, %v", again, err)
	}
}

// TestAnOldStatementsRunIsAboutItsOwnDays: those of months ago are not among the
// days that are compared by themselves.
func TestAnOldStatementsRunIsAboutItsOwnDays(t *testing.T) {
	k := newTill(t, 1)
	v := k.paidOf(1000)
	k.run(100 * 24 * time.Hour)
	k.load(row(v.Payouts[0], "10.00", "paid"))
	if r := k.runs()[0]; r.Counts[reconcile.Matched] != 1 || r.From.Format(time.DateOnly) != "2026-01-06" || r.To.Format(time.DateOnly) != "2026-01-07" {
		t.Errorf("the run: %+v", r)
	}
}

// TestRunsAreBounded: the latest are kept with what they found, and pages follow
// each other by number.
func TestRunsAreBounded(t *testing.T) {
	k := newTill(t, 1)
	k.paidOf(1000)
	for range engine.MaxRuns + 3 {
		must(t, k.Engine.CompareBooks(k.Ctx, k.me, k.account))
	}
	all := k.runs()
	if len(all) != engine.MaxRuns || all[0].Seq != engine.MaxRuns+3 || all[engine.MaxRuns-1].Seq != 4 {
		t.Fatalf("%d runs, from %d to %d", len(all), all[0].Seq, all[len(all)-1].Seq)
	}
	page, err := k.Engine.BooksRuns(k.Ctx, k.me.Scope, k.account, 7, 2)
	must(t, err)
	if len(page) != 2 || page[0].Seq != 6 || page[1].Seq != 5 {
		t.Errorf("below 7: %+v", page)
	}
	var gone *engine.Error
	if _, _, err := k.Engine.BooksRun(k.Ctx, k.me.Scope, k.account, 3); !errors.As(err, &gone) || gone.Code != engine.CodeNotFound {
		t.Errorf("a forgotten run: %v", err)
	}
	if err := k.Engine.CompareBooks(k.Ctx, k.me, "mca_nobody"); !errors.As(err, &gone) || gone.Code != engine.CodeNotFound {
		t.Errorf("of no account: %v", err)
	}
	live := k.me.Scope
	live.Mode = engine.Live
	if _, _, err := k.Engine.BooksRun(k.Ctx, live, k.account, 5); !errors.As(err, &gone) || gone.Code != engine.CodeNotFound {
		t.Errorf("from the other mode: %v", err)
	}
}

// TestCheckKnowsRuns: one that is gone, and findings that nobody asks for.
func TestCheckKnowsRuns(t *testing.T) {
	k := newTill(t, 1)
	k.paidOf(1000)
	for range 3 {
		must(t, k.Engine.CompareBooks(k.Ctx, k.me, k.account))
	}
	for bucket, want := range map[string]string{"books_run": "have a gap", "run_found": "the findings of run 2"} {
		var row store.Pair
		must(t, k.Disk.Update(k.Ctx, func(tx store.Tx) error {
			rows, err := tx.Scan(bucket, nil, nil, 10, false)
			if err != nil {
				return err
			}
			row = rows[1]
			return tx.Delete(bucket, row.Key)
		}))
		report, err := k.Engine.Check(k.Ctx, nil)
		must(t, err)
		if !strings.Contains(strings.Join(report.Findings, "\n"), want) {
			t.Errorf("without a row of %s: %q", bucket, report.Findings)
		}
		must(t, k.Disk.Update(k.Ctx, func(tx store.Tx) error { return tx.Put(bucket, bytes.Clone(row.Key), row.Value) }))
	}
}
