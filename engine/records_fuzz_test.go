package engine

import (
	"bytes"
	"math"
	"reflect"
	"testing"
	"time"
)

// FuzzDueRow: a row of the index reads as what it was written from, and no
// bytes make the reader fall over.
func FuzzDueRow(f *testing.F) {
	f.Add(dueKey(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), duePayout, Scope{"shop", Test}, "01ke6jq300rkz9t5t75zcfnry8"))
	f.Add(dueKey(time.Date(2096, 1, 5, 8, 0, 0, 0, time.UTC), dueErase, Scope{"shop", Live}, "ada"))
	f.Add([]byte("0123456789"))
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, key []byte) {
		row, err := parseDue(key)
		if err != nil {
			return
		}
		if row.Merchant == "" || len(row.Merchant)+len(row.id)+11 != len(key) {
			t.Fatalf("%q reads as %+v", key, row)
		}
		again := dueKey(row.at, row.kind, row.Scope, row.id)
		if !bytes.Equal(again, key) {
			t.Fatalf("%q reads as %+v, which is %q", key, row, again)
		}
	})
}

// FuzzID: what counts as an id is one in one spelling alone, and a payout's
// place in its request is found again.
func FuzzID(f *testing.F) {
	f.Add("01ke6jq300rkz9t5t75zcfnry8", 1)
	f.Add("7zzzzzzzzzzzzzzzzzzzzzzzzz", 9)
	f.Add("01ke6jq300zzzzzzzzzzzzzzzz", 70_000)
	f.Add("", 0)
	f.Fuzz(func(t *testing.T, id string, n int) {
		b, err := decodeID(id)
		if err != nil {
			return
		}
		if again := encodeID(b); again != id {
			t.Fatalf("%q is also spelt %q", id, again)
		}
		if _, err := TimeOfID(id); err != nil || len(tagIn(id)) != tagLen {
			t.Fatalf("%q: %v", id, err)
		}
		n = 1 + (n&math.MaxInt)%(1<<16)
		if got, near := placeOf(id, nthID(id, n)); !near || got != n {
			t.Fatalf("payout %d of %q is found at %d (%v)", n, id, got, near)
		}
		if far, near := placeOf(id, nthID(id, 1<<16+n)); near {
			t.Fatalf("payout %d of %q is found at %d", 1<<16+n, id, far)
		}
	})
}

// FuzzToken: a payment token has one spelling.
func FuzzToken(f *testing.F) {
	f.Add(PrefixToken + crockford.EncodeToString(bytes.Repeat([]byte{1}, tokenBytes)))
	f.Add(PrefixToken)
	f.Add("token_!")
	f.Fuzz(func(t *testing.T, text string) {
		method, raw, ok := readToken(text)
		if ok && (len(raw) != tokenBytes || len(method) != len(PrefixMethod)+idLen || PrefixToken+crockford.EncodeToString(raw) != text) {
			t.Fatalf("%q reads as %q, %x", text, method, raw)
		}
	})
}

// FuzzRequestRecord: a record that decodes is written back as it would be read
// again, and no bytes make the reader fall over.
func FuzzRequestRecord(f *testing.F) {
	f.Add([]byte(`{"id":"01ke6jq300rkz9t5t75zcfnry8","dialect":"rest","stage":"draft","amount":{"minor":1250,"currency":"EUR"},"seq":1,"history":[{"n":1,"at":"2026-01-05T08:00:00Z","what":"created"}],"created":"2026-01-05T08:00:00Z","changed":"2026-01-05T08:00:00Z"}`))
	f.Add([]byte(`{"payouts":[{"id":"po_1","n":1,"amount":null,"deadline":{"e":1,"m":5}}]}`))
	f.Add([]byte(`{"amount":{"minor":1e3,"currency":"EUR"}}`))
	f.Add([]byte(`[[[[[[`))
	whole := &Request{}
	(&filler{}).fill(reflect.ValueOf(whole).Elem())
	packed, err := whole.MarshalMsg(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte("\x81\xa6amount\x92\x01\xa3EUR"))
	f.Add([]byte("\x81\xa7payouts\xdd\x00\x10\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		stageOf(raw)
		currencyOf(raw)
		storedKind(raw)
		r, err := decode[Request](bucketRequest, raw)
		if err != nil {
			return
		}
		once, err := r.MarshalMsg(nil)
		if err != nil {
			return // such as a member's own JSON that no request has
		}
		again, err := decode[Request](bucketRequest, once)
		if err != nil {
			t.Fatalf("%q is written as %q, which does not read: %v", raw, once, err)
		}
		if twice, err := again.MarshalMsg(nil); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q, read and written, is %q, %v", once, twice, err)
		}
	})
}

// FuzzScope: no key of one scope lies in another's.
func FuzzScope(f *testing.F) {
	f.Add([]byte("shop\x00tabc"))
	f.Add([]byte("\x00"))
	f.Add([]byte("shop\x00"))
	f.Fuzz(func(t *testing.T, key []byte) {
		s, rest, err := cutScope(key)
		if err != nil {
			return
		}
		if s.Merchant == "" || bytes.IndexByte([]byte(s.Merchant), 0) >= 0 || len(s.Merchant)+2+len(rest) != len(key) {
			t.Fatalf("%q is of %+v, %q", key, s, rest)
		}
	})
}
