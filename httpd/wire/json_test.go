package wire

import (
	stdjson "encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

type entity string

func (e *entity) UnmarshalText(b []byte) error {
	return OneOf(e, b, "Individual", "Company", "NonProfit")
}

type order struct {
	Amount   *int64         `json:"amount"`
	Count    uint8          `json:"count"`
	Name     string         `json:"name"`
	Confirm  bool           `json:"confirm"`
	Entity   entity         `json:"entity_type"`
	At       time.Time      `json:"at"`
	Billing  *billing       `json:"billing"`
	Tags     []string       `json:"tags"`
	Extra    map[string]any `json:"extra"`
	Metadata Object         `json:"metadata"`
	Total    Decimal        `json:"total"`
	Link     Field[string]  `json:"link"`
}

type billing struct {
	Address struct {
		Zip string `json:"zip"`
	} `json:"address"`
}

func decodeOrder(body string) (order, *DecodeError) {
	var o order
	err := Decode([]byte(body), &o, DecodeOptions{})
	if err == nil {
		return o, nil
	}
	return o, err.(*DecodeError)
}

func TestBadBodiesAreRefusedByRuleAndPath(t *testing.T) {
	rows := []struct{ body, kind, path, rule string }{
		{``, "empty", "", "body must not be empty"},
		{"  \n", "empty", "", "body must not be empty"},
		{`[]`, "type", "", "body must be an object"},
		{`"x"`, "type", "", "body must be an object"},
		{`nonsense`, "syntax", "", "body must be an object"},
		{"\xef\xbb\xbf{}", "syntax", "", "body must be an object"},
		{`{"amount":1`, "syntax", "", "body ends too early"},
		{`{"amount":01}`, "syntax", "", "is not JSON at byte 11"},
		{`{"amount":NaN}`, "syntax", "/amount", "is not JSON at byte 10"},
		{`{"amount":1,}`, "syntax", "", "is not JSON at byte 11"},
		{`{'amount':1}`, "syntax", "", "is not JSON at byte 1"},
		{`{} {}`, "trailing", "", "nothing may follow the body's value"},
		{`{}x`, "trailing", "", "nothing may follow the body's value"},
		{"{\"name\":\"\xff\"}", "utf8", "", "body must be UTF-8"},
		{`{"name":"\ud800"}`, "utf8", "/name", "must be text without half characters"},
		{`{"name":"\udc00\ud800"}`, "utf8", "/name", "must be text without half characters"},
		{`{"amount":1,"amount":2}`, "duplicate", "/amount", "must not stand twice in its object"},
		{`{"amount":1,"\u0061mount":2}`, "duplicate", "/amount", "must not stand twice in its object"},
		{`{"extra":{"a":1,"a":1}}`, "duplicate", "/extra/a", "must not stand twice in its object"},
		{`{"metadata":{"a":{"b":1,"b":1}}}`, "duplicate", "/metadata/a/b", "must not stand twice in its object"},
		{`{"AMOUNT":1}`, "unknown", "/AMOUNT", "is not a member of this request"},
		{`{"billing":{"address":{"zipp":"1"}}}`, "unknown", "/billing/address/zipp", "is not a member of this request"},
		{`{"billing":{"address":{"zip":1}}}`, "type", "/billing/address/zip", "must be a string"},
		{`{"amount":"1"}`, "type", "/amount", "must be a whole number"},
		{`{"amount":{}}`, "type", "/amount", "must be a whole number"},
		{`{"amount":true}`, "type", "/amount", "must be a whole number"},
		{`{"amount":1.0}`, "number", "/amount", "must be a whole number, without fraction or exponent"},
		{`{"amount":1e2}`, "number", "/amount", "must be a whole number, without fraction or exponent"},
		{`{"amount":-0.5}`, "number", "/amount", "must be a whole number, without fraction or exponent"},
		{`{"amount":9223372036854775808}`, "number", "/amount", "must be a whole number that fits into 64 bits"},
		{`{"count":256}`, "number", "/count", "must be a whole number, zero or more that fits into 8 bits"},
		{`{"count":-1}`, "number", "/count", "must be a whole number, zero or more, without fraction or exponent"},
		{`{"confirm":"true"}`, "type", "/confirm", "must be a boolean"},
		{`{"confirm":1}`, "type", "/confirm", "must be a boolean"},
		{`{"tags":"x"}`, "type", "/tags", "must be an array"},
		{`{"tags":["x",7]}`, "type", "/tags/1", "must be a string"},
		{`{"billing":[]}`, "type", "/billing", "must be an object"},
		{`{"entity_type":"individual"}`, "enum", "/entity_type", "must be one of Individual, Company, NonProfit"},
		{`{"entity_type":7}`, "type", "/entity_type", "must be a string"},
		{`{"at":"yesterday"}`, "rule", "/at", "does not have the expected form"},
		{`{"metadata":"x"}`, "rule", "/metadata", "must be an object"},
		{`{"metadata":` + strings.Repeat(`{"a":`, 8) + `{}` + strings.Repeat(`}`, 8) + `}`, "rule", "/metadata", "must not nest deeper than 8"},
		{`{"metadata":{"a":"` + strings.Repeat("x", MaxObjectBytes) + `"}}`, "rule", "/metadata", "must not be longer than 16384 bytes"},
		{`{"total":"1e3"}`, "rule", "/total", "must be digits with at most one point between them"},
		{`{"total":-1}`, "rule", "/total", "must be digits with at most one point between them"},
		{`{"total":"1,50"}`, "rule", "/total", "must be digits with at most one point between them"},
		{`{"total":[]}`, "rule", "/total", "must be a decimal number, plain or as a string"},
		{`{"link":7}`, "type", "/link", "must be a string"},
		{`{"extra":` + strings.Repeat(`[`, 32) + strings.Repeat(`]`, 32) + `}`, "depth", "/extra" + strings.Repeat("/0", 31), "must not nest deeper than 32"},
		{strings.Repeat(`{"a":`, 40000), "depth", strings.Repeat("/a", 32), "must not nest deeper than 32"},
	}
	for _, row := range rows {
		_, err := decodeOrder(row.body)
		if err == nil {
			t.Errorf("Decode(%.60q) accepted it, want %s at %q", row.body, row.kind, row.path)
			continue
		}
		if string(err.Kind) != row.kind || err.Path != row.path || err.Rule != row.rule {
			t.Errorf("Decode(%.60q) = %s at %q: %q, want %s at %q: %q",
				row.body, err.Kind, err.Path, err.Rule, row.kind, row.path, row.rule)
		}
	}
}

func TestGoodBodiesArriveExact(t *testing.T) {
	o, err := decodeOrder(`{"amount":9223372036854775807,"count":255,"name":"\ud83d\ude00","confirm":true,
		"entity_type":"Company","extra":{"n":9007199254740993,"f":1.10},"metadata":{ "b" : [ 1 ] , "a":2},
		"total":12.50,"link":null}`)
	if err != nil {
		t.Fatal(err)
	}
	if *o.Amount != math.MaxInt64 || o.Count != 255 || o.Name != "😀" || !o.Confirm || o.Entity != "Company" {
		t.Errorf("got %+v, amount %d", o, *o.Amount)
	}
	if got, want := o.Extra, (map[string]any{"n": Number("9007199254740993"), "f": Number("1.10")}); !reflect.DeepEqual(got, want) {
		t.Errorf("extra = %v, want %v", got, want)
	}
	if got, want := string(o.Metadata), `{"b":[1],"a":2}`; got != want {
		t.Errorf("metadata = %s, want %s", got, want)
	}
	if o.Total != "12.50" {
		t.Errorf("total = %q, want the text that was written", o.Total)
	}
	if !o.Link.Set || !o.Link.Null {
		t.Errorf("link = %+v, want set and null", o.Link)
	}
	o, err = decodeOrder(`{"amount":null,"count":null,"link":"x","total":"7"}`)
	if err != nil || o.Amount != nil || o.Link.Value != "x" || o.Link.Null || o.Total != "7" {
		t.Errorf("got %+v, %v; null must be the same as absent", o, err)
	}
	if o, err = decodeOrder(`{}`); err != nil || o.Link.Set {
		t.Errorf("got %+v, %v; an absent field must not be set", o, err)
	}
}

func TestOptionsLoosenOneRuleEach(t *testing.T) {
	var o order
	if err := Decode([]byte(`{"amount":1,"other":{"x":1}}`), &o, DecodeOptions{IgnoreUnknown: true}); err != nil {
		t.Errorf("IgnoreUnknown: %v", err)
	}
	if err := Decode([]byte(`{"other":{"x":1,"x":2}}`), &o, DecodeOptions{IgnoreUnknown: true}); err == nil {
		t.Error("IgnoreUnknown let a duplicate pass inside of what it ignores")
	}
	if err := Decode(nil, &o, DecodeOptions{Empty: true}); err != nil {
		t.Errorf("Empty: %v", err)
	}
	var list []int64
	if err := Decode([]byte(`[1,2]`), &list, DecodeOptions{AnyValue: true}); err != nil || len(list) != 2 {
		t.Errorf("AnyValue: %v, %v", list, err)
	}
}

// A value may be a card number in the wrong place, so no error repeats one.
func TestErrorsNeverRepeatAValue(t *testing.T) {
	const pan = "4111111111111111"
	for _, body := range []string{
		`{"amount":"` + pan + `"}`, `{"amount":` + pan + `.5}`, `{"amount":` + pan + pan + `}`, `{"name":` + pan + `}`,
		`{"entity_type":"` + pan + `"}`, `{"at":"` + pan + `"}`, `{"total":"` + pan + `x"}`, `{"name":"` + pan,
		`{"` + pan + `":1}`, `{"name":"` + pan + `\ud800"}`, `{"name":"` + pan + `"} ` + pan, `{"name":` + pan + `x}`,
		`{"extra":{"` + pan + `":1,"` + pan + `":2}}`, pan, `{"tags":["` + pan + `",` + pan + `]}`,
	} {
		_, err := decodeOrder(body)
		if err == nil {
			t.Errorf("Decode(%s) accepted it", body)
			continue
		}
		all := err.Error() + err.Path + err.Rule + err.Got + strings.Join(err.Allowed, "")
		if strings.Contains(all, pan[:8]) {
			t.Errorf("Decode(%s): the error repeats the number: %s", body, all)
		}
	}
}

func TestUnknownWordOfAnEnumIsNamedWhenItIsAWord(t *testing.T) {
	_, err := decodeOrder(`{"entity_type":"InvalidType"}`)
	if err == nil || err.Got != "InvalidType" || !reflect.DeepEqual(err.Allowed, []string{"Individual", "Company", "NonProfit"}) {
		t.Errorf("got %+v", err)
	}
	for _, text := range []string{"4111", "a b", "DE89370400440532013000", strings.Repeat("x", 41), ""} {
		if _, err := decodeOrder(`{"entity_type":"` + text + `"}`); err == nil || err.Got != "" {
			t.Errorf("%q: got %+v, want Got empty", text, err)
		}
	}
}

func TestFloatInARequestIsAMistakeOfTheProgram(t *testing.T) {
	type bad struct{ Lines []struct{ Price *float64 } }
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(string), "Lines.Price is a float64") {
			t.Errorf("got panic %v", p)
		}
	}()
	mustBeExact(reflect.TypeFor[bad]())
}

