package dash_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
)

// gateway asks for a request of the payout gateway, by the test service.
func (o *office) gateway(ref string, minor int64, w engine.Wishes, change func(*engine.NewRequest)) *engine.View {
	o.t.Helper()
	w.Later, w.Whole = true, !w.Split
	n := engine.NewRequest{Dialect: "jsonapi", Ref: ref, Amount: money.New(minor, money.MustCurrency("USD")), Service: "test_usd", Confirm: true, AutoFulfill: true, Wishes: w,
		Beneficiary: engine.Beneficiary{Kind: "test", Form: "test", Details: connector.Details{"account": "some_random_string"}}}
	if change != nil {
		change(&n)
	}
	v, err := o.Engine.Create(o.Ctx, onServer("shop"), n, nil)
	must(o.t, err)
	return v
}

// depositIn is the deposit account of a currency.
func (o *office) depositIn(code string) *engine.DepositView {
	o.t.Helper()
	all, err := o.Engine.Deposits(o.Ctx, onServer("shop").Scope)
	must(o.t, err)
	for i := range all {
		if all[i].Currency.Code() == code {
			return &all[i]
		}
	}
	o.t.Fatalf("no deposit account in %s", code)
	return nil
}

// routeFor is the route of a service.
func (o *office) routeFor(service string) *engine.Route {
	o.t.Helper()
	all, err := o.Engine.Routes(o.Ctx, onServer("shop").Scope)
	must(o.t, err)
	for i := range all {
		if all[i].Service == service {
			return &all[i]
		}
	}
	o.t.Fatalf("no route of %s", service)
	return nil
}

func TestLedgerShowsBothSides(t *testing.T) {
	o := newOffice(t)
	o.ask("success", 1250, func(n *engine.NewRequest) { n.Ref = "invoice-77" })
	o.run(time.Minute)
	p := o.hired(engine.RoleViewer)
	at := home + "/deposits/" + o.depositIn("EUR").ID
	p.get(home+"/deposits?currency=EUR").want(200, "sandbox_default_EUR").want(200, "12.50 EUR")
	if got := p.get(home + "/deposits?currency=EUR").words(); strings.Contains(got, "_USD") {
		t.Error("the filter lets other currencies through")
	}
	for _, want := range []string{"Top-up", "+10,000,000,000,000.00", "Held for a payout", "\u221212.50", "Paid out", "+12.50", "Put in 10,000,000,000,000.00 EUR", "3 entries"} {
		p.get(at).want(200, want)
	}
	if got := p.get(at).body; !strings.Contains(got, `href="`+home+`/payouts/`+o.get("invoice-77").Payouts[0].ID+`"`) {
		t.Error("the ledger doesn't lead to the payout")
	}
	p.get(at+"?day=2026-01-04").want(200, "Balance at the end of 4 Jan 2026 UTC").want(200, "Available 0.00 EUR")
	p.get(at+"/general").want(200, "Prevent failure")
	p.get("/dashboard/live/shop/deposits/"+o.depositIn("EUR").ID).want(404, "There is nothing here")
}

func TestMoneyIsBookedOnce(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleManager)
	o.ask("success", 1000, func(n *engine.NewRequest) { n.Amount = money.New(1000, money.MustCurrency("KWD")) }) // play money is there in every currency
	d := o.depositIn("KWD")
	at := home + "/deposits/" + d.ID
	for _, row := range []struct {
		amount, want string
	}{{"", "An amount above zero."}, {"0", "An amount above zero."}, {"-5", "at most 3 decimals"}, {"1.2345", "at most 3 decimals"}, {"1,000", "at most 3 decimals"}, {"99999999999999999999", "at most 3 decimals"}} {
		p.fill(at+"/topup", map[string]string{"amount": row.amount}).want(422, row.want)
	}
	p.fill(at+"/topup", map[string]string{"amount": "5", "text": "for NL91ABNA0417164300"}).want(422, "an account number or a key")
	p.fill(at+"/adjust", map[string]string{"amount": "5", "direction": "less"}).want(422, "description is required"[1:])

	page := p.get(at + "/topup")
	form := map[string]string{"amount": "1250.125", "text": "wire of Monday"}
	send := func() page2 { return page2{p.refill(page, at+"/topup", form)} }
	send().leads(at + "?done=booked")
	send().leads(at + "?done=booked") // the second click
	form["amount"] = "1"
	send().want(409, "used with another body")
	p.fill(at+"/adjust", map[string]string{"amount": "0.125", "direction": "less", "text": "bank's fee"}).leads(at + "?done=booked")
	if now := o.depositIn("KWD").Balance.Available - d.Balance.Available; now != 1250000 {
		t.Errorf("the account holds %d more, want 1250000", now)
	}
	p.get(at).want(200, "wire of Monday The manager").want(200, "+1,250.125").want(200, "\u22120.125").want(200, "bank's fee")
}

