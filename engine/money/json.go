package money

import (
	"errors"
	"fmt"
	"strconv"
)

// errRecord refuses a stored amount that is not what AppendJSON writes.
var errRecord = errors.New(`money: stored amount is not {"minor":integer,"currency":"code"} or null`)

// AppendJSON appends the form in which amounts are stored,
// {"minor":1250,"currency":"EUR"}, or null for the zero Amount.
func (a Amount) AppendJSON(dst []byte) []byte {
	if !a.IsSet() {
		return append(dst, "null"...)
	}
	dst = append(dst, `{"minor":`...)
	dst = strconv.AppendInt(dst, a.minor, 10)
	dst = append(dst, `,"currency":"`...)
	dst = append(dst, a.currency.Code()...)
	return append(dst, `"}`...)
}

// MarshalJSON is AppendJSON.
func (a Amount) MarshalJSON() ([]byte, error) {
	return a.AppendJSON(make([]byte, 0, 48)), nil
}

// UnmarshalJSON reads what AppendJSON wrote, white space apart: the two
// members in that order and none else, an integer in its shortest form, a
// currency of the table. On an error a keeps its value.
func (a *Amount) UnmarshalJSON(data []byte) error {
	r := reader{rest: data}
	if r.token("null") {
		if r.end() {
			*a = Amount{}
			return nil
		}
		return errRecord
	}
	if !(r.token("{") && r.token(`"minor"`) && r.token(":")) {
		return errRecord
	}
	minor, ok := r.integer()
	if !(ok && r.token(",") && r.token(`"currency"`) && r.token(":") && r.token(`"`)) {
		return errRecord
	}
	currency, err := ParseCurrency(r.code())
	if err != nil {
		return fmt.Errorf("read stored amount: %w", err)
	}
	if !(r.token("}") && r.end()) {
		return errRecord
	}
	*a = Amount{minor: minor, currency: currency}
	return nil
}

// reader walks over one JSON text.
type reader struct{ rest []byte }

func (r *reader) space() {
	for len(r.rest) > 0 && (r.rest[0] == ' ' || r.rest[0] == '\n' || r.rest[0] == '\t' || r.rest[0] == '\r') {
		r.rest = r.rest[1:]
	}
}

// token takes want, and the white space before it, if it comes next.
func (r *reader) token(want string) bool {
	r.space()
	if len(r.rest) < len(want) || string(r.rest[:len(want)]) != want {
		return false
	}
	r.rest = r.rest[len(want):]
	return true
}

func (r *reader) end() bool {
	r.space()
	return len(r.rest) == 0
}

// integer takes a number that is exactly as strconv would print it.
func (r *reader) integer() (int64, bool) {
	r.space()
	n := 0
	for n < len(r.rest) && n < 20 && (r.rest[n] == '-' || r.rest[n] >= '0' && r.rest[n] <= '9') {
		n++
	}
	value, err := strconv.ParseInt(string(r.rest[:n]), 10, 64)
	if err != nil || strconv.FormatInt(value, 10) != string(r.rest[:n]) {
		return 0, false
	}
	r.rest = r.rest[n:]
	return value, true
}

// code takes the rest of a string up to its closing quote; empty when that is
// not near.
func (r *reader) code() string {
	for n := 0; n < len(r.rest) && n <= 4; n++ {
		if r.rest[n] == '"' {
			code := string(r.rest[:n])
			r.rest = r.rest[n+1:]
			return code
		}
	}
	return ""
}
