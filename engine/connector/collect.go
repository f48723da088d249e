package connector

import (
	"context"

	"penstock/engine/money"
)

// Charge is one order to take money from a customer of the merchant, so that
// what they paid with can be kept and paid out to later.
type Charge struct {
	// Key names the charge at the provider, the same on each attempt.
	Key    string
	Amount money.Amount
	// Details is what the customer pays with: a card, or a token that the
	// provider gave out. They are handed on and kept nowhere.
	Details Details
	// Customer is the provider's own name of the customer; empty where it has
	// none yet.
	Customer string
	// Save asks the provider to keep what was paid with.
	Save bool
	// ReturnURL is where the customer comes back to from the bank's page.
	ReturnURL string
	Memo      string
}

// Charged is what became of a charge.
type Charged struct {
	// Outcome is Paid when the money came in, Accepted while it is on its way or
	// the customer has to go on, Rejected when it won't come.
	Outcome Outcome
	// Method and Customer are the provider's own names under which what was paid
	// with is kept; empty where it isn't.
	Method, Customer string
	// Next is the page on which the customer goes on; empty where they needn't.
	Next string
}

// Collector is what a Connector may offer beyond: taking money in. What is true
// of Send is true of Collect: it makes at most one request that moves money,
// the key is the same on each attempt, and its error explains an Unknown.
type Collector interface {
	Collect(ctx context.Context, c Charge) (Charged, error)
}