func TestEncodeIsDeterministicAndPlain(t *testing.T) {
	v := struct {
		B *string        `json:"b"`
		L []int          `json:"l"`
		M map[string]any `json:"m"`
		N Number         `json:"n"`
		O Object         `json:"o"`
		Z string         `json:"z,omitzero"`
	}{M: map[string]any{"z": "<&>", "a": 1, "m": nil}, N: "1.10", O: Object(`{"x":1}`)}
	const want = `{"b":null,"l":[],"m":{"a":1,"m":null,"z":"<&>"},"n":1.10,"o":{"x":1}}`
	for range 20 {
		got, err := Encode(v)
		if err != nil || string(got) != want {
			t.Fatalf("Encode = %s, %v; want %s", got, err, want)
		}
	}
	if _, err := Encode(struct{ N Number }{"nonsense"}); err == nil {
		t.Error("Encode let a Number pass that is none")
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `{"amount":1.50,"name":"\u0061\ud83d\ude00"}`, `{"extra":{"b":[1e5,-0,0.10],"a":null}}`,
		`{"metadata":{"x":"\\\""},"link":null,"total":"1.5"}`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}", `[[[[`, `{"extra":{"n":1E+400}}`,
		`{"b":[1,{"d":[],"c":{}}],"a":true,"":null,"ab":"é","é":1}`, ` [ -0 , 00, 10,"" ]  `, `{"a":tru}`, `{"a":1,}`, `{"b":1,"a":2,"b":3}`, `{"a" "b"}`, `[1 2]`, `1 2`, `-`, `{"a":-}`, `"` + "\x7f" + `"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var o order
		_ = Decode(body, &o, DecodeOptions{IgnoreUnknown: true}) // must not panic
		var v any
		err := Decode(body, &v, DecodeOptions{AnyValue: true})
		canon := canonical(nil, body)
		if any := canonicalAny(body); string(canon) != string(any) {
			t.Fatalf("canonical form of %q is %q, and by the general way %q", body, canon, any)
		}
		if Fingerprint(body) != Fingerprint(canon) || string(canonical(nil, canon)) != string(canon) {
			t.Fatalf("canonical form is not stable: %q, then %q", canon, canonical(nil, canon))
		}
		if ReadPlain(body, (*Plain).Pass) && err != nil {
			t.Fatalf("%q is read plainly, and refused by the general way: %v", body, err)
		}
		if err != nil {
			var de *DecodeError
			if !errors.As(err, &de) || de.Rule == "" {
				t.Fatalf("Decode(%q) = %v, which is no DecodeError with a rule", body, err)
			}
			return
		}
		if !stdjson.Valid(body) {
			t.Fatalf("Decode accepted %q, encoding/json doesn't", body)
		}
		var again any
		if err := Decode(canon, &again, DecodeOptions{AnyValue: true}); err != nil {
			t.Fatalf("canonical form %q of %q is refused: %v", canon, body, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(`{"amount":1250,"count":3,"name":"Jane Roe","confirm":true,"entity_type":"Individual",
		"billing":{"address":{"zip":"10115"}},"tags":["a","b"],"metadata":{"order":"A-1","note":"x"}}`)
	for b.Loop() {
		var o order
		if err := Decode(body, &o, DecodeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