// page2 keeps the name page free for the page that was opened.
type page2 struct{ page }

func TestDepositAccountsAreEdited(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleAdministrator)
	at := home + "/deposits/" + o.depositIn("JPY").ID
	edit := func(fields map[string]string) page {
		all := map[string]string{"prevent_failure": "no", "state": "on"}
		for k, v := range fields {
			all[k] = v
		}
		return p.fill(at+"/edit", all)
	}
	edit(map[string]string{"minimal_balance": "10.5"}).want(422, "no decimals")
	edit(map[string]string{"minimal_balance": "-1"}).want(422, "no decimals")
	edit(map[string]string{"name": ""}).want(422, "name")
	edit(map[string]string{"minimal_balance": "1000", "turnover_limit": "5000", "prevent_failure": "yes", "state": "off"}).leads(at + "/general?done=saved")
	p.get(at+"/general").want(200, "Disabled").want(200, "Minimal balance 1,000 JPY").want(200, "Prevent failure Yes")
	edit(map[string]string{"state": "on"}).leads(at + "/general?done=saved")
	d := o.depositIn("JPY")
	if d.MinBalance.Minor() != 1000 || d.Turnover.Minor() != 5000 || d.PreventFailure || d.Disabled {
		t.Errorf("after the second edit: %+v", d.Deposit)
	}
	edit(map[string]string{"turnover_limit": ""}).leads(at + "/general?done=saved")
	if d := o.depositIn("JPY"); d.Turnover.IsSet() {
		t.Error("an empty limit is not off")
	}
}

func TestRoutesAreListedAndEdited(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleDeveloper)
	r := o.routeFor("sepa_eur")
	at := home + "/routes/" + r.ID
	p.get(home+"/routes?service=sepa_eur").want(200, "sandbox_default_EUR").want(200, "1 payout route")
	save := func(fields map[string]string) page {
		all := map[string]string{"state": "on"}
		for k, v := range fields {
			all[k] = v
		}
		return p.fill(at, all)
	}
	save(map[string]string{"amount_min": "5.001"}).want(422, "at most 2 decimals")
	save(map[string]string{"cost.rate": "101"}).want(422, "A percentage from 0 to 100")
	save(map[string]string{"cost.rate": "2.12345"}).want(422, "A percentage from 0 to 100")
	save(map[string]string{"amount_min": "100", "amount_max": "50"}).want(422, "maximum is not below the minimum")
	save(map[string]string{"amount_min": "1", "amount_max": "50000", "cost.rate": "2.5", "cost.fixed": "0.3"}).leads(home + "/routes?done=saved")
	p.get(home+"/routes?service=sepa_eur").want(200, "2.5 % + 0.30 EUR").want(200, "50,000.00 EUR")
	if got := o.routeFor("sepa_eur").Cost.Rate; got != 25000 {
		t.Errorf("2.5 %% is stored as %d", got)
	}
	p.get(home+"/routes/all/disable").want(200, "Nothing leaves any more")
	p.press(home+"/routes/all/disable", home+"/routes/all/disable").leads(home + "/routes?done=saved")
	if !o.routeFor("sepa_eur").Disabled {
		t.Error("the route is still enabled")
	}
	p.press(home+"/routes/all/enable", home+"/routes/all/enable").leads(home + "/routes?done=saved")
	p.get(home+"/routes/all/nonsense").want(404, "leads nowhere")
}

