package dash_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	downloads "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"penstock/engine"
	"penstock/httpd/browsertest"
)

// TestAFinanceStory is a morning of somebody in finance, in a browser: what
// failed, and why; what waits for a word; the word; a receiver that has to be
// told again; the month as a file.
func TestAFinanceStory(t *testing.T) {
	o := newOffice(t)
	_, err := o.Engine.AddEndpoint(o.Ctx, onServer("shop"), "https://nordwind.example/hooks", "rest", nil)
	must(t, err)
	o.ask("insufficient_funds", 8990, func(n *engine.NewRequest) { n.Ref = "refund-118" })
	o.ask("success", 125000, func(n *engine.NewRequest) { n.Ref = "invoice-77" })
	o.ask("pending", 1240050, func(n *engine.NewRequest) { n.Ref = "seller-2211" })
	o.run(26 * time.Hour) // the last one takes longer than it should
	o.hired(engine.RoleManager)
	o.unlike = true // a person states what the test provider did not do
	b := openBrowser(t, o)
	b.as(engine.RoleManager)

	// What went wrong, and why.
	b.Go(home + "/requests?status=failed")
	b.Sees("refund-118")
	b.follow("refund-118")
	b.Sees("Failed")
	b.follow("Payouts")
	b.Sees("insufficient_funds")
	b.follow("Explanation")
	b.Sees("Payout 1")

	// What waits for a person: they know from the bank that it was paid.
	b.Go(home)
	b.Sees("It takes longer than it should.")
	b.follow("seller-2211")
	b.Sees("12,400.50 EUR")
	b.follow("Payouts")
	b.follow("Add statement")
	b.Sees("What became of it")
	b.Do(chromedp.SetValue(chromedp.CSS("#f-verdict"), "paid"), chromedp.SendKeys(chromedp.CSS("#f-reference"), "BANK-4711"), chromedp.SendKeys(chromedp.CSS("#f-note"), "It is on the bank's statement of today."))
	b.follow("Add the statement")
	b.Sees("Your statement was added.")
	b.Sees("BANK-4711")

	// The receiver says that it never heard of it: once more.
	b.follow("Deliveries")
	b.Sees("payout_paid")
	b.follow("Send again")
	b.Sees("The webhook is sent again.")

	// And the books as a file.
	dir := t.TempDir()
	b.Do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, downloads.SetDownloadBehavior, downloads.SetDownloadBehaviorParams{Behavior: downloads.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, BrowserContextID: chromedp.FromContext(b.Ctx).BrowserContextID})
		return err
	}))
	b.Go(home + "/requests")
	b.Sees("invoice-77")
	b.follow("Export CSV")
	text := downloaded(t, b, dir)
	for _, want := range []string{"refund-118,89.90,EUR", "invoice-77,1250.00,EUR", "seller-2211,12400.50,EUR", "insufficient_funds"} {
		if !strings.Contains(text, want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
	if got := o.get("seller-2211"); got.Payouts[0].Ref != "BANK-4711" {
		t.Errorf("the payout's reference is %q", got.Payouts[0].Ref)
	}
}

// downloaded waits for the one file of a directory. A browser keeps an empty file
// of its name in its place until all of it has come.
func downloaded(t *testing.T, b *browser, dir string) string {
	t.Helper()
	for b.Ctx.Err() == nil {
		all, err := os.ReadDir(dir)
		must(t, err)
		if len(all) == 1 && filepath.Ext(all[0].Name()) == ".csv" {
			text, err := os.ReadFile(filepath.Join(dir, all[0].Name()))
			must(t, err)
			if len(text) > 0 {
				return string(text)
			}
		}
		browsertest.Result[bool](b.Browser, "true") // a look at the page takes a moment too
	}
	t.Fatal("nothing was downloaded")
	return ""
}
