package dash_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/fx"
	"penstock/engine/money"
)

func TestTreesAreRevised(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleAdministrator)
	p.get(home+"/schemes").want(200, "No routing scheme")
	p.fill(home+"/schemes/new", map[string]string{"name": ""}).want(422, "Give it a name.")
	got := p.fill(home+"/schemes/new", map[string]string{"name": "By amount"})
	id := regexp.MustCompile(`^(/dashboard/test/shop/schemes/[0-9a-z]{26})\?done=saved$`).FindStringSubmatch(got.header.Get("Location"))
	if id == nil {
		t.Fatalf("%s to %q", got, got.header.Get("Location"))
	}
	at := id[1]
	set := func(service, tree, comment string) page {
		return p.fill(at+"/tree", map[string]string{"service": service, "tree": tree, "comment": comment, "disabled": "no"})
	}
	set("test_usd", `{"strategies":`, "").want(422, "its root")
	set("test_usd", `{"strategies":[{"type":"nonsense"}]}`, "").want(422, "/strategies/0/type")
	set("nonsense", `{"strategies":[{"type":"optimal"}]}`, "").want(422, "no payout service of this name")
	set("test_usd", `{"block":"not at night"}`, "closed for the night").leads(at + "?done=saved")
	set("test_usd", `{"strategies":[{"type":"optimal"}]}`, "open again").leads(at + "?done=saved")
	p.get(at).want(200, "Revision 2 by The administrator").want(200, "open again")
	p.get(at+"/revisions/test_usd").want(200, "Revision 1").want(200, `"block": "not at night"`).want(200, "closed for the night")
	if got := p.get(at + "/revisions/test_usd"); !strings.Contains(got.body, "<ins>") || !strings.Contains(got.body, "<del>") {
		t.Error("revisions are not shown against each other")
	}
	set("test_usd", `{"if":{"all":[{"attribute":"amount","operator":"gt","value":"5000"},{"attribute":"currency","operator":"eq","value":"USD"}]},"then":{"strategies":[{"type":"cost"}]},"else":{"block":"not now"}}`, "").leads(at + "?done=saved")
	p.get(at).want(200, "If amount > 5000 and currency = USD").want(200, "then: all routes, the cheapest").want(200, "else: No payout: not now")
	p.fill(at+"/edit", map[string]string{"name": "By amount, again", "archived": "no"}).leads(at + "?done=saved")
	p.get(home+"/schemes").want(200, "By amount, again")
	p.get(at+"/tree?service=test_usd&revision=1").want(200, "not at night")
	p.get(at+"/tree?service=test_usd&revision=9").want(404, "")
	p.fill(at+"/clone", map[string]string{"name": ""}).want(422, "Give it a name.")
	cloned := p.fill(at+"/clone", map[string]string{"name": "To try things"}).header.Get("Location")
	p.get(cloned).want(200, "To try things").want(200, "Revision 1 by The administrator").want(200, "If amount > 5000")
	viewer := o.hired(engine.RoleViewer)
	viewer.get(at).want(200, "not now")
	viewer.get(at+"/tree").want(403, "Your role doesn't allow this")
	p.get("/dashboard/live/shop"+at[len(home):]).want(404, "There is nothing here")
}

func TestRatesAreShown(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleViewer)
	p.get(home+"/rates").want(200, "System").want(200, "No rates were imported yet")
	eur, usd := money.MustCurrency("EUR"), money.MustCurrency("USD")
	rate, err := fx.ParseRate("1.0842")
	must(t, err)
	_, err = o.Engine.ImportSheet(o.Ctx, engine.Caller{Actor: "operator"}, fx.Sheet{Resource: fx.ResourceECB, At: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Pairs: []fx.Pair{{Base: eur, Quote: usd, Ask: rate, Bid: rate}}})
	must(t, err)
	p.get(home+"/rates").want(200, fx.ResourceECB).want(200, "1 pair")
	p.get(home+"/sheets/"+fx.ResourceECB).want(200, "EUR to USD").want(200, "1.0842")
	p.get(home+"/sheets/nonsense").want(404, "leads nowhere")
	name, fee := "With our fee", fx.Decimal{}
	rs, err := o.Engine.SaveRates(o.Ctx, onServer("shop"), "", engine.RatesEdit{Name: &name, Rules: []fx.Rule{{Base: eur, Quote: usd, Resource: fx.ResourceECB, Kind: fx.Fixed, FeeRate: fee}}}, nil)
	must(t, err)
	p.get(home+"/rates/"+rs.ID).want(200, "With our fee").want(200, "EUR to USD")
}

// TestProviderIsAskedNow: whoever may state a payout's fate may have the
// provider asked before its time.
func TestProviderIsAskedNow(t *testing.T) {
	o := newOffice(t)
	o.ask("pending", 1250, func(n *engine.NewRequest) { n.Ref = "slow" })
	o.run(time.Hour)
	before := o.Engine.Stats().Lookups.Load()
	p := o.hired(engine.RoleManager)
	at := o.at("slow")
	done := make(chan page, 1)
	go func() { done <- p.press(at+"/payouts", at+"/pull") }()
	for o.Engine.Stats().Lookups.Load() == before {
		select {
		case got := <-done:
			t.Fatalf("answered before anybody was asked: %s", got)
		default:
			must(t, o.Tick())
		}
	}
	(<-done).leads(at + "/payouts?done=asked")
	viewer := o.hired(engine.RoleViewer)
	if got := viewer.get(at + "/payouts").body; regexp.MustCompile(`/pull"`).MatchString(got) {
		t.Error("a viewer is offered to ask the provider")
	}
}
