package dash_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"penstock/engine"
)

// TestAPasskeyLetsSomebodyIn in a real browser, with an authenticator that it
// makes up: made, asked for at the log-in and before an act, and removed.
func TestAPasskeyLetsSomebodyIn(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleOwner)
	b := openBrowser(t, o)
	b.Base = strings.Replace(b.Base, "127.0.0.1", "localhost", 1) // a passkey belongs to a name
	o.dash.PublicURL = b.Base
	b.Do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tab, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, tab, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
		return err
	}))
	b.as(engine.RoleOwner)
	b.Go(home + "/me/passkeys/new")
	b.follow("Make a passkey")
	b.Sees("Keep these recovery codes")
	b.Go(home + "/me")
	b.Sees("This device")
	b.Do(chromedp.Click(chromedp.CSS(".user > summary")), chromedp.Click(chromedp.CSS(`form[action="/dashboard/logout"] button`)))
	b.Sees("Log in")
	b.Do(chromedp.SendKeys(chromedp.CSS("#f-email"), "owner@example.com"), chromedp.SendKeys(chromedp.CSS("#f-password"), password+"\n"))
	b.Sees("One more step")
	b.follow("Use a passkey")
	b.Sees("Nordwind Outdoor")
	b.Go(home + "/me")
	b.follow("Remove This device")
	b.Sees("Saved; your other sessions have ended.")
	who, err := o.Engine.OperatorByEmail(o.Ctx, "owner@example.com")
	must(t, err)
	if who.Second.On() {
		t.Error("the passkey is still there")
	}
	acts, err := o.Engine.Acts(o.Ctx, 0, 20)
	must(t, err)
	var said []string
	for _, a := range acts {
		said = append(said, a.Action)
	}
	for _, want := range []string{"operator.passkey_add", "operator.passkey_remove", "operator.password_right"} {
		if !strings.Contains(strings.Join(said, " "), want) {
			t.Errorf("the audit log lacks %s: %v", want, said)
		}
	}
}
