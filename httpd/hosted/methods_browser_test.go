package hosted_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"penstock/httpd/browsertest"
	"penstock/httpd/hosted"
)

// way is a payout method of the page, and what a recipient types there.
type way struct {
	method string // code of the service, which ends with the currency
	typed  [][2]string
}

// ways are all methods that the page has with the test provider.
func ways(t *testing.T) []way {
	name := [2]string{"recipient_name", "Ada Example"}
	mobile := func(number string) [][2]string { return [][2]string{{"phone_number", number}, name} }
	return []way{
		{"sepa_eur", [][2]string{{"iban", iban(t, "success")}, name}},
		{"payment_card_eur", [][2]string{{"card_number", "4242424242424242"}, {"expiry_month", "3"}, {"expiry_year", "2030"}, {"card_holder_name", "Ada Example"}}},
		{"trustly_eur", [][2]string{{"country_code", "DE"}, {"iban", iban(t, "success")}, name}},
		{"paypal_eur", [][2]string{{"email", "ada@example.com"}}},
		{"swift_eur", [][2]string{{"swift_code", "DEUTDEFF"}, {"account_number", "DE89370400440532013000"}, name, {"country_code", "DE"}, {"address", "Main Street 1"}}},
		{"test_eur", [][2]string{{"account", "success"}}},
		{"ach_usd", [][2]string{{"account_number", "000123456789"}, {"routing_number", "110000000"}, name}},
		{"ecocash_usd", mobile("+263771234567")},
		{"venmo_usd", [][2]string{{"phone_number", "+12015550123"}}},
		{"bacs_gbp", [][2]string{{"account_number", "00012345"}, {"sort_code", "108800"}, name}},
		{"airtel_money_kes", mobile("+254733123456")},
		{"mpesa_kes", mobile("+254712345678")},
		{"pix_brl", [][2]string{{"pix_key", "ada@example.com"}, name}},
		{"mtn_momo_ngn", mobile("+2348031234567")},
		{"vodafone_cash_ghs", mobile("+233201234567")},
		{"tigo_pesa_tzs", mobile("+255713123456")},
		{"interac_cad", [][2]string{{"email", "ada@example.com"}}},
	}
}

// payBy makes a payment in a method's currency.
func (s *shop) payBy(w way, nth string) (id, page string) {
	s.t.Helper()
	currency := strings.ToUpper(w.method[len(w.method)-3:])
	return s.pay(fmt.Sprintf(`{"amount":"500.00","currency":%q,"type":"payout","externalId":%q}`, currency, w.method+nth))
}

// walked says whether a test walks the i-th method: with -short one in four, in
// full all of them, else every other, the wide window the one half and the phone
// the other.
func walked(i, half int) bool {
	switch {
	case testing.Short():
		return i%4 == 0
	case browsertest.Full():
		return true
	}
	return i%2 == half
}

// TestEveryMethodOnAWideWindow goes to the end by each method with a mouse, in
// English, and looks for barriers at each step.
func TestEveryMethodOnAWideWindow(t *testing.T) {
	s := newShop(t, func(set *hosted.Settings) { set.Cards = true })
	b := openBrowser(t, s)
	b.As(b.Looks()[0])
	var ids []string
	for i, w := range ways(t) {
		if !walked(i, 0) {
			continue
		}
		id, page := s.payBy(w, "")
		ids = append(ids, id)
		b.Go(page)
		if browsertest.Result[bool](b, `document.querySelector(".choices") !== null`) { // else there is one method alone
			b.Press(fmt.Sprintf(`.choices a[href*="method=%s&"], .choices a[href$="method=%s"]`, w.method, w.method))
		}
		b.Sees("Your details")
		for _, f := range w.typed {
			b.Type("#f-"+f[0], f[1])
		}
		if !testing.Short() {
			b.Barriers(w.method + " details")
		}
		b.Press(`button[type="submit"]`)
		b.Sees("Check before you confirm")
		if !testing.Short() {
			b.Barriers(w.method + " review")
		}
		b.Press(`button[value="confirm"]`)
		b.Sees("Thank you")
	}
	s.later(b, time.Minute)
	for _, id := range ids {
		s.status(id, "succeeded", "")
	}
}

// TestEveryMethodOnAPhone goes to the end by each method by keyboard alone,
// without scripts, in Arabic.
func TestEveryMethodOnAPhone(t *testing.T) {
	s := newShop(t, func(set *hosted.Settings) { set.Cards = true })
	b := openBrowser(t, s)
	b.As(b.Looks()[2])
	b.Scripts(false)
	var ids []string
	for i, w := range ways(t) {
		if !walked(i, 1) {
			continue
		}
		id, page := s.payBy(w, "")
		ids = append(ids, id)
		b.Go(page + "&lang=ar")
		if len(browsertest.Result[string](b, `document.querySelector(".choices")?.className ?? ""`)) > 0 {
			b.TabTo(fmt.Sprintf(`new URLSearchParams(document.activeElement.search ?? "").get("method") === %q`, w.method))
			b.Key("\r")
			b.Do(chromedp.WaitVisible(chromedp.CSS("#f-" + w.typed[0][0])))
		}
		for _, f := range w.typed {
			b.TabTo(fmt.Sprintf(`document.activeElement.id === %q`, "f-"+f[0]))
			b.Do(chromedp.KeyEvent("a", chromedp.KeyModifiers(2))) // whatever stands there is typed over
			b.Key(f[1])
		}
		b.Key("\r")
		b.Do(chromedp.WaitVisible(chromedp.CSS(`button[value="confirm"]`)))
		b.TabTo(`document.activeElement.value === "confirm"`)
		b.Key("\r")
		b.Do(chromedp.WaitVisible(chromedp.CSS(".seal")))
		if dir := browsertest.Result[string](b, `document.dir + " " + document.documentElement.lang`); dir != "rtl ar" {
			t.Errorf("%s: the page is %q", w.method, dir)
		}
	}
	b.Scripts(true)
	s.later(b, time.Minute)
	for _, id := range ids {
		s.status(id, "succeeded", "")
	}
}

// TestEveryMethodIsWalked holds the list of ways to what the page offers.
func TestEveryMethodIsWalked(t *testing.T) {
	s := newShop(t, func(set *hosted.Settings) { set.Cards = true })
	walked := map[string]bool{}
	currencies := map[string]way{}
	for _, w := range ways(t) {
		walked[w.method[:len(w.method)-4]] = true
		currencies[w.method[len(w.method)-3:]] = w
	}
	for _, w := range currencies {
		_, page := s.payBy(w, "")
		for _, part := range strings.Split(s.get(page).body, "method=")[1:] {
			code, _, _ := strings.Cut(part, `"`)
			if method := code[:len(code)-4]; !walked[method] {
				t.Errorf("%s is offered and not walked", code)
			}
		}
	}
}
