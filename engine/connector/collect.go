package connector

import "context"

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
