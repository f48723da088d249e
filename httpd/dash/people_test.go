package dash_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"penstock/engine"
)

func TestSomebodyIsInvited(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleAdministrator)
	p.fill(home+"/people/invite", map[string]string{"email": "nobody", "role": "viewer"}).want(422, "an e-mail address has an @"[1:])
	p.fill(home+"/people/invite", map[string]string{"email": "bob@example.com", "role": "king"}).want(422, "role is owner")
	p.fill(home+"/people/invite", map[string]string{"email": "bob@example.com", "role": "owner"}).want(403, "Your role doesn't allow this")
	got := p.fill(home+"/people/invite", map[string]string{"email": "bob@example.com", "role": "viewer"}).want(200, "It is not shown again")
	link := regexp.MustCompile(`https://pay\.example(/setup/[A-Za-z0-9]{40})`).FindStringSubmatch(got.body)
	if link == nil {
		t.Fatalf("no link: %s", got)
	}
	o.Clock.Advance(10 * time.Hour)
	bob := o.stranger()
	bob.fill(link[1], map[string]string{"name": "Bob", "password": password}).leads("/dashboard")
	bob.get(home+"/people").want(200, "bob@example.com").want(200, "Viewer")
}

func TestRolesAreGivenAndTaken(t *testing.T) {
	o := newOffice(t)
	owner, viewer := o.hired(engine.RoleOwner), o.hired(engine.RoleViewer)
	id := regexp.MustCompile(`/people/(opr_[0-9a-z]{26})">The viewer`).FindStringSubmatch(owner.get(home + "/people").body)
	if id == nil {
		t.Fatal("the viewer is not in the list")
	}
	at := home + "/people/" + id[1]
	viewer.get(at).want(403, "Your role doesn't allow this")
	owner.fill(at, map[string]string{"role": "manager", "state": "in"}).leads(home + "/people?done=saved")
	viewer.get(home+"/people").want(200, "Manager")
	owner.fill(at, map[string]string{"role": "manager", "state": "out"}).leads(home + "/people?done=saved")
	if got := viewer.get(home); got.status != 303 || !strings.HasPrefix(got.header.Get("Location"), "/dashboard/login") {
		t.Errorf("one who was disabled sees %s", got)
	}
	self := regexp.MustCompile(`/people/(opr_[0-9a-z]{26})">The owner`).FindStringSubmatch(owner.get(home + "/people").body)
	owner.fill(home+"/people/"+self[1], map[string]string{"role": "viewer", "state": "in"}).want(409, "this is the only owner"[1:])
	owner.get(home+"/people/opr_nobody").want(404, "nobody of this id")
}

func TestWebhooksAreListed(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleViewer)
	p.get(home+"/webhooks").want(200, "No webhook yet")
	_, err := o.Engine.AddEndpoint(o.Ctx, onServer("shop"), "https://shop.example/hooks", "rest", nil)
	must(t, err)
	o.ask("success", 1250, func(n *engine.NewRequest) { n.Ref = "invoice-77" })
	o.run(time.Minute)
	got := p.get(home+"/webhooks").want(200, "payout_paid").want(200, "Delivered").want(200, "https://shop.example/hooks")
	if to := home + "/webhooks/deliveries/" + o.latestDelivery(); !strings.Contains(got.body, to) {
		t.Errorf("no link to %s", to)
	}
	p.get("/dashboard/live/shop/webhooks").want(200, "No webhook yet")
}
