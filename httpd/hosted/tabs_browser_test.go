package hosted_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"penstock/engine/connector/sandbox"
	"penstock/httpd/browsertest"
)

// TestTwoTabsAreOnePayout: both are filled in, with two accounts, and both are
// confirmed. The first counts, and the second shows what has become of it.
func TestTwoTabsAreOnePayout(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	one := openBrowser(t, s)
	two := one.Tab()
	for tab, account := range map[*browsertest.Browser]string{one: "DE89370400440532013000", two: "NL91ABNA0417164300"} {
		tab.Go(page + "&method=sepa_eur")
		tab.Sees("Your details")
		tab.Type("#f-iban", account)
		tab.Press(`button[type="submit"]`)
		tab.Sees("Check before you confirm")
	}
	one.Do(chromedp.DoubleClick(chromedp.CSS(`button[value="confirm"]`)))
	one.Sees("Thank you")
	two.Press(`button[value="confirm"]`)
	two.Sees("Thank you")
	if text := browsertest.Result[string](two, `document.querySelector("main").innerText`); !strings.Contains(text, "DE89") || strings.Contains(text, "NL91") {
		t.Errorf("the second tab shows %s, want the account of the first", text)
	}
	two.Go("about:blank")
	s.later(one, time.Minute)
	if v := s.request(id); len(v.Payouts) != 1 {
		t.Errorf("there are %d payouts", len(v.Payouts))
	}
	book, err := s.Provider.Ledger()
	must(t, err)
	if len(book) != 1 {
		t.Errorf("the provider has %d transfers", len(book))
	}
}

// TestAnExpiredLinkInABrowser says so, and takes nothing that was typed before.
func TestAnExpiredLinkInABrowser(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	b := openBrowser(t, s)
	late := b.Tab()
	late.Go(page + "&method=sepa_eur")
	late.Sees("Your details")
	late.Type("#f-iban", "DE89370400440532013000")
	late.Press(`button[type="submit"]`)
	late.Sees("Check before you confirm")
	s.later(b, 72*time.Hour+time.Second)
	late.Press(`button[value="confirm"]`)
	late.Sees("This link has expired")
	b.Go(page)
	b.Sees("This link has expired")
	b.Barriers("expired")
	b.Shoot("en-9-expired")
	s.status(id, "failed", "expired")
}

// TestARepairInABrowser asks once more on the same page, which comes by itself.
func TestARepairInABrowser(t *testing.T) {
	s := newShop(t, retries(1))
	id, page := s.pay(eur10)
	s.confirm(page, s.fill(page, iban(t, "invalid_account"))).is(303)
	s.run(time.Minute)
	b := openBrowser(t, s)
	b.Go(page)
	b.Sees("The money could not be delivered")
	b.Barriers("refused")
	b.Shoot("en-10-refused")
	b.Press(`.choices a[href*="sepa_eur"]`)
	b.Sees("Your details")
	b.Type("#f-iban", "DE89370400440532013000")
	b.Press(`button[type="submit"]`)
	b.Sees("Check before you confirm")
	b.Press(`button[value="confirm"]`)
	b.Sees("Thank you")
	s.later(b, time.Minute)
	s.status(id, "succeeded", "")
}

// TestPayingInABrowser walks a pay-in, in two directions of writing.
func TestPayingInABrowser(t *testing.T) {
	for _, lang := range []string{"en", "ar"} {
		s := newShop(t)
		r := s.do("POST", "/api/payments", strings.Replace(payin10, "e-1", lang, 1)).is(201)
		page := strings.TrimPrefix(r.str("url"), publicURL) + "&lang=" + lang
		words := catalogueOf(t, lang)
		b := openBrowser(t, s)
		b.Go(page)
		b.Sees(words["in.details.title"])
		b.Barriers(lang + " card")
		b.Type(`[autocomplete="cc-number"]`, "4242424242424242")
		if got := browsertest.Result[string](b, `document.querySelector('[autocomplete="cc-number"]').value`); got != "4242 4242 4242 4242" {
			t.Errorf("the card's number stands as %q, want it in groups", got)
		}
		b.Type(`[autocomplete="cc-exp-month"]`, "3")
		b.Type(`[autocomplete="cc-exp-year"]`, "2030")
		b.Shoot(lang + "-11-pay")
		b.Press(`button[type="submit"]`)
		b.Sees(words["in.review.title"])
		b.Barriers(lang + " card review")
		b.Shoot(lang + "-12-pay-review")
		b.Press(`button[value="confirm"]`)
		b.Sees(strings.ReplaceAll(words["in.done.paid.title"], "{merchant}", "Nordwind Outdoor"))
		b.Barriers(lang + " card paid")
		b.Shoot(lang + "-13-pay-done")
		s.status(r.str("id"), "succeeded", "")
	}
}

