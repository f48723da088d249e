package sim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
)

// harmless are refusals that a random act meets in the ordinary course.
func harmless(err error) error {
	var refused *engine.Error
	if errors.As(err, &refused) && refused.Code != engine.CodeUnknown {
		return nil
	}
	return err
}

// save keeps a card for a customer, the same one every time.
func (s *story) save() error {
	me, name := s.who(), pick(s, s.customers...)
	m, err := s.w.Engine.SaveMethod(s.w.Ctx, me, engine.NewMethod{Customer: name, Kind: service.Card, Form: "card", Type: "credit",
		Details: connector.Details{"card_number": secretPAN, "expiry_month": "1", "expiry_year": fmt.Sprint(2030 + s.w.Rand.IntN(3))}}, nil)
	if err != nil {
		return harmless(err)
	}
	token, err := s.w.Engine.MintToken(me.Scope, m, 0)
	if err != nil {
		return err
	}
	s.tokens = append(s.tokens, held{me, name, token, s.w.Clock.Now()})
	return nil
}

// payByToken pays with a token that somebody holds: its owner, or somebody
// who has no right to it (I11).
func (s *story) payByToken() error {
	if len(s.tokens) == 0 {
		return nil
	}
	t := s.tokens[s.w.Rand.IntN(len(s.tokens))]
	me, name := t.by, t.customer
	if s.w.Rand.IntN(2) == 0 {
		me, name = s.who(), pick(s, s.customers...)
	}
	_, err := s.w.Engine.Create(s.w.Ctx, me, engine.NewRequest{Dialect: "standard", Amount: money.New(100, money.MustCurrency("EUR")), Confirm: true, AutoFulfill: true,
		Customer: name, Beneficiary: engine.Beneficiary{Token: t.token, Kind: service.Card}}, nil)
	if err == nil && (me.Merchant != t.by.Merchant || name != t.customer) {
		return s.found("I11 %s/%s paid with a token of %s/%s", me.Merchant, name, t.by.Merchant, t.customer)
	}
	if err == nil && s.w.Clock.Now().Sub(t.at) > 20*time.Minute {
		return s.found("I11 a payment token paid %v after it was made", s.w.Clock.Now().Sub(t.at))
	}
	return harmless(err)
}

// anyRequest is a random request of a random merchant.
func (s *story) anyRequest() (engine.Caller, *engine.View, error) {
	me := s.who()
	list, _, err := s.w.Engine.List(s.w.Ctx, me, engine.Filter{}, 0, 50)
	if err != nil || len(list) == 0 {
		return me, nil, err
	}
	return me, &list[s.w.Rand.IntN(len(list))], nil
}

func (s *story) cancel() error {
	me, v, err := s.anyRequest()
	if err != nil || v == nil {
		return err
	}
	if s.gate != nil {
		s.gate.partly[v.ID] = true
	}
	_, err = s.w.Engine.Cancel(s.w.Ctx, me, engine.PrefixRequest, engine.PrefixRequest+v.ID, nil)
	return harmless(err)
}

// stage takes a request one step on: confirm, or fulfil.
func (s *story) stage() error {
	me, v, err := s.anyRequest()
	if err != nil || v == nil {
		return err
	}
	name := engine.PrefixRequest + v.ID
	if v.Stage == payout.Draft {
		_, err = s.w.Engine.Confirm(s.w.Ctx, me, name, engine.Change{Prefix: engine.PrefixRequest}, nil)
	} else {
		_, err = s.w.Engine.Fulfil(s.w.Ctx, me, engine.PrefixRequest, name, nil)
	}
	return harmless(err)
}

// trouble changes what goes wrong at the provider and at the receivers.
func (s *story) trouble() error {
	s.fault("provider troubled")
	p := func() float64 { return float64(s.w.Rand.IntN(6)) / 10 }
	s.w.Receiver.Fail = p()
	return s.setFaults(fmt.Sprintf(`{"drop_request":%.1f,"drop_reply":%.1f,"error_500":%.1f,"reject":%.1f,"pending":%.1f,"partly":%.1f,"late_ms":[0,%d],"delay_ms":[0,%d],"settle_ms":[0,%d],"notify":%.1f,"notify_twice":%.1f}`,
		p(), p(), p(), p()/2, p(), p()/2, s.w.Rand.IntN(50_000), s.w.Rand.IntN(9_000), s.w.Rand.IntN(60_000), p(), p()))
}

// clock moves the wall: an operator, or a time server, sets it.
func (s *story) clock() error {
	step := pick(s, time.Hour, -time.Hour, 26*time.Hour, -26*time.Hour, 400*24*time.Hour, -400*24*time.Hour, -400*24*time.Hour, 2*time.Minute, -2*time.Minute)
	if s.gate != nil && s.gate.steady {
		return nil
	}
	s.fault("clock stepped")
	s.w.Clock.Step(step)
	return s.w.Tick()
}

