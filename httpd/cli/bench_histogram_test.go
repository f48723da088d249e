package cli

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestQuantilesAreNeverFlattered compares with sorting: a reported quantile is
// the exact one or up to 1/128 more, and the maximum is exact.
func TestQuantilesAreNeverFlattered(t *testing.T) {
	latency := rapid.Custom(func(t *rapid.T) time.Duration {
		// Each magnitude as often as any other, as latencies have them.
		return time.Duration(rapid.Uint64Range(0, 1<<rapid.IntRange(0, histogramTop).Draw(t, "magnitude")-1).Draw(t, "ns"))
	})
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(latency, 1, 300).Draw(t, "latencies")
		var h benchHistogram
		for _, d := range all {
			h.add(d)
		}
		slices.Sort(all)
		if got, want := h.max(), all[len(all)-1]; got != want {
			t.Fatalf("max of %v: got %d, want %d", all, got, want)
		}
		for _, q := range []float64{0, .01, .5, .95, .99, 1} {
			exact := all[max(int(math.Ceil(q*float64(len(all)))), 1)-1]
			got := h.quantile(q)
			if got < exact || got > exact+exact/128 {
				t.Fatalf("quantile %v of %v: got %d, want %d to %d", q, all, got, exact, exact+exact/128)
			}
		}
	})
}

// TestBucketsAreContiguous walks all edges: each bucket ends where the next
// begins, so no latency falls between two.
func TestBucketsAreContiguous(t *testing.T) {
	for i := range histogramLength - 1 {
		edge := histogramEdge(i)
		if got := histogramBucket(edge); got != i {
			t.Fatalf("bucket of %d: got %d, want %d", edge, got, i)
		}
		if got := histogramBucket(edge + 1); got != i+1 {
			t.Fatalf("bucket of %d: got %d, want %d", edge+1, got, i+1)
		}
	}
	if got, want := histogramEdge(histogramLength-1), time.Duration(1<<histogramTop-1); got != want {
		t.Fatalf("last edge: got %d, want %d", got, want)
	}
}

// TestOddLatenciesAreCounted has those outside of the buckets, and none.
func TestOddLatenciesAreCounted(t *testing.T) {
	var h benchHistogram
	if got := h.quantile(.99); got != 0 {
		t.Errorf("quantile of nothing: got %v, want 0", got)
	}
	h.add(-time.Second)
	h.add(1000 * time.Hour)
	if h.count() != 2 || h.quantile(.5) != 0 || h.max() != 1000*time.Hour {
		t.Errorf("got count %d, p50 %v, max %v, want 2, 0 and 1000h", h.count(), h.quantile(.5), h.max())
	}
}
