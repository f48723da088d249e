package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"penstock/locker"
	"penstock/store"
)

// Retention says for how long what is no longer needed is kept. A zero field
// keeps for ever.
type Retention struct {
	// OneOff is how long the key lives on that sealed the details of a day's
	// payouts without a customer, after the last of them has ended. The details
	// themselves leave the store when their payout ends; with the key they
	// leave every backup too.
	OneOff time.Duration
	// UnusedMethods is how long a saved method stays that nothing is paid to.
	UnusedMethods time.Duration
	// Archive is how long after its end a request is moved into the archive.
	Archive time.Duration
}

const (
	// keepEvery is how often a sweep begins, in monotonic time.
	keepEvery = time.Hour
	// keepHaste is how much faster than the machine's own time the date by
	// which things are deleted may move on. A wall clock that jumps ahead by a
	// year makes everything look old; so there are two weeks to set it right.
	// A machine that was switched off for a month is back in step after a day.
	keepHaste = 24
	// keepPage is how many records one piece of a sweep looks at.
	keepPage = 500
	// keepScopes is how many merchants one piece of a sweep looks at.
	keepScopes = 50
)

// keeping is how far a sweep has come. Losing it loses nothing: the next one
// begins anew, and what is to go shows from the records.
type keeping struct {
	mu     sync.Mutex
	begun  bool
	since  time.Duration // monotonic: when the latest sweep began, or the engine was first asked
	chores []chore
	date   time.Time // by which this sweep decides
}

// chore is one bounded piece of a sweep; it returns those that follow from it.
type chore func(context.Context) ([]chore, error)

// Retain does a piece of what retention asks for and returns how many are left
// for now; zero says that the next sweep is not due yet. It is cheap to call
// on each bell. What goes: the keys of one-off details (Retention.OneOff),
// unused methods (UnusedMethods), and invitations that have expired. A payout
// that has not ended keeps what it needs, however old it is. Each act is
// audited in its own transaction, before or with it.
//
// A sealed locker puts everything off. An error ends the sweep, and the next
// one tries again.
func (e *Engine) Retain(ctx context.Context) (left int, err error) {
	if e.Locker.Sealed() {
		return 0, nil
	}
	k := &e.keeping
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.chores) == 0 {
		if begin, err := e.beginKeeping(ctx); !begin || err != nil {
			return 0, err
		}
	}
	do := k.chores[0]
	more, err := do(ctx)
	if err != nil {
		k.chores = nil
		return 0, fmt.Errorf("retention: %w", err)
	}
	k.chores = append(more, k.chores[1:]...)
	return len(k.chores), nil
}

// beginKeeping begins a sweep when it is time for one.
func (e *Engine) beginKeeping(ctx context.Context) (bool, error) {
	k, mono := &e.keeping, e.Clock.Mono()
	if !k.begun {
		k.begun, k.since = true, mono
	}
	elapsed := mono - k.since
	if elapsed < keepEvery {
		return false, nil
	}
	k.since = mono
	var err error
	if k.date, err = e.believed(ctx, elapsed); err != nil {
		return false, err
	}
	k.chores = []chore{e.keepInvitations(nil)}
	if e.Retention.OneOff > 0 {
		k.chores = append(k.chores, e.keepMerchants(""))
	}
	if e.Retention.UnusedMethods > 0 {
		k.chores = append(k.chores, e.keepMethods(nil))
	}
	return true, nil
}

// keptBy is the date by which the latest sweep decides; zero: there was none.
func (e *Engine) keptBy() time.Time {
	e.keeping.mu.Lock()
	defer e.keeping.mu.Unlock()
	return e.keeping.date
}

