package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how deep a body may nest. The deepest document that any of the
// contracts describes has 9 levels.
const MaxDepth = 32

// DecodeOptions is what may differ between two bodies. The zero value is the
// strictest: an object, no member that the target doesn't know.
type DecodeOptions struct {
	// IgnoreUnknown lets members pass that the target has no field for.
	IgnoreUnknown bool
	// AnyValue admits a body that is not an object.
	AnyValue bool
	// Empty takes an absent body for {}.
	Empty bool
}

// Decode reads body into the value that into points to. All dialects read
// JSON by it alone, because what encoding/json lets pass moves money: it
// takes the last of two equal names, matches names without regard to case,
// and rounds large numbers. Here
//
//   - names are matched exactly and must be unique, also in objects that are
//     only carried along;
//   - text is valid UTF-8 and escapes name whole characters (RFC 7493, 2.1);
//   - a number for an integer field is written without fraction and exponent
//     and fits; numbers that land in an `any` stay text, as [Number];
//   - nothing follows the value, and it nests at most [MaxDepth] deep.
//
// null is the same as absent for every field: a field that must be given is a
// pointer (or a [Field], where null has a meaning of its own).
//
// The error is a *[DecodeError]; then *into may be partly filled and must not
// be used.
func Decode(body []byte, into any, o DecodeOptions) error {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(trimmed) == 0 && o.Empty:
		return nil
	case len(trimmed) == 0:
		return &DecodeError{Kind: KindEmpty, Rule: "body must not be empty"}
	case !utf8.Valid(body):
		return &DecodeError{Kind: KindUTF8, Rule: "body must be UTF-8"}
	case !o.AnyValue && trimmed[0] != '{':
		return &DecodeError{Kind: notObject(trimmed), Rule: "body must be an object"}
	}
	if tooDeep(body, MaxDepth) {
		return depthError(body)
	}
	opts := strict
	if o.IgnoreUnknown {
		opts = lenient
	}
	if err := json.Unmarshal(body, into, opts); err != nil {
		return explain(err)
	}
	return nil
}

// Encode writes v as it leaves the house: the same bytes for the same value,
// map keys in order, no escapes that only HTML needs. A nil pointer is null
// and a nil slice [], unless the field says omitzero.
func Encode(v any) ([]byte, error) {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b, nil
}

var (
	numbersAsText = json.WithUnmarshalers(json.UnmarshalFromFunc(anyNumber))
	strict        = json.JoinOptions(numbersAsText, json.RejectUnknownMembers(true))
	lenient       = json.JoinOptions(numbersAsText)
)

// anyNumber keeps a number that lands in an `any` as its text: as a float64,
// 2^53+1 would lose one.
func anyNumber(d *jsontext.Decoder, v *any) error {
	if d.PeekKind() != '0' {
		return errors.ErrUnsupported
	}
	raw, err := d.ReadValue()
	if err != nil {
		return err
	}
	*v = Number(raw)
	return nil
}

func notObject(trimmed []byte) Kind {
	if jsontext.Value(trimmed).IsValid() {
		return KindType
	}
	return KindSyntax
}

// tooDeep reports whether b nests deeper than limit. It takes b for JSON; of
// what isn't, it may say either.
func tooDeep(b []byte, limit int) bool {
	if bytes.Count(b, []byte("{"))+bytes.Count(b, []byte("[")) <= limit {
		return false // as of nearly every body
	}
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// depthError finds where the body goes too deep; it is the slow path.
func depthError(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		if _, err := d.ReadToken(); err != nil {
			return explain(err)
		}
		if d.StackDepth() > MaxDepth {
			return &DecodeError{
				Kind: KindDepth, Path: safePath(d.StackPointer()), Offset: d.InputOffset(),
				Rule: fmt.Sprintf("must not nest deeper than %d", MaxDepth),
			}
		}
	}
}

// mustBeExact panics when a body of type t could lose part of a number: such
// a type is a mistake in the program, found when the routes are built.
func mustBeExact(t reflect.Type) { walkExact(t, t.String(), map[reflect.Type]bool{}) }

func walkExact(t reflect.Type, path string, seen map[reflect.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		panic(fmt.Sprintf("wire: %s is a %v and would round numbers", path, t.Kind()))
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		walkExact(t.Elem(), path, seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if f.IsExported() && f.Tag.Get("json") != "-" {
				walkExact(f.Type, path+"."+f.Name, seen)
			}
		}
	}
}
