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
		d.shop(voice, "GET", "/routes", none, d.listRoutes),
		d.shop(voice, "GET", "/routes/{route}", engine.PermitConnect, d.askEditRoute),
		d.shop(voice, "POST", "/routes/{route}", engine.PermitConnect, d.editRoute),
		d.shop(voice, "GET", "/routes/all/{what}", engine.PermitConnect, d.askRoutes),
		d.shop(voice, "POST", "/routes/all/{what}", engine.PermitConnect, d.switchRoutes),
		d.shop(voice, "GET", "/points", none, d.listPoints),
		d.shop(voice, "GET", "/points/new", engine.PermitConnect, d.askPoint),
		d.shop(voice, "POST", "/points/new", engine.PermitConnect, d.savePoint),
		d.shop(voice, "GET", "/points/{point}", none, d.showPoint),
		d.shop(voice, "GET", "/points/{point}/edit", engine.PermitConnect, d.askPoint),
		d.shop(voice, "POST", "/points/{point}/edit", engine.PermitConnect, d.savePoint),
		d.shop(voice, "GET", "/accounts", none, d.listAccounts),
		d.shop(voice, "GET", "/accounts/{account}", none, d.showAccount),
		d.shop(voice, "POST", "/accounts/{account}", engine.PermitConnect, d.editAccount),
		d.shop(voice, "GET", "/explain", none, d.askExplain),
		d.shop(voice, "GET", "/schemes", none, d.listSchemes),
		d.shop(voice, "GET", "/schemes/new", engine.PermitConnect, d.askScheme),
		d.shop(voice, "POST", "/schemes/new", engine.PermitConnect, d.saveScheme),
		d.shop(voice, "GET", "/schemes/{scheme}", none, d.showScheme),
		d.shop(voice, "GET", "/schemes/{scheme}/edit", engine.PermitConnect, d.askScheme),
		d.shop(voice, "POST", "/schemes/{scheme}/edit", engine.PermitConnect, d.saveScheme),
		d.shop(voice, "GET", "/schemes/{scheme}/tree", engine.PermitConnect, d.askTree),
		d.shop(voice, "POST", "/schemes/{scheme}/tree", engine.PermitConnect, d.setTree),
		d.shop(voice, "GET", "/schemes/{scheme}/revisions/{service}", none, d.showRevisions),
		d.shop(voice, "GET", "/rates", none, d.listRates),
		d.shop(voice, "GET", "/rates/{scheme}", none, d.showRates),
		d.shop(voice, "GET", "/sheets/{source}", none, d.showSheet),
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
