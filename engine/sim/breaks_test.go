package sim

import (
	"context"
	"testing"
)

// TestEachBreakIsFound shows that the worlds can see: every planted bug is
// found within the seeds that its entry names, and a finding of the same seed
// without the break is none.
func TestEachBreakIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("the search for forty planted bugs takes its time: run without -short")
	}
	for _, b := range Breaks() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= seeds(t, 400); seed++ {
				r, err := Prove(context.Background(), seed, b.Name)
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Findings) > 0 {
					t.Logf("found at seed %d: %s", seed, r.Findings[0])
					return
				}
			}
			t.Errorf("%s (%s) was not found", b.Name, b.Does)
		})
	}
}
