package jsonapi

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"penstock/engine"
	"penstock/engine/reconcile"
	"penstock/httpd/wire"
)

const typeRun = "reconciliation-runs"

type runAttributes struct {
	Began     engine.RunBegan `json:"began"`
	By        string          `json:"by"`
	Created   *int64          `json:"created"`
	Source    *string         `json:"source"` // of a statement that was loaded
	Lines     int             `json:"lines"`
	New       int             `json:"new_lines"`
	Settled   int             `json:"settled_payouts"`
	From      *string         `json:"from"` // null: nothing was compared
	To        *string         `json:"to"`   // the last day
	Matched   int             `json:"matched"`
	Ours      int             `json:"ours_only"`
	Theirs    int             `json:"theirs_only"`
	Differs   int             `json:"amount_differs"`
	Duplicate int             `json:"duplicate"`
	Explained int             `json:"explained"`
	Sums      []runSum        `json:"matched_sums"`
	Problem   *string         `json:"problem"`
	Findings  []runFinding    `json:"findings,omitempty"` // of one run alone, not in lists
}

// runSum is what left by all that matched, in one currency.
type runSum struct {
	Currency string       `json:"currency"`
	Amount   *wire.Number `json:"amount"`
}

type runFinding struct {
	Class     reconcile.Class `json:"class"`
	Why       *string         `json:"why"`
	Payout    *string         `json:"payout_id"`
	Line      *string         `json:"line"`
	Currency  *string         `json:"currency"`
	Ours      moneyMoved      `json:"ours"`
	Theirs    moneyMoved      `json:"theirs"`
	Day       string          `json:"day"`
	Source    *string         `json:"source"`
	Row       int             `json:"row"`
	Explained bool            `json:"explained"`
}

func runID(r *engine.BooksRun) string { return strconv.FormatUint(r.Seq, 10) }

func showRun(account string, r *engine.BooksRun, found []engine.RunFinding) resource {
	n := r.Counts
	at := runAttributes{Began: r.Began, By: r.By, Created: unix(r.At), Source: shown(r.Source), Lines: r.Lines, New: r.New, Settled: r.Settled, Matched: n[reconcile.Matched], Ours: n[reconcile.OursOnly], Theirs: n[reconcile.TheirsOnly],
		Differs: n[reconcile.AmountDiffers], Duplicate: n[reconcile.Duplicate], Explained: r.Explained, Sums: []runSum{}, Problem: shown(wire.Redact(r.Problem))}
	if r.Problem == "" {
		at.From, at.To = shownDay(r.From), shownDay(r.To.AddDate(0, 0, -1))
	}
	for _, sum := range r.Matched {
		at.Sums = append(at.Sums, runSum{sum.Currency().Code(), decimal(sum)})
	}
	for i := range found {
		f := &found[i]
		currency := ""
		if c := f.Currency(); !c.IsZero() {
			currency = c.Code()
		}
		line := f.Line
		if line != "" {
			line = prefixLine + line
		}
		at.Findings = append(at.Findings, runFinding{f.Class, shown(string(f.Why)), shown(f.Payout), shown(line), shown(currency), moneyMoved{decimal(f.OursOut), decimal(f.OursBack)}, moneyMoved{decimal(f.TheirOut), decimal(f.TheirBack)},
			f.Day.Format(time.DateOnly), shown(f.Source), f.Row, f.Explained})
	}
	return resource{Type: typeRun, ID: runID(r), Attributes: at, Relations: related{"provider-account": one(typeAccount, shownAccount(account))}}
}

// listRuns are the runs that are kept of an account's reconciliation.
func (a *API) listRuns(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	account := accountID(c.Param("id"))
	all, err := a.Engine.BooksRuns(ctx, who.Scope, account, 0, engine.MaxRuns)
	if err != nil {
		return document{}, err
	}
	type v = engine.BooksRun
	return inMemory(c, all, shelf[v]{
		id: runID, show: func(r *v) resource { return showRun(account, r, nil) }, sorts: []string{"created"},
		by:     sorter[v]{"created": func(x, y *v) int { return cmp.Compare(x.Seq, y.Seq) }},
		fields: []filterField[v]{{"began", asWord, func(r *v) any { return string(r.Began) }}, {"by", asText, func(r *v) any { return r.By }}},
	})
}

// getRun is one run with its findings as they stood.
func (a *API) getRun(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	account := accountID(c.Param("id"))
	seq, err := strconv.ParseUint(c.Param("run"), 10, 64)
	if err != nil {
		return document{}, wire.ErrNotFound
	}
	r, found, err := a.Engine.BooksRun(ctx, who.Scope, account, seq)
	if err != nil {
		return document{}, err
	}
	return document{Data: showRun(account, r, found)}, nil
}
