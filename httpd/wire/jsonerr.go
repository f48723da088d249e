package wire

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Kind is which rule a body broke; a dialect picks its code by it.
type Kind string

const (
	KindEmpty     Kind = "empty"     // there is no body
	KindSyntax    Kind = "syntax"    // not JSON
	KindTrailing  Kind = "trailing"  // something follows the value
	KindUTF8      Kind = "utf8"      // bytes or escapes that are no text
	KindDepth     Kind = "depth"     // nests too deep
	KindDuplicate Kind = "duplicate" // a name stands twice in one object
	KindUnknown   Kind = "unknown"   // a name that the request doesn't have
	KindType      Kind = "type"      // a string where a number belongs, and the like
	KindNumber    Kind = "number"    // a number with a fraction, or too large
	KindEnum      Kind = "enum"      // a word that is not one of Allowed
	KindRule      Kind = "rule"      // a field's own rule, see [Rule]
)

// DecodeError says which member of a body broke which rule. None of its
// fields holds the value that was sent, which may be a card number: only the
// sort of it, or, of an enum, a short word.
type DecodeError struct {
	Kind Kind
	// Path is the JSON pointer (RFC 6901) of the member, "" for the body
	// itself. Names that look like account numbers or keys are masked.
	Path string
	// Rule is a text for the caller, e.g. "must be a string".
	Rule string
	// Got is the JSON sort of a value of the wrong type ("string", "number",
	// "object", ...), or the word that an enum doesn't have; may be empty.
	Got string
	// Allowed are the words of an enum; nil for other kinds.
	Allowed []string
	// Offset is where in the body, in bytes from 0.
	Offset int64
}

func (e *DecodeError) Error() string {
	if e.Path == "" {
		return e.Rule
	}
	return e.Path + ": " + e.Rule
}

// Rule is the error of a type's own UnmarshalText or UnmarshalJSONFrom: a
// text that is shown to the caller as it stands, so it must not bear the
// value. Any other error is shown as "does not have the expected form".
type Rule string

func (r Rule) Error() string { return string(r) }

// enumError is made by OneOf.
type enumError struct {
	got     string
	allowed []string
}

func (e *enumError) Error() string {
	return "must be one of " + strings.Join(e.allowed, ", ")
}

// OneOf is the body of an enum's UnmarshalText: it stores text in into when
// it is one of allowed, and otherwise returns an error that becomes a
// DecodeError of KindEnum.
func OneOf[S ~string](into *S, text []byte, allowed ...S) error {
	for _, a := range allowed {
		if string(a) == string(text) {
			*into = a
			return nil
		}
	}
	e := &enumError{allowed: make([]string, len(allowed))}
	for i, a := range allowed {
		e.allowed[i] = string(a)
	}
	if isWord(text) {
		e.got = string(text)
	}
	return e
}

// isWord tells a mistyped enum from something that must not be repeated: at
// most 40 letters and underscores, three digits at most.
func isWord(text []byte) bool {
	digits := 0
	for _, c := range text {
		switch {
		case isDigit(c):
			digits++
		case isLetter(c), c == '_':
		default:
			return false
		}
	}
	return len(text) > 0 && len(text) <= 40 && digits <= 3
}

// explain turns the decoder's error into ours. The decoder's own text quotes
// the input, so nothing of it is kept.
func explain(err error) error {
	var sem *json.SemanticError
	if errors.As(err, &sem) {
		return explainMeaning(sem)
	}
	var syn *jsontext.SyntacticError
	if !errors.As(err, &syn) {
		return &DecodeError{Kind: KindSyntax, Rule: "body must be whole JSON"} // io.ErrUnexpectedEOF
	}
	e := &DecodeError{Kind: KindSyntax, Path: safePath(syn.JSONPointer), Offset: syn.ByteOffset}
	text := syn.Error()
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		e.Kind, e.Rule = KindDuplicate, "must not stand twice in its object"
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Rule = "body ends too early"
	case strings.Contains(text, "surrogate pair"), strings.Contains(text, "invalid UTF-8"):
		e.Kind, e.Rule = KindUTF8, "must be text without half characters"
	case strings.Contains(text, "after top-level value"):
		e.Kind, e.Rule = KindTrailing, "nothing may follow the body's value"
	default:
		e.Rule = fmt.Sprintf("is not JSON at byte %d", syn.ByteOffset)
	}
	return e
}

func explainMeaning(sem *json.SemanticError) error {
	e := &DecodeError{Path: safePath(sem.JSONPointer), Offset: sem.ByteOffset}
	var enum *enumError
	var rule Rule
	var inner *DecodeError
	switch {
	case errors.Is(sem.Err, json.ErrUnknownName):
		e.Kind, e.Rule = KindUnknown, "is not a member of this request"
	case errors.As(sem.Err, &enum):
		e.Kind, e.Rule, e.Got, e.Allowed = KindEnum, enum.Error(), enum.got, enum.allowed
	case errors.As(sem.Err, &rule):
		e.Kind, e.Rule = KindRule, string(rule)
	case errors.As(sem.Err, &inner):
		e.Kind, e.Rule, e.Got, e.Allowed = inner.Kind, inner.Rule, inner.Got, inner.Allowed
		e.Path += inner.Path
	default:
		explainType(e, sem)
	}
	return e
}

func explainType(e *DecodeError, sem *json.SemanticError) {
	want, whole := wanted(sem.GoType)
	got := sortOf(sem.JSONKind)
	switch {
	case want != "" && whole && got == "number" && errors.Is(sem.Err, strconv.ErrRange):
		e.Kind, e.Rule = KindNumber, "must be "+want+" that fits into "+strconv.Itoa(sem.GoType.Bits())+" bits"
	case want != "" && whole && got == "number":
		e.Kind, e.Rule = KindNumber, "must be "+want+", without fraction or exponent"
	case want != "" && got != "" && sem.Err == nil:
		e.Kind, e.Rule, e.Got = KindType, "must be "+want, got
	case want != "" && got != "" && !strings.HasSuffix(want, got):
		e.Kind, e.Rule, e.Got = KindType, "must be "+want, got
	default:
		e.Kind, e.Rule = KindRule, "does not have the expected form"
	}
}

// wanted names the JSON that a Go type is read from, and whether that is a
// whole number.
func wanted(t reflect.Type) (name string, whole bool) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return "", false
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "a string", false
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number", true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, zero or more", true
	case reflect.String:
		return "a string", false
	case reflect.Bool:
		return "a boolean", false
	case reflect.Struct, reflect.Map:
		return "an object", false
	case reflect.Slice, reflect.Array:
		return "an array", false
	}
	return "", false
}

func sortOf(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '0':
		return "number"
	case '{':
		return "object"
	case '[':
		return "array"
	}
	return ""
}

// safePath masks what stands in a member's name, which is the caller's text
// too, and keeps it short.
func safePath(p jsontext.Pointer) string {
	s := Redact(string(p))
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "..."
	}
	return s
}
