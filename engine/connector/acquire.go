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
	// What is charge (take the money), authorise (set it aside), capture, void
	// or refund.
	What   string
	Amount money.Amount
	// Details is what the payer pays with, for charge and authorise: a card, or a
	// token that the provider gave out. They are handed on and kept nowhere.
	Details Details
	// Ref is the provider's own name of the payment: for what comes after, and
	// for a charge or an authorisation that was heard of and is asked for again.
	Ref string
	// Customer is the provider's own name of the payer; empty where it has none
	// yet. Save asks the provider to keep what was paid with.
	Customer string
	Save     bool
	// Secure asks that the payer be asked (3-D Secure). ReturnURL is where they
	// come back to from their bank's page, and Returned is what they brought back
	// from there, the query of that address; empty before.
	Secure              bool
	ReturnURL, Returned string
	Memo                string
}

// Acquired is what came of it.
type Acquired struct {
	// Outcome is Paid when it was done, Accepted while it is on its way or the
	// payer has to go on, Rejected when it won't be.
	Outcome
	// Method and Customer are the provider's own names under which what was paid
	// with is kept; empty where it isn't.
	Method, Customer string
	// Next is the page on which the payer goes on; empty where they needn't.
	Next string
}

// Acquirer is what a Connector may offer beyond: taking money in by card, in the
// steps of a payment. What is true of Send is true of Acquire: it makes at most
// one request that moves money, and its error explains an Unknown. The engine
// asks again with the same key until it has an answer, within Traits.Window
// where there is one; a charge or an authorisation that has a Ref is only asked
// for.
type Acquirer interface {
	Acquire(ctx context.Context, c Acquisition) (Acquired, error)
}
