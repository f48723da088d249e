package rest_test

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"penstock/httpd/wire/wiretest"
)

// page opens an address as a browser does.
func (s *shop) page(path string, header ...string) (status int, h http.Header, body string) {
	s.t.Helper()
	req, err := http.NewRequest("GET", "http://penstock.test"+path, nil)
	must(s.t, err)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	must(s.t, err)
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	must(s.t, res.Body.Close())
	return res.StatusCode, res.Header, string(raw)
}

const linkBody = `{"amount":1250,"currency":"EUR","customer_id":"ada","payout_link":true,"auto_fulfill":true,"return_url":"https://shop.example/done?x=1"`

// TestPayoutLinkIsPaidByItsPage walks a link from its creation to its end.
func TestPayoutLinkIsPaidByItsPage(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	r := s.do("POST", "/payouts/create", linkBody+`,"payout_link_config":{"test_mode":true,"merchant_name":"Shop</script>","payout_link_id":"my_link"}}`).ok().is("status", "requires_payout_method_data").is("payout_link.payout_link_id", "my_link")
	link := r.str("payout_link.link")
	path, ok := strings.CutPrefix(link, "https://penstock.test")
	if !ok || !strings.HasPrefix(path, "/payout_link/shop/"+r.str("payout_id")) {
		t.Fatalf("link %q", link)
	}
	status, h, body := s.page(path)
	if status != 200 || !strings.HasPrefix(h.Get("Content-Type"), "text/html") || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors *") {
		t.Fatalf("%d %v\n%s", status, h, body)
	}
	_, text, _ := strings.Cut(body, `id="details">`)
	text, _, _ = strings.Cut(text, "</script>")
	var d map[string]any
	must(t, json.Unmarshal([]byte(text), &d))
	if !strings.Contains(body, "Shop&lt;/script&gt; is paying you") || strings.Count(body, "</script>") != 2 {
		t.Errorf("the page is\n%s", body)
	}
	if d["amount"] != "12.50" || d["currency"] != "EUR" || d["payout_link_id"] != "my_link" || d["client_secret"] == r.str("client_secret") || d["merchant_name"] != "Shop</script>" {
		t.Errorf("details %v", d)
	}
	pk := d["publishable_key"].(string)
	send(t, s.client, pk, "POST", "/payouts/"+r.str("payout_id")+"/confirm", `{"client_secret":"payout_link_secret_x","payout_type":"card","payout_method_data":{"card":{"card_number":"4000000000010019","expiry_month":"3","expiry_year":"2030"}}}`).refused(400, "IR_09", "")
	send(t, s.client, pk, "POST", "/payouts/"+r.str("payout_id")+"/confirm", `{"client_secret":"`+d["client_secret"].(string)+`","payout_type":"card","payout_method_data":{"card":{"card_number":"4000000000010019","expiry_month":"3","expiry_year":"2030"}}}`).ok()
	s.run(time.Minute)
	_, _, body = s.page(path)
	if !strings.Contains(body, "The money was sent") || !strings.Contains(body, "https://shop.example/done?payout_id="+r.str("payout_id")+"&amp;status=success&amp;x=1") {
		t.Errorf("afterwards:\n%s", body)
	}
	s.do("POST", "/payouts/create", linkBody+`,"payout_link_config":{"test_mode":true,"payout_link_id":"my_link"}}`).refused(400, "IR_38", "payout link already exists")
	s.do("GET", "/payouts/list", "").ok().is("data.0.payout_link", nil)
}

// TestPayoutLinkExpires ends the payout with its link.
func TestPayoutLinkExpires(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	r := s.do("POST", "/payouts/create", linkBody+`,"session_expiry":60,"payout_link_config":{"test_mode":true}}`).ok()
	path := strings.TrimPrefix(r.str("payout_link.link"), "https://penstock.test")
	s.run(2 * time.Minute)
	s.do("GET", "/payouts/"+r.str("payout_id"), "").ok().is("status", "expired")
	if _, _, body := s.page(path); !strings.Contains(body, "Payout Expired") {
		t.Errorf("an expired link shows\n%s", body)
	}
	s.do("POST", "/payouts/create", linkBody+`,"session_expiry":59,"payout_link_config":{"test_mode":true}}`).refused(422, "IR_06", "session_expiry")
	if status, _, _ := s.page("/payout_link/shop/" + s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR"}`).ok().str("payout_id")); status != 404 {
		t.Errorf("a payout without a link is shown: %d", status)
	}
}

