package engine

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"penstock/engine/payin"
	"penstock/store"
)

// What a provider is asked about a payment bears a key. Where its merchant can
// name the payment, that key is made of the merchant's name for it, and not of
// our own id: a store that was brought back from an earlier state has forgotten
// the payment, and a repeat makes another id; but it comes to the provider under
// the same key, and is answered by what was taken before. So is a refund's.

// nameOf is a keyed hash of a merchant's own name for a payment or a refund: its
// own id, or else the key of the call that makes it. It tells nothing, and two
// of one kind never have the same, since neither name is given twice. Empty
// where a repeat can't be told from another.
func (e *Engine) nameOf(ctx context.Context, s Scope, of, own string, once *Once) (string, error) {
	kind, name := "own id", own
	if own == "" {
		kind, name = once.tag()
	}
	if name == "" || e.Rules.Forgets(false) {
		return "", nil
	}
	sum, err := e.tagSum(ctx, s, of, kind, name)
	if err != nil {
		return "", err
	}
	return encodeID([16]byte(sum[:16])), nil
}

// Named is what the provider's keys of a payment are made of: 26 characters.
func (p *Payment) Named() string { return either(p.Name, p.ID) }

// opKey is the provider's key of the open operation.
func (p *Payment) opKey() string {
	if at := slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.N == p.Open.N }); at >= 0 && p.Refunds[at].Name != "" {
		return PrefixRefund + p.Refunds[at].Name
	}
	return fmt.Sprintf("%s%s_%d", PrefixPayment, p.Named(), p.Open.N)
}

// again says that what is open may have been carried out for a repeat of this
// payment that the store has forgotten, longer ago than the provider keeps keys.
func (e *Engine) again(p *Payment) bool {
	k := p.Open.Kind
	return p.Name != "" && p.External == "" && (k == payin.Charge || k == payin.Authorise) && e.older.Load()
}

// lot is what decides where chance does: the same for a repeat of a payment, so
// that it goes to the account which took it.
func (e *Engine) lot(p *Payment) (uint64, error) {
	if p.Name == "" {
		return e.jitter()
	}
	b, err := decodeID(p.Name)
	return binary.BigEndian.Uint64(b[8:]), err
}

// wasOlder writes down, at the end of a hold, that this store was brought back.
// It has forgotten payments for good: no provider lists them.
func wasOlder(tx store.Tx) error { return setNumber(tx, "older", 1) }
