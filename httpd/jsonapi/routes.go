package jsonapi

import (
	"context"
	"slices"

	"penstock/engine"
	"penstock/httpd/wire"
)

// routes is the table of the dialect.
func (a *API) routes() []wire.Route {
	return slices.Concat(a.requestRoutes(), a.payoutRoutes(), a.routingRoutes(), a.rateRoutes(), a.directoryRoutes(), a.hubRoutes(), a.keyRoutes())
}

// Whoever may pay may read what is arranged; who arranges it is another.
func (a *API) readers() wire.Auth[engine.Caller] { return a.auth(engine.Payouts, engine.Admin) }
func (a *API) payers() wire.Auth[engine.Caller]  { return a.auth(engine.Payouts) }
func (a *API) admins() wire.Auth[engine.Caller]  { return a.auth(engine.Admin) }

func (a *API) requestRoutes() []wire.Route {
	const path, one = requestsPath, requestsPath + "/{id}"
	read, pay := a.readers(), a.payers()
	callbacks := a.auth(engine.Payouts, engine.Webhooks)
	none, empty := wire.Options{}, wire.Options{EmptyBody: true}
	return []wire.Route{
		{Method: "POST", Pattern: path, Handler: route(a, pay, none, a.createRequest)},
		{Method: "GET", Pattern: path, Handler: route(a, read, none, a.listRequests)},
		{Method: "POST", Pattern: path + "/explain", Handler: route(a, read, none, a.explain)},
		{Method: "GET", Pattern: one, Handler: route(a, read, none, a.getRequest)},
		{Method: "PATCH", Pattern: one, Handler: route(a, pay, none, a.editRequest)},
		{Method: "POST", Pattern: one + "/process", Handler: route(a, pay, none, a.processRequest)},
		{Method: "POST", Pattern: one + "/terminate", Handler: route(a, pay, none, a.terminateRequest)},
		{Method: "POST", Pattern: one + "/cancel", Handler: route(a, pay, none, a.cancelRequest)},
		{Method: "POST", Pattern: one + "/moderate", Handler: route(a, pay, empty, a.moderateRequest)},
		{Method: "POST", Pattern: one + "/unmoderate", Handler: route(a, pay, none, a.unmoderateRequest)},
		{Method: "GET", Pattern: one + "/payouts", Handler: route(a, read, none, a.requestPayouts)},
		{Method: "GET", Pattern: one + "/events", Handler: route(a, read, none, a.requestEvents)},
		{Method: "GET", Pattern: one + "/decisions", Handler: route(a, read, none, a.listDecisions)},
		{Method: "GET", Pattern: one + "/callbacks", Handler: route(a, callbacks, none, a.listCallbacks)},
		{Method: "POST", Pattern: one + "/callbacks/{cid}/resend", Handler: route(a, callbacks, empty, a.resendCallback)},
		{Method: "POST", Pattern: "/v1/payout-gateway/callbacks/resend", Handler: route(a, callbacks, none, a.resendPeriod)},
	}
}

func (a *API) payoutRoutes() []wire.Route {
	const path, one = payoutsPath, payoutsPath + "/{id}"
	read, pay, admin, none := a.readers(), a.payers(), a.admins(), wire.Options{}
	return []wire.Route{
		{Method: "POST", Pattern: path, Handler: route(a, pay, none, a.createPayout)},
		{Method: "GET", Pattern: path, Handler: route(a, read, none, a.listPayouts)},
		{Method: "GET", Pattern: one, Handler: route(a, read, none, a.getPayout)},
		{Method: "GET", Pattern: one + "/statements", Handler: route(a, read, none, a.listStatements)},
		{Method: "POST", Pattern: one + "/statements", Handler: route(a, admin, none, a.addStatement)},
		{Method: "POST", Pattern: one + "/pull-statement", Handler: route(a, pay, none, a.pullStatement)},
		{Method: "POST", Pattern: one + "/resolve", Handler: route(a, admin, none, a.resolvePayout)},
	}
}

