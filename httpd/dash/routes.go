package dash

import (
	"context"
	"slices"

	"penstock/engine"
	"penstock/httpd/wire"
)

// routes is the table of the dashboard.
func (d *Dash) routes(voice *wire.Dialect) []wire.Route {
	const none engine.Permit = ""
	one := []wire.Route{
		d.open(voice, "GET", Root+"/assets/{hash}/{file}", d.asset),
		d.open(voice, "GET", Root+"/login", d.showLogin),
		d.logIn(voice),
		d.page(voice, "GET", Root, none, d.first),
		d.page(voice, "POST", Root+"/logout", none, d.logOut),
		d.page(voice, "POST", Root+"/theme", none, d.setTheme),
	}
	shops := [][]wire.Route{
		d.shop(voice, "GET", "", none, d.showHome),
		d.shop(voice, "GET", "/requests", none, d.listRequests),
		d.shop(voice, "GET", "/find", none, d.find),
		d.shop(voice, "GET", "/me", none, d.showMe),
		d.shop(voice, "POST", "/me", none, d.changePassword),
		d.shop(voice, "GET", "/activity", none, d.showActivity),
		d.shop(voice, "GET", "/webhooks", none, d.listWebhooks),
		d.shop(voice, "GET", "/people", none, d.listPeople),
		d.shop(voice, "GET", "/people/invite", engine.PermitPeople, d.askInvite),
		d.shop(voice, "POST", "/people/invite", engine.PermitPeople, d.invite),
		d.shop(voice, "GET", "/people/{operator}", engine.PermitPeople, d.showPerson),
		d.shop(voice, "POST", "/people/{operator}", engine.PermitPeople, d.changePerson),
		d.shop(voice, "GET", "/requests/{id}", none, d.showRequest),
		d.shop(voice, "GET", "/requests/{id}/payouts", none, d.showPayouts),
		d.shop(voice, "GET", "/requests/{id}/events", none, d.showEvents),
		d.shop(voice, "GET", "/requests/{id}/deliveries", none, d.showDeliveries),
		d.shop(voice, "POST", "/requests/{id}/deliveries/{delivery}/resend", engine.PermitResend, d.resend),
		d.shop(voice, "GET", "/requests/{id}/process", engine.PermitPay, d.askProcess),
		d.shop(voice, "POST", "/requests/{id}/process", engine.PermitPay, d.process),
		d.shop(voice, "GET", "/requests/{id}/cancel", engine.PermitPay, d.askCancel),
		d.shop(voice, "POST", "/requests/{id}/cancel", engine.PermitPay, d.cancel),
		d.shop(voice, "GET", "/requests/{id}/statement/{payout}", engine.PermitState, d.askStatement),
		d.shop(voice, "POST", "/requests/{id}/statement/{payout}", engine.PermitState, d.state),
	}
	return slices.Concat(append(shops, one)...)
}

// first leads to the first page of the first merchant.
func (d *Dash) first(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Merchants(ctx, "", 1)
	if err != nil {
		return wire.Reply{}, err
	}
	if len(all) == 0 {
		return d.message(ctx, v, 200, noMerchant())
	}
	return goTo(shopPath(engine.Scope{Merchant: all[0].ID, Mode: engine.Test}, "")), nil
}

// asset serves style, scripts and pictures. Their address bears their hash, so
// that a browser may keep them; another hash is that of another version.
func (d *Dash) asset(_ context.Context, c *wire.Call) (wire.Reply, error) {
	a, ok := d.ui.Asset(c.Param("file"))
	if !ok || c.Param("hash") != d.ui.Hash() {
		return wire.Reply{}, wire.ErrNotFound
	}
	return wire.Reply{Body: a.Body, Header: [][2]string{
		{"Content-Type", a.Type}, {"Cache-Control", "public, max-age=31536000, immutable"}, {"Cross-Origin-Resource-Policy", "same-origin"},
	}}, nil
}
