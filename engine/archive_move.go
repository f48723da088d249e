package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/engine/archive"
	"penstock/store"
)

const (
	archivePage  = 1000                   // requests that one piece looks at
	archiveMost  = 64                     // requests that it moves
	archiveBytes = 4 << 20                // that it moves, at about
	archiveParts = 200                    // values that may belong to one request
	archiveValue = 200 << 10              // bytes of a value that may be moved: what the locker seals, with room
	archivePause = 100 * time.Millisecond // between two pieces of a walk by itself
	archiveAnew  = 24 * time.Hour         // after which such a walk looks again at what had not ended
)

// archiveWalk is one way through all requests.
type archiveWalk struct {
	date   time.Time // what ended Retention.Archive before it is moved
	scopes []Scope   // still to be walked through, the first from a key on
	from   []byte    // nil: from its beginning
	own    bool      // it began by itself
}

// ArchiveOld moves a piece of what has ended long enough ago, unless the latest
// piece was just now. Nothing of it is urgent. It decides by the date by which
// retention deletes, and walks once for each of those.
func (e *Engine) ArchiveOld(ctx context.Context) error {
	if e.Retention.Archive <= 0 || e.Config.Archive == nil || e.Locker.Sealed() || e.Held() != "" {
		return nil
	}
	a, mono := &e.archiving, e.Clock.Mono()
	if !a.mu.TryLock() {
		return nil // somebody else is at it
	}
	defer a.mu.Unlock()
	if a.piece != 0 && mono-a.piece < archivePause {
		return nil
	}
	if a.walk == nil {
		date := e.keptBy()
		if date.IsZero() || date.Equal(a.date) {
			return nil
		}
		if a.passed == nil || mono-a.since >= archiveAnew {
			a.passed, a.since = map[Scope][]byte{}, mono
		}
		if err := e.beginArchiving(ctx, date, true); err != nil {
			return err
		}
		a.date = date
	}
	a.piece = mono
	_, err := e.archivePiece(ctx)
	if err != nil {
		a.walk = nil
	}
	return err
}

// ArchiveNow moves what is old enough at this moment, for a person who asks for
// it: at most so many pieces, and from where the call before has stopped. left
// says that there is more to look at.
func (e *Engine) ArchiveNow(ctx context.Context, pieces int) (moved int, left bool, err error) {
	switch {
	case e.Config.Archive == nil || e.Retention.Archive <= 0:
		return 0, false, &Error{Code: CodeState, Object: ObjPayout, Message: "nothing is archived: store.archive_after is 0s", Hint: "set it, and start again"}
	case e.Locker.Sealed():
		return 0, false, errLockerSealed
	case e.Held() != "":
		return 0, false, &Error{Code: CodeHeld, Message: "nothing is archived while the store is on hold"}
	}
	a := &e.archiving
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.walk == nil || a.walk.own {
		now, _ := e.pulse.now()
		if err := e.beginArchiving(ctx, now, false); err != nil {
			return 0, false, err
		}
	}
	for range pieces {
		n, err := e.archivePiece(ctx)
		if moved += n; err != nil {
			a.walk = nil
			return moved, false, err
		}
		if a.walk == nil {
			return moved, false, nil
		}
	}
	return moved, true, nil
}

func (e *Engine) beginArchiving(ctx context.Context, date time.Time, own bool) error {
	scopes, err := e.everyScope(ctx)
	if err != nil {
		return err
	}
	e.archiving.walk = &archiveWalk{date: date, scopes: scopes, own: own}
	return nil
}

// archivePiece takes the walk a piece further; the walk is nil at its end.
func (e *Engine) archivePiece(ctx context.Context) (moved int, err error) {
	if err := e.roomy(); err != nil {
		return 0, err
	}
	a := &e.archiving
	w := a.walk
	for range sortScopes { // those where there is nothing cost next to nothing
		if len(w.scopes) == 0 {
			a.walk = nil
			return 0, nil
		}
		if moved, err = e.archiveScope(ctx, w); err != nil || moved > 0 || w.from != nil {
			return moved, err
		}
	}
	return 0, nil
}