func (a *API) routingRoutes() []wire.Route {
	read, admin := a.readers(), a.admins()
	none, empty := wire.Options{}, wire.Options{EmptyBody: true}
	return []wire.Route{
		{Method: "GET", Pattern: pointsPath, Handler: route(a, read, none, a.listPoints)},
		{Method: "POST", Pattern: pointsPath, Handler: route(a, admin, none, a.createPoint)},
		{Method: "GET", Pattern: pointsPath + "/{id}", Handler: route(a, read, none, a.getPoint)},
		{Method: "PATCH", Pattern: pointsPath + "/{id}", Handler: route(a, admin, none, a.updatePoint)},
		{Method: "DELETE", Pattern: pointsPath + "/{id}", Handler: route(a, admin, none, a.deletePoint)},

		{Method: "GET", Pattern: routesPath, Handler: route(a, read, none, a.listRoutes)},
		{Method: "GET", Pattern: routesPath + "/{id}", Handler: route(a, read, none, a.getRoute)},
		{Method: "PATCH", Pattern: routesPath + "/{id}", Handler: route(a, admin, none, a.updateRoute)},
		{Method: "POST", Pattern: routesPath + "/enable-all", Handler: route(a, admin, none, a.enableRoutes)},
		{Method: "POST", Pattern: routesPath + "/disable-all", Handler: route(a, admin, none, a.disableRoutes)},
		{Method: "POST", Pattern: routesPath + "/archive-disabled", Handler: route(a, admin, none, a.archiveRoutes)},

		{Method: "GET", Pattern: schemesPath, Handler: route(a, read, none, a.listSchemes)},
		{Method: "POST", Pattern: schemesPath, Handler: route(a, admin, none, a.createScheme)},
		{Method: "GET", Pattern: schemesPath + "/{id}", Handler: route(a, read, none, a.getScheme)},
		{Method: "PATCH", Pattern: schemesPath + "/{id}", Handler: route(a, admin, none, a.updateScheme)},
		{Method: "DELETE", Pattern: schemesPath + "/{id}", Handler: route(a, admin, none, a.archiveScheme)},
		{Method: "POST", Pattern: schemesPath + "/{id}/clone", Handler: route(a, admin, empty, a.cloneScheme)},
		{Method: "POST", Pattern: schemesPath + "/{id}/archive", Handler: route(a, admin, none, a.archiveScheme)},
		{Method: "GET", Pattern: schemesPath + "/{id}/revisions", Handler: route(a, read, none, a.listRevisions)},
		{Method: "POST", Pattern: schemesPath + "/{id}/revisions", Handler: route(a, admin, none, a.createRevision)},
	}
}

func (a *API) rateRoutes() []wire.Route {
	read, admin, none := a.readers(), a.admins(), wire.Options{}
	const one, rules = ratesPath + "/{id}", ratesPath + "/{id}/rules"
	return []wire.Route{
		{Method: "GET", Pattern: ratesPath, Handler: route(a, read, none, a.listRates)},
		{Method: "POST", Pattern: ratesPath, Handler: route(a, admin, none, a.createRates)},
		{Method: "GET", Pattern: one, Handler: route(a, read, none, a.getRates)},
		{Method: "PATCH", Pattern: one, Handler: route(a, admin, none, a.updateRates)},
		{Method: "DELETE", Pattern: one, Handler: route(a, admin, none, a.deleteRates)},
		{Method: "GET", Pattern: rules, Handler: route(a, read, none, a.listRules)},
		{Method: "POST", Pattern: rules, Handler: route(a, admin, none, a.createRule)},
		{Method: "GET", Pattern: rules + "/{rid}", Handler: route(a, read, none, a.getRule)},
		{Method: "PATCH", Pattern: rules + "/{rid}", Handler: route(a, admin, none, a.updateRule)},
		{Method: "DELETE", Pattern: rules + "/{rid}", Handler: route(a, admin, none, a.deleteRule)},
		{Method: "GET", Pattern: resourcesPath, Handler: route(a, read, none, a.listResources)},
		{Method: "GET", Pattern: resourcesPath + "/{code}", Handler: route(a, read, none, a.getResource)},
		{Method: "GET", Pattern: resourcesPath + "/{code}/rates", Handler: route(a, read, none, a.listResourceRates)},
		{Method: "POST", Pattern: "/v1/fx-rates/quotes", Handler: route(a, a.payers(), none, a.createQuote)},
	}
}

func (a *API) directoryRoutes() []wire.Route {
	read, none := a.readers(), wire.Options{}
	return []wire.Route{
		{Method: "GET", Pattern: providersPath, Handler: route(a, read, none, a.listProviders)},
		{Method: "GET", Pattern: providersPath + "/{code}", Handler: route(a, read, none, a.getProvider)},
		{Method: "GET", Pattern: methodsPath, Handler: route(a, read, none, a.listMethods)},
		{Method: "GET", Pattern: methodsPath + "/{code}", Handler: route(a, read, none, a.getMethod)},
		{Method: "GET", Pattern: servicesPath, Handler: route(a, read, none, a.listServices)},
		{Method: "GET", Pattern: servicesPath + "/{code}", Handler: route(a, read, none, a.getService)},
	}
}

