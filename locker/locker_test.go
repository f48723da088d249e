package locker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"penstock/store"
	"penstock/store/mem"
)

var ctx = context.Background()

var (
	alice = OwnerOfCustomer("acme", "live", "cus_alice")
	card  = Place{Bucket: "methods", Token: "pm_1"}
)

// newLocker returns a locker over an empty keyring. When the test ends, every
// key of the keyring must open.
func newLocker(t testing.TB, keys store.Store) (*Locker, MasterKey) {
	t.Helper()
	master := NewMaster()
	return openLocker(t, keys, master), master
}

func openLocker(t testing.TB, keys store.Store, master MasterKey) *Locker {
	t.Helper()
	l, err := Open(ctx, Config{Keys: keys, Master: master})
	if err != nil {
		t.Fatalf("open locker: %v", err)
	}
	t.Cleanup(func() {
		err := l.Verify(ctx)
		ended := errors.Is(err, ErrSealed) || errors.Is(err, store.ErrClosed) // by the test
		if err != nil && !ended {
			t.Errorf("the keyring at the end of the test: %v", err)
		}
		l.Close()
	})
	return l
}

func mustSeal(t testing.TB, l *Locker, o Owner, p Place, plaintext string) []byte {
	t.Helper()
	sealed, err := l.Seal(ctx, o, p, []byte(plaintext))
	if err != nil {
		t.Fatalf("seal for %v at %v: %v", o, p, err)
	}
	return sealed
}

func wantOpen(t testing.TB, l *Locker, o Owner, p Place, sealed []byte, want string) {
	t.Helper()
	got, err := l.Open(ctx, o, p, sealed)
	if err != nil {
		t.Fatalf("open for %v at %v: %v", o, p, err)
	}
	if string(got) != want {
		t.Fatalf("open for %v at %v = %q, want %q", o, p, got, want)
	}
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

func TestWhatIsSealedOpens(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	for _, n := range []int{0, 1, 31, 32, 33, 63, 64, 1000, MaxPlaintext} {
		want := bytes.Repeat([]byte{0x80}, n) // looks like padding
		sealed, err := l.Seal(ctx, alice, card, want)
		if err != nil {
			t.Fatalf("seal %d bytes: %v", n, err)
		}
		got, err := l.Open(ctx, alice, card, sealed)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("open %d bytes: got %d bytes, error %v", n, len(got), err)
		}
	}
}

func TestLengthIsHidden(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	short := mustSeal(t, l, alice, card, "4111111111111")      // 13 digits
	long := mustSeal(t, l, alice, card, "4111111111111111111") // 19 digits
	if len(short) != len(long) {
		t.Errorf("13 and 19 digits are sealed in %d and %d bytes, want the same", len(short), len(long))
	}
	if again := mustSeal(t, l, alice, card, "4111111111111"); bytes.Equal(short, again) {
		t.Error("sealing twice gave the same bytes, so a nonce was used twice")
	}
}

