package engine

import (
	"context"
	"errors"
	"time"

	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/store"
)

// Deposit is a deposit account: money of one currency with one provider
// account, from which payouts leave. What is on it stands in its ledger
// (balance.go), not here.
type Deposit struct {
	ID          string         `json:"id"`      // 26 characters
	Account     string         `json:"account"` // provider account it belongs to
	Provider    string         `json:"provider"`
	Currency    money.Currency `json:"currency"`
	Name        string         `json:"name"`
	Description string         `json:"description,omitzero"`
	ExternalID  string         `json:"external_id,omitzero"`
	// MinBalance stays on the account, Overdraft may be spent beyond it,
	// Turnover is the most that may leave in one day (UTC). Not set: off.
	MinBalance money.Amount `json:"min_balance,omitzero"`
	Overdraft  money.Amount `json:"overdraft,omitzero"`
	Turnover   money.Amount `json:"turnover,omitzero"`
	// PreventFailure keeps a refusal back until a person has confirmed it.
	PreventFailure bool      `json:"prevent_failure,omitzero"`
	Health         string    `json:"health"`
	Disabled       bool      `json:"disabled,omitzero"`
	Archived       bool      `json:"archived,omitzero"`
	Created        time.Time `json:"created"`
	Changed        time.Time `json:"changed"`
}

// Health of provider and deposit accounts.
const (
	Operational = "operational"
	Degraded    = "degraded" // it answers, and not as it should
	Down        = "down"     // nothing is sent there
	NotKnown    = "unknown"
)

// DepositView is a deposit account with what is on it now.
type DepositView struct {
	Deposit
	Balance   ledger.Balance `json:"balance"`
	Spendable money.Amount   `json:"spendable"`         // what a payout may take now
	Spent     money.Amount   `json:"spent"`             // by payouts made today
	Standing  *Standing      `json:"standing,omitzero"` // what the provider last said is on it; nil: nothing yet
}

// DepositEdit is what a change gives; nil stays. An amount that is not set
// switches its limit off.
type DepositEdit struct {
	Name, Description, ExternalID   *string
	MinBalance, Overdraft, Turnover *money.Amount
	PreventFailure, Disabled        *bool
	Archived                        *bool
	Health                          *string
}

// Deposits returns the deposit accounts of a scope, the oldest first.
func (e *Engine) Deposits(ctx context.Context, s Scope) ([]DepositView, error) {
	now, _ := e.pulse.now()
	return read(ctx, e, func(tx store.Tx) (out []DepositView, err error) {
		list, err := all[Deposit](tx, bucketDeposit, s)
		if err != nil {
			return nil, err
		}
		for i := range list {
			v, err := depositView(tx, s, now, &list[i])
			if err != nil {
				return nil, err
			}
			out = append(out, *v)
		}
		return out, nil
	})
}

// Deposit returns one by its id.
func (e *Engine) Deposit(ctx context.Context, s Scope, id string) (*DepositView, error) {
	now, _ := e.pulse.now()
	return read(ctx, e, func(tx store.Tx) (*DepositView, error) {
		d, err := find[Deposit](tx, bucketDeposit, ObjDeposit, s, id)
		if err != nil {
			return nil, err
		}
		return depositView(tx, s, now, d)
	})
}

func depositView(tx store.Tx, s Scope, now time.Time, d *Deposit) (*DepositView, error) {
	b, err := loadBalance(tx, s, d.ID)
	if err != nil {
		return nil, err
	}
	left, err := ledger.Spendable(b.Balance, d.limits())
	if err != nil {
		return nil, err
	}
	v := &DepositView{Deposit: *d, Balance: b.Balance, Spendable: left, Spent: money.New(b.spentOn(now), d.Currency)}
	v.Standing, err = load[Standing](tx, bucketStanding, s.key(d.ID))
	if errors.Is(err, store.ErrNotFound) {
		v.Standing, err = nil, nil
	}
	return v, err
}

func (d *Deposit) limits() ledger.Limits {
	return ledger.Limits{Overdraft: d.Overdraft, Minimum: d.MinBalance}
}

