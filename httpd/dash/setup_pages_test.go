package dash_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"penstock/engine"
)

func TestAKeyIsMadeShownOnceAndRevoked(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleDeveloper)
	p.get(home+"/keys").want(200, "There is none in this mode")
	p.fill(home+"/keys/new", map[string]string{"name": "backend"}).want(422, "at least one part of the API")
	p.fill(home+"/keys/new", map[string]string{"right.payouts": "yes", "allow": "no address"}).want(422, "Addresses, or ranges")
	p.fill(home+"/keys/new", map[string]string{"right.payouts": "yes", "days": "0"}).want(422, "1 to 3650 days")
	got := p.fill(home+"/keys/new", map[string]string{"name": "backend", "right.payouts": "yes", "right.webhooks": "yes", "allow": "192.0.2.0/24, 127.0.0.1", "days": "30"}).want(200, "It is not shown again")
	secret := regexp.MustCompile(`snd_[0-9A-Za-z]{64}`).FindString(got.body)
	if secret == "" {
		t.Fatalf("no key: %s", got)
	}
	list := p.get(home+"/keys").want(200, "backend").want(200, "payouts, webhooks").want(200, "192.0.2.0/24, 127.0.0.1")
	if strings.Contains(list.body, secret) {
		t.Error("the key is shown again")
	}
	keys, err := o.Engine.Keys(o.Ctx, "shop")
	must(t, err)
	for _, k := range keys {
		if k.Publishable {
			continue
		}
		p.get("/dashboard/live/shop/keys/"+k.ID).want(404, "")
		p.fill(home+"/keys/"+k.ID+"/revoke", nil).want(303, "")
	}
	p.get(home+"/keys").want(200, "Revoked")
	o.hired(engine.RoleViewer).get(home+"/keys/new").want(403, "")
	p.get(home+"/activity").want(200, "key.")
}

func TestReceiversAreManagedAndTheirSignaturesChecked(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	p.fill(home+"/webhooks/endpoints/new", map[string]string{"url": "https://shop.example/hook", "profile": "morse"}).want(422, "Choose one")
	p.fill(home+"/webhooks/endpoints/new", map[string]string{"url": "https://shop.example/hooks?token=t0ps3cret", "profile": "rest", "types": "payout_paid"}).want(200, "It is not shown again")
	if got := p.get(home+"/webhooks/endpoints").want(200, "https://shop.example/hooks"); strings.Contains(got.body, "t0ps3cret") || strings.Contains(got.body, "whsec_") {
		t.Error("a secret is shown again")
	}
	o.ask("success", 1250, nil)
	o.run(time.Minute)
	at := home + "/webhooks/deliveries/" + o.latestDelivery()
	got := p.get(at).want(200, "webhook-signature: v1,").want(200, "Send again")
	line := func(name string) string {
		return regexp.MustCompile(name + `: ([^<\s]+)`).FindStringSubmatch(strings.ReplaceAll(got.body, "&#43;", "+"))[1]
	}
	all, err := o.Engine.Endpoints(o.Ctx, onServer("shop"))
	must(t, err)
	form := map[string]string{"endpoint": all[0].ID, "id": line("webhook-id"), "timestamp": line("webhook-timestamp"), "signature": line("webhook-signature"), "body": "{}"}
	p.fill(home+"/webhooks/check", form).want(200, "The signature is right")
	form["body"] = `{"amount":1}`
	p.fill(home+"/webhooks/check", form).want(422, "The signature is not right")
	form["signature"] = "nonsense"
	p.fill(home+"/webhooks/check", form).want(422, "")
	p.press(at, at+"/resend").want(303, "")
	o.run(time.Minute)
	p.get(at).want(200, "Manual retry")
	p.fill(home+"/webhooks/resend", map[string]string{"from": "2026-01-05T07:30", "to": "2026-01-05T09:30"}).want(200, "1 webhook is sent again")
	p.fill(home+"/webhooks/resend", map[string]string{"from": "2026-01-05T07:30", "to": "2026-01-05T07:31"}).want(422, "one hour to two days")
	p.fill(home+"/webhooks/resend", map[string]string{"from": "yesterday", "to": "2026-01-05T07:31"}).want(422, "A moment is written")
	p.get(home+"/webhooks?state=exhausted").want(200, "Nothing fits")
	p.fill(home+"/webhooks/endpoints/"+all[0].ID+"/remove", nil).want(303, "")
	p.get(home+"/webhooks/endpoints").want(200, "Removed")
	viewer := o.hired(engine.RoleViewer)
	if got := viewer.get(at); strings.Contains(got.body, "webhook-signature") {
		t.Error("a viewer sees a message")
	}
	p.get("/dashboard/live/shop/webhooks/deliveries/"+o.latestDelivery()).want(404, "")
	o.run(time.Minute)
}

