package cli

import "testing"

// TestTheHeapHasAFloorAndGrowsByShareAboveIt holds what memory a server may take
// apart from its store.
func TestTheHeapHasAFloorAndDoublesAboveIt(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 1500, heapFloor / 16: 1500, heapFloor / 4: 300, heapFloor / 2: 100, heapFloor: leastGrowth, 10 * heapFloor: leastGrowth,
	} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d bytes alive: got %d percent, want %d", live, got, want)
		}
	}
}
