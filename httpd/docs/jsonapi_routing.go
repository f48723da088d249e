package docs

func pointsPart() part {
	const chapter, path = "Payout points", "/v1/payout-gateway/payout-points"
	sent := func(required func(string, *schema) field) *schema {
		return object("", required("name", str("").upTo(255)), required("currencies", list(currency("")).say("In which requests may be made; at least one.")),
			may("description", str("").upTo(1024).null()), may("rate_scheme_id", str("").null()), may("routing_scheme_id", str("null: any route that is open.").null()),
			may("callback_url", str("").upTo(2048).null()), may("only_final_callbacks", flag("Callbacks tell of ends alone.")), may("expose_internal_data", flag("Failed payouts and providers are shown in requests and callbacks.")),
			may("queue_on_shortage", flag("A request that lacks money waits for it, instead of failing.")), may("archived", flag("")), may("test_mode", flag("")))
	}
	point := resource("payout-points", "Where requests come in, and what is arranged for them.", object("",
		must("name", str("")), must("description", str("").null()), must("currencies", list(currency(""))), must("rate_scheme_id", str("").null()), must("routing_scheme_id", str("").null()),
		must("callback_url", str("").null()), must("only_final_callbacks", flag("")), must("expose_internal_data", flag("")), must("queue_on_shortage", flag("")), must("archived", flag("")), must("test_mode", flag("")),
		must("created", seconds("")), must("updated", seconds(""))), toOne("rate-schema", "rate-schemes"), toOne("routing-schema", "payout-routing-schemes"))
	return part{
		tags:    []tag{{chapter, "A payout point has the currencies, the schemes of routing and rates, and the callback address of its requests."}},
		schemas: []named{{"PayoutPoint", point}},
		operations: []operation{
			gateway("GET", path, "listPayoutPoints", "List payout points").in(chapter).lists("Points.", "PayoutPoint", []string{"created", "name"}, nil,
				append(span("created"), by("name", str("")), by("currency", str("")), by("archived", flag("")))...).refuses(),
			gateway("POST", path, "createPayoutPoint", "Create a payout point").in(chapter).once().
				takes("payout-points", sent(must), example("payout-point", members{{"name", "Shop"}, {"currencies", []string{"USD", "EUR"}}})).
				gives(201, "Created.", "PayoutPoint").gives(200, "It was created before, by the same call.", "PayoutPoint").refuses(404, 409, 422),
			gateway("GET", path+"/{id}", "getPayoutPoint", "Show a payout point").in(chapter).gives(200, "The point.", "PayoutPoint").refuses(404),
			gateway("PATCH", path+"/{id}", "updatePayoutPoint", "Change a payout point").in(chapter).once().takes("payout-points", sent(may), nil).gives(200, "The point.", "PayoutPoint").refuses(404, 409, 422),
			gateway("DELETE", path+"/{id}", "archivePayoutPoint", "Archive a payout point").in(chapter).says("It takes no new requests; those that it has go on.").once().gives(200, "The point.", "PayoutPoint").refuses(404),
		},
	}
}

func routesPart() part {
	const chapter, path = "Payout routes", "/v1/payout-gateway/payout-routes"
	cost := func(number func(string) *schema) *schema {
		return object("What the provider takes: rate x amount + fixed, within min and max.", must("rate", num("Percent, four decimals at most.")), must("fixed", number("")), must("min", number("")), must("max", number("")))
	}
	route := resource("payout-routes", "A payout service through one deposit account.", object("", must("service", str("")), must("currency", currency("")), must("provider", str("")), must("external_id", str("").null()),
		must("amount_min", exact("null: the service's.")), must("amount_max", exact("")), must("cost", cost(exact)), must("enabled", flag("")), must("archived", flag("")), must("test_mode", flag("")),
		must("created", seconds("")), must("updated", seconds(""))), toOne("payout-service", "payout-services"), toOne("deposit-account", "deposit-accounts"), toOne("provider-account", "provider-accounts"))
	all := func(tail, id, summary string) operation {
		return gateway("POST", path+tail, id, summary).in(chapter).once().answers(200, "How many.", ref("Changed")).refuses()
	}
	optional := object("", may("rate", maybeAmount()), may("fixed", maybeAmount()), may("min", maybeAmount()), may("max", maybeAmount())).say("The whole of it: what is absent is nothing.").others()
	return part{
		tags:    []tag{{chapter, "Connecting a provider account makes its routes: one for each payout service and deposit account."}},
		schemas: []named{{"PayoutRoute", route}},
		operations: []operation{
			gateway("GET", path, "listPayoutRoutes", "List routes").in(chapter).says("Archived ones are left out unless filter[archived] is given.").lists("Routes.", "PayoutRoute", []string{"created", "service"}, nil,
				append(span("created"), by("service", str("")), by("currency", str("")), by("provider", str("")), by("deposit_account_id", str("")), by("provider_account_id", str("")), by("enabled", flag("")), by("archived", flag("")))...).refuses(),
			gateway("GET", path+"/{id}", "getPayoutRoute", "Show a route").in(chapter).gives(200, "The route.", "PayoutRoute").refuses(404),
			gateway("PATCH", path+"/{id}", "updatePayoutRoute", "Change a route").in(chapter).says("Limits lie within the service's. A route is disabled before it is archived.").once().
				takes("payout-routes", object("", may("enabled", flag("")), may("archived", flag("")), may("external_id", str("").upTo(255).null()), may("amount_min", maybeAmount()), may("amount_max", maybeAmount()), may("cost", optional)), nil).
				gives(200, "The route.", "PayoutRoute").refuses(404, 409, 422),
			all("/enable-all", "enablePayoutRoutes", "Enable all routes"), all("/disable-all", "disablePayoutRoutes", "Disable all routes"), all("/archive-disabled", "archivePayoutRoutes", "Archive disabled routes"),
		},
	}
}

