package sim

import (
	"context"
	"os"
	"strconv"
	"testing"
)

// full says that nothing may be left out, however long it takes; CI wants that.
func full() bool { return os.Getenv("PENSTOCK_TEST_FULL") != "" }

// seeds is how many seeds a test tries: PENSTOCK_SEEDS, or so many, or a part of
// them where the run is not a full one.
func seeds(t *testing.T, otherwise uint64) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(os.Getenv("PENSTOCK_SEEDS"), 10, 64)
	if err == nil {
		return n
	}
	switch {
	case testing.Short():
		return otherwise / 6
	case !full():
		return otherwise / 2
	}
	return otherwise
}

func TestNothingIsFoundInTheProduct(t *testing.T) {
	for seed := uint64(1); seed <= seeds(t, 60); seed++ {
		r, err := Prove(context.Background(), seed, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Findings {
			t.Errorf("seed %d: %s", seed, f)
		}
		if len(r.Findings) > 0 {
			t.FailNow()
		}
	}
}
