package bolt

import (
	"bytes"
	"encoding/binary"
	"os"

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
// many elements it has; those of a branch are 16 bytes each: where its first key
// stands, counted from the element, that key's length, and the page below.
const (
	pageHeader  = 16
	branchPage  = 1
	branchBytes = 16
	deepest     = 64
)

// leaves lists the pages with the rows of a bucket from a key on, in their order
// and at most so many; none when it is too small to have any of its own.
func (f file) leaves(b *bbolt.Bucket, from []byte, limit int) []uint64 {
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
			below = branches(below, page, from)
			if len(below) >= limit {
				break
			}
		}
		level = below[:min(len(below), limit)]
	}
	return nil
}

// branches appends the pages below a branch, without those that end before a key.
func branches(below []uint64, page, from []byte) []uint64 {
	n := min(int(binary.NativeEndian.Uint16(page[10:])), (len(page)-pageHeader)/branchBytes)
	first := len(below)
	for i := range n {
		element := page[pageHeader+i*branchBytes:]
		at, size := uint64(binary.NativeEndian.Uint32(element)), uint64(binary.NativeEndian.Uint32(element[4:]))
		if at+size > uint64(len(element)) {
			return below
		}
		if bytes.Compare(element[at:at+size], from) <= 0 {
			below = below[:first] // the one before ends before this key
		}
		below = append(below, binary.NativeEndian.Uint64(element[8:]))
	}
	return below
}

// fetch begins to bring pages into memory, neighbours together.
func (f file) fetch(pages []uint64) {
	for len(pages) > 0 {
		n := 1
		for n < len(pages) && pages[n] == pages[0]+uint64(n) {
			n++
		}
		_ = unix.Fadvise(int(f.Fd()), int64(pages[0])*int64(f.page), int64(n)*int64(f.page), unix.FADV_WILLNEED)
		pages = pages[n:]
	}
}

// longScan is of how many rows a Scan looks ahead. A page of a list is shorter.
const longScan = 200

// fetchScan is told of a Scan before it is done.
func (f file) fetchScan(b *bbolt.Bucket, r span) {
	if b != nil && r.limit >= longScan && !r.desc {
		f.fetch(f.leaves(b, r.from, followed))
	}
}

// follower fetches the pages of a bucket some way before whoever walks it.
type follower struct {
	file
	pages []uint64 // not fetched yet
	rows  int      // that were walked
}

const (
	// followed is how many pages it is before, or a few more.
	followed    = 128
	fetchedOnce = 16
	allPages    = 1 << 62
	// rowsPerPage is how many blocks, or rows of hashes, a page has.
	rowsPerPage = 4
)

// follow is for the rows of a bucket from a key on, which are on so many pages at
// the most.
func (f file) follow(b *bbolt.Bucket, from []byte, limit int) *follower {
	return f.before(f.leaves(b, from, limit))
}

// before is for whoever reads these pages.
func (f file) before(pages []uint64) *follower {
	w := &follower{file: f, pages: pages}
	w.fetchNext(followed)
	return w
}

func (w *follower) fetchNext(n int) {
	n = min(n, len(w.pages))
	w.fetch(w.pages[:n])
	w.pages = w.pages[n:]
}

// next is told of each row. Nil follows nothing.
func (w *follower) next() {
	if w == nil {
		return
	}
	if w.rows++; w.rows%(fetchedOnce*rowsPerPage) == 0 {
		w.fetchNext(fetchedOnce)
	}
}
