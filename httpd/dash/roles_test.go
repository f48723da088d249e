package dash_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/httpd/dash"
)

// guarded are the pages and acts that want a permit, each written down here a
// second time, so that one that loses its guard is seen. Whatever is not here is
// open to everybody who may come in.
var guarded = map[engine.Permit]string{
	engine.PermitPay: `
		GET+POST /pay
		GET+POST /links/new
		GET+POST /customers/{customer}/erase
		GET+POST /methods/{method}/delete
		GET+POST /requests/{id}/terms
		GET+POST /requests/{id}/process
		GET+POST /requests/{id}/cancel
	`,
	engine.PermitState: `
		POST /requests/{id}/pull
		GET+POST /requests/{id}/moderate
		GET+POST /requests/{id}/release
		GET+POST /requests/{id}/resolve/{payout}
		GET+POST /requests/{id}/statement/{payout}
		GET+POST /reconcile/{account}/load
		GET+POST /reconcile/{account}/load/{held}
		POST /reconcile/{account}/pull
		POST /reconcile/{account}/findings/{finding}
	`,
	engine.PermitFund: `
		GET+POST /deposits/{deposit}/topup
		GET+POST /deposits/{deposit}/adjust
	`,
	engine.PermitResend: `
		POST /requests/{id}/deliveries/{delivery}/resend
		POST /webhooks/deliveries/{delivery}/resend
		GET+POST /webhooks/resend
		POST /webhooks/check
	`,
	engine.PermitConnect: `
		GET+POST /deposits/{deposit}/edit
		GET+POST /routes/{route}
		GET+POST /routes/all/{what}
		GET+POST /points/new
		GET+POST /points/{point}/edit
		POST /accounts/{account}
		GET+POST /schemes/new
		GET+POST /schemes/{scheme}/edit
		GET+POST /schemes/{scheme}/tree
		GET+POST /schemes/{scheme}/clone
		GET /schemes/{scheme}/growth/{service}
		GET+POST /connect/{provider}
		POST /accounts/{account}/call
		GET+POST /accounts/{account}/credentials
		POST /accounts/{account}/breaker
		GET+POST /accounts/{account}/breaker/open
		GET+POST /schemes/{scheme}/clone
		GET /schemes/{scheme}/growth/{service}
		GET+POST /rates/new
		POST /rates/{scheme}/edit
		POST /rates/{scheme}/rules
		POST /rates/{scheme}/rules/drop
		GET+POST /rates/{scheme}/delete
		GET+POST /webhooks/endpoints/new
		GET+POST /webhooks/endpoints/{endpoint}/remove
		GET+POST /keys/new
		GET+POST /keys/{key}/revoke
		POST /settings
		POST /settings/merchants
		POST /settings/secret
	`,
	engine.PermitPeople: `
		GET+POST /people/invite
		GET /people/sessions
		GET+POST /people/sessions/{session}
		GET+POST /people/{operator}
		POST /people/{operator}/reset
	`,
	engine.PermitRoles: `
		GET+POST /people/role
		GET+POST /people/roles/{role}
		POST /people/roles/{role}/delete
	`,
}

// openActs are what everybody who may come in may do: to their own account, and
// to what they want to find again.
var openActs = strings.Fields(`/views /me /me/prove /me/app /me/passkeys/new /me/second /me/sessions /me/sessions/{session}`)

// wanted is the permit that a page or an act of a merchant wants; "" for none.
func wanted(method, path string) engine.Permit {
	for permit, lines := range guarded {
		for line := range strings.Lines(lines) {
			methods, at, _ := strings.Cut(strings.TrimSpace(line), " ")
			if at == path && strings.Contains(methods, method) {
				return permit
			}
		}
	}
	return ""
}

// TestACustomRoleOpensWhatItNames opens every page and does every act of the
// dashboard with roles of each permit alone, of none, and of all.
func TestACustomRoleOpensWhatItNames(t *testing.T) {
	o := newOffice(t)
	roles := map[engine.Role][]engine.Permit{"nothing": nil, "everything": engine.Grantable()}
	for _, p := range engine.Grantable() {
		roles["only-"+engine.Role(p)] = []engine.Permit{p}
	}
	fill := strings.NewReplacer("{merchant}", "shop", "{deposit}", "none", "{id}", "payout_none")
	for name, permits := range roles {
		_, err := o.Engine.SaveRole(o.Ctx, engine.Caller{Actor: "operator"}, engine.CustomRole{Name: name, Permits: permits})
		must(t, err)
		p := o.hired(name)
		csrf := url.Values{"csrf": {p.get(home).csrf()}}
		pages := 0
		for _, mount := range o.dash.Mounts() {
			for _, r := range mount.Routes {
				path, ours := strings.CutPrefix(r.Pattern, dash.Root+"/test/{merchant}")
				if !ours || path == "/live" { // which goes on for a while
					continue
				}
				pages++
				need := wanted(r.Method, path)
				if need == "" && r.Method == "POST" && !slices.Contains(openActs, path) {
					t.Fatalf("POST %s is open to everybody who may come in; if it should be, say so here", path)
				}
				var got page
				if r.Method == "GET" {
					got = p.get(fill.Replace(r.Pattern))
				} else {
					got = p.send("POST", fill.Replace(r.Pattern), csrf)
				}
				refused := got.status == 403 && strings.Contains(got.words(), "Your role doesn't allow this")
				if may := need == "" || slices.Contains(permits, need); refused == may || got.status >= 500 {
					t.Errorf("%s, who may %v: %s %s wants %q and answers %d", name, permits, r.Method, path, need, got.status)
				}
			}
		}
		if pages < 140 {
			t.Fatalf("%d pages", pages)
		}
	}
}