// forge posts a notification that the provider never signed (I1, I6).
func (s *story) forge() error {
	me, v, err := s.anyRequest()
	if err != nil || v == nil || len(v.Payouts) == 0 {
		return err
	}
	s.fault("forged notification")
	body := fmt.Appendf(nil, `{"id":"tr_1","key":%q,"status":%q,"resolution":"","paid_amount":%q,"at":"2026-01-05T08:00:00Z"}`, v.Payouts[0].Key(), pick(s, "paid", "rejected"), v.Amount.Decimal())
	h := http.Header{}
	h.Set(sandbox.SignatureHeader, "t=1,v1=00")
	err = s.w.Engine.Observe(s.w.Ctx, me.Merchant, v.Payouts[0].Account, h, body)
	return harmless(err)
}

// attack reaches for what belongs to another merchant (I11).
func (s *story) attack() error {
	me, v, err := s.anyRequest()
	if err != nil || v == nil {
		return err
	}
	s.fault("foreign id used")
	thief := s.merchants[0]
	if thief.Merchant == me.Merchant {
		thief = s.merchants[1]
	}
	name := engine.PrefixRequest + v.ID
	if _, err := s.w.Engine.Get(s.w.Ctx, thief, engine.PrefixRequest, name); err == nil {
		return s.found("I11 %s read a payout of %s", thief.Merchant, me.Merchant)
	} else if harmless(err) != nil {
		return err
	}
	if _, err := s.w.Engine.Cancel(s.w.Ctx, thief, engine.PrefixRequest, name, nil); err == nil {
		return s.found("I11 %s cancelled a payout of %s", thief.Merchant, me.Merchant)
	} else {
		return harmless(err)
	}
}

// state is a person who looked at the provider's book and tells the truth
// about a payout that waits for one. What is not there may still be on its
// way, so a person waits until it can't be.
func (s *story) state() error {
	me, v, err := s.anyRequest()
	if err != nil || v == nil || v.Moderation == "" {
		return err
	}
	return s.decide(me, v)
}

func (s *story) decide(me engine.Caller, v *engine.View) error {
	for _, p := range v.Payouts {
		if p.Status.Ended() {
			continue
		}
		if err := s.w.Run(time.Minute); err != nil {
			return err
		}
		o, err := s.seen(p)
		if err != nil {
			return err
		}
		if o.Verdict == "" {
			continue
		}
		if err := harmless(s.w.Engine.State(s.w.Ctx, me, p.ID, o)); err != nil {
			return err
		}
	}
	return nil
}

// seen is what the provider's book says about a payout.
func (s *story) seen(p payout.Payout) (connector.Outcome, error) {
	book, err := s.w.book()
	if err != nil {
		return connector.Outcome{}, err
	}
	out := connector.Outcome{Verdict: connector.Rejected, Resolution: "not_found"}
	for _, l := range book {
		if l.Key != p.Key() {
			continue
		}
		switch l.Status {
		case sandbox.Paid:
			return connector.Outcome{Verdict: connector.Paid}, nil
		case sandbox.PartlyPaid:
			return connector.Outcome{Verdict: connector.PartlyPaid, Paid: l.Paid}, nil
		case sandbox.Returned:
			return connector.Outcome{Verdict: connector.Returned}, nil
		case sandbox.Accepted:
			out.Verdict = "" // not decided yet
		}
	}
	return out, nil
}

// poison makes the handling of one payout panic, until somebody mends it.
func (s *story) poison() error {
	_, v, err := s.anyRequest()
	if err != nil || v == nil || len(v.Payouts) == 0 || s.w.PanicKey != "" {
		s.w.PanicKey = ""
		return err
	}
	s.fault("poisoned record")
	s.w.PanicKey = v.Payouts[0].Key()
	return nil
}

func (s *story) resend() error {
	me := s.who()
	list, err := s.w.Engine.Deliveries(s.w.Ctx, me, "", 50)
	if err != nil || len(list) == 0 {
		return err
	}
	_, err = s.w.Engine.Resend(s.w.Ctx, me, list[s.w.Rand.IntN(len(list))].ID, "", nil)
	return harmless(err)
}

// notices brings what the provider has to say, signed.
func (s *story) notices() error {
	for _, p := range s.w.providers() {
		for range 20 {
			n, ok := p.Take()
			if !ok {
				break
			}
			p.Posted(n, true)
			parts := pathOf(n.URL)
			err := s.w.Engine.Observe(s.w.Ctx, parts[0], parts[1], n.Header(noticeSecret, s.w.Clock.Now()), n.Body)
			if err := harmless(err); err != nil {
				return err
			}
		}
	}
	return nil
}

// ghost is what other threads of the process do while a call is out: with one
// goroutine it is told by working from inside the call (rule 7).
func (s *story) ghost(context.Context) {
	if s.w.Rand.IntN(4) != 0 {
		return
	}
	s.fault("work during a call")
	s.w.Clock.Advance(s.w.Engine.Timing.Lease + time.Second)
	_, _ = s.w.Engine.Work(s.w.Ctx)
}