func TestSwappedRecordsAreRefused(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	const n = 1000
	owner := func(i int) Owner { // several records to an owner, several owners to a merchant
		return Owner{Merchant: fmt.Sprint("m", i%3), Mode: "live", Subject: fmt.Sprint("c", i%100)}
	}
	place := func(i int) Place { return Place{Bucket: "methods", Token: fmt.Sprint("pm", i)} }
	sealed := make([][]byte, n)
	for i := range sealed {
		sealed[i] = mustSeal(t, l, owner(i), place(i), fmt.Sprint("detail ", i))
	}
	refused := 0
	for i := range sealed {
		for _, step := range []int{1, 100, 300, 500} { // others' and the owner's own
			_, err := l.Open(ctx, owner(i), place(i), sealed[(i+step)%n])
			if errors.Is(err, ErrTampered) {
				refused++
			}
		}
		wantOpen(t, l, owner(i), place(i), sealed[i], fmt.Sprint("detail ", i))
	}
	if want := 4 * n; refused != want {
		t.Errorf("%d of %d swapped records were refused, want all", refused, want)
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	sealed := mustSeal(t, l, alice, card, "4111111111111111")
	for bit := range len(sealed) * 8 {
		changed := bytes.Clone(sealed)
		changed[bit/8] ^= 1 << (bit % 8)
		if got, err := l.Open(ctx, alice, card, changed); !errors.Is(err, ErrTampered) {
			t.Errorf("bit %d flipped: got %d bytes, error %v, want ErrTampered", bit, len(got), err)
		}
	}
	for n := range sealed {
		_, err := l.Open(ctx, alice, card, sealed[:n])
		wantErr(t, fmt.Sprintf("cut to %d bytes", n), err, ErrTampered)
	}
	_, err := l.Open(ctx, alice, card, append(bytes.Clone(sealed), 0))
	wantErr(t, "one byte more", err, ErrTampered)
}

func TestRecordOpensOnlyForItsOwnerAndPlace(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	sealed := mustSeal(t, l, alice, card, "x")
	day := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)
	owners := []Owner{
		OwnerOfCustomer("other", "live", "cus_alice"),
		OwnerOfCustomer("acme", "test", "cus_alice"),
		OwnerOfCustomer("acme", "live", "cus_bob"),
		OwnerOfCustomer("acmel", "ive", "cus_alice"), // the same letters, cut elsewhere
		OwnerOfDay("acme", "live", day),
	}
	for _, o := range owners {
		mustSeal(t, l, o, card, "so that it has a key")
		_, err := l.Open(ctx, o, card, sealed)
		wantErr(t, "open for "+o.String(), err, ErrTampered)
	}
	for _, p := range []Place{{"methods", "pm_2"}, {"drafts", "pm_1"}, {"methodsp", "m_1"}} {
		_, err := l.Open(ctx, alice, p, sealed)
		wantErr(t, fmt.Sprint("open at ", p), err, ErrTampered)
	}
	_, err := l.OpenSecret(ctx, card, sealed)
	wantErr(t, "open as secret", err, ErrNoKey)
	wantOpen(t, l, alice, card, sealed, "x")
}

