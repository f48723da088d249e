package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/engine/payout"
	"penstock/store"
)

// Requests by stage (bucket stages) are found without reading those of other
// stages. Requests that are old enough are sorted in, a page at a time and
// beside the work; from then on saveRequest keeps the rows to the record. So a
// request that ends as soon as most do costs its create and its settles nothing,
// and an older store is sorted while it serves. What isn't sorted yet is
// walked through.
//
// A request that has not ended has a row of its own. Of those that have ended
// one row stands for all that were created together, in a slot: the first
// characters of their ids. Its slot's row may outlive a payment that came back.

const (
	slotLength = 9               // characters: about 32 milliseconds
	sortAge    = 2 * time.Minute // of a request before it is sorted in
	sortPage   = 1000            // requests sorted in one transaction
	sortPause  = 100 * time.Millisecond
	sortRound  = 15 * time.Second // from one look at all merchants to the next
	sortScopes = 100              // scopes looked at in one piece
)

func slotOf(id string) string { return id[:min(slotLength, len(id))] }

// stageKey is where a request of that id and stage has its row.
func stageKey(s Scope, stage payout.Stage, id string) []byte {
	if stage.Ended() {
		id = slotOf(id)
	}
	return s.key(string(stage), id)
}

// sortedUpTo is the id of the last request that is sorted in; "" for none.
func sortedUpTo(tx store.Tx, s Scope) (string, error) {
	id, err := tx.Get(bucketStages, s.prefix())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("read how far requests are sorted: %w", err)
	}
	return string(id), nil
}

// moveStage keeps the row of a request that is sorted in. was is the stage at
// which it was stored before; "" for none.
func moveStage(tx store.Tx, s Scope, r *Request, was payout.Stage) error {
	if r.Stage == was {
		return nil
	}
	last, err := sortedUpTo(tx, s)
	if err != nil || r.ID > last {
		return err
	}
	if was != "" && !was.Ended() {
		if err := tx.Delete(bucketStages, stageKey(s, was, r.ID)); err != nil {
			return fmt.Errorf("clear a row of a stage: %w", err)
		}
	}
	return putStage(tx, s, r.Stage, r.ID)
}

func putStage(tx store.Tx, s Scope, stage payout.Stage, id string) error {
	key := stageKey(s, stage, id)
	if stage.Ended() {
		if _, err := tx.Get(bucketStages, key); err == nil || !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if err := tx.Put(bucketStages, key, nil); err != nil {
		return fmt.Errorf("write a row of a stage: %w", err)
	}
	return nil
}

// sorting is how far a round of sorting has come. It belongs to one goroutine.
type sorting struct {
	scopes []Scope       // still to be looked at
	began  time.Duration // monotonic; of the round
	piece  time.Duration // monotonic; of the latest piece
	run    bool          // there was a round
}

// SortStages sorts one piece of requests by stage, where some are old enough,
// unless the latest piece was just now. Nothing of it is urgent.
func (e *Engine) SortStages(ctx context.Context) error {
	q, at := &e.sorting, e.Clock.Mono()
	if q.run && (at-q.piece < sortPause || len(q.scopes) == 0 && at-q.began < sortRound) {
		return nil
	}
	if len(q.scopes) == 0 {
		q.run, q.began = true, at
		if err := q.everyScope(ctx, e); err != nil {
			return err
		}
	}
	q.piece = at
	now, _ := e.pulse.now()
	for range sortScopes {
		if len(q.scopes) == 0 {
			return nil
		}
		n, err := e.sortPiece(ctx, q.scopes[0], now)
		if err != nil {
			return err
		}
		if n < sortPage {
			q.scopes = q.scopes[1:]
		}
		if n > 0 {
			return nil
		}
	}
	return nil
}

func (q *sorting) everyScope(ctx context.Context, e *Engine) error {
	const page = 1000
	for last := ""; ; {
		some, err := e.Merchants(ctx, last, page)
		if err != nil {
			return err
		}
		for _, m := range some {
			q.scopes = append(q.scopes, Scope{m.ID, Test}, Scope{m.ID, Live})
			last = m.ID
		}
		if len(some) < page {
			return nil
		}
	}
}

// sortPiece sorts the next requests of a scope that are old enough now.
func (e *Engine) sortPiece(ctx context.Context, s Scope, now time.Time) (n int, err error) {
	to := s.key(firstID(now.Add(-sortAge)))
	next := func(tx store.Tx, limit int) ([]store.Pair, error) {
		last, err := sortedUpTo(tx, s)
		if err != nil {
			return nil, err
		}
		from := append(s.key(last), 0)
		if last == "" {
			from = s.prefix()
		}
		if bytes.Compare(from, to) >= 0 {
			return nil, nil
		}
		page, err := tx.Scan(bucketRequest, from, to, limit, false)
		if err != nil {
			return nil, fmt.Errorf("scan requests: %w", err)
		}
		return page, nil
	}
	err = e.Store.View(ctx, func(tx store.Tx) error { // most often there is none, and nothing to write
		page, err := next(tx, 1)
		n = len(page)
		return err
	})
	if err != nil || n == 0 {
		return 0, err
	}
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		page, err := next(tx, sortPage)
		if n = len(page); err != nil || n == 0 {
			return err
		}
		for _, p := range page {
			if err := putStage(tx, s, stageOf(p.Value), string(p.Key[len(s.prefix()):])); err != nil {
				return err
			}
		}
		return tx.Put(bucketStages, s.prefix(), page[n-1].Key[len(s.prefix()):])
	})
	return n, err
}

