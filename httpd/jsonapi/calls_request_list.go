package jsonapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// requestFilters are those of a list of requests.
func requestFilters() []filterField[engine.Request] {
	type r = engine.Request
	return []filterField[r]{
		{"id", asText, func(v *r) any { return prefixRequest + v.ID }},
		{"status", asWord, func(v *r) any { return statusOf(v) }},
		{"resolution", asWord, func(v *r) any { return string(resolutionOf(v)) }},
		{"moderation_required", asFlag, func(v *r) any { return v.Moderation != "" }},
		{"reference_id", asText, func(v *r) any { return v.Ref }},
		{"service", asText, func(v *r) any { return v.Service }},
		{"currency", asWord, func(v *r) any { return v.Amount.Currency().Code() }},
		{"point_currency", asWord, func(v *r) any { return v.Amount.Currency().Code() }},
		{"amount", asDecimal, func(v *r) any { return decimal(v.Amount) }},
		{"point_amount", asDecimal, func(v *r) any { return decimal(v.Amount) }},
		{"point_id", asText, func(v *r) any { return prefixed(engine.PrefixPoint, v.Point) }},
		{"customer", asText, func(v *r) any { return v.Customer }},
		{"requisite", asText, func(v *r) any { return requisites(v) }},
		{"autoprocess", asFlag, func(v *r) any { return v.AutoFulfill }},
		{"split_mode", asFlag, func(v *r) any { return v.Split }},
		{"created", asTime, func(v *r) any { return v.Created }},
		{"updated", asTime, func(v *r) any { return v.Changed }},
		{"processed", asTime, func(v *r) any { return ended(v) }},
	}
}

// requisites are the masked details, which a list can be searched by.
func requisites(r *engine.Request) (out []string) {
	for _, v := range fieldsOf(r, readExtra(r)) {
		out = append(out, v)
	}
	return out
}

func ended(r *engine.Request) time.Time {
	if r.Stage.Ended() {
		return r.Changed
	}
	return time.Time{}
}

func (a *API) listRequests(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	q, err := parseQuery(c.Path, c.QueryValues(), allowed{sorts: []string{"created"}, includes: requestIncludes()})
	if err != nil {
		return document{}, err
	}
	tests, err := prepare(q.conditions, requestFilters())
	if err != nil {
		return document{}, err
	}
	items, earlier, later, err := a.requestPage(ctx, who, &q, tests)
	if err != nil {
		return document{}, err
	}
	out := document{}
	if len(q.include) > 0 {
		if out.Included, err = a.includedOf(ctx, who, q.include, items); err != nil {
			return document{}, err
		}
	}
	show, err := a.shower(ctx, who)
	if err != nil {
		return document{}, err
	}
	return paged(out, &q.paging, items, show, earlier, later), nil
}

// requestPage finds the page of a list: at once where its filters name the
// requests, else by a walk.
func (a *API) requestPage(ctx context.Context, who engine.Caller, q *query, tests []test[engine.Request]) (items []engine.View, earlier, later bool, err error) {
	f, err := requestWalk(q, prefixRequest, tests)
	if err != nil {
		return nil, false, false, err
	}
	if some, found, err := a.byName(ctx, who, q.conditions, "id"); found || err != nil {
		some = slices.DeleteFunc(some, func(v engine.View) bool { return !passes(&v.Request, tests) })
		items, earlier, later = pick(&q.paging, some, func(v *engine.View) string { return prefixRequest + v.ID }, nil)
		return items, earlier, later, err
	}
	views, _, err := a.Engine.List(ctx, who, f, 0, q.size+1)
	items, earlier, later = cut(&q.paging, views)
	return items, earlier, later, err
}

