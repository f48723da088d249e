package admin

import (
	"context"
	"strconv"

	"penstock/engine"
	"penstock/engine/reconcile"
	"penstock/httpd/client"
	"penstock/httpd/wire"
)

func booksRunOf(r *engine.BooksRun, found []engine.RunFinding) client.BooksRun {
	out := client.BooksRun{Seq: r.Seq, Began: string(r.Began), By: r.By, At: r.At, Source: r.Source, Lines: r.Lines, New: r.New, Settled: r.Settled, Counts: map[string]int{}, Explained: r.Explained,
		Matched: make([]client.RunSum, len(r.Matched)), Problem: r.Problem}
	if r.Problem == "" {
		out.From, out.To = day(r.From), day(r.To.AddDate(0, 0, -1))
	}
	for class, n := range r.Counts {
		out.Counts[string(class)] = n
	}
	for i, sum := range r.Matched {
		out.Matched[i] = client.RunSum{Currency: sum.Currency().Code(), Amount: decimal(sum)}
	}
	for i := range found {
		f := &found[i]
		one := client.RunFinding{Class: string(f.Class), Why: string(f.Why), Payout: f.Payout, Line: f.Line, Ours: sumsOf(reconcile.Sums{Out: f.OursOut, Back: f.OursBack}), Theirs: sumsOf(reconcile.Sums{Out: f.TheirOut, Back: f.TheirBack}),
			Day: day(f.Day), Source: f.Source, Row: f.Row, Explained: f.Explained}
		if c := f.Currency(); !c.IsZero() {
			one.Currency = c.Code()
		}
		out.Findings = append(out.Findings, one)
	}
	return out
}

func (a *Admin) listRuns(ctx context.Context, c *wire.Call, _ wire.None) (list[client.BooksRun], error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return list[client.BooksRun]{}, err
	}
	limit, err := limitOf(c, 20)
	if err != nil {
		return list[client.BooksRun]{}, err
	}
	var before uint64
	if text := c.Query("before"); text != "" {
		if before, err = strconv.ParseUint(text, 10, 64); err != nil || before == 0 {
			return list[client.BooksRun]{}, wrong("before", "wants the number of a run")
		}
	}
	all, err := a.Engine.BooksRuns(ctx, who.Scope, c.Param("id"), before, limit+1)
	if err != nil {
		return list[client.BooksRun]{}, err
	}
	out := make([]client.BooksRun, len(all))
	for i := range all {
		out[i] = booksRunOf(&all[i], nil)
	}
	return page(out, limit), nil
}

func (a *Admin) getRun(ctx context.Context, c *wire.Call, _ wire.None) (client.BooksRun, error) {
	who, err := a.scope(ctx, c)
	if err != nil {
		return client.BooksRun{}, err
	}
	seq, err := strconv.ParseUint(c.Param("run"), 10, 64)
	if err != nil {
		return client.BooksRun{}, wrong("run", "wants the number of a run")
	}
	r, found, err := a.Engine.BooksRun(ctx, who.Scope, c.Param("id"), seq)
	if err != nil {
		return client.BooksRun{}, err
	}
	return booksRunOf(r, found), nil
}

// keepRun compares the books as they stand and keeps what came of it.
func (a *Admin) keepRun(ctx context.Context, c *wire.Call, req scoped) (client.BooksRun, error) {
	who, err := a.caller(ctx, req.Merchant, req.Mode)
	if err != nil {
		return client.BooksRun{}, err
	}
	if err := a.Engine.CompareBooks(ctx, who, c.Param("id")); err != nil {
		return client.BooksRun{}, err
	}
	all, err := a.Engine.BooksRuns(ctx, who.Scope, c.Param("id"), 0, 1)
	if err != nil || len(all) == 0 {
		return client.BooksRun{}, err
	}
	return booksRunOf(&all[0], nil), nil
}
