package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"penstock/store"
)

func testSnapshotReads(s *suite) {
	s.base()
	look := func(when string, tx store.Tx) error {
		got, err := tx.Scan("b", nil, nil, 10, false)
		if err != nil {
			return err
		}
		wantPairs(s, when, got, "gone", "still here", "k", "v")
		k, err := read(tx, "b", "k")
		if err != nil || k != "v" {
			return fmt.Errorf("%s: k is %q, %w", when, k, err)
		}
		c, err := tx.Scan("c", nil, nil, 10, true)
		if err != nil || len(c) != 0 {
			return fmt.Errorf("%s: bucket c holds %d pairs, %w", when, len(c), err)
		}
		return nil
	}
	s.view(func(tx store.Tx) error {
		if err := look("before", tx); err != nil {
			return err
		}
		for range 3 {
			landed := make(chan error)
			go func() { landed <- s.store.Update(context.Background(), spoil) }()
			if err := <-landed; err != nil {
				return err
			}
			if err := look("after an Update landed", tx); err != nil {
				return err
			}
		}
		return nil
	})
	if got, want := s.get("b", "k"), "spoilt again"; got != want {
		s.Errorf("a new View sees k = %q, want %q", got, want)
	}
}

// together runs n goroutines and waits for them.
func together(n int, work func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { work(i) })
	}
	wg.Wait()
}

// number reads a counter; one that is not there is 0.
func number(tx store.Tx, key string) (int, error) {
	v, err := read(tx, "b", key)
	if err != nil || v == none {
		return 0, err
	}
	return strconv.Atoi(v)
}

func setNumber(tx store.Tx, key string, n int) error {
	return tx.Put("b", []byte(key), strconv.AppendInt(nil, int64(n), 10))
}

func add(tx store.Tx, key string, n int) error {
	old, err := number(tx, key)
	if err != nil {
		return err
	}
	return setNumber(tx, key, old+n)
}

func testLostUpdate(s *suite) {
	const workers, each = 16, 50
	together(workers, func(int) {
		for range each {
			if err := s.store.Update(context.Background(), func(tx store.Tx) error { return add(tx, "n", 1) }); err != nil {
				s.Errorf("update: %v", err)
			}
		}
	})
	if got, want := s.get("b", "n"), strconv.Itoa(workers*each); got != want {
		s.Errorf("the counter stands at %s after %s increments", got, want)
	}
}

// testWriteSkew has two doctors on call: each may leave while the other stays.
// Under snapshot isolation both would.
func testWriteSkew(s *suite) {
	for round := range 100 {
		s.update(func(tx store.Tx) error { return errors.Join(setNumber(tx, "d0", 1), setNumber(tx, "d1", 1)) })
		together(2, func(i int) {
			err := s.store.Update(context.Background(), func(tx store.Tx) error {
				a, errA := number(tx, "d0")
				b, errB := number(tx, "d1")
				if errA != nil || errB != nil || a+b < 2 {
					return errors.Join(errA, errB)
				}
				return setNumber(tx, fmt.Sprint("d", i), 0)
			})
			if err != nil {
				s.Errorf("update: %v", err)
			}
		})
		if a, b := s.get("b", "d0"), s.get("b", "d1"); a == b {
			s.Fatalf("round %d: on call are %s and %s, want exactly one", round, a, b)
		}
	}
}

// testWholeUpdates moves money between accounts while Views add it up.
func testWholeUpdates(s *suite) {
	const accounts, each, moves = 5, 100, 60
	account := func(i int) string { return fmt.Sprint("account", i%accounts) }
	s.update(func(tx store.Tx) error {
		for i := range accounts {
			if err := setNumber(tx, account(i), each); err != nil {
				return err
			}
		}
		return nil
	})
	sum := func(tx store.Tx) error {
		got, err := tx.Scan("b", nil, nil, 100, false)
		total := 0
		for _, p := range got {
			n, bad := strconv.Atoi(string(p.Value))
			total, err = total+n, errors.Join(err, bad)
		}
		if total != accounts*each {
			err = errors.Join(err, fmt.Errorf("the accounts hold %d, want %d", total, accounts*each))
		}
		return err
	}
	together(8, func(i int) {
		for m := range moves {
			var err error
			if i%2 == 0 {
				err = s.store.View(context.Background(), sum)
			} else {
				err = s.store.Update(context.Background(), func(tx store.Tx) error {
					return errors.Join(add(tx, account(i+m), -m), sumAfter(tx, account(i+2*m+1), m, sum))
				})
			}
			if err != nil {
				s.Errorf("worker %d, move %d: %v", i, m, err)
			}
		}
	})
}

// sumAfter completes a move and adds up inside the same transaction.
func sumAfter(tx store.Tx, to string, n int, sum func(store.Tx) error) error {
	if err := add(tx, to, n); err != nil {
		return err
	}
	return sum(tx)
}

// testFailureAmongMany has every third transaction fail or panic after it
// wrote, side by side with others that must not notice.
func testFailureAmongMany(s *suite) {
	const workers, each = 12, 30
	fail := errors.New("on purpose")
	together(workers, func(i int) {
		for range each {
			var recovered any
			err := func() error {
				defer func() { recovered = recover() }()
				return s.store.Update(context.Background(), func(tx store.Tx) error {
					if err := errors.Join(add(tx, "n", 1), add(tx, fmt.Sprint("own", i), 1)); err != nil {
						return err
					}
					switch i % 3 {
					case 1:
						return fail
					case 2:
						panic(fail)
					}
					return nil
				})
			}()
			var wantErr error
			var wantPanic any
			switch i % 3 {
			case 1:
				wantErr = fail
			case 2:
				wantPanic = fail
			}
			if !errors.Is(err, wantErr) || recovered != wantPanic {
				s.Errorf("worker %d: error %v and panic %v, want %v and %v", i, err, recovered, wantErr, wantPanic)
			}
		}
	})
	if got, want := s.get("b", "n"), strconv.Itoa(workers/3*each); got != want {
		s.Errorf("the counter stands at %s, want %s", got, want)
	}
	for i := range workers {
		want := none
		if i%3 == 0 {
			want = strconv.Itoa(each)
		}
		if got := s.get("b", fmt.Sprint("own", i)); got != want {
			s.Errorf("worker %d's own counter is %s, want %s", i, got, want)
		}
	}
}
