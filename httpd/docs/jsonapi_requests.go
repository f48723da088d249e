package docs

func requestStatuses() []string {
	return []string{"CREATED", "READY", "WAITING_DETAILS", "DISPATCHING", "PENDING", "PROCESSED", "PARTIALLY_PROCESSED", "FAILED", "EXPIRED", "TERMINATED", "CANCELED"}
}

func payoutStatuses() []string {
	return []string{"READY", "INVOKING", "PROCESSING", "PENDING", "PROCESSED", "PARTIALLY_PROCESSED", "PROCESS_FAILED", "TERMINATED", "CANCELLED"}
}

func resolution() *schema {
	return str("Why it stands so: OK; of the ERROR group (nobody knows yet, a person is asked): CONNECTION_ERROR, UNKNOWN, ...; of the FATAL group (no money moves): INVALID_DETAILS, INSUFFICIENT_FUNDS, ...; of requests also STRATEGY_RECEIVED_NO_ROUTES, STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED, RATE_NOT_FOUND.").like(`^[A-Z0-9_]+$`).eg("OK")
}

func exact(about string) *schema { return num(about + " An exact decimal.").null() }

func texts(about string) *schema { return dict(about, str("")) }

// terms are the wishes that go with a request.
func terms() []field {
	return []field{
		may("memo", str("For the beneficiary's statement.").upTo(1024).null()),
		may("description", str("For the organisation.").upTo(1024).null()),
		may("callback_url", str("Where this request's callbacks go; else to its point's address.").upTo(2048).null()),
		may("attempts_limit", whole("How many payouts may be made in the place of those that failed.").between(0, 100).null()),
		may("split_mode", flag("It may be paid in several payouts, up to 100.").null()),
		may("parallel_mode", flag("Whose payouts needn't wait for each other.").null()),
		may("allow_partially", flag("It may end with less than the amount; needs split_mode.").null()),
		may("autoprocess", flag("It goes on by itself. false: it waits in READY to be processed. Default true.").null()),
		may("moderation_required", flag("A person must let it go on.").null()),
		may("metadata", free("At most 20 attributes of yours.")),
		may("customer", object("Who is paid: a known customer by id, or a new one.",
			may("id", str("").upTo(64)), may("name", str("")), may("email", str("")), may("phone", str(""))).others()),
		may("context", free("Further details of the recipient, such as a card's expiry.")),
	}
}

func requestSent() *schema {
	return object("", append([]field{
		must("point_id", str("The payout point.").eg("pop_01ke6jq300n6qdnh3k7f7cy8w1")),
		must("point_amount", amount("In the point's currency; above zero.")),
		must("point_currency", currency("One of the point's.")),
		must("service", str("Code of the payout service, which says what fields are needed.").eg("test_usd")),
		may("fields", texts("The recipient's details, by the service's keys.")),
		may("reference_id", str("Your own id, unique in the organisation and mode. A repeat with the same body does nothing and gets the first answer (200); with another body it is refused (409 reference_id_conflict).").upTo(255).null()),
		may("expires", whole("When it ends if nothing has been sent: unix seconds, or seconds from now.").null()),
		may("quote_id", str("A rate that was locked.").null()),
		may("test_mode", flag("That of the API key; false is refused with a test key, and true with a live one.").null()),
	}, terms()...)...)
}

