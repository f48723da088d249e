package routing

import "strings"

// holds says whether a comparison holds. known is false, and then it doesn't,
// when the attribute, or one that it is compared with, is absent or is no
// value of its kind: of what nobody knows nothing is true, not even that it is
// something else. (A rule "country not_in [...]" then doesn't let pass what
// has no country.)
func (t *Term) holds(f Facts) (is, known bool) {
	row := findAttribute(t.Attribute)
	if row == nil {
		return false, false
	}
	actual, ok := row.read(f, t.Attribute)
	if !ok {
		return false, false
	}
	found := false
	for i := range t.Value.Items {
		item := &t.Value.Items[i]
		literal := item.Text
		if item.Ref != "" {
			other := findAttribute(item.Ref)
			if other == nil {
				return false, false
			}
			if literal, ok = other.read(f, item.Ref); !ok {
				return false, false
			}
		}
		found = found || compare(row.Kind, t.Operator, item, actual, literal)
	}
	if t.Operator == Neq || t.Operator == NotIn {
		return !found, true
	}
	return found, true
}

// read takes the attribute's value out of the facts.
func (a *attribute) read(f Facts, name string) (string, bool) {
	value, ok := f[name]
	switch {
	case !ok:
		return "", false
	case a.Kind == KindNumber:
		return value, isDecimal(value)
	case a.Kind == KindBIN:
		return value[:min(len(value), maxBIN)], isDigits(value)
	}
	return value, true
}

// compare holds actual against one item, whose text is literal. Neq and NotIn
// are what the caller makes of Eq and In.
func compare(k Kind, o Operator, item *Item, actual, literal string) bool {
	switch {
	case item.From != "":
		return inRange(k, item, actual)
	case o == Contains && k == KindText:
		return strings.Contains(strings.ToLower(actual), strings.ToLower(literal))
	case o == Contains:
		return strings.Contains(actual, literal)
	case o.takesOrder():
		return isDecimal(actual) && isDecimal(literal) && o.ordered(compareDecimals(actual, literal))
	case k == KindNumber:
		return isDecimal(literal) && compareDecimals(actual, literal) == 0
	case k == KindBIN:
		return literal != "" && strings.HasPrefix(actual, literal)
	case k == KindText:
		return strings.EqualFold(actual, literal)
	case item.Number:
		return isDecimal(actual) && compareDecimals(actual, literal) == 0
	}
	return actual == literal
}

func (o Operator) ordered(n int) bool {
	switch o {
	case Gt:
		return n > 0
	case Gte:
		return n >= 0
	case Lt:
		return n < 0
	}
	return n <= 0
}

// inRange compares leading digits with a range of such, else numbers.
func inRange(k Kind, item *Item, actual string) bool {
	if k == KindBIN {
		if len(actual) < len(item.From) {
			return false
		}
		lead := actual[:len(item.From)]
		return item.From <= lead && lead <= item.To
	}
	return isDecimal(actual) && compareDecimals(actual, item.From) >= 0 && compareDecimals(actual, item.To) <= 0
}
