package dash_test

import (
	"strings"
	"testing"
	"time"

	"penstock/engine"
)

const testIBAN = "NL69TEST0000000001"

// TestAPayoutIsMadeInTheDashboardAndLooksBeforeItLeaves: it waits, ready, and
// the second press of the same page makes no second one.
func TestAPayoutIsMadeInTheDashboardAndLooksBeforeItLeaves(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleManager)
	p.get(home+"/pay").want(200, "How should the money go?")
	at := home + "/pay?service=sepa_eur"
	page := p.get(at).want(200, "IBAN")
	fields := map[string]string{"amount": "12.50", "currency": "EUR", "d.iban": testIBAN, "reference": "invoice-9", "attempts_limit": "0", "split": "no", "partially": "no", "autoprocess": "no"}
	made := p.refill(page, at, fields)
	made.want(303, "")
	p.get(made.header.Get("Location")).want(200, "The payout request was made.").want(200, "12.50 EUR").want(200, "Ready")
	p.refill(page, at, fields).want(303, "")
	list, total, err := o.Engine.List(o.Ctx, onServer("shop"), engine.Filter{Total: true}, 0, 10)
	must(t, err)
	if total != 1 || len(list[0].Payouts) != 0 {
		t.Fatalf("%d requests, want one that has not left", total)
	}
	p.fill(o.at("invoice-9")+"/process", nil).want(303, "")
	o.run(time.Minute)
	p.get(o.at("invoice-9")).want(200, "Paid")
}

// TestWhatIsWrongWithAPayoutIsSaidAtItsField and an account number is not
// written back into a page.
func TestWhatIsWrongWithAPayoutIsSaidAtItsField(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleManager)
	at := home + "/pay?service=sepa_eur"
	good := map[string]string{"amount": "12.50", "currency": "EUR", "d.iban": testIBAN, "attempts_limit": "0", "split": "no", "partially": "no", "autoprocess": "yes"}
	for name, bad := range map[string]map[string]string{
		"More than nothing": {"amount": "0"}, "at most 2 decimals": {"amount": "1.234"}, "number": {"amount": "1e3"}, "check": {"d.iban": "NL69TEST0000000002"}, "required": {"d.iban": ""},
		"takes": {"currency": "XXX"}, "split": {"partially": "yes"}, "letters": {"customer": "a b"},
	} {
		form := map[string]string{}
		for k, v := range good {
			form[k] = v
		}
		for k, v := range bad {
			form[k] = v
		}
		got := p.fill(at, form).want(422, "Nothing was made.")
		if !strings.Contains(got.body, `aria-invalid="true"`) {
			t.Errorf("%s: no field is marked: %s", name, got.words())
		}
		if strings.Contains(got.body, "NL69TEST00000000") && !strings.Contains(got.body, "Test accounts") || strings.Contains(got.body, `value="NL69`) {
			t.Errorf("%s: the account number is written back", name)
		}
	}
	if _, total, err := o.Engine.List(o.Ctx, onServer("shop"), engine.Filter{Total: true}, 0, 1); err != nil || total != 0 {
		t.Errorf("%d requests were made, %v", total, err)
	}
	o.hired(engine.RoleViewer).get(at).want(403, "Your role doesn't allow this")
}

func TestALinkIsMadeAndShownToThoseWhoMayPay(t *testing.T) {
	o := newOffice(t)
	p, viewer := o.hired(engine.RoleManager), o.hired(engine.RoleViewer)
	p.get(home+"/links").want(200, "No link yet")
	p.fill(home+"/links/new", map[string]string{"amount": "20", "currency": "EUR", "point": o.shopPoint(), "description": "Prize", "currency_": ""}).want(303, "")
	p.get(home+"/links").want(200, "Hosted payment").want(200, "Open")
	list, _, err := o.Engine.List(o.Ctx, onServer("shop"), engine.Filter{}, 0, 1)
	must(t, err)
	at := home + "/requests/pay_" + list[0].ID + "/link"
	p.get(at).want(200, "?k=secret")
	if got := viewer.get(at); got.status != 200 || strings.Contains(got.body, "k=secret") {
		t.Errorf("a viewer sees the capability: %s", got)
	}
	p.fill(home+"/links/new", map[string]string{"amount": "20.123", "currency": "EUR", "point": o.shopPoint()}).want(422, "at most 2 decimals")
	p.fill(home+"/links/new", map[string]string{"amount": "20", "currency": "QQQ", "point": o.shopPoint()}).want(422, "no such currency")
}

