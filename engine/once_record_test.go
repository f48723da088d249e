package engine

import (
	"bytes"
	"testing"
	"time"
)

// TestOnceRecordsComeBackAsTheyWere covers an open answer, an empty one and a
// long one.
func TestOnceRecordsComeBackAsTheyWere(t *testing.T) {
	at := time.Date(2026, 1, 5, 8, 0, 0, 123_000, time.UTC)
	print := bytes.Repeat([]byte{7}, 32)
	for _, want := range []onceRecord{
		{print, nil, "", "", at}, {print, []byte{}, "x", "", at}, {print, []byte(`{"a":1}`), "01ke6jq3z8hb482av5nwvp7qdv", "ada", at}, {print, bytes.Repeat([]byte("x"), 70_000), string(print), "y", at},
	} {
		raw, err := want.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode[onceRecord](bucketOnce, raw)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Fingerprint, want.Fingerprint) || !bytes.Equal(got.Answer, want.Answer) || (got.Answer == nil) != (want.Answer == nil) || got.Subject != want.Subject || got.Holder != want.Holder || !got.At.Equal(want.At) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	for _, bad := range []onceRecord{{print[:31], nil, "", "", at}, {nil, nil, "", "", at}, {print, nil, string(make([]byte, 256)), "", at}, {print, nil, "", string(make([]byte, 256)), at}} {
		if raw, err := bad.AppendBinary(nil); err == nil {
			t.Errorf("%v was written as %d bytes", bad, len(raw))
		}
	}
}

// FuzzOnceRecord wants what can be read to be written back as the same bytes.
func FuzzOnceRecord(f *testing.F) {
	good, err := onceRecord{make([]byte, 32), []byte("{}"), "subject", "holder", time.Unix(1, 0)}.AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{good, good[:len(good)-2], good[:onceHead], {onceVersion}, nil, []byte(`{"f":"","t":"2026-01-05T08:00:00Z"}`)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r onceRecord
		if r.UnmarshalBinary(raw) != nil {
			return
		}
		again, err := r.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%x was read and written back as %x, %v", raw, again, err)
		}
	})
}

// TestTheKeyCacheIsBounded also wants what was read before a drop to stay out.
func TestTheKeyCacheIsBounded(t *testing.T) {
	var c keyCache
	for i := range 3 * maxCachedKeys {
		c.put([32]byte{byte(i), byte(i >> 8)}, &knownKey{}, 0)
	}
	if len(c.keys) != maxCachedKeys {
		t.Errorf("%d keys are kept, want %d", len(c.keys), maxCachedKeys)
	}
	_, before := c.get([32]byte{1})
	c.drop()
	c.put([32]byte{1}, &knownKey{}, before)
	if k, _ := c.get([32]byte{1}); k != nil || len(c.keys) != 0 {
		t.Errorf("after a drop %d keys are kept, among them one that was read before", len(c.keys))
	}
}
