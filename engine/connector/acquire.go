package connector

import (
	"context"

	"penstock/engine/money"
)

// Acquisition is one thing asked of a provider about money that comes in.
type Acquisition struct {
	// Key names it at the provider; the same key is the same thing, however
	// often it is asked.
	Key string
	// What is charge, authorise, capture, void or refund.
	What   string
	Amount money.Amount
	// Details is the payer's card, for charge and authorise.
	Details Details
	// Ref is the provider's own name of the payment, for what comes after.
	Ref string
}

// Acquirer is what a Connector may offer beyond: taking money in by card, in
// the steps of a payment, as the test provider does. (A Collector takes a
// charge in one step and keeps the card at the provider.) It must be
// idempotent by Acquisition.Key for ever, since the engine asks again with the
// same key until it has an answer. Accepted means that there is none yet.
type Acquirer interface {
	Acquire(ctx context.Context, c Acquisition) (Outcome, error)
}
