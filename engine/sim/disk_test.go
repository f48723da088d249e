package sim

import (
	"context"
	"testing"
)

// TestWorldsOnTheRealFileAreClean tells stories on the product's own file,
// whose lazy buckets merge all the time, through power cuts and older copies
// that are laid back. It holds the bugs of that file against itself: what finds
// them finds nothing without them.
func TestWorldsOnTheRealFileAreClean(t *testing.T) {
	worlds := uint64(8)
	if testing.Short() {
		worlds = 2
	}
	for seed := uint64(1); seed <= worlds; seed++ {
		r := Result{Seed: seed, Faults: map[string]int{}}
		if err := run(context.Background(), seed, Break{OnFile: true}, natureOf(seed), &r); err != nil || len(r.Findings) > 0 {
			t.Errorf("seed %d: %v, %v", seed, err, r.Findings)
		}
		if r.Payouts == 0 || r.Checks == 0 {
			t.Errorf("seed %d: %d payouts and %d checks, want some", seed, r.Payouts, r.Checks)
		}
	}
}
