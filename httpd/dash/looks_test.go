package dash_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/engine/routing"
	"penstock/engine/service"
	"penstock/httpd/browsertest"
)

// furnish fills the shop with what a week leaves behind.
func (o *office) furnish() {
	o.t.Helper()
	for id, name := range map[string]string{"atelier": "Atelier Kranich", "zoo": "Zoo am Fluss"} {
		o.merchant(id, name)
	}
	_, err := o.Engine.AddEndpoint(o.Ctx, onServer("shop"), "https://nordwind.example/hooks/penstock", "rest", nil)
	must(o.t, err)
	o.ask("declined", 8990, func(n *engine.NewRequest) { n.Ref = "refund-20260104-118" })
	o.run(26 * time.Hour)
	o.ask("pending", 1240050, func(n *engine.NewRequest) { n.Ref = "seller-payout-2211" })
	o.run(36 * time.Hour)
	for i, name := range []string{"success", "late_failure", "partly", "returned", "success", "insufficient_funds", "late_success", "success"} {
		o.ask(name, int64(1250+i*73219), func(n *engine.NewRequest) {
			if i%3 == 0 {
				n.Customer = "marta_lindqvist"
			}
		})
		o.run(7 * time.Minute)
	}
	card := func(n *engine.NewRequest) {
		n.Beneficiary = engine.Beneficiary{Kind: service.Card, Form: "card", Details: connector.Details{"card_number": "4111111111111111", "expiry_month": "3", "expiry_year": "2030", "card_holder_name": "Ada Example"}}
	}
	o.ask("", 250000, func(n *engine.NewRequest) {
		card(n)
		n.Amount, n.AutoFulfill, n.Ref = money.New(250000, money.MustCurrency("JPY")), false, "invoice-77"
	})
	o.ask("", 4999, func(n *engine.NewRequest) { card(n); n.Amount = money.New(4999, money.MustCurrency("USD")) })
	o.run(time.Minute)
	v := o.ask("success", 77000, func(n *engine.NewRequest) { n.AutoFulfill = false })
	_, err = o.Engine.Cancel(o.Ctx, onServer("shop"), engine.PrefixRequest, engine.PrefixRequest+v.ID, nil)
	must(o.t, err)
	o.ask("pending", 65000, nil)
	o.run(20 * time.Second)
	usd := money.MustCurrency("USD")
	low, high, rate := money.New(100, usd), money.New(4000000, usd), routing.Cost{Rate: 8000, Fixed: money.New(25, usd)}
	_, err = o.Engine.UpdateRoute(o.Ctx, onServer("shop"), o.routeFor("test_usd").ID, engine.RouteEdit{Min: &low, Max: &high, Cost: &rate}, nil)
	must(o.t, err)
	o.gateway("order-88123", 9050000, engine.Wishes{Split: true, Memo: "Affiliates, January"}, nil)
	o.run(5 * time.Minute)
	name, tree := "By amount", routing.Tree{}
	scheme, err := o.Engine.CreateScheme(o.Ctx, onServer("shop"), engine.SchemeEdit{Name: &name}, nil)
	must(o.t, err)
	tree, err = routing.Parse([]byte(`{"if":{"all":[{"attribute":"amount","operator":"gt","value":"5000"},{"attribute":"currency","operator":"eq","value":"USD"}]},"then":{"strategies":[{"type":"cost"}]},"else":{"strategies":[{"type":"optimal"}]}}`))
	must(o.t, err)
	_, err = o.Engine.SetTree(o.Ctx, onServer("shop"), scheme.ID, "test_usd", tree, false, "Large ones by the cheapest", nil)
	must(o.t, err)
	o.gateway("order-88124", 1500, engine.Wishes{Moderation: true, AttemptsLimit: 3}, nil)
	o.run(time.Minute)
	o.reconcileSome()
}

// reconcileSome loads a statement of which some lines fit and some don't.
func (o *office) reconcileSome() {
	o.t.Helper()
	for i, ref := range []string{"march-01", "march-02", "march-03", "march-04", "march-05"} {
		o.ask("success", int64(18000+i*31275), func(n *engine.NewRequest) { n.Ref = ref })
	}
	o.run(time.Minute)
	text := statementHead + o.line("march-01", "180.00", "paid") + o.line("march-02", "492.15", "paid") + o.line("march-04", "1118.25", "paid") + o.line("march-04", "1118.25", "paid") +
		"Rent January,2350.00,EUR,paid,2026-01-06,\n" + "Refund 7712,84.20,EUR,returned,2026-01-06,\n"
	_, err := o.Engine.LoadStatement(o.Ctx, onServer("shop"), o.account(), connector.File{Name: "nordbank-2026-01-07.csv", Text: []byte(text)})
	must(o.t, err)
}

