package wire

import (
	"encoding/json"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine"
)

// Members writes a JSON object member by member, the bytes that Encode writes of
// a struct with these members. It is for the few objects that are made for every
// payout, of which reflection over them was the most work. Names are the
// program's own, and nobody looks whether one stands twice.
//
// The zero value is ready. What can't be written is told by End.
type Members struct {
	text []byte
	err  error
}

// NewMembers has room for an object of so many bytes before it has to grow.
func NewMembers(size int) *Members { return &Members{text: make([]byte, 0, size)} }

// End closes the object and returns it. The error is of the first member that
// could not be written.
func (m *Members) End() ([]byte, error) {
	m.open()
	return append(m.text, '}'), m.err
}

// open begins the object where nothing has been written yet.
func (m *Members) open() {
	if len(m.text) == 0 {
		m.text = append(m.text, '{')
	}
}

func (m *Members) name(name string) {
	m.open()
	if m.text[len(m.text)-1] != '{' {
		m.text = append(m.text, ',')
	}
	m.text = append(append(append(m.text, '"'), name...), '"', ':')
}

func (m *Members) quote(s string) {
	text, err := jsontext.AppendQuote(m.text, s)
	m.fail(err)
	m.text = text
}

func (m *Members) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// Inner writes a member that is an object, whose members fill writes.
func (m *Members) Inner(name string, fill func(*Members)) {
	m.name(name)
	m.text = append(m.text, '{')
	fill(m)
	m.text = append(m.text, '}')
}

// InnerIf is Inner where there is such an object, and Null where there is none.
func (m *Members) InnerIf(is bool, name string, fill func(*Members)) {
	if !is {
		m.Null(name)
		return
	}
	m.Inner(name, fill)
}

// Null writes a member that is null.
func (m *Members) Null(name string) {
	m.name(name)
	m.text = append(m.text, "null"...)
}

// Text writes a string.
func (m *Members) Text(name, value string) {
	m.name(name)
	m.quote(value)
}

// Optional writes a string, or null.
func (m *Members) Optional(name string, value *string) {
	if value == nil {
		m.Null(name)
		return
	}
	m.Text(name, *value)
}

// Given writes a string unless it is empty, as omitzero does.
func (m *Members) Given(name, value string) {
	if value != "" {
		m.Text(name, value)
	}
}

// Texts writes an object of strings in the order of their names; of nil, an empty one.
func (m *Members) Texts(name string, values map[string]string) {
	m.name(name)
	text, err := engine.AppendTexts(m.text, values)
	m.fail(err)
	m.text = text
}

// Int writes a whole number.
func (m *Members) Int(name string, n int64) {
	m.name(name)
	m.text = strconv.AppendInt(m.text, n, 10)
}

// Bool writes true or false.
func (m *Members) Bool(name string, b bool) {
	m.name(name)
	m.text = strconv.AppendBool(m.text, b)
}

// Raw writes JSON that was read by Decode, or null. It comes out as Encode would
// write it.
func (m *Members) Raw(name string, value json.RawMessage) {
	switch {
	case value == nil:
		m.Null(name)
	case engine.PlainJSON(value):
		m.name(name)
		m.text = append(m.text, value...)
	default:
		m.Any(name, value)
	}
}

// Any writes whatever Encode can; it is the slow way.
func (m *Members) Any(name string, value any) {
	text, err := Encode(value)
	m.fail(err)
	m.name(name)
	m.text = append(m.text, text...)
}
