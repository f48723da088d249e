package fx

import "penstock/engine/money"

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

// Scheme is a merchant's list of rules, one a pair. The System scheme has no
// rules of its own: it gives every pair of the sheets without fees, and can't
// be changed or deleted.
type Scheme struct {
	Name        string `json:"name"`
	Description string `json:"description,omitzero"`
	System      bool   `json:"system,omitzero"`
	Fallback    bool   `json:"fallback,omitzero"` // a pair without a rule is the System scheme's
	Rules       []Rule `json:"rules,omitzero"`
}

// System is the System scheme.
func System() Scheme { return Scheme{Name: "System", System: true} }

// Validate says which fields of s break which rule, as an Invalid: name
// present and short, pairs sound and only once, kinds that the resources have,
// fees that can give a rate at all.
func (s Scheme) Validate() error { return errSoon }

// Check is Validate, and that each rule gives a rate with the sheets of b: a
// source that has the pair, and a result above zero.
func (s Scheme) Check(b *Book) error { return errSoon }