// findingOf is the address of a finding about a request's payout.
func (o *office) findingOf(ref string) string {
	o.t.Helper()
	return home + "/reconcile/" + o.account() + "/findings/" + o.get(ref).Payouts[0].Key()
}

// TestEveryPageIsLookedAt opens each page on a phone, in full also wide, and
// wants that nothing is wider than the screen. With PENSTOCK_TEST_PICTURES=DIR it leaves
// pictures there, in light and dark.
func TestEveryPageIsLookedAt(t *testing.T) {
	if testing.Short() {
		t.Skip("opens every page several times; without -short")
	}
	o := newOffice(t)
	o.furnish()
	load := home + "/reconcile/" + o.account() + "/load"
	preview := o.hired(engine.RoleOwner).hand(load, "nordbank-2026-01-08.csv", statementHead+o.line("march-01", "180.00", "paid")+o.line("march-05", "1431.00", "paid")+o.line("march-05", "1400.00", "returned")+"Rent January,2350.00,EUR,paid,2026-01-06,\n"+"Fee,350,JPY,paid,2026-01-06,\n", nil).header.Get("Location")
	link := o.invited("new@example.com", engine.RoleManager).link
	_, err := o.Engine.SaveRole(o.Ctx, engine.Caller{Actor: "operator"}, engine.CustomRole{Name: "support", About: "answers merchants", Permits: []engine.Permit{engine.PermitResend, engine.PermitState}})
	must(t, err)
	o.hired("support")
	b := openBrowser(t, o)
	only := regexp.MustCompile(os.Getenv("PENSTOCK_TEST_PAGES")) // those alone whose name fits
	fits := func(name string) {                                  // the page that is open
		t.Helper()
		looks := []browsertest.Look{{Name: "320 pixels", Width: 320, Height: 800, Phone: true}} // what fits there fits a wide window
		if browsertest.Full() {
			looks = b.Looks()
		}
		for _, l := range looks {
			b.As(l)
			if over := browsertest.Result[int](b.Browser, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				t.Errorf("%s, %s: the page is %d px wider than the screen", name, l.Name, over)
			}
		}
		b.Shoot(name)
	}
	see := func(name, path string) {
		t.Helper()
		if only.MatchString(name) {
			b.Go(path)
			b.Do(chromedp.WaitVisible(chromedp.CSS("main")))
			fits(name)
		}
	}
	see("login", "/dashboard/login")
	see("setup", link)
	see("setup-used", "/setup/0123456789012345678901234567890123456789")
	b.as(engine.RoleOwner)
	for _, p := range []struct{ name, path string }{
		{"home", home}, {"home-empty", "/dashboard/live/shop"},
		{"requests", home + "/requests"}, {"requests-filtered", home + "/requests?status=failed&from=2026-01-01"},
		{"requests-none", home + "/requests?customer=nobody"}, {"requests-live", "/dashboard/live/shop/requests"},
		{"request", home + "/requests/seller-payout-2211"}, {"request-ready", home + "/requests/invoice-77"},
		{"payouts", home + "/requests/seller-payout-2211/payouts"}, {"payout-list", home + "/payouts"}, {"payout", home + "/payouts/" + o.get("seller-payout-2211").Payouts[0].ID}, {"events", home + "/requests/seller-payout-2211/events"},
		{"deliveries", home + "/requests/seller-payout-2211/deliveries"}, {"process", home + "/requests/invoice-77/process"},
		{"cancel", home + "/requests/invoice-77/cancel"},
		{"statement", home + "/requests/seller-payout-2211/statement/" + o.get("seller-payout-2211").Payouts[0].ID},
		{"split", home + "/requests/order-88123"}, {"split-payouts", home + "/requests/order-88123/payouts"}, {"explanation", home + "/requests/order-88123/explanation"},
		{"moderated", home + "/requests/order-88124"}, {"dry-run", home + "/explain?service=test_usd&amount=90000&currency=USD&split=yes"},
		{"deposits", home + "/deposits"}, {"ledger", home + "/deposits/" + o.depositIn("USD").ID}, {"deposit", home + "/deposits/" + o.depositIn("USD").ID + "/general"},
		{"adjust", home + "/deposits/" + o.depositIn("USD").ID + "/adjust"}, {"deposit-edit", home + "/deposits/" + o.depositIn("USD").ID + "/edit"},
		{"routes", home + "/routes?currency=USD"}, {"route", home + "/routes/" + o.routeFor("test_usd").ID}, {"points", home + "/points"}, {"point-new", home + "/points/new"}, {"accounts", home + "/accounts"},
		{"schemes", home + "/schemes"}, {"scheme", home + "/schemes/" + o.scheme()}, {"tree", home + "/schemes/" + o.scheme() + "/tree?service=test_usd"}, {"tree-new", home + "/schemes/" + o.scheme() + "/tree"}, {"rates", home + "/rates"},
		{"webhooks", home + "/webhooks"}, {"people", home + "/people"}, {"invite", home + "/people/invite"}, {"roles", home + "/people/roles"}, {"role", home + "/people/roles/support"}, {"sessions", home + "/people/sessions"},
		{"customers", home + "/customers"}, {"customer", home + "/customers/ada"}, {"pay", home + "/pay"}, {"pay-sepa", home + "/pay?service=sepa_eur"}, {"links", home + "/links"}, {"link-new", home + "/links/new"},
		{"directory", home + "/directory"}, {"provider", home + "/directory/providers/stripe"}, {"services", home + "/directory/services?currency=EUR"}, {"service", home + "/directory/services/sepa_eur"}, {"connect", home + "/connect/stripe"},
		{"account", home + "/accounts/" + o.account()}, {"breaker", home + "/accounts/" + o.account() + "/breaker/open"}, {"rate-new", home + "/rates/new"}, {"rate", home + "/rates/" + o.rates()},
		{"reconcile", home + "/reconcile"}, {"books", home + "/reconcile/" + o.account()}, {"runs", home + "/reconcile/" + o.account() + "/runs"}, {"run", home + "/reconcile/" + o.account() + "/runs/1"}, {"finding", o.findingOf("march-02")}, {"statement-preview", preview}, {"statement-load", home + "/reconcile/" + o.account() + "/load?separator=%3B&reference=Zweck"},
		{"endpoints", home + "/webhooks/endpoints"}, {"endpoint-new", home + "/webhooks/endpoints/new"}, {"delivery", home + "/webhooks/deliveries/" + o.latestDelivery()}, {"resend-period", home + "/webhooks/resend"}, {"signature", home + "/webhooks/check"},
		{"keys", home + "/keys"}, {"key-new", home + "/keys/new"}, {"settings", home + "/settings"}, {"system", home + "/system"}, {"find-amount", home + "/find?q=12.50+EUR"},
		{"prove", home + "/me/prove?next=" + home}, {"app", home + "/me/app"}, {"person", home + "/people/" + o.operatorID("owner@example.com")},
		{"activity", "/dashboard/test/shop/activity"}, {"me", "/dashboard/test/shop/me"}, {"nothing", home + "/nothing"}, {"find", home + "/find?q=abc"},
	} {
		see(p.name, p.path)
	}
	_, err = o.Engine.OpenBreaker(o.Ctx, onServer("shop"), o.account(), "the provider moves to another bank tonight", nil)
	must(t, err)
	if open := "payout-exchange"; only.MatchString(open) {
		b.Go(home + "/payouts/" + o.get("march-04").Payouts[0].ID)
		b.Do(chromedp.Click(chromedp.CSS(".exchange > summary")), chromedp.WaitVisible(chromedp.CSS(".exchange table")))
		fits(open)
	}
	if torn := "statement-faults"; only.MatchString(torn) {
		b.Go(load)
		file := filepath.Join(t.TempDir(), "nordbank-2026-01-09.csv")
		must(t, os.WriteFile(file, []byte(statementHead+"x,ten,EUR,paid,2026-01-06,\nx,12.50,JPY,paid,2026-01-06,\nx,1.00,EUR,gone,06.01.2026,\nx,1\n"), 0o600))
		b.Do(chromedp.SetUploadFiles(chromedp.CSS("#f-file"), []string{file}))
		b.follow("Look at it first")
		b.Sees("What can't be read")
		fits(torn)
	}
	see("breaker-open", home+"/accounts/"+o.account())
	b.As(b.Looks()[0])
	b.Go(home)
	b.Do(chromedp.Click(chromedp.CSS(".user > summary")), chromedp.WaitVisible(chromedp.CSS(".user .sheet")))
	b.Shoot("menu-user")
	b.Go(home)
	b.Do(chromedp.Click(chromedp.CSS(".merchant > summary")), chromedp.WaitVisible(chromedp.CSS(".merchant .sheet")))
	for _, l := range b.Looks()[:2] { // on a phone it is in the menu
		b.As(l)
		b.Picture("menu-merchant", l)
	}
	b.Go(home)
	b.As(b.Looks()[2])
	b.Do(chromedp.Click(chromedp.CSS(".burger")), chromedp.WaitVisible(chromedp.CSS("#nav:popover-open")))
	b.Picture("menu-phone", b.Looks()[2])
	b.Do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible(chromedp.CSS("#nav")))
}

