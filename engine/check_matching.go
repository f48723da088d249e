package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"penstock/store"
)

// matching holds the rows of indexes that records ask for against those that
// stand, whatever their order and number, and keeps none of them while they
// agree. Each row falls into one of the parts by a hash of its key, and adds a
// hash of key and value to the part's sum when it is asked for, and takes it off
// when it stands. A part whose sum is zero in the end has all its rows, and no
// other. That sums of 128 bits hide a difference by chance is as good as never.
//
// Where a part differs, everything is looked at a second time over the same
// snapshot, and then the rows of such parts are kept, so that each finding names
// its row.
//
// A row that may stand and need not is asked for if it stands.
type matching struct {
	sums  []sum // of the first look; nil in the second
	asked int

	differ []bool                       // parts that the second look keeps
	kept   map[string]map[string]string // asked for and not yet seen to stand: bucket -> key -> value
	left   int                          // parts that differ and are not kept
}

type sum struct{ high, low uint64 }

const (
	// matchingParts bounds what a first look needs: 16 bytes each.
	matchingParts = 1 << 17
	// matchingKept bounds what a second look needs: so many rows of some 150
	// bytes. Where so much differs that they wouldn't do, not every part is kept.
	matchingKept = 1 << 18
)

func newMatching() *matching { return &matching{sums: make([]sum, matchingParts)} }

// ask takes down that a record asks for a row.
func (m *matching) ask(bucket string, key []byte, value string) {
	m.asked++
	part, h := hashRow(bucket, key, value)
	if m.sums != nil {
		at, carry := &m.sums[part], uint64(0)
		at.low, carry = bits.Add64(at.low, h.low, 0)
		at.high, _ = bits.Add64(at.high, h.high, carry)
		return
	}
	if !m.differ[part] {
		return
	}
	if m.kept[bucket] == nil {
		m.kept[bucket] = map[string]string{}
	}
	m.kept[bucket][string(key)] = value
}

// stands takes down that a row stands. false says that no record asks for it,
// which only a second look can tell.
func (m *matching) stands(bucket string, key []byte, value string) bool {
	part, h := hashRow(bucket, key, value)
	if m.sums != nil {
		at, borrow := &m.sums[part], uint64(0)
		at.low, borrow = bits.Sub64(at.low, h.low, 0)
		at.high, _ = bits.Sub64(at.high, h.high, borrow)
		return true
	}
	if !m.differ[part] {
		return true
	}
	want, asked := m.kept[bucket][string(key)]
	delete(m.kept[bucket], string(key))
	return asked && want == value
}

// missing are the rows that were asked for and don't stand, in order, once all
// that stand are taken down. Only a second look can tell.
func (m *matching) missing(bucket string) (rows []store.Pair) {
	for key, value := range m.kept[bucket] {
		rows = append(rows, store.Pair{Key: []byte(key), Value: []byte(value)})
	}
	slices.SortFunc(rows, func(a, b store.Pair) int { return strings.Compare(string(a.Key), string(b.Key)) })
	return rows
}

// again is the second look, of which at most keep rows are to be kept; nil where
// nothing differs.
func (m *matching) again(keep int) *matching {
	n := &matching{differ: make([]bool, len(m.sums)), kept: map[string]map[string]string{}}
	parts, room := 0, len(m.sums)
	if m.asked > keep {
		room = max(1, keep*len(m.sums)/m.asked)
	}
	for i, s := range m.sums {
		if s == (sum{}) {
			continue
		}
		if parts++; parts > room {
			n.left++
			continue
		}
		n.differ[i] = true
	}
	if parts == 0 {
		return nil
	}
	return n
}

// hashRow is the part into which a row falls by its key, and what it adds there.
func hashRow(bucket string, key []byte, value string) (part int, h sum) {
	var room [256]byte
	b := append(append(append(room[:0], bucket...), 0), key...)
	d := sha256.Sum256(b)
	part = int(binary.BigEndian.Uint32(d[:]) % matchingParts)
	if value != "" {
		d = sha256.Sum256(append(append(room[:0], d[:]...), value...))
	}
	return part, sum{binary.BigEndian.Uint64(d[16:]), binary.BigEndian.Uint64(d[24:])}
}
