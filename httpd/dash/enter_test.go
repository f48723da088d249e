package dash_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"penstock/engine"
)

const home = "/dashboard/test/shop"

func TestOneTimeLinkLetsOneInOnce(t *testing.T) {
	o := newOffice(t)
	p := o.invited("ada@example.com", engine.RoleOwner)
	p.get(p.link).want(200, "Welcome to penstock")
	p.get(p.link).want(200, "You become an owner") // looking uses nothing up
	p.fill(p.link, map[string]string{"name": "Ada", "password": "short"}).want(422, "at least 12 characters")
	p.fill(p.link, map[string]string{"name": "Ada", "password": "aaaaaaaaaaaaaaa"}).want(422, "more than one character")
	p.fill(p.link, map[string]string{"name": " ", "password": password}).want(422, "A name has 1 to 100 characters")
	p.fill(p.link, map[string]string{"name": "Ada", "email": "nobody", "password": password}).want(422, "An e-mail address has an @")
	p.fill(p.link, map[string]string{"name": "Ada", "email": "countess@example.com", "password": password}).leads("/dashboard")
	p.get("/dashboard").leads(home)
	p.get(home).want(200, "Ada")
	p.get("/dashboard/test/shop/me").want(200, "countess@example.com")

	late := o.stranger()
	late.get(p.link).want(404, "This link is unknown, was used, or is too old")
}

func TestOneTimeLinkEnds(t *testing.T) {
	o := newOffice(t)
	p := o.invited("ada@example.com", engine.RoleOwner)
	p.get(p.link).want(200, "Welcome")
	o.Clock.Advance(30 * time.Minute)
	form := url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {password}}
	form.Set("csrf", p.get("/dashboard/login").csrf())
	p.send("POST", p.link, form).want(404, "too old")
	p.get("/dashboard").leads("/dashboard/login")
}

func TestLogInAndOut(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	login := func(p *person, email, word string) page {
		return p.fill("/dashboard/login?next="+url.QueryEscape(home+"/requests"), map[string]string{"email": email, "password": word})
	}
	other := o.stranger()
	other.get(home + "/requests").leads("/dashboard/login?next=" + url.QueryEscape(home+"/requests"))
	login(other, "owner@example.com", "wrong password").want(401, "E-mail or password is wrong")
	login(other, "nobody@example.com", password).want(401, "E-mail or password is wrong")
	login(other, "OWNER@example.com", password).leads(home + "/requests")
	other.get(home+"/requests").want(200, "Payout requests")

	p.press(home, "/dashboard/logout").leads("/dashboard/login")
	p.get(home).leads("/dashboard/login?next=" + url.QueryEscape(home))
	other.get(home).want(200, "Nordwind Outdoor") // another session goes on
	for _, action := range []string{"operator.accept", "operator.login", "operator.refused", "operator.logout"} {
		acts, err := o.Engine.Acts(o.Ctx, 0, 100)
		must(t, err)
		found := false
		for _, a := range acts {
			found = found || a.Action == action
		}
		if !found {
			t.Errorf("the audit log has no %s", action)
		}
	}
}

// TestLogInLeadsNowhereElse: an address that somebody sent leads to no other
// site after the log-in.
func TestLogInLeadsNowhereElse(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleOwner)
	for _, next := range []string{"https://evil.example", "//evil.example", "/\\evil.example", "/dashboard/..//evil.example\r\nX: y", "javascript:alert(1)", "/payouts", "/dashboardevil"} {
		p := o.stranger()
		got := p.fill("/dashboard/login?next="+url.QueryEscape(next), map[string]string{"email": "owner@example.com", "password": password})
		if to := got.header.Get("Location"); got.status != 303 || to != "/dashboard" {
			t.Errorf("next=%q leads to %q", next, to)
		}
		got = p.send("POST", "/dashboard/login", url.Values{"csrf": {p.get("/dashboard/login").csrf()}, "email": {"owner@example.com"}, "password": {password}, "next": {next}})
		if to := got.header.Get("Location"); got.status != 303 || to != "/dashboard" {
			t.Errorf("a form with next=%q leads to %q", next, to)
		}
	}
}

func TestFiveWrongPasswordsLock(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleOwner)
	p := o.stranger()
	try := func(word string) page {
		return p.fill("/dashboard/login", map[string]string{"email": "owner@example.com", "password": word})
	}
	for range 5 {
		try("wrong password").want(401, "wrong")
	}
	locked, unknown := try(password).want(401, "wrong"), p.fill("/dashboard/login", map[string]string{"email": "owner@example.co", "password": password})
	if strip(locked.body, "owner@example.com") != strip(unknown.body, "owner@example.co") {
		t.Error("who is locked and who does not exist get different answers")
	}
	o.Clock.Advance(15 * time.Minute)
	try(password).leads("/dashboard")
}

func strip(body, email string) string {
	return strings.ReplaceAll(csrfField.ReplaceAllString(body, ""), email, "")
}

