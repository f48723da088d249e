package engine

import (
	"context"
	"errors"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/store"
)

// Standing is what a provider said that is on a deposit account, beside what
// our ledger had then. It never changes the ledger.
type Standing struct {
	At        time.Time    `json:"at"`
	Theirs    money.Amount `json:"theirs"`    // what can be paid out by the provider's word
	Available money.Amount `json:"available"` // by our ledger
	Held      money.Amount `json:"held"`      // for payouts under way, which the provider may have taken off already, or not yet
	// Difference is what neither explains: nothing while Theirs lies between
	// Available and Available with Held. Above zero they have more than we do.
	Difference money.Amount `json:"difference"`
}

// StandingOf is a Standing and of which deposit account it is.
type StandingOf struct {
	Scope
	Deposit string
	Standing
}

// PullBalances asks the provider what is on the account, and keeps the answer
// beside the ledger of each deposit account, for a person to see.
func (e *Engine) PullBalances(ctx context.Context, c Caller, account string) ([]StandingOf, error) {
	via, err := e.connectorOf(ctx, c.Scope, account)
	if err != nil {
		return nil, err
	}
	from, ok := via.(connector.Balancer)
	if !ok {
		return nil, &Error{Code: CodeNotBuilt, Object: ObjAccount, ID: account, Message: "this provider doesn't tell its balance"}
	}
	call, cancel := context.WithTimeout(ctx, e.Timing.Deadline)
	defer cancel()
	have, err := from.Balances(call)
	if err != nil {
		return nil, &Error{Code: CodeBusy, Object: ObjAccount, ID: account, Message: "the provider's balance can't be read now", After: time.Minute, Err: err}
	}
	theirs := map[money.Currency]money.Amount{}
	for _, a := range have {
		sum, err := theirs[a.Currency()].Add(a)
		if err != nil {
			return nil, &Error{Code: CodeBusy, Object: ObjAccount, ID: account, Message: "the provider's balance can't be counted", Err: err}
		}
		theirs[a.Currency()] = sum
	}
	var out []StandingOf
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		out = nil
		deposits, err := all[Deposit](tx, bucketDeposit, c.Scope)
		if err != nil {
			return err
		}
		for i := range deposits {
			d := &deposits[i]
			said, ok := theirs[d.Currency]
			if d.Account != account || d.Archived || !ok {
				continue
			}
			v, err := depositView(tx, c.Scope, now, d)
			if err != nil {
				return err
			}
			st, err := standing(v, said, now)
			if err != nil {
				return err
			}
			if err := keep(tx, bucketStanding, c.key(d.ID), st); err != nil {
				return err
			}
			out = append(out, StandingOf{c.Scope, d.ID, *st})
		}
		return nil
	})
	return out, err
}

func standing(v *DepositView, theirs money.Amount, now time.Time) (*Standing, error) {
	st := &Standing{At: now, Theirs: theirs, Available: money.New(v.Balance.Available, v.Currency), Held: money.New(v.Balance.Held, v.Currency)}
	below, err := theirs.Sub(st.Available)
	if err != nil {
		return nil, err
	}
	above, err := below.Sub(st.Held)
	if err != nil {
		return nil, err
	}
	st.Difference = money.New(0, v.Currency)
	switch {
	case below.IsNegative():
		st.Difference = below
	case above.IsPositive():
		st.Difference = above
	}
	return st, nil
}

// Standing is what the provider last said about a deposit account; nil: nothing
// yet.
func (e *Engine) Standing(ctx context.Context, s Scope, deposit string) (*Standing, error) {
	return read(ctx, e, func(tx store.Tx) (*Standing, error) {
		st, err := load[Standing](tx, bucketStanding, s.key(deposit))
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		return st, err
	})
}

// Standings are what providers last said about the deposit accounts of a scope.
func (e *Engine) Standings(ctx context.Context, s Scope) ([]StandingOf, error) {
	return read(ctx, e, func(tx store.Tx) ([]StandingOf, error) { return standings(tx, s.prefix()) })
}

func standings(tx store.Tx, prefix []byte) (out []StandingOf, err error) {
	err = each(tx, bucketStanding, prefix, func(p store.Pair) error {
		s, id, err := cutScope(p.Key)
		if err != nil {
			return err
		}
		st, err := decode[Standing](bucketStanding, p.Value)
		if err == nil {
			out = append(out, StandingOf{s, string(id), *st})
		}
		return err
	})
	return out, err
}