func requestsPart() part {
	const chapter, path = "Payout requests", "/v1/payout-gateway/payout-requests"
	brief := object("", must("id", str("")), must("rrn", str("").null()), must("amount", exact("")), must("currency", currency("")), must("status", enum("", payoutStatuses()...)),
		may("payload", ref("RequestPayload")), may("provider_id", str("").null()), may("provider_code", str("").null()), may("resolution", resolution()))
	request := resource("payout-requests", "What was asked for. It chooses where the money leaves, and makes as many payouts as it takes.", object("",
		must("status", enum("", requestStatuses()...)), must("resolution", resolution()),
		must("moderation_required", flag("No machine goes on with it until a person has decided.")), must("moderation_reason", str("").null()),
		must("amount", exact("")), must("currency", currency("")), must("service", str("").null()),
		must("point_amount", exact("")), must("point_currency", currency("")), must("processed_amount", exact("What has been paid, in the request's currency; null before anything was.")),
		must("reference_id", str("").null()), must("memo", str("").null()), must("description", str("").null()),
		must("fields", texts("Masked: 512381******0000.")), must("test_mode", flag("")), must("autoprocess", flag("")), must("split_mode", flag("")),
		must("parallel_mode", flag("")), must("allow_partially", flag("")), must("attempts_limit", whole("")),
		must("attempts", whole("How many payouts were made in the place of others.")), must("waits_for_funds", flag("It waits in line for money on a deposit account.")),
		must("callback_url", str("").null()), must("metadata", free("")),
		must("payouts", list(brief).say("Those that failed are there if the point exposes internal data, with where they went.")),
		must("expires", seconds("").null()), must("created", seconds("")), must("updated", seconds("")), must("processed", seconds("When it ended.").null())),
		toOne("payout-point", "payout-points"), toOne("payout-service", "payout-services"), toOne("payout-method", "payout-methods"),
		toOne("rate-schema", "rate-schemes"), toOne("routing-schema", "payout-routing-schemes"), toOne("customer", "customers"), toMany("payouts", "payouts"))
	event := resource("payout-request-events", "One line of a request's history.", object("",
		must("event", str("")), must("status", str("Of the payout, or of the request.").null()), must("payout_id", str("").null()), must("actor", str("").null()),
		must("message", str("").null()), must("repeated", whole("Times that it was said again.")), must("last", seconds("").null()), must("created", seconds(""))),
		toOne("payout-request", "payout-requests"))
	did := func(method, tail, id, summary, about string) operation {
		return gateway(method, path+"/{id}"+tail, id, summary).in(chapter).says(about).once().gives(200, "The request as it is then.", "PayoutRequest").refuses(404, 409, 422)
	}
	filters := append(append(span("created"), span("updated")...), by("status", str("One or more, by comma; case doesn't matter.")), by("resolution", str("")),
		by("moderation_required", flag("")), by("reference_id", str("")), by("service", str("")), by("currency", str("")), by("amount", str("A decimal; also [from] and [to].")),
		by("point_id", str("")), by("customer", str("")), by("requisite", str("A masked detail, as it is shown; also [contains].")))
	return part{
		tags: []tag{{chapter, "A payout request hides routes and payouts: it chooses the deposit account by routing, applies an exchange rate, fails over, splits."}},
		schemas: []named{{"PayoutRequest", request}, {"PayoutRequestEvent", event}, {"RoutingDecision", decision()}, {"Callback", callback()},
			{"Changed", object("", must("meta", object("", must("changed", whole("How many."))))).say("How many were changed.")}},
		operations: []operation{
			gateway("POST", path, "createPayoutRequest", "Create a payout request").in(chapter).
				says("It is stored before it is answered; what becomes of it is told by callbacks, or asked for. 201 is created, 4xx is not created; after any 5xx look it up by its reference_id, or repeat it.").once().
				takes("payout-requests", requestSent(), example("payout-request", members{{"point_id", "pop_01ke6jq300n6qdnh3k7f7cy8w1"}, {"point_currency", "USD"}, {"point_amount", 1},
					{"service", "test_usd"}, {"test_mode", true}, {"fields", members{{"account", "some_random_string"}}}})).
				gives(201, "Created.", "PayoutRequest").gives(200, "It was created before, by the same call.", "PayoutRequest").refuses(404, 409, 422),
			gateway("GET", path, "listPayoutRequests", "List payout requests").in(chapter).
				lists("The newest first.", "PayoutRequest", []string{"created"}, []string{"payouts", "payout-point", "payout-service"}, filters...).refuses(),
			gateway("GET", path+"/{id}", "getPayoutRequest", "Show a payout request").in(chapter).with(query("include", str("payouts, payout-point, payout-service"))).
				gives(200, "The request.", "PayoutRequest").refuses(404),
			did("PATCH", "", "editPayoutRequest", "Edit a payout request", "Only while it is on moderation and has not ended.").
				takes("payout-requests", object("", may("attempts_limit", whole("").between(0, 100)), may("allow_partially", flag("Needs split_mode."))), nil),
			did("POST", "/process", "processPayoutRequest", "Process", "Lets a request in READY go on."),
			did("POST", "/terminate", "terminatePayoutRequest", "Terminate", "Ends a request of which nothing is under way yet."),
			did("POST", "/cancel", "cancelPayoutRequest", "Cancel", "Ends a request of which no provider has a payout."),
			did("POST", "/moderate", "moderatePayoutRequest", "Put on moderation", "Stops all automatic work on it. What is with a provider goes on there.").
				mayTake("payout-requests", object("", may("description", str("Why.").upTo(255)))),
			did("POST", "/unmoderate", "unmoderatePayoutRequest", "Take off moderation", "Lets it go on as it stands. Of a payout whose end nobody knows it changes nothing."),
			gateway("GET", path+"/{id}/payouts", "listPayoutsOfRequest", "List its payouts").in(chapter).lists("Payouts.", "Payout", []string{"created"}, nil).refuses(404),
			gateway("GET", path+"/{id}/events", "listEventsOfRequest", "List its events").in(chapter).lists("Its history.", "PayoutRequestEvent", []string{"created"}, nil).refuses(404),
			gateway("GET", path+"/{id}/decisions", "listDecisionsOfRequest", "Why it was paid by which route").in(chapter).
				lists("Each decision, with every route that was considered.", "RoutingDecision", []string{"created"}, nil).refuses(404),
			gateway("POST", path+"/explain", "explainPayoutRequest", "Dry run: which route would be taken").in(chapter).
				says("Decides on the same path as a payout, and keeps nothing of it. Chance is drawn anew each time.").
				takes("payout-requests", requestSent(), nil).gives(200, "The decision.", "RoutingDecision").refuses(404, 422),
			gateway("GET", path+"/{id}/callbacks", "listCallbacksOfRequest", "List its callbacks").in(chapter).lists("Callbacks.", "Callback", []string{"created"}, nil).refuses(404),
			gateway("POST", path+"/{id}/callbacks/{cid}/resend", "resendCallback", "Send a callback once more").in(chapter).
				mayTake("callbacks", object("", may("url", str("To another address, this once.").upTo(2048)))).gives(200, "The callback.", "Callback").refuses(404, 422),
			gateway("POST", "/v1/payout-gateway/callbacks/resend", "resendCallbacks", "Send the callbacks of a period once more").in(chapter).
				says("A period is from one hour to two days. Receivers drop what they have by webhook-id.").
				takes("callbacks", object("", must("from", seconds("")), must("to", seconds(""))), nil).answers(200, "How many.", ref("Changed")).refuses(422),
		},
	}
}

