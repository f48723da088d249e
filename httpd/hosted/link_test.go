package hosted_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"penstock/engine"
)

// TestALookUsesNothingUp: mail scanners and previews look at links before
// people do, as often as they like.
func TestALookUsesNothingUp(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	before := s.do("GET", "/api/payments/"+id, "").is(200).body
	for range 20 {
		s.get(page).is(200)
		s.get(page+"&method=sepa_eur", "Sec-Purpose: prefetch").is(200)
		if r := s.do("HEAD", page, "", "Authorization: "); r.status != 200 || r.body != "" {
			t.Fatalf("HEAD answers %d", r.status)
		}
		s.get(strings.Replace(page, "?", "/status?", 1)).is(200)
	}
	review := s.fill(page, iban(t, "success")) // nor does what is typed and not confirmed
	if after := s.do("GET", "/api/payments/"+id, "").is(200).body; after != before {
		t.Errorf("looking has changed %s to %s", before, after)
	}
	s.confirm(page, review).is(303)
}

func TestAWrongLinkAndAnUnknownPaymentGetOneAnswer(t *testing.T) {
	s := newShop(t)
	_, page := s.pay(eur10)
	_, other := s.pay(with("externalId", `"x"`))
	path, k, _ := strings.Cut(page, "?k=")
	_, otherK, _ := strings.Cut(other, "?k=")
	flip := func(at int) string { b := []byte(k); b[at] ^= 1; return string(b) }
	want := ""
	for name, at := range map[string]string{
		"no k": path, "an empty k": path + "?k=", "of another payment": path + "?k=" + otherK, "another mac": path + "?k=" + flip(3), "another mode": path + "?k=" + flip(27), "another merchant": path + "?k=" + flip(len(k)-2),
		"longer": path + "?k=" + k + "AAAA", "not base64": path + "?k=%00%ff", "unknown id": "/checkin/pay_00000000000000000000000000?k=" + k, "no id": "/checkin/pay_?k=" + k, "odd id": "/checkin/x?k=" + k,
	} {
		r := s.get(at, "X-Request-Id: same-for-all")
		if r.status != 404 {
			t.Errorf("%s: status %d, want 404", name, r.status)
		}
		if want == "" {
			want = r.body
		}
		if r.body != want {
			t.Errorf("%s: the page differs from that of other wrong links", name)
		}
	}
}

func TestALinkIsReplacedAndRevoked(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	review := s.fill(page, iban(t, "success"))
	fresh := s.do("POST", "/api/payments/"+id+"/link", "").is(200).str("url")
	next := strings.TrimPrefix(fresh, publicURL)
	if next == page {
		t.Fatal("the new link is the old one")
	}
	s.get(page).is(404)
	if r := s.confirm(page, review); r.status != 404 {
		t.Errorf("what was typed under the old link is taken: %d", r.status)
	}
	s.get(next).is(200)
	if u := s.do("GET", "/api/payments/"+id, "").is(200).str("url"); u != fresh {
		t.Errorf("GET shows %q", u)
	}
	if r := s.do("DELETE", "/api/payments/"+id+"/link", "").is(200); r.json["url"] != nil {
		t.Errorf("a revoked link is shown: %s", r.body)
	}
	s.get(next).is(404)
}

func TestALinkExpiresAndThePaymentFails(t *testing.T) {
	s := newShop(t)
	short, _ := s.newToken("shop", engine.TokenSettings{LinkTTL: time.Hour}, engine.Payouts)
	id, page := s.pay(strings.Replace(eur10, "{", `{"webhookUrl":"https://merchant.example/hook",`, 1), "Authorization: Bearer "+short)
	review := s.fill(page, iban(t, "success"))
	s.run(time.Hour + time.Second)
	if r := s.confirm(page, review).is(303); r.header.Get("Location") == "" {
		t.Error("it leads nowhere")
	}
	if r := s.get(page).is(200); !strings.Contains(r.body, "This link has expired") {
		t.Error("the page doesn't say that the link has expired")
	}
	got := s.do("GET", "/api/payments/"+id, "").is(200)
	if got.str("status") != "failed" || got.str("failureReason") != "expired" {
		t.Errorf("the payment is %s", got.body)
	}
	if len(s.Receiver.Got) != 1 {
		t.Errorf("%d webhooks told of it, want 1", len(s.Receiver.Got))
	}
	s.run(31 * 24 * time.Hour)
	s.get(page).is(410)
}

// TestManySubmissionsAreOnePayout: a thousand people confirm at one time, each
// with details of their own.
func TestManySubmissionsAreOnePayout(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	review := [2]reply{s.fill(page, iban(t, "success")), s.fill(page, "DE89370400440532013000")}
	var taken, often atomic.Int64
	var all sync.WaitGroup
	slots := make(chan struct{}, 64)
	for i := range 1000 {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			form := formOf(review[i%2])
			form.Set("step", "confirm")
			switch r := s.post(page, form); r.status {
			case http.StatusSeeOther:
				taken.Add(1)
			case http.StatusTooManyRequests:
				often.Add(1)
			default:
				t.Errorf("status %d: %s", r.status, r.body)
			}
		})
	}
	all.Wait()
	s.run(time.Minute)
	v, err := s.Engine.RequestByID(s.Ctx, operator("shop", engine.Test), strings.TrimPrefix(id, "pay_"))
	must(t, err)
	if len(v.Payouts) != 1 || taken.Load() == 0 {
		t.Errorf("%d payouts, %d were taken, %d were too many", len(v.Payouts), taken.Load(), often.Load())
	}
	book, err := s.Provider.Ledger()
	must(t, err)
	if len(book) != 1 {
		t.Errorf("the provider has %d transfers, want 1", len(book))
	}
}

func TestAFormIsNotSentForever(t *testing.T) {
	s := newShop(t)
	_, page := s.pay(eur10)
	form := formOf(s.get(page + "&method=sepa_eur"))
	for i := range 10 {
		if r := s.post(page, form); r.status != 422 {
			t.Fatalf("send %d: %d", i, r.status)
		}
	}
	r := s.post(page, form).is(429)
	if r.header.Get("Retry-After") == "" || !strings.Contains(r.body, "Please wait a moment") {
		t.Errorf("too often says %s", r.body)
	}
	s.Clock.Advance(time.Minute)
	if r := s.post(page, form); r.status != 422 {
		t.Errorf("a minute later: %d", r.status)
	}
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	form := formOf(s.fill(page, iban(t, "success")))
	form.Set("step", "confirm")
	for _, h := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"} {
		s.post(page, form, h).is(403)
	}
	s.post(page, form, "Sec-Fetch-Site: ", "Origin: https://evil.example").is(403)
	if got := s.do("GET", "/api/payments/"+id, "").is(200); got.str("updatedAt") != got.str("createdAt") {
		t.Errorf("it has changed the payment: %s", got.body)
	}
}
