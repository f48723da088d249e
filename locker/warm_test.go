package locker

import (
	"errors"
	"testing"

	"penstock/store/mem"
)

// TestWarmSealsAndOpensWithoutTheKeyring: what needs the keyring says so, and
// after Warm the same bytes open by either way, until the owner is erased.
func TestWarmSealsAndOpensWithoutTheKeyring(t *testing.T) {
	l := openLocker(t, mem.New(mem.Options{}), NewMaster())
	if _, err := l.SealWarm(alice, card, []byte("x")); !errors.Is(err, ErrCold) {
		t.Fatalf("cold: %v", err)
	}
	if err := l.Warm(ctx, alice); err != nil {
		t.Fatal(err)
	}
	sealed, err := l.SealWarm(alice, card, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, l, alice, card, sealed, "secret")
	if got, err := l.OpenWarm(alice, card, sealed); err != nil || string(got) != "secret" {
		t.Errorf("opened %q, %v", got, err)
	}
	if _, err := l.OpenWarm(alice, Place{card.Bucket, card.Token + "x"}, sealed); !errors.Is(err, ErrTampered) {
		t.Errorf("at another place: %v", err)
	}
	if _, err := l.SealWarm(alice, card, make([]byte, MaxPlaintext+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, err := l.SealWarm(Owner{}, card, nil); !errors.Is(err, ErrName) {
		t.Errorf("without an owner: %v", err)
	}
	if err := l.Erase(ctx, alice); err != nil {
		t.Fatal(err)
	}
	if _, err := l.OpenWarm(alice, card, sealed); !errors.Is(err, ErrCold) {
		t.Errorf("erased: %v", err)
	}
	if err := l.Warm(ctx, alice); !errors.Is(err, ErrErased) {
		t.Errorf("warmed after its erasure: %v", err)
	}
	l.Close()
	if err := l.Warm(ctx, alice); !errors.Is(err, ErrSealed) && !errors.Is(err, ErrErased) {
		t.Errorf("sealed: %v", err)
	}
}

// TestMoreThanIsEverSealedIsNotOpened, though it authenticates: how much a
// record may hold is fixed, and looked at first.
func TestMoreThanIsEverSealedIsNotOpened(t *testing.T) {
	l := openLocker(t, mem.New(mem.Options{}), NewMaster())
	if err := l.Warm(ctx, alice); err != nil {
		t.Fatal(err)
	}
	k, err := l.openingKey(ctx, alice)
	if err != nil {
		t.Fatal(err)
	}
	body := seal(&k.key, header{kind: kindRecord, id: k.id}, pad(nil, make([]byte, MaxPlaintext+block)), card.Bucket, card.Token)
	var r *refusal
	if got, err := l.Open(ctx, alice, card, body); got != nil || !errors.Is(err, ErrTampered) || !errors.As(err, &r) || r.stage != stageLength {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
