package dash_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/engine/service"
	"penstock/httpd/ui"
)

func TestRequestsAreListedAndNarrowed(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleViewer)
	p.get(home+"/requests").want(200, "No payout request yet")
	o.ask("declined", 1999, func(n *engine.NewRequest) { n.Ref = "ref-one" })
	o.run(25 * time.Hour)
	o.ask("success", 125000, func(n *engine.NewRequest) { n.Ref, n.Customer = "ref-two", "bob" })
	o.ask("success", 250000, func(n *engine.NewRequest) {
		n.Ref, n.AutoFulfill, n.Amount = "ref-three", false, money.New(250000, money.MustCurrency("KWD"))
	})
	o.run(time.Minute)
	p = o.back(engine.RoleViewer)
	for _, row := range []struct{ query, has, hasNot string }{
		{"", "ref-one ref-two ref-three", ""},
		{"?status=failed", "ref-one", "ref-two ref-three"},
		{"?status=ready", "ref-three", "ref-one ref-two"},
		{"?customer=bob", "ref-two", "ref-one ref-three"},
		{"?from=2026-01-06", "ref-two ref-three", "ref-one"},
		{"?to=2026-01-05", "ref-one", "ref-two ref-three"},
		{"?from=2026-01-05&to=2026-01-05&status=failed&customer=ada", "ref-one", "ref-two ref-three"},
		{"?status=wants", "", "ref-one ref-two ref-three"},
		{"?status=nonsense", "ref-one ref-two ref-three no+such+status", ""},
		{"?from=yesterday", "ref-one ref-two ref-three A+day+is+written", ""},
		{"?customer=%3Cb%3E", "ref-one ref-two ref-three A+customer's+id", ""},
		{"?before=nonsense", "ref-one ref-two ref-three", ""},
	} {
		got := p.get(home + "/requests" + row.query)
		for _, want := range strings.Fields(row.has) {
			got.want(200, strings.ReplaceAll(want, "+", " "))
		}
		for _, not := range strings.Fields(row.hasNot) {
			if strings.Contains(got.words(), not) {
				t.Errorf("%s shows %s", row.query, not)
			}
		}
	}
	all := p.get(home + "/requests").words()
	for _, amount := range []string{"19.99 EUR", "1,250.00 EUR", "250.000 KWD"} {
		if !strings.Contains(all, amount) {
			t.Errorf("no %s in %s", amount, all)
		}
	}
}

// back is somebody who was hired before and has been logged out meanwhile.
func (o *office) back(role engine.Role) *person {
	o.t.Helper()
	p := o.stranger()
	p.fill("/dashboard/login", map[string]string{"email": string(role) + "@example.com", "password": password}).leads("/dashboard")
	return p
}

// TestPagesOfAListFollowEachOther: nothing is shown twice and nothing is left
// out, also where a filter looks into requests.
func TestPagesOfAListFollowEachOther(t *testing.T) {
	o := newOffice(t)
	want := map[string]bool{}
	for i := range 120 {
		v := o.ask("success", int64(100+i), func(n *engine.NewRequest) { n.AutoFulfill, n.Person = false, nil; n.Customer = "" })
		want[v.ID] = true
		o.Clock.Advance(time.Millisecond)
	}
	p := o.hired(engine.RoleViewer)
	link := regexp.MustCompile(`href="(/dashboard/test/shop/requests\?[^"]*before=[^"]*)" rel="next"`)
	row := regexp.MustCompile(`href="/dashboard/test/shop/requests/payout_([0-9a-z]{26})"`)
	for _, filter := range []string{"", "?status=ready"} {
		seen, pages := map[string]bool{}, 0
		for at := home + "/requests" + filter; at != ""; pages++ {
			got := p.get(at)
			for _, m := range row.FindAllStringSubmatch(got.body, -1) {
				if seen[m[1]] {
					t.Errorf("%s shows %s again", at, m[1])
				}
				seen[m[1]] = true
			}
			at = ""
			if m := link.FindStringSubmatch(got.body); m != nil {
				at = strings.ReplaceAll(m[1], "&amp;", "&")
			}
		}
		if len(seen) != len(want) || pages != 3 {
			t.Errorf("%q: %d requests on %d pages, want %d on 3", filter, len(seen), pages, len(want))
		}
	}
}

