package engine

import (
	"context"
	"errors"
	"fmt"

	"penstock/locker"
	"penstock/store"
)

// What a transaction itself renders (a webhook's body, the answer to a repeat)
// holds names and addresses, and is sealed before it is stored. Nothing may
// wait inside a transaction, so there only a key that is at hand seals and
// opens; where it is not, the transaction ends, the key is fetched, and it is
// run again. Most often it is at hand: the request was sealed with it a moment
// before.

// coldKey ends a transaction that needs a key which is not at hand.
type coldKey struct{ owner locker.Owner }

func (c *coldKey) Error() string { return "engine: the key of " + c.owner.String() + " is not at hand" }

// warmly runs what may end in a coldKey, and fetches keys until it does not.
func (e *Engine) warmly(ctx context.Context, run func() error) error {
	for range 16 { // a transaction needs few keys; others may push one out meanwhile
		err := run()
		var cold *coldKey
		if !errors.As(err, &cold) {
			return err
		}
		if err := e.Locker.Warm(ctx, cold.owner); err != nil {
			return sealError("fetch a key", err)
		}
	}
	return &Error{Code: CodeBusy, Object: ObjPayout, Message: "too many keys are needed at once; repeat"}
}

// viewing is Store.View for what opens sealed bytes.
func (e *Engine) viewing(ctx context.Context, fn func(store.Tx) error) error {
	return e.warmly(ctx, func() error { return e.Store.View(ctx, fn) })
}

func (e *Engine) sealWithin(o locker.Owner, at locker.Place, plain []byte) ([]byte, error) {
	sealed, err := e.Locker.SealWarm(o, at, plain)
	if errors.Is(err, locker.ErrCold) {
		return nil, &coldKey{o}
	}
	if err != nil {
		return nil, fmt.Errorf("seal within a transaction: %w", err)
	}
	return sealed, nil
}

func (e *Engine) openWithin(o locker.Owner, at locker.Place, sealed []byte) ([]byte, error) {
	plain, err := e.Locker.OpenWarm(o, at, sealed)
	if errors.Is(err, locker.ErrCold) {
		return nil, &coldKey{o}
	}
	if err != nil {
		return nil, fmt.Errorf("open within a transaction: %w", err)
	}
	return plain, nil
}

// holder is whose key seals what shows a request: its customer, or nobody where
// it shows nothing of one.
func (v *View) holder() string {
	if v.Person == nil || v.Person.redacted {
		return ""
	}
	return v.Customer
}

// holderOf is whose key seals an answer, by what it shows.
func holderOf(result any) string {
	switch r := result.(type) {
	case *View:
		return r.holder()
	case *Customer:
		if !r.Redacted {
			return r.ID
		}
	case *Method:
		return r.Customer
	case *Payment:
		return r.holder()
	case *MadeEphemeral:
		return r.Customer
	}
	return ""
}
