package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"penstock/engine/connector"
	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/store"
)

// listTime is how long a provider's list may take. A list is long, and a
// provider that hangs must not keep the others from being read.
const listTime = time.Minute

// listAgain is the pause before a list that could not be read is tried again.
const listAgain = 30 * time.Second

// lists is how far the providers' lists have been read while on hold.
type lists struct {
	mu    sync.Mutex
	busy  bool
	done  bool          // all of them have been read once
	tried time.Duration // monotonic: when it was last tried
}

// begin says whether somebody should read the lists now, who then calls end.
func (l *lists) begin(mono time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy || l.done || l.tried > 0 && mono-l.tried < listAgain {
		return false
	}
	l.busy, l.tried = true, max(mono, 1)
	return true
}

func (l *lists) end(done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy, l.done = false, done
}

// readLists reads the providers' lists while on hold, until they have been
// read once. A list that can't be read now is read later; the hold stays until
// a person ends it.
func (e *Engine) readLists(ctx context.Context) {
	if e.Held() == "" || !e.lists.begin(e.Clock.Mono()) {
		return
	}
	done := false
	defer func() {
		if p := recover(); p != nil {
			e.stats.Panics.Add(1)
			e.Log.ErrorContext(ctx, "reading a provider's list panicked", "panic", fmt.Sprint(p))
		}
		e.lists.end(done)
		e.ring()
	}()
	n, err := e.Recover(ctx)
	done = err == nil
	if !done {
		e.Log.ErrorContext(ctx, "a provider's list cannot be read yet", "err", err)
		return
	}
	e.Log.WarnContext(ctx, "what the providers know and this store had forgotten was brought back", "payouts", n)
}

// since is from when on the providers' lists are read: a week before the last
// time that the store remembers.
func (h holding) since() time.Time { return h.Since.AddDate(0, 0, -7) }

// UnlistedError says of which provider accounts nobody knows what this store
// has forgotten, and why.
type UnlistedError struct {
	Accounts []string
	Why      error // of the first
}

func (u *UnlistedError) Error() string {
	return fmt.Sprintf("the list of provider account %s cannot be read: %v", u.Accounts[0], u.Why)
}
func (u *UnlistedError) Unwrap() error { return u.Why }

var errNoList = errors.New("this provider has no list; its report has to be compared by hand")

// Recover reads the providers' lists and makes a record of each transfer that
// the store has forgotten, which is then asked about like any other. It
// returns how many there were; an UnlistedError where a list could not be
// read, after all the others were. It runs by itself while on hold; running it
// again is harmless.
func (e *Engine) Recover(ctx context.Context) (found int, err error) {
	var h *holding
	err = e.Store.View(ctx, func(tx store.Tx) error {
		h, err = loadHold(tx)
		return err
	})
	if err != nil || h == nil {
		return 0, err
	}
	scopes, err := e.scopes(ctx)
	if err != nil {
		return 0, err
	}
	var unlisted UnlistedError
	for _, s := range scopes {
		accounts, err := e.Accounts(ctx, s)
		if err != nil {
			return found, err
		}
		for _, a := range accounts {
			list, err := e.transfersOf(ctx, s, a, h.since())
			if err != nil {
				unlisted.Accounts, unlisted.Why = append(unlisted.Accounts, a.ID), cmp.Or(unlisted.Why, err)
				continue
			}
			n, err := e.recoverAll(ctx, s, a, list)
			found += n
			if err != nil {
				return found, err
			}
		}
	}
	if unlisted.Accounts != nil {
		return found, &unlisted
	}
	return found, nil
}

// transfersOf reads the list of one provider account, in the order of keys.
func (e *Engine) transfersOf(ctx context.Context, s Scope, a ProviderAccount, since time.Time) ([]connector.Transfer, error) {
	via, err := e.connectorOf(ctx, s, a.ID)
	if err != nil {
		return nil, err
	}
	from, ok := via.(connector.Lister)
	if !ok {
		return nil, errNoList
	}
	call, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	list, err := from.Transfers(call, since)
	slices.SortStableFunc(list, func(a, b connector.Transfer) int { return cmp.Compare(a.Key, b.Key) })
	return list, err
}

func (e *Engine) recoverAll(ctx context.Context, s Scope, a ProviderAccount, list []connector.Transfer) (found int, err error) {
	for _, t := range list {
		id, ok := isID(PrefixPayout, t.Key)
		if !ok {
			continue // not one of ours
		}
		made := 0
		err := e.Store.Update(ctx, func(tx store.Tx) (err error) {
			made, err = e.recoverOne(tx, s, a, id, t)
			return err
		})
		if err != nil {
			return found, fmt.Errorf("bring back %s: %w", t.Key, err)
		}
		if made > 0 {
			e.back.Store(true)
		}
		found += made
	}
	return found, nil
}

