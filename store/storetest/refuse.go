package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"penstock/store"
)

func testLimits(s *suite) {
	key, bigKey := bytes.Repeat([]byte{0xff}, store.MaxKey), make([]byte, store.MaxKey+1)
	value, bigValue := bytes.Repeat([]byte("v"), store.MaxValue), make([]byte, store.MaxValue+1)
	bucket, bigBucket := strings.Repeat("\xff", store.MaxBucket), strings.Repeat("b", store.MaxBucket+1)

	s.update(func(tx store.Tx) error { return tx.Put(bucket, key, value) })
	s.view(func(tx store.Tx) error {
		v, err := tx.Get(bucket, key)
		if err != nil {
			return err
		}
		if !bytes.Equal(v, value) {
			s.Errorf("the largest value came back changed, %d bytes of %d", len(v), len(value))
		}
		got, err := tx.Scan(bucket, nil, nil, 10, true)
		if err == nil && (len(got) != 1 || !bytes.Equal(got[0].Key, key) || !bytes.Equal(got[0].Value, value)) {
			s.Errorf("Scan of the largest pair gave %d pairs", len(got))
		}
		return err
	})

	calls := func(tx store.Tx) {
		_, getKey := tx.Get("b", bigKey)
		_, getNone := tx.Get("b", nil)
		_, getBucket := tx.Get(bigBucket, key)
		_, scanBucket := tx.Scan(bigBucket, nil, nil, 1, false)
		_, scanNone := tx.Scan("", nil, nil, 1, false)
		_, scanZero := tx.Scan("b", nil, nil, 0, false)
		_, scanLess := tx.Scan("b", nil, nil, -1, true)
		_, scanMore := tx.Scan("b", nil, nil, store.MaxScan+1, false)
		for _, c := range []struct {
			call      string
			got, want error
		}{
			{"Get of a long key", getKey, store.ErrKey},
			{"Get of no key", getNone, store.ErrKey},
			{"Get in a long bucket", getBucket, store.ErrKey},
			{"Scan of a long bucket", scanBucket, store.ErrKey},
			{"Scan of no bucket", scanNone, store.ErrKey},
			{"Scan of 0", scanZero, store.ErrScan},
			{"Scan of -1", scanLess, store.ErrScan},
			{"Scan of too many", scanMore, store.ErrScan},
		} {
			if !errors.Is(c.got, c.want) {
				s.Errorf("%s: %v, want %v", c.call, c.got, c.want)
			}
		}
	}
	s.view(func(tx store.Tx) error { calls(tx); return nil })
	s.update(func(tx store.Tx) error {
		calls(tx)
		for _, c := range []struct {
			call      string
			got, want error
		}{
			{"Put of a long key", tx.Put("b", bigKey, nil), store.ErrKey},
			{"Put of no key", tx.Put("b", nil, nil), store.ErrKey},
			{"Put of an empty key", tx.Put("b", []byte{}, nil), store.ErrKey},
			{"Put in a long bucket", tx.Put(bigBucket, key, nil), store.ErrKey},
			{"Put in no bucket", tx.Put("", key, nil), store.ErrKey},
			{"Put of a long value", tx.Put("b", key, bigValue), store.ErrValue},
			{"Delete of a long key", tx.Delete("b", bigKey), store.ErrKey},
			{"Delete of no key", tx.Delete("b", nil), store.ErrKey},
			{"Delete in a long bucket", tx.Delete(bigBucket, key), store.ErrKey},
		} {
			if !errors.Is(c.got, c.want) {
				s.Errorf("%s: %v, want %v", c.call, c.got, c.want)
			}
		}
		return nil
	})
}

func testRefusalChangesNothing(s *suite) {
	s.put("b", "k", "old")
	s.update(func(tx store.Tx) error {
		_ = tx.Put("b", []byte("k"), make([]byte, store.MaxValue+1))
		_ = tx.Put("b", make([]byte, store.MaxKey+1), []byte("v"))
		_ = tx.Delete("b", nil)
		return tx.Put("b", []byte("other"), []byte("written after the refusals"))
	})
	s.view(func(tx store.Tx) error {
		got, err := tx.Scan("b", nil, nil, 10, false)
		wantPairs(s, "after refusals", got, "k", "old", "other", "written after the refusals")
		return err
	})
}

func testReadOnly(s *suite) {
	s.put("b", "k", "v")
	s.view(func(tx store.Tx) error {
		if err := tx.Put("b", []byte("k"), []byte("x")); !errors.Is(err, store.ErrReadOnly) {
			s.Errorf("Put: %v, want %v", err, store.ErrReadOnly)
		}
		if err := tx.Delete("b", []byte("k")); !errors.Is(err, store.ErrReadOnly) {
			s.Errorf("Delete: %v, want %v", err, store.ErrReadOnly)
		}
		return nil
	})
	if got, want := s.get("b", "k"), "v"; got != want {
		s.Errorf("k = %q, want %q", got, want)
	}
}

