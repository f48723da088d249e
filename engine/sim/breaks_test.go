package sim

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"
)

// sampleBreaks is how many worlds each planted bug is looked for in by an
// ordinary run, should it not be found where it was last.
// PENSTOCK_TEST_BREAK_SEEDS looks further, and then wants every one (400 from
// the first on take half an hour); CI looks through fullBreaks and wants every one too.
const (
	sampleBreaks = 6
	fullBreaks   = 400
)

// lastFound is where planted bugs were last found that few worlds show: the
// place to look first, and no more than that. A change of the engine or of the
// stories may move them; then they are looked for from the first world on, and
// penstock prove --break NAME says where they are now.
var lastFound = map[string]uint64{
	"refusal-believed-at-once": 215,
	"lookup-before-settle":     13,
	"token-of-another":         6,
	"repeat-after-rollback":    18,
	"release-too-early":        342,
	"part-ends-request":        11,
	"withheld-is-failure":      44,
	"turnover-ignored":         6,
	"blockage-overruled":       30,
	"stale-settings":           97,
	"minimum-ignored":          20,
	"queue-overtaken":          23,
	"refusals-claimed-kept":    215,
	"settle-claimed-short":     13,
	"answer-about-another":     71,
	"any-404-is-absent":        93,
	"any-4xx-is-refusal":       48,
	"last-of-two-members":      71,
	"notification-unsigned":    10,
	"worker-dies-of-a-panic":   4,
	"clock-step-believed":      22,
	"commit-error-ignored":     14,
	"second-place-late":        74,
	"once-apart":               2,
	"payment-key-anew":         5,
	"payment-doubt-is-refusal": 11,
	"payment-forgotten":        5,
	"cancel-unasked":           11,
	"refund-key-anew":          5,
	"payment-after-rollback":   37,
	"archive-not-left":         14,
	"split-remainder-lost":     24,
	"queue-row-forgotten":      6,
	"archive-overlooked":       5,
	"archive-not-synced":       5,
	"failed-route-again":       13,
	"attempts-without-limit":   11,
	"token-for-ever":           7,
	"ghost-worker":             13,
	"end-overwritten":          10,
	"absent-is-failure":        13,
	"timetable-not-rebased":    7,
}

// TestEachBreakIsFound shows that the worlds can see. An ordinary run wants
// most of the planted bugs to be found in a few worlds; a long one all of them.
func TestEachBreakIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("the search for planted bugs takes its time: run without -short")
	}
	most, whole := uint64(sampleBreaks), false
	if full() {
		most, whole = fullBreaks, true
	}
	if text := os.Getenv("PENSTOCK_TEST_BREAK_SEEDS"); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			t.Fatalf("PENSTOCK_TEST_BREAK_SEEDS: %v", err)
		}
		most, whole = n, true
	}
	var mu sync.Mutex
	found, moved, missed := 0, []string{}, []string{}
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
				if last, ok := lastFound[b.Name]; ok && seed != last {
					moved = append(moved, b.Name)
				}
				found++
				t.Logf("found at seed %d: %s", seed, finding)
			})
		}
	})
	t.Logf("%d of %d planted bugs found; not where they were last: %v; not at all: %v", found, len(Breaks()), moved, missed)
	switch all := len(Breaks()); {
	case whole && len(missed) > 0:
		t.Errorf("not found in %d worlds: %v", most, missed)
	case found < all*3/5:
		t.Errorf("only %d of %d planted bugs are found in %d worlds; missed: %v", found, all, most, missed)
	}
}

// lookFor tells the worlds of a break until it is found: the one in which it was
// last, then the first ones.
func lookFor(t *testing.T, b Break, most uint64) (seed uint64, finding string) {
	in := func(seed uint64) string {
		r, err := Prove(context.Background(), seed, b.Name)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Findings) > 0 {
			return r.Findings[0]
		}
		return ""
	}
	if last, ok := lastFound[b.Name]; ok {
		if finding = in(last); finding != "" {
			return last, finding
		}
	}
	for seed = 1; seed <= most; seed++ {
		if finding = in(seed); finding != "" {
			return seed, finding
		}
	}
	return 0, ""
}
