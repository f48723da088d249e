package rest

import (
	"context"

	"penstock/engine"
	"penstock/httpd/wire"
)

// routes is the table of the dialect.
func (a *API) routes() []wire.Route {
	customers, payouts := a.auth(engine.Customers, false), a.auth(engine.Payouts, false)
	methodsToo, payoutsToo := a.auth(engine.Customers, true), a.auth(engine.Payouts, true) // browsers, with a client secret
	anyToo := a.auth(engine.Customers, true)
	strict := wire.Options{Unknown: wire.RefuseUnknown}
	return append(a.setupRoutes(), []wire.Route{
		{Method: "POST", Pattern: "/customers", Handler: route(a, customers, wire.Options{EmptyBody: true}, a.createCustomer)},
		{Method: "GET", Pattern: "/customers/list", Handler: route(a, customers, wire.Options{}, a.listCustomers)},
		{Method: "GET", Pattern: "/customers/list_with_count", Handler: route(a, customers, wire.Options{}, a.countCustomers)},
		{Method: "GET", Pattern: "/customers/{id}", Handler: route(a, a.ofCustomer("id"), wire.Options{}, a.getCustomer)},
		{Method: "GET", Pattern: "/customers/payment_methods", Handler: route(a, anyToo, wire.Options{}, a.listMethodsBySecret)},
		{Method: "GET", Pattern: "/account/payment_methods", Handler: route(a, anyToo, wire.Options{}, a.offeredMethods)},
		{Method: "POST", Pattern: "/customers/{id}", Handler: route(a, customers, wire.Options{}, a.updateCustomer)},
		{Method: "DELETE", Pattern: "/customers/{id}", Handler: route(a, customers, wire.Options{}, a.deleteCustomer)},
		{Method: "GET", Pattern: "/customers/{customer}/payment_methods", Handler: route(a, a.ofCustomer("customer"), wire.Options{}, a.listMethods)},
		{Method: "POST", Pattern: "/customers/{customer}/payment_methods/{method}/default", Handler: route(a, a.ofCustomer("customer"), wire.Options{}, a.setDefault)},

		{Method: "POST", Pattern: "/payment_methods", Handler: route(a, methodsToo, wire.Options{}, a.createMethod)},
		{Method: "GET", Pattern: "/payment_methods/{id}", Handler: route(a, customers, wire.Options{}, a.getMethod)},
		{Method: "POST", Pattern: "/payment_methods/{id}/update", Handler: route(a, methodsToo, wire.Options{}, a.updateMethod)},
		{Method: "POST", Pattern: "/payment_methods/{id}/save", Handler: route(a, methodsToo, wire.Options{}, a.saveMethod)},
		{Method: "DELETE", Pattern: "/payment_methods/{id}", Handler: route(a, customers, wire.Options{}, a.deleteMethod)},

		{Method: "POST", Pattern: "/payouts/create", Handler: route(a, payouts, strict, a.createPayout)},
		{Method: "GET", Pattern: "/payouts/list", Handler: route(a, payouts, wire.Options{}, a.listPayouts)},
		{Method: "GET", Pattern: profileList, Handler: route(a, payouts, wire.Options{}, a.listPayouts)},
		{Method: "POST", Pattern: "/payouts/list", Handler: route(a, payouts, wire.Options{}, a.filterPayouts)},
		{Method: "POST", Pattern: "/payouts/profile/list", Handler: route(a, payouts, wire.Options{}, a.filterPayouts)},
		{Method: "POST", Pattern: "/payouts/filter", Handler: route(a, payouts, wire.Options{EmptyBody: true}, a.payoutFilters)},
		{Method: "POST", Pattern: "/payouts/profile/filter", Handler: route(a, payouts, wire.Options{EmptyBody: true}, a.payoutFilters)},
		{Method: "GET", Pattern: "/payouts/v2/filter", Handler: route(a, payouts, wire.Options{}, a.payoutFiltersByQuery)},
		{Method: "GET", Pattern: "/payouts/v2/profile/filter", Handler: route(a, payouts, wire.Options{}, a.payoutFiltersByQuery)},
		{Method: "GET", Pattern: "/payouts/aggregate", Handler: route(a, payouts, wire.Options{}, a.aggregatePayouts)},
		{Method: "GET", Pattern: "/payouts/profile/aggregate", Handler: route(a, payouts, wire.Options{}, a.aggregatePayouts)},
		{Method: "GET", Pattern: "/payouts/{id}", Handler: route(a, payouts, wire.Options{}, a.getPayout)},
		{Method: "PUT", Pattern: "/payouts/{id}", Handler: route(a, payouts, strict, a.updatePayout)},
		{Method: "POST", Pattern: "/payouts/{id}", Handler: route(a, payouts, strict, a.updatePayout)},
		{Method: "POST", Pattern: "/payouts/{id}/confirm", Handler: route(a, payoutsToo, strict, a.confirmPayout)},
		{Method: "POST", Pattern: "/payouts/{id}/fulfill", Handler: route(a, payouts, wire.Options{}, a.fulfillPayout)},
		{Method: "POST", Pattern: "/payouts/{id}/cancel", Handler: route(a, payouts, wire.Options{}, a.cancelPayout)},

		{Method: "POST", Pattern: "/webhooks/{merchant}/{account}", Handler: route(a, wire.Auth[engine.Caller]{}, wire.Options{}, a.observe)},
	}...)
}

