package locker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"penstock/store"
	"penstock/store/mem"
)

// filled is a keyring with owners' keys, one of them erased, and a record of
// each.
type filled struct {
	keys   *mem.Store
	master MasterKey
	sealed [][]byte
	print  Fingerprint
}

const filledOwners = 7 // the last is erased

func filledOwner(i int) Owner { return Owner{Merchant: "m", Mode: "live", Subject: fmt.Sprint(i)} }

func fill(t *testing.T) *filled {
	t.Helper()
	f := &filled{keys: mem.New(mem.Options{}), master: NewMaster()}
	l := openLocker(t, f.keys, f.master)
	for i := range filledOwners {
		f.sealed = append(f.sealed, mustSeal(t, l, filledOwner(i), card, fmt.Sprint("detail ", i)))
	}
	if err := l.Erase(ctx, filledOwner(filledOwners-1)); err != nil {
		t.Fatal(err)
	}
	var err error
	if f.print, err = l.Fingerprint(ctx, "m", "live", "card:1"); err != nil {
		t.Fatal(err)
	}
	l.Close()
	return f
}

// check opens everything that could be opened when f was filled.
func (f *filled) check(t *testing.T, l *Locker) {
	t.Helper()
	for i, sealed := range f.sealed[:filledOwners-1] {
		wantOpen(t, l, filledOwner(i), card, sealed, fmt.Sprint("detail ", i))
	}
	_, err := l.Open(ctx, filledOwner(filledOwners-1), card, f.sealed[filledOwners-1])
	wantErr(t, "open for the erased owner", err, ErrErased)
	if got, err := l.Fingerprint(ctx, "m", "live", "card:1"); got != f.print || err != nil {
		t.Errorf("fingerprint = %v, %v, want %v", got, err, f.print)
	}
	if err := l.Verify(ctx); err != nil {
		t.Error(err)
	}
}

