package cli

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// The histogram has 2^histogramBits buckets for each doubling of the value, as
// HdrHistogram's do, so what it reports is at most 1/128 too long.
const (
	histogramBits   = 7
	histogramSubs   = 1 << histogramBits
	histogramTop    = 42 // values end at 2^42 ns, 73 minutes; longer ones count as that
	histogramLength = (histogramTop - histogramBits + 1) * histogramSubs
)

// benchHistogram counts latencies in fixed memory (36 KiB). It is safe for
// concurrent use; the zero value is empty.
type benchHistogram struct {
	counts  [histogramLength]atomic.Uint64
	total   atomic.Uint64
	longest atomic.Int64
}

// add counts one latency; a negative one, from a clock that was set, is zero.
func (h *benchHistogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[histogramBucket(d)].Add(1)
	h.total.Add(1)
	for {
		was := h.longest.Load()
		if int64(d) <= was || h.longest.CompareAndSwap(was, int64(d)) {
			return
		}
	}
}

// count is how many latencies were added.
func (h *benchHistogram) count() uint64 { return h.total.Load() }

// max is the longest latency, exactly.
func (h *benchHistogram) max() time.Duration { return time.Duration(h.longest.Load()) }

// quantile is a latency that the share q of all did not exceed: never less
// than the exact one of that rank, at most 1/128 more. Zero when nothing was
// added.
func (h *benchHistogram) quantile(q float64) time.Duration {
	n := h.count()
	if n == 0 {
		return 0
	}
	rank := min(max(uint64(math.Ceil(q*float64(n))), 1), n)
	var seen uint64
	for i := range h.counts {
		if seen += h.counts[i].Load(); seen >= rank {
			return min(histogramEdge(i), h.max())
		}
	}
	return h.max()
}

// histogramBucket is where d is counted: below 2^histogramBits ns every
// nanosecond has its own bucket, above it the leading bits decide.
func histogramBucket(d time.Duration) int {
	v := min(uint64(d), 1<<histogramTop-1)
	shift := max(bits.Len64(v)-histogramBits-1, 0)
	return shift<<histogramBits + int(v>>shift)
}

// histogramEdge is the longest latency that bucket i holds.
func histogramEdge(i int) time.Duration {
	if i < 2*histogramSubs {
		return time.Duration(i)
	}
	shift := i>>histogramBits - 1
	lead := uint64(i&(histogramSubs-1) | histogramSubs)
	return time.Duration((lead+1)<<shift - 1)
}
