package engine_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"penstock/engine/sim"
	"penstock/store"
)

// TestARepeatIsKnownWithoutAPlainHash: who has the store and knows all of a
// body but some digits of a card number must not find them by trying.
func TestARepeatIsKnownWithoutAPlainHash(t *testing.T) {
	k := newKit(t, sim.Config{})
	key := "4111111111111111"
	o := once(key, "what a body's plain hash may be.")
	_, err := k.create(o)
	must(t, err)
	hash := sha256.Sum256([]byte(key))
	rows := 0
	must(t, k.Store.View(k.Ctx, func(tx store.Tx) error {
		page, err := tx.Scan("once", nil, nil, 100, false)
		for _, p := range page {
			rows++
			record := bytes.Join([][]byte{p.Key, p.Value}, nil)
			for what, secret := range map[string][]byte{"the key": []byte(key), "its plain hash": hash[:], "the body's": o.Fingerprint[:], "the body's in base64": []byte("d2hhdCBhIGJvZHkncyBwbGFp")} {
				if bytes.Contains(record, secret) {
					t.Errorf("the once-record holds %s: %q", what, record)
				}
			}
		}
		return err
	}))
	if rows != 1 {
		t.Errorf("%d once-records, want 1", rows)
	}
}
