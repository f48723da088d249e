package fx

import (
	"errors"
	"fmt"

	"penstock/engine/money"
)

// Rule says how the rate of one pair is made:
// rate = source + source x FeeRate/100 + FeeFix.
type Rule struct {
	ID       string         `json:"id"`
	Base     money.Currency `json:"base"`  // of the request
	Quote    money.Currency `json:"quote"` // of the deposit account
	Resource string         `json:"resource"`
	Kind     Kind           `json:"kind"`
	// Inverse takes the source's pair QUOTE/BASE and turns it over; Kind then
	// chooses the ask or bid of that pair, before it is turned.
	Inverse bool    `json:"inverse,omitzero"`
	FeeRate Decimal `json:"fee_rate,omitzero"` // percent of the source's rate; may be negative
	FeeFix  Decimal `json:"fee_fix,omitzero"`  // units of Quote; may be negative
	// Fixed is the source's rate itself, for the resource "fixed". Without it
	// that resource's sheet is asked.
	Fixed Rate `json:"fixed,omitzero"`
}

// maxRuleID bounds the ids that the engine gives.
const maxRuleID = 64

// Validate says which fields of r break which rule, as an Invalid. Whether its
// source has the pair is said by Find.
func (r Rule) Validate() error { return r.invalid("").orNil() }

// invalid is Validate with a path before the fields' names.
func (r Rule) invalid(path string) Invalid {
	var bad Invalid
	fail := func(field, rule string) { bad.add(path+field, rule) }
	if len(r.ID) > maxRuleID || !plain(r.ID) {
		fail("id", fmt.Sprintf("must be at most %d printable characters", maxRuleID))
	}
	switch {
	case r.Base.IsZero():
		fail("base", ruleCurrency)
	case r.Quote.IsZero():
		fail("quote", ruleCurrency)
	case r.Base == r.Quote:
		fail("quote", "must be another currency than base: a currency to itself is always 1")
	}
	known, isKnown := FindResource(r.Resource)
	if !CodeOK(r.Resource) {
		fail("resource", ruleCode)
	}
	switch {
	case r.Kind != Fixed && r.Kind != Ask && r.Kind != Bid:
		fail("kind", "must be fixed, ask or bid")
	case isKnown && !known.Commercial && r.Kind != Fixed:
		fail("kind", "must be fixed: "+r.Resource+" has one rate for both ways")
	case isKnown && known.Commercial && r.Kind == Fixed:
		fail("kind", "must be ask or bid: "+r.Resource+" quotes both")
	}
	if !r.Fixed.IsZero() && r.Resource != ResourceFixed {
		fail("fixed", "is for the resource fixed alone")
	}
	switch hopeless := r.FeeRate.rat().Cmp(minusHundred()) <= 0 && r.FeeFix.rat().Sign() <= 0; {
	case hopeless:
		fail("fee_rate", ruleResult)
	case !r.Fixed.IsZero() && len(bad) == 0:
		if _, err := r.Find(nil); err != nil {
			fail("fee_fix", ruleResult)
		}
	}
	return bad
}

const ruleResult = "must leave a rate above zero, of no more digits than a rate may have"

// Find is the rate of one rule, whatever its scheme; ErrNoRate with the reason.
func (r Rule) Find(b *Book) (Found, error) {
	found, err := r.source(b)
	if err != nil {
		return Found{}, r.lacks(err)
	}
	found.Resource, found.Rule = r.Resource, r.ID
	found.Rate, err = FromSource(found.Source, r.FeeRate, r.FeeFix)
	if err != nil {
		return Found{}, r.lacks(errors.New("its fees leave no rate above zero, or one of too many digits"))
	}
	return found, nil
}

func (r Rule) lacks(why error) error {
	return fmt.Errorf("%w: rule for %s to %s: %w", ErrNoRate, r.Base, r.Quote, why)
}

// source is the rate before fees. A source with one rate for both ways is
// asked for the pair as chosen, then for the other way round, then for a cross
// through a common currency: these say the same. Of ask and bid only the pair
// that was chosen will do.
func (r Rule) source(b *Book) (Found, error) {
	if !r.Fixed.IsZero() {
		return orient(r.Fixed, r.Inverse)
	}
	x := b.find(r.Resource)
	if x == nil {
		return Found{}, fmt.Errorf("there are no rates of %s", r.Resource)
	}
	key, other := pairKey{r.Base, r.Quote}, pairKey{r.Quote, r.Base}
	if r.Inverse {
		key, other = other, key
	}
	p, chosen := x.pairs[key]
	o, turned := x.pairs[other]
	var found Found
	var err error
	switch {
	case chosen && x.sheet.Commercial && r.Kind == Fixed:
		err = fmt.Errorf("%s quotes ask and bid, and it chooses neither", r.Resource)
	case chosen && r.Kind == Ask:
		found, err = orient(p.Ask, r.Inverse)
	case chosen:
		found, err = orient(p.Bid, r.Inverse)
	case x.sheet.Commercial && turned:
		err = fmt.Errorf("%s quotes %s/%s and not %s/%s", r.Resource, other.base, other.quote, key.base, key.quote)
	case turned:
		found, err = orient(o.Bid, !r.Inverse)
	case x.sheet.Commercial:
		err = fmt.Errorf("%s doesn't quote %s/%s", r.Resource, key.base, key.quote)
	default:
		var ok bool
		if found, ok, err = x.cross(r.Base, r.Quote); !ok && err == nil {
			err = fmt.Errorf("%s has no rate for it", r.Resource)
		}
	}
	found.SheetAt = x.sheet.At
	return found, err
}

// orient turns a source's rate over where it is to be.
func orient(source Rate, inverse bool) (Found, error) {
	if !inverse {
		return Found{Source: source}, nil
	}
	turned, err := source.Inverse()
	return Found{Source: turned, Inverse: true}, err
}
