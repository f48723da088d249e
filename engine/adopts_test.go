package engine

import (
	"encoding/hex"
	"errors"
	"testing"

	"penstock/engine/money"
	"penstock/engine/payout"
)

// TestOnlyTheSameRequestAdopts: what was brought back is taken for the request
// asked for again only where nothing speaks against it.
func TestOnlyTheSameRequestAdopts(t *testing.T) {
	eur, usd := money.MustCurrency("EUR"), money.MustCurrency("USD")
	type part = payout.Payout
	at := func(minor int64, s payout.Status) part { return part{Amount: money.New(minor, eur), Status: s} }
	for _, row := range []struct {
		what  string
		ask   NewRequest
		parts []part
		want  Code
	}{
		{"one, the same", NewRequest{Amount: money.New(700, eur)}, []part{at(700, payout.Uncertain)}, ""},
		{"one that failed", NewRequest{Amount: money.New(700, eur)}, []part{at(700, payout.Failed)}, ""},
		{"one after one that failed", NewRequest{Amount: money.New(700, eur)}, []part{at(700, payout.Failed), at(700, payout.Paid)}, ""},
		{"another amount", NewRequest{Amount: money.New(701, eur)}, []part{at(700, payout.Paid)}, CodeKeyReused},
		{"another currency, which it may have been converted from", NewRequest{Amount: money.New(700, usd)}, []part{at(700, payout.Paid)}, CodeExists},
		{"a part of it", NewRequest{Amount: money.New(900, eur), Wishes: Wishes{Split: true}}, []part{at(700, payout.Paid)}, CodeExists},
		{"two parts", NewRequest{Amount: money.New(900, eur)}, []part{at(700, payout.Paid), at(200, payout.Paid)}, CodeExists},
		{"two that may both be out", NewRequest{Amount: money.New(700, eur)}, []part{at(700, payout.Uncertain), at(700, payout.Uncertain)}, CodeExists},
	} {
		err := row.ask.adopts(&Request{ID: "01ke6jq300rkz9t5t75zcfnry8", Payouts: row.parts})
		var refused *Error
		if got := Code(""); errors.As(err, &refused) && refused.Code != row.want || err == nil && got != row.want {
			t.Errorf("%s: %v, want %q", row.what, err, row.want)
		}
	}
}

// TestARepeatBearsItsTagWhateverItLeavesOut: what the body says of itself tells
// a request, or else the first key that counts for ever.
func TestARepeatBearsItsTagWhateverItLeavesOut(t *testing.T) {
	tag := func(o *Once) string { kind, name := o.tag(); return kind + "|" + name }
	if a, b := tag(&Once{Op: "create", Key: "k", Tag: "ref 1", Also: &Once{Op: "ref", Key: "1", Tag: "ref 1"}}), tag(&Once{Op: "ref", Key: "1", Tag: "ref 1"}); a != b {
		t.Errorf("with an idempotency key it is %q, without %q", a, b)
	}
	if a, b := tag(&Once{Op: "create", Key: "k"}), tag(&Once{Op: "create", Also: &Once{Op: "create", Key: "k"}}); a != b || a == "|" {
		t.Errorf("%q, %q", a, b)
	}
	for _, none := range []*Once{nil, {Op: "create"}, {Op: "body", Key: "x", Within: 1}} {
		if got := tag(none); got != "|" {
			t.Errorf("%+v has the tag %q", none, got)
		}
	}
}

// TestTagsStayAsTheyAre: by the tag in an id of an older store a repeat finds
// what was paid already.
func TestTagsStayAsTheyAre(t *testing.T) {
	e, key := &Engine{}, [32]byte([]byte("an older store's key of all tags"))
	e.tags.Store(&key)
	got, err := e.tagSum(t.Context(), Scope{"shop", Live}, "own id", "order 4711")
	if want := "9f5361418708"; err != nil || hex.EncodeToString(got[:tagLen]) != want {
		t.Errorf("got %x, %v, want %s", got[:tagLen], err, want)
	}
}