// byName gives the requests that a filter names by our id or the merchant's
// own, so that looking one up costs the same however many there are. found is
// false where no filter does. Names that are nobody's give nothing.
func (a *API) byName(ctx context.Context, who engine.Caller, conditions []condition, idField string) (out []engine.View, found bool, err error) {
	for _, c := range conditions {
		byRef := c.field == "reference_id"
		if !byRef && c.field != idField || c.operator != "" && c.operator != "eq" && c.operator != "in" {
			continue
		}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(c.values))) {
			v, err := a.Engine.Get(ctx, who, prefixRequest, name)
			if byRef {
				v, err = a.Engine.ByRef(ctx, who, name)
			}
			var refused *engine.Error
			if errors.As(err, &refused) && refused.Code == engine.CodeNotFound {
				continue
			}
			if err != nil {
				return nil, true, err
			}
			out = append(out, *v)
		}
		return out, true, nil
	}
	return nil, false, nil
}

// requestWalk is how the engine walks its requests for a page: from a cursor,
// in the direction in which the page is read, within the times that the
// filters say.
func requestWalk(q *query, prefix string, tests []test[engine.Request]) (engine.Filter, error) {
	f := engine.Filter{Oldest: q.oldest()}
	f.From, f.To = span(tests, "created")
	f.Stages = statusStages(tests)
	if len(tests) > 0 {
		f.Keep = func(r *engine.Request) bool { return passes(r, tests) }
	}
	id, err := q.cursor(prefix)
	if f.Oldest {
		f.After = id
	} else {
		f.Before = id
	}
	return f, err
}

// statusStages are the stages that a filter by status leaves; nil where none
// narrows them.
func statusStages(tests []test[engine.Request]) []payout.Stage { return byStatus(tests, stagesOf) }

// byStatus is what a filter by status leaves, in the engine's words.
func byStatus[T any, S ~string](tests []test[T], of func(status string) []S) (out []S) {
	for _, t := range tests {
		if t.field.name != "status" || t.operator != "" && t.operator != "eq" && t.operator != "in" {
			continue
		}
		out = []S{""} // which none has: a status that there isn't finds nothing
		for _, v := range t.values {
			out = append(out, of(v.text)...)
		}
		slices.Sort(out)
		out = slices.Compact(out)
	}
	return out
}

// digits are those of ids, in their order.
const digits = "0123456789abcdefghjkmnpqrstvwxyz"

// oldest says that the page is read from the older to the newer.
func (p *paging) oldest() bool { return p.up != p.backwards() }

// cursor is the engine's id at which the page begins to be read; "" where it
// is an end of the list.
func (p *paging) cursor(prefix string) (string, error) {
	at, name := p.after, "page[after]"
	if p.backwards() {
		at, name = p.before, "page[before]"
	}
	if at == "" || at == lastPage {
		return "", nil
	}
	id := inner(prefix, at)
	if len(id) != 26 || strings.Trim(id, digits) != "" {
		return "", badKeyOf(name)
	}
	return id, nil
}

// payoutRow is a payout with its request.
type payoutRow struct {
	v *engine.View
	p *payout.Payout
}

func payoutRows(views []engine.View) (out []payoutRow) {
	for i := range views {
		v := &views[i]
		for j := range v.Payouts {
			out = append(out, payoutRow{v, &v.Payouts[j]})
		}
	}
	return out
}

// payoutFilters are those of a list of payouts.
func payoutFilters() []filterField[payoutRow] {
	type r = payoutRow
	return []filterField[r]{
		{"id", asText, func(v *r) any { return v.p.ID }},
		{"payout_request_id", asText, func(v *r) any { return prefixRequest + v.v.ID }},
		{"reference_id", asText, func(v *r) any { return v.v.Ref }},
		{"provider_original_id", asText, func(v *r) any { return v.p.Ref }},
		{"status", asWord, func(v *r) any { return payoutStatus(v.p.Status) }},
		{"resolution", asWord, func(v *r) any { return string(payout.Resolve(v.p.Resolution, v.p.Status)) }},
		{"moderation_required", asFlag, func(v *r) any { return v.v.Moderation != "" && !v.p.Status.Ended() }},
		{"service", asText, func(v *r) any { return v.p.Service }},
		{"currency", asWord, func(v *r) any { return v.p.Amount.Currency().Code() }},
		{"amount", asDecimal, func(v *r) any { return decimal(v.p.Amount) }},
		{"deposit_account_id", asText, func(v *r) any { return prefixed(engine.PrefixDeposit, v.p.Deposit) }},
		{"provider_account_id", asText, func(v *r) any { return shownAccount(v.p.Account) }},
		{"payout_route_id", asText, func(v *r) any { return prefixed(engine.PrefixRoute, v.p.Route) }},
		{"customer", asText, func(v *r) any { return v.v.Customer }},
		{"requisite", asText, func(v *r) any { return requisites(&v.v.Request) }},
		{"created", asTime, func(v *r) any { return v.p.Created }},
		{"updated", asTime, func(v *r) any { return v.p.Changed }},
	}
}

