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
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/locker"
	"penstock/store"
)

// Archiving moves what has ended long ago out of the store: the record of a
// request, what no longer fitted into it, and the messages that told of it. The
// keys stay, and under each a stub that says where its value lies; so every
// id, every index and every order is as it was, and what reads through the
// engine's store reads whole values (engine/archive). What is changed is written
// whole under its key again, and is thereby back in the store.
//
//	before the append is durable    nothing has happened; a part of it may lie in the segment
//	after it, before the commit     the entries lie there and nobody refers to them
//	after the commit                the stubs stand, each with its entry

// archivedBuckets are those whose values may be moved.
func archivedBuckets() []string {
	return []string{bucketRequest, bucketHistory, bucketChoice, bucketDelivery}
}

// archiving is what this process knows of its own archiving. Losing it loses
// nothing.
type archiving struct {
	mu      sync.Mutex // held by each piece, and by whoever needs the segments to stand still
	segment archive.ID // that this process writes; zero: none yet
	size    int64
	passed  map[Scope][]byte // where the next sweep goes on
	fresh   time.Duration    // monotonic: since when passed holds
}

// openArchive lays the archive over the store.
func (e *Engine) openArchive(ctx context.Context) error {
	e.archive = archive.Over(e.Config.Store, e.Config.Archive, archive.Hooks{Open: e.openArchived, Lost: lostArchived}, archivedBuckets()...)
	e.Config.Store = e.archive
	return e.archive.View(ctx, func(tx store.Tx) error {
		page, err := tx.Scan(bucketArchived, nil, nil, 1, false)
		if err != nil {
			return fmt.Errorf("look for an archive: %w", err)
		}
		if len(page) > 0 {
			e.archive.Use()
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
	case errors.Is(err, locker.ErrSealed):
		return nil, sealError("open what is archived", err)
	case errors.Is(err, locker.ErrTampered), errors.Is(err, locker.ErrNoKey), errors.Is(err, locker.ErrErased):
		return nil, fmt.Errorf("%w: %w", archive.ErrSpoilt, err)
	case err != nil:
		return nil, fmt.Errorf("open what is archived: %w", err)
	}
	return plain, nil
}

// lostArchived is what a reader is told of a value that is archived and can't be
// read. It is there all the same: nobody may take it for one that is not.
func lostArchived(key []byte, l *archive.Lost) error {
	e := &Error{Code: CodeArchive, Object: ObjPayout, Err: l, Message: "what was archived of this payout cannot be read, so nothing can be said or done about it",
		Hint: "put segment " + l.Segment.String() + " back into the archive from a backup; penstock check names all that is missing"}
	if l.Bucket == bucketDelivery {
		e.Object = ObjDelivery
	}
	if _, id, err := cutScope(key); err == nil {
		e.ID = string(id)
	}
	return e
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

// HoldArchive calls fn with the segments that the store needs, while none of
// them grows and no stub is written: for whoever copies both.
func (e *Engine) HoldArchive(ctx context.Context, fn func([]ArchiveSegment) error) error {
	e.archiving.mu.Lock()
	defer e.archiving.mu.Unlock()
	list, err := e.Archived(ctx)
	if err != nil {
		return err
	}
	return fn(list)
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

// label is what of a request lists read without opening it.
func (b brief) label() []byte {
	code := ""
	if b.Amount.Currency() != (money.Currency{}) {
		code = b.Amount.Currency().Code()
	}
	out := []byte{1}
	for _, text := range []string{string(b.Stage), code, b.Provider} {
		out = append(append(out, byte(len(text))), text...)
	}
	out = binary.AppendVarint(out, b.Amount.Minor())
	return binary.AppendVarint(binary.AppendVarint(out, b.Created.UnixNano()), b.Changed.UnixNano())
}

// readLabel is the inverse of label; the id stands in the key.
func readLabel(id string, label []byte) (b brief, err error) {
	bad := fmt.Errorf("%w %s: the label of a stub", errDecode, bucketRequest)
	if len(label) == 0 || label[0] != 1 {
		return b, bad
	}
	label = label[1:]
	var texts [3]string
	for i := range texts {
		if len(label) == 0 || len(label) < 1+int(label[0]) {
			return b, bad
		}
		texts[i], label = string(label[1:1+label[0]]), label[1+label[0]:]
	}
	var numbers [3]int64
	for i := range numbers {
		n, took := binary.Varint(label)
		if took <= 0 {
			return b, bad
		}
		numbers[i], label = n, label[took:]
	}
	b = brief{ID: id, Stage: payout.Stage(texts[0]), Provider: texts[2], Created: time.Unix(0, numbers[1]).UTC(), Changed: time.Unix(0, numbers[2]).UTC()}
	if texts[1] != "" {
		c, err := money.ParseCurrency(texts[1])
		if err != nil {
			return b, fmt.Errorf("%w: %w", bad, err)
		}
		b.Amount = money.New(numbers[0], c)
	}
	return b, nil
}
