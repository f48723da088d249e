package archive

import (
	"errors"
	"fmt"

	"penstock/store"
)

const (
	// MaxSegment is how many bytes a segment has at the most.
	MaxSegment = 1 << 40
	// MaxEntry is how many bytes an entry has at the most: a stored value, and
	// what sealing adds.
	MaxEntry = 1<<20 + 4096
)

// Shelf is where segments lie. It is safe for concurrent use.
type Shelf interface {
	// Append adds data at the end of a segment, which it makes if there is none,
	// and returns where data begins, once data and the segment's name are
	// durable. After an error there may be a part of it, which nobody refers to;
	// nothing is appended to that segment any more.
	Append(id ID, data []byte) (offset int64, err error)
	// ReadAt fills p from a segment. ErrMissing where the segment is not there
	// or ends before.
	ReadAt(id ID, p []byte, offset int64) error
	// List returns the segments that are there, in the order of their names.
	List() ([]Segment, error)
}

// Segment is one that is there.
type Segment struct {
	ID    ID
	Bytes int64
}

var (
	// ErrMissing says that a segment, or the part of it asked for, is not there.
	ErrMissing = errors.New("archive: the segment is missing or cut short")
	// ErrSpoilt says that an entry is not what was archived.
	ErrSpoilt = errors.New("archive: the entry is not what was archived")
	// ErrAppend refuses to go on with a segment to which an append has failed.
	ErrAppend = errors.New("archive: an append to this segment has failed before")
)

// Lost is the error of reading a value whose entry is missing or spoilt. It is a
// store.ErrCorrupt to whoever reads values: a value that is there and can't be
// read, never one that is not there.
type Lost struct {
	Segment ID
	Bucket  string
	Why     error
}

func (l *Lost) Error() string {
	return fmt.Sprintf("a value of %s is archived in segment %s and cannot be read (put the segment back from a backup): %v", l.Bucket, l.Segment, l.Why)
}

// Unwrap implements errors.Is for both.
func (l *Lost) Unwrap() []error { return []error{l.Why, store.ErrCorrupt} }
