package sandbox

import "iter"

// mergeBelow is how many times longer than the next a run may be and yet be
// merged with it: each is then at least so many times as long as the next, and
// ten million keys are in five runs or so.
const mergeBelow = 4

// merged is how many of the runs stay as they are when one of so many blocks
// is added to them; the others become one with it.
func merged(runs []*run, blocks int) (stay int) {
	for stay = len(runs); stay > 0 && len(runs[stay-1].first) < mergeBelow*blocks; stay-- {
		blocks += len(runs[stay-1].first)
	}
	return stay
}

// merge gives the pairs of all to take, in their order, until one is not taken.
func merge(pairs []pair, runs []*run, take func(pair) bool) error {
	var failed error
	heads := []*head{newHead(func(yield func(pair) bool) {
		for _, p := range pairs {
			if !yield(p) {
				return
			}
		}
	})}
	for _, r := range runs {
		heads = append(heads, newHead(func(yield func(pair) bool) {
			if err := r.all(yield); err != nil {
				failed = err
			}
		}))
	}
	defer func() {
		for _, h := range heads {
			h.stop()
		}
	}()
	for failed == nil {
		var least *head
		for _, h := range heads {
			if h.ok && (least == nil || h.pair.compare(least.pair) < 0) {
				least = h
			}
		}
		if least == nil || !take(least.pair) {
			break
		}
		least.pair, least.ok = least.next()
	}
	return failed
}

// head is the next pair of a sequence.
type head struct {
	pair pair
	ok   bool
	next func() (pair, bool)
	stop func()
}

func newHead(seq iter.Seq[pair]) *head {
	h := &head{}
	h.next, h.stop = iter.Pull(seq)
	h.pair, h.ok = h.next()
	return h
}
