package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/store"
)

// Release ends a hold: a person has looked, and answers for it. The providers'
// lists are read once more before: a payout that is forgotten when sends go on
// would be made, and paid, again. So it is refused while a list can't be read,
// or has been read so early that a call of the process before could still
// arrive.
//
// With unlisted it ends although a list can't be read; the new payouts by the
// accounts concerned then wait for a person each, until Trust.
func (e *Engine) Release(ctx context.Context, c Caller, unlisted bool) error {
	if e.Held() == "" {
		return &Error{Code: CodeState, Object: ObjMerchant, Status: "not on hold", Message: "the store is not on hold"}
	}
	if e.Locker.Sealed() {
		return errLockerSealed
	}
	began := e.pulse.run().Mono
	_, err := e.Recover(ctx)
	var missing *UnlistedError
	switch {
	case errors.As(err, &missing) && !unlisted:
		return &Error{Code: CodeBusy, Object: ObjAccount, ID: missing.Accounts[0], Err: err,
			Message: err.Error() + "; so nobody knows yet what this store has forgotten",
			Hint:    "repeat it when the provider answers; or with --unlisted: then each new payout by that account waits for a person, who compares with the provider's report"}
	case err != nil && missing == nil:
		return err
	}
	var wary []string
	if missing != nil {
		wary = missing.Accounts
	}
	left, err := e.arriving(ctx, began, wary)
	if err != nil {
		return err
	}
	if left = e.Rules.Arriving(left); left > 0 {
		return &Error{Code: CodeBusy, Object: ObjPayout, After: left, Message: "what the process before sent can still arrive at a provider, and would be missing from its list", Hint: "repeat it a little later"}
	}
	return e.endHold(ctx, c, wary)
}

// arriving is how long a call of a process before this one could still take
// effect after the lists were begun to be read; of accounts without one nobody
// knows anyway.
func (e *Engine) arriving(ctx context.Context, began time.Duration, unlisted []string) (left time.Duration, err error) {
	scopes, err := e.scopes(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range scopes {
		accounts, err := e.Accounts(ctx, s)
		if err != nil {
			return 0, err
		}
		for _, a := range accounts {
			if slices.Contains(unlisted, a.ID) {
				continue
			}
			via, err := e.connectorOf(ctx, s, a.ID)
			if err != nil {
				return 0, err
			}
			length, _ := e.callOf(via)
			left = max(left, length+via.Traits().Settle-began)
		}
	}
	return left, nil
}

// scopes is every merchant's two.
func (e *Engine) scopes(ctx context.Context) (out []Scope, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out = nil
		return each(tx, bucketMerchant, nil, func(p store.Pair) error {
			out = append(out, Scope{string(p.Key), Test}, Scope{string(p.Key), Live})
			return nil
		})
	})
	return out, err
}

func (e *Engine) endHold(ctx context.Context, c Caller, wary []string) error {
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
			return errChanged
		}
		if err := tx.Delete(bucketMeta, []byte("hold")); err != nil {
			return fmt.Errorf("end the hold: %w", err)
		}
		stands, err := e.head(tx)
		if err != nil {
			return err
		}
		if err := setNumber(tx, "epoch", max(stands.Epoch, known.Epoch)); err != nil {
			return err
		}
		if err := setNumber(tx, "journal", max(stands.Journal, known.Journal)); err != nil {
			return err
		}
		if err := wasOlder(tx); err != nil {
			return err
		}
		if len(wary) > 0 {
			was, err := loadWary(tx)
			if err != nil {
				return err
			}
			wary = slices.Compact(slices.Sorted(slices.Values(append(was, wary...))))
			if err := keep(tx, bucketMeta, []byte("wary"), wary); err != nil {
				return err
			}
		}
		return c.act(tx, now, "sends.release", h.Why)
	})
	if err != nil {
		return err
	}
	if len(wary) > 0 {
		e.wary.Store(&wary)
	}
	e.older.Store(true)
	e.held.Store(nil)
	e.ring()
	return nil
}

// Wary is the provider accounts whose new payouts wait for a person, since
// nobody knows what this store has forgotten of them.
func (e *Engine) Wary() []string {
	if p := e.wary.Load(); p != nil {
		return *p
	}
	return nil
}

// Trust ends that: a person has compared with the providers' reports, and
// answers for it. What waits goes on waiting for its own word.
func (e *Engine) Trust(ctx context.Context, c Caller) error {
	err := e.update(ctx, func(tx store.Tx, now time.Time) error {
		was, err := loadWary(tx)
		if err != nil {
			return err
		}
		if len(was) == 0 {
			return &Error{Code: CodeState, Object: ObjAccount, Status: "trusted", Message: "every provider account is trusted"}
		}
		if err := tx.Delete(bucketMeta, []byte("wary")); err != nil {
			return fmt.Errorf("end the care: %w", err)
		}
		return c.act(tx, now, "sends.trust", fmt.Sprint(was))
	})
	if err == nil {
		e.wary.Store(nil)
	}
	return err
}

func loadWary(tx store.Tx) ([]string, error) {
	w, err := load[[]string](tx, bucketMeta, []byte("wary"))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return *w, nil
}

// carefully stops a new payout by an account of which nobody knows what this
// store has forgotten: it may be the same once more.
func (e *Engine) carefully(r *Request, now time.Time) {
	if !slices.Contains(e.Wary(), r.Account) {
		return
	}
	r.moderate(now, "penstock", len(r.Payouts), "it may repeat a payout that this store has forgotten: the provider's list could not be read when the store was released")
}

// recall reads what a process keeps at hand of an earlier hold.
func (e *Engine) recall(ctx context.Context) error {
	return e.Store.View(ctx, func(tx store.Tx) error {
		wary, err := loadWary(tx)
		if err != nil {
			return err
		}
		if len(wary) > 0 {
			e.wary.Store(&wary)
		}
		older, err := number(tx, "older")
		if err != nil {
			return err
		}
		e.older.Store(older > 0)
		some, err := tx.Scan(bucketBack, nil, nil, 1, false)
		e.back.Store(len(some) > 0)
		return err
	})
}
