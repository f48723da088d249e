package sim

import (
	"math/rand/v2"
	"time"
)

// aging is the part of a story in which what has ended is archived as soon as it
// is a little old, so that repeats, late words, returns, cuts of power and older
// stores meet it there. It draws from a stream of its own, so that a story
// without it is the same story. A third of the stories have it.
type aging struct {
	s    *story
	draw *rand.Rand
}

func newAging(s *story, seed uint64) *aging {
	a := &aging{s: s, draw: rand.New(rand.NewPCG(seed, 7))}
	if a.draw.IntN(3) != 0 {
		return nil
	}
	s.w.Retention.Archive = []time.Duration{time.Nanosecond, time.Second, time.Minute}[a.draw.IntN(3)]
	s.w.Engine.Retention = s.w.Retention
	return a
}

// act archives now and then.
func (a *aging) act() error {
	if a.draw.IntN(3) != 0 {
		return nil
	}
	_, _, err := a.s.w.Engine.ArchiveNow(a.s.w.Ctx, 1+a.draw.IntN(3))
	return harmless(err)
}

// ArchiveAll archives whatever is old enough, and returns how many requests that were.
func (w *World) ArchiveAll() (moved int, err error) {
	for left := true; left && err == nil; {
		var n int
		n, left, err = w.Engine.ArchiveNow(w.Ctx, 100)
		moved += n
	}
	return moved, err
}
