package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/engine/sim"
	"penstock/locker"
)

func wantCode(t *testing.T, err error, want engine.Code) {
	t.Helper()
	var refused *engine.Error
	if !errors.As(err, &refused) || refused.Code != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func (k *kit) customer(id string) {
	k.t.Helper()
	_, err := k.Engine.CreateCustomer(k.Ctx, k.me, id, engine.Person{Name: "Ada Example", Email: "ada@example.com"}, nil)
	must(k.t, err)
}

func (k *kit) save(customer, number string) *engine.Method {
	k.t.Helper()
	b := card(number)
	m, err := k.Engine.SaveMethod(k.Ctx, k.me, engine.NewMethod{Customer: customer, Kind: b.Kind, Form: b.Form, Type: "credit", Details: b.Details}, nil)
	must(k.t, err)
	return m
}

func TestTheSameAccountOfACustomerIsOneRecord(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	k.customer("bob")
	one, again, other := k.save("ada", "4111111111111111"), k.save("ada", "4111 1111 1111 1111"), k.save("bob", "4111111111111111")
	if one.ID != again.ID {
		t.Errorf("the same card of the same customer got a second record")
	}
	if one.ID == other.ID || one.Print != other.Print {
		t.Errorf("another customer's card: same record %v, same fingerprint %v; want another record with the merchant's same fingerprint", one.ID == other.ID, one.Print == other.Print)
	}
	renewed := card("4111111111111111")
	renewed.Details["expiry_year"] = "2035"
	m, err := k.Engine.SaveMethod(k.Ctx, k.me, engine.NewMethod{Customer: "ada", Kind: renewed.Kind, Form: renewed.Form, Details: renewed.Details}, nil)
	must(t, err)
	list, _, err := k.Engine.Methods(k.Ctx, k.me, "ada")
	must(t, err)
	if m.ID != one.ID || len(list) != 1 || !strings.Contains(list[0].Masked["card_exp_year"]+list[0].Masked["expiry_year"], "2035") {
		t.Errorf("a renewed card: id kept %v, %d records, masked %v", m.ID == one.ID, len(list), list[0].Masked)
	}
}

func TestAMethodShowsNoMoreThanItsMask(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	for _, v := range k.save("ada", "4111111111111111").Masked {
		if strings.Contains(v, "111111111") {
			t.Errorf("the mask shows %q", v)
		}
	}
}

func TestPaymentTokenIsBoundAndEnds(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	k.customer("bob")
	m := k.save("ada", "4111111111111111")
	token, err := k.Engine.MintToken(k.me.Scope, m, 0)
	must(t, err)
	second, err := k.Engine.MintToken(k.me.Scope, m, 0)
	must(t, err)
	if token == second {
		t.Error("two lists gave the same token")
	}
	pay := func(customer, token string, kind service.Kind) error {
		_, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: customer, Beneficiary: engine.Beneficiary{Token: token, Kind: kind}}, nil)
		return err
	}
	must(t, pay("ada", token, service.Card))
	must(t, pay("ada", token, service.Card)) // reusable until it ends
	wantCode(t, pay("bob", token, service.Card), engine.CodeForeign)
	wantCode(t, pay("ada", token, service.Bank), engine.CodeToken)
	wantCode(t, pay("ada", token, ""), engine.CodeMissing)
	wantCode(t, pay("ada", forged(token), service.Card), engine.CodeToken)
	wantCode(t, pay("ada", "token_nonsense", service.Card), engine.CodeToken)
	k.Clock.Advance(14*time.Minute + 59*time.Second)
	must(t, pay("ada", token, service.Card))
	k.Clock.Advance(2 * time.Second)
	wantCode(t, pay("ada", token, service.Card), engine.CodeToken)
}

// forged is the token with its last character changed.
func forged(token string) string {
	last := "0"
	if token[len(token)-1] == '0' {
		last = "1"
	}
	return token[:len(token)-1] + last
}

func TestATokenOfAnotherMerchantIsWorthNothing(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	token, err := k.Engine.MintToken(k.me.Scope, k.save("ada", "4111111111111111"), 0)
	must(t, err)
	_, err = k.Engine.CreateMerchant(k.Ctx, k.me, "other", "")
	must(t, err)
	other := engine.Caller{Scope: engine.Scope{Merchant: "other", Mode: engine.Test}, Actor: "apik_other", Rights: engine.Rights()}
	_, err = k.Engine.CreateCustomer(k.Ctx, other, "ada", engine.Person{}, nil)
	must(t, err)
	_, err = k.Engine.Create(k.Ctx, other, engine.NewRequest{Amount: eur(100), Confirm: true, Customer: "ada", Beneficiary: engine.Beneficiary{Token: token, Kind: service.Card}}, nil)
	wantCode(t, err, engine.CodeToken)
}

