package docs

func payoutsPart() part {
	const chapter, path = "Payouts", "/v1/payout-gateway/payouts"
	payload := object("The part of the request's amount that it pays.", must("exchange_rate", str("Eight decimals; null between the same currency.").null()), must("amount", exact("")), must("currency", currency("")))
	payout := resource("payouts", "One instruction to one provider from one deposit account.", object("",
		must("status", enum("", payoutStatuses()...)), must("resolution", resolution()), must("moderation_required", flag("")), must("conflict", flag("Statements about it contradict each other.")),
		must("amount", exact("")), must("currency", currency("")), must("processed_amount", exact("")), must("fee", exact("")), must("service", str("")),
		must("request_payload", ref("RequestPayload")), must("reference", str("")), must("provider_reference_id", str("What the provider got as its reference.")), must("provider_original_id", str("The provider's own.").null()),
		must("provider_code", str("").null()), must("provider_message", str("").null()), must("rrn", str("").null()), must("memo", str("")), must("fields", texts("Masked.")),
		must("test_mode", flag("")), must("autoprocess", flag("")), must("piece", whole("Of a split request, which piece it pays.")), must("attempts", whole("Times that it was sent.")),
		must("created", seconds("")), must("updated", seconds("")), must("processed", seconds("").null())),
		toOne("payout-request", "payout-requests"), toOne("payout-service", "payout-services"), toOne("payout-route", "payout-routes"), toOne("deposit-account", "deposit-accounts"), toOne("provider-account", "provider-accounts"))
	statement := resource("payout-statements", "What somebody said about a payout's fate.", object("",
		must("source", enum("", "api_response", "reconciliation", "notification", "manual")), must("status", enum("", "pending", "success", "fail")), must("resolution", resolution()),
		must("statement_status", str("As it was said.")), must("statement_resolution", str("").null()), must("external_id", str("").null()), must("description", str("").null()),
		must("author", str("").null()), must("repeated", whole("")), must("created", seconds(""))), toOne("payout", "payouts"))
	said := func(tail, id, summary, about string) operation {
		return gateway("POST", path+"/{id}"+tail, id, summary).in(chapter).says(about)
	}
	return part{
		tags:    []tag{{chapter, "A payout talks to one provider by one method from one deposit account. Requests make them; one can also be made by itself."}},
		schemas: []named{{"Payout", payout}, {"RequestPayload", payload}, {"PayoutStatement", statement}},
		operations: []operation{
			gateway("POST", path, "createPayout", "Create a payout by itself").in(chapter).says("From one deposit account, at once, with no routing and no failover. It has a payout request of its own.").once().
				takes("payouts", object("", append([]field{must("deposit_account_id", str("")), must("amount", amount("In the deposit account's currency.")), may("currency", currency("That of the deposit account.")),
					must("service", str("")), may("fields", texts("")), may("reference_id", str("").upTo(255).null()), may("test_mode", flag("").null())}, terms()...)...), nil).
				gives(201, "Created.", "Payout").gives(200, "It was created before, by the same call.", "Payout").refuses(404, 409, 422),
			gateway("GET", path, "listPayouts", "List payouts").in(chapter).lists("The newest first.", "Payout", []string{"created"}, nil,
				append(append(span("created"), span("updated")...), by("status", str("")), by("resolution", str("")), by("moderation_required", flag("")), by("payout_request_id", str("")), by("reference_id", str("")),
					by("provider_original_id", str("")), by("service", str("")), by("currency", str("")), by("amount", str("")), by("deposit_account_id", str("")), by("provider_account_id", str("")), by("payout_route_id", str("")),
					by("customer", str("")), by("requisite", str("A masked detail, as it is shown.")))...).refuses(),
			gateway("GET", path+"/{id}", "getPayout", "Show a payout").in(chapter).with(query("include", str("payout-request"))).gives(200, "The payout.", "Payout").refuses(404),
			gateway("GET", path+"/{id}/statements", "listStatements", "List statements").in(chapter).lists("What was said about its fate.", "PayoutStatement", []string{"created"}, nil,
				append(span("created"), by("source", str("")), by("status", str("")))...).refuses(404),
			said("/statements", "addStatement", "Add a statement", "The word of a person who has seen its fate: so a payout in moderation goes on.").
				takes("payout-statements", object("", must("status", enum("", "success", "fail")), may("resolution", resolution().null()), may("amount", amount("Of a success with less than was asked for.")),
					may("external_id", str("").upTo(255).null()), may("description", str("").upTo(1024).null())), nil).
				gives(201, "The payout as it is then.", "Payout").refuses(404, 409, 422),
			said("/pull-statement", "pullStatement", "Pull a statement", "Asks the provider now, and answers with what is known then.").gives(200, "The payout.", "Payout").refuses(404, 409),
			said("/resolve", "resolvePayout", "Resolve a conflict", "Ends a conflict of statements: what took place is confirmed by a person.").
				takes("payouts", object("", must("status", enum("What took place.", "success", "fail")), may("description", str("").upTo(1024).null())), nil).
				gives(200, "The payout.", "Payout").refuses(404, 409, 422),
		},
	}
}