// TestNothingStandsInAnybodysWay looks for barriers, with axe-core, on one page
// of each kind.
func TestNothingStandsInAnybodysWay(t *testing.T) {
	if testing.Short() {
		t.Skip("looks at pages several times; without -short")
	}
	o := newOffice(t)
	b := openBrowser(t, o)
	b.Go("/dashboard/login")
	b.Barriers("login")
	if !browsertest.Full() && os.Getenv("PENSTOCK_TEST_AXE") == "" {
		return // without axe-core it looks at the width alone, as the test above does of every page
	}
	o.furnish()
	owner, load := o.hired(engine.RoleOwner), home+"/reconcile/"+o.account()+"/load"
	b.as(engine.RoleOwner)
	paths := []string{"", "/requests?status=failed", "/requests/seller-payout-2211", "/requests/seller-payout-2211/payouts", "/requests/seller-payout-2211/deliveries", "/deposits/" + o.depositIn("USD").ID, "/deposits/" + o.depositIn("USD").ID + "/adjust",
		"/pay?service=sepa_eur", "/customers/ada", "/routes?currency=USD", "/schemes/" + o.scheme(), "/schemes/" + o.scheme() + "/tree?service=test_usd", "/rates/" + o.rates(), "/webhooks/deliveries/" + o.latestDelivery(), "/keys/new", "/people", "/people/role", "/people/sessions", "/system", "/me/app", "/nothing",
		"/reconcile", "/reconcile/" + o.account(), "/reconcile/" + o.account() + "/runs", "/reconcile/" + o.account() + "/runs/1", strings.TrimPrefix(owner.hand(load, "bank.csv", statementHead+o.line("march-01", "180.00", "paid"), nil).header.Get("Location"), home), strings.TrimPrefix(o.findingOf("march-02"), home), "/reconcile/" + o.account() + "/load?reference=x", "/payouts", "/payouts/" + o.get("seller-payout-2211").Payouts[0].ID, "/accounts/" + o.account(), "/activity?what=payout"}
	for _, path := range paths {
		b.Go(home + path)
		b.Do(chromedp.WaitVisible(chromedp.CSS("main")))
		b.Barriers(path)
	}
}

