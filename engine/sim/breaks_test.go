package sim

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"
)

// sampleBreaks is how many worlds each planted bug is looked for in by an
// ordinary run: most are found in the first ones. PENSTOCK_TEST_BREAK_SEEDS
// looks further, and then wants every one (400 take half an hour).
const sampleBreaks = 6

// TestEachBreakIsFound shows that the worlds can see. An ordinary run wants
// most of the planted bugs to be found in a few worlds; a long one all of them.
func TestEachBreakIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("the search for planted bugs takes its time: run without -short")
	}
	most, whole := uint64(sampleBreaks), false
	if text := os.Getenv("PENSTOCK_TEST_BREAK_SEEDS"); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			t.Fatalf("PENSTOCK_TEST_BREAK_SEEDS: %v", err)
		}
		most, whole = n, true
	}
	var mu sync.Mutex
	found, missed := 0, []string{}
	t.Run("worlds", func(t *testing.T) {
		for _, b := range Breaks() {
			t.Run(b.Name, func(t *testing.T) {
				t.Parallel()
				seed, finding := lookFor(t, b, most)
				mu.Lock()
				defer mu.Unlock()
				if finding == "" {
					missed = append(missed, b.Name)
					return
				}
				found++
				t.Logf("found at seed %d: %s", seed, finding)
			})
		}
	})
	switch all := len(Breaks()); {
	case whole && len(missed) > 0:
		t.Errorf("not found in %d worlds: %v", most, missed)
	case found < all*3/5:
		t.Errorf("only %d of %d planted bugs are found in %d worlds; missed: %v", found, all, most, missed)
	default:
		t.Logf("%d of %d planted bugs found in %d worlds; the others want more: %v", found, all, most, missed)
	}
}

// lookFor tells the worlds of a break until it is found.
func lookFor(t *testing.T, b Break, most uint64) (seed uint64, finding string) {
	for seed = 1; seed <= most; seed++ {
		r, err := Prove(context.Background(), seed, b.Name)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Findings) > 0 {
			return seed, r.Findings[0]
		}
	}
	return 0, ""
}