// byStage walks through what is sorted, slot by slot, and through what isn't
// as a whole.
func (l *lister) byStage(ctx context.Context, tx store.Tx) error {
	last, err := sortedUpTo(tx, l.scope)
	if err != nil {
		return err
	}
	edge, low, high := append(l.at(last), 0), l.from, l.to
	fresh := func() (bool, error) {
		l.from, l.to = low, high
		if bytes.Compare(edge, low) > 0 {
			l.from = edge
		}
		return l.walk(ctx, tx)
	}
	old := func() (bool, error) {
		if high == nil || bytes.Compare(edge, high) < 0 {
			return l.slots(ctx, tx, low, edge)
		}
		return l.slots(ctx, tx, low, high)
	}
	parts := []func() (bool, error){fresh, old}
	if last == "" {
		parts = parts[:1]
	}
	if l.f.Oldest {
		slices.Reverse(parts)
	}
	for _, part := range parts {
		if more, err := part(); err != nil || !more {
			return err
		}
	}
	return nil
}

// slots walks through those slots between two keys in which a request of the
// stages asked for was created.
func (l *lister) slots(ctx context.Context, tx store.Tx, low, high []byte) (more bool, err error) {
	streams := make([]*stream, len(l.f.Stages))
	for i, stage := range l.f.Stages {
		p := l.scope.key(string(stage), "")
		streams[i] = &stream{tx: tx, prefix: p, desc: !l.f.Oldest,
			from: append(slices.Clone(p), slotOf(string(low[len(l.prefix):]))...), to: append(slices.Clone(p), high[len(l.prefix):]...)}
	}
	for {
		slot := ""
		for _, s := range streams {
			next, err := s.next()
			if err != nil {
				return false, err
			}
			if next != "" && (slot == "" || (next > slot) == !l.f.Oldest) {
				slot = next
			}
		}
		if slot == "" {
			return true, nil
		}
		for _, s := range streams {
			s.past(slot)
		}
		if l.from = l.at(slot); bytes.Compare(l.from, low) < 0 {
			l.from = low
		}
		if l.to = after(l.at(slot)); bytes.Compare(l.to, high) > 0 {
			l.to = high
		}
		if more, err := l.walk(ctx, tx); err != nil || !more {
			return more, err
		}
	}
}

// stream is the slots in which there is a row of one stage.
type stream struct {
	tx       store.Tx
	prefix   []byte
	from, to []byte
	desc     bool
	rows     []store.Pair // read and not yet passed
	done     bool         // there are no more to read
}

const streamPage = 64

// next is the next slot; "" when there is none.
func (s *stream) next() (string, error) {
	if len(s.rows) == 0 && !s.done && bytes.Compare(s.from, s.to) < 0 {
		rows, err := s.tx.Scan(bucketStages, s.from, s.to, streamPage, s.desc)
		if err != nil {
			return "", fmt.Errorf("scan stages: %w", err)
		}
		s.rows, s.done = rows, len(rows) < streamPage
	}
	if len(s.rows) == 0 {
		return "", nil
	}
	return slotOf(string(s.rows[0].Key[len(s.prefix):])), nil
}

// past leaves a slot behind.
func (s *stream) past(slot string) {
	for len(s.rows) > 0 && slotOf(string(s.rows[0].Key[len(s.prefix):])) == slot {
		s.rows = s.rows[1:]
	}
	at := append(slices.Clone(s.prefix), slot...)
	if s.desc {
		s.to = at
	} else {
		s.from = after(at)
	}
}
