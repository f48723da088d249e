package sim

import (
	"fmt"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/store"
)

// payinBreaks are wrong ways to take money in.
func payinBreaks() []Break {
	return []Break{
		{Name: "payment-key-anew", Does: "asks for a payment again under another key", Incident: "a retry that makes a new charge, and a payer who is charged as often as the network failed",
			Acquire: acquired(func(w *World, c connector.Acquisition, next acquireFunc) (connector.Acquired, error) {
				if c.What == "charge" || c.What == "authorise" {
					if c.Ref != "" {
						return next(c)
					}
					c.Key = fmt.Sprintf("%s_%d", c.Key, len(w.Till.sales))
				}
				return next(c)
			})},
		{Name: "payment-doubt-is-refusal", Does: "takes a payment's lost answer for a refusal", Incident: "an order that is cancelled as unpaid after a timeout, and money on its way",
			Acquire: acquired(func(_ *World, c connector.Acquisition, next acquireFunc) (connector.Acquired, error) {
				out, err := next(c)
				if err != nil && (c.What == "charge" || c.What == "authorise") {
					return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Rejected, Code: "timeout"}}, nil
				}
				return out, err
			})},
		{Name: "payment-forgotten", Does: "loses the row by which an open payment is asked for again", Incident: "payments that stay pending for ever after a restart, since whoever waited for them was a goroutine",
			Disk: losingDue('m', 3)},
		{Name: "cancel-unasked", Does: "cancels a payment whose payer is at their bank without asking the provider", Incident: "a cancelled order that the payer paid a moment before",
			Acquire: acquired(func(w *World, c connector.Acquisition, next acquireFunc) (connector.Acquired, error) {
				if c.What == "void" {
					return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Paid, Ref: c.Ref}}, nil
				}
				return next(c)
			})},
		{Name: "payment-after-rollback", Does: "takes a repeat of a payment that the store has forgotten for something new", Incident: "a backup is restored; the shop's retry of a lost answer charges the card again",
			Rules: engine.Rules{Forgets: func(payout bool) bool { return !payout }}},
		{Name: "refund-key-anew", Does: "asks for a refund again under another key", Incident: "a customer who is refunded twice because the first answer was lost",
			Acquire: acquired(func(w *World, c connector.Acquisition, next acquireFunc) (connector.Acquired, error) {
				if c.What == "refund" {
					c.Key = fmt.Sprintf("%s_%d", c.Key, w.Till.draw.Int64())
				}
				return next(c)
			})},
	}
}

// acquired is a seam around what is asked about money that comes in.
func acquired(fn func(*World, connector.Acquisition, acquireFunc) (connector.Acquired, error)) func(*World, acquireFunc) acquireFunc {
	return func(w *World, next acquireFunc) acquireFunc {
		return func(c connector.Acquisition) (connector.Acquired, error) { return fn(w, c, next) }
	}
}

// losingDue drops one in n of the due rows of a kind.
func losingDue(kind byte, n int) func(*World, store.Store) store.Store {
	return func(w *World, s store.Store) store.Store {
		return tampered{Store: s, tx: func(tx store.Tx) store.Tx {
			return meddled{Tx: tx, put: func(b string, key, value []byte) error {
				if b == "due" && len(key) > 8 && key[8] == kind && w.Rand.IntN(n) == 0 {
					return nil
				}
				return tx.Put(b, key, value)
			}}
		}}
	}
}
