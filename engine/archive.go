package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"penstock/engine/archive"
	"penstock/locker"
	"penstock/store"
)

// Archiving moves what has ended long ago out of the store: the record of a
// request, what no longer fitted into it, and the messages that told of it. The
// keys stay, and under each a stub that says where its value lies; so every
// id, every index and every order is as it was, and what reads through the
// engine's store reads whole values (engine/archive). What is changed is written
// whole under its key again, and is thereby back in the store. What makes a
// command harmless to repeat is never moved.
//
// What is true when the process stops:
//
//	before the append is durable    nothing has happened; a part of it may lie in the segment
//	after it, before the commit     the entries lie there and nobody refers to them
//	after the commit                the stubs stand, each with its entry

// archivedBuckets are those whose values may be moved.
func archivedBuckets() []string {
	return []string{bucketRequest, bucketHistory, bucketChoice, bucketDelivery}
}

// segmentSize is how many bytes a segment has when the next one is begun.
const segmentSize = 256 << 20

// openArchive lays the archive over the store.
func (e *Engine) openArchive(ctx context.Context) error {
	over := archive.Over(e.Config.Store, e.Config.Archive, e.openArchived, archivedBuckets()...)
	e.Config.Store, e.archive = over, over
	return over.View(ctx, func(tx store.Tx) error {
		raw, err := tx.Get(bucketMeta, []byte("format"))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("read format: %w", err)
		}
		if len(raw) == 1 {
			if _, archives := ofFormat(raw[0]); archives {
				over.Use()
			}
		}
		return nil
	})
}

// archivePlace binds an entry to the bucket and the whole key of its value.
func archivePlace(bucket string, key []byte) locker.Place {
	return locker.Place{Bucket: bucketArchived + ":" + bucket, Token: string(key)}
}

// openArchived opens an entry. The key of the appliance is one that is in use
// all the time; where it is not at hand it is read from the keyring, which waits
// for nothing that could wait for this.
func (e *Engine) openArchived(ctx context.Context, bucket string, key, sealed []byte) ([]byte, error) {
	plain, err := e.Locker.OpenSecret(ctx, archivePlace(bucket, key), sealed)
	switch {
	case errors.Is(err, locker.ErrTampered), errors.Is(err, locker.ErrNoKey), errors.Is(err, locker.ErrErased):
		return nil, fmt.Errorf("%w: %w", archive.ErrSpoilt, err)
	case err != nil:
		return nil, sealError("open what is archived", err)
	}
	return plain, nil
}

// ArchiveSegment is what the store knows of a segment that it needs.
type ArchiveSegment struct {
	Name     string    `json:"name"`     // of its file
	Requests int       `json:"requests"` // that were moved there
	Values   int       `json:"values"`   // with what belongs to them
	Bytes    int64     `json:"bytes"`    // that it has at the least
	Since    time.Time `json:"since"`
	// Here says that a segment of this name is there, with Bytes or more.
	Here bool `json:"-"`
}

// Archived returns the segments that the store needs, in the order of their
// making, and whether they are there.
func (e *Engine) Archived(ctx context.Context) ([]ArchiveSegment, error) {
	return read(ctx, e, e.segments)
}

func (e *Engine) segments(tx store.Tx) (out []ArchiveSegment, err error) {
	there := map[string]int64{}
	if e.Config.Archive != nil {
		list, err := e.Config.Archive.List()
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			there[s.ID.String()] = s.Bytes
		}
	}
	err = each(tx, bucketArchived, nil, func(p store.Pair) error {
		s, err := decode[ArchiveSegment](bucketArchived, p.Value)
		if err != nil {
			return err
		}
		size, ok := there[s.Name]
		s.Here = ok && size >= s.Bytes
		out = append(out, *s)
		return nil
	})
	return out, err
}

// archiving is what this process knows of its own archiving. Losing it loses
// nothing.
type archiving struct {
	mu      sync.Mutex // held by each piece
	segment archive.ID // that this process writes; zero: none yet
	size    int64
	walk    *archiveWalk     // nil: none is under way
	passed  map[Scope][]byte // up to where walks by themselves have looked
	since   time.Duration    // monotonic: when passed was last cleared
	piece   time.Duration    // monotonic: of the latest piece of such a walk
	date    time.Time        // by which the latest of those decided
}

// segmentFor is the segment that the next entries go to. Each process writes
// segments of its own making.
func (e *Engine) segmentFor(ctx context.Context) (archive.ID, error) {
	a := &e.archiving
	if a.segment != 0 && a.size < segmentSize {
		return a.segment, nil
	}
	known, err := e.Archived(ctx)
	if err != nil {
		return 0, err
	}
	list, err := e.Config.Archive.List()
	if err != nil {
		return 0, err
	}
	last := uint32(0)
	for _, s := range list {
		last = max(last, s.ID.Number())
	}
	for _, s := range known {
		if id, ok := archive.ParseID(s.Name); ok {
			last = max(last, id.Number())
		}
	}
	var random [4]byte
	if _, err := io.ReadFull(e.Rand, random[:]); err != nil {
		return 0, fmt.Errorf("draw a segment's name: %w", err)
	}
	a.segment, a.size = archive.NewID(last+1, binary.BigEndian.Uint32(random[:])), 0
	return a.segment, nil
}