func TestRecurringSavesAfterSuccessAndAfterNothingElse(t *testing.T) {
	for name, want := range map[string]int{"success": 1, "late_success": 1, "declined": 0, "pending": 0} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, sim.Config{})
			b := sepa(magic(t, name).IBAN)
			v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Recurring: true, Customer: "ada", Person: &engine.Person{Name: "Ada"}, Beneficiary: b}, nil)
			must(t, err)
			if v.Method != "" {
				t.Error("saved before anything was paid")
			}
			k.run(time.Minute)
			list, _, err := k.Engine.Methods(k.Ctx, k.me, "ada")
			must(t, err)
			if len(list) != want {
				t.Fatalf("%d methods saved, want %d", len(list), want)
			}
			if want == 0 {
				return
			}
			if got := k.get(v.ID).Method; got != list[0].ID {
				t.Errorf("the request names method %q, saved was %q", got, list[0].ID)
			}
			again, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Recurring: true, Customer: "ada", Beneficiary: engine.Beneficiary{Method: list[0].ID}}, nil)
			must(t, err)
			k.run(time.Minute)
			k.wantStage(again.ID, payout.AllPaid)
		})
	}
}

func TestAMethodChangedLaterChangesNoPayoutUnderWay(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	m := k.save("ada", "4111111111111111")
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Beneficiary: engine.Beneficiary{Method: m.ID}}, nil)
	must(t, err)
	must(t, k.Engine.DeleteMethod(k.Ctx, k.me, m.ID))
	k.run(time.Minute)
	k.wantStage(v.ID, payout.AllPaid)
}

func TestASecurityCodeIsRefusedWhereItWouldBeStored(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	for _, name := range []string{"card_cvc", "cvv", "CVV2", "security-code"} {
		b := card("4111111111111111")
		b.Details[name] = "123"
		_, err := k.Engine.SaveMethod(k.Ctx, k.me, engine.NewMethod{Customer: "ada", Kind: b.Kind, Form: b.Form, Details: b.Details}, nil)
		wantCode(t, err, engine.CodeInvalid)
	}
	list, _, err := k.Engine.Methods(k.Ctx, k.me, "ada")
	must(t, err)
	if len(list) != 0 {
		t.Errorf("%d methods were saved by refused calls", len(list))
	}
}

func TestADeletedCustomerCanBeReadNowhere(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	k.save("ada", "4111111111111111")
	backup, err := k.Locker.Seal(k.Ctx, lockerOwner("shop", "ada"), lockerPlace("method", "old"), []byte("as in a backup"))
	must(t, err)
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Beneficiary: sepa(magic(t, "success").IBAN)}, nil)
	must(t, err)
	_, err = k.Engine.DeleteCustomer(k.Ctx, k.me, "ada", nil)
	wantCode(t, err, engine.CodeState) // a payout is under way and needs the key
	k.run(time.Minute)
	k.wantStage(v.ID, payout.AllPaid)
	_, err = k.Engine.DeleteCustomer(k.Ctx, k.me, "ada", nil)
	must(t, err)
	k.run(time.Minute)
	_, err = k.Engine.Customer(k.Ctx, k.me, "ada")
	wantCode(t, err, engine.CodeRedacted)
	if got := k.get(v.ID); got.Person == nil || got.Person.Name != "Redacted" {
		t.Errorf("the payout shows %+v of a redacted customer", got.Person)
	}
	_, err = k.Locker.Open(k.Ctx, lockerOwner("shop", "ada"), lockerPlace("method", "old"), backup)
	if !errors.Is(err, locker.ErrErased) {
		t.Errorf("what a backup keeps sealed for the customer: %v, want %v", err, locker.ErrErased)
	}
}

func TestAnUpdateCannotChangeTheAccount(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	m := k.save("ada", "4111111111111111")
	nick := "work"
	got, err := k.Engine.UpdateMethod(k.Ctx, k.me, m.ID, engine.MethodEdit{Nick: &nick, Details: connector.Details{"expiry_year": "2031"}}, nil)
	must(t, err)
	if got.Nick != nick || got.ID != m.ID {
		t.Errorf("update gave %q, %s", got.Nick, got.ID)
	}
	_, err = k.Engine.UpdateMethod(k.Ctx, k.me, m.ID, engine.MethodEdit{Details: connector.Details{"card_number": "4242424242424242"}}, nil)
	wantCode(t, err, engine.CodeInvalid)
}
