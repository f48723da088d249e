package locker

import (
	"crypto/subtle"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Quorum gathers shares, in memory alone, until there are enough of them. The
// zero value is empty and ready. It is safe for concurrent use and never
// prints: the shares in it don't.
type Quorum struct {
	mu    sync.Mutex
	first Share // any of given, which says of what set they are
	given map[byte]Share
}

// Give adds a copy of a share. One that does not fit changes nothing.
//
// Errors: ErrShareSet, ErrShareTwice, ErrShare for the zero Share.
func (q *Quorum) Give(s Share) error {
	if s.s == nil {
		return fmt.Errorf("%w: no share given", ErrShare)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.given) > 0 {
		if f := q.first.s; f.set != s.s.set || f.threshold != s.s.threshold {
			return fmt.Errorf("%w: share %d is of set %s, those given before are of set %s", ErrShareSet, s.s.index, s.s.set, f.set)
		}
		if old, ok := q.given[s.s.index]; ok {
			same := subtle.ConstantTimeCompare(old.s.part[:], s.s.part[:]) == 1
			return fmt.Errorf("%w: share %d%s", ErrShareTwice, s.s.index, map[bool]string{false: ", and the two differ"}[same])
		}
	} else {
		q.given = map[byte]Share{}
	}
	own := *s.s
	own.part = new(key)
	*own.part = *s.s.part
	q.given[own.index] = Share{&own}
	q.first = q.given[own.index]
	return nil
}

// Given says how many shares are there and how many are needed; 0 and 0
// while there are none.
func (q *Quorum) Given() (given, needed int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.given) == 0 {
		return 0, 0
	}
	return len(q.given), q.first.Threshold()
}

// Master combines what was given, or says ErrFewShares. The shares stay until
// Forget.
func (q *Quorum) Master() (MasterKey, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.given) == 0 || len(q.given) < q.first.Threshold() {
		return MasterKey{}, fmt.Errorf("%w: %d given, %d are needed", ErrFewShares, len(q.given), max(q.first.Threshold(), MinThreshold))
	}
	places := slices.Sorted(maps.Keys(q.given))[:q.first.Threshold()]
	weights := gfWeights(places)
	var k key
	defer k.wipe()
	for i, place := range places {
		part := q.given[place].s.part
		for j := range k {
			k[j] ^= gfMul(weights[i], part[j])
		}
	}
	return masterOf(k, nil), nil
}

// Forget wipes what was given as far as Go allows.
func (q *Quorum) Forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range q.given {
		s.Wipe()
	}
	q.given, q.first = nil, Share{}
}

// Equal says whether two master keys are the same, in a time that does not
// depend on them. Two zero values are not.
func (m MasterKey) Equal(other MasterKey) bool {
	return m.m != nil && other.m != nil && subtle.ConstantTimeCompare(m.m.key[:], other.m.key[:]) == 1
}
