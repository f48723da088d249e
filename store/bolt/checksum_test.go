package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// bbolt itself reads a flipped byte without a word.
func TestFlippedByteIsFound(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := open(t, at(path))
	value := "amount 000000100.00 " + strings.Repeat("x", 100)
	if err := s.Update(t.Context(), putting("k", value)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	start := bytes.Index(sound, []byte(value))
	for i := range len(value) + sumSize {
		damaged := bytes.Clone(sound)
		damaged[start+i] ^= 0x40
		writeFile(t, path, damaged)
		s := open(t, at(path))
		wantCorrupt(t, s, fmt.Sprintf("byte %d flipped", i), "k", value)
		if err := s.Check(t.Context()); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("byte %d flipped: Check says %v", i, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func wantCorrupt(t *testing.T, s *Store, what, key, secret string) {
	t.Helper()
	for _, begin := range []string{"View", "Update"} {
		var get, scan error
		look := func(tx store.Tx) error {
			_, get = tx.Get("b", []byte(key))
			_, scan = tx.Scan("b", nil, nil, 10, false)
			return nil
		}
		err := s.View(t.Context(), look)
		if begin == "Update" {
			err = s.Update(t.Context(), look)
		}
		if err != nil || !errors.Is(get, store.ErrCorrupt) || !errors.Is(scan, store.ErrCorrupt) {
			t.Errorf("%s, %s: Get %v, Scan %v, want %v", what, begin, get, scan, store.ErrCorrupt)
		}
		if all := fmt.Sprint(get, scan); strings.Contains(all, secret) || !strings.Contains(all, `bucket "b"`) {
			t.Errorf("%s, %s: the error must name the bucket and not the value: %s", what, begin, all)
		}
	}
}

// A value that is whole, but not where it was written, is not believed.
func TestMovedValueIsFound(t *testing.T) {
	for name, move := range map[string]func(tx *bbolt.Tx, stored []byte) error{
		"to another key": func(tx *bbolt.Tx, stored []byte) error {
			return tx.Bucket([]byte("data/b")).Put([]byte("other"), stored)
		},
		"to another bucket": func(tx *bbolt.Tx, stored []byte) error {
			b := tx.Bucket([]byte("data/b"))
			return errors.Join(b.Put([]byte("other"), tx.Bucket([]byte("data/c")).Get([]byte("other"))))
		},
		"without its checksum": func(tx *bbolt.Tx, stored []byte) error {
			return tx.Bucket([]byte("data/b")).Put([]byte("other"), stored[:2])
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			s := open(t, at(path))
			err := s.Update(t.Context(), func(tx store.Tx) error {
				return errors.Join(tx.Put("b", []byte("first"), []byte("secret")), tx.Put("c", []byte("other"), []byte("secret")))
			})
			if err := errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
			rewrite(t, path, func(tx *bbolt.Tx) error {
				return move(tx, bytes.Clone(tx.Bucket([]byte("data/b")).Get([]byte("first"))))
			})
			wantCorrupt(t, open(t, at(path)), name, "other", "secret")
		})
	}
}

func TestSumKeepsItsPartsApart(t *testing.T) {
	seen := map[uint32]string{}
	for _, c := range [][3]string{{"b", "kv", ""}, {"b", "k", "v"}, {"bk", "v", ""}, {"b", "k", "v\x00"}, {"bk", "\x00", "v"}} {
		got := sum(c[0], []byte(c[1]), []byte(c[2]))
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %s have one checksum", c, other)
		}
		seen[got] = fmt.Sprintf("%q", c)
	}
	// It is a CRC-32C, whose published check value is that of "123456789".
	if got := crc32.Checksum([]byte("123456789"), castagnoli); got != 0xe3069283 {
		t.Errorf("CRC-32C of 123456789 is %#x, want 0xe3069283", got)
	}
	if got, want := sum("b", []byte("key"), []byte("value")), crc32.Checksum([]byte("\x01b\x00\x03keyvalue"), castagnoli); got != want {
		t.Errorf("sum is %#x, want the CRC-32C of its parts, %#x", got, want)
	}
}