func TestPointsAreMadeAndEdited(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleAdministrator)
	p.fill(home+"/points/new", map[string]string{"name": "", "currencies": "EUR"}).want(422, "Give it a name.")
	p.fill(home+"/points/new", map[string]string{"name": "Refunds", "currencies": "EUR, XYZZY"}).want(422, "There is no currency XYZZY.")
	got := p.fill(home+"/points/new", map[string]string{"name": "Refunds", "currencies": "eur usd", "queue": "yes", "only_final": "no", "internal": "no"})
	id := regexp.MustCompile(`^/dashboard/test/shop/points/([0-9a-z]{26})\?done=saved$`).FindStringSubmatch(got.header.Get("Location"))
	if got.status != 303 || id == nil {
		t.Fatalf("%s to %q", got, got.header.Get("Location"))
	}
	at := home + "/points/" + id[1]
	p.get(at).want(200, "EUR, USD").want(200, "When money is missing Wait for it").want(200, "System")
	p.fill(at+"/edit", map[string]string{"archived": "yes", "queue": "no", "only_final": "yes", "internal": "no"}).leads(at + "?done=saved")
	p.get(at).want(200, "Archived Yes").want(200, "Fail").want(200, "EUR, USD")
	p.get(home+"/points").want(200, "Refunds")
}

func TestAccountIsDisabled(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleAdministrator)
	all, err := o.Engine.Accounts(o.Ctx, onServer("shop").Scope)
	must(t, err)
	at := home + "/accounts/" + all[0].ID
	p.get(home+"/accounts").want(200, "sandbox_default")
	p.fill(at, map[string]string{"health": "down", "state": "off"}).leads(at + "?done=saved")
	p.get(at).want(200, "Disabled")
	viewer := o.hired(engine.RoleViewer)
	if got := viewer.get(at); got.status != 200 || strings.Contains(got.body, `action="`+at+`"`) {
		t.Error("a viewer is offered to change an account")
	}
}

func TestExplanationSaysWhy(t *testing.T) {
	o := newOffice(t)
	o.gateway("one", 10000, engine.Wishes{}, nil)
	o.run(time.Minute)
	p := o.hired(engine.RoleViewer)
	p.get(o.at("one")+"/explanation").want(200, "Payout 1").want(200, "Asked for USD 100.00").want(200, "sandbox_default_USD by test_usd").want(200, "Chosen:")
	p.get(home+"/explain").want(200, "Which route would it take?")
	for _, row := range []struct{ query, want string }{
		{"?service=sepa_eur&amount=100&currency=EUR", "A payout of EUR 100.00 now"},
		{"?service=sepa_eur&amount=100&currency=EUR", "Chosen: sandbox_default_EUR by sepa_eur, EUR 100.00"},
		{"?service=sepa_eur&amount=0&currency=EUR", "An amount above zero."},
		{"?service=sepa_eur&amount=1.001&currency=EUR", "at most 2 decimals"},
		{"?service=sepa_eur&amount=1&currency=XYZ", "There is no such currency."},
		{"?service=nonsense&amount=1&currency=EUR", "There is no payout service of this name."},
		{"?service=sepa_eur&amount=1&currency=EUR&point=nonsense", "Payout point does not exist."},
	} {
		p.get(home+"/explain"+row.query).want(200, row.want)
	}
	var r []engine.View
	r, _, err := o.Engine.List(o.Ctx, onServer("shop"), engine.Filter{}, 0, 10)
	must(t, err)
	if len(r) != 1 {
		t.Errorf("dry runs left %d requests, want the one that was made", len(r))
	}
}

