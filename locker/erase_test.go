package locker

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"penstock/store"
	"penstock/store/mem"
)

func TestErasedOwnerNeverComesBack(t *testing.T) {
	keys := mem.New(mem.Options{})
	l, master := newLocker(t, keys)
	sealed := mustSeal(t, l, alice, card, "x")
	bob := Owner{Merchant: "acme", Mode: "live", Subject: "cus_bob"} // never had a key
	for range 2 {
		for _, o := range []Owner{alice, bob} {
			if err := l.Erase(ctx, o); err != nil {
				t.Fatalf("erase %v: %v", o, err)
			}
		}
	}
	if err := l.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	for _, restart := range []bool{false, true} {
		if restart {
			l = openLocker(t, keys.Reopen(), master)
		}
		_, err := l.Open(ctx, alice, card, sealed)
		wantErr(t, "open after erase", err, ErrErased)
		for _, o := range []Owner{alice, bob} {
			_, err := l.Seal(ctx, o, card, []byte("y"))
			wantErr(t, "seal for erased "+o.String(), err, ErrErased)
		}
	}
}

func TestEraseBeatsReadersUnderWay(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	for i := range 50 {
		o := Owner{Merchant: "acme", Mode: "live", Subject: fmt.Sprint(i)}
		sealed := mustSeal(t, l, o, card, "x")
		l.cache.drop(o) // so that readers load it while it is being erased
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := l.Open(ctx, o, card, sealed); err != nil && !errors.Is(err, ErrErased) {
					t.Errorf("open while erasing: %v", err)
				}
			})
		}
		if err := l.Erase(ctx, o); err != nil {
			t.Fatal(err)
		}
		_, err := l.Open(ctx, o, card, sealed)
		wantErr(t, "open after erase", err, ErrErased)
		wg.Wait()
		_, err = l.Open(ctx, o, card, sealed)
		wantErr(t, "open after all readers", err, ErrErased)
	}
}

// TestKeyReadBeforeEraseIsNotKept is the interleaving that the test above only
// meets by luck.
func TestKeyReadBeforeEraseIsNotKept(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	sealed := mustSeal(t, l, alice, card, "x")
	l.cache.drop(alice)
	epoch := l.cache.now()
	var k dataKey
	err := l.keys.View(ctx, func(tx store.Tx) (err error) {
		k, err = l.getKey(tx, alice.rowKey())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Erase(ctx, alice); err != nil {
		t.Fatal(err)
	}
	l.cache.put(alice, &k, epoch)
	_, err = l.Open(ctx, alice, card, sealed)
	wantErr(t, "open after erase", err, ErrErased)
}

// TestEraseBetweenLookAndCreate is a first use that found no key, and an
// erasure that committed before the first use came to create one.
func TestEraseBetweenLookAndCreate(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	if err := l.Erase(ctx, alice); err != nil {
		t.Fatal(err)
	}
	err := l.keys.Update(ctx, func(tx store.Tx) error {
		_, err := l.getOrCreateKey(tx, alice.rowKey())
		return err
	})
	wantErr(t, "create for an erased owner", err, ErrErased)
	_, err = l.Seal(ctx, alice, card, nil)
	wantErr(t, "seal afterwards", err, ErrErased)
}
