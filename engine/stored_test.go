package engine

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"

	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/engine/routing"
	"penstock/engine/service"
)

// filler sets every field of a record, each to something else, so that one
// which the generated code doesn't know is missed.
type filler struct {
	t *testing.T
	n int64
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	eur := money.MustCurrency("EUR")
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 5, 8, 0, int(f.n%60), int(f.n)*1001, time.UTC)))
		return
	case money.Amount:
		v.Set(reflect.ValueOf(money.New(f.n, eur)))
		return
	case jsontext.Value:
		v.Set(reflect.ValueOf(jsontext.Value(`{"choice":null}`)))
		return
	case routing.Tree:
		tree, err := routing.Parse([]byte(`{"block":"no"}`))
		if err != nil {
			f.t.Fatal(err)
		}
		v.Set(reflect.ValueOf(tree))
		return
	case fx.Rate, money.Currency, Echo:
		return // of other packages, with a form of their own; Echo is sealed into Shut
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text " + string(rune('a'+f.n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(f.n)
	case reflect.Uint64:
		v.SetUint(uint64(f.n))
	case reflect.Uint8:
		v.SetUint(uint64(f.n) % 256)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	default:
		f.t.Fatalf("a record has a field of type %s, which nobody has thought of", v.Type())
	}
}

// packedRecords are the records that are stored as MessagePack.
func packedRecords() map[string]any {
	return map[string]any{bucketRequest: &Request{}, bucketDelivery: &Delivery{}, bucketChoice: &stored{}}
}

// TestEveryFieldOfARecordIsKept in both forms: one added to a type and not to
// the generated code would be lost without a word. Reflection over JSON, which
// knows every field, is the judge.
func TestEveryFieldOfARecordIsKept(t *testing.T) {
	for bucket, record := range packedRecords() {
		f := filler{t: t}
		f.fill(reflect.ValueOf(record).Elem())
		packed, err := record.(msgp.Marshaler).MarshalMsg(nil)
		if err != nil {
			t.Fatal(bucket, err)
		}
		older, err := json.Marshal(record, codec)
		if err != nil {
			t.Fatal(bucket, err)
		}
		for form, raw := range map[string][]byte{"MessagePack": packed, "JSON": older} {
			var got any
			switch record.(type) {
			case *Request:
				got, err = decode[Request](bucket, raw)
			case *Delivery:
				got, err = decode[Delivery](bucket, raw)
			case *stored:
				got, err = decode[stored](bucket, raw)
			}
			if err != nil {
				t.Fatal(bucket, form, err)
			}
			if again, err := json.Marshal(got, codec); err != nil || !bytes.Equal(again, older) {
				t.Errorf("%s in %s: %v\n%s\nwant\n%s", bucket, form, err, again, older)
			}
		}
		if len(packed)*10 > len(older)*9 {
			t.Errorf("%s: %d bytes, and %d in the older form", bucket, len(packed), len(older))
		}
	}
}

// TestWhatIsAskedOfAStoredRequestIsTheSameInBothForms without decoding it.
func TestWhatIsAskedOfAStoredRequestIsTheSameInBothForms(t *testing.T) {
	r := &Request{}
	f := filler{t: t}
	f.fill(reflect.ValueOf(r).Elem())
	r.Kind, r.Form = service.Bank, "sepa"
	bare := &Request{ID: r.ID, Stage: r.Stage, Amount: r.Amount}
	for _, r := range []*Request{r, bare} {
		packed, err := r.MarshalMsg(nil)
		if err != nil {
			t.Fatal(err)
		}
		older, err := json.Marshal(r, codec)
		if err != nil {
			t.Fatal(err)
		}
		for form, raw := range map[string][]byte{"MessagePack": packed, "JSON": older} {
			kind, known := storedKind(raw)
			if stage, code := stageOf(raw), string(currencyOf(raw)); stage != r.Stage || code != "EUR" || kind != r.Kind || known != (r.Kind != "") {
				t.Errorf("%s: stage %q, currency %q, kind %q %v", form, stage, code, kind, known)
			}
			if is, known := isOfProvider(raw, []string{"other", r.Provider}); known && !is && r.Provider != "" {
				t.Errorf("%s: is of %q", form, r.Provider)
			}
			if is, known := isOfProvider(raw, []string{"other"}); is || !known {
				t.Errorf("%s: is of %q alone", form, r.Provider)
			}
			if got := standOf(raw); got != r.Stand() {
				t.Errorf("%s: stands at %v, want %v", form, got, r.Stand())
			}
			if got := memberOf(raw, "entity"); string(got) != r.Entity || (got != nil) != (r.Entity != "") {
				t.Errorf("%s: entity %q, want %q", form, got, r.Entity)
			}
			b, err := decode[brief](bucketRequest, raw)
			if err != nil {
				t.Fatal(form, err)
			}
			if got := b.request(); got.ID != r.ID || got.Stage != r.Stage || got.Amount != r.Amount || got.Provider != r.Provider || !got.Created.Equal(r.Created) || len(got.Payouts) != len(r.Payouts) || len(r.Payouts) > 0 && got.Payouts[1].Status != r.Payouts[1].Status {
				t.Errorf("%s: in brief %+v", form, got)
			}
		}
	}
	for _, raw := range []string{"", "{", "\x81", "\x81\xa5stage", "\x81\xa6amount\x92\x01", "\xdf\xff\xff\xff\xff"} {
		if _, known := storedKind([]byte(raw)); known || stageOf([]byte(raw)) != "" || len(currencyOf([]byte(raw))) > 0 {
			t.Errorf("%q has something", raw)
		}
	}
}