// wantOnlyTerm checks that every key lies under term n, and no other term is
// left.
func wantOnlyTerm(t *testing.T, l *Locker, n uint32) {
	t.Helper()
	if left, err := l.leftUnder(ctx, n); left != 0 || err != nil {
		t.Errorf("%d keys are not under term %d, %v", left, n, err)
	}
	if s := l.Status(); s.Term != n || s.Terms != 1 || s.Rotating {
		t.Errorf("status %+v, want term %d alone", s, n)
	}
	err := l.keys.View(ctx, func(tx store.Tx) error {
		rows, err := tx.Scan(bucketTerms, nil, nil, maxTerms, false)
		if err == nil && (len(rows) != 1 || !bytes.Equal(rows[0].Key, termRow(n))) {
			t.Errorf("%d terms are in the keyring, want %d alone", len(rows), n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRotationKeepsEverythingReadable(t *testing.T) {
	f := fill(t)
	l := openLocker(t, f.keys, f.master)
	for n := uint32(2); n < 5; n++ {
		if err := l.Rotate(ctx); err != nil {
			t.Fatal(err)
		}
		wantOnlyTerm(t, l, n)
		f.check(t, l)
		f.keys = f.keys.Reopen()
		l = openLocker(t, f.keys, f.master)
		wantOnlyTerm(t, l, n)
		f.check(t, l)
	}
}

// TestRotationKilledAnywhere ends the process at every transaction of a
// rotation, which with a page of one are all the boundaries between records,
// before the commit and after it.
func TestRotationKilledAnywhere(t *testing.T) {
	for _, after := range []bool{false, true} {
		cuts := 0
		for at := 1; ; at++ {
			f := fill(t)
			cut := &cutStore{Store: f.keys}
			l := openLocker(t, cut, f.master)
			l.page = 1
			cut.arm(at, after)
			err := l.Rotate(ctx)
			cut.disarm()
			if err == nil {
				break // there are fewer transactions than that
			}
			if !errors.Is(err, errCut) {
				t.Fatalf("rotation cut at %d: %v", at, err)
			}
			cuts++
			f.keys = f.keys.PowerCut()

			l = openLocker(t, f.keys, f.master)
			f.check(t, l)
			begun := l.Status().Rotating
			mustSeal(t, l, Owner{Merchant: "m", Mode: "live", Subject: "new"}, card, "x")
			if err := l.Rotate(ctx); err != nil {
				t.Fatalf("rotation after a cut at %d: %v", at, err)
			}
			f.check(t, l)
			want := uint32(2)
			if !begun && (at > 1 || after) {
				want = 3 // the cut one had ended but for the answer
			}
			wantOnlyTerm(t, l, want)
		}
		if want := filledOwners + 2; cuts < want {
			t.Errorf("after=%v: cut at %d transactions, want at least %d: begin, each key, end", after, cuts, want)
		}
	}
}

func TestRotationResumesWhereItStopped(t *testing.T) {
	f := fill(t)
	cut := &cutStore{Store: f.keys}
	l := openLocker(t, cut, f.master)
	l.page = 1
	cut.arm(5, false) // begun, and three keys done
	wantErr(t, "rotation", l.Rotate(ctx), errCut)
	cut.disarm()

	l = openLocker(t, f.keys, f.master)
	if s := l.Status(); !s.Rotating || s.Term != 2 || s.Terms != 2 {
		t.Errorf("status in mid-rotation = %+v", s)
	}
	err := f.keys.View(ctx, func(tx store.Tx) error {
		from, err := l.cursor(tx)
		if want := after(filledOwner(2).rowKey()); !bytes.Equal(from, want) {
			t.Errorf("cursor = %x, want %x", from, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := l.leftUnder(ctx, 2); left != filledOwners-3 || err != nil {
		t.Errorf("%d keys are left, %v, want %d", left, err, filledOwners-3)
	}
	if err := l.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	wantOnlyTerm(t, l, 2)
	f.check(t, l)
}

func TestRotationMeetsFirstUses(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	l.page = 1
	const n = 100
	sealed := make([][]byte, n)
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := part; i < n; i += 4 {
				var err error
				if sealed[i], err = l.Seal(ctx, filledOwner(i), card, []byte("x")); err != nil {
					t.Error(err)
				}
				if i%10 == 3 {
					if err := l.Erase(ctx, filledOwner(i)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for range 5 {
		if err := l.Rotate(ctx); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	l.cache.clear()
	for i, s := range sealed {
		if i%10 == 3 {
			_, err := l.Open(ctx, filledOwner(i), card, s)
			wantErr(t, "open for an erased owner", err, ErrErased)
			continue
		}
		wantOpen(t, l, filledOwner(i), card, s, "x")
	}
	wantOnlyTerm(t, l, 6)
}

func TestRotationStopsBeforeItLosesAKey(t *testing.T) {
	f := fill(t)
	l := openLocker(t, f.keys, f.master)
	row := filledOwner(3).rowKey()
	var good []byte
	err := f.keys.Update(ctx, func(tx store.Tx) error {
		v, err := tx.Get(bucketKeys, row)
		if err != nil {
			return err
		}
		good = bytes.Clone(v)
		bad := bytes.Clone(v)
		bad[len(bad)-1] ^= 1
		return tx.Put(bucketKeys, row, bad)
	})
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "rotation over a changed key", l.Rotate(ctx), ErrTampered)
	wantErr(t, "verify with a changed key", l.Verify(ctx), ErrTampered)
	if got := l.Status().Terms; got != 2 {
		t.Errorf("%d terms are left, want 2: the old one is still needed", got)
	}
	err = f.keys.Update(ctx, func(tx store.Tx) error { return tx.Put(bucketKeys, row, good) })
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	f.check(t, l)
	wantOnlyTerm(t, l, 2)
}

// TestForgedCursorDoesNotDestroyKeys puts back an old key behind the cursor,
// which a rotation that trusted the cursor alone would leave behind.
func TestForgedCursorDoesNotDestroyKeys(t *testing.T) {
	f := fill(t)
	row := filledOwner(0).rowKey()
	cut := &cutStore{Store: f.keys}
	l := openLocker(t, cut, f.master)
	l.page = 1
	var old []byte
	err := f.keys.View(ctx, func(tx store.Tx) error {
		v, err := tx.Get(bucketKeys, row)
		old = bytes.Clone(v)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cut.arm(4, false)
	wantErr(t, "rotation", l.Rotate(ctx), errCut)
	cut.disarm()
	err = f.keys.Update(ctx, func(tx store.Tx) error { return tx.Put(bucketKeys, row, old) })
	if err != nil {
		t.Fatal(err)
	}
	l = openLocker(t, f.keys, f.master)
	if err := l.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	f.check(t, l)
	wantOnlyTerm(t, l, 2)
}

func TestRotationEndsWithItsContext(t *testing.T) {
	f := fill(t)
	l := openLocker(t, f.keys, f.master)
	done, cancel := context.WithCancel(ctx)
	cancel()
	wantErr(t, "rotation", l.Rotate(done), context.Canceled)
	f.check(t, l)
	l.admin.Lock()
	wantErr(t, "rotation beside another", l.Rotate(ctx), ErrBusy)
	wantErr(t, "master rotation beside another", l.RotateMaster(ctx, NewMaster()), ErrBusy)
	l.admin.Unlock()
}

func TestMasterRotationLeavesOneMaster(t *testing.T) {
	for _, after := range []bool{false, true} {
		f := fill(t)
		next := NewMaster()
		cut := &cutStore{Store: f.keys}
		l := openLocker(t, cut, f.master)
		cut.arm(1, after)
		wantErr(t, "rotate master", l.RotateMaster(ctx, next), errCut)
		l.Close()
		good, bad := f.master, next
		if after {
			good, bad = next, f.master
		}
		_, err := Open(ctx, Config{Keys: f.keys, Master: bad})
		wantErr(t, "open with the master that is not", err, ErrWrongMaster)
		f.check(t, openLocker(t, f.keys, good))
	}
}

func TestBothRotationsTogether(t *testing.T) {
	f := fill(t)
	cut := &cutStore{Store: f.keys}
	l := openLocker(t, cut, f.master)
	l.page = 1
	cut.arm(4, true) // in mid-rotation
	wantErr(t, "rotation", l.Rotate(ctx), errCut)
	l.Close()

	l = openLocker(t, f.keys, f.master)
	next := NewMaster()
	if err := l.RotateMaster(ctx, next); err != nil {
		t.Fatal(err)
	}
	f.check(t, l)
	if err := l.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := l.Rotate(ctx); err != nil { // the new term goes under the new master
		t.Fatal(err)
	}
	l = openLocker(t, f.keys, next)
	f.check(t, l)
	wantOnlyTerm(t, l, 3)
	wantErr(t, "the zero master", l.RotateMaster(ctx, MasterKey{}), ErrWrongMaster)
}

// TestEveryKeyringRowIsBound changes, moves and removes each row and expects
// that somebody notices.
func TestEveryKeyringRowIsBound(t *testing.T) {
	f := fill(t)
	cut := &cutStore{Store: f.keys}
	l := openLocker(t, cut, f.master)
	l.page = 1
	cut.arm(4, true)
	wantErr(t, "rotation", l.Rotate(ctx), errCut) // so that two terms and a cursor are there
	l.Close()
	f.keys = f.keys.PowerCut()
	l = openLocker(t, f.keys, f.master)

	for _, bucket := range []string{bucketTerms, bucketRoot, bucketKeys, bucketCursor} {
		var rows []store.Pair
		err := f.keys.View(ctx, func(tx store.Tx) (err error) {
			rows, err = tx.Scan(bucket, nil, nil, 100, false)
			return err
		})
		if err != nil || len(rows) == 0 {
			t.Fatalf("%s: %d rows, %v", bucket, len(rows), err)
		}
		for i, row := range rows {
			for bit := range len(row.Value) * 8 {
				changed := bytes.Clone(row.Value)
				changed[bit/8] ^= 1 << (bit % 8)
				wantUnverified(t, l, f.keys, bucket, row, changed, fmt.Sprint("bit ", bit))
			}
			if other := rows[(i+1)%len(rows)]; len(rows) > 1 {
				wantUnverified(t, l, f.keys, bucket, row, other.Value, "another row's value")
			}
			wantUnverified(t, l, f.keys, bucket, row, nil, "an empty value")
		}
	}
	f.check(t, l)
}

func wantUnverified(t *testing.T, l *Locker, keys store.Store, bucket string, row store.Pair, value []byte, what string) {
	t.Helper()
	put := func(v []byte) {
		if err := keys.Update(ctx, func(tx store.Tx) error { return tx.Put(bucket, row.Key, v) }); err != nil {
			t.Fatal(err)
		}
	}
	put(value)
	if err := l.Verify(ctx); !errors.Is(err, ErrTampered) && !errors.Is(err, ErrWrongMaster) {
		t.Errorf("%s row %x with %s: verify = %v, want a refusal", bucket, row.Key, what, err)
	}
	put(row.Value)
}
