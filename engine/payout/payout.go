// Package payout is the domain: what a payout request and a payout are, and
// how each may change. It is pure: it reads no clock, no random source and no
// network, so whoever has read its tables knows everything that can happen to
// money here.
//
// A Request is what a merchant asked for. A Payout is one instruction to one
// provider. Their only way to change is Apply and ApplyRequest; what a
// provider's word is worth is decided by Judge, and what has to be done next
// by Plan. The nine rules that they keep are those of DESIGN.md 5.
package payout

import (
	"math/big"
	"time"

	"penstock/engine/money"
)

//go:generate go tool msgp -io=false -tests=false -file payout.go
//msgp:tag json
//msgp:timezone utc
//msgp:newtime
//msgp:limit arrays:1048576 maps:1048576

// Status is where one instruction stands.
type Status string

const (
	Queued     Status = "queued"      // to be sent at Due
	Sending    Status = "sending"     // an attempt is out, or was when we last looked
	Uncertain  Status = "uncertain"   // the attempt's end is not known
	Pending    Status = "pending"     // the provider has it
	Paid       Status = "paid"        // the end; may still come back
	PartlyPaid Status = "partly_paid" // the end, with less than asked; may still come back
	Failed     Status = "failed"      // the end; no money moved
	Cancelled  Status = "cancelled"   // the end; it was never sent
	Returned   Status = "returned"    // the end; the money came back
)

// Statuses are all of them, in the order of a payout's life.
var statuses = [...]Status{Queued, Sending, Uncertain, Pending, Paid, PartlyPaid, Failed, Cancelled, Returned}

// Statuses returns every status, in the order of a payout's life.
func Statuses() []Status { return append([]Status(nil), statuses[:]...) }

// Ended says that nothing is left to do for a payout of this status.
func (s Status) Ended() bool {
	switch s {
	case Paid, PartlyPaid, Failed, Cancelled, Returned:
		return true
	}
	return false
}

// Mark is a point in monotonic time: how long the process of an epoch had
// been running. Wall clocks step; a Mark does not. Each start of the engine
// and each step of the clock begins a new epoch.
type Mark struct {
	Epoch uint64        `json:"e,omitempty"`
	Mono  time.Duration `json:"m,omitempty"`
}

// IsZero says that nothing has been marked.
func (m Mark) IsZero() bool { return m == Mark{} }

// Since is how long ago past was, at the least. A past of another epoch was
// before this one began, so only this epoch's own time is counted: waiting
// starts anew after a restart (rule 8).
func (m Mark) Since(past Mark) time.Duration {
	if m.Epoch != past.Epoch {
		return m.Mono
	}
	return m.Mono - past.Mono
}

// Payout is one instruction to one provider from one provider account.
type Payout struct {
	ID       string       `json:"id"` // po_...; the provider's key is made from it
	N        int          `json:"n"`  // its place in the request, from 1
	Amount   money.Amount `json:"amount"`
	Share    money.Amount `json:"share,omitzero"`     // of the request's amount, what it pays; not set: Amount
	Piece    int          `json:"piece,omitempty"`    // of a split request, which piece it pays, from 1; zero: the whole
	Rate     string       `json:"rate,omitempty"`     // from Share to Amount, as fx.Rate is written; empty: they are the same money
	Fee      money.Amount `json:"fee,omitzero"`       // what the route costs, on top of Amount
	Route    string       `json:"route,omitempty"`    // the payout route that was chosen
	Deposit  string       `json:"deposit,omitempty"`  // the deposit account that the money leaves
	Account  string       `json:"account"`            // the provider account that it leaves by
	Provider string       `json:"provider,omitempty"` // name of the account's provider
	Service  string       `json:"service"`            // method and currency, e.g. sepa_eur
	Status   Status       `json:"status"`
	Seq      int          `json:"seq"` // events applied so far

	// Gather is until when it waits for others to leave with, in one file; zero:
	// it doesn't.
	Gather time.Time `json:"gather,omitzero"`

	Attempt  int       `json:"attempt,omitempty"` // sends so far
	First    time.Time `json:"first,omitzero"`    // when the first of them was claimed
	Began    Mark      `json:"began,omitzero"`    // the same in the process's own time, which no clock moves
	Deadline Mark      `json:"deadline,omitzero"` // when the latest call ends, come what may
	Doubt    bool      `json:"doubt,omitempty"`   // an attempt's end is unknown and nothing since has proved it void
	Refused  bool      `json:"refused,omitempty"` // a refusal was heard that may not be believed yet
	Asked    int       `json:"asked,omitempty"`   // look-ups since the last change, for the pause to the next
	Panics   int       `json:"panics,omitempty"`  // times that its handling panicked in a row

	Ref        string       `json:"ref,omitempty"`  // the provider's own name of it
	Moved      money.Amount `json:"moved,omitzero"` // what was paid, once that is known
	Resolution string       `json:"resolution,omitempty"`
	Code       string       `json:"code,omitempty"`    // the provider's words, safe to show
	Message    string       `json:"message,omitempty"` // the provider's words, safe to show

	// Due is when it next needs work. Zero means that it waits for somebody
	// else, or that it has ended.
	Due     time.Time `json:"due,omitzero"`
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
}

// Asks is the part of its request's amount that the payout pays.
func (p Payout) Asks() money.Amount {
	if p.Share.IsSet() {
		return p.Share
	}
	return p.Amount
}

// Out says that money of it is out: it was paid and has not come back, or a
// person found that it was paid although it had ended otherwise.
func (p Payout) Out() bool {
	switch p.Status {
	case Paid, PartlyPaid:
		return true
	case Failed, Cancelled:
		return p.Moved.IsPositive()
	}
	return false
}

// Covers is how much of its request's amount has been paid by it, in the
// request's currency. What was paid in part counts in its proportion, rounded
// up, so that what is left to pay is never worth more than what is missing.
func (p Payout) Covers() money.Amount {
	asks := p.Asks()
	switch {
	case !p.Out():
		return money.New(0, asks.Currency())
	case p.Moved == p.Amount:
		return asks
	case !p.Share.IsSet():
		return p.Moved
	}
	n := new(big.Int).Mul(big.NewInt(p.Moved.Minor()), big.NewInt(asks.Minor()))
	n, rest := n.QuoRem(n, big.NewInt(p.Amount.Minor()), new(big.Int))
	return money.New(n.Int64()+int64(rest.Sign()), asks.Currency())
}

// Key is the name under which the provider is told about the payout, the same
// on each attempt (rule 2).
func (p Payout) Key() string { return p.ID }
