package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
//
// Payouts by status are found in the same way. Those under way are of requests
// that are under way, and most of those that are paid are of paid requests; for
// each other end of a payout its request's slot has a row of that status.

const (
	slotLength = 9               // characters: about 32 milliseconds
	sortAge    = 2 * time.Minute // of a request before it is sorted in
)

func slotOf(id string) string { return id[:min(slotLength, len(id))] }

// stageKey is where a request of that id and stage has its row.
func stageKey(s Scope, stage payout.Stage, id string) []byte {
	if stage.Ended() {
		id = slotOf(id)
	}
	return s.key(string(stage), id)
}

// ofPayouts is before a payout's status, where that stands in the place of a stage.
const ofPayouts = "payout:"

func statusKey(s Scope, status payout.Status, id string) []byte {
	return s.key(ofPayouts+string(status), slotOf(id))
}

// apart says that a payout's status has a row of its own.
func apart(status payout.Status, stage payout.Stage) bool {
	return status.Ended() && !(status == payout.Paid && stage == payout.AllPaid)
}

// rowsOf are the rows in which requests of these statuses of payouts are found.
func rowsOf(statuses []payout.Status) (out []string) {
	for _, s := range statuses {
		if !s.Ended() {
			out = append(out, string(payout.Dispatching), string(payout.InHand))
			continue
		}
		if out = append(out, ofPayouts+string(s)); s == payout.Paid {
			out = append(out, string(payout.AllPaid))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// issued says whether a request of that stage can have payouts.
func issued(stage payout.Stage) bool {
	return stage != payout.Draft && stage != payout.Ready && stage != payout.Expired
}

// stagesForm is before the id up to which requests are sorted in. Rows of
// another form, or none, are taken down before requests are sorted anew.
const stagesForm = "2"

// sortedUpTo is the id of the last request that is sorted in; "" for none. old
// says that there are rows of another form, which nobody reads.
func sortedUpTo(tx store.Tx, s Scope) (id string, old bool, err error) {
	at, err := tx.Get(bucketStages, s.prefix())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", false, fmt.Errorf("read how far requests are sorted: %w", err)
	}
	id, ours := strings.CutPrefix(string(at), stagesForm)
	if !ours || len(id) != idLen {
		return "", len(at) > 0, nil
	}
	return id, false, nil
}

// moveStage keeps the rows of a request that is sorted in. was is the stage at
// which it was stored before; "" for none.
func moveStage(tx store.Tx, s Scope, r *Request, was payout.Stage) error {
	own := func(p payout.Payout) bool { return apart(p.Status, r.Stage) }
	if r.Stage == was && !slices.ContainsFunc(r.Payouts, own) {
		return nil
	}
	last, _, err := sortedUpTo(tx, s)
	if err != nil || r.ID > last {
		return err
	}
	if was != "" && was != r.Stage && !was.Ended() {
		if err := tx.Delete(bucketStages, stageKey(s, was, r.ID)); err != nil {
			return fmt.Errorf("clear a row of a stage: %w", err)
		}
	}
	if r.Stage != was {
		if err := putStage(tx, stageKey(s, r.Stage, r.ID)); err != nil {
			return err
		}
	}
	for i := range r.Payouts {
		if own(r.Payouts[i]) {
			if err := putStage(tx, statusKey(s, r.Payouts[i].Status, r.ID)); err != nil {
				return err
			}
		}
	}
	return nil
}

// putStage writes a row, unless another request has brought it already.
func putStage(tx store.Tx, key []byte) error {
	if _, err := tx.Get(bucketStages, key); err == nil || !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := tx.Put(bucketStages, key, nil); err != nil {
		return fmt.Errorf("write a row of a stage: %w", err)
	}
	return nil
}

// SortStages sorts one piece of requests by stage, where some are old enough.
// Nothing of it is urgent.
func (e *Engine) SortStages(ctx context.Context) error {
	return e.inPieces(ctx, &e.sorting, e.sortPiece)
}

// sortPiece sorts the next requests of a scope that are old enough now. What
// they need is read before the transaction, which others wait for.
func (e *Engine) sortPiece(ctx context.Context, s Scope, now time.Time) (n int, err error) {
	var page []store.Pair
	var rows [][][]byte
	var old bool
	err = e.Store.View(ctx, func(tx store.Tx) (err error) { // most often there is none, and nothing to write
		page, old, err = toSort(tx, s, now)
		return err
	})
	if err != nil || len(page) == 0 && !old {
		return 0, err
	}
	for _, p := range page {
		rows = append(rows, rowsFor(s, p))
	}
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		again, old, err := toSort(tx, s, now)
		if n = len(again); err != nil {
			return err
		}
		if old {
			n, err = takeDown(tx, s)
			return err
		}
		for i, p := range again {
			keys := rowsFor
			if i < len(page) && bytes.Equal(page[i].Key, p.Key) && bytes.Equal(page[i].Value, p.Value) {
				keys = func(Scope, store.Pair) [][]byte { return rows[i] }
			}
			for _, key := range keys(s, p) {
				if err := putStage(tx, key); err != nil {
					return err
				}
			}
		}
		if n == 0 {
			return nil
		}
		return tx.Put(bucketStages, s.prefix(), append([]byte(stagesForm), again[n-1].Key[len(s.prefix()):]...))
	})
	return n, err
}