// maybeAmount is an amount that null takes away.
func maybeAmount() *schema {
	return oneOf("An amount; null switches it off.", num(""), str("").like(`^\d+(\.\d+)?$`), &schema{kind: "null"})
}

func schemesPart() part {
	const chapter, path = "Routing schemes", "/v1/payout-gateway/routing-schemes"
	tree := func() *schema {
		return anything(`A decision tree; null is the strategy Optimal over all routes. A node is {"if": expression, "then": node, "else": node}, {"strategies": [{"type": "optimal|direct|priority|weight|balance|cost|conversion", "routes": [...]}]} or {"block": "why"}. ` +
			`An expression is {"all": [...]}, {"any": [...]} or {"attribute", "operator", "value"}; operators are eq, neq, gt, gte, lt, lte, in, not_in, contains.`)
	}
	revision := func() []field {
		return []field{must("service", str("")), must("enabled", flag("")), must("revision", whole("")), must("tree", tree()), must("author", str("")), must("comment", str("").null()), must("created", seconds(""))}
	}
	scheme := resource("payout-routing-schemes", "A decision tree for each payout service.", object("", must("name", str("")), must("description", str("").null()), must("rate_scheme_id", str("").null()),
		must("services", list(object("", revision()...)).say("What is not listed goes by Optimal.")), must("archived", flag("")), must("test_mode", flag("")), must("created", seconds("")), must("updated", seconds(""))),
		toOne("rate-schema", "rate-schemes"))
	sent := func(required func(string, *schema) field) *schema {
		return object("", required("name", str("").upTo(255)), may("description", str("").upTo(1024).null()), may("rate_scheme_id", str("Where the point has none of its own.").null()), may("archived", flag("")), may("test_mode", flag("")))
	}
	one := func(method, tail, id, summary string) operation {
		return gateway(method, path+"/{id}"+tail, id, summary).in(chapter).once().gives(200, "The scheme.", "RoutingScheme").refuses(404, 409, 422)
	}
	return part{
		tags:    []tag{{chapter, "A scheme has a tree for each payout service. Each change of a tree is a revision with author and comment."}},
		schemas: []named{{"RoutingScheme", scheme}, {"RoutingSchemeRevision", resource("routing-scheme-revisions", "A tree that a service of a scheme has, or has had.", object("", revision()...), toOne("routing-schema", "payout-routing-schemes"), toOne("payout-service", "payout-services"))}},
		operations: []operation{
			gateway("GET", path, "listRoutingSchemes", "List schemes").in(chapter).lists("Schemes.", "RoutingScheme", []string{"created", "name"}, nil, append(span("created"), by("name", str("")), by("service", str("")), by("archived", flag("")))...).refuses(),
			gateway("POST", path, "createRoutingScheme", "Create a scheme").in(chapter).says("It leaves every service to Optimal.").once().takes("payout-routing-schemes", sent(must), nil).
				gives(201, "Created.", "RoutingScheme").gives(200, "It was created before, by the same call.", "RoutingScheme").refuses(404, 422),
			gateway("GET", path+"/{id}", "getRoutingScheme", "Show a scheme").in(chapter).gives(200, "The scheme.", "RoutingScheme").refuses(404),
			one("PATCH", "", "updateRoutingScheme", "Change a scheme").takes("payout-routing-schemes", sent(may), nil),
			one("DELETE", "", "deleteRoutingScheme", "Archive a scheme"),
			one("POST", "/archive", "archiveRoutingScheme", "Archive a scheme, as DELETE does"),
			gateway("POST", path+"/{id}/clone", "cloneRoutingScheme", "Clone a scheme").in(chapter).once().mayTake("payout-routing-schemes", object("", may("name", str("").upTo(255)))).
				gives(201, "The new scheme.", "RoutingScheme").gives(200, "It was cloned before, by the same call.", "RoutingScheme").refuses(404, 422),
			gateway("GET", path+"/{id}/revisions", "listRevisions", "List revisions").in(chapter).lists("Trees, the newest first.", "RoutingSchemeRevision", []string{"created"}, nil,
				append(span("created"), by("service", str("")), by("author", str("")), by("revision", whole("")))...).refuses(404),
			gateway("POST", path+"/{id}/revisions", "createRevision", "Give a service another tree").in(chapter).says("A tree, or the number of a revision that the service has had. Payouts decided from now on go by it.").once().
				takes("routing-scheme-revisions", object("", must("service", str("")), may("tree", tree()), may("revision", whole("")), may("enabled", flag("false: a payout by this service finds no route.")), may("comment", str("").upTo(1024).null())), nil).
				gives(201, "The revision.", "RoutingSchemeRevision").gives(200, "It was made before, by the same call.", "RoutingSchemeRevision").refuses(404, 422),
		},
	}
}