// TestRolesAreMadeAndGiven is an owner's way: make a role, give it, widen it,
// and take it away.
func TestRolesAreMadeAndGiven(t *testing.T) {
	o := newOffice(t)
	owner := o.hired(engine.RoleOwner)
	at := home + "/people/role"
	owner.fill(at, map[string]string{"name": "Support Team", "permit.resend": "yes"}).want(422, "small letters")
	owner.fill(at, map[string]string{"name": "viewer", "permit.resend": "yes"}).want(422, "name already")
	owner.fill(at, map[string]string{"name": "support", "about": "answers the phone", "permit.resend": "yes"}).leads(home + "/people/roles?done=saved")
	owner.fill(at, map[string]string{"name": "support", "permit.pay": "yes"}).want(422, "There is a role of this name already")
	owner.get(home+"/people/roles").want(200, "look, resend webhooks").want(200, "answers the phone")
	owner.get(home+"/people/invite").want(200, "Support: answers the phone")

	sue := o.hired("support")
	sue.get(home+"/webhooks/resend").want(200, "")
	sue.get(home+"/pay").want(403, "Your role doesn't allow this")
	sue.get(at).want(403, "Your role doesn't allow this")
	sue.get(home+"/people/roles").want(200, "Support")
	if got := sue.get(home + "/people/roles"); strings.Contains(got.body, "/people/role") && strings.Contains(got.body, "New role") {
		t.Error("what a role doesn't allow is offered")
	}
	owner.fill(home+"/people/roles/support", map[string]string{"about": "", "permit.resend": "no", "permit.pay": "yes"}).leads(home + "/people/roles?done=saved")
	sue.get(home+"/pay").want(200, "")
	sue.get(home+"/webhooks/resend").want(403, "Your role doesn't allow this")
	owner.press(home+"/people/roles/support", home+"/people/roles/support/delete").want(409, "give them another one first"[1:])
	owner.get(home+"/people/roles/nobody").want(404, "no custom role of this name")

	admin := o.hired(engine.RoleAdministrator)
	admin.get(at).want(403, "Your role doesn't allow this")
	admin.get(home+"/people/invite").want(200, "Support")
	o.Clock.Advance(20 * time.Minute) // the sessions are over, and the form wants a proof
	if got := o.back(engine.RoleOwner).get(home + "/people/roles/support"); got.status != 200 {
		t.Errorf("after a fresh log-in: %s", got)
	}
}

// TestSessionsAreShownAndEnded: everybody sees their own, and ends them; those
// who handle people see all.
func TestSessionsAreShownAndEnded(t *testing.T) {
	o := newOffice(t)
	owner, viewer := o.hired(engine.RoleOwner), o.hired(engine.RoleViewer)
	phone := o.stranger()
	got := phone.get("/dashboard/login")
	phone.send("POST", "/dashboard/login", url.Values{"csrf": {got.csrf()}, "email": {"viewer@example.com"}, "password": {password}},
		"User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1 <script>").leads("/dashboard")
	viewer.get(home+"/me").want(200, "Safari on iPhone").want(200, "This one")
	viewer.get(home+"/people/sessions").want(403, "Your role doesn't allow this")
	owner.get(home+"/people/sessions").want(200, "Safari on iPhone").want(200, "3 sessions")

	link := regexp.MustCompile(`href="` + home + `/me/sessions/(ses_[0-9a-z]+)"[^>]*>Safari`).FindStringSubmatch(viewer.get(home + "/me").body)
	if link == nil {
		t.Fatal("the phone's session has no link")
	}
	owner.get(home+"/me/sessions/"+link[1]).want(404, "no such session")
	owner.fill(home+"/people/sessions/"+link[1], nil).leads(home + "/people/sessions?done=ended")
	if got := phone.get(home); got.status != 303 {
		t.Errorf("a session that was ended: %s", got)
	}
	viewer.get(home+"/me/sessions/"+link[1]).want(404, "no such session")

	other := o.back(engine.RoleViewer)
	viewer.press(home+"/me", home+"/me/sessions").leads(home + "/me?done=others")
	if got := other.get(home); got.status != 303 {
		t.Errorf("another session, all others having been ended: %s", got)
	}
	viewer.get(home+"/me").want(200, "This one")
	owner.get(home + "/people/sessions")
}