// TestTestAndLiveNeverMix: a request of one mode is found under no address of
// the other, nor under another merchant's.
func TestTestAndLiveNeverMix(t *testing.T) {
	o := newOffice(t)
	o.merchant("other", "Other")
	v := o.ask("success", 1250, nil)
	o.run(time.Minute)
	p := o.hired(engine.RoleOwner)
	id := "payout_" + v.ID
	p.get(home+"/requests/"+id).want(200, "12.50 EUR")
	for _, shop := range []string{"/dashboard/live/shop", "/dashboard/test/other", "/dashboard/live/other"} {
		for _, path := range []string{"/requests/" + id, "/requests/" + id + "/payouts", "/requests/" + id + "/events", "/requests/" + id + "/deliveries", "/requests/" + id + "/cancel", "/find?q=" + id} {
			if got := p.get(shop + path); got.status != 404 || strings.Contains(got.words(), "12.50") {
				t.Errorf("%s", got)
			}
		}
		p.get(shop+"/requests").want(200, "No payout request yet")
		p.get(shop).want(200, "No payout request yet")
	}
	p.get("/dashboard/test/nobody").want(404, "There is nothing here")
	if got := p.get(home); !strings.Contains(got.body, `class="band"`) {
		t.Error("test mode has no band")
	}
	if got := p.get("/dashboard/live/shop"); strings.Contains(got.body, `class="band"`) {
		t.Error("live mode has the band of test mode")
	}
	p.get(home + "/find?q=" + id).leads(home + "/requests/" + id)
	p.get(home+"/requests/"+v.ID).want(404, "There is nothing here")
}

func TestRequestShowsEverythingThatHappened(t *testing.T) {
	o := newOffice(t)
	_, err := o.Engine.AddEndpoint(o.Ctx, onServer("shop"), "https://user:pass@shop.example/hooks?token=secret", "rest", nil)
	must(t, err)
	o.ask("partly", 1251, func(n *engine.NewRequest) { n.Ref = "invoice-77" })
	o.run(time.Minute)
	p := o.hired(engine.RoleManager)
	at := home + "/requests/invoice-77"
	for _, want := range []string{"12.51 EUR", "Partly paid", "Processed amount 6.25 EUR", "NL63T", "Ada Example", "Saved-method API"} {
		p.get(at).want(200, want)
	}
	for _, want := range []string{"Payout 1", "po_", "sepa_eur", "Paid 6.25 EUR", "Sent 1 time", "Statements", "Partly paid Provider, asked"} {
		p.get(at+"/payouts").want(200, want)
	}
	for _, want := range []string{"Created", "Payout made, money held", "Sent to the provider", "Paid in part", "Provider's answer"} {
		p.get(at+"/events").want(200, want)
	}
	deliveries := p.get(at+"/deliveries").want(200, "payout_partly_paid").want(200, "Delivered")
	for _, secret := range []string{"token=secret", "user:pass"} {
		if strings.Contains(deliveries.body, secret) {
			t.Errorf("the page shows %s of the receiver's address", secret)
		}
	}
	all, err := o.Engine.DeliveriesOf(o.Ctx, onServer("shop"), engine.PrefixRequest, "invoice-77")
	must(t, err)
	at = o.at("invoice-77") // where the reference leads
	again := at + "/deliveries/" + all[0].ID + "/resend"
	p.press(at+"/deliveries", again).leads(at + "/deliveries?done=resent")
	o.run(time.Minute)
	p.get(at+"/deliveries").want(200, "Manual retry")
	form := url.Values{"csrf": {p.get(at + "/deliveries").csrf()}}
	p.send("POST", at+"/deliveries/dlv_"+all[0].Request+"/resend", form).want(404, "this request has no such webhook"[1:])
}