// believed is the date by which things may be deleted: the wall's, as long as
// that has not run ahead of the machine's own time. elapsed is how much of
// that has passed since the latest sweep.
func (e *Engine) believed(ctx context.Context, elapsed time.Duration) (date time.Time, err error) {
	var behind time.Duration
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		now, _ := e.pulse.now()
		date = now
		raw, err := tx.Get(bucketMeta, []byte("retention"))
		switch {
		case err == nil && len(raw) == 8:
			before := time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC()
			if most := before.Add(keepHaste * elapsed); most.Before(now) {
				date = most
			}
		case !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("read the date of retention (%d bytes): %w", len(raw), err)
		}
		behind = now.Sub(date)
		return tx.Put(bucketMeta, []byte("retention"), binary.BigEndian.AppendUint64(nil, uint64(date.UnixMicro())))
	})
	if behind > keepHaste*keepEvery {
		e.Log.WarnContext(ctx, "the clock is far ahead of when retention last ran, which follows it slowly; is it right?", "by", behind.String())
	}
	return date, err
}

// keepMerchants goes through the merchants, page by page.
func (e *Engine) keepMerchants(after string) chore {
	return func(ctx context.Context) (next []chore, err error) {
		page, err := e.Merchants(ctx, after, keepScopes)
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			next = append(next, e.keepDays(Scope{m.ID, Test}, ""), e.keepDays(Scope{m.ID, Live}, ""))
		}
		if len(page) == keepScopes {
			next = append(next, e.keepMerchants(page[len(page)-1].ID))
		}
		return next, nil
	}
}

// keepDays finds the days of a scope that are old enough for their key to go.
func (e *Engine) keepDays(s Scope, after string) chore {
	return func(ctx context.Context) (next []chore, err error) {
		days, last, err := e.Locker.Days(ctx, s.Merchant, string(s.Mode), after, keepPage)
		if err != nil {
			return nil, err
		}
		for _, text := range days {
			day, err := time.Parse(time.DateOnly, text)
			if err != nil || !e.keptLong(day.AddDate(0, 0, 1)) {
				continue // not a day that this engine made, or one too young
			}
			next = append(next, e.keepDay(s, day, nil))
		}
		if last != "" {
			next = append(next, e.keepDays(s, last))
		}
		return next, nil
	}
}

// keptLong says whether what ended then has been kept as long as it should.
func (e *Engine) keptLong(ended time.Time) bool {
	return !ended.Add(e.Retention.OneOff).After(e.keeping.date)
}

// keepDay looks through the requests of a day and destroys the day's key when
// none of them can need it any more. A request's id begins with the time whose
// day sealed it, so a day is one stretch of the bucket.
func (e *Engine) keepDay(s Scope, day time.Time, from []byte) chore {
	return func(ctx context.Context) ([]chore, error) {
		if from == nil {
			from = firstKey(s, day)
		}
		needed, next := false, []byte(nil)
		err := e.Store.View(ctx, func(tx store.Tx) error {
			needed, next = false, nil
			page, err := tx.Scan(bucketRequest, from, firstKey(s, day.AddDate(0, 0, 1)), keepPage, false)
			if err != nil {
				return fmt.Errorf("scan requests: %w", err)
			}
			for _, p := range page {
				r, err := decode[Request](bucketRequest, p.Value)
				if err != nil {
					return err
				}
				if r.Customer == "" && (!r.Stage.Ended() || !e.keptLong(r.Changed)) {
					needed = true
					return nil
				}
			}
			if len(page) == keepPage {
				next = append(page[len(page)-1].Key, 0)
			}
			return nil
		})
		switch {
		case errors.Is(err, errDecode), errors.Is(err, store.ErrCorrupt):
			e.Log.ErrorContext(ctx, "a request cannot be read, so its day's key stays; run check", "day", day.Format(time.DateOnly), "err", err)
			return nil, nil
		case err != nil, needed:
			return nil, err
		case next != nil:
			return []chore{e.keepDay(s, day, next)}, nil
		}
		return nil, e.destroyDay(ctx, s, day)
	}
}

// firstKey is where the requests of the scope begin whose ids are of then or
// later.
func firstKey(s Scope, then time.Time) []byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(then.UnixMilli())<<16)
	return s.key(encodeID(b))
}

