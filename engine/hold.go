package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"penstock/engine/payout"
	"penstock/store"
)

// A store that was brought back from a backup, rolled back by a repair, or
// copied over is older than what it has sent. It must not send as if nothing
// had happened: what waits may have gone out already, and what was made since
// is unknown to it. Such a store is on hold: nothing is sent and no payout is
// made, but everything is asked about. What the providers know and it doesn't
// is brought back from their lists. A person ends the hold.

// Head is how far a store has come: its epoch, and how often it has claimed
// work that could be sent.
type Head struct {
	Ring    string // the keyring's name: whose head this is
	Epoch   uint64
	Journal uint64
}

// Anchor keeps the newest Head in a second place, outside the store and its
// backups. A head that could not be kept must not be sent after.
type Anchor interface {
	Load() (Head, error) // the zero Head when none was kept yet
	Save(Head) error     // durable when it returns nil; refuses what lies behind
}

// noAnchor is for wirings without a second place: only HoldSends holds then.
type noAnchor struct{}

func (noAnchor) Load() (Head, error) { return Head{}, nil }
func (noAnchor) Save(Head) error     { return nil }

// holding is why this store is on hold, and since when, as it stands in it.
type holding struct {
	Why   string    `json:"why"`
	Since time.Time `json:"since"` // what the providers did from a week before is asked for
}

func loadHold(tx store.Tx) (*holding, error) {
	h, err := load[holding](tx, bucketMeta, []byte("hold"))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return h, err
}

func number(tx store.Tx, name string) (uint64, error) {
	raw, err := tx.Get(bucketMeta, []byte(name))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil || len(raw) != 8 {
		return 0, fmt.Errorf("read %s (%d bytes): %w", name, len(raw), err)
	}
	return binary.BigEndian.Uint64(raw), nil
}

func setNumber(tx store.Tx, name string, n uint64) error {
	if err := tx.Put(bucketMeta, []byte(name), binary.BigEndian.AppendUint64(nil, n)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// ErrForeignAnchor is Open's where another appliance's head is kept in the
// second place.
var ErrForeignAnchor = errors.New("the anchor belongs to another appliance")

// head is how far the store has come. Whose it is stands in the store itself,
// since a sealed locker doesn't say; nobody knows in a store that was never
// opened.
func (e *Engine) head(tx store.Tx) (h Head, err error) {
	ring, err := tx.Get(bucketMeta, []byte("ring"))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return h, fmt.Errorf("read the keyring's name: %w", err)
	}
	if h.Ring = string(ring); h.Ring == "" {
		h.Ring = e.Locker.Status().Ring
	}
	if h.Epoch, err = number(tx, "epoch"); err == nil {
		h.Journal, err = number(tx, "journal")
	}
	return h, err
}

// Held says why nothing is sent; empty when the store is not on hold.
func (e *Engine) Held() string {
	if p := e.held.Load(); p != nil {
		return *p
	}
	return ""
}

var errHeld = &Error{Code: CodeHeld, Object: ObjPayout, After: 30 * time.Second, Message: "this store was brought back from an earlier state and makes no payouts until a person has released it", Hint: "look at what it recovered, then: penstock release"}

// meetAnchor compares the store with what is known of it outside, when a
// process starts. An older store goes on hold.
func (e *Engine) meetAnchor(ctx context.Context) error {
	known, err := e.Anchor.Load()
	if err != nil {
		return fmt.Errorf("read the anchor: %w", err)
	}
	why := ""
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		why = ""
		h, err := loadHold(tx)
		if err != nil {
			return err
		}
		if h != nil {
			why = h.Why
			return nil
		}
		stands, err := e.head(tx)
		if err != nil {
			return err
		}
		switch {
		case known == Head{}:
			return nil
		case stands.Ring != known.Ring && stands.Ring != "":
			return ErrForeignAnchor
		case known.Epoch <= stands.Epoch && known.Journal <= stands.Journal:
			return nil
		}
		why = fmt.Sprintf("it stands at epoch %d, journal %d, and has been at epoch %d, journal %d", stands.Epoch, stands.Journal, known.Epoch, known.Journal)
		return writeHold(tx, why)
	})
	if err != nil {
		return fmt.Errorf("compare with the anchor: %w", err)
	}
	if why != "" {
		e.held.Store(&why)
		if _, err := e.doubtAll(ctx); err != nil {
			return err
		}
		e.Log.WarnContext(ctx, "the store is older than what it has done: on hold, nothing is sent", "why", why)
	}
	return nil
}

