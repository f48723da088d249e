package engine_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/iso20022"
	"penstock/engine/connector/sandbox"
	"penstock/engine/payout"
	"penstock/engine/sim"
)

// callsOf are the exchanges that stand in a request's history.
func callsOf(v *engine.View, kind connector.CallKind) (out []connector.Call) {
	for _, l := range v.History {
		for _, c := range l.Calls {
			if c.Kind == kind {
				out = append(out, c)
			}
		}
	}
	return out
}

// TestANotificationIsKeptAsAnExchange: that it came, when, and of it the words
// alone that can't name a person or an account.
func TestANotificationIsKeptAsAnExchange(t *testing.T) {
	k := newKit(t, sim.Config{})
	build := k.Engine.Connectors[engine.SandboxName]
	k.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
		a.Secrets = map[string]string{sandbox.SecretName: noticeSecret}
		return build(a)
	}
	v := k.pay(sepa(magic(t, "pending").IBAN))
	k.run(time.Second)
	p := k.get(v.ID).Payouts[0]
	body := fmt.Appendf(nil, `{"id":"tr_1","key":%q,"amount":"12.50","currency":"EUR","service":"sepa_eur","status":"rejected","resolution":"declined","paid_amount":"0.00","at":"2026-01-05T08:00:00Z","iban":"DE89370400440532013000","holder":"Ada Example"}`, p.Key())
	must(t, k.Engine.Observe(k.Ctx, "shop", p.Account, sandbox.Posting{Body: body}.Header(noticeSecret, k.Clock.Now()), body))
	got := callsOf(k.get(v.ID), connector.Told)
	if len(got) != 1 || got[0].Got != len(body) || got[0].Method != "POST" || !strings.Contains(got[0].Said, "status=rejected") || !got[0].At.Equal(k.Clock.Now()) {
		t.Fatalf("kept: %+v", got)
	}
	raw, err := json.Marshal(k.get(v.ID).History)
	must(t, err)
	for _, secret := range []string{"DE89370400440532013000", "Ada Example", noticeSecret} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("the history has %q in it", secret)
		}
	}
	if len(callsOf(k.get(v.ID), connector.Asked)) == 0 {
		t.Error("our own call is not kept beside it")
	}
}

// TestFilesOfABankAreKeptAsExchanges: which file an order went in, and in which
// file the bank spoke of it, without the account numbers that banks put in names.
func TestFilesOfABankAreKeptAsExchanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timing := engine.DefaultTiming()
		e, _, me := concurrent(t, timing, "")
		dir := t.TempDir()
		e.Connectors["iso20022"] = iso20022.New(connector.Host{Now: time.Now, Dir: dir})
		a, err := e.ConnectAccount(t.Context(), me, engine.NewAccount{Provider: "iso20022", Label: "bank", Credentials: map[string]string{"name": "The Shop", "iban": "DE89370400440532013000"}}, nil)
		must(t, err)
		who := sepa("NL91ABNA0417164300")
		who.Details["account_holder_name"] = "Ada Example"
		v, err := e.Create(t.Context(), me, engine.NewRequest{Dialect: "rest", Amount: eur(1000), Confirm: true, AutoFulfill: true, Beneficiary: who, Exits: []engine.Exit{{Account: a.ID}}}, nil)
		must(t, err)
		running(t, e, time.Minute)
		text := fmt.Sprintf(`<Document><BkToCstmrStmt><Stmt><Ntry><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>%s</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>po-%s</EndToEndId></Refs></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>`, time.Now().UTC().Format(time.DateOnly), v.ID)
		must(t, os.WriteFile(filepath.Join(dir, a.ID, "in", "C53_DE89370400440532013000_20000101120000.xml"), []byte(text), 0o600))
		running(t, e, 2*time.Hour)
		is, err := e.Get(t.Context(), me, prefix, prefix+v.ID)
		must(t, err)
		if is.Stage != payout.AllPaid {
			t.Fatalf("stage %s", is.Stage)
		}
		out := callsOf(is, connector.FileOut)
		if len(out) != 1 || out[0].Method != "pain.001" || out[0].Path != is.Payouts[0].Ref+".xml" || out[0].Sent == 0 || out[0].Said != "orders=1" {
			t.Errorf("out: %+v", out)
		}
		in := callsOf(is, connector.FileIn)
		if len(in) != 1 || in[0].Method != "camt.053" || in[0].Path != "C53_DE*3000_20000101120000.xml" || in[0].Got != len(text) || !strings.Contains(in[0].Said, "verdict=paid") {
			t.Errorf("in: %+v", in)
		}
		raw, err := json.Marshal(is.History)
		must(t, err)
		for _, secret := range []string{"DE89370400440532013000", "370400440532013000", "NL91ABNA0417164300", "Ada Example", dir} {
			if strings.Contains(string(raw), secret) {
				t.Errorf("the history has %q in it", secret)
			}
		}
	})
}

// TestLinesOfStatementsAreFoundByTheirPayout: of its account and scope alone.
func TestLinesOfStatementsAreFoundByTheirPayout(t *testing.T) {
	k := newTill(t, 1)
	one, other := k.paidOf(1000), k.paidOf(2000)
	k.load(row(one.Payouts[0], "10.00", "paid"), row(other.Payouts[0], "20.00", "paid"), row(one.Payouts[0], "10.00", "returned"))
	got, err := k.Engine.ReportedOf(k.Ctx, k.me.Scope, k.account, one.Payouts[0].Key(), 10)
	must(t, err)
	if len(got) != 2 || got[0].Key != one.Payouts[0].Key() || got[1].Key != one.Payouts[0].Key() {
		t.Errorf("found %+v", got)
	}
	live := k.me.Scope
	live.Mode = engine.Live
	if got, err := k.Engine.ReportedOf(k.Ctx, live, k.account, one.Payouts[0].Key(), 10); err != nil || len(got) != 0 {
		t.Errorf("from the other mode: %+v, %v", got, err)
	}
}