func callback() *schema {
	return resource("callbacks", "One message to one address. It bears X-Signature: base64(sha1(secret + body + secret)), and the headers of Standard Webhooks. It is delivered when the receiver answers 200.", object("",
		must("event", str("").eg("payout-request.processed")), must("url", str("null: a configured endpoint's.").null()), must("status", enum("", "queued", "done", "failed")), must("tries", whole("")),
		must("attempts", list(object("", must("at", seconds("")), must("response_code", whole("").null()), must("error", str("").null()), must("took_ms", whole("")), must("kind", str("")))).say("The latest.")),
		must("next_attempt", seconds("").null()), must("created", seconds(""))), toOne("payout-request", "payout-requests"))
}

func decision() *schema {
	s := resource("routing-decisions", "Why a payout leaves where it leaves, or why none was made.", object("",
		must("payout_id", str("null: none was made.").null()), must("resolution", resolution()), must("lacks_funds", flag("Nothing but money is missing.")), must("blocked", str("The branch rejects the payout, for this reason.").null()),
		must("amount", exact("What was to be paid.")), must("currency", currency("")),
		must("choice", maybe(object("", must("payout_route_id", str("")), must("deposit_account_id", str("")), must("provider_account_id", str("")), must("provider", str("")),
			must("part", exact("Of the request's amount.")), must("amount", exact("What the route pays for it.")), must("currency", currency(""))))),
		must("exchange_rate", maybe(object("", must("rate", str("Eight decimals.")), must("source_rate", str("")), must("resource", str("").null()), must("rule_id", str("").null()),
			must("date", seconds("").null()), must("via", str("").null()), must("system", flag("")), must("quote_id", str("").null())))),
		must("conditions", list(object("", must("at", str("Place in the tree.")), must("name", str("").null()), must("holds", flag(""))))),
		must("routes", list(object("", must("round", str("")), must("payout_route_id", str("")), must("provider", str("").null()), must("usable", flag("")), must("reason", str("").null()),
			must("detail", str("").null()), must("need", exact("")), must("limit", exact("What need was held against.")), must("currency", str("").null())))),
		must("explanation", list(str("")).say("For people.")), must("created", seconds(""))))
	return s.plus(may("relationships", object("", toOne("payout-request", "payout-requests"))))
}

// maybe is s or null.
func maybe(s *schema) *schema { return s.null() }