// TestGuessingFromOneAddressIsSlowedDown whoever is guessed at.
func TestGuessingFromOneAddressIsSlowedDown(t *testing.T) {
	o := newOffice(t)
	p := o.stranger()
	form := url.Values{"csrf": {p.get("/dashboard/login").csrf()}, "email": {"x@example.com"}, "password": {password}}
	last := page{}
	for range 22 {
		last = p.send("POST", "/dashboard/login", form, "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "Cookie: __Host-penstock_form="+p.formCookie())
	}
	last.want(429, "Too fast")
}

func (p *person) formCookie() string {
	u, _ := url.Parse(site)
	for _, c := range p.client.Jar.Cookies(u) {
		if c.Name == "penstock_form" {
			return c.Value
		}
	}
	return ""
}

func TestSessionIdlesOut(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	o.Clock.Advance(14 * time.Minute)
	p.get(home).want(200, "Nordwind")
	o.Clock.Advance(15 * time.Minute)
	got := p.get(home)
	got.leads("/dashboard/login?next=" + url.QueryEscape(home))
	if c := got.header.Get("Set-Cookie"); !strings.HasPrefix(c, "penstock=;") || !strings.Contains(c, "Max-Age=0") {
		t.Errorf("the ended session's cookie stays: %q", c)
	}
}

func TestCookieIsOutOfReach(t *testing.T) {
	o := newOffice(t)
	p := o.invited("ada@example.com", engine.RoleOwner)
	got := p.fill(p.link, map[string]string{"name": "Ada", "password": password})
	c := got.header.Get("Set-Cookie")
	for _, want := range []string{"penstock=", "HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(c, want) {
			t.Errorf("cookie %q lacks %s", c, want)
		}
	}
	if strings.Contains(c, "Secure") {
		t.Errorf("cookie %q would not come back over plain HTTP on this machine", c)
	}
	over := o.stranger().get("/dashboard/login", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https").header.Get("Set-Cookie")
	if !strings.HasPrefix(over, "__Host-penstock_form=") || !strings.Contains(over, "Secure") {
		t.Errorf("over TLS the cookie is %q, want __Host- and Secure", over)
	}
}

// TestNothingIsReadInTheOpenAir: over plain HTTP from another machine there is
// no log-in and no page.
func TestNothingIsReadInTheOpenAir(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	for _, path := range []string{"/dashboard/login", home, "/dashboard", o.invited("x@example.com", engine.RoleViewer).link} {
		p.get(path, "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http").want(403, "Not over plain HTTP")
	}
}

// TestForeignFormsAreRefused: each POST wants the token of its own session.
func TestForeignFormsAreRefused(t *testing.T) {
	o := newOffice(t)
	p, other := o.hired(engine.RoleOwner), o.hired(engine.RoleManager)
	r := o.ask("success", 1250, func(n *engine.NewRequest) { n.AutoFulfill = false })
	act := home + "/requests/payout_" + r.ID + "/cancel"
	right := p.get(act).csrf()
	for what, send := range map[string]func() page{
		"no token":                func() page { return p.send("POST", act, url.Values{}) },
		"an empty token":          func() page { return p.send("POST", act, url.Values{"csrf": {""}}) },
		"somebody else's token":   func() page { return p.send("POST", act, url.Values{"csrf": {other.get(act).csrf()}}) },
		"two tokens":              func() page { return p.send("POST", act, url.Values{"csrf": {right, right}}) },
		"sent by another site":    func() page { return p.send("POST", act, url.Values{"csrf": {right}}, "Sec-Fetch-Site: cross-site") },
		"sent by a neighbour":     func() page { return p.send("POST", act, url.Values{"csrf": {right}}, "Sec-Fetch-Site: same-site") },
		"from a foreign origin":   func() page { return p.send("POST", act, url.Values{"csrf": {right}}, "Origin: https://evil.example") },
		"log-out by another site": func() page { return p.send("POST", "/dashboard/logout", url.Values{"csrf": {"x"}}) },
		"log-in without token": func() page {
			return o.stranger().send("POST", "/dashboard/login", url.Values{"email": {"owner@example.com"}, "password": {password}})
		},
	} {
		t.Run(what, func(t *testing.T) { send().want(403, "Nothing was done") })
	}
	p.send("POST", act, url.Values{"csrf": {right}}, "Content-Type: text/plain").want(415, "Nothing was done")
	if got := o.get("payout_" + r.ID); got.Stage.Ended() {
		t.Fatalf("a refused form did its act: the request is %s", got.Stage)
	}
	p.send("POST", act, url.Values{"csrf": {right}}, "Sec-Fetch-Site: same-origin", "Origin: null").leads(strings.TrimSuffix(act, "/cancel") + "?done=cancelled")
}

func TestPasswordIsChanged(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleViewer)
	other := o.stranger()
	other.fill("/dashboard/login", map[string]string{"email": "viewer@example.com", "password": password}).leads("/dashboard")
	p.fill("/dashboard/test/shop/me", map[string]string{"old": "wrong", "new": "another few words"}).want(422, "not your present password")
	p.fill("/dashboard/test/shop/me", map[string]string{"old": password, "new": "short"}).want(422, "at least 12")
	p.fill("/dashboard/test/shop/me", map[string]string{"old": password, "new": "another few words"}).leads("/dashboard/test/shop/me?done=password")
	p.get("/dashboard/test/shop/me").want(200, "viewer@example.com")
	other.get("/dashboard/test/shop/me").leads("/dashboard/login?next=%2Fdashboard%2Ftest%2Fshop%2Fme")
	other.fill("/dashboard/login", map[string]string{"email": "viewer@example.com", "password": password}).want(401, "wrong")
	other.fill("/dashboard/login", map[string]string{"email": "viewer@example.com", "password": "another few words"}).leads("/dashboard")
}
