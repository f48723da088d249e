package engine

import (
	stdjson "encoding/json"
	"testing"

	"github.com/go-json-experiment/json"
)

// TestEchoesAreWrittenAsTheyAreEncoded: what is sealed is the same bytes, however
// it was put together.
func TestEchoesAreWrittenAsTheyAreEncoded(t *testing.T) {
	odd := map[string]string{"b": "\"\\\x00\u2028é😀", "a": "", "\uff21": "1", "😀": "2"}
	raw := []stdjson.RawMessage{nil, stdjson.RawMessage(`{"a":[1,2.50,{"b":"c d"}],"":null}`), stdjson.RawMessage(` { "a" : 1 } `), stdjson.RawMessage(`{"a":"\u00e9\/"}`), stdjson.RawMessage(`"x"`)}
	for _, masked := range []map[string]string{nil, {}, {"iban": "NL69T****1"}, odd} {
		for _, extra := range raw {
			for _, metadata := range raw {
				for _, o := range []Echo{{Masked: masked, Extra: extra, Metadata: metadata}, {Masked: masked, Extra: extra, Metadata: metadata, Memo: "for\n\"you\"", Page: &Page{Name: "Ada"}}, {Masked: masked, Metadata: metadata, Memo: "m"}} {
					want, err := json.Marshal(o, codec)
					if err != nil {
						t.Fatal(err)
					}
					if got, err := o.appendJSON(nil); err != nil || string(got) != string(want) {
						t.Errorf("got  %s, %v\nwant %s", got, err, want)
					}
				}
			}
		}
		want, err := json.Marshal(masked, codec)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := AppendTexts([]byte("x"), masked); err != nil || string(got) != "x"+string(want) {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
}

// TestNoEchoIsStoredThatCouldNotBeRead: what a dialect gives is looked at.
func TestNoEchoIsStoredThatCouldNotBeRead(t *testing.T) {
	for _, o := range []Echo{{Extra: stdjson.RawMessage(`{"a":1`)}, {Extra: stdjson.RawMessage(`{"a":1}}`)}, {Extra: stdjson.RawMessage{}}, {Metadata: stdjson.RawMessage(`{"a":1,"a":2}`)},
		{Metadata: stdjson.RawMessage("\"\xff\"")}, {Masked: map[string]string{"a": "\xff"}}, {Masked: map[string]string{"\xff": "a"}}, {Memo: "\xff"}} {
		if got, err := o.appendJSON(nil); err == nil {
			t.Errorf("%+v is written as %s", o, got)
		}
	}
}

func BenchmarkEcho(b *testing.B) {
	o := Echo{Masked: map[string]string{"iban": "NL69T****1", "bic": "TESTNL2A", "bank_name": "Test Bank", "bank_city": "Amsterdam"},
		Extra: stdjson.RawMessage(`{"secret":"MoGsrNUOUx0nlrOy2F3q","type":"bank","order_ref":"bench-1-17","metadata":{"shop":"north","week":"2026-W25","order":"A-1001"},"billing":{"address":{"line1":"Keizersgracht 1","city":"Amsterdam","zip":"1015CN","country":"NL"}},"entity":"Individual"}`)}
	b.Run("put together", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := o.appendJSON(make([]byte, 0, 768)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoded", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(o, codec); err != nil {
				b.Fatal(err)
			}
		}
	})
}
