package bolt

import (
	"slices"

	"go.etcd.io/bbolt"
)

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
func (c *committer) fetch(t *task) {
	a, s := &c.lazy.ahead, c.store
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
	pages := f.leaves(b, nil, aheadPages)
	if len(pages) == 0 {
		return last
	}
	f.fetch(pages[1+slices.Index(pages, last):])
	return pages[len(pages)-1]
}