// TestPayoutLinkIsShownToItsDomainsAlone tries who may open the page.
func TestPayoutLinkIsShownToItsDomainsAlone(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	s.do("POST", "/payouts/create", linkBody+`}`).refused(400, "IR_40", "allowed_domains")
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	s.do("POST", "/account/shop/business_profile/"+profile, `{"payout_link_config":{"domain_name":"pay.shop.example","allowed_domains":["*.shop.example","http://local.test:8080"],"theme":"#111111"},"session_expiry":120}`).ok()
	r := s.do("POST", "/payouts/create", linkBody+`}`).ok()
	if !strings.HasPrefix(r.str("payout_link.link"), "https://pay.shop.example/payout_link/shop/") {
		t.Errorf("link %s", r.str("payout_link.link"))
	}
	path := strings.TrimPrefix(r.str("payout_link.link"), "https://pay.shop.example")
	for _, row := range []struct {
		header []string
		status int
	}{
		{[]string{"Sec-Fetch-Dest: iframe", "Origin: https://www.shop.example"}, 200}, {[]string{"Sec-Fetch-Dest: iframe", "Referer: https://a.b.shop.example/page"}, 200}, {[]string{"Sec-Fetch-Dest: iframe", "Origin: http://local.test:8080"}, 200},
		{nil, 403}, {[]string{"Origin: https://www.shop.example"}, 403}, {[]string{"Sec-Fetch-Dest: document", "Origin: https://www.shop.example"}, 403}, {[]string{"Sec-Fetch-Dest: iframe"}, 403},
		{[]string{"Sec-Fetch-Dest: iframe", "Origin: https://shop.example.evil.test"}, 403}, {[]string{"Sec-Fetch-Dest: iframe", "Origin: https://evilshop.example"}, 403}, {[]string{"Sec-Fetch-Dest: iframe", "Origin: http://www.shop.example"}, 403},
	} {
		status, h, body := s.page(path, row.header...)
		if status != row.status {
			t.Errorf("%v: %d, want %d", row.header, status, row.status)
		}
		if status == 200 && !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors https://*.shop.example http://local.test:8080") || status == 403 && !strings.Contains(body, "IR_22") {
			t.Errorf("%v: %v %s", row.header, h, body)
		}
	}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// send posts a page's form with what is typed in it.
func (s *shop) send(page string, typed map[string]string) (status int, h http.Header, body string) {
	s.t.Helper()
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for k, v := range typed {
		form.Set(k, v)
	}
	_, action, _ := strings.Cut(page, `<form method="post" action="`)
	action, _, _ = strings.Cut(action, `"`)
	req, err := http.NewRequest("POST", "http://penstock.test"+action, strings.NewReader(form.Encode()))
	must(s.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := s.client.Do(req)
	must(s.t, err)
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	must(s.t, res.Body.Close())
	return res.StatusCode, res.Header, string(raw)
}

// TestPayoutLinkIsFilledInOnThePage of hosted payouts, by the methods that the
// link names, in its colours, and leads back in this dialect's words.
func TestPayoutLinkIsFilledInOnThePage(t *testing.T) {
	s := newShop(t)
	s.client = wiretest.Client(t, newMuxBeside(t, s.Engine, s.Clock.Now, 0, "/checkin"))
	s.customer("ada")
	config := `,"payout_link_config":{"test_mode":true,"merchant_name":"Nordwind","theme":"#0B6B4F","enabled_payment_methods":[{"payment_method":"bank_transfer","payment_method_types":["sepa"]},{"payment_method":"card","payment_method_types":["debit"]}]}}`
	r := s.do("POST", "/payouts/create", linkBody+config).ok()
	path := strings.TrimPrefix(r.str("payout_link.link"), "https://penstock.test")
	_, _, body := s.page(path)
	if strings.Count(body, "method=") != 2 || !strings.Contains(body, "method=sepa_eur") || !strings.Contains(body, "method=payment_card_eur") || !strings.Contains(body, "/checkin/brand/0b6b4f-") {
		t.Fatalf("the page offers\n%s", body)
	}
	_, at, _ := strings.Cut(body, `<ul class="choices"`)
	_, at, _ = strings.Cut(at, `href="`)
	at, _, _ = strings.Cut(at, `"`)
	_, h, details := s.page(html.UnescapeString(at))
	if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors *") {
		t.Errorf("the next page may stand in %q", h.Get("Content-Security-Policy"))
	}
	status, _, review := s.send(details, map[string]string{"f.iban": "DE89370400440532013000", "f.recipient_name": "Ada Example"})
	if status != 200 || !strings.Contains(review, "Nordwind will send €12.50 to this account") {
		t.Fatalf("%d %s", status, review)
	}
	if status, _, body := s.send(review, map[string]string{"step": "confirm"}); status != 303 {
		t.Fatalf("%d %s", status, body)
	}
	s.run(time.Minute)
	s.do("GET", "/payouts/"+r.str("payout_id"), "").ok().is("status", "success").is("payout_type", "bank")
	if _, _, body := s.page(path); !strings.Contains(body, "https://shop.example/done?payout_id="+r.str("payout_id")+"&amp;status=success&amp;x=1") || strings.Contains(body, `id="details"`) {
		t.Errorf("afterwards:\n%s", body)
	}
}