func TestModerationStopsAndLetsGoOn(t *testing.T) {
	o := newOffice(t)
	v := o.gateway("stop", 10000, engine.Wishes{AttemptsLimit: 2, Moderation: true}, nil)
	o.run(time.Minute)
	if got := o.get("stop"); got.Stage != payout.Ready || len(got.Payouts) != 0 {
		t.Fatalf("on moderation it is %s with %d payouts", got.Stage, len(got.Payouts))
	}
	p := o.hired(engine.RoleManager)
	at := home + "/requests/porq_" + v.ID
	p.get(at).want(200, "Let it go on").want(200, "Edit terms")
	p.fill(at+"/terms", map[string]string{"attempts_limit": "many"}).want(422, "A whole number")
	p.fill(at+"/terms", map[string]string{"attempts_limit": "-1"}).want(422, "a whole number"[1:])
	p.fill(at+"/terms", map[string]string{"attempts_limit": "7"}).leads(at + "?done=saved")
	p.get(at).want(200, "Attempts limit 7")
	p.fill(at+"/release", nil).leads(at + "?done=released")
	o.run(time.Minute)
	if got := o.get("stop"); got.Stage != payout.AllPaid {
		t.Errorf("let go on it is %s, want paid", got.Stage)
	}
	o.gateway("again", 10000, engine.Wishes{}, func(n *engine.NewRequest) { n.AutoFulfill = false })
	at = home + "/requests/porq_" + o.get("again").ID
	p.fill(at+"/moderate", map[string]string{"why": "a strange amount"}).leads(at + "?done=moderated")
	p.get(at).want(200, "A strange amount.")
	p.get(home).want(200, "A strange amount.")
	p.fill(at+"/moderate", nil).leads(at + "?done=moderated") // twice is harmless
	p.fill(at+"/release", nil).leads(at + "?done=released")
	p.fill(at+"/release", nil).want(409, "it is not moderated")
}

func TestSplitRequestShowsItsPayouts(t *testing.T) {
	o := newOffice(t)
	low, high := money.New(100, money.MustCurrency("USD")), money.New(40000, money.MustCurrency("USD"))
	_, err := o.Engine.UpdateRoute(o.Ctx, onServer("shop"), o.routeFor("test_usd").ID, engine.RouteEdit{Min: &low, Max: &high}, nil)
	must(t, err)
	v := o.gateway("large", 100000, engine.Wishes{Split: true}, nil)
	o.run(10 * time.Minute)
	p := o.hired(engine.RoleViewer)
	at := home + "/requests/porq_" + v.ID
	p.get(at).want(200, "Paid").want(200, "Split mode Yes").want(200, "Processed amount 1,000.00 USD")
	for _, want := range []string{"Payout 1", "Payout 2", "Payout 3"} {
		p.get(at+"/payouts").want(200, want)
	}
	p.get(at+"/explanation").want(200, "In parts:").want(200, "above its maximum of USD 400.00")
}

// TestConflictIsResolved: a payout that failed and was paid after all calls a
// person, who says which is true.
func TestConflictIsResolved(t *testing.T) {
	o := newOffice(t)
	o.unlike = true
	o.ask("pending", 1250, func(n *engine.NewRequest) { n.Ref = "torn" })
	o.run(time.Minute)
	id := o.get("torn").Payouts[0].ID
	must(t, o.Engine.State(o.Ctx, onServer("shop"), id, connector.Outcome{Verdict: connector.Rejected, Message: "the bank's report of Monday"}))
	must(t, o.Engine.State(o.Ctx, onServer("shop"), id, connector.Outcome{Verdict: connector.Paid, Message: "the bank's report of Tuesday"}))
	p := o.hired(engine.RoleManager)
	at := o.at("torn")
	p.get(home).want(200, "Two words about a payout contradict each other.")
	p.get(at+"/payouts").want(200, "Resolve conflict")
	p.fill(at+"/resolve/"+id, map[string]string{"note": "asked the bank"}).want(422, "Say what is true.")
	p.fill(at+"/resolve/"+id, map[string]string{"fate": "paid"}).want(422, "Say how you know.")
	p.fill(at+"/resolve/"+id, map[string]string{"fate": "paid", "note": "asked the bank"}).leads(at + "/payouts?done=resolved")
	if got := o.get("torn"); len(got.Disputed) != 0 {
		t.Errorf("still disputed: %v", got.Disputed)
	}
	p.get(at+"/events").want(200, "Conflict resolved").want(200, "asked the bank")
	p.fill(at+"/resolve/"+id, map[string]string{"fate": "paid", "note": "again"}).want(409, "nothing contradicts it")
	p.get(home+"/deposits/"+o.depositIn("EUR").ID).want(200, "Paid after all")
}
