package cli

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// heapFloor is what the heap may grow to before garbage is collected, however
// little of it is in use. A small store keeps some 30 MB alive, and collected
// whenever these have doubled, an eighth of the processor goes into it. What
// stays of 250 MiB is for stacks and for a store whose filters are large.
const heapFloor = 180 << 20

// leastGrowth is how much the heap may grow at the least, in percent. What a
// large store keeps alive is filters above all, which cost the collector
// nothing, so it runs sooner than when all has doubled.
const leastGrowth = 40

// paceCollector keeps the collector from running more often than heapFloor
// needs, until ctx ends. Above the floor it runs when what is alive has grown
// by leastGrowth. Whoever sets GOGC decides alone.
func paceCollector(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(250 * time.Millisecond) // the filters of a large store are read within seconds
	defer tick.Stop()
	was := 100
	for {
		metrics.Read(live)
		if p := gcPercent(live[0].Value.Uint64()); p < was-was/16 || p > was+was/8 { // a change stops the world for a moment
			debug.SetGCPercent(p)
			was = p
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// gcPercent is how much the heap may grow over live bytes.
func gcPercent(live uint64) int {
	live = max(live, heapFloor/16) // before the first collection nothing counts as alive
	return max(leastGrowth, int(heapFloor*100/live)-100)
}
