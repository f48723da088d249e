package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/locker"
	"penstock/store"
)

// Unseal opens the locker of an appliance that started sealed; the work that
// waited goes on at once. A key of another appliance's keyring, or of none, is
// refused before anything can be sealed under it, and the locker stays sealed.
//
// Errors: the locker's (ErrWrongMaster, ErrOpen, ErrNoKeyring, ErrTampered),
// and what the store gives.
func (e *Engine) Unseal(ctx context.Context, c Caller, master locker.MasterKey) error {
	if !e.Locker.Sealed() {
		return fmt.Errorf("unseal: %w", locker.ErrOpen)
	}
	ring, err := e.Locker.Ring(ctx, master)
	if err != nil {
		return err
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if err := checkRing(tx, ring); err != nil {
			return err
		}
		return audit(tx, now, Act{Actor: c.Actor, Action: "locker.unseal", Object: ring})
	})
	if err != nil {
		return err
	}
	if err := e.Locker.Unseal(ctx, master); err != nil {
		return err
	}
	e.ring()
	return nil
}

// Note writes an act upon the appliance itself into the audit log, for acts
// that leave no other trace in the store: what was done with its keys.
func (e *Engine) Note(ctx context.Context, c Caller, action, object, note string) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		return audit(tx, now, Act{Actor: c.Actor, Action: action, Object: object, Note: note})
	})
}

// Rekey rotates the locker's term keys while everything goes on, or ends a
// rotation that was cut short, and returns the newest term. tell is told of
// the keys that were re-wrapped so far. What is begun and what is ended are
// both audited.
func (e *Engine) Rekey(ctx context.Context, c Caller, tell func(done int)) (term uint32, err error) {
	was := e.Locker.Status()
	if was.Sealed {
		return 0, errLockerSealed
	}
	begun := "begun"
	if was.Rotating {
		begun = "taken up again"
	}
	if err := e.Note(ctx, c, "locker.rekey", fmt.Sprint("term ", was.Term), begun); err != nil {
		return 0, err
	}
	switch err := e.Locker.RotateTelling(ctx, tell); {
	case errors.Is(err, locker.ErrBusy):
		return 0, &Error{Code: CodeBusy, Message: "a rotation is running already", Err: err}
	case err != nil:
		return 0, err
	}
	term = e.Locker.Status().Term
	return term, e.Note(ctx, c, "locker.rekey", fmt.Sprint("term ", term), "ended: every key is under this term alone")
}

// RekeyMaster makes next the master key, which the caller has made durable.
// Both before and after the change a line is written into the audit log, so
// that a change that was cut short shows too.
func (e *Engine) RekeyMaster(ctx context.Context, c Caller, next locker.MasterKey) error {
	if e.Locker.Sealed() {
		return errLockerSealed
	}
	if err := e.Note(ctx, c, "locker.rekey_master", next.ID(), "begun"); err != nil {
		return err
	}
	switch err := e.Locker.RotateMaster(ctx, next); {
	case errors.Is(err, locker.ErrBusy):
		return &Error{Code: CodeBusy, Message: "a rotation is running; the master key can be changed after it", Err: err}
	case err != nil:
		return err
	}
	return e.Note(context.WithoutCancel(ctx), c, "locker.rekey_master", next.ID(), "ended: this is the master key now")
}
