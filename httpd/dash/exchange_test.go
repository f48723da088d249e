package dash_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
)

// TestExchangesAreShown: how a payout was spoken about stands on its page.
func TestExchangesAreShown(t *testing.T) {
	o := newOffice(t)
	o.ask("late_success", 1250, func(n *engine.NewRequest) { n.Ref = "seen" })
	o.run(10 * time.Minute)
	p := o.hired(engine.RoleViewer)
	got := p.get(o.at("seen")+"/payouts").want(200, "Exchange with the provider").want(200, "POST /v1/transfers").want(200, "200 OK").want(200, "status=paid")
	if strings.Contains(got.body, "DE89") {
		t.Error("an account number is on the page")
	}
}

// TestPayoutsHaveAPlaceOfTheirOwn: the list of them, narrowed by status, and a
// page for each, which its id leads to.
func TestPayoutsHaveAPlaceOfTheirOwn(t *testing.T) {
	o := newOffice(t)
	o.ask("success", 1250, func(n *engine.NewRequest) { n.Ref = "good" })
	o.ask("declined", 2250, func(n *engine.NewRequest) { n.Ref = "bad" })
	o.ask("success", 3250, func(n *engine.NewRequest) { n.Ref, n.AutoFulfill = "later", false })
	o.run(time.Minute)
	p := o.hired(engine.RoleViewer)
	good, bad := o.get("good").Payouts[0], o.get("bad").Payouts[0]
	all := p.get(home+"/payouts").want(200, "2 payouts of 2 requests")
	if !strings.Contains(all.body, good.ID) || !strings.Contains(all.body, bad.ID) {
		t.Error("not all payouts are in the list")
	}
	failed := p.get(home + "/payouts?payout=failed")
	if strings.Contains(failed.body, good.ID) || !strings.Contains(failed.body, bad.ID) {
		t.Error("the list is not narrowed by status")
	}
	p.get(home+"/payouts?payout=nonsense").want(200, "2 payouts of 2 requests")
	p.get(home+"/payouts?customer=nobody").want(200, "Nothing fits")
	at := home + "/payouts/" + good.ID
	p.get(home + "/find?q=" + good.ID).leads(at)
	p.get(at).want(200, "12.50 EUR").want(200, "Statements").want(200, "Exchange with the provider")
	p.get("/dashboard/live/shop/payouts/"+good.ID).want(404, "")
	p.get(home+"/payouts/po_nothing").want(404, "")
	if file := p.get(home + "/export/payouts?payout=failed"); strings.Count(file.body, "\n") != 2 || !strings.Contains(file.body, bad.ID) {
		t.Errorf("the file: %s", file.body)
	}
}

// speechless is a provider that never answers, until it is mended.
type speechless struct {
	connector.Connector
	dead *bool
}

func (s speechless) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	if *s.dead {
		return connector.Outcome{Verdict: connector.Unknown}, errors.New("connection refused")
	}
	return s.Connector.Lookup(ctx, key)
}

// TestABreakerIsSeenAndClosed: an account that doesn't answer stands first on the
// first page, says why on its own, and is given another chance by whoever may.
func TestABreakerIsSeenAndClosed(t *testing.T) {
	o := newOffice(t)
	dead, honest := true, o.Engine.Connectors[engine.SandboxName]
	o.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
		c, err := honest(a)
		return speechless{c, &dead}, err
	}
	at := home + "/accounts/" + o.account()
	owner := o.hired(engine.RoleOwner)
	for range 5 {
		owner.press(at, at+"/call").want(200, "The provider gave no good answer")
	}
	owner.get(at).want(200, "Open new payouts pass by it").want(200, "Connection refused.")
	owner.get(home).want(200, "Doesn't answer")
	owner.get(home+"/accounts").want(200, "Doesn't answer")
	viewer := o.hired(engine.RoleViewer)
	if got := viewer.get(at); strings.Contains(got.body, "/breaker") {
		t.Error("a viewer is offered to close the breaker")
	}
	viewer.post(at+"/breaker", nil).want(403, "")
	owner.press(at, at+"/breaker").leads(at + "?done=closed")
	owner.get(at).want(200, "Closed payouts leave by it")
	owner.get(home+"/activity").want(200, "provider_account.close_breaker")
	dead = false
	owner.press(at, at+"/call").want(200, "The provider answered")
	owner.get(at).want(200, "Answers")
}

