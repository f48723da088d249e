package bolt

import (
	"encoding/binary"
	"os"
	"slices"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// What is not in memory is fetched by a page fault, 4 KiB at a time, while Go
// doesn't notice that the goroutine waits: a processor stands still, and where
// it is the writer that waits, everybody. Nobody else knows what is going to be
// read; whoever reads rows in order does. So it tells the system some pages
// ahead, by their place in the file, and the disk works beside it. All of that
// is advice: without it the same is read, later.

// file reads pages behind bbolt's back, of a transaction that is open.
type file struct {
	*os.File
	page int // bytes
}

// Of bbolt's page format: a page begins with its own number, its kind and how
// many elements it has; those of a branch are 16 bytes each, of which the second
// half is the number of the page below.
const (
	pageHeader  = 16
	branchPage  = 1
	branchBytes = 16
	deepest     = 64
)

// leaves lists the pages with the first rows of a bucket, in their order and at
// most so many; none when it is too small to have any of its own.
func (f file) leaves(b *bbolt.Bucket, limit int) []uint64 {
	level := []uint64{uint64(b.Root())}
	if level[0] == 0 {
		return nil
	}
	page := make([]byte, f.page)
	for range deepest {
		var below []uint64
		for _, number := range level {
			if _, err := f.ReadAt(page, int64(number)*int64(f.page)); err != nil {
				return nil
			}
			if binary.NativeEndian.Uint16(page[8:]) != branchPage {
				return level
			}
			elements := page[pageHeader:]
			for range min(int(binary.NativeEndian.Uint16(page[10:])), len(elements)/branchBytes) {
				below = append(below, binary.NativeEndian.Uint64(elements[8:]))
				elements = elements[branchBytes:]
			}
			if len(below) >= limit {
				break
			}
		}
		level = below[:min(len(below), limit)]
	}
	return nil
}

// fetch begins to bring pages into memory.
func (f file) fetch(pages []uint64) {
	for _, number := range pages {
		_ = unix.Fadvise(int(f.Fd()), int64(number)*int64(f.page), int64(f.page), unix.FADV_WILLNEED)
	}
}

// rowsPerPage is how many blocks, or rows of hashes, a page has.
const rowsPerPage = 4

// follower fetches the pages of a bucket some way before whoever walks it.
type follower struct {
	file
	pages []uint64 // not fetched yet
	rows  int      // that were walked
}

// followed is how many pages it is before.
const followed = 128

func (f file) follow(b *bbolt.Bucket) *follower {
	w := &follower{file: f, pages: f.leaves(b, 1<<30)}
	w.fetchNext(followed)
	return w
}

func (w *follower) fetchNext(n int) {
	n = min(n, len(w.pages))
	w.fetch(w.pages[:n])
	w.pages = w.pages[n:]
}

// next is told of each row.
func (w *follower) next() {
	if w.rows++; w.rows%rowsPerPage == 0 {
		w.fetchNext(1)
	}
}

// ahead fetches what the steps of a merge read.
type ahead struct {
	of    *task         // that was fetched for last
	steps int           // that were made since
	busy  chan struct{} // holds a token while a goroutine is at it
	// fetched is the last page of each bucket that was fetched. It belongs to
	// whoever has the token.
	fetched map[string]uint64
}

const (
	// aheadPages is how many pages of each source are fetched, and aheadSteps how
	// often: a step takes about 35 pages of all of them.
	aheadPages = 64
	aheadSteps = 6
)

func newAhead() ahead { return ahead{busy: make(chan struct{}, 1), fetched: map[string]uint64{}} }

// fetch begins to fetch what a task reads next, unless that is going on.
func (w *writer) fetch(t *task) {
	a, s := &w.lazy.ahead, w.store
	if t == nil || t.table != nil || a.of == t && a.steps < aheadSteps {
		return
	}
	select {
	case a.busy <- struct{}{}:
		a.of, a.steps = t, 0
	default:
		return
	}
	go func() {
		defer func() { <-a.busy }()
		still := map[string]uint64{}
		_ = s.db.View(func(tx *bbolt.Tx) error { // it fails when the store is closed
			for _, n := range t.runs {
				r := newRun(n)
				for _, name := range [][]byte{r.blocks, r.hashes} {
					if b := tx.Bucket(name); b != nil {
						still[string(name)] = s.pages.fetchBehind(b, a.fetched[string(name)])
					}
				}
			}
			return nil
		})
		a.fetched = still
	}()
}

// fetchBehind fetches the first pages of a bucket, of which those up to one are
// fetched already, and returns the last one.
func (f file) fetchBehind(b *bbolt.Bucket, last uint64) uint64 {
	pages := f.leaves(b, aheadPages)
	if len(pages) == 0 {
		return last
	}
	f.fetch(pages[1+slices.Index(pages, last):])
	return pages[len(pages)-1]
}