// HoldSends puts the store on hold: for a restore, which knows that the store
// is old without any anchor. It returns how many payouts it made uncertain. It
// may be killed and run again.
func (e *Engine) HoldSends(ctx context.Context, c Caller, why string) (doubted int, err error) {
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		now, _ := e.pulse.now()
		if err := c.act(tx, now, "sends.hold", why); err != nil {
			return err
		}
		return writeHold(tx, why)
	})
	if err != nil {
		return 0, err
	}
	e.held.Store(&why)
	return e.doubtAll(ctx)
}

func writeHold(tx store.Tx, why string) error {
	seen, err := lastSeen(tx)
	if err != nil {
		return err
	}
	return keep(tx, bucketMeta, []byte("hold"), holding{Why: why, Since: seen})
}

// doubtPage is how many rows one transaction of doubtAll looks at.
const doubtPage = 500

// doubtAll makes every payout that waits to be sent uncertain: a lost time may
// have sent it. Those of a request on moderation are out of the timetable, and
// are found among what wants a person.
func (e *Engine) doubtAll(ctx context.Context) (doubted int, err error) {
	due, err := e.doubtIn(ctx, bucketDue, func(_ store.Tx, key []byte) ([]dueRow, error) {
		row, err := parseDue(key)
		if err != nil || row.kind != duePayout {
			return nil, nil
		}
		return []dueRow{row}, nil
	})
	if err != nil {
		return due, err
	}
	wanted, err := e.doubtIn(ctx, bucketWants, func(tx store.Tx, key []byte) (rows []dueRow, err error) {
		s, id, err := cutScope(key)
		if err != nil {
			return nil, nil
		}
		r, err := loadRequest(tx, s, string(id))
		if err != nil {
			return nil, err
		}
		for _, p := range r.Payouts {
			rows = append(rows, dueRow{Scope: s, id: p.ID[len(PrefixPayout):]})
		}
		return rows, nil
	})
	return due + wanted, err
}

// doubtIn makes the payouts uncertain that the rows of a bucket lead to.
func (e *Engine) doubtIn(ctx context.Context, bucket string, rowsOf func(store.Tx, []byte) ([]dueRow, error)) (doubted int, err error) {
	now, mark := e.pulse.now()
	for from := []byte(nil); ; {
		var page []store.Pair
		n := 0
		err := e.Store.Update(ctx, func(tx store.Tx) error {
			n = 0
			if page, err = tx.Scan(bucket, from, nil, doubtPage, false); err != nil {
				return fmt.Errorf("scan %s: %w", bucket, err)
			}
			for _, p := range page {
				rows, err := rowsOf(tx, p.Key)
				if err != nil {
					return err
				}
				for _, row := range rows {
					made, err := e.doubt(tx, row, now, mark)
					if err != nil {
						return err
					}
					n += made
				}
			}
			return nil
		})
		if err != nil {
			return doubted, fmt.Errorf("make payouts uncertain: %w", err)
		}
		doubted += n
		if len(page) < doubtPage {
			return doubted, nil
		}
		from = append(page[len(page)-1].Key, 0)
	}
}

func (e *Engine) doubt(tx store.Tx, row dueRow, now time.Time, mark payout.Mark) (made int, err error) {
	r, i, err := loadPayout(tx, row.Scope, row.id)
	if err != nil {
		return 0, err
	}
	p := r.Payouts[i]
	if p.Status != payout.Queued && p.Status != payout.Sending {
		return 0, nil
	}
	was := r.dues()
	deadline := payout.Mark{Epoch: mark.Epoch, Mono: mark.Mono + e.Timing.Deadline}
	next, _, err := e.Rules.Apply(p, payout.Event{Kind: payout.Doubtful, At: now, Due: p.Due, Deadline: deadline})
	if err != nil {
		return 0, err
	}
	r.Payouts[i] = next
	r.tell(Line{At: now, What: string(payout.Doubtful), By: "penstock", On: p.N, To: string(next.Status), Text: "the store is older than what it has done"})
	return 1, saveRequest(tx, row.Scope, r, was)
}