func TestActsOnARequest(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleManager)
	hold := func(ref, magic string) string {
		o.ask(magic, 1250, func(n *engine.NewRequest) { n.AutoFulfill, n.Ref = false, ref })
		return o.at(ref)
	}
	at := hold("pay", "success")
	p.get(at).want(200, "Process")
	p.fill(at+"/process", nil).leads(at + "?done=processed")
	p.get(at+"?done=processed").want(200, "The payout is on its way.")
	p.fill(at+"/process", nil).want(409, "cannot be fulfilled while it is dispatching") // the second click
	if n := len(o.get("pay").Payouts); n != 1 {
		t.Errorf("two clicks made %d payouts, want 1", n)
	}
	o.run(time.Minute)
	p.get(at).want(200, "Paid")
	p.fill(at+"/cancel", nil).want(409, "cannot be cancelled while it is paid")

	at = hold("stop", "success")
	p.fill(at+"/cancel", nil).leads(at + "?done=cancelled")
	if got := o.get("stop").Stage; got != payout.Withdrawn {
		t.Errorf("the request is %s, want cancelled", got)
	}
	p.get(at+"?done=<b>nonsense").want(200, "Cancelled")

	acts, err := o.Engine.Acts(o.Ctx, 0, 10)
	must(t, err)
	if !slices.ContainsFunc(acts, func(a engine.Act) bool {
		return a.Action == "payout.cancel" && strings.HasPrefix(a.Actor, engine.PrefixOperator) && a.Merchant == "shop" && a.Mode == engine.Test
	}) {
		t.Errorf("the audit log doesn't say who cancelled: %+v", acts[0])
	}
	p.get(home+"/activity").want(200, "The manager payout.cancel")
	p.get(home+"/activity?what=payout.cancel").want(200, "The manager payout.cancel")
	p.get(home+"/activity?what=payout.cancel&who=operator").want(200, "Nothing fits")
	p.get(home+"/activity?from=2026-01-05&to=2026-01-04").want(200, "These are no days")
	p.get(home+"/activity?to=2025-12-31").want(200, "Nothing fits")
}

func TestStatementSettlesAPayout(t *testing.T) {
	o := newOffice(t)
	o.unlike = true
	p := o.hired(engine.RoleManager)
	o.ask("pending", 1250, func(n *engine.NewRequest) { n.Ref = "slow" })
	o.run(time.Minute)
	at := home + "/requests/slow/statement/" + o.get("slow").Payouts[0].ID
	for _, row := range []struct {
		fields map[string]string
		want   string
	}{
		{map[string]string{"note": "seen"}, "Say what became of it."},
		{map[string]string{"verdict": "accepted", "note": "seen"}, "Say what became of it."},
		{map[string]string{"verdict": "paid"}, "Say how you know."},
		{map[string]string{"verdict": "paid", "note": strings.Repeat("x", 700)}, "At most 300 characters"},
		{map[string]string{"verdict": "paid", "note": "it went to NL91ABNA0417164300"}, "an account number or a key"},
		{map[string]string{"verdict": "paid", "note": "seen", "reference": "4111 1111 1111 1111"}, "looks like an account number"},
		{map[string]string{"verdict": "paid", "note": "seen", "moved": "5"}, "Leave this empty"},
		{map[string]string{"verdict": "partly_paid", "note": "seen"}, "at most 2 decimals"},
		{map[string]string{"verdict": "partly_paid", "note": "seen", "moved": "5.001"}, "at most 2 decimals"},
		{map[string]string{"verdict": "partly_paid", "note": "seen", "moved": "-5"}, "at most 2 decimals"},
		{map[string]string{"verdict": "partly_paid", "note": "seen", "moved": "0"}, "More than nothing and less than 12.50"},
		{map[string]string{"verdict": "partly_paid", "note": "seen", "moved": "12.50"}, "More than nothing and less than 12.50"},
	} {
		p.fill(at, row.fields).want(422, row.want)
	}
	if got := o.get("slow").Stage; got != payout.InHand {
		t.Fatalf("refused statements made the request %s", got)
	}
	p.fill(at, map[string]string{"verdict": "partly_paid", "note": "bank's report of Monday", "moved": "5.05"}).leads(o.at("slow") + "/payouts?done=stated")
	got := o.get("slow")
	if got.Stage != payout.SomePaid || got.Payouts[0].Moved.Decimal() != "5.05" {
		t.Errorf("the request is %s with %s", got.Stage, got.Payouts[0].Moved)
	}
	p.get(home+"/requests/slow/events").want(200, "bank's report of Monday").want(200, "A person")
	p.fill(at, map[string]string{"verdict": "returned", "note": "came back on Tuesday"}).leads(o.at("slow") + "/payouts?done=stated")
	p.get(home+"/requests/slow").want(200, "Returned")
	p.get(home+"/requests/slow/statement/po_nothing").want(404, "no such payout")
}