// archiveScope does a piece of the walk's first scope.
func (e *Engine) archiveScope(ctx context.Context, w *archiveWalk) (moved int, err error) {
	a, s := &e.archiving, w.scopes[0]
	if w.from == nil && w.own {
		w.from = a.passed[s]
	}
	groups, next, err := e.readOld(ctx, s, w.from, w.date.Add(-e.Retention.Archive))
	if err != nil {
		return 0, err
	}
	if len(groups) > 0 {
		if moved, err = e.move(ctx, groups); err != nil {
			return 0, err
		}
	}
	if w.own && next != nil {
		a.passed[s] = next
	}
	if w.from = next; next == nil {
		w.scopes = w.scopes[1:]
	}
	return moved, nil
}

// archivable is a request with all that is moved with it, as it is stored.
type archivable []archivedValue

type archivedValue struct {
	bucket   string
	key, raw []byte
	stub     []byte
}

// readOld reads the next requests of a scope that may be moved, and from which
// key to go on; nil where the walk through the scope has come to its end.
func (e *Engine) readOld(ctx context.Context, s Scope, from []byte, before time.Time) (out []archivable, next []byte, err error) {
	if from == nil {
		from = s.prefix()
	}
	to := s.key(firstID(before)) // what was made later has not ended before either
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out, next = nil, nil
		tx = archive.Stubs(tx)
		page, err := tx.Scan(bucketRequest, from, to, archivePage, false)
		if err != nil {
			return fmt.Errorf("scan requests: %w", err)
		}
		size := 0
		for _, p := range page {
			if archive.IsStub(p.Value) {
				continue
			}
			group, err := oldEnough(tx, s, p, before)
			if err != nil {
				return err
			}
			if group == nil {
				continue
			}
			out = append(out, group)
			for _, v := range group {
				size += len(v.raw)
			}
			if len(out) == archiveMost || size >= archiveBytes {
				next = append(bytes.Clone(p.Key), 0)
				return nil
			}
		}
		if len(page) == archivePage {
			next = append(bytes.Clone(page[len(page)-1].Key), 0)
		}
		return nil
	})
	return out, next, err
}

// oldEnough returns the request with all that belongs to it, or nil while it has
// to stay. One that can't be read stays: check tells of it.
func oldEnough(tx store.Tx, s Scope, p store.Pair, before time.Time) (archivable, error) {
	r, err := decode[Request](bucketRequest, p.Value)
	if err != nil || !r.atRest() || r.Changed.After(before) || !bytes.Equal(s.key(r.ID), p.Key) {
		return nil, nil
	}
	group := archivable{{bucket: bucketRequest, key: p.Key, raw: p.Value}}
	for _, bucket := range []string{bucketHistory, bucketChoice} {
		prefix := s.key(r.ID, "")
		page, err := tx.Scan(bucket, prefix, after(prefix), archiveParts+1, false)
		if err != nil {
			return nil, fmt.Errorf("scan %s: %w", bucket, err)
		}
		for _, p := range page {
			group = append(group, archivedValue{bucket: bucket, key: p.Key, raw: p.Value})
		}
	}
	for _, t := range r.Told {
		key := s.key(t.Delivery)
		raw, err := tx.Get(bucketDelivery, key)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read delivery: %w", err)
		}
		if !archive.IsStub(raw) {
			d, err := decode[Delivery](bucketDelivery, raw)
			if err != nil || d.State == Waiting || !d.Due.IsZero() || d.Request != r.ID {
				return nil, nil
			}
		}
		group = append(group, archivedValue{bucket: bucketDelivery, key: key, raw: bytes.Clone(raw)})
	}
	kept := group[:0]
	for _, v := range group {
		if len(v.raw) > archiveValue {
			return nil, nil
		}
		if !archive.IsStub(v.raw) { // an older part may have been moved before
			kept = append(kept, v)
		}
	}
	if len(kept) > archiveParts {
		return nil, nil
	}
	return kept, nil
}

