package jsonapi

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/reconcile"
	"penstock/httpd/wire"
)

const (
	typeAccountStatement = "account-statements"
	typeReconciliation   = "reconciliations"
	typeFinding          = "reconciliation-findings"
	typeExplanation      = "explanations"
	prefixLine           = "rpl_"
)

type statementSent struct {
	Name     *string     `json:"name"`
	Content  *string     `json:"content"`
	Encoding *string     `json:"encoding"` // text (default) or base64
	Map      wire.Object `json:"csv_map"`
}

func (s *statementSent) file() (f connector.File, err error) {
	var n need
	n.want(s.Name != nil, "name")
	n.want(s.Content != nil, "content")
	if err := n.err(); err != nil {
		return f, err
	}
	f = connector.File{Name: *s.Name, Text: []byte(*s.Content), Map: string(s.Map)}
	switch said(s.Encoding) {
	case "", "text":
	case "base64":
		if f.Text, err = base64.StdEncoding.DecodeString(*s.Content); err != nil {
			return f, badAttribute("content", "must be base64")
		}
	default:
		return f, badAttribute("encoding", "must be text or base64")
	}
	return f, nil
}

type loadedAttributes struct {
	Name    *string `json:"name"`
	Lines   int     `json:"lines"`
	New     int     `json:"new_lines"`
	Settled int     `json:"settled_payouts"`
	From    *string `json:"from"` // days; null: none is said
	To      *string `json:"to"`
}

func showLoaded(account string, l *engine.Loaded) resource {
	return resource{Type: typeAccountStatement, ID: shownAccount(account), Attributes: loadedAttributes{shown(l.Name), l.Lines, l.New, l.Settled, shownDay(l.From), shownDay(l.To)},
		Relations: related{"provider-account": one(typeAccount, shownAccount(account))}}
}

func shownDay(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.Format(time.DateOnly)
	return &s
}

// loadStatement takes a statement. The same one again changes nothing, so it
// needs no key.
func (a *API) loadStatement(ctx context.Context, who engine.Caller, c *wire.Call, b body[statementSent]) (document, error) {
	s, err := b.attributes(typeAccountStatement, "")
	if err != nil {
		return document{}, err
	}
	f, err := s.file()
	if err != nil {
		return document{}, err
	}
	account := accountID(c.Param("id"))
	got, err := a.Engine.LoadStatement(ctx, who, account, f)
	if err != nil {
		return document{}, &located{err: err, fields: map[string]string{"statement": "content"}}
	}
	return document{Data: showLoaded(account, got)}, nil
}

// pullReports asks the provider for its report now.
func (a *API) pullReports(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	account := accountID(c.Param("id"))
	got, err := a.Engine.PullReports(ctx, who, account)
	if err != nil {
		return document{}, err
	}
	return document{Data: showLoaded(account, got)}, nil
}

// compared reads the period of a query and compares the books.
func (a *API) compared(ctx context.Context, who engine.Caller, c *wire.Call) (*engine.Comparison, error) {
	from, until, err := c.Days()
	var bad *wire.DayError
	if errors.As(err, &bad) {
		return nil, badQuery(bad.Name, "Invalid value provided for field `"+bad.Name+"`: it "+bad.Rule+".")
	}
	return a.Engine.Reconcile(ctx, who.Scope, accountID(c.Param("id")), engine.Period{From: from, To: until})
}

type reconciliationAttributes struct {
	From      string `json:"from"`
	To        string `json:"to"` // the last day
	Matched   int    `json:"matched"`
	Ours      int    `json:"ours_only"`
	Theirs    int    `json:"theirs_only"`
	Differs   int    `json:"amount_differs"`
	Duplicate int    `json:"duplicate"`
	Explained int    `json:"explained"`
	Compared  *int64 `json:"compared"`
}

