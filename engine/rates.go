package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/store"
)

// RateScheme is a scheme of exchange rates with its place in the store.
type RateScheme struct {
	ID string `json:"id"` // 26 characters; empty for the System scheme
	fx.Scheme
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
}

// SystemRates names the scheme that has every pair of the sheets and no fees.
// It can't be changed or deleted.
const SystemRates = "system"

// RatesEdit is what a new scheme is made from, and what a change gives. Rules
// without an id are new; those that are left out go.
type RatesEdit struct {
	Name, Description *string
	Fallback          *bool
	Rules             []fx.Rule
	// ChangeRules makes the rules from those that stand there, inside the
	// transaction, so that two changes at a time lose nothing; nil: they stay.
	ChangeRules func([]fx.Rule) ([]fx.Rule, error)
}

// SaveRates makes a rate scheme, or changes the one of the id.
func (e *Engine) SaveRates(ctx context.Context, c Caller, id string, ed RatesEdit, once *Once) (rs *RateScheme, err error) {
	action := "rate_scheme.update"
	if id == "" {
		action = "rate_scheme.create"
	}
	err = e.alter(ctx, c, once, action, func(tx store.Tx, now time.Time) (string, any, error) {
		switch {
		case id == "":
			if err := roomFor(tx, bucketRates, c.Scope, ObjRates); err != nil {
				return "", nil, err
			}
			fresh, err := e.newID(now)
			if err != nil {
				return "", nil, err
			}
			rs = &RateScheme{ID: fresh, Created: now}
		case id == SystemRates:
			return "", nil, wrongState(ObjRates, id, "system", "changed")
		default:
			if rs, err = find[RateScheme](tx, bucketRates, ObjRates, c.Scope, id); err != nil {
				return "", nil, err
			}
		}
		if err := e.editRates(tx, rs, ed, now); err != nil {
			return "", nil, err
		}
		return PrefixRates + rs.ID, rs, keep(tx, bucketRates, c.key(rs.ID), rs)
	})
	return rs, err
}

func (e *Engine) editRates(tx store.Tx, rs *RateScheme, ed RatesEdit, now time.Time) error {
	give(&rs.Name, ed.Name)
	give(&rs.Description, ed.Description)
	give(&rs.Fallback, ed.Fallback)
	if ed.Rules != nil {
		rs.Rules = append([]fx.Rule(nil), ed.Rules...)
	}
	if ed.ChangeRules != nil {
		rules, err := ed.ChangeRules(append([]fx.Rule(nil), rs.Rules...))
		if err != nil {
			return err
		}
		rs.Rules = rules
	}
	for i := range rs.Rules {
		if rs.Rules[i].ID == "" {
			id, err := e.newID(now)
			if err != nil {
				return err
			}
			rs.Rules[i].ID = id
		}
	}
	rs.Changed = now
	if err := checkName(rs.Name, rs.Description); err != nil {
		return err
	}
	sheets, err := sheetsOf(tx)
	if err != nil {
		return err
	}
	return rateError(rs.Check(sheets))
}

// rateError names the field of a scheme and the rule that it breaks.
func rateError(err error) error {
	var field *fx.FieldError
	if errors.As(err, &field) {
		return &Error{Code: CodeInvalid, Object: ObjRates, Field: field.Field, Message: field.Error()}
	}
	return err
}

// DeleteRates takes a rate scheme away that no payout point and no routing
// scheme goes by.
func (e *Engine) DeleteRates(ctx context.Context, c Caller, id string, once *Once) error {
	return e.alter(ctx, c, once, "rate_scheme.delete", func(tx store.Tx, now time.Time) (string, any, error) {
		if id == SystemRates {
			return "", nil, wrongState(ObjRates, id, "system", "deleted")
		}
		if _, err := find[RateScheme](tx, bucketRates, ObjRates, c.Scope, id); err != nil {
			return "", nil, err
		}
		if err := inUse(tx, c.Scope, ObjRates, id, func(p *Point) bool { return p.RateScheme == id }); err != nil {
			return "", nil, err
		}
		schemes, err := all[Scheme](tx, bucketScheme, c.Scope)
		if err != nil {
			return "", nil, err
		}
		for _, s := range schemes {
			if s.RateScheme == id {
				return "", nil, &Error{Code: CodeState, Object: ObjRates, ID: id, Status: "in use", Message: "the rate scheme is used by a routing scheme", Hint: "give routing scheme " + PrefixScheme + s.ID + " another one first"}
			}
		}
		if err := tx.Delete(bucketRates, c.key(id)); err != nil {
			return "", nil, fmt.Errorf("delete rate scheme: %w", err)
		}
		return PrefixRates + id, id, nil
	})
}

