package connector

import "penstock/engine/money"

// Acquisition is one thing asked of a provider about money that comes in.
type Acquisition struct {
	// Key names it at the provider; the same key is the same thing, however
	// often it is asked.
	Key string
	// Again says that what asks was brought back from an earlier state and may
	// have forgotten a charge or an authorisation: it may have been asked with this
	// Key longer ago than the provider keeps keys (Traits.Window), with another
	// return address, or for another amount. One that is found by its Key is then
	// what is answered for; of another amount it is Unknown.
	Again bool
	// What is charge (take the money), authorise (set it aside), capture, void
	// or refund. A void may come while the payer of a charge or an authorisation is
	// at their bank: it is then Paid where that can't be taken any more, and
	// Rejected where the payer was first.
	What   string
	Amount money.Amount
	// Details is what the payer pays with, for charge and authorise: a card, or as
	// psp_token a name that the provider gave it when it was kept (Save). They are
	// handed on and kept nowhere.
	Details Details
	// Ref is the provider's own name of the payment: for what comes after, and
	// for a charge or an authorisation that was heard of and is asked for again.
	Ref string
	// Customer is the provider's own name of the payer; empty where it has none
	// yet. Save asks the provider to keep what was paid with.
	Customer string
	Save     bool
	// OffSession says that the payer isn't there: nobody can be asked, and no page
	// be shown.
	OffSession bool
	// Secure asks that the payer be asked (3-D Secure). ReturnURL is where they
	// come back to from their bank's page, and Returned is what they brought back
	// from there, the query of that address; empty before.
	Secure              bool
	ReturnURL, Returned string
	Memo                string
}
