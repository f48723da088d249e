package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"penstock/engine/connector"
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
	Save(Head) error     // durable when it returns nil
}

// noAnchor is for wirings without a second place: only HoldSends holds then.
type noAnchor struct{}

func (noAnchor) Load() (Head, error) { return Head{}, nil }
func (noAnchor) Save(Head) error     { return nil }

// holding is why this store is on hold, and since when, as it stands in it.
type holding struct {
	Why   string    `json:"why"`
	Since time.Time `json:"since"` // what the providers did from a week before is asked for
	Done  bool      `json:"done"`  // their lists have been read
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

// Held says why nothing is sent; empty when the store is not on hold.
func (e *Engine) Held() string {
	if p := e.held.Load(); p != nil {
		return *p
	}
	return ""
}

var errHeld = &Error{Code: CodeBusy, Object: ObjPayout, Message: "this store was brought back from an earlier state and makes no payouts until a person has released it", Hint: "look at what it recovered, then: penstock release"}

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
		epoch, err := number(tx, "epoch")
		if err != nil {
			return err
		}
		journal, err := number(tx, "journal")
		if err != nil {
			return err
		}
		if known.Ring != e.Locker.Status().Ring || (known.Epoch <= epoch && known.Journal <= journal) {
			return nil
		}
		why = fmt.Sprintf("it stands at epoch %d, journal %d, and has been at epoch %d, journal %d", epoch, journal, known.Epoch, known.Journal)
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
// have sent it.
func (e *Engine) doubtAll(ctx context.Context) (doubted int, err error) {
	now, mark := e.pulse.now()
	to := dueBefore(now.AddDate(200, 0, 0))
	for from := []byte(nil); ; {
		var page []store.Pair
		n := 0
		err := e.Store.Update(ctx, func(tx store.Tx) error {
			n = 0
			if page, err = tx.Scan(bucketDue, from, to, doubtPage, false); err != nil {
				return fmt.Errorf("scan due rows: %w", err)
			}
			for _, p := range page {
				row, err := parseDue(p.Key)
				if err != nil || row.kind != duePayout {
					continue
				}
				made, err := e.doubt(tx, row, now, mark)
				if err != nil {
					return err
				}
				n += made
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

// Release ends a hold: a person has looked, and answers for it.
func (e *Engine) Release(ctx context.Context, c Caller) error {
	known, err := e.Anchor.Load()
	if err != nil {
		return fmt.Errorf("read the anchor: %w", err)
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		h, err := loadHold(tx)
		if err != nil {
			return err
		}
		if h == nil {
			return &Error{Code: CodeState, Object: ObjMerchant, Status: "not on hold", Message: "the store is not on hold"}
		}
		if err := tx.Delete(bucketMeta, []byte("hold")); err != nil {
			return fmt.Errorf("end the hold: %w", err)
		}
		epoch, err := number(tx, "epoch")
		if err != nil {
			return err
		}
		journal, err := number(tx, "journal")
		if err != nil {
			return err
		}
		if err := setNumber(tx, "epoch", max(epoch, known.Epoch)); err != nil {
			return err
		}
		if err := setNumber(tx, "journal", max(journal, known.Journal)); err != nil {
			return err
		}
		return c.act(tx, now, "sends.release", h.Why)
	})
	if err == nil {
		e.held.Store(nil)
		e.ring()
	}
	return err
}

// recoverHeld reads the providers' lists once while on hold. A list that can't
// be read now is read later; the hold stays until a person ends it.
func (e *Engine) recoverHeld(ctx context.Context) error {
	if e.Held() == "" || e.listed.Load() {
		return nil
	}
	n, err := e.Recover(ctx)
	if err != nil {
		e.Log.ErrorContext(ctx, "a provider's list cannot be read yet", "err", err)
		return nil
	}
	e.listed.Store(true)
	e.Log.WarnContext(ctx, "what the providers know and this store had forgotten was brought back", "payouts", n)
	return nil
}

// since is from when on the providers' lists are read: a week before the last
// time that the store remembers.
func (h holding) since() time.Time { return h.Since.AddDate(0, 0, -7) }

// Recover reads the providers' lists and makes a record of each transfer that
// the store has forgotten, which is then asked about like any other. It
// returns how many there were. It runs by itself once while on hold; running
// it again is harmless.
func (e *Engine) Recover(ctx context.Context) (found int, err error) {
	var h *holding
	var scopes []Scope
	err = e.Store.View(ctx, func(tx store.Tx) error {
		if h, err = loadHold(tx); err != nil || h == nil {
			return err
		}
		return each(tx, bucketMerchant, nil, func(p store.Pair) error {
			scopes = append(scopes, Scope{string(p.Key), Test}, Scope{string(p.Key), Live})
			return nil
		})
	})
	if err != nil || h == nil {
		return 0, err
	}
	for _, s := range scopes {
		n, err := e.recoverScope(ctx, s, h.since())
		found += n
		if err != nil {
			return found, err
		}
	}
	return found, e.Store.Update(ctx, func(tx store.Tx) error {
		now, err := loadHold(tx)
		if err != nil || now == nil {
			return err
		}
		now.Done = true
		return keep(tx, bucketMeta, []byte("hold"), now)
	})
}

func (e *Engine) recoverScope(ctx context.Context, s Scope, since time.Time) (found int, err error) {
	accounts, err := e.Accounts(ctx, s)
	if err != nil {
		return 0, err
	}
	for _, a := range accounts {
		via, err := e.connectorOf(ctx, s, a.ID)
		if err != nil {
			return found, err
		}
		list, ok := via.(connector.Lister)
		if !ok {
			e.Log.WarnContext(ctx, "this provider has no list to recover from; compare its report by hand", "account", a.ID)
			continue
		}
		transfers, err := list.Transfers(ctx, since)
		if err != nil {
			return found, fmt.Errorf("list the transfers of %s: %w", a.ID, err)
		}
		for _, t := range transfers {
			made, err := e.recoverOne(ctx, s, a, t)
			if err != nil {
				return found, err
			}
			found += made
		}
	}
	return found, nil
}

// recoverOne makes the record of a forgotten transfer. A key that is not one
// of ours, or is known, needs none.
func (e *Engine) recoverOne(ctx context.Context, s Scope, a ProviderAccount, t connector.Transfer) (made int, err error) {
	id, ok := isID(PrefixPayout, t.Key)
	if !ok {
		return 0, nil
	}
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		made = 0
		if _, _, err := loadPayout(tx, s, id); !isNotFound(err) {
			return err
		}
		now, mark := e.pulse.now()
		p := payout.Payout{ID: t.Key, N: 1, Amount: t.Amount, Account: a.ID, Service: t.Service, Status: payout.Uncertain, Attempt: 1, First: now, Began: e.pulse.run(),
			Deadline: payout.Mark{Epoch: mark.Epoch, Mono: mark.Mono + e.Timing.Deadline}, Doubt: true, Due: now, Created: now, Changed: now}
		r := &Request{ID: id, Stage: payout.Dispatching, Amount: t.Amount, Confirmed: true, AutoFulfill: true, Account: a.ID, Provider: a.Provider, Payouts: []payout.Payout{p}, Attention: true, Created: now, Changed: now}
		r.tell(Line{At: now, What: "recovered", By: "penstock", On: 1, To: string(p.Status), Text: "the provider has it, and this store had forgotten it"})
		if err := hold(tx, s, p); err != nil {
			return err
		}
		if err := audit(tx, now, Act{Actor: "penstock", Merchant: s.Merchant, Mode: s.Mode, Action: "payout.recover", Object: id}); err != nil {
			return err
		}
		made = 1
		return saveRequest(tx, s, r, dues{})
	})
	return made, err
}
