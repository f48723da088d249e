package sandbox

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// dice is the chance of one arrival. It depends on the seed, on how many
// orders had arrived since the seed was set, and on nothing else: not on keys,
// not on a restart, not on how many draws the orders before had needed.
type dice struct {
	Seed    int64  `json:"seed"`
	Arrival uint64 `json:"arrival"`
}

// stream is a sequence of draws of its own for a purpose of up to 16 bytes.
func (d dice) stream(purpose string) *rand.Rand {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[0:], uint64(d.Seed))
	binary.BigEndian.PutUint64(seed[8:], d.Arrival)
	copy(seed[16:], purpose)
	return rand.New(rand.NewChaCha8(seed))
}

// draws are all that one arrival may need, always drawn together, so that
// changing one fault's probability changes no other's outcome.
type draws struct {
	dropRequest, dropReply, fail  float64
	acts, late                    float64
	delay, lateBy, settle         float64
	reject, pending, partly, rate float64
}

func (d dice) roll() draws {
	r := d.stream("arrival")
	var w draws
	for _, at := range []*float64{
		&w.dropRequest, &w.dropReply, &w.fail, &w.acts, &w.late, &w.delay, &w.lateBy, &w.settle,
		&w.reject, &w.pending, &w.partly, &w.rate,
	} {
		*at = r.Float64()
	}
	return w
}

// at is the point of the range that a draw from [0,1) names.
func (r Range) at(draw float64) time.Duration {
	ms := r[0] + int64(draw*float64(r[1]-r[0]+1))
	return time.Duration(min(ms, r[1])) * time.Millisecond
}
