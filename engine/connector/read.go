package connector

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/money"
)

// This file reads what providers say. Whatever is not exactly an answer to
// what was asked is Unknown, and an error says no more than which rule it
// broke: an answer may echo an account number.

const maxDepth = 32 // of an answer; the deepest that a provider documents has a dozen

var (
	errUnreadable = errors.New("provider's answer can't be read")
	errDeep       = errors.New("provider's answer is nested too deep")
)

// ReadJSON reads one JSON object strictly: whole, in UTF-8, no member twice,
// names by their exact letters, every member that into names of its type.
// Members that into doesn't name are passed over.
func ReadJSON(body []byte, into any) error {
	switch {
	case jsontext.Value(body).Kind() != '{':
		return errUnreadable
	case tooDeep(body):
		return errDeep
	case json.Unmarshal(body, into) != nil:
		return errUnreadable
	}
	return nil
}

// tooDeep may count brackets within texts: no answer has so many of them.
func tooDeep(body []byte) bool {
	depth := 0
	for _, c := range body {
		switch c {
		case '{', '[':
			if depth++; depth > maxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// ReadDecimal reads a provider's amount in major units, exactly. Zeros beyond
// the currency's decimals say nothing and are allowed ("12.500" EUR); a sign,
// an exponent and anything finer than the currency are not.
func ReadDecimal(text string, c money.Currency) (money.Amount, error) {
	if whole, fraction, dotted := strings.Cut(text, "."); dotted && len(fraction) > c.Exponent() && len(text) <= 64 {
		kept := strings.TrimRight(fraction[c.Exponent():], "0")
		if fraction = fraction[:c.Exponent()] + kept; fraction == "" {
			text = whole
		} else {
			text = whole + "." + fraction
		}
	}
	return money.Parse(text, c)
}

// Number is a JSON number as it was written, since no amount goes through a
// binary fraction.
type Number string

// UnmarshalJSON takes a number and nothing else.
func (n *Number) UnmarshalJSON(b []byte) error {
	if jsontext.Value(b).Kind() != '0' {
		return errors.New("not a number")
	}
	*n = Number(b)
	return nil
}

// MarshalJSON writes what was read.
func (n Number) MarshalJSON() ([]byte, error) {
	if jsontext.Value(n).Kind() != '0' || !jsontext.Value(n).IsValid() {
		return nil, errors.New("not a number")
	}
	return []byte(n), nil
}

// Doubt is the outcome of an answer that decides nothing, and why.
func Doubt(err error) (Outcome, error) { return Outcome{Verdict: Unknown}, err }

// Refuse is the outcome of an order that a connector doesn't send, because the
// provider could only refuse it. Message must not bear details.
func Refuse(resolution, format string, args ...any) Outcome {
	return Outcome{Verdict: Rejected, Resolution: resolution, Code: resolution, Message: fmt.Sprintf(format, args...)}
}

// Word is a provider's code or name as it may be shown: printable ASCII
// without blanks, at most 128 characters, of which a code has few. Anything
// else is empty, and so is a run of six digits or more, which may be a part of
// an account number.
func Word(s string) string {
	if len(s) > 128 {
		return ""
	}
	digits := 0
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f {
			return ""
		}
		if digits++; c < '0' || c > '9' {
			digits = 0
		}
		if digits >= 6 {
			return ""
		}
	}
	return s
}

// Text is a provider's sentence as it may be shown: up to 200 characters
// without control characters. One with a run of six digits or more, or with an
// address, is empty: it may speak of an account.
func Text(s string) string {
	if len(s) > 2000 || !utf8.ValidString(s) {
		return ""
	}
	digits := 0
	for _, r := range s {
		switch {
		case r < ' ' || r == 0x7f || r == '@':
			return ""
		case r >= '0' && r <= '9':
			if digits++; digits >= 6 {
				return ""
			}
		case r != ' ' && r != '-':
			digits = 0
		}
	}
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return s
}

// Ref is a provider's own name of a transfer as it may be kept: printable
// ASCII without blanks, at most 128 characters. Anything else is empty.
func Ref(s string) string {
	if len(s) > 128 {
		return ""
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return ""
		}
	}
	return s
}

// Scrub takes out of an outcome what holds one of the values: an answer may
// echo an account number or a credential in any place, its own name of the
// transfer among them. Values shorter than five characters tell nobody
// anything.
func (o Outcome) Scrub(values ...map[string]string) Outcome {
	for _, m := range values {
		for _, v := range m {
			if len(v) < 5 {
				continue
			}
			for _, at := range []*string{&o.Ref, &o.Code, &o.Message} {
				if strings.Contains(*at, v) {
					*at = ""
				}
			}
		}
	}
	return o
}
