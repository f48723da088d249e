package rest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"penstock/engine/service"
	"penstock/httpd/wire"
)

// TestPayoutsAreWrittenAsTheyAreEncoded: whatever a payout has, by the types that
// say so, is in what is written member by member.
func TestPayoutsAreWrittenAsTheyAreEncoded(t *testing.T) {
	same := func(what string, v any, write func() ([]byte, error)) {
		t.Helper()
		want, err := wire.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := write(); err != nil || string(got) != string(want) {
			t.Errorf("%s\n got %s, %v\nwant %s", what, got, err, want)
		}
	}
	var answer payoutResponse
	var extra payoutExtra
	var card cardShown
	kept := func() ([]byte, error) { return extra.encode() }
	bank := &detailsShown{kind: service.Bank, other: masked{"iban": "NL69T****1", "bic": "é\""}}
	ofCard := &detailsShown{kind: service.Card, card: &card}
	for _, what := range []string{"of nothing", "of everything"} {
		same("an answer "+what, &answer, answer.encode)
		same("texts "+what, extra, kept)
		same("a card "+what, map[string]any{"card": card}, ofCard.MarshalJSON)
		fill(reflect.ValueOf(&answer).Elem(), "a")
		fill(reflect.ValueOf(&extra).Elem(), "x")
		fill(reflect.ValueOf(&card).Elem(), "c")
		answer.Data = bank
	}
	same("an account", map[string]any{"bank": bank.other}, bank.MarshalJSON)
	answer.Data = ofCard
	same("an answer with a card", &answer, answer.encode)
	answer.SourceBank, extra.Source, bank.other = masked{}, map[string]string{}, masked{}
	same("an answer with empty maps", &answer, answer.encode)
	same("texts with empty maps", extra, kept)
	same("an empty account", map[string]any{"bank": bank.other}, bank.MarshalJSON)
}

// TestTextsAreReadAsTheyWereWritten: whatever the dialect keeps of a payout comes
// back, as it does by the types that say so.
func TestTextsAreReadAsTheyWereWritten(t *testing.T) {
	var extra payoutExtra
	for _, what := range []string{"nothing", "everything"} {
		raw, err := extra.encode()
		if err != nil {
			t.Fatal(err)
		}
		var want payoutExtra
		if err := wire.Decode(raw, &want, wire.DecodeOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := readExtra(raw); !reflect.DeepEqual(got, want) {
			t.Errorf("of %s: got %+v, want %+v", what, got, want)
		}
		fill(reflect.ValueOf(&extra).Elem(), "x")
		card := methodWord("card")
		extra.Link.Methods = []linkMethods{{Method: &card}} // words are of a list
	}
	for _, none := range []string{"", "null", "[1]", `{"secret":"s","link":{"secret":7}}`} {
		if got := readExtra(json.RawMessage(none)); !reflect.DeepEqual(got, payoutExtra{Entity: individual}) {
			t.Errorf("of %q: got %+v", none, got)
		}
	}
}

// fill gives every field of v a value of its own, at any depth.
func fill(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case json.RawMessage:
		v.SetBytes([]byte(`{"of": "` + name + `\u00e9"}`))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1_800_000_000, 0).UTC()))
		return
	case *detailsShown:
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(name + `"é`)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(int64(len(name)))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(name))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), name+"."+v.Type().Field(i).Name)
		}
	default:
		panic(fmt.Sprintf("%s is a %s", name, v.Type()))
	}
}