// setupRoutes are the calls by which a merchant is arranged.
func (a *API) setupRoutes() []wire.Route {
	admin, own, ways, o := a.admin(), a.adminOr(engine.Admin), a.auth(engine.Admin, false), wire.Options{}
	payins, payinsToo := a.auth(engine.Payins, false), a.auth(engine.Payins, true)
	const account, profile, connector, key = "/accounts/{merchant}", "/account/{merchant}/business_profile", "/account/{merchant}/connectors", "/api_keys/{merchant}"
	return []wire.Route{
		{Method: "POST", Pattern: "/accounts", Handler: route(a, admin, o, a.createAccount)},
		{Method: "GET", Pattern: account, Handler: route(a, own, o, a.getAccount)},
		{Method: "POST", Pattern: account, Handler: route(a, admin, o, a.updateAccount)},
		{Method: "DELETE", Pattern: account, Handler: route(a, admin, o, a.deleteAccount)},

		{Method: "POST", Pattern: profile, Handler: route(a, own, wire.Options{EmptyBody: true}, a.createProfile)},
		{Method: "GET", Pattern: profile, Handler: route(a, own, o, a.listProfiles)},
		{Method: "GET", Pattern: profile + "/{id}", Handler: route(a, own, o, a.getProfile)},
		{Method: "POST", Pattern: profile + "/{id}", Handler: route(a, own, o, a.updateProfile)},
		{Method: "DELETE", Pattern: profile + "/{id}", Handler: route(a, admin, o, a.deleteProfile)},

		{Method: "POST", Pattern: connector, Handler: route(a, own, o, a.createConnector)},
		{Method: "GET", Pattern: connector, Handler: route(a, own, o, a.listConnectors)},
		{Method: "GET", Pattern: connector + "/{id}", Handler: route(a, own, o, a.getConnector)},
		{Method: "POST", Pattern: connector + "/{id}", Handler: route(a, own, o, a.updateConnector)},
		{Method: "DELETE", Pattern: connector + "/{id}", Handler: route(a, admin, o, a.deleteConnector)},

		{Method: "POST", Pattern: key, Handler: route(a, admin, o, a.createKey)},
		{Method: "GET", Pattern: key + "/list", Handler: route(a, admin, o, a.listKeys)},
		{Method: "GET", Pattern: key + "/{id}", Handler: route(a, admin, o, a.getKey)},
		{Method: "POST", Pattern: key + "/{id}", Handler: route(a, admin, o, a.updateKey)},
		{Method: "DELETE", Pattern: key + "/{id}", Handler: route(a, admin, o, a.revokeKey)},

		{Method: "POST", Pattern: "/routing", Handler: route(a, ways, o, a.createAlgorithm)},
		{Method: "GET", Pattern: "/routing", Handler: route(a, ways, o, a.listAlgorithms)},
		{Method: "GET", Pattern: "/routing/active", Handler: route(a, ways, o, a.activeAlgorithms)},
		{Method: "POST", Pattern: "/routing/deactivate", Handler: route(a, ways, wire.Options{EmptyBody: true}, a.deactivateAlgorithm)},
		{Method: "GET", Pattern: "/routing/{id}", Handler: route(a, ways, o, a.getAlgorithm)},
		{Method: "POST", Pattern: "/routing/{id}/activate", Handler: route(a, ways, wire.Options{EmptyBody: true}, a.activateAlgorithm)},
		{Method: "POST", Pattern: "/routing/payouts", Handler: route(a, ways, o, a.createAlgorithm)},
		{Method: "GET", Pattern: "/routing/payouts", Handler: route(a, ways, o, a.listAlgorithms)},
		{Method: "GET", Pattern: "/routing/payouts/active", Handler: route(a, ways, o, a.activeAlgorithms)},
		{Method: "GET", Pattern: "/routing/payouts/default", Handler: route(a, ways, o, a.getFallback)},
		{Method: "POST", Pattern: "/routing/payouts/default", Handler: route(a, ways, wire.Options{AnyValue: true}, a.setFallback)},
		{Method: "POST", Pattern: "/routing/payouts/deactivate", Handler: route(a, ways, wire.Options{EmptyBody: true}, a.deactivateAlgorithm)},
		{Method: "POST", Pattern: "/routing/payouts/{id}/activate", Handler: route(a, ways, wire.Options{EmptyBody: true}, a.activateAlgorithm)},

		{Method: "POST", Pattern: "/events/{merchant}", Handler: route(a, admin, wire.Options{EmptyBody: true}, a.listEvents)},
		{Method: "GET", Pattern: "/events/{merchant}/{id}/attempts", Handler: route(a, admin, o, a.eventAttempts)},
		{Method: "POST", Pattern: "/events/{merchant}/{id}/retry", Handler: route(a, admin, o, a.retryEvent)},
		{Method: "PUT", Pattern: "/payouts/{id}/manual-update", Handler: route(a, admin, o, a.manualPayout)},
		{Method: "GET", Pattern: "/payout_link/{merchant}/{payout}", Handler: route(a, wire.Auth[engine.Caller]{}, o, a.linkPage)},

		{Method: "POST", Pattern: "/payments", Handler: route(a, payins, o, a.createPayment)},
		{Method: "GET", Pattern: "/payments/{id}", Handler: route(a, payinsToo, o, a.getPayment)},
		{Method: "POST", Pattern: "/payments/{id}", Handler: route(a, payinsToo, o, a.updatePayment)},
		{Method: "POST", Pattern: "/payments/{id}/confirm", Handler: route(a, payinsToo, o, a.confirmPayment)},
		{Method: "POST", Pattern: "/payments/{id}/capture", Handler: route(a, payins, wire.Options{EmptyBody: true}, a.capturePayment)},
		{Method: "POST", Pattern: "/payments/{id}/cancel", Handler: route(a, payins, o, a.cancelPayment)},
		{Method: "GET", Pattern: "/payments/redirect/{merchant}/{payment}/{key}", Handler: route(a, wire.Auth[engine.Caller]{}, o, a.returnPayment)},
		{Method: "POST", Pattern: "/refunds", Handler: route(a, payins, o, a.createRefund)},
		{Method: "GET", Pattern: "/refunds/{id}", Handler: route(a, payins, o, a.getRefund)},

		{Method: "POST", Pattern: "/ephemeral_keys", Handler: route(a, a.auth(engine.Customers, false), o, a.createEphemeral)},
	}
}

func route[Req, Resp any](a *API, auth wire.Auth[engine.Caller], o wire.Options, call func(context.Context, engine.Caller, *wire.Call, Req) (Resp, error)) wire.Handler {
	return wire.Handle(a.Funnel, a.dialect, auth, o, call)
}
