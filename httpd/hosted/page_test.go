package hosted_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

func catalogueOf(t testing.TB, lang string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("lang/" + lang + ".json")
	must(t, err)
	var c map[string]string
	must(t, json.Unmarshal(raw, &c))
	return c
}

// TestThePagesHeaders are the contract's, each to the letter.
func TestThePagesHeaders(t *testing.T) {
	s := newShop(t)
	_, page := s.pay(eur10)
	for _, at := range []string{page, "/checkin/pay_00000000000000000000000000?k=x"} {
		h := s.get(at).header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
			"X-Frame-Options":         "DENY", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Strict-Transport-Security": "max-age=63072000",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()", "X-Robots-Tag": "noindex",
		} {
			if got := h.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if h.Get("Set-Cookie") != "" {
			t.Error("the page sets a cookie")
		}
	}
}

var referenced = regexp.MustCompile(`(?:src|href)="(/checkin/(?:assets|brand)/[^"]+)"`)

// TestThePageWeighsLittle counts everything that a browser loads for it.
func TestThePageWeighsLittle(t *testing.T) {
	s := newShop(t)
	_, page := s.pay(eur10)
	r := s.get(page + "&method=sepa_eur").is(200)
	all := []string{r.body}
	for _, m := range referenced.FindAllStringSubmatch(r.body, -1) {
		a := s.get(m[1]).is(200)
		all = append(all, a.body)
		if !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s may not be kept", m[1])
		}
	}
	total := 0
	for _, body := range all {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := w.Write([]byte(body))
		must(t, err)
		must(t, w.Close())
		total += b.Len()
	}
	if len(all) < 4 || total > 60<<10 {
		t.Errorf("%d files of %d bytes gzipped, want at most 60 KiB", len(all), total)
	}
	t.Logf("%d files, %d bytes gzipped", len(all), total)
}

// TestNothingThatIsGivenBecomesMarkup puts markup into every field that a
// merchant or a recipient gives.
func TestNothingThatIsGivenBecomesMarkup(t *testing.T) {
	s := newShop(t)
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7}}`
	raw, err := json.Marshal(map[string]any{"amount": "10.00", "currency": "EUR", "type": "payout", "description": evil, "externalId": evil, "metadata": map[string]string{"x": evil},
		"redirectUrl": "https://shop.example/?a=%22%3E%3Cscript%3E", "customer": map[string]string{"id": evil, "name": evil, "locale": evil}})
	must(t, err)
	_, page := s.pay(string(raw))
	form := formOf(s.get(page + "&method=sepa_eur&lang=" + "%22%3E%3Cscript%3E").is(200))
	form.Set("f.iban", evil)
	form.Set("f.recipient_name", evil)
	bad := s.post(page, form).is(422)
	form.Set("f.iban", iban(t, "success"))
	review := s.post(page, form)
	for _, r := range []reply{s.get(page), s.get(page + "&method=" + "%3Cscript%3E"), bad, review, s.confirm(page, review), s.get(page)} {
		if strings.Contains(r.body, "<script>alert") || strings.Contains(r.body, "<img src=x") {
			t.Errorf("%s %d holds what was given as markup", r.what, r.status)
		}
	}
	if b := s.get(page).body; strings.Contains(b, "javascript:") {
		t.Error("there is a script in an address")
	}
}

// TestAnAccountIsShownMaskedAlone looks at everything that the server says
// after an account was typed rightly.
func TestAnAccountIsShownMaskedAlone(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	account := iban(t, "success")
	review := s.fill(page, account)
	done := s.confirm(page, review)
	status, api := s.get(page), s.do("GET", "/api/payments/"+id, "")
	for _, r := range []reply{review, done, status, api} {
		plain := strings.ReplaceAll(r.body, " ", "")
		if strings.Contains(plain, account[4:14]) {
			t.Errorf("%s shows the account: %s", r.what, r.body)
		}
	}
	if !strings.Contains(status.body, "Thank you") {
		t.Error("the status page doesn't say that the details are in")
	}
}
