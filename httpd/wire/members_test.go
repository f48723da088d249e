package wire

import (
	"encoding/json"
	"testing"
)

// TestMembersAreWhatEncodeWrites: the same bytes, so that a stored answer and one
// that is made anew never differ.
func TestMembersAreWhatEncodeWrites(t *testing.T) {
	odd := "\"\\\x00\x1f\x7f<&>\u2028é😀/"
	type inner struct {
		A *string `json:"a"`
		B bool    `json:"b"`
	}
	type outer struct {
		Text  string            `json:"text"`
		Null  *string           `json:"null"`
		Some  *string           `json:"some"`
		Given string            `json:"given,omitzero"`
		Not   string            `json:"not,omitzero"`
		Texts map[string]string `json:"texts"`
		None  map[string]string `json:"none"`
		Int   int64             `json:"int"`
		Raw   json.RawMessage   `json:"raw"`
		Any   []int             `json:"any"`
		Inner inner             `json:"inner"`
		Empty struct{}          `json:"empty"`
	}
	for _, raw := range []string{``, `null`, `{}`, `[]`, `{"a":[1,2.50,-0,1E+5,true,{"b":"c d"}]}`, ` { "a" : "b c" , "d":[ ] } `, `{"a":"\u00e9\/\n\"","\u0061b":"x\\"}`, `"é < \u2028"`, `1e400`, "{\"a\":\"\u2028\x7f\"}"} {
		var own json.RawMessage
		if raw != "" {
			own = json.RawMessage(raw)
		}
		some := odd
		o := outer{odd, nil, &some, "x", "", map[string]string{"b": odd, odd: "b", "": "", "\uff21": "1", "😀": "2"}, nil, -1 << 63, own, []int{1}, inner{nil, true}, struct{}{}}
		want, err := Encode(o)
		if err != nil {
			t.Fatal(err)
		}
		m := NewMembers(8)
		m.Text("text", o.Text)
		m.Optional("null", o.Null)
		m.Optional("some", o.Some)
		m.Given("given", o.Given)
		m.Given("not", o.Not)
		m.Texts("texts", o.Texts)
		m.Texts("none", o.None)
		m.Int("int", o.Int)
		m.Raw("raw", o.Raw)
		m.Any("any", o.Any)
		m.Inner("inner", func(m *Members) {
			m.Optional("a", o.Inner.A)
			m.Bool("b", o.Inner.B)
		})
		m.Inner("empty", func(*Members) {})
		got, err := m.End()
		if err != nil || string(got) != string(want) {
			t.Errorf("%s\n got %s, %v\nwant %s", raw, got, err, want)
		}
	}
	var none Members
	if got, err := none.End(); err != nil || string(got) != `{}` {
		t.Errorf("nothing is %s, %v", got, err)
	}
}

// TestMembersRefuseWhatIsNoText as Encode does, rather than write another text.
func TestMembersRefuseWhatIsNoText(t *testing.T) {
	for what, write := range map[string]func(*Members){
		"text": func(m *Members) { m.Text("a", "\xff") }, "a name": func(m *Members) { m.Texts("a", map[string]string{"\xff": ""}) },
		"raw": func(m *Members) { m.Raw("a", json.RawMessage("{\n")) }, "any": func(m *Members) { m.Any("a", func() {}) },
	} {
		var m Members
		write(&m)
		m.Text("b", "good")
		if _, err := m.End(); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