func TestAProviderIsConnectedAndCalled(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleDeveloper)
	p.get(home+"/directory").want(200, "Stripe")
	p.get(home+"/directory/providers/stripe").want(200, "Signing secret")
	p.get(home+"/directory/providers/nobody").want(404, "")
	p.get(home+"/directory/services?currency=EUR&q=sepa").want(200, "sepa_eur")
	p.get(home+"/directory/services/sepa_eur").want(200, "IBAN")
	p.fill(home+"/connect/sandbox", map[string]string{"label": "", "base_url": ""}).want(422, "Give it a name")
	p.fill(home+"/connect/sandbox", map[string]string{"label": "x", "base_url": "https://user:pass@host/"}).want(422, "no user, query")
	got := p.fill(home+"/connect/sandbox", map[string]string{"label": "Second one", "beside": "yes"})
	got.want(303, "")
	at := strings.TrimSuffix(got.header.Get("Location"), "?done=connected")
	p.get(got.header.Get("Location")).want(200, "Connected.").want(200, "Deposit account")
	p.press(at, at+"/call").want(200, "The provider answered within")
	p.get(home+"/activity").want(200, "provider_account.call")
	o.hired(engine.RoleViewer).get(home+"/connect/sandbox").want(403, "")
}

func TestRatesAreArranged(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	p.fill(home+"/rates/new", map[string]string{"name": "", "fallback": "yes"}).want(422, "Give it a name")
	made := p.fill(home+"/rates/new", map[string]string{"name": "Marketplace", "fallback": "yes"})
	made.want(303, "")
	at := strings.TrimSuffix(made.header.Get("Location"), "?done=saved")
	rule := map[string]string{"base": "EUR", "quote": "USD", "resource": "fixed", "kind": "fixed", "fixed": "1.0842", "inverse": "no"}
	send := func(fields map[string]string) page { return p.post(at+"/rules", fields) }
	send(rule).want(303, "")
	p.get(at).want(200, "EUR to USD").want(200, "1.0842")
	for field, value := range map[string]string{"base": "QQQ", "quote": "EUR", "fixed": "-1", "fee_rate": "abc", "kind": "ask"} {
		bad := map[string]string{}
		for k, v := range rule {
			bad[k] = v
		}
		bad[field] = value
		send(bad).want(422, "")
	}
	rule["fixed"] = "1.10"
	send(rule).want(303, "")
	if got := p.get(at).want(200, "1.1"); strings.Contains(got.words(), "1.0842") {
		t.Error("two rules for one pair")
	}
	p.fill(at+"/delete", nil).want(303, "")
	p.get(at).want(404, "")
}

func TestTheMerchantsSettingsAndTheSystemAreShown(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	p.get(home+"/settings").want(200, "Nordwind Outdoor")
	p.post(home+"/settings", map[string]string{"name": "Nordwind"}).want(303, "")
	p.get(home+"/settings").want(200, "Nordwind")
	p.post(home+"/settings/merchants", map[string]string{"id": "second", "merchant_name": "Second"}).leads("/dashboard/test/second/settings?done=merchant")
	p.post(home+"/settings/merchants", map[string]string{"id": "second"}).want(409, "")
	p.post(home+"/settings/merchants", map[string]string{"id": "a b"}).want(422, "letters")
	p.post(home+"/settings/secret", nil).want(200, "ok_test_")
	p.get(home+"/activity").want(200, "callback_secret.reveal")
	p.get(home+"/system").want(200, "1.2.3").want(200, "Backups")
	o.hired(engine.RoleViewer).post(home+"/settings/secret", nil).want(403, "")
}
