package engine

import (
	"slices"

	"penstock/engine/payout"
	"penstock/engine/service"
)

// A list passes by what its filter doesn't ask for without decoding it: each
// criterion judges a record as it is stored, and the decoded request only where
// that leaves it open.

// criterion is one thing that a list asks of requests.
type criterion struct {
	// raw judges a record as it is stored; known is false where only the request
	// itself can tell.
	raw func(record []byte) (fits, known bool)
	of  func(*Request) bool
	// sought says that it is about what a dialect told of its request, which
	// records of older versions say only in what they echo.
	sought bool
}

// judge is what criteria say of a record; open are those that it leaves open.
func judge(all []criterion, record []byte) (open []criterion, fits bool) {
	for i, c := range all {
		switch fits, known := c.raw(record); {
		case known && !fits:
			return nil, false
		case !known:
			if open == nil {
				open = make([]criterion, 0, len(all)-i)
			}
			open = append(open, c)
		}
	}
	return open, true
}

// criteria are those of a filter, the cheapest before others.
func (f Filter) criteria(e *Engine) (all []criterion) {
	add := func(asked int, of func() criterion) {
		if asked == 0 {
			return
		}
		c := of()
		if raw := c.raw; c.sought {
			c.raw = func(record []byte) (fits, known bool) {
				fits, known = raw(record)
				return fits, known || !e.tells(string(memberOf(record, "dialect")))
			}
		}
		all = append(all, c)
	}
	add(len(f.Stages), f.ofStages)
	add(len(f.Statuses), f.ofStatuses)
	add(int(f.Drafts), f.ofDrafts)
	add(len(f.Currencies), f.ofCurrencies)
	add(len(f.Points), func() criterion {
		return member("point", f.Points, func(r *Request) string { return r.Point })
	})
	if f.Wants || f.Order != "" { // else its index is walked
		add(len(f.Customer), func() criterion {
			return member("customer", []string{f.Customer}, func(r *Request) string { return r.Customer })
		})
	}
	add(len(f.Providers), f.ofProviders)
	add(len(f.Kinds), f.ofKinds)
	add(len(f.Entities), f.ofEntities)
	add(len(f.Order), func() criterion {
		return criterion{sought: true, raw: func([]byte) (fits, known bool) { return false, false }, of: func(r *Request) bool { return e.soughtOf(r).Order == f.Order }}
	})
	return all
}

// member is a criterion of one member of the record that holds text. Where it
// isn't there the request may fit by having none.
func member(name string, allowed []string, of func(*Request) string) criterion {
	return criterion{
		raw: func(record []byte) (fits, known bool) {
			value := memberOf(record, name)
			return slices.Contains(allowed, string(value)), len(value) > 0
		},
		of: func(r *Request) bool { return slices.Contains(allowed, of(r)) },
	}
}

func (f Filter) ofStages() criterion {
	return criterion{
		raw: func(record []byte) (fits, known bool) { return slices.Contains(f.Stages, stageOf(record)), true },
		of:  func(r *Request) bool { return slices.Contains(f.Stages, r.Stage) },
	}
}

func (f Filter) ofStatuses() criterion {
	return criterion{
		raw: func(record []byte) (fits, known bool) { return false, !issued(stageOf(record)) },
		of: func(r *Request) bool {
			return slices.ContainsFunc(r.Payouts, func(p payout.Payout) bool { return slices.Contains(f.Statuses, p.Status) })
		},
	}
}

// Drafts are kinds of drafts.
type Drafts int

// AnyDrafts have details or have none; BareDrafts have none yet.
const (
	AnyDrafts Drafts = iota
	BareDrafts
	DetailedDrafts
)

func (d Drafts) has(s Stand) bool { return s.Stage != payout.Draft || s.Bare == (d == BareDrafts) }

func (f Filter) ofDrafts() criterion {
	return criterion{
		raw: func(record []byte) (fits, known bool) { return f.Drafts.has(standOf(record)), true },
		of:  func(r *Request) bool { return f.Drafts.has(r.Stand()) },
	}
}

func (f Filter) ofCurrencies() criterion {
	codes := make([]string, len(f.Currencies))
	for i, c := range f.Currencies {
		codes[i] = c.Code()
	}
	return criterion{
		raw: func(record []byte) (fits, known bool) {
			code := currencyOf(record)
			return slices.Contains(codes, string(code)), len(code) > 0
		},
		of: func(r *Request) bool { return slices.Contains(f.Currencies, r.Amount.Currency()) },
	}
}

func (f Filter) ofProviders() criterion {
	return criterion{
		raw: func(record []byte) (fits, known bool) { return isOfProvider(record, f.Providers) },
		of:  func(r *Request) bool { return slices.Contains(f.Providers, r.Provider) },
	}
}

func (f Filter) ofKinds() criterion {
	return criterion{
		raw: func(record []byte) (fits, known bool) {
			kind, known := storedKind(record)
			if !known {
				kind = service.Kind(memberOf(record, "asked"))
				known = kind != "" || memberOf(record, "entity") != nil // which is written together with it
			}
			return slices.Contains(f.Kinds, kind), known
		},
		of: func(r *Request) bool {
			return slices.Contains(f.Kinds, r.Kind) || r.Kind == "" && slices.Contains(f.Kinds, r.Asked)
		},
		sought: true,
	}
}

func (f Filter) ofEntities() criterion {
	c := member("entity", f.Entities, func(r *Request) string { return r.Entity })
	c.sought = true
	return c
}
