package hosted_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"penstock/httpd/browsertest"
)

// openBrowser opens a window before a shop. Whoever moves the world's clock
// looks away first: see later.
func openBrowser(t *testing.T, s *shop) *browsertest.Browser {
	t.Helper()
	return browsertest.Open(t, s.mux.Serve, 1280)
}

// later lets time pass while no page is open.
func (s *shop) later(b *browsertest.Browser, d time.Duration) {
	s.t.Helper()
	b.Go("about:blank")
	s.run(d)
}

// TestTheWholeWayInABrowser walks from the link to the end in each look and in
// two directions of writing, with a mistake on the way, and looks at each step
// for what would keep somebody out.
func TestTheWholeWayInABrowser(t *testing.T) {
	for _, lang := range []string{"en", "ar"} {
		t.Run(lang, func(t *testing.T) {
			s := newShop(t)
			id, page := s.pay(strings.Replace(eur10, `"10.00"`, `"1250.00"`, 1))
			words := catalogueOf(t, lang)
			b := openBrowser(t, s)
			check := func(name string) {
				b.Barriers(name)
				b.Shoot(lang + "-" + name)
			}
			b.Go(page + "&lang=" + lang)
			b.Sees(words["method.title"])
			check("1-method")
			b.Press(`.choices a[href*="sepa_eur"]`)
			b.Sees(words["hint.holder"])
			check("2-details")
			b.Do(chromedp.Focus(chromedp.CSS("#f-recipient_name")))
			b.Shoot(lang + "-3-focus")
			b.Type("#f-iban", "DE89370400440532013")
			b.Press(`button[type="submit"]`)
			b.Sees(words["errors.title"])
			if !strings.HasPrefix(browsertest.Result[string](b, "document.activeElement.id"), "errors") {
				t.Error("the summary of errors doesn't have the focus")
			}
			check("4-errors")
			if got := browsertest.Result[string](b, `document.querySelector("#f-iban").value`); got != "DE89 3704 0044 0532 013" {
				t.Errorf("the IBAN stands as %q, want it in groups", got)
			}
			browsertest.Result[bool](b, `document.querySelector("#f-iban").value = ""; true`)
			b.Type("#f-iban", "de89370400440532013000")
			b.Press(`button[type="submit"]`)
			b.Sees(words["review.title"])
			if text := browsertest.Result[string](b, "document.body.innerText + document.body.innerHTML"); strings.Contains(text, "37040044") || strings.Contains(text, "3704 0044") {
				t.Error("the review shows the account in full")
			}
			check("5-review")
			b.Press(`button[value="confirm"]`)
			b.Sees(words["done.processing.title"])
			check("6-processing")
			s.later(b, time.Minute)
			b.Go(page + "&lang=" + lang)
			b.Sees(strings.ReplaceAll(words["done.paid.title"], "{merchant}", "Nordwind Outdoor"))
			check("7-paid")
			if back := browsertest.Result[string](b, `document.querySelector(".button").href`); back != "https://shop.example/back?x=1&paymentId="+id+"#top" {
				t.Errorf("the way back is %q", back)
			}
			b.Go("/checkin/" + id + "?k=wrong&lang=" + lang)
			b.Sees(words["message.link.title"])
			check("8-wrong-link")
		})
	}
}

// TestThePageWorksWithoutScripts walks the same way with none.
func TestThePageWorksWithoutScripts(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	b := openBrowser(t, s)
	b.Go(page)
	b.Scripts(false)
	b.Go(page)
	b.Press(`.choices a[href*="sepa_eur"]`)
	b.Do(chromedp.WaitVisible(chromedp.CSS("#f-iban")))
	b.Type("#f-iban", "DE89 3704 0044 0532 0130 00")
	b.Press(`button[type="submit"]`)
	b.Do(chromedp.WaitVisible(chromedp.CSS(`button[value="edit"]`)))
	b.Press(`button[value="edit"]`) // the details come back
	b.Do(chromedp.WaitVisible(chromedp.CSS("#f-iban")))
	b.Press(`button[type="submit"]`)
	b.Do(chromedp.WaitVisible(chromedp.CSS(`button[value="confirm"]`)))
	b.Press(`button[value="confirm"]`)
	b.Do(chromedp.WaitVisible(chromedp.CSS(".seal")))
	b.Scripts(true)
	s.later(b, time.Minute)
	s.status(id, "succeeded", "")
}

// TestThePageWorksByKeyboard uses nothing but Tab, Enter and letters.
func TestThePageWorksByKeyboard(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	b := openBrowser(t, s)
	b.Go(page)
	b.Sees("How do you want to be paid?")
	b.TabTo(`document.activeElement.href?.includes("sepa_eur") ?? false`)
	b.Key("\r")
	b.Sees("Your details")
	b.TabTo(`document.activeElement.id === "f-iban"`)
	b.Key("DE89370400440532013000")
	b.Key("\r")
	b.Sees("Check before you confirm")
	b.TabTo(`document.activeElement.value === "confirm"`)
	b.Key("\r")
	b.Sees("Thank you")
	s.later(b, time.Minute)
	s.status(id, "succeeded", "")
}

// TestThePageIsLight asks nobody else for anything, and says how soon it shows.
func TestThePageIsLight(t *testing.T) {
	s := newShop(t)
	_, page := s.pay(eur10)
	b := openBrowser(t, s)
	for range 3 { // the first look also starts what the browser needs
		b.Go("about:blank")
		b.Go(page + "&method=sepa_eur")
		b.Sees("Your details")
		b.Until(`performance.getEntriesByName("first-contentful-paint").length > 0`)
		t.Logf("it shows after %.0f ms", browsertest.Result[float64](b, `performance.getEntriesByName("first-contentful-paint")[0].startTime`))
	}
	asked := browsertest.Result[[]string](b, `performance.getEntriesByType("resource").map(e => e.name)`)
	for _, name := range asked {
		if !strings.HasPrefix(name, b.Base+"/checkin/") {
			t.Errorf("the page asks for %s", name)
		}
	}
	if len(asked) < 2 {
		t.Errorf("the page asks for %q alone", asked)
	}
	if kept := browsertest.Result[string](b, `document.cookie + Object.keys(localStorage) + Object.keys(sessionStorage)`); kept != "" {
		t.Errorf("the page keeps %q in the browser", kept)
	}
}