// TestRolesAreHeldTo: what a role does not allow is neither offered nor done.
func TestRolesAreHeldTo(t *testing.T) {
	o := newOffice(t)
	_, err := o.Engine.AddEndpoint(o.Ctx, onServer("shop"), "https://shop.example/hooks", "rest", nil)
	must(t, err)
	o.ask("success", 1250, func(n *engine.NewRequest) { n.AutoFulfill, n.Ref = false, "ready" })
	o.ask("pending", 1250, func(n *engine.NewRequest) { n.Ref = "slow" })
	o.run(time.Minute)
	slow := o.get("slow")
	acts := []struct {
		path string
		need engine.Permit
	}{
		{o.at("ready") + "/process", engine.PermitPay}, {o.at("ready") + "/cancel", engine.PermitPay},
		{o.at("slow") + "/statement/" + slow.Payouts[0].ID, engine.PermitState},
		{o.at("slow") + "/deliveries/" + slow.Told[0].Delivery + "/resend", engine.PermitResend},
		{home + "/people/invite", engine.PermitPeople},
	}
	for _, role := range engine.Roles() {
		p := o.hired(role)
		csrf := url.Values{"csrf": {p.get(home).csrf()}}
		for _, act := range acts {
			may := role.May(act.need)
			if !may {
				p.send("POST", act.path, csrf).want(403, "Your role doesn't allow this")
			}
			resend := strings.HasSuffix(act.path, "/resend")
			if got := p.get(act.path); !resend && (got.status == 200) != may {
				t.Errorf("%s may %v and sees %s", role, may, got)
			}
			shown := false
			for _, tab := range []string{"/requests/ready", "/requests/slow/payouts", "/requests/slow/deliveries", "/people"} {
				shown = shown || strings.Contains(p.get(home+tab).body, `"`+act.path+`"`)
			}
			if shown != may {
				t.Errorf("%s may %v, is offered %v: %s", role, may, shown, act.path)
			}
		}
	}
	if got := o.get("ready"); got.Stage != payout.Ready {
		t.Errorf("a refused act made the request %s", got.Stage)
	}
}