func (a *API) getReconciliation(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	found, err := a.compared(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	n, id := found.Counts, shownAccount(found.Account)
	return document{Data: resource{Type: typeReconciliation, ID: id, Attributes: reconciliationAttributes{
		From: found.From.Format(time.DateOnly), To: found.To.AddDate(0, 0, -1).Format(time.DateOnly), Matched: n[reconcile.Matched], Ours: n[reconcile.OursOnly], Theirs: n[reconcile.TheirsOnly],
		Differs: n[reconcile.AmountDiffers], Duplicate: n[reconcile.Duplicate], Explained: found.Explained, Compared: unix(found.At)},
		Relations: related{"provider-account": one(typeAccount, id)}}}, nil
}

type findingAttributes struct {
	Class       reconcile.Class `json:"class"`
	Why         *string         `json:"why"`
	Currency    *string         `json:"currency"`
	Ordered     *wire.Number    `json:"ordered"`
	Ours        moneyMoved      `json:"ours"`
	Ledger      moneyMoved      `json:"ledger"`
	Theirs      moneyMoved      `json:"theirs"` // null where what they booked can't be summed
	Lines       []lineShown     `json:"lines"`
	Explanation *string         `json:"explanation"`
}

// moneyMoved is what left, and what of it came back.
type moneyMoved struct {
	Out  *wire.Number `json:"out"`
	Back *wire.Number `json:"back"`
}

type lineShown struct {
	ID       string       `json:"id"`
	Day      string       `json:"day"`
	Verdict  string       `json:"verdict"`
	Booked   bool         `json:"booked"`
	Amount   *wire.Number `json:"amount"`
	Currency *string      `json:"currency"`
	Source   *string      `json:"source"`
	Row      int          `json:"row"` // from 1; 0: nobody counted
}

func movedOf(s reconcile.Sums) moneyMoved { return moneyMoved{decimal(s.Out), decimal(s.Back)} }

// findingID is the payout's, or else that of the line.
func findingID(f *engine.BooksFinding) string {
	if f.Payout != nil {
		return f.Payout.Key
	}
	return prefixLine + f.Reported[0].ID
}

func showFinding(f *engine.BooksFinding) resource {
	at := findingAttributes{Class: f.Class, Why: shown(string(f.Why)), Theirs: movedOf(f.Theirs), Lines: []lineShown{}, Explanation: shown(f.Explained)}
	request, payout := relation{}, relation{}
	if p := f.Payout; p != nil {
		at.Currency, at.Ordered, at.Ours, at.Ledger = shown(p.Ordered.Currency().Code()), decimal(p.Ordered), movedOf(p.Recorded), movedOf(p.Ledger)
		request, payout = one(typeRequest, prefixRequest+f.Request), one(typePayout, p.Key)
	}
	for _, l := range f.Reported {
		if at.Currency == nil {
			at.Currency = shown(l.Amount.Currency().Code())
		}
		at.Lines = append(at.Lines, lineShown{prefixLine + l.ID, l.Day.Format(time.DateOnly), string(l.Verdict), l.Booked, decimal(l.Amount), shown(l.Amount.Currency().Code()), shown(l.Source), l.Row})
	}
	return resource{Type: typeFinding, ID: findingID(f), Attributes: at, Relations: related{"payout-request": request, "payout": payout}}
}

func (a *API) listFindings(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	found, err := a.compared(ctx, who, c)
	if err != nil {
		return document{}, err
	}
	type v = engine.BooksFinding
	return inMemory(c, found.Findings, shelf[v]{
		id: findingID, show: showFinding, sorts: []string{"day"},
		by: sorter[v]{"day": func(x, y *v) int { return x.At.Compare(y.At) }},
		fields: []filterField[v]{
			{"class", asWord, func(f *v) any { return string(f.Class) }},
			{"why", asWord, func(f *v) any { return string(f.Why) }},
			{"payout_id", asText, func(f *v) any { return keyOfFinding(f) }},
			{"explained", asFlag, func(f *v) any { return f.Explained != "" }},
		},
	})
}

func keyOfFinding(f *engine.BooksFinding) string {
	if f.Payout == nil {
		return ""
	}
	return f.Payout.Key
}

// getReconciliationCSV is every finding, or those of one class.
func (a *API) getReconciliationCSV(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	class := reconcile.Class(c.Query("class"))
	known := class == ""
	for _, one := range reconcile.Classes() {
		known = known || class == one
	}
	if !known {
		return wire.Reply{}, badQuery("class", "Invalid value provided for field `class`.")
	}
	found, err := a.compared(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	return wire.Reply{
		Header: [][2]string{{"Content-Type", "text/csv; charset=utf-8"}},
		Stream: func(_ context.Context, w io.Writer) error { return found.WriteCSV(w, class, prefixRequest) },
	}, nil
}

type explanationSent struct {
	Line        *string `json:"line"`
	Description *string `json:"description"`
}

type explanationAttributes struct {
	Line        string `json:"line"`
	Description string `json:"description"`
}

// explainDifference keeps a person's word about the difference that a line of
// theirs is in.
func (a *API) explainDifference(ctx context.Context, who engine.Caller, c *wire.Call, b body[explanationSent]) (wire.Reply, error) {
	s, err := b.attributes(typeExplanation, "")
	if err != nil {
		return wire.Reply{}, err
	}
	var n need
	n.want(s.Line != nil, "line")
	n.want(s.Description != nil, "description")
	if err := n.err(); err != nil {
		return wire.Reply{}, err
	}
	why, err := text("description", s.Description, 200)
	if err != nil {
		return wire.Reply{}, err
	}
	line := strings.TrimPrefix(*s.Line, prefixLine) // the CSV has them bare
	if err := a.Engine.ExplainReported(ctx, who, accountID(c.Param("id")), line, why); err != nil {
		return wire.Reply{}, &located{err: err, objects: map[engine.Object]string{engine.ObjReported: "line"}}
	}
	out, err := wire.Encode(document{Data: resource{Type: typeExplanation, ID: prefixLine + line, Attributes: explanationAttributes{prefixLine + line, why}}})
	return wire.Reply{Status: http.StatusCreated, Body: out}, err
}

// pullBalances asks the provider what is on the account, and answers with the
// deposit accounts that it told of.
func (a *API) pullBalances(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	told, err := a.Engine.PullBalances(ctx, who, accountID(c.Param("id")))
	if err != nil {
		return document{}, err
	}
	out := []resource{}
	for _, s := range told {
		d, err := a.Engine.Deposit(ctx, who.Scope, s.Deposit)
		if err != nil {
			return document{}, err
		}
		out = append(out, showDeposit(d, who.Mode))
	}
	return document{Data: out}, nil
}
