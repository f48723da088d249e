package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"penstock/store"
)

func testOwnWrites(s *suite) {
	s.put("b", "base", "1")
	s.update(func(tx store.Tx) error {
		var failed error
		want := func(step, key, want string) {
			s.Helper()
			got, err := read(tx, "b", key)
			if (err != nil || got != want) && failed == nil {
				failed = fmt.Errorf("%s: %q is %q, want %q (%w)", step, key, got, want, err)
			}
		}
		must := func(err error) { failed = errors.Join(failed, err) }
		want("at first", "base", "1")
		must(tx.Put("b", []byte("base"), []byte("2")))
		want("overwritten", "base", "2")
		must(tx.Put("b", []byte("base"), []byte("longer than before")))
		want("overwritten again", "base", "longer than before")
		must(tx.Delete("b", []byte("base")))
		want("deleted", "base", none)
		must(tx.Delete("b", []byte("base")))
		want("deleted twice", "base", none)
		must(tx.Put("b", []byte("base"), []byte("3")))
		want("put again", "base", "3")
		must(tx.Put("b", []byte("new"), []byte("n")))
		must(tx.Delete("b", []byte("new")))
		want("put and deleted", "new", none)
		must(tx.Put("c", []byte("k"), []byte("in a new bucket")))
		if got, err := read(tx, "c", "k"); err != nil || got != "in a new bucket" {
			must(fmt.Errorf("new bucket: %q, %w", got, err))
		}
		return failed
	})
	if got, want := s.get("b", "base"), "3"; got != want {
		s.Errorf("committed base = %q, want %q", got, want)
	}
	if got := s.get("b", "new"); got != none {
		s.Errorf("committed new = %q, want none", got)
	}
}

// testScanMerges lays puts and deletes over a base and tries every bound,
// limit and direction against a plain map.
func testScanMerges(s *suite) {
	model := map[string]string{}
	key := func(i int) string { return fmt.Sprintf("%02d", i) }
	s.update(func(tx store.Tx) error {
		for i := 0; i < 20; i += 2 {
			model[key(i)] = "base"
			if err := tx.Put("b", []byte(key(i)), []byte("base")); err != nil {
				return err
			}
		}
		return nil
	})
	s.update(func(tx store.Tx) error {
		for i := range 20 {
			var err error
			switch {
			case i%6 == 0 || i >= 17: // deletes base keys, absent ones, and a run at the end
				delete(model, key(i))
				err = tx.Delete("b", []byte(key(i)))
			case i%3 == 0 || i%4 == 0: // overwrites some, adds others
				model[key(i)] = "over"
				err = tx.Put("b", []byte(key(i)), []byte("over"))
			}
			if err != nil {
				return err
			}
		}
		return wantModel(tx, "b", model, key)
	})
	s.view(func(tx store.Tx) error { return wantModel(tx, "b", model, key) })
}

func wantModel(tx store.Tx, bucket string, model map[string]string, key func(int) string) error {
	for from := -1; from <= 20; from++ {
		for to := -1; to <= 21; to++ {
			for _, limit := range []int{1, 2, 3, 7, 100} {
				for _, desc := range []bool{false, true} {
					var lo, hi []byte
					if from >= 0 {
						lo = []byte(key(from))
					}
					if to >= 0 {
						hi = []byte(key(to))
					}
					got, err := tx.Scan(bucket, lo, hi, limit, desc)
					if err != nil {
						return err
					}
					if want := scanModel(model, lo, hi, limit, desc); show(got) != show(want) {
						return fmt.Errorf("from %q to %q, limit %d, desc %v:\n got %s\nwant %s", lo, hi, limit, desc, show(got), show(want))
					}
				}
			}
		}
	}
	return nil
}

// scanModel is Scan over a plain map.
func scanModel(model map[string]string, from, to []byte, limit int, desc bool) []store.Pair {
	keys := slices.Sorted(maps.Keys(model))
	if desc {
		slices.Reverse(keys)
	}
	var pairs []store.Pair
	for _, k := range keys {
		if k < string(from) || (to != nil && k >= string(to)) {
			continue
		}
		if len(pairs) == limit {
			break
		}
		pairs = append(pairs, store.Pair{Key: []byte(k), Value: []byte(model[k])})
	}
	return pairs
}

