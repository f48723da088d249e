package dash_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
)

const statementHead = "reference,amount,currency,kind,date,provider_reference\n"

func (o *office) line(ref, amount, kind string) string {
	return fmt.Sprintf("%s,%s,EUR,%s,%s,\n", o.get(ref).Payouts[0].Key(), amount, kind, o.Clock.Now().UTC().Format(time.DateOnly))
}

// handAndLoad hands a statement over, looks at what was understood and loads it.
func (p *person) handAndLoad(at, file, text string, fields map[string]string) page {
	p.o.t.Helper()
	got := p.hand(at, file, text, fields)
	shown := got.header.Get("Location")
	if got.status != 303 || !strings.HasPrefix(shown, at+"/") {
		p.o.t.Fatal(got)
	}
	got = p.press(shown, shown)
	if got.status != 303 {
		p.o.t.Fatal(got)
	}
	return got
}

func (o *office) named(ref string, minor int64) {
	o.ask("success", minor, func(n *engine.NewRequest) { n.Ref = ref })
	o.run(time.Minute)
}

// TestAStatementIsReconciledInTheBrowser: loaded, each difference is found by
// its class, led to, explained, and had as a file.
func TestAStatementIsReconciledInTheBrowser(t *testing.T) {
	o := newOffice(t)
	o.named("same", 1000)
	o.named("less", 2000)
	o.named("gone", 3000)
	o.named("twice", 4000)
	p := o.hired(engine.RoleManager)
	at := home + "/reconcile/" + o.account()
	p.get(home+"/reconcile").want(200, "Not compared yet")
	text := statementHead + o.line("same", "10.00", "paid") + o.line("less", "19.50", "paid") + o.line("twice", "40.00", "paid") + o.line("twice", "40.00", "paid") + "rent,7.00,EUR,paid,2026-01-06,\n"
	got := p.handAndLoad(at+"/load", "C:\\bank\\statement-05.csv", text, nil)
	report := p.get(got.header.Get("Location")).want(200, "Loaded: 5 lines, 5 new; 0 payouts settled.").want(200, "statement-05.csv, row 3").want(200, "Another amount was booked.")
	for class, n := range map[string]string{"theirs_only": "1", "duplicate": "1", "amount_differs": "1", "ours_only": "1", "matched": "1"} {
		shown := p.get(at + "?class=" + class)
		if rows := strings.Count(shown.body, "/findings/"); rows != 1 {
			t.Errorf("%s: %d findings, want %s", class, rows, n)
		}
	}
	if strings.Contains(report.body, "bank\\statement") || strings.Contains(report.body, "C:") {
		t.Error("the report shows where the file was on somebody's disk")
	}
	p.get(home+"/reconcile").want(200, "Differ")
	again := p.handAndLoad(at+"/load", "statement-05.csv", text, nil)
	p.get(again.header.Get("Location")).want(200, "Nothing new: each of its 5 lines had been loaded before.")

	finding := regexp.MustCompile(`href="([^"]+/findings/[^"]+)"`).FindStringSubmatch(p.get(at + "?class=amount_differs").body)[1]
	p.get(finding).want(200, "What each book says").want(200, "19.50 EUR").want(200, "20.00 EUR")
	p.fill(finding, map[string]string{"description": ""}).want(422, "Say what it is.")
	p.fill(finding, map[string]string{"description": "fee of DE89370400440532013000"}).want(422, "account number or a key")
	p.fill(finding, map[string]string{"description": "=the bank's fee <b>"}).leads(finding + "?done=explained")
	p.get(finding).want(200, "=the bank's fee <b>").want(200, "By The manager")
	if strings.Contains(p.get(at).body, "Another amount") {
		t.Error("what was explained is still among the differences")
	}
	p.get(at+"?class=explained").want(200, "=the bank's fee <b>")
	file := p.get(home + "/export/reconcile/" + o.account() + "?class=all")
	if file.header.Get("Content-Type") != "text/csv; charset=utf-8; header=present" || strings.Count(file.body, "\n") != 6 || !strings.Contains(file.body, ",'=the bank's fee <b>") || !strings.Contains(file.body, "theirs_only,no_key") {
		t.Errorf("the file: %s", file.body)
	}
}

