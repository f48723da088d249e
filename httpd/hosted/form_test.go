package hosted_test

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/httpd/browsertest"
)

// TestAMerchantsOwnForm does without our page, from a browser of an origin
// that the token names, and from no other.
func TestAMerchantsOwnForm(t *testing.T) {
	s := newShop(t)
	token, _ := s.newToken("shop", engine.TokenSettings{Origins: []string{"https://shop.example"}}, engine.Payouts)
	id, page := s.pay(eur10, "Authorization: Bearer "+token)
	_, k, _ := strings.Cut(page, "?")
	at, from := "/api/payoutform/"+id+"?"+k, "Origin: https://shop.example"
	r := s.get(at, from).is(200)
	if r.header.Get("Access-Control-Allow-Origin") != "https://shop.example" || r.str("amount") != "10.00" || r.str("state") != "open" || !strings.Contains(r.body, `"code":"sepa_eur"`) {
		t.Errorf("the form is %v %s", r.header, r.body)
	}
	if h := s.do("OPTIONS", "/api/payoutform/"+id+"/submit?"+k, "", "Authorization: ", from).is(204).header; h.Get("Access-Control-Allow-Methods") == "" || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("the preflight says %v", h)
	}
	s.get(at, "Origin: https://evil.example").refused(403, "origin_not_allowed")
	s.get("/api/payoutform/"+id+"?k=x", from).refused(404, "not_found")
	submit := func(body string, header ...string) reply {
		return s.do("POST", "/api/payoutform/"+id+"/submit?"+k, body, append([]string{"Authorization: ", from}, header...)...)
	}
	good := fmt.Sprintf(`{"method":"sepa_eur","confirmed":true,"fields":{"iban":%q,"recipient_name":"Ada Example"}}`, iban(t, "success"))
	submit(strings.Replace(good, "true", "false", 1)).refused(422, "validation_failed", "#/confirmed")
	submit(strings.Replace(good, "sepa_eur", "payment_card_eur", 1)).refused(422, "validation_failed", "#/method")
	bad := submit(`{"method":"sepa_eur","confirmed":true,"fields":{"iban":"DE89370400440532013001"}}`).refused(422, "validation_failed", "#/fields/iban", "#/fields/recipient_name")
	if strings.Contains(bad.body, "DE89") {
		t.Errorf("the refusal shows the account: %s", bad.body)
	}
	submit(good, "Origin: https://evil.example").refused(403, "origin_not_allowed")
	if r := submit(good).is(200); r.str("state") != "processing" || strings.Contains(r.body, "methods\":[{") {
		t.Errorf("taken, it says %s", r.body)
	}
	submit(good).is(200) // once more: it was taken
	s.run(time.Minute)
	if got := s.do("GET", "/api/payments/"+id, "").is(200); got.str("status") != "succeeded" {
		t.Errorf("the payment is %s", got.body)
	}
}

// TestAPageInAFrame: a page of an origin that the token names may hold ours,
// and hears what happens and nothing of the account. No other page may.
func TestAPageInAFrame(t *testing.T) {
	s := newShop(t)
	var src string
	var ports [2]string
	for i := range ports {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		ports[i] = fmt.Sprint(ln.Addr().(*net.TCPAddr).Port)
		srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<!doctype html><title>shop</title><main>the shop's own page</main><script>window.heard = []; addEventListener("message", e => heard.push({from: e.origin, ...e.data}))</script><iframe src=%q width=400 height=900></iframe>`, src)
		})}
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(ln) }()
		t.Cleanup(func() { must(t, srv.Close()); <-ended })
	}
	shopOrigin, evil := "http://localhost:"+ports[0], "http://localhost:"+ports[1]
	token, _ := s.newToken("shop", engine.TokenSettings{Origins: []string{shopOrigin}}, engine.Payouts)
	id, page := s.pay(eur10, "Authorization: Bearer "+token)
	b := openBrowser(t, s)
	b.Expected = "frame-ancestors"
	src = b.Base + page + "&method=sepa_eur&origin=" + shopOrigin
	h := s.get(page).header
	if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors "+shopOrigin) || h.Values("X-Frame-Options") != nil {
		t.Errorf("the headers of a page that may stand in a frame are %v", h)
	}
	b.Go(shopOrigin)
	b.Until(`["ready", "resize"].every(type => heard.some(m => m.type === type))`)
	heard := browsertest.Result[string](b, `JSON.stringify(heard)`)
	if !strings.Contains(heard, `"from":"`+b.Base+`"`) || !strings.Contains(heard, `"paymentId":"`+id+`"`) || !strings.Contains(heard, `"source":"payoutform"`) {
		t.Errorf("the page around hears %s", heard)
	}
	s.confirm(page, s.fill(page, iban(t, "success"))).is(303)
	src = b.Base + page + "&origin=" + shopOrigin
	back := s.get(page + "&origin=" + url.QueryEscape(shopOrigin)).is(200).body
	if !strings.Contains(back, `target="_top" data-close`) {
		t.Errorf("the way back stays in the frame: %s", back)
	}
	b.Go(evil)
	b.Until(`document.readyState === "complete" && document.querySelector("iframe") !== null`)
	if got := browsertest.Result[string](b, `JSON.stringify(heard)`); got != "[]" {
		t.Errorf("a foreign page hears %s", got)
	}
}
