package rest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"penstock/httpd/wire"
)

// TestCompactKeepsTheText holds what is carried against the standard library.
func TestCompactKeepsTheText(t *testing.T) {
	for text, depth := range map[string]int{
		`{}`: 1, ` { "a" : [ 1 , { "b c" : " \" } \\" } ] , "d" : null } `: 3, "{\"a\"\t:\r\n\"\\u0020\"}": 1, `{"ä":"<&>"}`: 1, `{"a":{"b":{"c":[[[]]]}}}`: 6, `{"\\":"\\\\"}`: 1,
	} {
		var want bytes.Buffer
		if err := json.Compact(&want, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, deep := compact([]byte(text))
		if string(got) != want.String() || deep != depth {
			t.Errorf("%s: got %s of depth %d, want %s of depth %d", text, got, deep, &want, depth)
		}
	}
}

// TestCarriedIsBounded covers what an object that is only echoed may be.
func TestCarriedIsBounded(t *testing.T) {
	for _, row := range []struct{ address, rule string }{
		{`{"line1":"x","more":{"of":["it"]}}`, ""}, {`null`, ""}, {`[]`, "must be an object"}, {`"x"`, "must be an object"}, {`{"city":1}`, "must be a string"},
		{`{"a":` + strings.Repeat("[", 8) + strings.Repeat("]", 8) + `}`, "must not nest deeper"}, {`{"a":"` + strings.Repeat("x", wire.MaxObjectBytes) + `"}`, "must not be longer"},
		{`{"a":1,"a":2}`, "must not stand twice"},
	} {
		var r customerRequest
		err := wire.Decode([]byte(`{"address":`+row.address+`}`), &r, wire.DecodeOptions{})
		if row.rule == "" && err != nil || row.rule != "" && (err == nil || !strings.Contains(err.Error(), row.rule)) {
			t.Errorf("%.40s: got %v, want %q", row.address, err, row.rule)
		}
	}
}
