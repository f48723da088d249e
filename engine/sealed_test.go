package engine_test

import (
	"bytes"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/engine/sim"
)

// TestNoStoredAnswerOrMessageShowsAnybody: what is answered to repeats and told
// by webhooks holds names, and lies sealed like them, in the store and in its
// copies; a repeat gets it byte for byte until its customer is redacted.
func TestNoStoredAnswerOrMessageShowsAnybody(t *testing.T) {
	show := func(v *engine.View) []byte {
		return []byte(`{"name":"` + v.Person.Name + `","texts":` + string(v.Extra) + `}`)
	}
	k := newKit(t, sim.Config{Render: map[string]engine.Render{"rest": func(o engine.Occasion) (string, []byte, error) {
		if o.View.Person == nil {
			return "", nil, nil
		}
		return "x." + string(o.View.Stage), show(o.View), nil
	}}})
	_, err := k.Engine.AddEndpoint(k.Ctx, k.me, "https://shop.example/hook", "rest", nil)
	must(t, err)
	ask := func() *engine.Once {
		o := once("key-1", "the same body every time........")
		o.Render = func(r any) ([]byte, error) { return show(r.(*engine.View)), nil }
		_, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Person: &engine.Person{Name: "Unmistakable"},
			Beneficiary: sepa(magic(t, "success").IBAN), Extra: []byte(`"unmistakable"`)}, o)
		if err != nil {
			o.Answer = []byte(err.Error())
		}
		return o
	}
	k.customer("bob")
	for range 2 { // the second is the first, saved again
		_, err = k.Engine.SaveMethod(k.Ctx, k.me, engine.NewMethod{Customer: "bob", Kind: service.Card, Form: "card", Nick: "Unmistakable", Billing: []byte(`"unmistakable"`), Metadata: []byte(`"unmistakable"`),
			Details: connector.Details{"card_number": "4111111111111111", "expiry_month": "3", "expiry_year": "2030", "card_holder_name": "Unmistakable"}}, nil)
		must(t, err)
	}
	wantLabel := func(when string) {
		t.Helper()
		list, _, err := k.Engine.Methods(k.Ctx, k.me, "bob")
		must(t, err)
		if len(list) != 1 || list[0].Nick != "Unmistakable" || string(list[0].Billing) != `"unmistakable"` || list[0].Masked["card_holder_name"] != "Unmistakable" || list[0].Secret == "" {
			t.Errorf("%s: %+v", when, list)
		}
	}
	wantLabel("saved")
	k.Receiver.Answer = 500 // it is to be told of her for a while
	first := ask()
	k.run(time.Minute)
	again := ask()
	if want := `{"name":"Unmistakable","texts":"unmistakable"}`; string(first.Answer) != want || string(again.Answer) != want || !again.Replayed {
		t.Errorf("answers %s, %s", first.Answer, again.Answer)
	}
	must(t, k.Crash())
	wantLabel("after a restart")
	backup, raw := k.copyOf()
	if bytes.Contains(raw, []byte("nmistakable")) {
		t.Error("the store shows somebody in the clear")
	}

	_, err = k.Engine.DeleteCustomer(k.Ctx, k.me, "ada", nil)
	must(t, err)
	k.run(time.Minute)
	k.Receiver.Answer = 0
	k.run(2 * time.Hour)
	told := 0
	for _, m := range k.Receiver.Got {
		if m.Status == 200 && bytes.Contains(m.Body, []byte("Unmistakable")) {
			told++
		}
	}
	if told < 2 {
		t.Errorf("the merchant was told %d times of what was under way: the key went before the message", told)
	}
	k.run(3 * time.Hour)
	if gone := ask(); !gone.Replayed && !bytes.Contains(gone.Answer, []byte("redacted")) {
		t.Errorf("a repeat after the deletion: %s", gone.Answer)
	}
	list, err := k.Engine.Deliveries(k.Ctx, k.me, "", 10)
	must(t, err)
	for _, d := range list {
		if _, err := k.Engine.Resend(k.Ctx, k.me, d.ID, "", nil); err != nil {
			t.Error(err)
		}
	}
	before := len(k.Receiver.Got)
	k.run(time.Minute)
	if len(k.Receiver.Got) != before {
		t.Error("what was sealed for a redacted customer was sent again")
	}
	e := k.over(backup)
	o := once("key-1", "the same body every time........")
	if done, err := e.Replayed(k.Ctx, k.me.Scope, o); err == nil || done {
		t.Errorf("a copy from before answers %s, %v", o.Answer, err)
	}
	if v := k.get(first.Subject); v.Stage != payout.AllPaid {
		t.Errorf("her payout is %s", v.Stage)
	}
}
