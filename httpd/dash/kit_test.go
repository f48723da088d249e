package dash_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/iso20022"
	"penstock/engine/connector/sandbox"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/engine/sim"
	"penstock/httpd/dash"
	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// office is a dashboard over a simulated world, behind a real HTTP server. It
// ends each test by judging every invariant.
type office struct {
	*sim.World
	t     testing.TB
	dash  *dash.Dash
	mux   *wire.Mux
	state dash.State
	// unlike says that a person states what the provider did not do.
	unlike bool
}

func newOffice(t testing.TB) *office {
	t.Helper()
	w, err := sim.New(sim.Config{Seed: 1, Statements: iso20022.Reader{}, Render: map[string]engine.Render{"rest": tell}})
	must(t, err)
	o := &office{World: w, t: t, state: dash.State{Version: "1.2.3", Stalled: 1000 * time.Hour}}
	f, err := wire.New(wire.Config{Now: w.Clock.Now, Random: rand.Reader, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Limits: wire.Limits{Failures: wire.Rate{PerSecond: 1, Burst: 20}}})
	must(t, err)
	o.dash, err = dash.New(dash.Config{Engine: w.Engine, Funnel: f, Now: w.Clock.Now, Random: rand.Reader, State: func() dash.State { return o.state },
		PublicURL: "https://pay.example", Cost: dash.Cost{Memory: 64, Passes: 1}, Magic: magic(), LiveFor: 3 * time.Second,
		PageAddress: func(_ engine.Scope, r *engine.Request) (string, error) {
			return "https://pay.example/checkin/pay_" + r.ID + "?k=secret", nil
		}})
	must(t, err)
	mounts := o.dash.Mounts()
	o.mux, err = wire.NewMux(f, append(mounts, wire.Mount{Dialect: mounts[0].Dialect})...)
	must(t, err)
	o.merchant("shop", "Nordwind Outdoor")
	t.Cleanup(func() {
		bad, err := w.Judge()
		must(t, err)
		if o.unlike {
			report, err := w.Engine.Check(w.Ctx, nil)
			must(t, err)
			bad = report.Findings
		}
		for _, b := range bad {
			t.Errorf("invariant: %s", b)
		}
	})
	return o
}

func magic() (out []dash.Magic) {
	for _, m := range sandbox.MagicTable() {
		out = append(out, dash.Magic{Name: m.Name, Meaning: m.Meaning, Card: m.Card, IBAN: m.IBAN, Account: m.Account})
	}
	return out
}

// tell is a dialect that tells of every change.
func tell(o engine.Occasion) (string, []byte, error) {
	return "payout_" + string(o.View.Stage), []byte(`{}`), nil
}

func (o *office) merchant(id, name string) {
	o.t.Helper()
	_, err := o.Engine.CreateMerchant(o.Ctx, onServer(id), id, name)
	must(o.t, err)
}

// onServer is the caller on the socket.
func onServer(merchant string) engine.Caller {
	return engine.Caller{Scope: engine.Scope{Merchant: merchant, Mode: engine.Test}, Actor: "operator", Rights: engine.Rights()}
}

