// Package payin says what may happen to a payment: money that comes in from a
// card. It is a pure table; what was asked of a provider and has not been
// answered stands in the state, so that whoever finds it asks again with the
// same key.
package payin

import (
	"errors"

	"penstock/engine/money"
)

// Status is where a payment stands, in the words of the field.
type Status string

const (
	NeedsMethod       Status = "requires_payment_method"
	NeedsConfirmation Status = "requires_confirmation"
	NeedsAction       Status = "requires_customer_action" // the payer goes on at their bank
	Processing        Status = "processing"               // the provider was asked
	NeedsCapture      Status = "requires_capture"
	PartlyCaptured    Status = "partially_captured"
	Succeeded         Status = "succeeded"
	Failed            Status = "failed"
	Cancelled         Status = "cancelled"
)

// Statuses returns all of them, in the order of a payment's life.
func Statuses() []Status {
	return []Status{NeedsMethod, NeedsConfirmation, NeedsAction, Processing, NeedsCapture, PartlyCaptured, Succeeded, Failed, Cancelled}
}

// Kind is what a provider is asked to do.
type Kind string

const (
	None      Kind = ""
	Charge    Kind = "charge"    // take the money at once
	Authorise Kind = "authorise" // set it aside, to be captured or voided
	Capture   Kind = "capture"
	Void      Kind = "void"
	Refund    Kind = "refund"
	Stop      Kind = "stop" // end a charge or an authorisation whose payer is at their bank
)

// Kinds returns all of them.
func Kinds() []Kind { return []Kind{Charge, Authorise, Capture, Void, Refund, Stop} }

// Op is one thing that was asked of the provider; the zero Op is none.
type Op struct {
	Kind   Kind         `json:"kind,omitzero"`
	Amount money.Amount `json:"amount,omitzero"`
	N      int          `json:"n,omitzero"` // of the payment's operations, from 1; the provider's key is made of it
}

// State is a payment as far as its money goes. At most one Op is open.
type State struct {
	Status   Status       `json:"status"`
	Amount   money.Amount `json:"amount"`
	Captured money.Amount `json:"captured"`
	Refunded money.Amount `json:"refunded"`
	Open     Op           `json:"open,omitzero"`
	Stopped  Op           `json:"stopped,omitzero"` // what an open Stop is to end; it is open again where the provider won't
	Ops      int          `json:"ops,omitzero"`
}

var (
	// ErrState says that the payment stands where this can't be done.
	ErrState = errors.New("payin: not in this status")
	// ErrAmount says that there is not so much to capture or give back.
	ErrAmount = errors.New("payin: not so much")
)

// New is a payment of an amount.
func New(a money.Amount, method bool) State {
	none := money.New(0, a.Currency())
	s := State{Status: NeedsMethod, Amount: a, Captured: none, Refunded: none}
	if method {
		s.Status = NeedsConfirmation
	}
	return s
}

// Editable says whether amount and method may still be changed.
func (s State) Editable() bool { return s.Status == NeedsMethod || s.Status == NeedsConfirmation }

// Begin writes down that the provider is about to be asked.
func (s State) Begin(k Kind, a money.Amount) (State, error) {
	if s.Open.Kind != None || s.Status != from(k) && !(k == Refund && s.Status == PartlyCaptured) {
		return s, ErrState
	}
	most := s.Amount.Minor()
	if k == Refund {
		most = s.Captured.Minor() - s.Refunded.Minor()
	}
	if a.Currency() != s.Amount.Currency() || a.Minor() < 1 || a.Minor() > most {
		return s, ErrAmount
	}
	s.Ops++
	s.Open = Op{k, a, s.Ops}
	if k == Charge || k == Authorise {
		s.Status = Processing
	}
	return s, nil
}

// Stop writes down that the provider is about to be asked to end a charge or an
// authorisation whose payer is at their bank. Until it has answered nobody
// knows who was first, the payer or this.
func (s State) Stop() (State, error) {
	if s.Status != NeedsAction || s.Open.Kind != Charge && s.Open.Kind != Authorise {
		return s, ErrState
	}
	s.Ops++
	s.Stopped, s.Open, s.Status = s.Open, Op{Stop, s.Open.Amount, s.Ops}, Processing
	return s, nil
}

// from is where an operation begins; Stop has a way of its own.
func from(k Kind) Status {
	switch k {
	case Charge, Authorise:
		return NeedsConfirmation
	case Capture, Void:
		return NeedsCapture
	case Refund:
		return Succeeded
	}
	return ""
}

// Done takes the provider's word that the open operation was carried out.
func (s State) Done() State {
	op := s.Open
	s.Open = Op{}
	switch op.Kind {
	case Charge:
		s.Status, s.Captured = Succeeded, op.Amount
	case Authorise:
		s.Status = NeedsCapture
	case Capture:
		s.Status, s.Captured = Succeeded, op.Amount
		if op.Amount.Minor() < s.Amount.Minor() {
			s.Status = PartlyCaptured
		}
	case Void, Stop:
		s.Status, s.Stopped = Cancelled, Op{}
	case Refund:
		s.Refunded = money.New(s.Refunded.Minor()+op.Amount.Minor(), s.Amount.Currency())
	}
	return s
}

// Waits takes the provider's word that the payer has to go on, or that they
// have: the operation stays open.
func (s State) Waits(payer bool) State {
	if k := s.Open.Kind; k == Charge || k == Authorise {
		s.Status = Processing
		if payer {
			s.Status = NeedsAction
		}
	}
	return s
}

// Refused takes the provider's clear word that it was not. After a refused Stop
// what it was to end is asked for again: the payer was first, or is still there.
func (s State) Refused() State {
	if s.Open.Kind == Stop {
		s.Open, s.Stopped = s.Stopped, Op{}
		return s
	}
	if k := s.Open.Kind; k == Charge || k == Authorise {
		s.Status = Failed
	}
	s.Open = Op{}
	return s
}

// Cancel ends a payment of which the provider knows nothing.
func (s State) Cancel() (State, error) {
	if !s.Editable() {
		return s, ErrState
	}
	s.Status = Cancelled
	return s, nil
}

// Capturable is what may still be captured.
func (s State) Capturable() money.Amount {
	if s.Status == NeedsCapture {
		return s.Amount
	}
	return money.New(0, s.Amount.Currency())
}
