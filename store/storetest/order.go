package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"penstock/store"
)

// awkward are keys whose order is easily got wrong, in the right order: zero
// and 0xff bytes, prefixes of one another, what is not UTF-8, what a signed
// byte or a collation would put elsewhere.
var awkward = []string{
	"\x00", "\x00\x00", "\x00\x00\x01", "\x00\x01", "\x00\xff", "\x01",
	"A", "B", "Z", "a", "a\x00", "a\x00b", "aa", "ab", "a\xff", "b",
	"\x7f", "\x7f\xff", "\x80", "\xc3\x28", "\xc3\xa9", "\xff", "\xff\x00", "\xff\xfe", "\xff\xff", "\xff\xff\x00",
}

func testByteOrder(s *suite) {
	if !slices.IsSortedFunc(awkward, strings.Compare) {
		s.Fatal("the suite's own list is out of order")
	}
	s.update(func(tx store.Tx) error {
		for i := range awkward {
			k := awkward[(i*7+3)%len(awkward)] // 7 and the length have no common factor
			if err := tx.Put("b", []byte(k), []byte("v"+k)); err != nil {
				return err
			}
		}
		return wantAwkward(tx, "in the Update")
	})
	s.view(func(tx store.Tx) error { return wantAwkward(tx, "in a View") })
}

// wantAwkward tries every pair of bounds in both directions.
func wantAwkward(tx store.Tx, where string) error {
	for i := range awkward {
		for j := range awkward {
			for _, desc := range []bool{false, true} {
				got, err := tx.Scan("b", []byte(awkward[i]), []byte(awkward[j]), store.MaxScan, desc)
				if err != nil {
					return err
				}
				var want []store.Pair
				for _, k := range awkward[i:max(i, j)] {
					want = append(want, store.Pair{Key: []byte(k), Value: []byte("v" + k)})
				}
				if desc {
					slices.Reverse(want)
				}
				if show(got) != show(want) {
					return fmt.Errorf("%s, from %q to %q, desc %v:\n got %s\nwant %s",
						where, awkward[i], awkward[j], desc, show(got), show(want))
				}
			}
		}
	}
	return nil
}

