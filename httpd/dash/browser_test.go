package dash_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"penstock/engine"
	"penstock/httpd/browsertest"
)

// browser is a window before an office.
type browser struct{ *browsertest.Browser }

// openBrowser opens one. The office's clock must not move from here on: other
// goroutines read it.
func openBrowser(t *testing.T, o *office) *browser {
	t.Helper()
	return &browser{browsertest.Open(t, o.mux.Serve, 1440)}
}

// follow opens the link, or presses the button, that bears the text.
func (b *browser) follow(text string) {
	b.T.Helper()
	b.Do(chromedp.Click(chromedp.Search(fmt.Sprintf(`//main//*[self::a or self::button][contains(normalize-space(.), "%s")]`, text))))
}

// as logs somebody in who has been hired.
func (b *browser) as(role engine.Role) {
	b.T.Helper()
	b.Go("/dashboard/login?next=" + home)
	b.Do(chromedp.SendKeys(chromedp.CSS("#f-email"), string(role)+"@example.com"), chromedp.SendKeys(chromedp.CSS("#f-password"), password+"\n"))
	b.Sees("Nordwind Outdoor")
}

// TestInABrowser walks the main job of an operator: log in, find the request
// that waits, process it, see that it is on its way.
func TestInABrowser(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleManager)
	r := o.ask("success", 125000, func(n *engine.NewRequest) { n.AutoFulfill, n.Ref = false, "invoice-77" })
	b := openBrowser(t, o)
	b.Go("/dashboard/test/shop/requests") // not logged in: back here after it
	b.Do(chromedp.SendKeys(chromedp.CSS("#f-email"), "manager@example.com"), chromedp.SendKeys(chromedp.CSS("#f-password"), password+"\n"))
	b.Sees("Payout requests")
	b.Sees("1,250.00 EUR")
	b.follow("invoice-77")
	b.Sees("Beneficiary")
	b.follow("Process")
	b.Sees("Process this request?")
	b.Do(chromedp.Click(chromedp.CSS("main form button.main")))
	b.Sees("The payout is on its way.")
	b.follow("Events")
	b.Sees("Payout made, money held")
	if got := o.get("invoice-77"); got.ID != r.ID || len(got.Payouts) != 1 {
		t.Errorf("the request has %d payouts, want 1", len(got.Payouts))
	}
	zone := browsertest.Result[string](b.Browser, `document.querySelector("time").title`)
	if !strings.HasSuffix(zone, " UTC") {
		t.Errorf("a time's title is %q, want the time in UTC", zone)
	}
}