// UpdateDeposit changes what the edit gives. An account must be disabled
// before it is archived.
func (e *Engine) UpdateDeposit(ctx context.Context, c Caller, id string, ed DepositEdit, once *Once) (v *DepositView, err error) {
	err = e.alter(ctx, c, once, "deposit_account.update", func(tx store.Tx, now time.Time) (string, any, error) {
		d, err := find[Deposit](tx, bucketDeposit, ObjDeposit, c.Scope, id)
		if err != nil {
			return "", nil, err
		}
		if err := d.edit(ed, now); err != nil {
			return "", nil, err
		}
		if err := keep(tx, bucketDeposit, c.key(id), d); err != nil {
			return "", nil, err
		}
		if v, err = depositView(tx, c.Scope, now, d); err != nil {
			return "", nil, err
		}
		return PrefixDeposit + id, v, e.wakeQueues(tx, c.Scope, now, "")
	})
	return v, err
}

func (d *Deposit) edit(ed DepositEdit, now time.Time) error {
	give(&d.Name, ed.Name)
	give(&d.Description, ed.Description)
	give(&d.ExternalID, ed.ExternalID)
	give(&d.PreventFailure, ed.PreventFailure)
	give(&d.Disabled, ed.Disabled)
	give(&d.Archived, ed.Archived)
	give(&d.Health, ed.Health)
	for _, limit := range []struct {
		name  string
		field *money.Amount
		given *money.Amount
	}{{"minimal_balance", &d.MinBalance, ed.MinBalance}, {"overdraft", &d.Overdraft, ed.Overdraft}, {"turnover_limit", &d.Turnover, ed.Turnover}} {
		if limit.given != nil && limit.given.IsSet() && (limit.given.IsNegative() || limit.given.Currency() != d.Currency) {
			return invalid(limit.name, "an amount in %s that is not negative", d.Currency.Code())
		}
		give(limit.field, limit.given)
	}
	switch d.Health {
	case Operational, Degraded, Down, NotKnown:
	default:
		return invalid("health", "health is operational, degraded, down or unknown")
	}
	if d.Archived && !d.Disabled {
		return wrongState(ObjDeposit, d.ID, "enabled", "archived")
	}
	if len(d.ExternalID) > 255 {
		return invalid("external_id", "an id has at most 255 bytes")
	}
	d.Changed = now
	return checkName(d.Name, d.Description)
}

// TopUp puts money on a deposit account: what has arrived with the provider.
func (e *Engine) TopUp(ctx context.Context, c Caller, id string, amount money.Amount, text string, once *Once) (*DepositView, error) {
	if !amount.IsPositive() {
		return nil, invalid("amount", "a top-up is above zero")
	}
	return e.credit(ctx, c, id, ledger.Deposited(amount), amount.Currency(), text, "deposit_account.topup", once)
}

// Adjust corrects what is on a deposit account by an amount of either sign,
// with the reason why.
func (e *Engine) Adjust(ctx context.Context, c Caller, id string, amount money.Amount, text string, once *Once) (*DepositView, error) {
	if amount.IsZero() {
		return nil, invalid("amount", "an adjustment is not zero")
	}
	if text == "" {
		return nil, missing("description")
	}
	return e.credit(ctx, c, id, ledger.Adjust(amount), amount.Currency(), text, "deposit_account.adjust", once)
}

func (e *Engine) credit(ctx context.Context, c Caller, id string, m ledger.Move, in money.Currency, text, action string, once *Once) (v *DepositView, err error) {
	err = e.alter(ctx, c, once, action, func(tx store.Tx, now time.Time) (string, any, error) {
		d, err := find[Deposit](tx, bucketDeposit, ObjDeposit, c.Scope, id)
		if err != nil {
			return "", nil, err
		}
		if in != d.Currency {
			return "", nil, invalid("amount", "the deposit account is in %s", d.Currency.Code())
		}
		if err := bookMove(tx, c.Scope, now, d.ID, m, ledger.Cause{By: c.Actor, Text: text}); err != nil {
			return "", nil, bookable(err)
		}
		if v, err = depositView(tx, c.Scope, now, d); err != nil {
			return "", nil, err
		}
		return PrefixDeposit + id, v, e.wakeQueues(tx, c.Scope, now, "")
	})
	return v, err
}

// bookable is a refusal of the ledger as its caller may read it.
func bookable(err error) error {
	switch {
	case errors.Is(err, money.ErrOverflow):
		return invalid("amount", "the balance would be larger than can be counted")
	case errors.Is(err, ledger.ErrCause):
		return invalid("description", "a description has at most 200 bytes of plain text")
	case errors.Is(err, ledger.ErrAmount), errors.Is(err, ledger.ErrBalance):
		return invalid("amount", "the ledger doesn't take this amount")
	}
	return err
}
