package rest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// listPayouts is the list by query, newest first. It says how many there are
// only where the contract wants that, since counting reads past the page.
func (a *API) listPayouts(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (payoutPage, error) {
	limit, f, err := a.listQuery(ctx, who, c)
	if err != nil {
		return payoutPage{}, err
	}
	f.Total = c.Pattern == profileList
	if err := a.ofProfile(ctx, who, c, &f); err != nil {
		return payoutPage{}, err
	}
	return a.page(ctx, who, f, 0, limit)
}

const profileList = "/payouts/profile/list"

// ofProfile narrows the calls of a profile to the one that X-Profile-Id names.
func (a *API) ofProfile(ctx context.Context, who engine.Caller, c *wire.Call, f *engine.Filter) error {
	id := c.Header("X-Profile-Id")
	if id == "" || !strings.Contains(c.Pattern, "/profile/") {
		return nil
	}
	p, err := a.profileByID(ctx, who, id)
	if err != nil {
		return err
	}
	if len(f.Points) > 0 && !slices.Contains(f.Points, p.ID) {
		f.Stages = nowhere()
	}
	f.Points = []string{p.ID}
	return nil
}

// listQuery reads the query. A payout as a bound is itself in the list.
func (a *API) listQuery(ctx context.Context, who engine.Caller, c *wire.Call) (limit int, f engine.Filter, err error) {
	for name, values := range c.QueryValues() {
		switch name {
		case "customer_id", "starting_after", "ending_before", "limit", "created", "start_time", "end_time":
			if len(values) > 1 {
				return 0, f, badQuery("duplicate field `%s`", name)
			}
		default:
			return 0, f, badQuery("unknown field `%s`", wire.Redact(name))
		}
	}
	if limit, err = number(c, "limit", 10, 1, 100); err != nil {
		return 0, f, err
	}
	if f.Customer = c.Query("customer_id"); f.Customer != "" && !engine.ChosenID(f.Customer) {
		return 0, f, badQuery("customer_id: must be 1 to 64 letters, digits, underscores or hyphens")
	}
	for _, bound := range []struct {
		name string
		set  func(from, to time.Time)
	}{
		{"start_time", func(from, _ time.Time) { f.From = later(f.From, from) }},
		{"end_time", func(_, to time.Time) { f.To = earlier(f.To, to) }},
		{"created", func(from, to time.Time) { f.From, f.To = later(f.From, from), earlier(f.To, to) }},
	} {
		text := c.Query(bound.name)
		if text == "" {
			continue
		}
		at, err := parseTime(text)
		if err != nil {
			return 0, f, badQuery("%s: must be a time of RFC 3339", bound.name)
		}
		bound.set(at, justAfter(at))
	}
	for _, name := range []string{"starting_after", "ending_before"} {
		id := c.Query(name)
		if id == "" {
			continue
		}
		v, err := a.Engine.Get(ctx, who, engine.PrefixRequest, id)
		if err != nil {
			return 0, f, err
		}
		if name == "starting_after" {
			f.Since = v.ID
		} else {
			f.Through = v.ID
		}
	}
	return limit, f, nil
}

// justAfter is the end of a range that includes at, to the millisecond if at
// has no finer part, because that is how times are shown.
func justAfter(at time.Time) time.Time {
	if at.Truncate(time.Millisecond).Equal(at) {
		return at.Add(time.Millisecond)
	}
	return at.Add(time.Microsecond)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// filterPayouts is the list by filters.
func (a *API) filterPayouts(ctx context.Context, who engine.Caller, c *wire.Call, r payoutFilter) (payoutPage, error) {
	limit, offset := 10, 0
	if r.Limit != nil {
		limit = *r.Limit
	}
	if limit < 1 || limit > 20 {
		return payoutPage{}, refuse(422, "IR_06", "limit should be in between 1 and 20")
	}
	if r.Offset != nil {
		offset = *r.Offset
	}
	if offset < 0 {
		return payoutPage{}, refuse(422, "IR_06", "offset should not be negative")
	}
	f := rangeFilter(r.Start, r.End)
	f.Customer, f.Total = said(r.CustomerID), true
	r.narrow(&f)
	if err := a.ofProfile(ctx, who, c, &f); err != nil {
		return payoutPage{}, err
	}
	if r.PayoutID != nil { // a name leads straight to the one that bears it
		v, err := a.Engine.Get(ctx, who, engine.PrefixRequest, string(*r.PayoutID))
		if isCode(err, engine.CodeNotFound) {
			none := 0
			return payoutPage{Data: []payoutResponse{}, Total: &none}, nil
		}
		if err != nil {
			return payoutPage{}, err
		}
		f.Since, f.Through = v.ID, v.ID
	}
	return a.page(ctx, who, f, offset, limit)
}

// narrow asks the engine for what it can tell of records without decoding them,
// and looks inside for the rest.
func (r *payoutFilter) narrow(f *engine.Filter) {
	f.Stages, f.Drafts = r.stages(), r.drafts()
	for _, c := range r.Currency {
		f.Currencies = append(f.Currencies, c.Currency)
	}
	for _, name := range r.Connector {
		f.Providers = append(f.Providers, string(name))
	}
	for _, m := range r.Method {
		f.Kinds = append(f.Kinds, service.Kind(m))
	}
	if r.ProfileID != nil {
		point, is := strings.CutPrefix(*r.ProfileID, engine.PrefixProfile)
		if f.Points = []string{point}; !is || point == "" {
			f.Stages = nowhere()
		}
	}
	if r.Entity != nil {
		f.Entities = entities(string(*r.Entity))
	}
	if r.OrderRef != nil {
		if f.Order = *r.OrderRef; f.Order == "" { // which is no reference
			f.Stages = nowhere()
		}
	}
}

// entities are what the engine knows an entity type by: of nobody's it is said
// that they are an individual.
func entities(name string) []string {
	if name == individual {
		return []string{name, ""}
	}
	return []string{name}
}

// drafts are those that have one of the statuses asked for.
func (r *payoutFilter) drafts() engine.Drafts {
	bare, detailed := slices.Contains(r.Status, needsData), slices.Contains(r.Status, needsConfirmation)
	switch {
	case bare && !detailed:
		return engine.BareDrafts
	case detailed && !bare:
		return engine.DetailedDrafts
	}
	return engine.AnyDrafts
}

// stages are those in which a payout can have one of the statuses asked for;
// none when any will do, and one that none has where no stage has the status.
func (r *payoutFilter) stages() (all []payout.Stage) {
	defer func() {
		if len(r.Status) > 0 && len(all) == 0 {
			all = nowhere()
		}
	}()
	for _, s := range payout.Stages() {
		if slices.ContainsFunc(r.Status, func(want statusName) bool {
			return stageStatus(s) == string(want) || s == payout.Draft && want == needsData
		}) {
			all = append(all, s)
		}
	}
	return all
}

// nowhere is the stage of no request.
func nowhere() []payout.Stage { return []payout.Stage{""} }

func rangeFilter(start, end *clock) (f engine.Filter) {
	if start != nil {
		f.From = start.Time
	}
	if end != nil {
		f.To = justAfter(end.Time)
	}
	return f
}

// page reads a page of payouts as lists show them: without secrets, with the
// latest attempt.
func (a *API) page(ctx context.Context, who engine.Caller, f engine.Filter, skip, limit int) (payoutPage, error) {
	list, total, err := a.Engine.List(ctx, who, f, skip, limit)
	if err != nil {
		return payoutPage{}, err
	}
	page := payoutPage{Size: len(list), Data: make([]payoutResponse, len(list))}
	if f.Total {
		page.Total = &total
	}
	for i := range list {
		x := extraOf(&list[i].Request)
		page.Data[i] = showPayoutWith(who.Merchant, &list[i], &x)
		page.Data[i].ClientSecret, page.Data[i].Link = nil, nil
		page.Data[i].Attempts = []payoutAttempt{lastAttempt(&list[i].Request, &x)}
	}
	return page, nil
}

// payoutFilters tells what payouts of a time can be filtered by.
func (a *API) payoutFilters(ctx context.Context, who engine.Caller, c *wire.Call, r timeRange) (filterValues, error) {
	return a.values(ctx, who, c, rangeFilter(r.Start, r.End))
}

func (a *API) payoutFiltersByQuery(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (filterValues, error) {
	f, err := rangeQuery(c)
	if err != nil {
		return filterValues{}, err
	}
	return a.values(ctx, who, c, f)
}

func rangeQuery(c *wire.Call) (engine.Filter, error) {
	var bounds [2]*clock
	for i, name := range []string{"start_time", "end_time"} {
		text := c.Query(name)
		if text == "" {
			continue
		}
		at, err := parseTime(text)
		if err != nil {
			return engine.Filter{}, badQuery("%s: must be a time of RFC 3339", name)
		}
		bounds[i] = &clock{at}
	}
	return rangeFilter(bounds[0], bounds[1]), nil
}

func (a *API) values(ctx context.Context, who engine.Caller, c *wire.Call, f engine.Filter) (filterValues, error) {
	f.Total, f.Opened = true, true // all of them are looked at
	var seen [4]map[string]bool
	for i := range seen {
		seen[i] = map[string]bool{}
	}
	f.Keep = func(q *engine.Request) bool {
		x := extraOf(q)
		for i, v := range []string{q.Provider, q.Amount.Currency().Code(), statusOf(q), typeOfPayout(q, &x)} {
			if v != "" {
				seen[i][v] = true
			}
		}
		return true
	}
	if err := a.ofProfile(ctx, who, c, &f); err != nil {
		return filterValues{}, err
	}
	if _, _, err := a.Engine.List(ctx, who, f, 0, 0); err != nil {
		return filterValues{}, fmt.Errorf("read filters: %w", err)
	}
	sorted := func(m map[string]bool) []string {
		return slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(m))))
	}
	return filterValues{sorted(seen[0]), sorted(seen[1]), sorted(seen[2]), sorted(seen[3])}, nil
}

// aggregatePayouts counts the payouts of a time by status: all of them, however
// many there are.
func (a *API) aggregatePayouts(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (statusCounts, error) {
	out := statusCounts{Counts: map[string]int{}}
	for _, s := range allStatuses() {
		out.Counts[s] = 0
	}
	f, err := rangeQuery(c)
	if err != nil {
		return out, err
	}
	if err := a.ofProfile(ctx, who, c, &f); err != nil {
		return out, err
	}
	counted, err := a.Engine.Tally(ctx, who, f)
	if err != nil {
		return out, fmt.Errorf("count payouts: %w", err)
	}
	for at, n := range counted {
		out.Counts[standStatus(at)] += n
	}
	return out, nil
}
