package dash

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// request reads the one in the address.
func (d *Dash) request(ctx context.Context, v *visit) (*engine.Request, error) {
	return d.named(ctx, v, v.Param("id"))
}

// named finds a request by its own id, under whichever dialect's prefix, or by
// the merchant's reference.
func (d *Dash) named(ctx context.Context, v *visit, name string) (*engine.Request, error) {
	if id, ok := ownID(name); ok {
		got, err := d.Engine.RequestByID(ctx, v.caller(), id)
		if err == nil {
			return &got.Request, nil
		}
		if !isCode(err, engine.CodeNotFound) {
			return nil, err
		}
	}
	got, err := d.Engine.Get(ctx, v.caller(), engine.PrefixRequest, name)
	if err != nil {
		return nil, err
	}
	return &got.Request, nil
}

// prefixes are those under which the dialects show a request's id.
var prefixes = map[string]string{"rest": engine.PrefixRequest, "jsonapi": "porq_", "hosted": "pay_"}

// ownID is an id without the prefix of a dialect.
func ownID(name string) (string, bool) {
	for _, prefix := range prefixes {
		if id, ok := strings.CutPrefix(name, prefix); ok && len(id) == 26 {
			return id, true
		}
	}
	return "", false
}

// idOfRequest is a request's id as its dialect shows it.
func idOfRequest(r *engine.Request) string {
	if prefix, ok := prefixes[r.Dialect]; ok {
		return prefix + r.ID
	}
	return engine.PrefixRequest + r.ID
}

// requestPath is the address of a request's page. It bears our id: references
// are the merchant's, and may be anything.
func requestPath(v *visit, r *engine.Request, tab string) string {
	return v.at("/requests/" + idOfRequest(r) + tab)
}

// requestHead is the top of all pages of a request.
func requestHead(v *visit, r *engine.Request, tab string) ui.Head {
	h := ui.Head{Crumbs: []ui.Link{{Text: "Payout requests", Href: v.at("/requests")}}, Badge: stageBadge(r.Stage), ID: nameOfRequest(r)}
	h.Title = "Payout request"
	if a := amount(r.Amount); a != nil {
		h.Title, h.Unit = a.Text, a.Currency
	}
	if to := payeeText(r); to != "" {
		h.Lead = "to " + to
		if sub := payeeSub(r); sub != "" {
			h.Lead += ", " + sub
		}
	}
	h.Actions = requestActions(v, r)
	for _, t := range []struct {
		text, path string
		n          int
	}{{"General", "", 0}, {"Payouts", "/payouts", len(r.Payouts)}, {"Events", "/events", 0}, {"Explanation", "/explanation", 0}, {"Deliveries", "/deliveries", len(r.Told)}} {
		h.Tabs = append(h.Tabs, ui.Link{Text: t.text, Href: requestPath(v, r, t.path), On: t.path == tab, Count: t.n})
	}
	if linked(r) || r.Page != nil {
		h.Tabs = append(h.Tabs, ui.Link{Text: "Link", Href: requestPath(v, r, "/link"), On: tab == "/link"})
	}
	return h
}

// requestActions are what this person may do with the request now.
func requestActions(v *visit, r *engine.Request) (out []ui.Action) {
	add := func(need engine.Permit, may bool, a ui.Action, path string) {
		if may && v.who.May(need) {
			a.Href = requestPath(v, r, path)
			out = append(out, a)
		}
	}
	open, stopped := !r.Stage.Ended(), r.Moderation != ""
	add(engine.PermitPay, r.Stage == payout.Ready && !stopped, ui.Action{Text: "Process", Icon: "play", Main: true}, "/process")
	add(engine.PermitState, open && stopped, ui.Action{Text: "Let it go on", Icon: "play", Main: true}, "/release")
	add(engine.PermitPay, open && stopped, ui.Action{Text: "Edit terms"}, "/terms")
	add(engine.PermitState, open && !stopped, ui.Action{Text: "Request moderation", Icon: "note"}, "/moderate")
	add(engine.PermitPay, mayCancel(r), ui.Action{Text: "Cancel", Icon: "close"}, "/cancel")
	return out
}

