package hosted_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/hosted"
)

func retries(n int) func(*hosted.Settings) { return func(set *hosted.Settings) { set.Retries = n } }

func (s *shop) request(id string) *engine.View {
	s.t.Helper()
	v, err := s.Engine.RequestByID(s.Ctx, operator("shop", engine.Test), strings.TrimPrefix(id, "pay_"))
	must(s.t, err)
	return v
}

// status is what GET says of a payment.
func (s *shop) status(id, status, why string) {
	s.t.Helper()
	if got := s.do("GET", "/api/payments/"+id, "").is(200); got.str("status") != status || got.str("failureReason") != why {
		s.t.Errorf("the payment is %s, want %s %s", got.body, status, why)
	}
}

// TestARecipientRepairsRefusedDetails: the payment stays pending, the page asks
// once more, and what is said then is paid by a payout of its own. Nobody is
// told of the refusal as if it were an end.
func TestARecipientRepairsRefusedDetails(t *testing.T) {
	s := newShop(t, retries(1))
	id, page := s.pay(strings.Replace(eur10, "{", hooked, 1))
	stale := s.fill(page, iban(t, "invalid_account"))
	s.confirm(page, stale).is(303)
	s.run(time.Minute)
	s.status(id, "pending", "")
	if got := s.get(strings.Replace(page, "?", "/status?", 1)).is(200); got.str("state") != "refused" {
		t.Errorf("the state is %s", got.body)
	}
	r := s.get(page).is(200)
	if !strings.Contains(r.body, "The money could not be delivered") || !strings.Contains(r.body, "method=sepa_eur") {
		t.Errorf("the page doesn't ask once more: %s", r.body)
	}
	if s.confirm(page, stale).is(200); len(s.request(id).Payouts) != 1 || !s.request(id).WantsRepair() {
		t.Error("what was confirmed before the refusal is taken once more")
	}
	s.confirm(page, s.fill(page, iban(t, "success"))).is(303)
	s.run(time.Minute)
	s.status(id, "succeeded", "")
	if v := s.request(id); len(v.Payouts) != 2 || v.Payouts[0].Status != payout.Failed || v.Payouts[1].Status != payout.Paid || v.Payouts[0].ID == v.Payouts[1].ID {
		t.Errorf("the payouts are %+v", v.Payouts)
	}
	if len(s.Receiver.Got) != 1 || !strings.Contains(string(s.Receiver.Got[0].Body), `"status":"succeeded"`) {
		t.Errorf("%d webhooks were sent, want the one of the end", len(s.Receiver.Got))
	}
}

// TestRepairsAreCounted: after the last one a refusal is the end, and without
// any the first is.
func TestRepairsAreCounted(t *testing.T) {
	for n := range 3 {
		s := newShop(t, retries(n))
		id, page := s.pay(eur10)
		for range n + 1 {
			s.status(id, "pending", "")
			s.confirm(page, s.fill(page, iban(t, "account_closed"))).is(303)
			s.run(time.Minute)
		}
		s.status(id, "failed", "invalid_details")
		if got := len(s.request(id).Payouts); got != n+1 {
			t.Errorf("with %d repairs there are %d payouts", n, got)
		}
		if p := s.get(page).is(200); strings.Contains(p.body, "<form") {
			t.Error("the page still asks")
		}
	}
}

// TestOtherRefusalsAreNoReasonToAsk: other details would not cure them.
func TestOtherRefusalsAreNoReasonToAsk(t *testing.T) {
	s := newShop(t, retries(3))
	id, page := s.pay(eur10)
	s.confirm(page, s.fill(page, iban(t, "fraud_suspected"))).is(303)
	s.run(time.Minute)
	s.status(id, "failed", "antifraud_error")
}

// TestARepairThatDoesNotComeEndsThePayment after the life of a link, told once,
// also over a crash; and a merchant may end it before.
func TestARepairThatDoesNotComeEndsThePayment(t *testing.T) {
	s := newShop(t, retries(3))
	id, page := s.pay(strings.Replace(eur10, "{", hooked, 1))
	s.confirm(page, s.fill(page, iban(t, "invalid_account"))).is(303)
	s.run(time.Minute)
	review := s.fill(page, iban(t, "success"))
	must(t, s.Crash())
	set := hosted.DefaultSettings()
	retries(3)(&set)
	s.serve(set)
	s.run(71 * time.Hour)
	s.status(id, "pending", "")
	s.run(2 * time.Hour)
	s.status(id, "failed", "invalid_details")
	s.confirm(page, review).is(303)
	s.run(time.Hour)
	if v := s.request(id); len(v.Payouts) != 1 {
		t.Errorf("a repair is taken after its time: %+v", v.Payouts)
	}
	if len(s.Receiver.Got) != 1 || !strings.Contains(string(s.Receiver.Got[0].Body), `"status":"failed"`) {
		t.Errorf("%d webhooks were sent, want the one of the end", len(s.Receiver.Got))
	}
	id, page = s.pay(with("externalId", `"next"`))
	s.confirm(page, s.fill(page, iban(t, "invalid_account"))).is(303)
	s.run(time.Minute)
	if c := s.do("POST", "/api/payments/"+id+"/cancel", "").is(200); c.str("status") != "failed" {
		t.Errorf("canceled while it waits: %s", c.body)
	}
}

// TestManyRepairsAreOnePayout: of many at one time one is taken.
func TestManyRepairsAreOnePayout(t *testing.T) {
	s := newShop(t, retries(3))
	id, page := s.pay(eur10)
	s.confirm(page, s.fill(page, iban(t, "invalid_account"))).is(303)
	s.run(time.Minute)
	s.Clock.Advance(time.Minute)
	form := formOf(s.fill(page, iban(t, "success")))
	form.Set("step", "confirm")
	var all sync.WaitGroup
	for range 9 {
		all.Go(func() { s.post(page, form).is(303) })
	}
	all.Wait()
	s.run(time.Minute)
	book, err := s.Provider.Ledger()
	must(t, err)
	paid := 0
	for _, row := range book {
		if row.Status == "paid" {
			paid++
		}
	}
	if v := s.request(id); len(v.Payouts) != 2 || paid != 1 {
		t.Errorf("%d payouts, the provider has paid %d of %+v", len(v.Payouts), paid, book)
	}
}
