package ledger

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"penstock/engine/money"

	"pgregory.net/rapid"
)

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// roundTrip wants p back from both of its forms, and returns the binary one.
func roundTrip(t fataler, p Posting) []byte {
	t.Helper()
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	var got Posting
	if err := got.UnmarshalBinary(data); err != nil || !reflect.DeepEqual(got, p) {
		t.Fatalf("%x: got %+v, %v, want %+v", data, got, err, p)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	got = Posting{}
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, p) {
		t.Fatalf("%s: got %+v, %v, want %+v", text, got, err, p)
	}
	return data
}

// TestStoredFormIsFixed has bytes that were also read by hand from the table in
// encode.go. What is stored once must be readable for ever.
func TestStoredFormIsFixed(t *testing.T) {
	const (
		euros  = "03" + "455552"
		ids    = "01" + "0195c7b2f0fd4f81f0a84b1b08d2b8cf" + "06" // the payout's is one more
		key    = "15" + "6170696b5f" + "0195c7b2f0fd4f81f0a84b1b08d2b8cf"
		time   = "968bcaf1f88aa606"
		noText = "00"
	)
	_, list := story(t)
	for i, want := range []string{
		"01" + "01" + "01" + time + euros + ids + key + noText + "11" + "a09c01" + "9f9c01" + "11" + "a09c01" + "9f9c01",
		"01" + "02" + "02" + time + euros + ids + key + noText + "03" + "df5d" + "e05d" + "13" + "c03e" + "e05d" + "9f9c01",
		"01" + "04" + "03" + time + euros + ids + key + noText + "07" + "b817" + "df5d" + "a846" + "15" + "f855" + "a846" + "9f9c01",
	} {
		if got := hex.EncodeToString(roundTrip(t, list[i])); got != want {
			t.Errorf("posting %d: got %s, want %s", i+1, got, want)
		}
	}
}

// TestStoredHoldIsSmall writes what a create writes on an account with the
// largest play money and years of turnover.
func TestStoredHoldIsSmall(t *testing.T) {
	h := Head{Seq: 100_000_000, Balance: New(eur)}
	post(t, &h, Deposited(euro(1_000_000_000_000_000)))
	post(t, &h, Hold(euro(500_000_000_000), Limits{}))
	post(t, &h, Settle(euro(400_000_000_000), euro(400_000_000_000)))
	if n := len(roundTrip(t, post(t, &h, Hold(euro(99_999_999), Limits{})))); n >= 120 {
		t.Errorf("%d bytes", n)
	} else {
		t.Logf("%d bytes", n)
	}
}

