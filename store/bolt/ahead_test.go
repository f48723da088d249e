package bolt

import (
	"fmt"
	"testing"

	"go.etcd.io/bbolt"
)

// What is read ahead is what is read: bbolt itself is asked about the pages.
func TestLeavesAreThePagesOfTheRows(t *testing.T) {
	const rows = 20_000
	key := func(i int) []byte {
		return fmt.Appendf(nil, "%08d and some more, so that branches are of several pages %0200d", i, i)
	}
	s := open(t, Options{Path: newPath(t)})
	err := s.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("rows"))
		for i := 0; i < rows && err == nil; i++ {
			err = b.Put(key(i), make([]byte, 100))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("rows"))
		held := func(from []byte, limit int) (rows, pages int) {
			for _, number := range s.pages.leaves(b, from, limit) {
				p, err := tx.Page(int(number))
				if err != nil || p.Type != "leaf" {
					t.Fatalf("page %d is %+v: %v", number, p, err)
				}
				rows += p.Count
				pages++
			}
			return rows, pages
		}
		if depth := b.Stats().Depth; depth < 3 {
			t.Errorf("only %d levels: this test has lost its ground", depth)
		}
		got, all := held(nil, allPages)
		if got != rows || all < 300 {
			t.Errorf("%d rows on %d pages, want %d", got, all, rows)
		}
		onePage := 2 * rows / all
		for _, from := range []int{0, 1, 77, rows / 2, rows - 2, rows - 1} {
			if got, _ := held(key(from), allPages); got < rows-from || got > rows-from+onePage {
				t.Errorf("from row %d on %d rows, want %d and at most a page more", from, got, rows-from)
			}
			if got, pages := held(key(from), 5); pages > 5 || got < min(rows-from, 5) {
				t.Errorf("of five pages from row %d on there are %d with %d rows", from, pages, got)
			}
		}
		if _, pages := held([]byte("9"), allPages); pages > 1 {
			t.Errorf("behind all rows there are %d pages", pages)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