func payoutShelf(who engine.Caller) shelf[payoutRow] {
	return shelf[payoutRow]{
		fields: payoutFilters(), sorts: []string{"created"}, id: func(r *payoutRow) string { return r.p.ID },
		show: func(r *payoutRow) resource { return showPayout(r.v, r.p, who.Mode) },
		by:   sorter[payoutRow]{"created": compareBy(func(r *payoutRow) string { return r.p.ID })}, // ids bear the time
	}
}

// listPayouts walks the requests that the payouts are of. A request may have
// payouts on both sides of the cursor, so its own is looked at too.
func (a *API) listPayouts(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	q, err := parseQuery(c.Path, c.QueryValues(), allowed{sorts: []string{"created"}})
	if err != nil {
		return document{}, err
	}
	tests, err := prepare(q.conditions, payoutFilters())
	if err != nil {
		return document{}, err
	}
	if some, found, err := a.byName(ctx, who, q.conditions, "payout_request_id"); found || err != nil {
		rows := slices.DeleteFunc(payoutRows(some), func(r payoutRow) bool { return !passes(&r, tests) })
		items, earlier, later := pick(&q.paging, rows, payoutShelf(who).id, nil)
		return paged(document{}, &q.paging, items, payoutShelf(who).show, earlier, later), err
	}
	cursor, err := q.cursor(engine.PrefixPayout)
	if err != nil {
		return document{}, err
	}
	statuses := byStatus(tests, statusesOf)
	if statuses == nil {
		statuses = payout.Statuses() // so that requests without payouts are passed by
	}
	f := engine.Filter{Oldest: q.oldest(), Statuses: statuses, Keep: func(r *engine.Request) bool {
		return slices.ContainsFunc(payoutRows([]engine.View{{Request: *r}}), func(row payoutRow) bool { return passes(&row, tests) })
	}}
	switch {
	case cursor == "":
	case f.Oldest:
		f.After = minus(cursor, payout.MaxPieces*8) // the n-th payout's id is its request's plus n-1
	default:
		f.Before = cursor
	}
	views, _, err := a.Engine.List(ctx, who, f, 0, q.size+2)
	if err != nil {
		return document{}, err
	}
	rows := payoutRows(views)
	if !f.Oldest {
		rows = rows[:0]
		for i := range views {
			own := payoutRows(views[i : i+1])
			slices.Reverse(own)
			rows = append(rows, own...)
		}
	}
	rows = slices.DeleteFunc(rows, func(r payoutRow) bool {
		id := inner(engine.PrefixPayout, r.p.ID)
		return !passes(&r, tests) || cursor != "" && (f.Oldest && id <= cursor || !f.Oldest && id >= cursor)
	})
	items, earlier, later := cut(&q.paging, rows)
	return paged(document{}, &q.paging, items, payoutShelf(who).show, earlier, later), nil
}

// minus is an id less n, as the numbers that ids are; the smallest is nothing.
func minus(id string, n int) string {
	out := []byte(id)
	for i := len(out) - 1; i >= 0 && n > 0; i-- {
		d := strings.IndexByte(digits, out[i]) - n%len(digits)
		n /= len(digits)
		if d < 0 {
			d += len(digits)
			n++
		}
		out[i] = digits[d]
	}
	if n > 0 {
		return ""
	}
	return string(out)
}