func testWriteWhileWalking(s *suite) {
	const n = 100
	s.update(func(tx store.Tx) error {
		for i := range n {
			if err := tx.Put("b", fmt.Appendf(nil, "%04d", i), []byte("old")); err != nil {
				return err
			}
		}
		return nil
	})
	s.update(func(tx store.Tx) error {
		seen := 0
		var from []byte
		for {
			page, err := tx.Scan("b", from, []byte("5"), 7, false)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, p := range page {
				seen++
				if err := errors.Join(tx.Delete("b", p.Key), tx.Put("b", append([]byte("9"), p.Key...), p.Value)); err != nil {
					return err
				}
			}
			from = append(page[len(page)-1].Key, 0)
		}
		if seen != n {
			return fmt.Errorf("walked %d keys, want %d", seen, n)
		}
		return nil
	})
	s.view(func(tx store.Tx) error {
		got, err := tx.Scan("b", nil, nil, store.MaxScan, false)
		if err != nil {
			return err
		}
		if len(got) != n || string(got[0].Key) != "90000" || string(got[n-1].Key) != "90099" {
			s.Errorf("after moving all: %d keys: %s", len(got), show(got))
		}
		return nil
	})
}

// testPaging holds that a walk in pages sees each key that was there
// throughout exactly once, whatever comes and goes meanwhile.
func testPaging(s *suite) {
	const n = 60
	s.update(func(tx store.Tx) error {
		for i := range n {
			if err := tx.Put("b", fmt.Appendf(nil, "%02d stays", i), []byte("v")); err != nil {
				return err
			}
		}
		return nil
	})
	for _, desc := range []bool{false, true} {
		seen := map[string]int{}
		var from, to []byte
		for round := 0; ; round++ {
			var page []store.Pair
			s.view(func(tx store.Tx) (err error) {
				page, err = tx.Scan("b", from, to, 4, desc)
				return err
			})
			if len(page) == 0 {
				break
			}
			for _, p := range page {
				seen[string(p.Key)]++
			}
			last := page[len(page)-1].Key
			if desc {
				to = last
			} else {
				from = append(bytes.Clone(last), 0)
			}
			s.update(func(tx store.Tx) error { // just before the key where the walk stands, and anywhere
				i := (round*17 + 5) % n
				return errors.Join(
					tx.Put("b", last[:max(1, len(last)-1)], nil),
					tx.Put("b", fmt.Appendf(nil, "%02d comes", i), nil),
					tx.Delete("b", fmt.Appendf(nil, "%02d comes", (i+11)%n)))
			})
			if round > 2*n {
				s.Fatal("the walk doesn't end")
			}
		}
		for i := range n {
			if k := fmt.Sprintf("%02d stays", i); seen[k] != 1 {
				s.Errorf("desc %v: %q seen %d times, want once", desc, k, seen[k])
			}
		}
	}
}

func testEmptyValue(s *suite) {
	check := func(where string, tx store.Tx) error {
		for _, k := range []string{"nil", "empty"} {
			v, err := tx.Get("b", []byte(k))
			if err != nil || v == nil || len(v) != 0 {
				return fmt.Errorf("%s: Get(%s) = %#v, %v, want an empty non-nil slice", where, k, v, err)
			}
		}
		got, err := tx.Scan("b", nil, nil, 10, false)
		if err != nil {
			return err
		}
		wantPairs(s, where, got, "empty", "", "nil", "")
		for _, p := range got {
			if p.Value == nil {
				return fmt.Errorf("%s: Scan gave a nil value for %s", where, p.Key)
			}
		}
		return nil
	}
	s.update(func(tx store.Tx) error {
		if err := errors.Join(tx.Put("b", []byte("nil"), nil), tx.Put("b", []byte("empty"), []byte{})); err != nil {
			return err
		}
		return check("in the Update", tx)
	})
	s.view(func(tx store.Tx) error { return check("in a View", tx) })
}

func testAbsentBucket(s *suite) {
	look := func(tx store.Tx) error {
		if v, err := tx.Get("b", []byte("k")); !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("get: %q, %v, want %v", v, err, store.ErrNotFound)
		}
		for _, desc := range []bool{false, true} {
			if got, err := tx.Scan("b", nil, nil, 10, desc); err != nil || len(got) != 0 {
				return fmt.Errorf("scan: %d pairs, %v, want none", len(got), err)
			}
		}
		return nil
	}
	s.view(look)
	s.update(func(tx store.Tx) error {
		if err := tx.Delete("b", []byte("k")); err != nil {
			return fmt.Errorf("delete: %w", err)
		}
		return look(tx)
	})
	s.view(look)
}
