package fx

import (
	"fmt"
	"math/big"
	"unicode"
	"unicode/utf8"
)

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

// Bounds of a scheme, in characters and rules.
const (
	maxName        = 100
	maxDescription = 1000
	maxRules       = 1000
)

// System is the System scheme.
func System() Scheme { return Scheme{Name: "System", System: true} }

// Validate says which fields of s break which rule, as an Invalid: name
// present and short, pairs sound and only once, kinds that the resources have,
// fees that can give a rate at all.
func (s Scheme) Validate() error { return s.invalid().orNil() }

func (s Scheme) invalid() Invalid {
	var bad Invalid
	switch n := utf8.RuneCountInString(s.Name); {
	case n == 0 || n > maxName || !plain(s.Name):
		bad.add("name", fmt.Sprintf("must be 1 to %d printable characters", maxName))
	}
	if utf8.RuneCountInString(s.Description) > maxDescription || !utf8.ValidString(s.Description) {
		bad.add("description", fmt.Sprintf("must be at most %d characters", maxDescription))
	}
	switch {
	case s.System && (len(s.Rules) > 0 || s.Fallback):
		bad.add("rules", "must be empty: the System scheme has every pair without fees")
		return bad
	case len(s.Rules) > maxRules:
		bad.add("rules", fmt.Sprintf("must be at most %d", maxRules))
		return bad
	}
	pairs, ids := map[pairKey]bool{}, map[string]bool{}
	for i, r := range s.Rules {
		path := fmt.Sprintf("rules[%d].", i)
		wrong := r.invalid(path)
		bad = append(bad, wrong...)
		key := pairKey{r.Base, r.Quote}
		if pairs[key] && len(wrong) == 0 {
			bad.add(path+"base", fmt.Sprintf("must have one rule for %s/%s in the scheme, and this is the second", r.Base, r.Quote))
		}
		if r.ID != "" && ids[r.ID] {
			bad.add(path+"id", "is another rule's")
		}
		pairs[key], ids[r.ID] = true, true
	}
	return bad
}

// Check is Validate, and that each rule gives a rate with the sheets of b: a
// source that has the pair, and a result above zero.
func (s Scheme) Check(b *Book) error {
	if err := s.Validate(); err != nil {
		return err
	}
	var bad Invalid
	for i, r := range s.Rules {
		found, err := r.source(b)
		if err != nil {
			bad.add(fmt.Sprintf("rules[%d].resource", i), fmt.Sprintf("must have a rate for %s to %s: %v", r.Base, r.Quote, err))
			continue
		}
		if _, err := FromSource(found.Source, r.FeeRate, r.FeeFix); err != nil {
			bad.add(fmt.Sprintf("rules[%d].fee_fix", i), ruleResult)
		}
	}
	return bad.orNil()
}

func minusHundred() *big.Rat { return big.NewRat(-100, 1) }

// plain says whether s is UTF-8 without control characters.
func plain(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}