// Rates returns a rate scheme by its id, the System scheme by its name.
func (e *Engine) Rates(ctx context.Context, s Scope, id string) (*RateScheme, error) {
	return read(ctx, e, func(tx store.Tx) (*RateScheme, error) { return ratesOf(tx, s, id) })
}

// RateSchemes returns the System scheme and those of a scope.
func (e *Engine) RateSchemes(ctx context.Context, s Scope) ([]RateScheme, error) {
	list, err := read(ctx, e, func(tx store.Tx) ([]RateScheme, error) { return all[RateScheme](tx, bucketRates, s) })
	return append([]RateScheme{{ID: SystemRates, Scheme: fx.System()}}, list...), err
}

func ratesOf(tx store.Tx, s Scope, id string) (*RateScheme, error) {
	if id == SystemRates || id == "" {
		return &RateScheme{ID: SystemRates, Scheme: fx.System()}, nil
	}
	return find[RateScheme](tx, bucketRates, ObjRates, s, id)
}

// ImportSheet takes the rates that a source has published, for every
// merchant. One that is older than what is there changes nothing.
func (e *Engine) ImportSheet(ctx context.Context, c Caller, sheet fx.Sheet) (taken bool, err error) {
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		taken = false
		sheet.Imported = now
		if err := sheet.Validate(); err != nil {
			return rateError(err)
		}
		if sheet.Age(now) < -48*time.Hour { // a date's day may begin elsewhere before it does here
			return invalid("at", "rates of the future are not taken: is the clock right?")
		}
		old, err := load[fx.Sheet](tx, bucketSheet, []byte(sheet.Resource))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && sheet.At.Before(old.At) {
			return nil
		}
		taken = true
		if err := keep(tx, bucketSheet, []byte(sheet.Resource), sheet); err != nil {
			return err
		}
		n, err := number(tx, "sheets")
		if err != nil {
			return err
		}
		if err := setNumber(tx, "sheets", n+1); err != nil {
			return err
		}
		return c.act(tx, now, "rates.import", sheet.Resource+" "+sheet.At.Format(time.DateOnly))
	})
	return taken, err
}

// Sheets returns the rates of every source.
func (e *Engine) Sheets(ctx context.Context) ([]fx.Sheet, error) {
	return read(ctx, e, func(tx store.Tx) (out []fx.Sheet, err error) {
		b, err := sheetsOf(tx)
		if err != nil {
			return nil, err
		}
		return b.Sheets(), nil
	})
}

func sheetsOf(tx store.Tx) (*fx.Book, error) {
	var sheets []fx.Sheet
	err := each(tx, bucketSheet, nil, func(p store.Pair) error {
		s, err := decode[fx.Sheet](bucketSheet, p.Value)
		if err == nil {
			sheets = append(sheets, *s)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	b, err := fx.NewBook(sheets...)
	if err != nil {
		return nil, fmt.Errorf("index the rates: %w", err)
	}
	return b, nil
}

// NewQuote locks a rate of a payout point for a while; a request that bears it
// in time is paid at it, whatever the market does.
func (e *Engine) NewQuote(ctx context.Context, c Caller, point string, from, to money.Currency, life time.Duration, once *Once) (q *fx.Quote, err error) {
	err = e.command(ctx, c, once, "quote.create", func(tx store.Tx, now time.Time) (string, any, error) {
		k, err := e.catalogOf(tx, c.Scope)
		if err != nil {
			return "", nil, err
		}
		p, ok := k.points[point]
		if !ok {
			return "", nil, notFound(ObjPoint, point)
		}
		rates, err := k.ratesFor(p)
		if err != nil {
			return "", nil, err
		}
		found, err := fx.Find(rates, k.book, from, to)
		if err != nil {
			return "", nil, &Error{Code: CodeNoRate, Object: ObjRates, Field: "currency", Message: "there is no rate for this pair"}
		}
		id, err := e.newID(now)
		if err != nil {
			return "", nil, err
		}
		q = &fx.Quote{ID: id, From: from, To: to, Rate: found.Rate, Created: now, Expires: now.Add(life)}
		if err := q.Validate(); err != nil {
			return "", nil, rateError(err)
		}
		return PrefixQuote + id, q, keep(tx, bucketQuote, c.key(id), q)
	})
	return q, err
}

func loadQuote(tx store.Tx, s Scope, id string) (*fx.Quote, error) {
	return find[fx.Quote](tx, bucketQuote, ObjQuote, s, id)
}
