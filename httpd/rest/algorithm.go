package rest

import (
	"encoding/json"

	"penstock/httpd/wire"
)

// program is an algorithm of rules: the first that fits decides.
type program struct {
	Default *routing      `json:"defaultSelection"`
	Rules   []programRule `json:"rules"`
}

type programRule struct {
	Name       *string     `json:"name"`
	Selection  *routing    `json:"connectorSelection"`
	Statements []statement `json:"statements"`
}

// statement holds when all its conditions do, and one of those nested in it
// where there are any.
type statement struct {
	Conditions []condition `json:"condition"`
	Nested     []statement `json:"nested"`
}

type condition struct {
	Left       *string         `json:"lhs"`
	Comparison *comparisonWord `json:"comparison"`
	Value      *conditionValue `json:"value"`
}

type comparisonWord string

func (c *comparisonWord) UnmarshalText(text []byte) error {
	return wire.OneOf(c, text, "equal", "not_equal", "less_than", "less_than_equal", "greater_than", "greater_than_equal")
}

// conditionValue is what is compared with: of each type only its own part is
// filled.
type conditionValue struct {
	kind    string
	texts   []string      // enum_variant, enum_variant_array, str_value
	numbers []wire.Number // number, number_array
	bounds  []numberBound // number_comparison_array
	key     string        // metadata_variant, whose value is texts[0]
}

type numberBound struct {
	Comparison *comparisonWord `json:"comparisonType"`
	Number     *wire.Number    `json:"number"`
}

func (v *conditionValue) UnmarshalJSON(b []byte) error {
	lenient := wire.DecodeOptions{AnyValue: true, IgnoreUnknown: true}
	var head struct {
		Type *string `json:"type"`
	}
	if err := wire.Decode(b, &head, lenient); err != nil {
		return err
	}
	if head.Type == nil {
		return missingMember("type")
	}
	if err := wire.OneOf(&v.kind, []byte(*head.Type), "enum_variant", "enum_variant_array", "number", "number_array", "number_comparison_array", "str_value", "metadata_variant"); err != nil {
		return err
	}
	switch v.kind {
	case "enum_variant", "str_value":
		return one(b, func(s string) { v.texts = []string{s} })
	case "enum_variant_array":
		return one(b, func(s []string) { v.texts = s })
	case "number":
		return one(b, func(n wire.Number) { v.numbers = []wire.Number{n} })
	case "number_array":
		return one(b, func(n []wire.Number) { v.numbers = n })
	case "number_comparison_array":
		return one(b, func(n []numberBound) { v.bounds = n })
	}
	type pair struct {
		Key   *string `json:"key"`
		Value *string `json:"value"`
	}
	var missing error
	err := one(b, func(p pair) {
		if p.Key == nil || p.Value == nil {
			missing = wire.Rule("metadata_variant has a key and a value")
			return
		}
		v.key, v.texts = *p.Key, []string{*p.Value}
	})
	if err != nil {
		return err
	}
	return missing
}

// one reads the member value.
func one[T any](b []byte, take func(T)) error {
	var in struct {
		Value *T `json:"value"`
	}
	if err := wire.Decode(b, &in, wire.DecodeOptions{AnyValue: true, IgnoreUnknown: true}); err != nil {
		return err
	}
	if in.Value == nil {
		return missingMember("value")
	}
	take(*in.Value)
	return nil
}

// algorithmRequest makes a routing algorithm.
type algorithmRequest struct {
	Name        *string       `json:"name"`
	Description *string       `json:"description"`
	ProfileID   *string       `json:"profile_id"`
	Algorithm   algorithmText `json:"algorithm"`
	For         *routedWord   `json:"transaction_type"`
}

// algorithmText is an algorithm as it was sent. It nests deeper than what is
// only carried along may, since it is read, too.
type algorithmText json.RawMessage

func (t *algorithmText) UnmarshalJSON(b []byte) error {
	text, _ := compact(b)
	switch {
	case len(text) == 0 || text[0] != '{':
		return wire.Rule("must be an object")
	case len(text) > 48<<10:
		return wire.Rule("must be shorter")
	}
	*t = text
	return nil
}

// routedWord is what an algorithm routes.
type routedWord string

func (w *routedWord) UnmarshalText(text []byte) error {
	return wire.OneOf(w, text, "payment", "payout", "three_ds_authentication")
}

// activation puts an algorithm in force, or out of it.
type activation struct {
	For       *routedWord `json:"transaction_type"`
	ProfileID *string     `json:"profile_id"`
}

// algorithmRecord is an algorithm without its content.
type algorithmRecord struct {
	ID          string  `json:"id"`
	ProfileID   string  `json:"profile_id"`
	Name        string  `json:"name"`
	Kind        string  `json:"kind"`
	Description *string `json:"description"`
	Created     int64   `json:"created_at"` // Unix seconds
	Modified    int64   `json:"modified_at"`
	For         string  `json:"algorithm_for"`
}

type algorithmShown struct {
	algorithmRecord
	Algorithm json.RawMessage `json:"algorithm"`
}

// routeShown is one entry of a profile's fallback list.
type routeShown struct {
	Connector string  `json:"connector"`
	Account   *string `json:"merchant_connector_id"`
}
