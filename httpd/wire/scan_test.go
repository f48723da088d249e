package wire

import (
	"encoding/json"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// TestMembersOfIsTheWholeObject holds it to encoding/json.
func TestMembersOfIsTheWholeObject(t *testing.T) {
	for _, object := range []string{`{}`, ` { } `, `{"a":"b"}`, `{"a":1}`, `{"a":{}}`, "\t{ \"a\" :\r\n 1 , \"b\":\"x, }\\\"]{\" ,\"c\" : [ {\"d\":\"]\"} , [1]] , \"\\u0061\\n\":null,\"\":true , \"e\":-1.5e3 } ",
		`{"é":"é","f":[],"g":{"h":{"i":"}"}},"j":false}`} {
		checkMembers(t, []byte(object))
	}
}

func checkMembers(t *testing.T, object []byte) {
	t.Helper()
	want := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &want); err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, value := range MembersOf(object) {
		if n++; string(want[name]) != string(value) {
			t.Errorf("%s: %q is %s, want %s", object, name, value, want[name])
		}
		var text string
		if value[0] == '"' && (json.Unmarshal(value, &text) != nil || text != TextOf(value)) {
			t.Errorf("%s says %q, want %q", value, TextOf(value), text)
		}
	}
	if n != len(want) {
		t.Errorf("%s: %d members, want %d", object, n, len(want))
	}
}

func FuzzMembersOf(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":"}"}],"c":1 ,"d" : null}`))
	f.Add([]byte(`{"a"`))
	f.Add([]byte(`{"a":,"b":"\`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for range MembersOf(b) { // falls over nothing, and ends
		}
		if d := jsontext.Value(b); len(b) > 0 && d.IsValid() && d.Kind() == '{' {
			checkMembers(t, b)
		}
	})
}
