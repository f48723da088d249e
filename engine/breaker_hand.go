package engine

import (
	"context"
	"time"

	"penstock/store"
)

// Force is a person's word that nothing is to be sent by an account. It lies in
// the store with the account, so it outlives the process.
type Force struct {
	At  time.Time `json:"at"`
	By  string    `json:"by"`           // who
	Why string    `json:"why,omitzero"` // safe to show
}

// BreakerOf says how a provider account answers, and whether a person has
// opened its breaker.
func (e *Engine) BreakerOf(s Scope, a *ProviderAccount) Breaker {
	b := e.Breaker(s, a.ID)
	if f := a.Forced; f != nil {
		b.State, b.Since, b.Until, b.Why = BreakerForced, f.At, time.Time{}, f.Why
	}
	return b
}

// OpenBreaker lets nothing be sent by an account from now on: new payouts take
// another way or, where there is none, are refused; what is queued for it waits.
// What was sent is followed to its end, and a call that is out is not cut. Where
// it is open by a person's word already, the new word stands.
func (e *Engine) OpenBreaker(ctx context.Context, c Caller, account, why string, once *Once) (*ProviderAccount, error) {
	if err := checkDescription(why); err != nil {
		return nil, err
	}
	return e.force(ctx, c, account, "provider_account.open_breaker", once, func(now time.Time) *Force { return &Force{At: now, By: c.Actor, Why: why} })
}

// CloseBreaker lets payouts leave by an account again, by a person's word. What
// waited for it leaves within a minute.
func (e *Engine) CloseBreaker(ctx context.Context, c Caller, account string, once *Once) (*ProviderAccount, error) {
	a, err := e.force(ctx, c, account, "provider_account.close_breaker", once, func(time.Time) *Force { return nil })
	if err != nil {
		return nil, err
	}
	now, _ := e.pulse.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if b := e.breakers[accountLane(c.Scope, account)]; b != nil {
		b.fails, b.cool, b.since = 0, 0, now
	}
	return a, nil
}

func (e *Engine) force(ctx context.Context, c Caller, account, action string, once *Once, word func(now time.Time) *Force) (a *ProviderAccount, err error) {
	err = e.alter(ctx, c, once, action, func(tx store.Tx, now time.Time) (string, any, error) {
		if a, err = find[ProviderAccount](tx, bucketAccount, ObjAccount, c.Scope, account); err != nil {
			return "", nil, err
		}
		a.Forced, a.Changed = word(now), now
		if err := keep(tx, bucketAccount, c.key(a.ID), a); err != nil {
			return "", nil, err
		}
		return a.ID, a, e.wakeQueues(tx, c.Scope, now, "")
	})
	return a, err
}

// forced says whether a person has stopped sends by an account.
func (c *claims) forced(tx store.Tx, s Scope, account string) (bool, error) {
	k, err := c.e.catalogOf(tx, s)
	if err != nil {
		return false, err
	}
	a := k.accounts[account]
	return a != nil && a.Forced != nil, nil
}
