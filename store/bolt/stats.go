package bolt

import (
	"math/bits"
	"sync/atomic"
)

// Stats are figures for metrics. The counters count since Open.
type Stats struct {
	Commits  uint64 // transactions committed, each with its fsyncs
	Updates  uint64 // Updates that returned nil
	Failures uint64 // Updates that returned an error or panicked after they were queued
	Bytes    uint64 // keys and values written, with checksums
	Queued   int    // Updates that wait for the writer now
	// Batches counts the commits by how many Updates they held: Batches[i] those
	// with 2^i to 2^(i+1)-1, and the last one all that held more.
	Batches [11]uint64

	// Moved is how many bytes of lazy buckets were moved towards larger runs, and
	// Merges by how many transactions, each with its fsyncs.
	Moved, Merges uint64
	// Damaged says that a merge met damage, so that there are no more of them:
	// Check tells what it is. Reading gets slower, and goes on.
	Damaged bool

	FileBytes int64 // size of the file as far as it is used
	FreeBytes int64 // of these, what new pages can take
	LowSpace  bool  // what LowSpace would say, as of the last look
}

type counters struct {
	commits, updates, failures, bytes atomic.Uint64
	movedBytes, merges                atomic.Uint64
	damaged                           atomic.Bool
	batches                           [11]atomic.Uint64
}

// committed counts one commit of n Updates.
func (c *counters) committed(n, bytes int) {
	c.commits.Add(1)
	c.bytes.Add(uint64(bytes))
	c.batches[min(bits.Len(uint(n))-1, len(c.batches)-1)].Add(1)
}

// moved counts one step of a merge.
func (c *counters) moved(bytes int) {
	c.merges.Add(1)
	c.movedBytes.Add(uint64(bytes))
}

// answered counts one Update.
func (c *counters) answered(r *request) {
	if r.how == returned && r.err == nil {
		c.updates.Add(1)
	} else {
		c.failures.Add(1)
	}
}

// Stats returns the figures. It is cheap and may be called at any time, also
// after Close.
func (s *Store) Stats() Stats {
	c := &s.stats
	out := Stats{
		Commits: c.commits.Load(), Updates: c.updates.Load(), Failures: c.failures.Load(), Bytes: c.bytes.Load(),
		Moved: c.movedBytes.Load(), Merges: c.merges.Load(), Damaged: c.damaged.Load(),
		Queued:    len(s.queue),
		FileBytes: s.space.file.Load(), FreeBytes: s.space.free.Load(), LowSpace: s.space.low.Load(),
	}
	for i := range c.batches {
		out.Batches[i] = c.batches[i].Load()
	}
	return out
}