// destroyDay writes down what it is about to do, and does it. Killed in
// between, the next sweep finds the key still there and does both again.
func (e *Engine) destroyDay(ctx context.Context, s Scope, day time.Time) error {
	err := e.Store.Update(ctx, func(tx store.Tx) error {
		now, _ := e.pulse.now()
		return audit(tx, now, Act{Actor: "penstock", Merchant: s.Merchant, Mode: s.Mode, Action: "details.erase", Object: "day:" + day.Format(time.DateOnly),
			Note: "the key of that day's details without a customer; kept " + e.Retention.OneOff.String() + " after the last payout ended"})
	})
	if err != nil {
		return err
	}
	return e.Locker.Erase(ctx, locker.OwnerOfDay(s.Merchant, string(s.Mode), day))
}

// keepMethods deletes the saved methods of a page that were last used too long
// ago.
func (e *Engine) keepMethods(from []byte) chore {
	return func(ctx context.Context) (next []chore, err error) {
		old := func(m *Method) bool { return !m.LastUsed.Add(e.Retention.UnusedMethods).After(e.keeping.date) }
		var unused []ownedMethod
		err = e.Store.View(ctx, func(tx store.Tx) error {
			next, unused = nil, nil
			page, err := tx.Scan(bucketMethod, from, nil, keepPage, false)
			if err != nil {
				return fmt.Errorf("scan methods: %w", err)
			}
			for _, p := range page {
				s, _, err := cutScope(p.Key)
				if err != nil {
					return err
				}
				if m, err := decode[Method](bucketMethod, p.Value); err == nil && old(m) { // one that doesn't decode is check's business
					unused = append(unused, ownedMethod{s, m.ID})
				}
			}
			if len(page) == keepPage {
				next = []chore{e.keepMethods(append(page[len(page)-1].Key, 0))}
			}
			return nil
		})
		if err != nil || len(unused) == 0 {
			return next, err
		}
		return next, e.dropUnused(ctx, unused, old)
	}
}

type ownedMethod struct {
	Scope
	id string
}

// dropUnused deletes methods, unless they are gone or were used meanwhile.
func (e *Engine) dropUnused(ctx context.Context, unused []ownedMethod, old func(*Method) bool) error {
	return e.Store.Update(ctx, func(tx store.Tx) error {
		now, _ := e.pulse.now()
		for _, u := range unused {
			m, err := loadMethod(tx, u.Scope, u.id)
			if isNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			if !old(m) {
				continue
			}
			if err := removeMethod(tx, u.Scope, m); err != nil {
				return err
			}
			if err := audit(tx, now, Act{Actor: "penstock", Merchant: u.Merchant, Mode: u.Mode, Action: "payment_method.delete", Object: u.id, Note: "unused since " + m.LastUsed.Format(time.DateOnly)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// keepInvitations deletes those that nobody followed in time.
func (e *Engine) keepInvitations(from []byte) chore {
	return func(ctx context.Context) (next []chore, err error) {
		err = e.Store.Update(ctx, func(tx store.Tx) error {
			next = nil
			now, _ := e.pulse.now()
			page, err := tx.Scan(bucketInvite, from, nil, keepPage, false)
			if err != nil {
				return fmt.Errorf("scan invitations: %w", err)
			}
			for _, p := range page {
				in, err := decode[Invitation](bucketInvite, p.Value)
				if err != nil {
					return err
				}
				if in.Expires.After(e.keeping.date) {
					continue
				}
				if err := tx.Delete(bucketInvite, p.Key); err != nil {
					return fmt.Errorf("delete invitation: %w", err)
				}
				if err := audit(tx, now, Act{Actor: "penstock", Action: "operator.invite_expired", Object: in.Email}); err != nil {
					return err
				}
			}
			if len(page) == keepPage {
				next = []chore{e.keepInvitations(append(page[len(page)-1].Key, 0))}
			}
			return nil
		})
		return next, err
	}
}