// ask makes a request of the shop's for whoever has the magic account.
func (o *office) ask(magic string, minor int64, change func(*engine.NewRequest)) *engine.View {
	o.t.Helper()
	iban := ""
	for _, m := range sandbox.MagicTable() {
		if m.Name == magic {
			iban = m.IBAN
		}
	}
	n := engine.NewRequest{Dialect: "rest", Amount: money.New(minor, money.MustCurrency("EUR")), Confirm: true, AutoFulfill: true,
		Customer: "ada", Person: &engine.Person{Name: "Ada Example"},
		Beneficiary: engine.Beneficiary{Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": iban, "account_holder_name": "Ada Example"}}}
	if change != nil {
		change(&n)
	}
	v, err := o.Engine.Create(o.Ctx, onServer("shop"), n, nil)
	must(o.t, err)
	return v
}

func (o *office) run(d time.Duration) {
	o.t.Helper()
	must(o.t, o.Run(d))
}

func (o *office) get(name string) *engine.View {
	o.t.Helper()
	v, err := o.Engine.Get(o.Ctx, onServer("shop"), engine.PrefixRequest, name)
	must(o.t, err)
	return v
}

// at is the address of a request's page.
func (o *office) at(ref string) string {
	o.t.Helper()
	return home + "/requests/payout_" + o.get(ref).ID
}

// person is somebody with a browser.
type person struct {
	o      *office
	client *http.Client
	link   string
}

const site = "http://penstock.test"

func (o *office) stranger() *person {
	o.t.Helper()
	client := *wiretest.Client(o.t, o.mux)
	var err error
	client.Jar, err = cookiejar.New(nil)
	must(o.t, err)
	return &person{o: o, client: &client}
}

const password = "a few words will do"

// hired is somebody with a role who has followed the link.
func (o *office) hired(role engine.Role) *person {
	o.t.Helper()
	p := o.invited(string(role)+"@example.com", role)
	got := p.fill(p.link, map[string]string{"name": "The " + string(role), "password": password})
	got.want(303, "")
	return p
}

// invited is somebody who was sent a link.
func (o *office) invited(email string, role engine.Role) *person {
	o.t.Helper()
	token, err := o.Engine.Invite(o.Ctx, engine.Caller{Actor: "operator"}, email, role, 30*time.Minute)
	must(o.t, err)
	p := o.stranger()
	p.link = "/setup/" + token
	return p
}

// page is an answer.
type page struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   string
}

// send sends one request. A line "Name: value" adds a header.
func (p *person) send(method, path string, form url.Values, header ...string) page {
	p.o.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, site+path, body)
	must(p.o.t, err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	resp, err := p.client.Do(req)
	must(p.o.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(p.o.t, err)
	return page{p.o.t, method + " " + path, resp.StatusCode, resp.Header, string(text)}
}

// hand sends the form of the page at path with a file, as a browser does.
func (p *person) hand(path, file, text string, fields map[string]string) page {
	p.o.t.Helper()
	return p.handTo(path, path, file, text, fields)
}

// handTo sends the form of one page to another.
func (p *person) handTo(path, to, file, text string, fields map[string]string) page {
	p.o.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	fields = maps.Clone(fields)
	if fields == nil {
		fields = map[string]string{}
	}
	fields["csrf"] = p.get(path).csrf()
	for name, value := range fields {
		must(p.o.t, w.WriteField(name, value))
	}
	part, err := w.CreateFormFile("file", file)
	must(p.o.t, err)
	_, err = io.WriteString(part, text)
	must(p.o.t, err)
	must(p.o.t, w.Close())
	req, err := http.NewRequest("POST", site+to, &body)
	must(p.o.t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := p.client.Do(req)
	must(p.o.t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	must(p.o.t, err)
	return page{p.o.t, "POST " + to, resp.StatusCode, resp.Header, string(got)}
}

func (p *person) get(path string, header ...string) page {
	p.o.t.Helper()
	return p.send("GET", path, nil, header...)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// csrf is the token of the forms on a page.
func (g page) csrf() string {
	g.t.Helper()
	m := csrfField.FindStringSubmatch(g.body)
	if m == nil {
		g.t.Fatalf("%s has no form: %d %s", g.what, g.status, g.words())
	}
	return html.UnescapeString(m[1])
}

var formArea = regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>`)

var formField = regexp.MustCompile(`<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"`)

// fill opens the page at path, fills its form in and sends it.
func (p *person) fill(path string, fields map[string]string) page {
	p.o.t.Helper()
	return p.refill(p.get(path), path, fields)
}

// refill fills the form of a page in that was opened before, and sends it.
func (p *person) refill(got page, path string, fields map[string]string) page {
	p.o.t.Helper()
	form := url.Values{"csrf": {got.csrf()}}
	_, main, _ := strings.Cut(got.body, "<main")
	for _, m := range formField.FindAllStringSubmatch(main, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range formArea.FindAllStringSubmatch(main, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for name, value := range fields {
		form.Set(name, value)
	}
	return p.send("POST", path, form)
}

// press sends the form whose address is action on the page at path.
func (p *person) press(path, action string) page {
	p.o.t.Helper()
	got := p.get(path)
	if !strings.Contains(got.body, `action="`+action+`"`) {
		p.o.t.Fatalf("%s has no button for %s", path, action)
	}
	return p.send("POST", action, url.Values{"csrf": {got.csrf()}})
}

// want is a status and a text that the page shows.
func (g page) want(status int, text string) page {
	g.t.Helper()
	if g.status != status || !strings.Contains(g.words(), text) {
		g.t.Errorf("%s: %d %s\nwant %d with %q", g.what, g.status, g.words(), status, text)
	}
	return g
}

// leads is where the answer leads.
func (g page) leads(to string) page {
	g.t.Helper()
	if g.status != 303 || g.header.Get("Location") != to {
		g.t.Errorf("%s: %d to %q, want 303 to %q: %s", g.what, g.status, g.header.Get("Location"), to, g.words())
	}
	return g
}

var tags = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>|\s+`)

// words is the text that a person reads.
func (g page) words() string {
	return strings.TrimSpace(regexp.MustCompile(` +`).ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(g.body, " ")), " "))
}

func (g page) String() string { return fmt.Sprintf("%s: %d %s", g.what, g.status, g.words()) }

// raw is a value as JSON, for records that carry some.
func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// post sends a form as a page of theirs would.
func (p *person) post(path string, fields map[string]string) page {
	p.o.t.Helper()
	form := url.Values{"csrf": {p.get("/dashboard/test/shop").csrf()}}
	for name, value := range fields {
		form.Set(name, value)
	}
	return p.send("POST", path, form)
}
