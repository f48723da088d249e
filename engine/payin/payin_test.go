package payin_test

import (
	"errors"
	"testing"

	"penstock/engine/money"
	"penstock/engine/payin"
)

func eur(n int64) money.Amount { return money.New(n, money.MustCurrency("EUR")) }

// TestEveryStatusAndOperation is the whole table: from which status which
// operation begins, and where it ends when it is done and when it is refused.
func TestEveryStatusAndOperation(t *testing.T) {
	ends := map[payin.Status]map[payin.Kind][2]payin.Status{
		payin.NeedsConfirmation: {payin.Charge: {payin.Succeeded, payin.Failed}, payin.Authorise: {payin.NeedsCapture, payin.Failed}},
		payin.NeedsCapture:      {payin.Capture: {payin.Succeeded, payin.NeedsCapture}, payin.Void: {payin.Cancelled, payin.NeedsCapture}},
		payin.Succeeded:         {payin.Refund: {payin.Succeeded, payin.Succeeded}},
		payin.PartlyCaptured:    {payin.Refund: {payin.PartlyCaptured, payin.PartlyCaptured}},
	}
	for _, status := range payin.Statuses() {
		for _, kind := range payin.Kinds() {
			s := payin.New(eur(100), true)
			s.Status = status
			if status == payin.Succeeded || status == payin.PartlyCaptured {
				s.Captured = eur(100)
			}
			next, err := s.Begin(kind, eur(100))
			want, may := ends[status][kind]
			if may != (err == nil) {
				t.Errorf("%s while %s: %v", kind, status, err)
			}
			if err != nil {
				if !errors.Is(err, payin.ErrState) || next != s {
					t.Errorf("%s while %s changes something: %v", kind, status, err)
				}
				continue
			}
			if _, err := next.Begin(kind, eur(1)); !errors.Is(err, payin.ErrState) {
				t.Errorf("a second operation beside an open %s", kind)
			}
			if done, no := next.Done().Status, next.Refused().Status; done != want[0] || no != want[1] {
				t.Errorf("%s while %s ends %s or %s, want %v", kind, status, done, no, want)
			}
		}
	}
}

// TestNoMoreComesOutThanCameIn tries amounts at their limits.
func TestNoMoreComesOutThanCameIn(t *testing.T) {
	s := payin.New(eur(100), true)
	s, err := s.Begin(payin.Authorise, eur(100))
	if err != nil {
		t.Fatal(err)
	}
	s = s.Done()
	for _, bad := range []int64{0, 101} {
		if _, err := s.Begin(payin.Capture, eur(bad)); !errors.Is(err, payin.ErrAmount) {
			t.Errorf("capture of %d: %v", bad, err)
		}
	}
	if s, err = s.Begin(payin.Capture, eur(60)); err != nil {
		t.Fatal(err)
	}
	if s = s.Done(); s.Status != payin.PartlyCaptured || s.Captured != eur(60) || s.Capturable() != eur(0) {
		t.Errorf("%+v", s)
	}
	if s, err = s.Begin(payin.Refund, eur(40)); err != nil {
		t.Fatal(err)
	}
	s = s.Done()
	if _, err := s.Begin(payin.Refund, eur(21)); !errors.Is(err, payin.ErrAmount) {
		t.Errorf("more is given back than came: %v", err)
	}
	if s, err = s.Begin(payin.Refund, eur(20)); err != nil || s.Done().Refunded != eur(60) {
		t.Errorf("%+v %v", s, err)
	}
}

// TestStopIsAQuestion: a payment whose payer is at their bank is cancelled when
// the provider says so, and where it won't the charge is open again as it was,
// under its own number.
func TestStopIsAQuestion(t *testing.T) {
	for _, kind := range []payin.Kind{payin.Charge, payin.Authorise} {
		s, err := payin.New(eur(100), true).Begin(kind, eur(100))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Stop(); !errors.Is(err, payin.ErrState) {
			t.Errorf("%s was stopped before its payer was asked", kind)
		}
		s = s.Waits(true)
		asked := s.Open
		if s, err = s.Stop(); err != nil || s.Status != payin.Processing || s.Open.Kind != payin.Stop || s.Open.N != 2 {
			t.Fatalf("%+v %v", s, err)
		}
		if _, err := s.Stop(); !errors.Is(err, payin.ErrState) {
			t.Error("stopped twice at once")
		}
		if done := s.Done(); done.Status != payin.Cancelled || done.Open != (payin.Op{}) || done.Stopped != (payin.Op{}) || !done.Captured.IsZero() {
			t.Errorf("%+v", done)
		}
		if s = s.Refused(); s.Status != payin.Processing || s.Open != asked || s.Stopped != (payin.Op{}) {
			t.Errorf("%+v", s)
		}
		if s, err = s.Waits(true).Stop(); err != nil || s.Open.N != 3 {
			t.Errorf("%+v %v", s, err)
		}
	}
}