func TestAnyPostingReadsBack(t *testing.T) {
	id := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[0-7][0-9a-hjkmnp-tv-z]{25}`), rapid.StringMatching(`[a-z]{1,8}_[0-7][0-9a-hjkmnp-tv-z]{25}`),
		rapid.StringMatching(`[ -~]{0,40}`), rapid.StringN(0, 16, maxID))
	anyInt := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64}))
	rapid.Check(t, func(t *rapid.T) {
		var entries, after vector
		for i := range entries {
			entries[i], after[i] = anyInt.Draw(t, "entry"), anyInt.Draw(t, "after")
		}
		c := rapid.SampledFrom([]money.Currency{eur, jpy, money.MustCurrency("USDC")}).Draw(t, "currency")
		p := Posting{
			Seq: rapid.Uint64().Draw(t, "seq"), At: time.UnixMicro(rapid.Int64Range(-1<<54, 1<<54).Draw(t, "at")).UTC(),
			Kind:     rapid.SampledFrom(Kinds()).Draw(t, "kind"),
			Cause:    Cause{Request: id.Draw(t, "request"), Payout: id.Draw(t, "payout"), By: id.Draw(t, "by"), Text: id.Draw(t, "text")},
			Currency: c, Entries: entries.entries(), After: after.balance(c),
		}
		if p.Cause.check(p.Kind) != nil {
			if _, err := p.MarshalBinary(); !errors.Is(err, ErrEncoding) {
				t.Fatalf("a cause that Post refuses is written: %v", err)
			}
			return
		}
		data, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var got Posting
		if err := got.UnmarshalBinary(data); err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("%x: got %+v, %v, want %+v", data, got, err, p)
		}
	})
}

func TestPayoutNearItsRequestTakesTwoBytes(t *testing.T) {
	_, list := story(t)
	p := list[1]
	_, first, _ := unpack(request)
	for _, row := range []struct {
		request, payout string
		want            int
	}{
		{request, request, 17 + 1}, {request, payoutID, 17 + 1}, {request, "01jq3v5w7x9y0z1a2b3c4d5eag", 17 + 2},
		{request, "01jq3v5w7x9y0z1a2b3c4d5e6e", 17 + 17}, // before it
		{request, first.plus(maxNear).text(), 17 + 2}, {request, first.plus(maxNear + 1).text(), 17 + 17},
		{"7zzzzzzzzzzzzzzzzzzzzzzzzz", "00000000000000000000000001", 17 + 1},
		{"po_" + request, "po_" + payoutID, 20 + 1}, {request, "po_" + payoutID, 17 + 20},
		{"", request, 1 + 17}, {request, "wd-17", 17 + 6},
		{"8zzzzzzzzzzzzzzzzzzzzzzzzz", "ILOU", 27 + 5}, // no ids: 130 bits, letters that ids don't have
	} {
		p.Cause.Request, p.Cause.Payout = row.request, row.payout
		data := roundTrip(t, p)
		p.Cause.Request, p.Cause.Payout = "", "x"
		without := roundTrip(t, p)
		if got := len(data) - len(without) + 3; got != row.want {
			t.Errorf("%q, %q: got %d bytes, want %d", row.request, row.payout, got, row.want)
		}
	}
}

func TestDamagedBytesAreRefused(t *testing.T) {
	_, list := story(t)
	kept := list[0]
	for _, p := range list[1:4] {
		data := roundTrip(t, p)
		for n := range data {
			got := kept
			if err := got.UnmarshalBinary(data[:n]); !errors.Is(err, ErrEncoding) || !reflect.DeepEqual(got, kept) {
				t.Errorf("the first %d of %d bytes: got %+v, %v", n, len(data), got, err)
			}
		}
		for name, wrong := range map[string][]byte{
			"a byte more":   append(data[:len(data):len(data)], 0),
			"version 2":     append([]byte{2}, data[1:]...),
			"kind 0":        append([]byte{1, 0}, data[2:]...),
			"kind 200":      append([]byte{1, 200}, data[2:]...),
			"a longer seq":  append([]byte{1, data[1], data[2] | 0x80, 0}, data[3:]...),
			"nothing":       nil,
			"a huge length": append(data[:len(data):len(data)][:15:15], 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
		} {
			got := kept
			if err := got.UnmarshalBinary(wrong); !errors.Is(err, ErrEncoding) || !reflect.DeepEqual(got, kept) {
				t.Errorf("%s: got %+v, %v", name, got, err)
			}
		}
	}
}

func TestWhatPostCannotMakeIsNotWritten(t *testing.T) {
	_, list := story(t)
	for name, harm := range map[string]func(*Posting){
		"no kind":             func(p *Posting) { p.Kind = "" },
		"no currency":         func(p *Posting) { p.Currency, p.After.Currency = money.Currency{}, money.Currency{} },
		"two currencies":      func(p *Posting) { p.After.Currency = jpy },
		"nanoseconds":         func(p *Posting) { p.At = p.At.Add(1) },
		"entries out of line": func(p *Posting) { p.Entries = []Entry{{Held, 1}, {Available, -1}} },
		"no actor":            func(p *Posting) { p.Cause.By = "" },
	} {
		p := list[1]
		harm(&p)
		if data, err := p.MarshalBinary(); !errors.Is(err, ErrEncoding) || len(data) > 0 {
			t.Errorf("%s: got %x, %v", name, data, err)
		}
	}
}

func FuzzPosting(f *testing.F) {
	h := Head{Balance: New(eur)}
	for _, m := range []Move{Deposited(euro(900)), Hold(euro(500), Limits{}), Settle(euro(500), euro(499)), Return(euro(1)), Adjust(euro(-1))} {
		next, p, err := h.Post(at, m, Cause{By: "operator", Request: request, Payout: payoutID, Text: "why"})
		if err != nil {
			f.Fatal(err)
		}
		h = next
		data, _ := p.MarshalBinary()
		f.Add(data)
	}
	f.Add([]byte{1, 1, 0, 0, 3, 'E', 'U', 'R', 0, 2, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Posting
		if err := p.UnmarshalBinary(data); err != nil {
			if !errors.Is(err, ErrEncoding) || !reflect.DeepEqual(p, Posting{}) {
				t.Fatalf("got %+v, %v", p, err)
			}
			return
		}
		again, err := p.MarshalBinary()
		if err != nil || string(again) != string(data) {
			t.Fatalf("%x reads as %+v, which writes %x, %v", data, p, again, err)
		}
		Replay(Head{Balance: New(eur)}, []Posting{p}) // must not panic, whatever it says
	})
}

func BenchmarkPostAndEncode(b *testing.B) {
	h := Head{Balance: Balance{Currency: eur, Available: math.MaxInt64, TopUp: -math.MaxInt64}}
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		next, p, err := h.Post(at, Hold(euro(100), Limits{}), by)
		if err != nil {
			b.Fatal(err)
		}
		if buf, err = p.AppendBinary(buf[:0]); err != nil {
			b.Fatal(err)
		}
		h = next
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	h := Head{Balance: Balance{Currency: eur, Available: 1000, TopUp: -1000}}
	_, p, _ := h.Post(at, Hold(euro(100), Limits{}), by)
	data, _ := p.MarshalBinary()
	b.ReportAllocs()
	for b.Loop() {
		if err := p.UnmarshalBinary(data); err != nil {
			b.Fatal(err)
		}
	}
}
