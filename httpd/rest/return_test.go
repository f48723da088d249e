package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector/sandbox"
)

// visit opens an address as a browser does, and follows nothing.
func (s *shop) visit(address string) (status int, to, body string) {
	s.t.Helper()
	req, err := http.NewRequest("GET", strings.Replace(address, "https://", "http://", 1), nil)
	must(s.t, err)
	res, err := s.client.Transport.RoundTrip(req)
	must(s.t, err)
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	must(s.t, res.Body.Close())
	return res.StatusCode, res.Header.Get("Location"), string(raw)
}

// TestPayerGoesToTheirBankAndBack: a card whose bank asks its holder, or a
// merchant who wants them asked, makes a payment wait with the address where
// the payer goes on; what they say there is what comes of it.
func TestPayerGoesToTheirBankAndBack(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	pay := func(fields string) reply {
		return s.do("POST", "/payments", `{"amount":6540,"currency":"USD","confirm":true,"customer_id":"ada","return_url":"https://shop.example/done?a=b",`+fields+`}`).ok()
	}
	challenged := strings.Replace(ada2030, "4242424242424242", "4000002500003155", 1)
	r := pay(challenged+`,"setup_future_usage":"on_session",`+agreed).is("status", "requires_customer_action").is("next_action.type", "redirect_to_url").is("amount_received", 0).is("payment_method_id", nil)
	id, next := r.str("payment_id"), r.str("next_action.redirect_to_url")
	if !strings.HasPrefix(next, "https://penstock.test/payments/redirect/shop/") || strings.Contains(next, "_secret_") {
		t.Fatalf("next is %q", next)
	}
	s.do("POST", "/payments/"+id, `{"amount":5}`).refused(400, "IR_14", "requires_customer_action")
	s.do("POST", "/payments/"+id+"/capture", `{}`).refused(400, "IR_14", "requires_customer_action")
	s.run(time.Hour)
	s.do("GET", "/payments/"+id, "").ok().is("status", "requires_customer_action").is("next_action.redirect_to_url", next)

	status, _, body := s.visit(next)
	if status != 200 || !strings.Contains(body, "USD 65.40") || !strings.Contains(body, "?challenge=granted") {
		t.Errorf("the bank's page: %d %s", status, body)
	}
	back := strings.TrimSuffix(next, "?challenge=ask")
	if status, _, body := s.visit(back); status != 200 || !strings.Contains(body, "Your bank is waiting") {
		t.Errorf("back too early: %d %s", status, body)
	}
	cut := strings.LastIndexByte(back, '/')
	for _, bad := range []string{back[:cut+1] + "AAAAAAAAAAAAAAAAAAAA", strings.Replace(back, "/shop/", "/nobody/", 1)} {
		if status, _, body := s.visit(bad + "?challenge=granted"); status != 404 || !strings.Contains(body, "HE_02") {
			t.Errorf("%s: %d %s", bad, status, body)
		}
	}
	if status, to, _ := s.visit(back + "?challenge=granted"); status != 303 || to != "https://shop.example/done?a=b&payment_id="+id+"&status=succeeded" {
		t.Errorf("back: %d %q", status, to)
	}
	s.do("GET", "/payments/"+id, "").ok().is("status", "succeeded").is("next_action", nil).is("amount_received", 6540)
	if pm := s.do("GET", "/payments/"+id, "").str("payment_method_id"); pm == "" {
		t.Error("the card was not saved")
	}
	if status, to, _ := s.visit(back + "?challenge=refused"); status != 303 || !strings.HasSuffix(to, "status=succeeded") {
		t.Errorf("back again: %d %q", status, to)
	}

	r = pay(ada2030+`,"authentication_type":"three_ds","capture_method":"manual"`).is("status", "requires_customer_action").is("authentication_type", "three_ds")
	back = strings.TrimSuffix(r.str("next_action.redirect_to_url"), "?challenge=ask")
	s.visit(back + "?challenge=granted")
	s.do("GET", "/payments/"+r.str("payment_id"), "").ok().is("status", "requires_capture").is("amount_capturable", 6540)
	r = pay(challenged)
	s.visit(strings.TrimSuffix(r.str("next_action.redirect_to_url"), "?challenge=ask") + "?challenge=refused")
	s.do("GET", "/payments/"+r.str("payment_id"), "").ok().is("status", "failed").is("error_code", "authentication_failed").is("amount_received", 0)
	for _, number := range sandbox.ChallengeCards() {
		pay(strings.Replace(ada2030, "4242424242424242", number, 1)).is("status", "requires_customer_action")
	}
	s.do("POST", "/payments", `{"amount":1,"currency":"USD","authentication_type":"maybe"}`).refused(400, "IR_06", "unknown variant `maybe`")
}

// TestPaymentsAreTold: a profile is told of its payments, once for each status
// that it chose, under its signature's rules, and finds them among its events.
func TestPaymentsAreTold(t *testing.T) {
	s := newShop(t)
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	choose := func(fields string) {
		s.do("POST", "/account/shop/business_profile/"+profile, `{"payment_response_hash_key":"k","webhook_details":{"webhook_url":"https://shop.example/hooks"`+fields+`}}`).ok()
	}
	pay := func(id, card string) {
		s.do("POST", "/payments", `{"payment_id":"`+id+`","amount":100,"currency":"EUR","confirm":true,`+strings.Replace(ada2030, "4242424242424242", card, 1)+`}`).ok()
		s.run(time.Minute)
	}
	told := func() string {
		var out []string
		for _, m := range s.Receiver.Got {
			var body struct {
				Type    string `json:"event_type"`
				Content struct {
					Type   string
					Object struct {
						ID     string `json:"payment_id"`
						Status string
					}
				}
			}
			must(t, json.Unmarshal(m.Body, &body))
			if body.Content.Type != "payment_details" || m.Header.Get("X-Webhook-Signature-512") == "" || strings.Contains(string(m.Body), "4242424242424242") {
				t.Errorf("%s", m.Body)
			}
			out = append(out, fmt.Sprintf("%s:%s:%s", body.Type, body.Content.Object.ID, body.Content.Object.Status))
		}
		s.Receiver.Got = nil
		return strings.Join(out, " ")
	}
	choose("")
	pay("p1", "4242424242424242")
	if got := told(); got != "payment_succeeded:p1:succeeded" {
		t.Errorf("all: %s", got)
	}
	choose(`,"payment_statuses_enabled":["failed"]`)
	pay("p2", "4242424242424242")
	pay("p3", "4000000000000002")
	if got := told(); got != "payment_failed:p3:failed" {
		t.Errorf("chosen: %s", got)
	}
	choose(`,"payment_statuses_enabled":["succeeded","failed"],"payment_succeeded_enabled":false`)
	pay("p4", "4242424242424242")
	choose(`,"payout_statuses_enabled":["success"],"payment_statuses_enabled":[]`)
	pay("p5", "4242424242424242")
	if got := told(); got != "" {
		t.Errorf("none: %s", got)
	}
	list := s.admin("POST", "/events/shop", `{"object_id":"p3"}`).ok().is("total_count", 1).is("events.0.event_type", "payment_failed").is("events.0.event_class", "payments").is("events.0.is_delivery_successful", true)
	s.admin("POST", "/events/shop/"+list.str("events.0.event_id")+"/retry", "").ok().is("object_id", "p3")
}