func testBucketsApart(s *suite) {
	s.update(func(tx store.Tx) error {
		for _, bucket := range buckets {
			for _, key := range []string{"cx", "x", "\x00", "\xff"} {
				if err := tx.Put(bucket, []byte(key), []byte(bucket+"/"+key)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	s.update(func(tx store.Tx) error { return tx.Delete("b", []byte("cx")) })
	s.view(func(tx store.Tx) error {
		for _, bucket := range buckets {
			want := []string{"\x00", bucket + "/\x00", "cx", bucket + "/cx", "x", bucket + "/x", "\xff", bucket + "/\xff"}
			if bucket == "b" {
				want = slices.Delete(want, 2, 4)
			}
			got, err := tx.Scan(bucket, nil, nil, 10, false)
			if err != nil {
				return err
			}
			wantPairs(s, fmt.Sprintf("bucket %q", bucket), got, want...)
		}
		return nil
	})
}

func testScanBounds(s *suite) {
	for _, k := range []string{"b", "d", "f"} {
		s.put("b", k, strings.ToUpper(k))
	}
	s.view(func(tx store.Tx) error {
		for _, c := range []struct {
			from, to []byte
			limit    int
			desc     bool
			want     []string
		}{
			{nil, nil, 10, false, []string{"b", "B", "d", "D", "f", "F"}},
			{nil, nil, 10, true, []string{"f", "F", "d", "D", "b", "B"}},
			{nil, nil, 2, false, []string{"b", "B", "d", "D"}},
			{nil, nil, 2, true, []string{"f", "F", "d", "D"}},
			{[]byte("b"), []byte("f"), 10, false, []string{"b", "B", "d", "D"}},
			{[]byte("b"), []byte("f"), 10, true, []string{"d", "D", "b", "B"}},
			{[]byte("b\x00"), []byte("f\x00"), 10, false, []string{"d", "D", "f", "F"}},
			{[]byte("b\x00"), []byte("f\x00"), 1, true, []string{"f", "F"}},
			{[]byte("c"), []byte("e"), 10, false, []string{"d", "D"}},
			{[]byte("c"), []byte("e"), 10, true, []string{"d", "D"}},
			{[]byte("c"), nil, 1, true, []string{"f", "F"}},
			{nil, []byte("e"), 1, true, []string{"d", "D"}},
			{nil, []byte("b"), 10, false, nil},
			{nil, []byte("b"), 10, true, nil},
			{[]byte("g"), nil, 10, false, nil},
			{[]byte("g"), nil, 10, true, nil},
			{[]byte("d"), []byte("d"), 10, false, nil},
			{[]byte("d"), []byte("d"), 10, true, nil},
			{[]byte("f"), []byte("b"), 10, false, nil},
			{[]byte("f"), []byte("b"), 10, true, nil},
			{[]byte{}, nil, 1, false, []string{"b", "B"}},
			{nil, []byte{}, 10, false, nil},
			{nil, []byte{}, 10, true, nil},
			{bytes.Repeat([]byte{'c'}, store.MaxKey+9), nil, 1, false, []string{"d", "D"}},
			{nil, bytes.Repeat([]byte{'c'}, store.MaxKey+9), 1, true, []string{"b", "B"}},
		} {
			got, err := tx.Scan("b", c.from, c.to, c.limit, c.desc)
			if err != nil {
				return err
			}
			wantPairs(s, fmt.Sprintf("from %.9q to %.9q, limit %d, desc %v", c.from, c.to, c.limit, c.desc), got, c.want...)
		}
		return nil
	})
}

func testMaxScan(s *suite) {
	s.update(func(tx store.Tx) error {
		for i := range store.MaxScan + 1 {
			if err := tx.Put("b", fmt.Appendf(nil, "%08d", i), []byte{}); err != nil {
				return err
			}
		}
		return nil
	})
	s.view(func(tx store.Tx) error {
		for _, c := range []struct {
			desc        bool
			first, last string
		}{{false, "00000000", "00009999"}, {true, "00010000", "00000001"}} {
			got, err := tx.Scan("b", nil, nil, store.MaxScan, c.desc)
			if err != nil {
				return err
			}
			if len(got) != store.MaxScan {
				s.Fatalf("desc %v: got %d pairs, want %d", c.desc, len(got), store.MaxScan)
			}
			if f, l := string(got[0].Key), string(got[len(got)-1].Key); f != c.first || l != c.last {
				s.Errorf("desc %v: got %s to %s, want %s to %s", c.desc, f, l, c.first, c.last)
			}
		}
		return nil
	})
}

func testOwnedCopies(s *suite) {
	s.put("b", "k1", "v1")
	var kept []store.Pair
	s.update(func(tx store.Tx) error {
		if err := tx.Put("b", []byte("k2"), []byte("v2")); err != nil {
			return err
		}
		got, err := tx.Scan("b", nil, nil, 10, false)
		if err != nil {
			return err
		}
		for _, p := range got {
			clear(p.Key)
			clear(p.Value)
			_ = append(append(p.Key, "spoilt"...), append(p.Value, "spoilt"...)...)
		}
		got, err = tx.Scan("b", nil, nil, 10, false)
		wantPairs(s, "after changing what Scan gave", got, "k1", "v1", "k2", "v2")
		kept = got
		return err
	})
	for i := range 100 {
		s.put("b", fmt.Sprint("later", i), "other")
		s.put("b", "k1", fmt.Sprint("later", i))
	}
	wantPairs(s, "pairs kept after their transaction", kept, "k1", "v1", "k2", "v2")
}

func testBuffersReused(s *suite) {
	key, value := []byte("key"), []byte("value")
	s.update(func(tx store.Tx) error {
		if err := tx.Put("b", key, value); err != nil {
			return err
		}
		copy(key, "xxx")
		copy(value, "xxxxx")
		if got, err := read(tx, "b", "key"); err != nil || got != "value" {
			return fmt.Errorf("in the same Update: %q, %w", got, err)
		}
		return nil
	})
	clear(key)
	clear(value)
	if got, want := s.get("b", "key"), "value"; got != want {
		s.Errorf("afterwards: got %q, want %q", got, want)
	}
	if got := s.get("b", "xxx"); got != none {
		s.Errorf("the changed key is there: %q", got)
	}
}