func TestSecretsAreApart(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	sealed, err := l.SealSecret(ctx, card, []byte("provider password"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.OpenSecret(ctx, card, sealed)
	if err != nil || string(got) != "provider password" {
		t.Errorf("OpenSecret = %q, %v", got, err)
	}
	wantErr(t, "erase the appliance", l.Erase(ctx, appliance), ErrName)
	_, err = l.Open(ctx, appliance, card, sealed)
	wantErr(t, "open for the appliance", err, ErrName)
	_, err = l.Open(ctx, alice, card, sealed)
	wantErr(t, "open for a customer", err, ErrNoKey)
}

func TestDayCannotBeTakenByACustomer(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	at := time.Date(2026, 11, 21, 1, 0, 0, 0, time.FixedZone("", 2*3600))
	day := OwnerOfDay("acme", "live", at)
	if got, want := day.Subject, "day:2026-11-20"; got != want {
		t.Errorf("day of %v is %q, want %q (UTC)", at, got, want)
	}
	sealed := mustSeal(t, l, day, card, "x")
	if err := l.Erase(ctx, OwnerOfCustomer("acme", "live", day.Subject)); err != nil {
		t.Fatal(err)
	}
	wantOpen(t, l, day, card, sealed, "x")
}

func TestRacingFirstUseMakesOneKey(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	const n = 64
	l.keys = newLateStore(l.keys, n)
	sealed := make([][]byte, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var err error
			if sealed[i], err = l.Seal(ctx, alice, card, []byte(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	l.cache.clear()
	for i, s := range sealed {
		wantOpen(t, l, alice, card, s, fmt.Sprint(i))
		if got, want := [idSize]byte(s[3:]), [idSize]byte(sealed[0][3:]); got != want {
			t.Errorf("seal %d used key %x, seal 0 used %x", i, got, want)
		}
	}
}

func TestKeyIsDurableBeforeItSeals(t *testing.T) {
	keys := mem.New(mem.Options{})
	l, master := newLocker(t, keys)
	sealed := mustSeal(t, l, alice, card, "x")
	wantOpen(t, openLocker(t, keys.PowerCut(), master), alice, card, sealed, "x")

	cut := &cutStore{Store: mem.New(mem.Options{})}
	l, _ = newLocker(t, cut)
	cut.arm(1, false)
	if sealed, err := l.Seal(ctx, alice, card, []byte("x")); !errors.Is(err, errCut) || sealed != nil {
		t.Errorf("seal when the key cannot be stored: %d bytes, error %v, want none and %v", len(sealed), err, errCut)
	}
	cut.disarm()
}

func TestKnownOwnerNeedsNoStore(t *testing.T) {
	cut := &cutStore{Store: mem.New(mem.Options{})}
	l, _ := newLocker(t, cut)
	sealed := mustSeal(t, l, alice, card, "x")
	cut.kill()
	mustSeal(t, l, alice, card, "y")
	wantOpen(t, l, alice, card, sealed, "x")
	cut.disarm()
}

func TestCacheIsBoundedAndEvictedKeysStillWork(t *testing.T) {
	l, err := Open(ctx, Config{Keys: mem.New(mem.Options{}), Master: NewMaster(), CacheKeys: 3})
	if err != nil {
		t.Fatal(err)
	}
	owner := func(i int) Owner { return Owner{Merchant: "m", Mode: "test", Subject: fmt.Sprint(i)} }
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				o := owner(i % 10)
				sealed, err := l.Seal(ctx, o, card, []byte("x"))
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := l.Open(ctx, o, card, sealed); err != nil || string(got) != "x" {
					t.Errorf("open for %v = %q, %v", o, got, err)
				}
			}
		})
	}
	wg.Wait()
	if got := l.Status().Cached; got != 3 {
		t.Errorf("%d keys are cached, want 3", got)
	}
}

func TestWornKeyIsRefused(t *testing.T) {
	keys := mem.New(mem.Options{})
	l, _ := newLocker(t, keys)
	mustSeal(t, l, alice, card, "x")
	seals := func() uint64 {
		var k dataKey
		err := keys.View(ctx, func(tx store.Tx) (err error) {
			k, err = l.getKey(tx, alice.rowKey())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return k.seals
	}
	for range sealStep {
		mustSeal(t, l, alice, card, "x")
	}
	if got := seals(); got != sealStep {
		t.Errorf("after %d seals the keyring counts %d", sealStep, got)
	}
	if err := l.countSeals(ctx, alice, MaxSeals-sealStep); err != nil {
		t.Fatal(err)
	}
	l.cache.drop(alice)
	for range 2 { // from the keyring, then from the cache
		_, err := l.Seal(ctx, alice, card, []byte("x"))
		wantErr(t, "seal past MaxSeals", err, ErrWorn)
		l.openingKey(ctx, alice)
	}
}

func TestSealedLockerRefusesEverything(t *testing.T) {
	keys := mem.New(mem.Options{})
	l, master := newLocker(t, keys)
	sealed := mustSeal(t, l, alice, card, "x")
	ring := l.Status().Ring

	l, err := OpenSealed(Config{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	refusesAll := func() {
		t.Helper()
		acts := map[string]func() error{
			"Seal":         func() error { _, err := l.Seal(ctx, alice, card, nil); return err },
			"Open":         func() error { _, err := l.Open(ctx, alice, card, sealed); return err },
			"SealSecret":   func() error { _, err := l.SealSecret(ctx, card, nil); return err },
			"OpenSecret":   func() error { _, err := l.OpenSecret(ctx, card, sealed); return err },
			"Fingerprint":  func() error { _, err := l.Fingerprint(ctx, "m", "live", "x"); return err },
			"MAC":          func() error { _, err := l.MAC("x"); return err },
			"Erase":        func() error { return l.Erase(ctx, OwnerOfCustomer("acme", "live", "another")) },
			"Rotate":       func() error { return l.Rotate(ctx) },
			"RotateMaster": func() error { return l.RotateMaster(ctx, NewMaster()) },
			"Verify":       func() error { return l.Verify(ctx) },
		}
		for name, act := range acts {
			wantErr(t, name, act(), ErrSealed)
		}
		if s := l.Status(); s != (Status{Sealed: true}) {
			t.Errorf("status of a sealed locker: %+v", s)
		}
	}
	refusesAll()
	wantErr(t, "unseal with another key", l.Unseal(ctx, NewMaster()), ErrWrongMaster)
	wantErr(t, "unseal with no key", l.Unseal(ctx, MasterKey{}), ErrWrongMaster)
	refusesAll()
	if err := l.Unseal(ctx, master); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "unseal twice", l.Unseal(ctx, master), ErrOpen)
	wantOpen(t, l, alice, card, sealed, "x")
	if got, want := l.Status(), (Status{Term: 1, Terms: 1, Cached: 1, Master: master.ID(), Ring: ring}); got != want {
		t.Errorf("status = %+v, want %+v", got, want)
	}
	l.Close()
	l.Close()
	refusesAll()
	if err := l.Unseal(ctx, master); err != nil {
		t.Fatal(err)
	}
	wantOpen(t, l, alice, card, sealed, "x")
}

func TestLostKeyringIsNotMadeAnew(t *testing.T) {
	_, err := Open(ctx, Config{Keys: mem.New(mem.Options{}), Master: NewMaster(), Existing: true})
	wantErr(t, "existing, over an empty keyring", err, ErrNoKeyring)

	keys := mem.New(mem.Options{})
	master := NewMaster()
	l, err := Open(ctx, Config{Keys: keys, Master: master})
	if err != nil {
		t.Fatal(err)
	}
	mustSeal(t, l, alice, card, "x")
	deleteRow(t, keys, bucketTerms, termRow(1))
	_, err = Open(ctx, Config{Keys: keys, Master: master})
	wantErr(t, "keys without terms", err, ErrTampered)
}

func TestRacingOpensMakeOneKeyring(t *testing.T) {
	rings := make([]string, 8)
	keys := newLateStore(mem.New(mem.Options{}), len(rings))
	master := NewMaster()
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() {
			l, err := Open(ctx, Config{Keys: keys, Master: master})
			if err != nil {
				t.Error(err)
				return
			}
			rings[i] = l.Status().Ring
		})
	}
	wg.Wait()
	for _, ring := range rings {
		if ring != rings[0] || ring == "" {
			t.Errorf("keyrings %q, want one", rings)
		}
	}
}

func TestBadInputNamesTheField(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	long := string(bytes.Repeat([]byte("x"), 256))
	for _, c := range []struct {
		o     Owner
		p     Place
		field string
	}{
		{Owner{Mode: "live", Subject: "c"}, card, "owner.Merchant"},
		{Owner{Merchant: "m", Subject: "c"}, card, "owner.Mode"},
		{Owner{Merchant: "m", Mode: "live"}, card, "owner.Subject"},
		{Owner{Merchant: "m", Mode: "live", Subject: long}, card, "owner.Subject"},
		{alice, Place{Token: "t"}, "place.Bucket"},
		{alice, Place{Bucket: long, Token: "t"}, "place.Bucket"},
		{alice, Place{Bucket: "b"}, "place.Token"},
	} {
		_, err := l.Seal(ctx, c.o, c.p, nil)
		if !errors.Is(err, ErrName) || !bytes.Contains([]byte(err.Error()), []byte(c.field)) {
			t.Errorf("seal for %v at %v: error %v, want ErrName about %s", c.o, c.p, err, c.field)
		}
	}
	_, err := l.Seal(ctx, alice, card, make([]byte, MaxPlaintext+1))
	wantErr(t, "seal too much", err, ErrTooLarge)
	if _, err := OpenSealed(Config{}); err == nil {
		t.Error("a Config without Keys was taken")
	}
	if _, err := OpenSealed(Config{Keys: l.keys, CacheKeys: -1}); err == nil {
		t.Error("a negative CacheKeys was taken")
	}
}

func TestOwnerRowsAreOneToOne(t *testing.T) {
	seen := map[string]Owner{}
	for _, o := range []Owner{
		alice, appliance, OwnerOfCustomer("a", "b", "day:1970-01-01"),
		{Merchant: "a", Mode: "b", Subject: "c"}, {Merchant: "ab", Mode: "b", Subject: "c"},
		{Merchant: "a", Mode: "bb", Subject: "c"}, OwnerOfDay("a", "b", time.Unix(0, 0)),
	} {
		row := o.rowKey()
		if other, ok := seen[string(row)]; ok {
			t.Errorf("%v and %v share a row", o, other)
		}
		seen[string(row)] = o
		if got, ok := ownerOf(row); !ok || got != o {
			t.Errorf("ownerOf(rowKey(%v)) = %v, %v", o, got, ok)
		}
		for n := range row {
			if got, ok := ownerOf(row[:n]); ok {
				t.Errorf("the first %d bytes of %v's row name %v", n, o, got)
			}
		}
	}
}