// recoverOne makes the record of a forgotten transfer. One of a request that
// the store knows, as it was before it was sent, goes to that request.
func (e *Engine) recoverOne(tx store.Tx, s Scope, a ProviderAccount, id string, t connector.Transfer) (made int, err error) {
	r, n, err := ownerOfPayout(tx, s, id)
	switch {
	case err != nil || r != nil && n <= len(r.Payouts): // known
		return 0, err
	case r != nil && n > len(r.Payouts)+1: // and in between are some that nobody knows
		if err := stopForgetful(tx, s, e, r); err != nil {
			return 0, err
		}
		r = nil
	}
	now, mark := e.pulse.now()
	if r == nil {
		n = 1
		made, err := TimeOfID(id)
		if err != nil {
			return 0, err
		}
		r = &Request{ID: id, Amount: t.Amount, Forgotten: true, AutoFulfill: true, Day: made, Created: made}
		if err := tx.Put(bucketBack, backKey(s, id), nil); err != nil {
			return 0, fmt.Errorf("write what was brought back: %w", err)
		}
	}
	was := r.dues()
	piece, share := r.lostPiece(t.Amount)
	p := payout.Payout{ID: t.Key, N: n, Amount: t.Amount, Share: share, Piece: piece, Account: a.ID, Service: t.Service, Status: payout.Uncertain, Attempt: 1, First: now, Began: e.pulse.run(),
		Deadline: payout.Mark{Epoch: mark.Epoch, Mono: mark.Mono + e.Timing.Deadline}, Doubt: true, Due: now, Created: now, Changed: now}
	if p.Deposit, err = e.recoveredDeposit(tx, s, now, a, t.Amount.Currency()); err != nil {
		return 0, err
	}
	if err := e.replaced(r, p, now); err != nil {
		return 0, err
	}
	r.Payouts = append(r.Payouts, p)
	r.Confirmed, r.Attention, r.Account, r.Provider = true, true, a.ID, a.Provider
	r.Stage = payout.Outcome(r.Amount, r.Payouts, r.More)
	r.tell(Line{At: now, What: "recovered", By: "penstock", On: n, To: string(p.Status), Text: "the provider has it, and this store had forgotten it"})
	spent := ledger.Limits{Overdraft: money.New(math.MaxInt64/2, t.Amount.Currency())} // the money is out already
	if err := hold(tx, s, id, spent, p); err != nil {
		return 0, err
	}
	if err := audit(tx, now, Act{Actor: "penstock", Merchant: s.Merchant, Mode: s.Mode, Action: "payout.recover", Object: id}); err != nil {
		return 0, err
	}
	return 1, saveRequest(tx, s, r, was)
}

// replaced writes down what a forgotten payout tells of those before it that
// paid the same piece: one stands in for another only after a refusal that was
// certain, so what this store has not heard of yet has been refused. It is asked
// about and not sent again.
func (e *Engine) replaced(r *Request, by payout.Payout, now time.Time) error {
	for i, p := range r.Payouts {
		if p.Piece != by.Piece || p.Status.Ended() {
			continue
		}
		for _, kind := range []payout.Kind{payout.Doubtful, payout.Doubted} {
			if kind == payout.Doubtful && p.Status != payout.Queued {
				continue
			}
			next, _, err := e.Rules.Apply(p, payout.Event{Kind: kind, At: now, Due: now, Deadline: by.Deadline, Message: "another payout has stood in for it"})
			if err != nil {
				return err
			}
			p = next
		}
		r.Payouts[i] = p
		r.tell(Line{At: now, What: string(payout.Doubted), By: "penstock", On: p.N, To: string(p.Status), Text: "the provider knows a payout that stood in for it, so it had been refused"})
	}
	return nil
}

// lostPiece is which piece of a request a forgotten transfer has paid, and its
// share of the request's amount where that isn't the transfer's own. Neither is
// known. It is taken for what would have been paid next, and one that was
// converted for all of that, so that never more is paid than was asked for; what
// doesn't fit has stood in for the payout before it.
func (r *Request) lostPiece(amount money.Amount) (piece int, share money.Amount) {
	if r.Forgotten {
		return len(r.Payouts) + 1, money.Amount{}
	}
	all := payout.Wish{Amount: r.Amount, AttemptsLimit: maxAttempts, Split: true, Parallel: true}
	m := payout.Next(all, r.Payouts, func(string) bool { return true })
	converted := amount.Currency() != r.Amount.Currency()
	if len(r.Payouts) == 0 && !converted && amount.Minor() > r.Amount.Minor() { // it was a draft, and has been changed since
		r.Amount = amount
		return 1, money.Amount{}
	}
	if len(r.Payouts) > 0 && (m.Turn != payout.Pay || !converted && amount.Minor() > m.Amount.Minor()) {
		last := r.Payouts[len(r.Payouts)-1]
		m.Piece, m.Amount = last.Piece, last.Asks()
	}
	if converted {
		share = m.Amount
	}
	return m.Piece, share
}

// ownerOfPayout is the request whose n-th payout an id names, nil where none
// can be: a request's payouts are numbered on from its own id.
func ownerOfPayout(tx store.Tx, s Scope, id string) (*Request, int, error) {
	page, err := tx.Scan(bucketRequest, s.prefix(), append(s.key(id), 0), 1, true)
	if err != nil || len(page) == 0 {
		return nil, 0, err
	}
	r, err := decode[Request](bucketRequest, page[0].Value)
	if err != nil {
		return nil, 0, err
	}
	n, near := placeOf(r.ID, id)
	if !near {
		return nil, 0, nil
	}
	return r, n, nil
}

// stopForgetful stops the automatic work on a request that has made more
// payouts than its record tells: the next one would bear a number that is in
// use.
func stopForgetful(tx store.Tx, s Scope, e *Engine, r *Request) error {
	if r.Moderation != "" {
		return nil
	}
	now, _ := e.pulse.now()
	was := r.dues()
	r.moderate(now, "penstock", 0, "the provider knows later payouts of this request than this store does")
	return saveRequest(tx, s, r, was)
}

// recoveredDeposit is the deposit account that a forgotten transfer has left.
func (e *Engine) recoveredDeposit(tx store.Tx, s Scope, now time.Time, a ProviderAccount, c money.Currency) (string, error) {
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return "", err
	}
	if d := k.depositOf(a.ID, c.Code()); d != nil {
		return d.ID, nil
	}
	d, err := e.openDeposit(tx, s, now, &a, c)
	if err != nil {
		return "", err
	}
	return d.ID, e.markSettings(tx, s)
}