// TestAPayersBankInABrowser goes there and back.
func TestAPayersBankInABrowser(t *testing.T) {
	s := newShop(t)
	r := s.do("POST", "/api/payments", payin10).is(201)
	page := strings.TrimPrefix(r.str("url"), publicURL)
	s.confirm(page, s.card(page, sandbox.ChallengeCards()[0])).is(303)
	b := openBrowser(t, s)
	b.Go(page)
	b.Sees("Your bank wants to ask you")
	b.Barriers("bank asks")
	b.Shoot("en-14-bank-asks")
	there := browsertest.Result[string](b, `document.querySelector("a.button").href`)
	b.Go(strings.TrimPrefix(there, publicURL))
	b.Sees("Test bank")
	b.Barriers("test bank")
	b.Shoot("en-15-test-bank")
}

// TestNothingThatIsGivenRuns puts scripts into every field that a merchant or a
// recipient gives, and lets a browser show them at each step.
func TestNothingThatIsGivenRuns(t *testing.T) {
	s := newShop(t)
	const evil = `"'></script><script>window.ran=1</script><img src=x onerror=window.ran=1><svg onload=window.ran=1>{{7}}`
	raw, err := json.Marshal(map[string]any{"amount": "10.00", "currency": "EUR", "type": "payout", "description": evil, "externalId": evil, "metadata": map[string]string{"x": evil},
		"redirectUrl": "https://shop.example/?a=%22%3E%3Cscript%3E", "customer": map[string]string{"id": evil, "name": evil, "locale": "en"}})
	must(t, err)
	_, page := s.pay(string(raw))
	b := openBrowser(t, s)
	still := func(step string) {
		t.Helper()
		if ran := browsertest.Result[bool](b, `"ran" in window || document.querySelector("main img, main script") !== null`); ran {
			t.Errorf("%s: what was given has run, or is markup", step)
		}
		if !browsertest.Result[bool](b, `document.body.innerText.includes("<script>window.ran=1") || [...document.querySelectorAll("input")].some(i => i.value.includes("<script>window.ran=1"))`) {
			t.Errorf("%s: what was given is not shown as it is", step)
		}
	}
	b.Go(page)
	b.Sees("How do you want to be paid?")
	still("method")
	b.Press(`.choices a[href*="sepa_eur"]`)
	b.Sees("Your details")
	still("details")
	b.Type("#f-iban", evil[:30])
	b.Press(`button[type="submit"]`)
	b.Sees("There is a problem")
	still("errors")
	browsertest.Result[bool](b, `document.querySelector("#f-iban").value = ""; true`)
	b.Type("#f-iban", "DE89370400440532013000")
	b.Press(`button[type="submit"]`)
	b.Sees("Check before you confirm")
	still("review")
	b.Press(`button[value="confirm"]`)
	b.Sees("Thank you")
	still("done")
}

// TestInWebViews: the page works in those of Android and iOS, which send their
// own names, keep no cookies of others and open no windows.
func TestInWebViews(t *testing.T) {
	for name, agent := range map[string]string{
		"Android": "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36",
		"iOS":     "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
	} {
		s := newShop(t)
		id, page := s.pay(eur10)
		b := openBrowser(t, s)
		b.As(b.Looks()[2])
		b.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent})
			return err
		}))
		b.Go(page)
		b.Sees("How do you want to be paid?")
		if got := browsertest.Result[string](b, `navigator.userAgent`); got != agent {
			t.Fatalf("%s: it calls itself %q", name, got)
		}
		if n := browsertest.Result[int](b, `document.querySelectorAll("[target]").length`); n > 0 {
			t.Errorf("%s: %d links open windows", name, n)
		}
		b.Press(`.choices a[href*="sepa_eur"]`)
		b.Sees("Your details")
		if small := browsertest.Result[int](b, `[...document.querySelectorAll("input:not([type=hidden])")].filter(i => parseFloat(getComputedStyle(i).fontSize) < 16).length`); small > 0 {
			t.Errorf("%s: %d fields are written so small that a phone zooms in", name, small)
		}
		b.Type("#f-iban", "DE89370400440532013000")
		b.Press(`button[type="submit"]`)
		b.Sees("Check before you confirm")
		b.Press(`button[value="confirm"]`)
		b.Sees("Thank you")
		s.later(b, time.Minute)
		s.status(id, "succeeded", "")
	}
}