// TestAStatementThatIsWrongChangesNothing: the refusal names the field or the
// row, and what was typed is there again.
func TestAStatementThatIsWrongChangesNothing(t *testing.T) {
	o := newOffice(t)
	o.named("same", 1000)
	p := o.hired(engine.RoleOwner)
	at := home + "/reconcile/" + o.account() + "/load"
	for _, c := range []struct {
		file, text string
		fields     map[string]string
		says       string
	}{
		{"", "", nil, "Choose the file"},
		{"a.csv", "", nil, "Choose the file"},
		{"a.csv", "a,b\n1,2\n", nil, "reference"},
		{"a.xml", "<Document><BkToCstmrStmt>", nil, "Nothing was loaded."},
		{"a.csv", statementHead + "x,ten,EUR,paid,2026-01-06,\n", nil, "2"},
		{"a.csv", "ref;sum\n1;2\n", map[string]string{"separator": ";", "reference": "ref", "currency": "EUR"}, "Name the column"},
		{"a.csv", "ref;sum\n1;2\n", map[string]string{"reference": "ref", "amount": "sum", "currency": "EUR", "skip": "-1"}, "0 to 100 lines."},
		{"a.csv", "ref;sum\n1;2\n", map[string]string{"separator": ";", "reference": "nope", "amount": "sum", "currency": "EUR"}, "nope"},
		{"a.csv", "ref;sum;s\n1;2;x\n", map[string]string{"separator": ";", "reference": "ref", "amount": "sum", "currency": "EUR", "side": "s"}, "debit and credit"},
	} {
		got := p.hand(at, c.file, c.text, c.fields)
		if got.status != 422 && got.status != 400 || !strings.Contains(got.words(), c.says) || !strings.Contains(got.words(), "Nothing was loaded.") {
			t.Errorf("%q %v: %s\nwant %q", c.text, c.fields, got, c.says)
		}
		if ref := c.fields["reference"]; ref != "" && !strings.Contains(got.body, `name="reference" type="text" value="`+ref+`"`) {
			t.Errorf("%v: what was typed is not there again", c.fields)
		}
	}
	if last, err := o.Engine.Reconciled(o.Ctx, onServer("shop").Scope, o.account()); err != nil || last != nil {
		t.Errorf("something was loaded: %+v, %v", last, err)
	}
	form := url.Values{"csrf": {p.get(at).csrf()}}
	p.send("POST", at, form).want(422, "Choose the file") // a browser without a file field
	if got := p.handTo(at, home+"/reconcile/"+o.account()+"/pull", "a.csv", "x", nil); got.status != 415 {
		t.Errorf("a file where none is read: %s", got)
	}
	o.hired(engine.RoleViewer).get(at).want(403, "")
}

// TestAMapReadsABanksOwnFile: columns by the form, semicolons, a comma for the
// decimals; what it books settles a payout that waits.
func TestAMapReadsABanksOwnFile(t *testing.T) {
	o := newOffice(t)
	o.ask("pending", 125000, func(n *engine.NewRequest) { n.Ref = "waits" })
	o.run(time.Minute)
	o.unlike = true
	p := o.hired(engine.RoleOwner)
	at := home + "/reconcile/" + o.account() + "/load"
	text := "Kontoauszug\nBuchungstag;Zweck;Betrag;S/H\n06.01.2026;\"Zahlung " + o.get("waits").Payouts[0].Key() + " danke\";1.250,00;S\n"
	got := p.handAndLoad(at, "auszug.csv", text, map[string]string{"separator": ";", "decimal": ",", "skip": "1", "reference": "Zweck", "amount": "Betrag", "currency": "EUR", "side": "S/H", "debit": "S", "credit": "H", "date": "Buchungstag", "layout": "02.01.2006"})
	p.get(got.header.Get("Location")).want(200, "Loaded: 1 line, 1 new; 1 payout settled.")
	if s := o.get("waits").Stage; s != payout.AllPaid {
		t.Errorf("stage %s", s)
	}
}

// TestOnlyWhoMayLoadSendsLongBodies: a body beyond the server's limit is read of
// nobody who isn't known.
func TestOnlyWhoMayLoadSendsLongBodies(t *testing.T) {
	o := newOffice(t)
	token := func(p *person) string {
		at, err := url.Parse(site)
		must(t, err)
		for _, c := range p.client.Jar.(*cookiejar.Jar).Cookies(at) {
			if c.Name == "penstock" {
				return (&http.Cookie{Name: c.Name, Value: c.Value}).String()
			}
		}
		t.Fatal("no session")
		return ""
	}
	owner, viewer := token(o.hired(engine.RoleOwner)), token(o.hired(engine.RoleViewer))
	load := home + "/reconcile/" + o.account() + "/load"
	for _, c := range []struct {
		method, path, cookie string
		want                 bool
	}{
		{"POST", load, owner, true}, {"POST", load, viewer, false}, {"POST", load, "penstock=guess", false}, {"POST", load, "", false},
		{"POST", home + "/pay", owner, false}, {"PUT", load, owner, false}, {"POST", "/reconcile/x/load", owner, false},
	} {
		if got := o.dash.Long(c.method, c.path, []string{"a=b; " + c.cookie}) > 0; got != c.want {
			t.Errorf("%s %s by %.12s: %v", c.method, c.path, c.cookie, got)
		}
	}
}