const probe = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{.}}`

// TestNothingGivenIsRun puts a probe into every text that somebody gives, and
// opens every page that shows it.
func TestNothingGivenIsRun(t *testing.T) {
	o := newOffice(t)
	o.unlike = true
	o.merchant("evil", probe)
	_, err := o.Engine.AddEndpoint(o.Ctx, onServer("evil"), "https://x.example/"+probe, "rest", nil)
	must(t, err)
	iban := "NL20TEST0000000010"
	_, err = o.Engine.Create(o.Ctx, onServer("evil"), engine.NewRequest{Dialect: "rest", Amount: money.New(1250, money.MustCurrency("EUR")), Confirm: true, AutoFulfill: true,
		Ref: "probe", Customer: "eve", Person: &engine.Person{Name: probe, Metadata: raw(map[string]string{"k": probe})},
		Beneficiary: engine.Beneficiary{Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": iban, "account_holder_name": probe, "bank_name": probe, "bank_city": probe}},
		Extra:       raw(map[string]string{"k": probe})}, nil)
	must(t, err)
	o.run(time.Minute)
	v, err := o.Engine.Get(o.Ctx, onServer("evil"), engine.PrefixRequest, "probe")
	must(t, err)
	must(t, o.Engine.State(o.Ctx, onServer("evil"), v.Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected, Ref: probe, Resolution: probe, Code: probe, Message: probe}))
	p := o.invited("eve@example.com", engine.RoleOwner)
	p.fill(p.link, map[string]string{"name": probe, "password": password}).leads("/dashboard")
	at := "/dashboard/test/evil"
	q := url.QueryEscape(probe)
	name := probe
	scheme, err := o.Engine.CreateScheme(o.Ctx, onServer("evil"), engine.SchemeEdit{Name: &name, Description: &name}, nil)
	must(t, err)
	leaf := &routing.Node{Strategies: []routing.Strategy{{Type: routing.Optimal}}}
	tree := routing.Tree{Root: &routing.Node{If: &routing.Expr{Term: &routing.Term{Attribute: "metadata.k", Operator: routing.Eq, Value: routing.Value{Items: []routing.Item{{Text: probe}}}}}, Then: leaf, Else: leaf}}
	_, err = o.Engine.SetTree(o.Ctx, onServer("evil"), scheme.ID, "test_usd", tree, false, probe, nil)
	must(t, err)
	accounts, err := o.Engine.Accounts(o.Ctx, onServer("evil").Scope)
	must(t, err)
	_, err = o.Engine.UpdateAccount(o.Ctx, onServer("evil"), accounts[0].ID, engine.AccountEdit{Label: &name, About: &name}, nil)
	must(t, err)
	_, err = o.Engine.LoadStatement(o.Ctx, onServer("evil"), accounts[0].ID, connector.File{Name: probe, Text: []byte(statementHead + "\"" + strings.ReplaceAll(probe, "\"", "\"\"") + "\",7.00,EUR,paid,2026-01-05,\n")})
	must(t, err)
	books := at + "/reconcile/" + accounts[0].ID
	report, err := o.Engine.Reconcile(o.Ctx, onServer("evil").Scope, accounts[0].ID, engine.Period{})
	must(t, err)
	line := report.Findings[0].Reported[0].ID
	must(t, o.Engine.ExplainReported(o.Ctx, onServer("evil"), accounts[0].ID, line, probe))
	for _, path := range []string{at, at + "/requests", at + "/requests/probe", at + "/requests/probe/payouts", at + "/requests/probe/events", at + "/requests/probe/deliveries",
		at + "/requests/probe/cancel", at + "/activity", at + "/me", at + "/people", at + "/webhooks", at + "/find?q=" + q, at + "/requests?customer=" + q + "&status=" + q + "&from=" + q + "&before=" + q, at + "?done=" + q,
		"/dashboard/login?next=" + q, "/dashboard/test/shop", at + "/payouts?payout=" + q + "&customer=" + q, at + "/payouts/" + v.Payouts[0].ID, at + "/payouts/" + q, at + "/schemes", at + "/schemes/" + scheme.ID, at + "/schemes/" + scheme.ID + "/tree?service=test_usd", at + "/schemes/" + scheme.ID + "/tree?service=" + q + "&revision=" + q,
		at + "/schemes/" + scheme.ID + "/revisions/test_usd", at + "/schemes/" + scheme.ID + "/growth/test_usd", at + "/accounts", at + "/accounts/" + accounts[0].ID, at + "/reconcile", books, books + "?class=explained", books + "?class=" + q + "&from=" + q + "&after=" + q, books + "/runs", books + "/runs?before=" + q, books + "/runs/1", books + "/runs/" + q, books + "/findings/" + line, books + "/findings/" + q, books + "/load?reference=" + q + "&separator=" + q,
		books + "?done=loaded&lines=" + q, at + "/activity?what=" + q + "&who=" + q + "&object=" + q + "&from=" + q} {
		got := p.get(path)
		if got.status >= 500 {
			t.Errorf("%s", got)
		}
		for _, bad := range []string{"<script>alert", "<img src=x", `"'><`, "onerror=alert(2)>{{"} {
			if strings.Contains(got.body, bad) {
				t.Errorf("%s has %s in it", path, bad)
			}
		}
	}
	shown := p.get(at + "/requests/probe/payouts").words()
	if !strings.Contains(shown, probe) {
		t.Errorf("the provider's words are not shown: %s", shown)
	}
	got := p.fill("/dashboard/test/evil/me", map[string]string{"old": probe, "new": probe})
	if strings.Contains(got.body, "<script>alert") {
		t.Error("a refused form gives back what was typed as it is")
	}
}

// TestNoFullDetailIsShown: whoever looks at every page sees no account number.
func TestNoFullDetailIsShown(t *testing.T) {
	o := newOffice(t)
	o.ask("success", 1250, func(n *engine.NewRequest) { n.Ref = "bank" })
	o.ask("success", 1250, func(n *engine.NewRequest) {
		n.Ref = "card"
		n.Beneficiary = engine.Beneficiary{Kind: service.Card, Form: "card", Details: connector.Details{"card_number": "4111111111111111", "expiry_month": "3", "expiry_year": "2030"}}
	})
	o.run(time.Minute)
	p := o.hired(engine.RoleOwner)
	for _, path := range []string{"", "/requests", "/requests/bank", "/requests/bank/payouts", "/requests/bank/events", "/requests/card", "/requests/card/payouts", "/requests/card/events", "/activity", "/webhooks"} {
		text := p.get(home + path).body
		for _, secret := range []string{"NL69TEST0000000001", "4111111111111111", "411111111111"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %s", path, secret)
			}
		}
	}
}

