package dash_test

import (
	"encoding/base32"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"penstock/engine"
)

var shownSecret = regexp.MustCompile(`<code>((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})</code>`)

// app sets an authenticator app up and is its secret, with the recovery codes.
func (p *person) app() (secret string, codes []string) {
	p.o.t.Helper()
	at := home + "/me/app"
	shown := p.get(at).want(200, "Scan it with the app")
	m := shownSecret.FindStringSubmatch(shown.body)
	if m == nil {
		p.o.t.Fatalf("no secret: %s", shown.words())
	}
	secret = strings.ReplaceAll(m[1], " ", "")
	p.refill(shown, at, map[string]string{"code": "000000"}).want(422, "not the code")
	got := p.refill(shown, at, map[string]string{"code": p.o.code(secret)}).want(200, "Keep these recovery codes")
	return secret, regexp.MustCompile(`[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}`).FindAllString(got.body, -1)
}

func (o *office) code(secret string) string {
	o.t.Helper()
	code, err := totp.GenerateCode(secret, o.Clock.Now())
	must(o.t, err)
	return code
}

// logIn gives the password; more has to follow where there is more.
func (p *person) logIn(email string) page {
	p.o.t.Helper()
	return p.fill("/dashboard/login", map[string]string{"email": email, "password": password})
}

const second = "/dashboard/login/second"

// TestThePasswordAloneLetsNobodyInOnceAnAppIsOn, and a code counts once.
func TestThePasswordAloneLetsNobodyInOnceAnAppIsOn(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleManager)
	secret, codes := p.app()
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err != nil || len(raw) != 20 {
		t.Fatalf("the secret is %d bytes, %v", len(raw), err)
	}
	p.get(home+"/me").want(200, "Recovery codes left 10")
	q := o.stranger()
	q.logIn("manager@example.com").leads(second + "?next=%2Fdashboard")
	q.get(home).leads("/dashboard/login?next=%2Fdashboard%2Ftest%2Fshop") // half a session opens nothing, and ends
	q.logIn("manager@example.com").want(303, "")
	q.get(second).want(200, "One more step")
	q.fill(second, map[string]string{"code": o.code(secret)}).want(401, "used before") // by switching it on
	o.run(31 * time.Second)
	old := q.client.Jar.Cookies(mustURL(t))
	q.fill(second, map[string]string{"code": o.code(secret)}).leads("/dashboard")
	if now := q.client.Jar.Cookies(mustURL(t)); cookieOf(now) == cookieOf(old) {
		t.Error("the token stayed the same when the session became whole")
	}
	q.get(home).want(200, "Nordwind Outdoor")
	r := o.stranger() // a recovery code, once
	r.logIn("manager@example.com").want(303, "")
	r.fill(second, map[string]string{"code": strings.ToUpper(codes[3])}).leads("/dashboard")
	s := o.stranger()
	s.logIn("manager@example.com").want(303, "")
	s.fill(second, map[string]string{"code": codes[3]}).want(401, "used before")
	s.fill(second, map[string]string{"password": password}).want(401, "") // not once more the same
}

// TestGuessingCodesLocks: whoever knows the password alone gets no farther.
func TestGuessingCodesLocks(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleManager)
	secret, _ := p.app()
	o.run(time.Minute)
	q := o.stranger()
	for i := range 5 {
		if i == 3 { // the right password in between doesn't set the count back
			q = o.stranger()
		}
		if i == 0 || i == 3 {
			q.logIn("manager@example.com").want(303, "")
		}
		q.fill(second, map[string]string{"code": "123456"}).want(401, "")
	}
	q.fill(second, map[string]string{"code": o.code(secret)}).want(401, "locked")
	o.run(6 * time.Minute)
	q.get(second).leads("/dashboard/login") // half a session lasts five minutes
}

// TestWhoLostTheDeviceIsResetBySomebodyWhoMay.
func TestWhoLostTheDeviceIsResetBySomebodyWhoMay(t *testing.T) {
	o := newOffice(t)
	p, owner := o.hired(engine.RoleManager), o.hired(engine.RoleOwner)
	p.app()
	who, err := o.Engine.OperatorByEmail(o.Ctx, "manager@example.com")
	must(t, err)
	at := home + "/people/" + who.ID
	p.post(at+"/reset", nil).want(403, "")
	owner.press(at, at+"/reset").want(303, "")
	p.get(home).leads("/dashboard/login?next=%2Fdashboard%2Ftest%2Fshop") // their sessions ended
	o.stranger().logIn("manager@example.com").leads("/dashboard")
	owner.get(home+"/activity").want(200, "operator.second_reset")
}

// TestReleasingMoneyAndShowingKeysWantAProof that is fresh; test money doesn't.
func TestReleasingMoneyAndShowingKeysWantAProof(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	p.get(home+"/keys/new").want(200, "Make the key")
	o.run(6 * time.Minute)
	prove := home + "/me/prove?next=%2Fdashboard%2Ftest%2Fshop%2Fkeys%2Fnew"
	p.get(home + "/keys/new").leads(prove)
	p.get("/dashboard/live/shop/pay").leads("/dashboard/live/shop/me/prove?next=%2Fdashboard%2Flive%2Fshop%2Fpay")
	p.get(home+"/pay").want(200, "New payout")
	p.fill(prove, map[string]string{"password": "something else"}).want(422, "not right")
	p.fill(prove, map[string]string{"password": password}).leads("/dashboard/test/shop/keys/new")
	p.get(home+"/keys/new").want(200, "Make the key")
	for range 11 { // a form that comes later than a quarter of an hour is not taken
		o.run(90 * time.Second)
		p.get(home)
	}
	p.post(home+"/settings/secret", nil).leads(home + "/me/prove?next=%2Fdashboard%2Ftest%2Fshop%2Fsettings")
	if to := p.get(home + "/me/prove?next=https://evil.example/"); strings.Contains(to.body, "evil.example") {
		t.Error("a proof leads elsewhere")
	}
}

func mustURL(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(site + "/")
	must(t, err)
	return u
}

func cookieOf(all []*http.Cookie) string {
	for _, c := range all {
		if c.Name == "penstock" {
			return c.Value
		}
	}
	return ""
}