// mayCancel says that nothing of a request has been sent.
func mayCancel(r *engine.Request) bool {
	for _, p := range r.Payouts {
		if p.Status != payout.Queued && p.Status != payout.Cancelled {
			return false
		}
	}
	return !r.Stage.Ended()
}

// requestNotes say why a request needs a person, and where to act.
func requestNotes(v *visit, r *engine.Request) []ui.Notice {
	if !r.WantsPerson() {
		return nil
	}
	n := ui.Notice{Tone: ui.Warn, Text: why(r)}
	may := v.who.May(engine.PermitState)
	switch {
	case len(r.Disputed) > 0 && may:
		n.Hint = "Compare the events with the provider's own report, then resolve the conflict at the payout."
	case r.Stage.Ended():
		n.Hint = "Compare the events with the provider's own report."
	case r.ByPerson:
		n.Hint = "Nothing more is done automatically until somebody lets it go on."
	case r.Moderation != "" && may:
		n.Hint = "Nothing more is done automatically. Find out at the provider what became of the payout, then add a statement."
	case r.Moderation != "":
		n.Hint = "Nothing more is done automatically until a manager has decided."
	case may:
		n.Hint = "Work goes on. If you know more than the provider tells, add a statement."
	default:
		n.Hint = "Work goes on."
	}
	if (!r.Stage.Ended() || len(r.Disputed) > 0) && may && len(r.Payouts) > 0 {
		n.Links = []ui.Link{{Text: "To its payouts", Href: requestPath(v, r, "/payouts")}}
	}
	return []ui.Notice{n}
}

