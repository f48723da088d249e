package engine_test

import (
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payout"
)

// TestWhoseDetailsAreLostWaitsForAPerson: what was brought back bears no
// details. Where the provider can't be asked it could only be sent again, and
// that it can't be; until its caller asks for it again and so gives them anew.
func TestWhoseDetailsAreLostWaitsForAPerson(t *testing.T) {
	f := newRewound(t, connector.Traits{Idempotent: true, Settle: 20 * time.Second})
	f.note()
	first, _, err := f.ask(700, "", "k-1")
	must(t, err)
	f.run(time.Minute)
	f.forget()
	f.release()
	f.run(time.Hour)
	v := f.get(first.ID)
	if n := f.Engine.Stats().Errors.Load(); v.Moderation == "" || n > 0 {
		t.Errorf("moderation %q, and it was tried in vain %d times", v.Moderation, n)
	}
	_, _, err = f.ask(700, "", "k-1")
	must(t, err)
	f.run(time.Minute)
	if v := f.wantStage(first.ID, payout.AllPaid); v.Moderation != "" || f.moved() != 1 {
		t.Errorf("moderation %q, money moved %d times", v.Moderation, f.moved())
	}
}