func (o *office) shopPoint() string {
	m, err := o.Engine.Merchant(o.Ctx, "shop")
	must(o.t, err)
	return m.Point
}

func TestCustomersAreShownMaskedWithTheirConsent(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleManager)
	p.get(home+"/customers").want(200, "No customer yet")
	o.ask("success", 1250, func(n *engine.NewRequest) {
		n.Recurring = true
		n.Person = &engine.Person{Name: "Ada Example", Email: "ada.example@mail.example", Phone: "+31201234567"}
	})
	o.run(time.Minute)
	p.get(home+"/customers").want(200, "Ada Example").want(200, "ad\u2022\u2022\u2022@mail.example")
	got := p.get(home+"/customers/ada").want(200, "Given with a recurring payout").want(200, "12.50 EUR")
	for _, secret := range []string{testIBAN, "ada.example@", "31201234567"} {
		if strings.Contains(got.body, secret) {
			t.Errorf("the page shows %s", secret)
		}
	}
	methods, _, err := o.Engine.Methods(o.Ctx, onServer("shop"), "ada")
	must(t, err)
	at := home + "/methods/" + methods[0].ID
	p.get(at).want(200, "Consent to storing it")
	pay := home + "/pay?method=" + methods[0].ID
	p.fill(pay, map[string]string{"amount": "3", "currency": "EUR", "attempts_limit": "0", "split": "no", "partially": "no", "autoprocess": "yes", "reference": "again"}).want(303, "")
	o.run(time.Minute)
	p.get(o.at("again")).want(200, "Paid")
	p.fill(home+"/customers/ada/erase", nil).want(303, "")
	if got := p.get(home+"/customers/ada").want(200, "Erased"); strings.Contains(got.body, "Ada Example") {
		t.Error("an erased customer's name is shown")
	}
	p.get(home+"/customers/nobody").want(404, "")
	p.get("/dashboard/live/shop/customers/ada").want(404, "")
}

func TestWhatIsLookedForIsFound(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleViewer)
	v := o.ask("success", 123456, func(n *engine.NewRequest) { n.Ref = "invoice-77" })
	o.run(time.Minute)
	at := o.at("invoice-77")
	p.get(home + "/find?q=invoice-77").leads(at)
	p.get(home + "/find?q=payout_" + v.ID).leads(at)
	id := o.get("invoice-77").Payouts[0].ID
	p.get(home + "/find?q=" + id).leads(home + "/payouts/" + id)
	p.get(home + "/find?q=ada").leads(home + "/customers/ada")
	p.get(home + "/find?q=" + o.account()).leads(home + "/accounts/" + o.account())
	for _, q := range []string{"1234.56", "1,234.56+EUR", "0001", "00001"} {
		p.get(home+"/find?q="+q).want(200, "invoice-77")
	}
	for _, q := range []string{"1234.56+USD", "1234.57", "9999", "nothing-of-this"} {
		if got := p.get(home + "/find?q=" + q); got.status != 404 {
			t.Errorf("%s: %s", q, got)
		}
	}
	if got := p.get(home+"/find?q=4111111111111111").want(404, "last four"); strings.Contains(got.body, "41111111") {
		t.Error("a card number is written back")
	}
}

// TestARealCardIsKeptOutOfTestMode: its field is marked, and the number is not
// written back.
func TestARealCardIsKeptOutOfTestMode(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleManager)
	form := map[string]string{"amount": "12.50", "currency": "EUR", "d.card_number": "4539578763621486", "d.expiry_month": "3", "d.expiry_year": "2030", "d.card_holder_name": "Ada Example",
		"attempts_limit": "0", "split": "no", "partially": "no", "autoprocess": "yes"}
	got := p.fill(home+"/pay?service=payment_card_eur", form).want(422, "It must be one of the published test numbers").want(422, "4111111111111111")
	if !strings.Contains(got.body, `aria-invalid="true"`) || strings.Contains(got.body, "4539578763621486") {
		t.Errorf("no field is marked, or the number is written back: %s", got.words())
	}
	if _, total, err := o.Engine.List(o.Ctx, onServer("shop"), engine.Filter{Total: true}, 0, 1); err != nil || total != 0 {
		t.Errorf("%d requests were made, %v", total, err)
	}
}
