package jsonapi

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock/httpd/wire"
)

// sense of a field's values, which says how a filter's are read and compared.
type sense int

const (
	asText    sense = iota // as it is written
	asWord                 // whatever the case
	asFlag                 // 1, 0, true, false, yes, no
	asTime                 // unix seconds
	asDecimal              // amounts, whatever the currency
	asWhole
)

// expected is what the error says of a bad value.
func (s sense) expected() string {
	switch s {
	case asFlag:
		return "boolean"
	case asTime:
		return "timestamp"
	case asDecimal:
		return "decimal"
	case asWhole:
		return "integer"
	}
	return "string"
}

// filterField is one field by which a list can be narrowed.
type filterField[T any] struct {
	name  string
	sense sense
	// of returns what an item has there: strings, or for asFlag a bool, for
	// asTime a time.Time, for asDecimal and asWhole a text of digits. nil is null,
	// which fits no filter.
	of func(*T) any
}

// test is one filter made ready.
type test[T any] struct {
	field    filterField[T]
	operator string
	values   []value
}

// value is a filter's, or an item's, made comparable.
type value struct {
	text   string
	number *big.Rat
}

// operators are all there are; ordered ones don't suit texts.
var ordered = [...]string{"from", "to", "gt", "gte", "lt", "lte"}

func known(operator string) bool {
	switch operator {
	case "", "eq", "neq", "in", "not_in", "notIn", "contains":
		return true
	}
	return slices.Contains(ordered[:], operator)
}

func (s sense) takes(operator string) bool {
	switch {
	case operator == "contains":
		return s == asText || s == asWord
	case slices.Contains(ordered[:], operator):
		return s == asTime || s == asDecimal || s == asWhole
	}
	return true
}

// prepare reads a query's filters for a list of T. Fields that the list
// doesn't have are ignored.
func prepare[T any](conditions []condition, fields []filterField[T]) ([]test[T], error) {
	var out []test[T]
	for _, c := range conditions {
		if !known(c.operator) {
			return nil, badQuery(c.key, "Operator `"+c.operator+"` does not defined.")
		}
		i := slices.IndexFunc(fields, func(f filterField[T]) bool { return f.name == c.field })
		if i < 0 {
			continue
		}
		f := fields[i]
		if !f.sense.takes(c.operator) || len(c.values) > 1 && slices.Contains(ordered[:], c.operator) {
			return nil, badQuery(c.key, "Invalid value provided for operator `"+c.operator+"`.")
		}
		t := test[T]{field: f, operator: c.operator}
		for _, text := range c.values {
			v, ok := f.sense.read(text)
			if !ok {
				return nil, badQuery(c.key, "Invalid value provided for field `"+f.name+"`. Expected "+f.sense.expected()+" type.")
			}
			t.values = append(t.values, v)
		}
		out = append(out, t)
	}
	return out, nil
}

// maxSeconds is what a time may say: the year 9999.
const maxSeconds = 253402300799

func (s sense) read(text string) (value, bool) {
	switch s {
	case asWord:
		return value{text: strings.ToUpper(text)}, true
	case asFlag:
		switch strings.ToLower(text) {
		case "1", "true", "yes":
			return value{text: "true"}, true
		case "0", "false", "no":
			return value{text: "false"}, true
		}
		return value{}, false
	case asTime, asWhole:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || s == asTime && (n < 0 || n > maxSeconds) {
			return value{}, false
		}
		return value{number: new(big.Rat).SetInt64(n)}, true
	case asDecimal:
		if strings.Trim(text, "0123456789.") != "" || len(text) > 40 {
			return value{}, false
		}
		n, ok := new(big.Rat).SetString(text)
		return value{number: n}, ok
	}
	return value{text: text}, true
}

// passes says whether an item passes all tests.
func passes[T any](item *T, tests []test[T]) bool {
	for i := range tests {
		if !tests[i].passes(item) {
			return false
		}
	}
	return true
}

func (t *test[T]) passes(item *T) bool {
	has := t.field.sense.values(t.field.of(item))
	hit := slices.ContainsFunc(has, func(h value) bool {
		return slices.ContainsFunc(t.values, func(w value) bool { return t.compare(h, w) })
	})
	if t.operator == "neq" || t.operator == "not_in" || t.operator == "notIn" {
		return !hit
	}
	return hit
}

func (t *test[T]) compare(has, want value) bool {
	if has.number != nil && want.number != nil {
		n := has.number.Cmp(want.number)
		switch t.operator {
		case "from", "gte":
			return n >= 0
		case "to", "lte":
			return n <= 0
		case "gt":
			return n > 0
		case "lt":
			return n < 0
		}
		return n == 0
	}
	if t.operator == "contains" {
		return strings.Contains(strings.ToUpper(has.text), strings.ToUpper(want.text))
	}
	return has.text == want.text
}

// values is what an item has, in the form of read.
func (s sense) values(v any) []value {
	switch v := v.(type) {
	case string:
		if v != "" {
			got, _ := s.read(v)
			return []value{got}
		}
	case []string:
		out := make([]value, len(v))
		for i := range v {
			out[i], _ = s.read(v[i])
		}
		return out
	case bool:
		return []value{{text: strconv.FormatBool(v)}}
	case time.Time:
		if !v.IsZero() {
			return []value{{number: new(big.Rat).SetInt64(v.Unix())}}
		}
	case *wire.Number:
		if v != nil {
			if n, ok := new(big.Rat).SetString(string(*v)); ok {
				return []value{{number: n}}
			}
		}
	case int:
		return []value{{number: new(big.Rat).SetInt64(int64(v))}}
	}
	return nil
}

// span is what the filters say about a time, for a list that can begin and end
// at one: from <= t < to. Zero times are no bounds.
func span[T any](tests []test[T], field string) (from, to time.Time) {
	for _, t := range tests {
		if t.field.name != field || len(t.values) != 1 || t.values[0].number == nil {
			continue
		}
		at := time.Unix(t.values[0].number.Num().Int64(), 0).UTC()
		switch t.operator {
		case "from", "gte", "gt":
			if at.After(from) {
				from = at
			}
		case "to", "lte", "lt":
			if end := at.Add(time.Second); to.IsZero() || end.Before(to) {
				to = end
			}
		}
	}
	return from, to
}
