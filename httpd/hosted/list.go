package hosted

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// page is a list's answer.
type page struct {
	Data    []shown `json:"data"`
	HasMore bool    `json:"hasMore"`
}

// list gives payments, the newest first: limit (1 to 100, 20), before (an id),
// createdFrom and createdTo (RFC 3339).
func (a *API) list(ctx context.Context, who engine.Caller, c *wire.Call) (page, error) {
	limit, f := 20, engine.Filter{}
	var bad []fieldError
	wrong := func(name, rule string) { bad = append(bad, fieldError{"?" + name, rule}) }
	if s := c.Query("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 100 {
			wrong("limit", "must be 1 to 100")
		}
		limit = n
	}
	if s := c.Query("before"); s != "" {
		id, ok := strings.CutPrefix(s, prefix)
		if !ok || !engine.ChosenID(id) {
			wrong("before", "must be the id of a payment")
		}
		f.Before = id
	}
	for name, into := range map[string]*time.Time{"createdFrom": &f.From, "createdTo": &f.To} {
		if s := c.Query(name); s != "" {
			t, err := time.Parse(time.RFC3339, s)
			if err != nil {
				wrong(name, "must be a time in the form of RFC 3339")
			}
			*into = t
		}
	}
	if len(bad) > 0 {
		return page{}, invalidFields(bad)
	}
	all, err := a.newest(ctx, who, f, limit+1)
	if err != nil {
		return page{}, err
	}
	out := page{Data: []shown{}, HasMore: len(all) > limit}
	for _, o := range all[:min(limit, len(all))] {
		s, err := a.showAny(o)
		if err != nil {
			return page{}, err
		}
		out.Data = append(out.Data, s)
	}
	return out, nil
}

// newest are the payments of the types that the token is for, the newest first:
// their ids bear the time.
func (a *API) newest(ctx context.Context, who engine.Caller, f engine.Filter, limit int) (out []*opened, err error) {
	if who.May(engine.Payouts) {
		all, _, err := a.Engine.List(ctx, who, f, 0, limit)
		if err != nil {
			return nil, err
		}
		for i := range all {
			out = append(out, &opened{View: &all[i], scope: who.Scope})
		}
	}
	if takesIn(who) {
		all, err := a.Engine.Payments(ctx, who.Scope, f, limit, func(p *engine.Payment) bool { return seesIn(who, incomingOf(p)) == nil })
		if err != nil {
			return nil, err
		}
		for i := range all {
			out = append(out, &opened{in: incomingOf(&all[i]), scope: who.Scope})
		}
	}
	slices.SortStableFunc(out, func(x, y *opened) int { return strings.Compare(y.paper().id, x.paper().id) })
	return out[:min(limit, len(out))], nil
}
