package bolt

// Fault is a defect that can be planted in the lazy buckets, to see that it is
// found. It is no option: only OpenFaulty takes one.
type Fault uint8

const (
	// NoFault is the product.
	NoFault Fault = iota
	// LoseLogTail opens a store without the last row of its log.
	LoseLogTail
	// HalveMerge takes a table for written out when a part of it is, and deletes
	// the log that has the rest.
	HalveMerge
	// StaleLook looks keys up in the file alone, as if nothing were in memory.
	StaleLook
)

// OpenFaulty is Open with a defect. Tables and merges are so small that a few
// hundred writes meet all that a store meets in years.
func OpenFaulty(opt Options, f Fault) (*Store, error) {
	opt.fault = f
	if opt.limits == (limits{}) {
		opt.limits = limits{table: 4 << 10, step: 1 << 10, runs: 2}
	}
	return Open(opt)
}