// TestABreakerIsOpenedByHand: by whoever may connect, with a reason that holds no
// number, seen by everybody, and audited; until then closing it is not offered.
func TestABreakerIsOpenedByHand(t *testing.T) {
	o := newOffice(t)
	at := home + "/accounts/" + o.account()
	owner, viewer := o.hired(engine.RoleOwner), o.hired(engine.RoleViewer)
	if got := owner.get(at).want(200, "Open the breaker"); strings.Contains(got.body, `action="`+at+`/breaker"`) {
		t.Error("a closed breaker can be closed")
	}
	if got := viewer.get(at); strings.Contains(got.body, "/breaker") {
		t.Error("a viewer is offered to open the breaker")
	}
	viewer.get(at+"/breaker/open").want(403, "")
	viewer.post(at+"/breaker/open", nil).want(403, "")
	owner.get(at+"/breaker/open").want(200, "Nothing is sent by this account")
	open := func(why string) page {
		return owner.post(at+"/breaker/open", map[string]string{"why": why})
	}
	open("card 4111 1111 1111 1111 was leaked").want(422, "Leave it out")
	open(strings.Repeat("x", 300)).want(422, "At most 200")
	open("the bank asked <b>us</b>").leads(at + "?done=forced")
	viewer.get(at).want(200, "Opened by hand nothing is sent by it").want(200, "The bank asked <b>us</b>.")
	if got := viewer.get(at); strings.Contains(got.body, "<b>us</b>") {
		t.Error("the reason is taken for markup")
	}
	viewer.get(home).want(200, "Opened by hand")
	viewer.get(home+"/accounts").want(200, "Opened by hand")
	owner.get(home+"/activity").want(200, "provider_account.open_breaker")
	owner.press(at, at+"/breaker").leads(at + "?done=closed")
	owner.get(at).want(200, "Closed payouts leave by it")
	owner.get(home+"/accounts/mca_nobody/breaker/open").want(404, "")
}

// TestLinesOfStatementsStandAmongTheExchanges: of the payout that they name, with
// the file that had them, and no account number of a file's name.
func TestLinesOfStatementsStandAmongTheExchanges(t *testing.T) {
	o := newOffice(t)
	o.named("same", 1000)
	o.named("other", 2000)
	_, err := o.Engine.LoadStatement(o.Ctx, onServer("shop"), o.account(), connector.File{Name: "NL91ABNA0417164300_05.csv", Text: []byte(statementHead + o.line("same", "10.00", "paid") + o.line("other", "20.00", "paid"))})
	must(t, err)
	p := o.hired(engine.RoleViewer)
	for _, path := range []string{o.at("same") + "/payouts", home + "/payouts/" + o.get("same").Payouts[0].ID} {
		got := p.get(path).want(200, "NL91ABNA*4300_05.csv, row 2").want(200, "Booked").want(200, "Paid 10.00 EUR").want(200, "The payout stood so already")
		if strings.Contains(got.body, "0417164300") || strings.Contains(got.body, "row 3") {
			t.Error("an account number or another payout's line is on the page")
		}
	}
}

// TestBankFilesAndNotificationsStandOnTheirPayout: each with what it is, where it
// went and when.
func TestBankFilesAndNotificationsStandOnTheirPayout(t *testing.T) {
	o := newOffice(t)
	build := o.Engine.Connectors[engine.SandboxName]
	o.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
		c, err := build(a)
		return filing{c}, err
	}
	o.ask("pending", 1000, func(n *engine.NewRequest) { n.Ref = "filed" })
	o.run(time.Second)
	o.unlike = true
	must(t, o.Engine.Observe(o.Ctx, "shop", o.account(), http.Header{}, []byte(`{"key":"`+o.get("filed").Payouts[0].Key()+`","status":"paid","iban":"DE89370400440532013000"}`)))
	p := o.hired(engine.RoleViewer)
	got := p.get(o.at("filed")+"/payouts").want(200, "pain.001 PS260105-000001-q1w2e3r4.xml File placed A folder of this machine orders=1").want(200, "POST /webhooks/… Received They called us status=paid")
	if strings.Contains(got.body, "DE89370400440532013000") {
		t.Error("an account number is on the page")
	}
}

// filing notes a file where it sends, and takes any notification.
type filing struct{ connector.Connector }

func (f filing) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	connector.Note(ctx, connector.Call{Kind: connector.FileOut, At: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), Method: "pain.001", Path: "PS260105-000001-q1w2e3r4.xml", Sent: 4711, Said: "orders=1"})
	return f.Connector.Send(ctx, in)
}

func (filing) Notification(_ http.Header, body []byte) (connector.Notice, error) {
	var said struct {
		Key string `json:"key"`
	}
	err := json.Unmarshal(body, &said)
	return connector.Notice{Key: said.Key, Outcome: connector.Outcome{Verdict: connector.Paid}}, err
}