// toSort is the next page of requests that are not sorted in and old enough. old
// says that rows of another form are still there.
func toSort(tx store.Tx, s Scope, now time.Time) (page []store.Pair, old bool, err error) {
	last, old, err := sortedUpTo(tx, s)
	if err != nil || old {
		return nil, old, err
	}
	from, to := s.prefix(), s.key(firstID(now.Add(-sortAge)))
	if last != "" {
		from = append(s.key(last), 0)
	}
	if bytes.Compare(from, to) >= 0 {
		return nil, false, nil
	}
	if page, err = tx.Scan(bucketRequest, from, to, sortPage, false); err != nil {
		return nil, false, fmt.Errorf("scan requests: %w", err)
	}
	return page, false, nil
}

// takeDown deletes some rows of another form; how far they went goes last.
func takeDown(tx store.Tx, s Scope) (n int, err error) {
	rows, err := tx.Scan(bucketStages, s.prefix(), after(s.prefix()), sortPage, true)
	if err != nil {
		return 0, fmt.Errorf("scan stages: %w", err)
	}
	for _, row := range rows {
		if err := tx.Delete(bucketStages, row.Key); err != nil {
			return 0, fmt.Errorf("clear a row of a stage: %w", err)
		}
	}
	return sortPage, nil // there is more to do
}

// rowsFor are the keys of a stored request's rows. Of one that can't be read
// only its stage is known.
func rowsFor(s Scope, p store.Pair) [][]byte {
	id, stage := string(p.Key[len(s.prefix()):]), stageOf(p.Value)
	out := [][]byte{stageKey(s, stage, id)}
	if !issued(stage) {
		return out
	}
	b, err := decode[brief](bucketRequest, p.Value)
	if err != nil {
		return out
	}
	for _, p := range b.Payouts {
		if apart(p.Status, stage) {
			out = append(out, statusKey(s, p.Status, id))
		}
	}
	return out
}

// byStage walks through what is sorted, slot by slot, and through what isn't
// as a whole.
func (l *lister) byStage(ctx context.Context, tx store.Tx) error {
	last, _, err := sortedUpTo(tx, l.scope)
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
	if last == "" {
		return l.through(fresh)
	}
	return l.through(fresh, old)
}

// through walks through parts of what there is, the newest first.
func (l *lister) through(parts ...func() (bool, error)) error {
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
// stages, or with a payout of the statuses, that are asked for was created.
func (l *lister) slots(ctx context.Context, tx store.Tx, low, high []byte) (more bool, err error) {
	rows := rowsOf(l.f.Statuses)
	if len(l.f.Stages) > 0 {
		rows = rows[:0]
		for _, stage := range l.f.Stages {
			rows = append(rows, string(stage))
		}
	}
	streams := make([]*stream, len(rows))
	for i, row := range rows {
		p := l.scope.key(row, "")
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

// stream is the slots in which there is a row of one stage or status.
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