// atRest says that nothing is to be done about the request, by any machine or
// person, and that it keeps nothing which goes later.
func (r *Request) atRest() bool {
	d := r.dues()
	if !r.Stage.Ended() || d.wants || d.queue || !d.expiry.IsZero() || !d.step.IsZero() || !r.Next.IsZero() ||
		r.Moderation != "" || r.Attention || r.Forgotten || len(r.Sealed) > 0 {
		return false
	}
	for _, p := range r.Payouts {
		if !p.Status.Ended() || !p.Due.IsZero() {
			return false
		}
	}
	return true
}

// move puts the groups into the archive and stubs in their place. The entries
// are durable before the first stub is. A group of which anything was written
// meanwhile stays in the store.
func (e *Engine) move(ctx context.Context, groups []archivable) (moved int, err error) {
	id, err := e.segmentFor(ctx)
	if err != nil {
		return 0, err
	}
	a := &e.archiving
	var data []byte
	for _, group := range groups {
		for i := range group {
			v := &group[i]
			sealed, err := e.Locker.SealSecret(ctx, archivePlace(v.bucket, v.key), v.raw)
			if err != nil {
				return 0, sealError("seal what is archived", err)
			}
			v.stub = archive.Place{Segment: id, Offset: a.size + int64(len(data)), Length: len(sealed), Sum: archive.SumOf(sealed)}.Stub()
			data = append(data, sealed...)
		}
	}
	at, err := e.Config.Archive.Append(id, data)
	if err != nil || at != a.size {
		a.segment = 0 // the next piece begins another
		return 0, errors.Join(err, wrongPlace(at, a.size, err))
	}
	a.size += int64(len(data))
	e.archive.Use()
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		moved, err = e.putStubs(archive.Stubs(tx), groups, ArchiveSegment{Name: id.String(), Bytes: a.size})
		return err
	})
	if errors.Is(err, store.ErrCommitUnknown) {
		return 0, e.die(err)
	}
	if err != nil {
		return 0, fmt.Errorf("write stubs: %w", err)
	}
	return moved, nil
}

func wrongPlace(at, want int64, err error) error {
	if err == nil {
		return fmt.Errorf("engine: entries were archived at %d and not at %d", at, want)
	}
	return nil
}

// putStubs writes the stubs of those groups that still stand as they were
// archived.
func (e *Engine) putStubs(tx store.Tx, groups []archivable, to ArchiveSegment) (moved int, err error) {
	values := 0
	for _, group := range groups {
		same, err := group.unchanged(tx)
		if err != nil {
			return 0, err
		}
		if !same {
			continue
		}
		for _, v := range group {
			if err := tx.Put(v.bucket, v.key, v.stub); err != nil {
				return 0, fmt.Errorf("write a stub: %w", err)
			}
		}
		moved, values = moved+1, values+len(group)
	}
	if moved == 0 {
		return 0, nil
	}
	now, _ := e.pulse.now()
	known, err := load[ArchiveSegment](tx, bucketArchived, []byte(to.Name))
	switch {
	case errors.Is(err, store.ErrNotFound):
		to.Since = now
	case err != nil:
		return 0, err
	default:
		to.Requests, to.Values, to.Since = known.Requests, known.Values, known.Since
	}
	to.Requests, to.Values = to.Requests+moved, to.Values+values
	if err := keep(tx, bucketArchived, []byte(to.Name), to); err != nil {
		return 0, err
	}
	return moved, tx.Put(bucketMeta, []byte("format"), []byte{formatArchive}) // older ones know no stubs
}

// unchanged says that all of the group stands in the store as it was archived.
func (group archivable) unchanged(tx store.Tx) (bool, error) {
	for _, v := range group {
		raw, err := tx.Get(v.bucket, v.key)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("read %s: %w", v.bucket, err)
		}
		if !bytes.Equal(raw, v.raw) {
			return false, nil
		}
	}
	return true, nil
}