func (d *Dash) showRequest(ctx context.Context, v *visit) (wire.Reply, error) {
	r, err := d.request(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	general := ui.Facts{Title: "General", List: []ui.Fact{
		{Name: "ID", Text: idOfRequest(r), Mono: true, Copy: true},
		{Name: "Reference", Text: r.Ref, Mono: true, Copy: r.Ref != ""},
		{Name: "Status", Badge: stageBadge(r.Stage)},
		{Name: "Resolution", Text: string(r.Resolution), Mono: true},
		{Name: "Moderation required", Text: yesNo(r.Moderation != "")},
		{Name: "Memo", Text: r.Memo},
		{Name: "Service", Text: r.Service, Mono: true},
		{Name: "Customer", Mono: true, Link: customerLink(v, r)},
		{Name: "Made through", Text: dialectName(r.Dialect)},
		{Name: "Payout point", Text: r.Point, Mono: true, Link: pointLink(v, r)},
	}}
	amounts := ui.Facts{Title: "Amounts", List: []ui.Fact{
		{Name: "Amount", Money: amount(r.Amount)},
		{Name: "Processed amount", Money: processed(r)},
		{Name: "Payouts", Text: fmt.Sprint(len(r.Payouts)), Link: &ui.Link{Text: count(len(r.Payouts), "payout"), Href: requestPath(v, r, "/payouts")}},
	}}
	options := ui.Facts{Title: "Options", List: []ui.Fact{
		{Name: "Autoprocess", Text: yesNo(r.AutoFulfill)}, {Name: "Split mode", Text: yesNo(r.Split)}, {Name: "Parallel mode", Text: yesNo(r.Parallel)}, {Name: "Allow partially", Text: yesNo(r.Split && !r.Whole)},
		{Name: "Attempts limit", Text: fmt.Sprint(r.AttemptsLimit)}, {Name: "Attempts", Text: fmt.Sprint(attempts(r))}, {Name: "Save the method after success", Text: yesNo(r.Recurring)},
		{Name: "Providers allowed", Text: orAny(r.Providers)}, {Name: "Callbacks to", Text: withoutSecrets(r.CallbackURL)},
	}}
	times := ui.Facts{Title: "Timeline", List: []ui.Fact{{Name: "Created", At: r.Created}, {Name: "Processed", At: processedAt(r)}, {Name: "Last change", At: r.Changed}, {Name: "Expires", At: r.Expires}}}
	page := ui.Requested{Left: []ui.Facts{general, options}, Right: []ui.Facts{amounts, beneficiary(v, r), times}}
	return d.show(ctx, v, 200, "request", requestHead(v, r, ""), page, requestNotes(v, r)...)
}

// pullPath is where the provider can be asked now; "" where it can't.
func pullPath(v *visit, r *engine.Request) string {
	if r.Stage != payout.InHand || r.Moderation != "" || !v.who.May(engine.PermitState) {
		return ""
	}
	return requestPath(v, r, "/pull")
}

// attempts are the payouts that were made because one before had failed.
func attempts(r *engine.Request) int {
	pieces := map[int]bool{}
	for _, p := range r.Payouts {
		pieces[p.Piece] = true
	}
	return len(r.Payouts) - len(pieces)
}

// customerLink leads to the customer of a request.
func customerLink(v *visit, r *engine.Request) *ui.Link {
	if r.Customer == "" {
		return nil
	}
	return &ui.Link{Text: r.Customer, Href: customerPath(v, r.Customer)}
}

// pointLink leads to the payout point of a request.
func pointLink(v *visit, r *engine.Request) *ui.Link {
	if r.Point == "" {
		return nil
	}
	return &ui.Link{Text: shortID(engine.PrefixPoint + r.Point), Href: v.at("/points/" + r.Point)}
}

// beneficiary are the masked details of whom a request pays.
func beneficiary(v *visit, r *engine.Request) ui.Facts {
	f := ui.Facts{Title: "Beneficiary", Empty: "No details were given yet."}
	if r.Form == "" {
		return f
	}
	f.List = append(f.List, ui.Fact{Name: "Method", Text: methodName(r.Form)})
	m, _ := service.FindMethod(r.Form)
	for _, field := range m.Fields {
		if text := r.Masked[field.Key]; text != "" {
			f.List = append(f.List, ui.Fact{Name: field.Label, Text: text, Mono: field.Sensitive})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.Masked)) {
		if _, known := m.Field(key); !known && r.Masked[key] != "" {
			f.List = append(f.List, ui.Fact{Name: sentenceCase(key), Text: r.Masked[key]})
		}
	}
	if r.Method != "" {
		f.List = append(f.List, ui.Fact{Name: "Saved method", Mono: true, Link: &ui.Link{Text: r.Method, Href: v.at("/methods/" + r.Method)}})
	}
	return f
}

// processed is what has been paid so far of a request, in its currency; nil
// when nothing was.
func processed(r *engine.Request) *ui.Money {
	sum := money.New(0, r.Amount.Currency())
	for _, p := range r.Payouts {
		more, err := sum.Add(p.Covers())
		if err != nil {
			return nil
		}
		sum = more
	}
	return someMoney(sum)
}

// processedAt is when a request ended with money paid.
func processedAt(r *engine.Request) (at time.Time) {
	if r.Stage != payout.AllPaid && r.Stage != payout.SomePaid {
		return at
	}
	for _, p := range r.Payouts {
		if (p.Status == payout.Paid || p.Status == payout.PartlyPaid) && p.Changed.After(at) {
			at = p.Changed
		}
	}
	return at
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

func orAny(list []string) string {
	if len(list) == 0 {
		return "Any"
	}
	return strings.Join(list, ", ")
}

// dialectName is through what a request came in.
func dialectName(dialect string) string {
	switch dialect {
	case "rest":
		return "Saved-method API"
	case "jsonapi":
		return "Payout gateway API"
	case "hosted":
		return "Hosted page"
	}
	return dialect
}