// scheme is the id of the only routing scheme.
func (o *office) scheme() string {
	o.t.Helper()
	all, err := o.Engine.Schemes(o.Ctx, onServer("shop").Scope)
	must(o.t, err)
	return all[0].ID
}

func (o *office) operatorID(email string) string {
	o.t.Helper()
	who, err := o.Engine.OperatorByEmail(o.Ctx, email)
	must(o.t, err)
	return who.ID
}

// account is the id of the first provider account.
func (o *office) account() string {
	o.t.Helper()
	all, err := o.Engine.Accounts(o.Ctx, onServer("shop").Scope)
	must(o.t, err)
	return all[0].ID
}

// rates makes a rate scheme with a rule, and is its id.
func (o *office) rates() string {
	o.t.Helper()
	name := "Marketplace"
	rate, err := fx.ParseRate("1.0842")
	must(o.t, err)
	s, err := o.Engine.SaveRates(o.Ctx, onServer("shop"), "", engine.RatesEdit{Name: &name, Rules: []fx.Rule{{Base: money.MustCurrency("EUR"), Quote: money.MustCurrency("USD"), Resource: fx.ResourceFixed, Kind: fx.Fixed, Fixed: rate}}}, nil)
	must(o.t, err)
	return s.ID
}

// latestDelivery is the id of the newest webhook.
func (o *office) latestDelivery() string {
	o.t.Helper()
	all, err := o.Engine.Deliveries(o.Ctx, onServer("shop"), "", 1)
	must(o.t, err)
	return all[0].ID
}
