package bolt

import (
	"bytes"
	"unsafe"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// Merging large runs reads what was written long ago. Through the memory map
// that is one fault for each 4 KiB of the disk, and it is the writer who would
// wait for it, and with it everybody; Go doesn't notice that a goroutine waits
// for a fault, so one processor stands still besides. So another goroutine
// fetches what the next steps read, a whole page by one call of the system. It
// is advice: without it steps take longer.

// aheadRows is how many rows of each source are kept fetched. A step takes
// about 140 of all sources together.
const aheadRows = 128

// ahead fetches for one merge at a time.
type ahead struct {
	due  bool          // something was moved since
	busy chan struct{} // holds a token while a goroutine is fetching
	// fetched is up to which key each bucket's rows were fetched. It belongs to
	// whoever has the token.
	fetched map[string][]byte
}

func newAhead() ahead { return ahead{busy: make(chan struct{}, 1), fetched: map[string][]byte{}} }

// fetch begins to fetch what a task reads next, unless that is going on.
func (w *writer) fetch(t *task) {
	a, s := &w.lazy.ahead, w.store
	if t == nil || t.table != nil || !a.due {
		return
	}
	a.due = false
	select {
	case a.busy <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-a.busy }()
		_ = s.db.View(func(tx *bbolt.Tx) error { // it fails when the store is closed
			still := map[string][]byte{}
			for _, n := range t.runs {
				r := newRun(n)
				for _, name := range [][]byte{r.blocks, r.hashes} {
					if b := tx.Bucket(name); b != nil {
						still[string(name)] = fetchRows(b, a.fetched[string(name)], s.db.Info().Data)
					}
				}
			}
			a.fetched = still
			return nil
		})
	}()
}

// fetchRows fetches the first rows of a bucket, from behind a key on, and says
// how far it came.
func fetchRows(b *bbolt.Bucket, behind []byte, data uintptr) []byte {
	cursor := b.Cursor()
	key, value := cursor.First()
	var page uintptr
	for n := 0; key != nil && n < aheadRows; n++ {
		if bytes.Compare(key, behind) > 0 {
			behind = bytes.Clone(key)
			at := uintptr(unsafe.Pointer(unsafe.SliceData(value)))
			into := (at - data) % pageSize
			if at-into != page {
				page = at - into
				whole := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(value)), -int(into))), pageSize)
				_ = unix.Madvise(whole, unix.MADV_POPULATE_READ) // Linux before 5.14 doesn't know it
			}
		}
		key, value = cursor.Next()
	}
	return behind
}
