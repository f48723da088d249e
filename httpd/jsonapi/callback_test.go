package jsonapi_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// xsignature is the original's: over the secret, the body and the secret.
func xsignature(secret string, body []byte) string {
	sum := sha1.Sum([]byte(secret + string(body) + secret))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// TestTheOriginalsSignatureVector holds this file's own reckoning to what was
// published.
func TestTheOriginalsSignatureVector(t *testing.T) {
	if got := xsignature("ok_test_demo", []byte(`{"data":{"type":"payout-requests","id":"porq_0123456789abcdef"}}`)); got != "Q4jJfUdZMWpgFYDt/s7Pu97Izr0=" {
		t.Errorf("got %s", got)
	}
}

// TestCallbacksTellTheResourceAsItIsShown follows one request to its end: the
// body, its two signatures, once each.
func TestCallbacksTellTheResourceAsItIsShown(t *testing.T) {
	s := newShop(t)
	point := s.do("POST", points, doc("payout-points", `{"name":"x","currencies":["USD"],"callback_url":"https://shop.example/hook"}`)).created().str("data.id")
	secret := s.do("GET", "/v1/organization/callback-secret", "").ok().str("data.attributes.secret")
	if !strings.HasPrefix(secret, "ok_test_") {
		t.Errorf("secret %q", secret)
	}
	self := s.request(point, "").created().str("data.links.self")
	s.run(time.Minute)
	if len(s.Receiver.Got) == 0 {
		t.Fatal("nobody was told")
	}
	var statuses []string
	for _, m := range s.Receiver.Got {
		if m.Host != "shop.example" || m.Header.Get("X-Signature") != xsignature(secret, m.Body) || m.Header.Get("Webhook-Signature") == "" || m.Header.Get("Webhook-Id") == "" {
			t.Errorf("to %s with %v: %s", m.Host, m.Header, m.Body)
		}
		var b struct {
			Data struct {
				Attributes struct{ Status string }
			}
		}
		must(t, json.Unmarshal(m.Body, &b))
		statuses = append(statuses, b.Data.Attributes.Status)
		if err := s.judge.Reply("GET", self, 200, media, m.Body); err != nil {
			t.Errorf("a callback is not as the resource is described: %v", err)
		}
	}
	if statuses[len(statuses)-1] != "PROCESSED" {
		t.Errorf("told of %v", statuses)
	}
	shown := s.do("GET", self, "").ok()
	if last := s.Receiver.Got[len(s.Receiver.Got)-1]; string(last.Body) != shown.body {
		t.Errorf("the last callback\n%s\nis not what is shown\n%s", last.Body, shown.body)
	}
	list := s.do("GET", self+"/callbacks?sort=created", "").ok()
	if len(list.ids()) != len(statuses) {
		t.Errorf("%d are listed, %d were sent: %s", len(list.ids()), len(statuses), list.body)
	}
	list.has("data.0.attributes.status", "done").has("data.0.attributes.url", "https://shop.example/hook").has("data.0.attributes.attempts.0.response_code", 200)

	sent := len(s.Receiver.Got)
	cb := self + "/callbacks/" + list.ids()[0] + "/resend"
	s.do("POST", cb, "").ok()
	s.run(time.Second)
	s.do("POST", cb, doc("callbacks", `{"url":"https://other.example/x"}`)).ok()
	s.run(time.Second)
	if got := s.Receiver.Got[sent:]; len(got) != 2 || got[1].Host != "other.example" || string(got[0].Body) != string(s.Receiver.Got[0].Body) {
		t.Errorf("%d sent again", len(got))
	}
	s.do("POST", self+"/callbacks/dlv_00000000000000000000000000/resend", "").refused(404, "not_found", "")
	other := s.request(point, "").created().str("data.links.self")
	s.do("POST", other+"/callbacks/"+list.ids()[0]+"/resend", "").refused(404, "not_found", "")
	s.run(time.Minute)

	now := s.Clock.Now().Unix()
	sent = len(s.Receiver.Got)
	n := s.do("POST", "/v1/payout-gateway/callbacks/resend", doc("callbacks", fmt.Sprintf(`{"from":%d,"to":%d}`, now-3600, now))).ok().at("meta.changed").(float64)
	s.run(time.Minute)
	if got := len(s.Receiver.Got) - sent; float64(got) != n || n < 4 {
		t.Errorf("%v of the period, %d sent", n, got)
	}
	for attributes, at := range map[string]string{
		`{"to":1}`: "field_missing from", `{"from":1}`: "field_missing to", `{"from":1,"to":3600}`: "field_invalid to", `{"from":1,"to":172803}`: "field_invalid to", `{"from":5,"to":1}`: "field_invalid to", `{"from":"x","to":1}`: "field_invalid from",
	} {
		code, field, _ := strings.Cut(at, " ")
		s.do("POST", "/v1/payout-gateway/callbacks/resend", doc("callbacks", attributes)).refused(422, code, "/data/attributes/"+field)
	}
}

func TestOnlyFinalCallbacksAreSentWhereThePointSaysSo(t *testing.T) {
	s := newShop(t)
	point := s.do("POST", points, doc("payout-points", `{"name":"x","currencies":["USD"],"callback_url":"https://shop.example/hook","only_final_callbacks":true,"expose_internal_data":true}`)).created().str("data.id")
	s.do("POST", requests, doc("payout-request", fmt.Sprintf(`{"point_id":%q,"point_currency":"USD","point_amount":1,"service":"test_usd","fields":{"account":"declined"},"callback_url":"https://own.example/hook"}`, point))).created()
	s.run(time.Minute)
	if len(s.Receiver.Got) != 1 {
		t.Fatalf("%d callbacks, want the end alone", len(s.Receiver.Got))
	}
	m := s.Receiver.Got[0]
	if m.Host != "own.example" || !strings.Contains(string(m.Body), `"status":"FAILED"`) || !strings.Contains(string(m.Body), `"resolution":"DECLINED_ERROR","payload"`) && !strings.Contains(string(m.Body), `"provider_code"`) {
		t.Errorf("to %s: %s", m.Host, m.Body)
	}
}
