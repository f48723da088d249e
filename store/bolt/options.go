package bolt

import (
	"errors"
	"fmt"
	"path/filepath"

	"penstock/store"
)

// Options says where a store is and what bounds it. There is deliberately no
// way to switch off fsync.
type Options struct {
	// Path is the file; its directory must exist. It has no default.
	Path string
	// LockPath is the file that admits one process at a time. It outlives every
	// renaming of Path. Empty means Path with ".lock" behind it.
	LockPath string
	// Ordered names the buckets whose keys arrive in rising order. Their pages
	// are filled to 95 % instead of half, which halves the file. Naming a
	// bucket whose keys are random makes it slower, never wrong.
	Ordered []string
	// Lazy names the buckets whose keys arrive in random order and are many.
	// Writing to one costs as much as to an ordered bucket, whatever its size.
	// Memory holds what was written last; opening reads it from the file again.
	// A bucket that was lazy once stays so in its file, named or not, and a file
	// with one is refused by a penstock from before there were any.
	Lazy []string
	// LazyMemory bounds what is held in memory of the lazy buckets: about three
	// times as many bytes may be in use. Zero means 8 MiB.
	LazyMemory int64
	// MinFree is the room in bytes, on the device and below MaxSize, under
	// which LowSpace says true. Free room inside the file is in pieces, so it
	// should be many times the largest value in use. Zero means 256 MiB.
	MinFree int64
	// MaxSize bounds the file in bytes; an Update that would pass it gets
	// store.ErrFull. The file grows 16 MiB ahead, and that counts. Zero means
	// 256 GiB, and less than 64 MiB is refused.
	MaxSize int64
	// MaxBatch bounds how many Updates are committed together. Zero means 1024.
	MaxBatch int
	// AllowAnyFS admits FUSE and network file systems, which Open refuses
	// otherwise: they may say that data is on disk when it is not.
	AllowAnyFS bool
	// OnFatal is called by the committer once when the outcome of a commit is not
	// known, before anybody is told so. The process must end there: only a new
	// one can find out, by reading, what is durable. If it returns, the callers
	// get store.ErrCommitUnknown and the store refuses everything. Nil panics.
	OnFatal func(error)

	limits limits // zero means those of LazyMemory; tests set others
	fault  Fault
}

// lazyLimits are when the lazy buckets do what.
func (o Options) lazyLimits() limits {
	if o.limits != (limits{}) {
		return o.limits
	}
	return limits{table: int(o.LazyMemory), step: mergeStep, runs: mergeRuns, early: earlyBytes}
}

const (
	mib = 1 << 20
	gib = 1 << 30

	defaultMinFree  = 256 * mib
	defaultMaxSize  = 256 * gib
	defaultLazy     = 8 * mib
	leastLazy       = 64 << 10
	mostLazy        = gib
	leastMaxSize    = 64 * mib
	defaultMaxBatch = 1024
	// maxBatchBytes closes a batch early, which bounds the memory of two.
	maxBatchBytes = 16 * mib
	// pageSize suits 2 kB records: seven to a page, where 4 KiB holds one.
	pageSize = 16 << 10
	// leastMap is how much address space is reserved at the least. Outgrowing
	// the map makes the writer wait for every View, so it should be rare.
	leastMap = 16 * gib
	// mergeStep is how many bytes of lazy buckets one transaction moves. A batch
	// may have to wait for one.
	mergeStep = 512 << 10
	// mergeRuns is how many runs of a level are merged into one of the next. More
	// means that less is written, and that a Scan looks into more of them.
	mergeRuns = 8
	// orderedFill is the share of a page that rising keys fill.
	orderedFill = 0.95
)

func (o Options) withDefaults() (Options, error) {
	if o.Path == "" {
		return o, errors.New("store path is empty")
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return o, fmt.Errorf("store path %q: %w", o.Path, err)
	}
	o.Path = path
	if o.LockPath == "" {
		o.LockPath = o.Path + ".lock"
	}
	if o.MinFree == 0 {
		o.MinFree = defaultMinFree
	}
	if o.MaxSize == 0 {
		o.MaxSize = defaultMaxSize
	}
	if o.LazyMemory == 0 {
		o.LazyMemory = defaultLazy
	}
	if o.MaxBatch == 0 {
		o.MaxBatch = defaultMaxBatch
	}
	if o.OnFatal == nil {
		o.OnFatal = func(err error) { panic(err) }
	}
	switch {
	case o.MinFree < 0:
		return o, fmt.Errorf("MinFree is %d bytes, it must not be negative", o.MinFree)
	case o.MaxSize < leastMaxSize:
		return o, fmt.Errorf("MaxSize is %d bytes, at least %d are needed", o.MaxSize, leastMaxSize)
	case o.LazyMemory < leastLazy || o.LazyMemory > mostLazy:
		return o, fmt.Errorf("LazyMemory is %d bytes, it must be within %d and %d", o.LazyMemory, leastLazy, mostLazy)
	case o.MaxBatch < 0:
		return o, fmt.Errorf("MaxBatch is %d, it must not be negative", o.MaxBatch)
	case o.LockPath == o.Path:
		return o, errors.New("LockPath is the store's own path")
	}
	for _, name := range o.Lazy {
		if len(name) == 0 || len(name) > store.MaxBucket {
			return o, fmt.Errorf("lazy bucket %q: a name has 1 to %d bytes", name, store.MaxBucket)
		}
	}
	return o, nil
}
