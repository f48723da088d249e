package dash

import (
	"context"
	"slices"

	"penstock/engine"
	"penstock/httpd/wire"
)

// routes is the table of the dashboard: pages of requests here, what is set up
// in routes_setup.go.
func (d *Dash) routes(voice *wire.Dialect) []wire.Route {
	const none engine.Permit = ""
	one := []wire.Route{
		d.open(voice, "GET", Root+"/assets/{hash}/{file}", d.asset),
		d.open(voice, "GET", Root+"/login", d.showLogin),
		d.logIn(voice),
		d.open(voice, "GET", Root+"/login/second", d.askSecond),
		d.open(voice, "POST", Root+"/login/second", d.second),
		d.page(voice, "GET", Root, none, d.first),
		d.page(voice, "POST", Root+"/logout", none, d.logOut),
		d.page(voice, "POST", Root+"/theme", none, d.setTheme),
	}
	shops := [][]wire.Route{
		d.shop(voice, "GET", "", none, d.showHome),
		d.shop(voice, "GET", "/requests", none, d.listRequests),
		d.shop(voice, "GET", "/payouts", none, d.listPayouts),
		d.shop(voice, "GET", "/payouts/{payout}", none, d.showPayout),
		d.shop(voice, "GET", "/live", none, d.live),
		d.shop(voice, "POST", "/views", none, d.saveView),
		d.shop(voice, "GET", "/find", none, d.find),
		d.shop(voice, "GET", "/me", none, d.showMe),
		d.shop(voice, "POST", "/me", none, d.changePassword),
		d.shop(voice, "GET", "/me/prove", none, d.askProve),
		d.shop(voice, "POST", "/me/prove", none, d.prove),
		d.shop(voice, "GET", "/me/app", none, d.setUpApp),
		d.shop(voice, "POST", "/me/app", none, d.keepApp),
		d.shop(voice, "GET", "/me/passkeys/new", none, d.askPasskey),
		d.shop(voice, "POST", "/me/passkeys/new", none, d.keepPasskey),
		d.shop(voice, "POST", "/me/second", none, d.dropSecond),
		d.shop(voice, "POST", "/me/sessions", none, d.endOthers),
		d.shop(voice, "GET", "/me/sessions/{session}", none, d.askEnd(true)),
		d.shop(voice, "POST", "/me/sessions/{session}", none, d.end(true)),
		d.shop(voice, "GET", "/activity", none, d.showActivity),
		d.shop(voice, "GET", "/pay", engine.PermitPay, d.askPay),
		d.shop(voice, "POST", "/pay", engine.PermitPay, d.pay),
		d.shop(voice, "GET", "/links", none, d.listLinks),
		d.shop(voice, "GET", "/links/new", engine.PermitPay, d.askLink),
		d.shop(voice, "POST", "/links/new", engine.PermitPay, d.makeLink),
		d.shop(voice, "GET", "/requests/{id}/link", none, d.showLink),
		d.shop(voice, "GET", "/customers", none, d.listCustomers),
		d.shop(voice, "GET", "/customers/{customer}", none, d.showCustomer),
		d.shop(voice, "GET", "/customers/{customer}/erase", engine.PermitPay, d.askEraseCustomer),
		d.shop(voice, "POST", "/customers/{customer}/erase", engine.PermitPay, d.eraseCustomer),
		d.shop(voice, "GET", "/methods/{method}", none, d.showMethod),
		d.shop(voice, "GET", "/methods/{method}/delete", engine.PermitPay, d.askDeleteMethod),
		d.shop(voice, "POST", "/methods/{method}/delete", engine.PermitPay, d.deleteMethod),
		d.shop(voice, "GET", "/requests/{id}/explanation", none, d.showExplanation),
		d.shop(voice, "POST", "/requests/{id}/pull", engine.PermitState, d.pull),
		d.shop(voice, "GET", "/requests/{id}/moderate", engine.PermitState, d.askModerate),
		d.shop(voice, "POST", "/requests/{id}/moderate", engine.PermitState, d.moderate),
		d.shop(voice, "GET", "/requests/{id}/release", engine.PermitState, d.askRelease),
		d.shop(voice, "POST", "/requests/{id}/release", engine.PermitState, d.release),
		d.shop(voice, "GET", "/requests/{id}/terms", engine.PermitPay, d.askTerms),
		d.shop(voice, "POST", "/requests/{id}/terms", engine.PermitPay, d.setTerms),
		d.shop(voice, "GET", "/requests/{id}/resolve/{payout}", engine.PermitState, d.askResolve),
		d.shop(voice, "POST", "/requests/{id}/resolve/{payout}", engine.PermitState, d.resolve),
		d.shop(voice, "GET", "/deposits", none, d.listDeposits),
		d.shop(voice, "GET", "/deposits/{deposit}", none, d.showLedger),
		d.shop(voice, "GET", "/deposits/{deposit}/general", none, d.showDeposit),
		d.shop(voice, "GET", "/deposits/{deposit}/topup", engine.PermitFund, d.askFund(false)),
		d.shop(voice, "POST", "/deposits/{deposit}/topup", engine.PermitFund, d.fund(false)),
		d.shop(voice, "GET", "/deposits/{deposit}/adjust", engine.PermitFund, d.askFund(true)),
		d.shop(voice, "POST", "/deposits/{deposit}/adjust", engine.PermitFund, d.fund(true)),
		d.shop(voice, "GET", "/deposits/{deposit}/edit", engine.PermitConnect, d.askEditDeposit),
		d.shop(voice, "POST", "/deposits/{deposit}/edit", engine.PermitConnect, d.editDeposit),
		d.shop(voice, "GET", "/explain", none, d.askExplain),
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
	return slices.Concat(slices.Concat(shops, d.setupRoutes(voice), d.exportRoutes(voice), [][]wire.Route{one})...)
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