func testTxDone(s *suite) {
	fail := errors.New("on purpose")
	run := map[string]func(func(store.Tx) error) error{
		"View":   func(fn func(store.Tx) error) error { return s.store.View(context.Background(), fn) },
		"Update": func(fn func(store.Tx) error) error { return s.store.Update(context.Background(), fn) },
	}
	for name, begin := range run {
		for _, end := range []string{"nil", "error", "panic"} {
			var leaked store.Tx
			func() {
				defer func() { _ = recover() }()
				_ = begin(func(tx store.Tx) error {
					leaked = tx
					switch end {
					case "error":
						return fail
					case "panic":
						panic(fail)
					}
					return nil
				})
			}()
			_, get := leaked.Get("b", []byte("k"))
			_, scan := leaked.Scan("b", nil, nil, 1, false)
			for call, err := range map[string]error{
				"Get": get, "Scan": scan,
				"Put": leaked.Put("b", []byte("k"), nil), "Delete": leaked.Delete("b", []byte("k")),
			} {
				if !errors.Is(err, store.ErrTxDone) {
					s.Errorf("%s after a %s that ended by %s: %v, want %v", call, name, end, err, store.ErrTxDone)
				}
			}
		}
	}
	if got := s.get("b", "k"); got != none {
		s.Errorf("a transaction wrote after its end: %q", got)
	}
}

// spoil writes over the base that wantBase expects, adds and deletes.
func spoil(tx store.Tx) error {
	return errors.Join(
		tx.Put("b", []byte("k"), []byte("spoilt")),
		tx.Put("b", []byte("k"), []byte("spoilt again")),
		tx.Delete("b", []byte("gone")),
		tx.Put("b", []byte("new"), []byte("spoilt")),
		tx.Delete("b", []byte("new")),
		tx.Put("b", []byte("newer"), []byte("spoilt")),
		tx.Put("c", []byte("k"), []byte("a bucket that must not stay")))
}

func (s *suite) base() {
	s.Helper()
	s.put("b", "k", "v")
	s.put("b", "gone", "still here")
}

func (s *suite) wantBase(after string) {
	s.Helper()
	s.view(func(tx store.Tx) error {
		b, err := tx.Scan("b", nil, nil, 10, false)
		wantPairs(s, after, b, "gone", "still here", "k", "v")
		c, err2 := tx.Scan("c", nil, nil, 10, false)
		wantPairs(s, after, c)
		return errors.Join(err, err2)
	})
}

func testErrorRollsBack(s *suite) {
	s.base()
	want := fmt.Errorf("on purpose: %w", errors.New("inner"))
	got := s.store.Update(context.Background(), func(tx store.Tx) error {
		if err := spoil(tx); err != nil {
			return err
		}
		return want
	})
	if got != want { //nolint:errorlint // it must be the same value
		s.Errorf("Update returned %v, want fn's own error", got)
	}
	s.wantBase("after an error")
	if s.h.Reopen != nil {
		s.store = s.h.Reopen(s, s.store)
		s.wantBase("after an error and a reopening")
	}
}

func testPanicRollsBack(s *suite) {
	s.base()
	want := &struct{ reason string }{"on purpose"}
	func() {
		defer func() {
			if got := recover(); got != any(want) {
				s.Errorf("recovered %v, want the value that fn panicked with", got)
			}
		}()
		_ = s.store.Update(context.Background(), func(tx store.Tx) error {
			if err := spoil(tx); err != nil {
				return err
			}
			panic(want)
		})
		s.Error("Update returned after a panic")
	}()
	s.wantBase("after a panic")
	s.put("c", "k", "the store goes on")
}

// testGoexitRollsBack is what t.FailNow does inside a transaction.
func testGoexitRollsBack(s *suite) {
	s.base()
	for _, begin := range []func(context.Context, func(store.Tx) error) error{s.store.Update, s.store.View} {
		returned := false
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = begin(context.Background(), func(tx store.Tx) error {
				_ = spoil(tx) // refused in a View
				runtime.Goexit()
				return nil
			})
			returned = true
		}()
		<-ended
		if returned {
			s.Error("the transaction returned after runtime.Goexit")
		}
		s.wantBase("after runtime.Goexit")
	}
	s.put("c", "k", "the store goes on")
}

func testViewErrorAndPanic(s *suite) {
	want := errors.New("on purpose")
	if got := s.store.View(context.Background(), func(store.Tx) error { return want }); got != want { //nolint:errorlint // the same value
		s.Errorf("View returned %v, want fn's own error", got)
	}
	defer func() {
		if got := recover(); got != any(want) {
			s.Errorf("recovered %v, want the value that fn panicked with", got)
		}
		s.put("b", "k", "the store goes on")
	}()
	_ = s.store.View(context.Background(), func(store.Tx) error { panic(want) })
}

func testContext(s *suite) {
	ctx, cancel := context.WithCancel(context.Background())
	err := s.store.Update(ctx, func(tx store.Tx) error {
		cancel()
		return tx.Put("b", []byte("k"), []byte("ctx is not asked once fn runs"))
	})
	if err != nil {
		s.Errorf("Update cancelled by its own fn: %v, want nil", err)
	}
	if got := s.get("b", "k"); got == none {
		s.Error("Update returned nil and wrote nothing")
	}
	never := func(tx store.Tx) error {
		s.Error("fn ran although its context was done")
		return tx.Put("b", []byte("never"), nil)
	}
	if err := s.store.Update(ctx, never); !errors.Is(err, context.Canceled) {
		s.Errorf("Update: %v, want %v", err, context.Canceled)
	}
	if err := s.store.View(ctx, never); !errors.Is(err, context.Canceled) {
		s.Errorf("View: %v, want %v", err, context.Canceled)
	}
}