func TestFirstPageSaysWhatNeedsAPerson(t *testing.T) {
	o := newOffice(t)
	o.ask("pending", 990, func(n *engine.NewRequest) { n.Ref = "oldest" })
	o.run(time.Hour)
	o.ask("pending", 1250, func(n *engine.NewRequest) { n.Ref = "younger" })
	o.ask("success", 1250, func(n *engine.NewRequest) { n.Ref = "fine" })
	o.run(40 * time.Hour)
	p := o.hired(engine.RoleViewer)
	got := p.get(home)
	_, table, _ := strings.Cut(got.words(), "Needs a person")
	first, second := strings.Index(table, "oldest"), strings.Index(table, "younger")
	if first < 0 || second < first || strings.Contains(table, "fine") {
		t.Errorf("want oldest, then younger, and nothing fine: %s", table)
	}
	p.get(home+"/requests?status=wants").want(200, "oldest")
	p.get(home+"/requests/oldest").want(200, "It takes longer than it should.")
	if strings.Contains(p.get(home+"/requests/oldest").words(), "statement") {
		t.Error("a viewer is told to add a statement")
	}
}

func TestTroubleIsToldOnEveryPage(t *testing.T) {
	o := newOffice(t)
	o.ask("success", 1250, func(n *engine.NewRequest) { n.Ref = "one" })
	o.run(time.Minute)
	p := o.hired(engine.RoleViewer)
	o.state.Sealed, o.state.LowSpace = true, true
	_, err := o.Engine.HoldSends(o.Ctx, engine.Caller{Actor: "operator"}, "for a secret reason")
	must(t, err)
	for _, path := range []string{"", "/requests", "/requests/one", "/activity"} {
		p.get(home+path).want(200, "On hold: nothing is sent").want(200, "The locker is sealed").want(200, "The disk is nearly full")
	}
	must(t, o.Engine.Release(o.Ctx, engine.Caller{Actor: "operator"}, true))
}

// TestASealedLockerLetsOneLook: lists open nothing.
func TestASealedLockerLetsOneLook(t *testing.T) {
	o := newOffice(t)
	o.ask("success", 1250, func(n *engine.NewRequest) { n.Ref = "one" })
	o.run(time.Minute)
	p := o.hired(engine.RoleViewer)
	o.Locker.Close()
	o.state.Sealed = true
	p.get(home).want(200, "Nordwind Outdoor")
	p.get(home+"/requests").want(200, "one")
	p.get(home+"/requests?status=paid").want(200, "one")
	must(t, o.Boot())
}

// TestHeadersKeepBrowsersIn: every answer, good or bad.
func TestHeadersKeepBrowsersIn(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	for _, path := range []string{"/dashboard/login", home, home + "/requests", home + "/nothing", "/setup/x", home + "/requests/nothing"} {
		got := p.get(path)
		policy := got.header.Get("Content-Security-Policy")
		if policy != ui.Policy || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Content-Type": "text/html; charset=utf-8",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got.header.Get(name), want)
			}
		}
		if m := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script[^>]*>[^<]|javascript:`).FindString(got.body); m != "" {
			t.Errorf("%s has something inline: %s", path, m)
		}
	}
	asset := regexp.MustCompile(`/dashboard/assets/[0-9a-f]+/app\.css`).FindString(p.get(home).body)
	got := p.get(asset)
	if got.status != 200 || got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || got.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%s: %d %v", asset, got.status, got.header)
	}
	p.get("/dashboard/assets/0000000000000000/app.css").want(404, "There is nothing here")
	p.get(strings.Replace(asset, "app.css", "tokens.css", 1)).want(404, "There is nothing here")
}

func TestThemeIsRemembered(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	set := func(theme, here string) page {
		return p.send("POST", "/dashboard/theme", url.Values{"csrf": {p.get(home).csrf()}, "theme": {theme}, "here": {here}})
	}
	set("dark", home+"/requests").leads(home + "/requests")
	if got := p.get(home); !strings.Contains(got.body, `data-theme="dark"`) {
		t.Error("dark was not remembered")
	}
	set("auto", "https://evil.example").leads("/dashboard")
	if got := p.get(home); strings.Contains(got.body, "data-theme") {
		t.Error("auto keeps a theme")
	}
}
