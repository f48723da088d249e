package hosted_test

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"penstock/httpd/browsertest"
)

// TestAPressOfAHumanHandIsAClick: what is said of the field that was left by the
// press doesn't pull the button away from under it, however slow it is.
func TestAPressOfAHumanHandIsAClick(t *testing.T) {
	s := newShop(t)
	_, page := s.pay(eur10)
	b := openBrowser(t, s)
	b.Go(page)
	b.Sees("How do you want to be paid?")
	b.Press(`.choices a[href*="sepa_eur"]`)
	b.Sees("Your details")
	b.Type("#f-iban", "DE89370400440532013") // too short
	at := browsertest.Result[[]float64](b, `(() => { const r = document.querySelector('button[type="submit"]').getBoundingClientRect(); return [r.x + r.width / 2, r.y + 4]; })()`)
	hand := func(does input.DispatchMouseEventType) {
		b.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: does, X: at[0], Y: at[1], Button: input.MouseButtonLeft, ClickCount: 1})
			return err
		}))
	}
	hand(chromedp.MousePressed)
	if now := browsertest.Result[float64](b, `document.querySelector('button[type="submit"]').getBoundingClientRect().y + 4`); now != at[1] {
		t.Errorf("the button has moved from %v to %v under the press", at[1], now)
	}
	hand(chromedp.MouseReleased)
	b.Sees("There is a problem")
	// Whoever leaves the field by a key is told at once.
	browsertest.Result[bool](b, `document.querySelector("#f-iban").value = ""; true`)
	b.Type("#f-iban", "DE8937040044")
	b.Key("\t")
	b.Sees("you entered 12")
}