func (a *API) hubRoutes() []wire.Route {
	read, admin := a.readers(), a.admins()
	none, empty := wire.Options{}, wire.Options{EmptyBody: true}
	const one = depositsPath + "/{id}"
	return []wire.Route{
		{Method: "GET", Pattern: accountsPath, Handler: route(a, read, none, a.listAccounts)},
		{Method: "POST", Pattern: accountsPath, Handler: route(a, admin, none, a.connectAccount)},
		{Method: "GET", Pattern: accountsPath + "/{id}", Handler: route(a, read, none, a.getAccount)},
		{Method: "PATCH", Pattern: accountsPath + "/{id}", Handler: route(a, admin, none, a.updateAccount)},
		{Method: "POST", Pattern: accountsPath + "/{id}/reconnect", Handler: route(a, admin, empty, a.reconnectAccount)},
		{Method: "GET", Pattern: accountsPath + "/{id}/breaker", Handler: route(a, read, none, a.getBreaker)},
		{Method: "POST", Pattern: accountsPath + "/{id}/breaker/open", Handler: route(a, admin, empty, a.openBreaker)},
		{Method: "POST", Pattern: accountsPath + "/{id}/breaker/close", Handler: route(a, admin, empty, a.closeBreaker)},
		{Method: "POST", Pattern: accountsPath + "/{id}" + statementsStep, Handler: route(a, admin, wire.Options{MaxBody: maxStatementBody, Timeout: statementTime}, a.loadStatement)},
		{Method: "POST", Pattern: accountsPath + "/{id}/pull-reports", Handler: route(a, admin, empty, a.pullReports)},
		{Method: "POST", Pattern: accountsPath + "/{id}/pull-balances", Handler: route(a, admin, empty, a.pullBalances)},
		{Method: "GET", Pattern: accountsPath + "/{id}/reconciliation", Handler: route(a, read, none, a.getReconciliation)},
		{Method: "GET", Pattern: accountsPath + "/{id}/reconciliation.csv", Handler: route(a, read, none, a.getReconciliationCSV)},
		{Method: "GET", Pattern: accountsPath + "/{id}/reconciliation/findings", Handler: route(a, read, none, a.listFindings)},
		{Method: "GET", Pattern: accountsPath + "/{id}/reconciliation/runs", Handler: route(a, read, none, a.listRuns)},
		{Method: "GET", Pattern: accountsPath + "/{id}/reconciliation/runs/{run}", Handler: route(a, read, none, a.getRun)},
		{Method: "POST", Pattern: accountsPath + "/{id}/reconciliation/explanations", Handler: route(a, admin, none, a.explainDifference)},

		{Method: "GET", Pattern: depositsPath, Handler: route(a, read, none, a.listDeposits)},
		{Method: "GET", Pattern: one, Handler: route(a, read, none, a.getDeposit)},
		{Method: "PATCH", Pattern: one, Handler: route(a, admin, none, a.updateDeposit)},
		{Method: "POST", Pattern: one + "/top-ups", Handler: route(a, admin, none, a.topUp)},
		{Method: "POST", Pattern: one + "/adjustments", Handler: route(a, admin, none, a.adjust)},
		{Method: "GET", Pattern: one + "/postings", Handler: route(a, read, none, a.listPostings)},
		{Method: "GET", Pattern: one + "/balance", Handler: route(a, read, none, a.getBalance)},
	}
}

func (a *API) keyRoutes() []wire.Route {
	const path = "/v1/organization/api-keys"
	admin, none := a.admins(), wire.Options{}
	return []wire.Route{
		{Method: "GET", Pattern: path, Handler: route(a, admin, none, a.listKeys)},
		{Method: "POST", Pattern: path, Handler: route(a, admin, none, a.createKey)},
		{Method: "GET", Pattern: path + "/{id}", Handler: route(a, admin, none, a.getKey)},
		{Method: "PATCH", Pattern: path + "/{id}", Handler: route(a, admin, none, a.updateKey)},
		{Method: "POST", Pattern: path + "/{id}/revoke", Handler: route(a, admin, none, a.revokeKey)},
		{Method: "GET", Pattern: "/v1/organization/callback-secret", Handler: route(a, admin, none, a.getCallbackSecret)},
	}
}

// publicRoutes are for browsers, which have a publishable key.
func (a *API) publicRoutes() []wire.Route {
	return []wire.Route{
		{Method: "POST", Pattern: "/public-api/payout-prerequest", Handler: route(a, a.byPublicKey(), wire.Options{}, a.offer)},
	}
}

func route[Req, Resp any](a *API, auth wire.Auth[engine.Caller], o wire.Options, call func(context.Context, engine.Caller, *wire.Call, Req) (Resp, error)) wire.Handler {
	return wire.Handle(a.Funnel, a.dialect, auth, o, call)
}
