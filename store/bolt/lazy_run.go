package bolt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// Buckets of the file that belong to the lazy ones. The log has a bucket for
// each of its generations, a run one for its blocks and one for the hashes of
// its keys.
const (
	logPrefix    = "lazy/log/"
	blocksPrefix = "lazy/run/"
	hashesPrefix = "lazy/hash/"
)

// run is entries in key order, in the file. A run is newer than one of a higher
// level, and among those of one level the higher id is the newer one. It
// doesn't change: what is taken from its front or put to its end by a
// transaction makes another run of the same name.
type run struct {
	runName
	name           string // of its blocks' bucket
	blocks, hashes []byte // names of its buckets
	known          *sieve
	late           *lateSieve // instead of known, of a run that was there at the start
}

type runName struct {
	level byte
	id    uint64
}

// newRun is a run that has no keys yet.
func newRun(n runName) *run {
	tail := hex.EncodeToString(binary.BigEndian.AppendUint64([]byte{n.level}, n.id))
	name := blocksPrefix + tail
	return &run{runName: n, name: name, blocks: []byte(name), hashes: []byte(hashesPrefix + tail)}
}

// parseRun reads the end of a bucket's name.
func parseRun(tail []byte) (runName, error) {
	b, err := hex.DecodeString(string(tail))
	if err != nil || len(b) != 9 {
		return runName{}, fmt.Errorf("%w: run %q", store.ErrCorrupt, tail)
	}
	return runName{b[0], binary.BigEndian.Uint64(b[1:])}, nil
}

// newer puts the newer run first.
func newer(a, b *run) int {
	if a.level != b.level {
		return int(a.level) - int(b.level)
	}
	if a.id < b.id {
		return 1
	}
	return -1
}

// sieve is nil where what would be in it can't be read, or not soon enough.
func (r *run) sieve() *sieve {
	if r.known == nil && r.late != nil {
		return r.late.awaited()
	}
	return r.known
}

// with is the run with another sieve.
func (r *run) with(s *sieve) *run {
	next := *r
	next.known, next.late = s, nil
	return &next
}

// maybe says of a key whether the run can have it.
func (r *run) maybe(key []byte, h keyHash) bool {
	s := r.sieve()
	return s == nil || s.has(key, h)
}

// maybeAlike says of a beginning whether the run can have keys with it.
func (r *run) maybeAlike(beginning []byte, h keyHash) bool {
	s := r.sieve()
	return s == nil || s.hasAlike(beginning, h)
}

// get finds what was last done to a key, as far as the run knows.
func (r *run) get(tx *bbolt.Tx, key []byte, h keyHash) (entry, bool, error) {
	if !r.maybe(key, h) {
		return entry{}, false, nil
	}
	b := tx.Bucket(r.blocks)
	if b == nil {
		return entry{}, false, r.lost()
	}
	last, stored := b.Cursor().Seek(key)
	if last == nil {
		return entry{}, false, nil
	}
	block, err := verify(r.name, last, stored)
	if err != nil {
		return entry{}, false, err
	}
	return inBlock(block, key)
}

func (r *run) lost() error { return fmt.Errorf("%w: %s is lost", store.ErrCorrupt, r.name) }

// runSource walks a run.
type runSource struct {
	span
	run     *run
	cursor  *bbolt.Cursor
	block   []entry // what is left of the block where it stands
	keys    []byte  // of block
	last    []byte  // key of the block
	entries int     // of the whole block that are in the span
	ended   bool    // the block goes beyond the span's end
	ahead   *follower
	key     []byte // room for keys
}

// feed gives the entries of a span.
func (r *run) feed(tx *bbolt.Tx, s span) (feed, error) {
	b := tx.Bucket(r.blocks)
	if b == nil {
		return feed{}, r.lost()
	}
	w := &runSource{span: s, run: r, cursor: b.Cursor()}
	var last, stored []byte
	switch {
	case !s.desc:
		last, stored = w.cursor.Seek(s.from)
	default:
		if last, stored = w.cursor.Seek(s.to); last == nil {
			last, stored = w.cursor.Last()
		}
	}
	if err := w.unpack(last, stored); err != nil {
		return feed{}, err
	}
	e, err := w.next()
	return feed{entry: e, rest: w, raw: true}, err
}

// unpack reads what of a block is in the span; at the end there is none.
func (w *runSource) unpack(last, stored []byte) error {
	w.block, w.keys, w.last, w.entries = w.block[:0], w.keys[:0], last, 0
	if last == nil {
		w.ended = true
		return nil
	}
	w.ahead.next()
	block, err := verify(w.run.name, last, stored)
	if err != nil {
		return err
	}
	for b := (blockReader{rest: block, key: w.key}); ; {
		e, ok, err := b.next()
		if err != nil {
			return fmt.Errorf("run %s: %w", w.run.name, err)
		}
		if w.key = b.key; !ok {
			break
		}
		if bytes.Compare(e.key, w.from) < 0 {
			w.ended = w.ended || w.desc
			continue
		}
		if w.to != nil && bytes.Compare(e.key, w.to) >= 0 {
			w.ended = w.ended || !w.desc
			break
		}
		n := len(w.keys)
		w.keys = append(w.keys, e.key...)
		w.block = append(w.block, entry{w.keys[n:len(w.keys):len(w.keys)], e.stored})
	}
	w.entries = len(w.block)
	return nil
}

func (w *runSource) next() (e entry, err error) {
	for len(w.block) == 0 && !w.ended && err == nil {
		if w.desc {
			err = w.unpack(w.cursor.Prev())
		} else {
			err = w.unpack(w.cursor.Next())
		}
	}
	switch n := len(w.block); {
	case n == 0 || err != nil:
	case w.desc:
		e, w.block = w.block[n-1], w.block[:n-1]
	default:
		e, w.block = w.block[0], w.block[1:]
	}
	return e, err
}

// findEntry is where a key stands, or belongs, among entries in order.
func findEntry(in []entry, key []byte) (int, bool) {
	return slices.BinarySearchFunc(in, key, func(e entry, k []byte) int { return bytes.Compare(e.key, k) })
}

// whole says whether nothing of the block where it stands was read, apart from
// the entry of its feed.
func (w *runSource) whole() bool { return len(w.block)+1 == w.entries }
