package wire

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of an [Object], the same for every dialect.
const (
	MaxObjectBytes = 16 << 10
	MaxObjectDepth = 8
)

// None is the request type of a call that reads no body. One that is sent all
// the same must still be a JSON object; its members are ignored.
type None struct{}

// Raw is the request type of a call that needs the very bytes, such as a
// provider's signed notification. It is neither checked nor decoded, and any
// media type will do.
type Raw []byte

// Number is a JSON number as it was written. It is what numbers become in an
// `any`, where a float64 would round them.
type Number string

func (n Number) MarshalJSONTo(e *jsontext.Encoder) error {
	return e.WriteValue(jsontext.Value(n))
}

func (n *Number) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '0' {
		return skip(d, Rule("must be a number"))
	}
	raw, err := d.ReadValue()
	if err == nil {
		*n = Number(raw)
	}
	return err
}

// Decimal is an amount in major units as a client may send it, a number or a
// string of digits with at most one point: 12.5 and "12.50" are both read,
// as the text that was written. Exponents, signs and empty parts are refused;
// what the text is worth in a currency is the engine's to say.
type Decimal string

// maxDecimal holds every amount that fits an int64, with room for zeros.
const maxDecimal = 40

func (v Decimal) MarshalJSONTo(e *jsontext.Encoder) error {
	return e.WriteToken(jsontext.String(string(v)))
}

func (v *Decimal) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if k := d.PeekKind(); k != '0' && k != '"' {
		return skip(d, Rule("must be a decimal number, plain or as a string"))
	}
	tok, err := d.ReadToken()
	if err != nil {
		return err
	}
	s := tok.String()
	if !isDecimal(s) {
		return Rule("must be digits with at most one point between them")
	}
	*v = Decimal(s)
	return nil
}

func isDecimal(s string) bool {
	whole, fraction, pointed := strings.Cut(s, ".")
	return len(s) <= maxDecimal && digitsOnly(whole) && (!pointed || digitsOnly(fraction))
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// Field tells absent from null from given, for requests that change only what
// they name.
type Field[T any] struct {
	Set   bool // the member was there
	Null  bool // and was null; Value is then the zero value
	Value T
}

func (f *Field[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*f = Field[T]{Set: true}
	if d.PeekKind() == 'n' {
		f.Null = true
		return d.SkipValue()
	}
	return json.UnmarshalDecode(d, &f.Value)
}

func (f Field[T]) MarshalJSONTo(e *jsontext.Encoder) error {
	if !f.Set || f.Null {
		return e.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(e, f.Value)
}

// Object is a JSON object that is carried along and not understood, such as a
// merchant's metadata: its text, without white space, bounded by
// MaxObjectBytes and MaxObjectDepth. nil is null.
type Object jsontext.Value

func (o Object) MarshalJSONTo(e *jsontext.Encoder) error {
	if o == nil {
		return e.WriteToken(jsontext.Null)
	}
	return e.WriteValue(jsontext.Value(o))
}

func (o *Object) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case 'n':
		*o = nil
		return d.SkipValue()
	case '{':
	default:
		return skip(d, Rule("must be an object"))
	}
	raw, err := d.ReadValue()
	if err != nil {
		return err
	}
	if tooDeep(raw, MaxObjectDepth) {
		return Rule(fmt.Sprintf("must not nest deeper than %d", MaxObjectDepth))
	}
	own := raw.Clone()
	if err := own.Compact(); err != nil {
		return err
	}
	if len(own) > MaxObjectBytes {
		return Rule(fmt.Sprintf("must not be longer than %d bytes", MaxObjectBytes))
	}
	*o = Object(own)
	return nil
}

// skip consumes the value that err is about: a decoder must not be left in
// the middle, or the caller's error would point elsewhere.
func skip(d *jsontext.Decoder, err error) error {
	if skipErr := d.SkipValue(); skipErr != nil {
		return skipErr
	}
	return err
}
