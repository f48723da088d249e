package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"penstock/engine/money"
	"penstock/store"
)

// Point is a payout point: where requests come in, and what is arranged for
// them. (rest: business profile) A merchant has one in each mode from the
// start.
type Point struct {
	ID          string           `json:"id"` // 26 characters
	Name        string           `json:"name"`
	Description string           `json:"description,omitzero"`
	Currencies  []money.Currency `json:"currencies"` // in which requests may be made; at least one
	RateScheme  string           `json:"rate_scheme,omitzero"`
	Scheme      string           `json:"scheme,omitzero"` // of routing; empty: any route that is open
	CallbackURL string           `json:"callback_url,omitzero"`
	OnlyFinal   bool             `json:"only_final,omitzero"` // callbacks tell of ends alone
	Internal    bool             `json:"internal,omitzero"`   // callbacks show failed payouts and their providers too
	Queue       bool             `json:"queue,omitzero"`      // what lacks money waits for it, instead of failing
	Archived    bool             `json:"archived,omitzero"`
	Retry       Retry            `json:"retry,omitzero"`
	Fallback    []Exit           `json:"fallback,omitzero"` // where a request of the rest dialect may leave when its tree finds no way, the best first
	Extra       json.RawMessage  `json:"extra,omitzero"`    // what a dialect keeps with it, without secrets; the engine does not look inside
	Brand       *Brand           `json:"brand,omitzero"`    // of the recipient's page
	Created     time.Time        `json:"created"`
	Changed     time.Time        `json:"changed"`
}

// PointEdit is what a new point is made from, and what a change gives; nil
// stays as it is.
type PointEdit struct {
	Name, Description   *string
	Currencies          []money.Currency
	RateScheme, Scheme  *string // ids; "" takes them away
	CallbackURL         *string
	OnlyFinal, Internal *bool
	Queue               *bool
	Archived            *bool
	Retry               *Retry
	Fallback            []Exit // nil stays
	Extra               json.RawMessage
	Brand               *Brand
}

// CreatePoint makes a payout point.
func (e *Engine) CreatePoint(ctx context.Context, c Caller, ed PointEdit, once *Once) (p *Point, err error) {
	err = e.alter(ctx, c, once, "payout_point.create", func(tx store.Tx, now time.Time) (string, any, error) {
		if err := roomFor(tx, bucketPoint, c.Scope, ObjPoint); err != nil {
			return "", nil, err
		}
		id, err := e.newID(now)
		if err != nil {
			return "", nil, err
		}
		p = &Point{ID: id, Created: now}
		if err := e.edited(tx, c.Scope, now, p, ed); err != nil {
			return "", nil, err
		}
		return PrefixPoint + id, p, keep(tx, bucketPoint, c.key(id), p)
	})
	return p, err
}

// UpdatePoint changes what the edit gives. An archived point takes no new
// requests; those that it has go on.
func (e *Engine) UpdatePoint(ctx context.Context, c Caller, id string, ed PointEdit, once *Once) (p *Point, err error) {
	err = e.alter(ctx, c, once, "payout_point.update", func(tx store.Tx, now time.Time) (string, any, error) {
		if p, err = find[Point](tx, bucketPoint, ObjPoint, c.Scope, id); err != nil {
			return "", nil, err
		}
		if err := e.edited(tx, c.Scope, now, p, ed); err != nil {
			return "", nil, err
		}
		return PrefixPoint + id, p, keep(tx, bucketPoint, c.key(id), p)
	})
	return p, err
}

func (e *Engine) edited(tx store.Tx, s Scope, now time.Time, p *Point, ed PointEdit) error {
	give(&p.Name, ed.Name)
	give(&p.Description, ed.Description)
	give(&p.RateScheme, ed.RateScheme)
	give(&p.Scheme, ed.Scheme)
	give(&p.CallbackURL, ed.CallbackURL)
	give(&p.OnlyFinal, ed.OnlyFinal)
	give(&p.Internal, ed.Internal)
	give(&p.Queue, ed.Queue)
	give(&p.Archived, ed.Archived)
	give(&p.Retry, ed.Retry)
	if ed.Fallback != nil {
		p.Fallback = slices.Clone(ed.Fallback)
	}
	if ed.Extra != nil {
		p.Extra = ed.Extra
	}
	if ed.Currencies != nil {
		p.Currencies = slices.Clone(ed.Currencies)
		slices.SortFunc(p.Currencies, func(a, b money.Currency) int { return cmp.Compare(a.Code(), b.Code()) })
		p.Currencies = slices.Compact(p.Currencies)
	}
	if ed.Brand != nil {
		b := *ed.Brand
		if err := b.clean(); err != nil {
			return err
		}
		p.Brand = &b
	}
	p.Changed = now
	if err := p.checkDialect(tx, s); err != nil {
		return err
	}
	if err := checkName(p.Name, p.Description); err != nil {
		return err
	}
	if len(p.Currencies) == 0 {
		return &Error{Code: CodeMissing, Field: "currencies", Message: "a payout point has at least one currency"}
	}
	if p.RateScheme != "" {
		if _, err := find[RateScheme](tx, bucketRates, ObjRates, s, p.RateScheme); err != nil {
			return err
		}
	}
	if p.Scheme != "" {
		if _, err := find[Scheme](tx, bucketScheme, ObjScheme, s, p.Scheme); err != nil {
			return err
		}
	}
	return e.checkCallback(p.CallbackURL)
}

// checkCallback judges the address of a callback; empty is none.
func (e *Engine) checkCallback(url string) error {
	if url == "" {
		return nil
	}
	if len(url) > 2048 {
		return invalid("callback_url", "an address has at most 2048 bytes")
	}
	if err := e.CheckURL(url); err != nil {
		return &Error{Code: CodeInvalid, Field: "callback_url", Message: err.Error(), Hint: "use a public https address, or list the target under egress.allow"}
	}
	return nil
}

// give changes a field where something was given.
func give[T any](field *T, given *T) {
	if given != nil {
		*field = *given
	}
}

// Point returns one by its id.
func (e *Engine) Point(ctx context.Context, s Scope, id string) (*Point, error) {
	return read(ctx, e, func(tx store.Tx) (*Point, error) { return find[Point](tx, bucketPoint, ObjPoint, s, id) })
}

// Points returns every payout point of a scope, the oldest first.
func (e *Engine) Points(ctx context.Context, s Scope) ([]Point, error) {
	return read(ctx, e, func(tx store.Tx) ([]Point, error) { return all[Point](tx, bucketPoint, s) })
}

// takes says whether requests may be made at the point in a currency.
func (p *Point) takes(c money.Currency) error {
	switch {
	case p.Archived:
		return wrongState(ObjPoint, p.ID, "archived", "used")
	case !slices.Contains(p.Currencies, c):
		return invalid("point_currency", "the payout point has no currency %s", c.Code())
	}
	return nil
}
