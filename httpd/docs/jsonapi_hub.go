package docs

func hubPart() part {
	const chapter, path, deposits = "Provider and deposit accounts", "/v1/provider-hub/provider-accounts", "/v1/provider-hub/deposit-accounts"
	health := func() *schema { return enum("", "operational", "degraded", "down", "unknown") }
	account := resource("provider-accounts", "Credentials at a provider. Connecting it makes its deposit accounts and routes.", object("", must("name", str("")), must("description", str("").null()), must("provider", str("")), must("health", health()),
		must("base_url", str("null: the provider's own.").null()), must("enabled", flag("")), must("archived", flag("")), must("test_mode", flag("")), must("created", seconds("")), must("updated", seconds(""))), toOne("payment-provider", "payment-providers"))
	deposit := resource("deposit-accounts", "Money of one currency with one provider account.", object("", must("name", str("")), must("description", str("").null()), must("external_id", str("").null()), must("currency", currency("")), must("provider", str("")),
		must("health", health()), must("enabled", flag("")), must("archived", flag("")), must("balance", exact("What is there: free and held.")), must("held", exact("For payouts under way.")),
		must("available", exact("What a payout may take now, with overdraft and less the minimal balance.")), must("paid", exact("")), must("fee", exact("")), must("minimal_balance", exact("null: off.")), must("overdraft", exact("null: off.")),
		must("turnover_limit", exact("The most that may leave in one day (UTC); null: off.")), must("turnover_today", exact("")), must("provider_balance", exact("What the provider last said that can be paid out; null: it hasn't been asked.")),
		must("balance_difference", exact("What of it neither available nor held explains; null: it hasn't been asked.")), must("provider_balance_at", seconds("").null()), must("prevent_failure", flag("A refusal waits until a person has confirmed it.")), must("test_mode", flag("")),
		must("created", seconds("")), must("updated", seconds(""))), toOne("provider-account", "provider-accounts"))
	numbers := []field{must("available", exact("")), must("held", exact("")), must("paid", exact("")), must("fee", exact("")), must("topup", exact("")), must("adjustment", exact("")), must("returned", exact(""))}
	breaker := resource("breakers", "How new payouts are kept off a provider account that doesn't answer, or that a person has stopped.", object("", must("state", enum("`forced_open`: by a person's word; nothing is sent.", "closed", "open", "half_open", "forced_open")), must("reason", str("").null()), must("since", seconds("").null()), must("until", seconds("").null()),
		must("fails", whole("Questions without an answer, in a row.")), must("failures", whole("And since the appliance began.")), must("last_good", seconds("").null()), must("last_bad", seconds("").null())), toOne("provider-account", "provider-accounts"))
	posting := resource("ledger-postings", "One posting of a deposit account's ledger. Its entries sum to zero.", object("", must("kind", str("")), must("currency", currency("")),
		must("entries", list(object("", must("account", enum("", "available", "held", "paid", "fee", "topup", "adjustment", "returned")), must("amount", exact(""))))), must("balance_after", object("", numbers...)),
		must("payout_request_id", str("").null()), must("payout_id", str("").null()), must("actor", str("").null()), must("description", str("").null()), must("created", seconds(""))), toOne("deposit-account", "deposit-accounts"))
	balance := resource("deposit-balances", "What stood on a deposit account at the end of a second. The seven numbers sum to zero.", object("", append([]field{must("at", seconds("")), must("currency", currency(""))}, numbers...)...), toOne("deposit-account", "deposit-accounts"))
	money := func(tail, id, summary, kind, about string, a *schema, described func(string, *schema) field) operation {
		return gateway("POST", deposits+"/{id}/"+tail, id, summary).in(chapter).says(about).once().takes(kind, object("", must("amount", a), described("description", str("").upTo(200).null())), nil).
			gives(200, "The deposit account as it is then.", "DepositAccount").refuses(404, 422)
	}
	credentials := dict("By name, as the provider's `credentials` lists them. Never shown again.", str(""))
	return part{
		tags:    []tag{{chapter, "A provider account has the credentials, a deposit account one currency and a ledger."}},
		schemas: []named{{"ProviderAccount", account}, {"Breaker", breaker}, {"DepositAccount", deposit}, {"LedgerPosting", posting}, {"DepositBalance", balance}},
		operations: []operation{
			gateway("GET", path, "listProviderAccounts", "List provider accounts").in(chapter).lists("Accounts.", "ProviderAccount", []string{"created", "name"}, []string{"deposit-accounts"},
				append(span("created"), by("name", str("")), by("provider", str("")), by("health", str("")), by("enabled", flag("")), by("archived", flag("")))...).refuses(),
			gateway("POST", path, "connectProviderAccount", "Connect a provider account").in(chapter).once().
				takes("provider-accounts", object("", must("provider", str("").eg("test")), must("name", str("").upTo(255)), may("description", str("").upTo(1024).null()), may("base_url", str("").null()), may("credentials", credentials),
					may("currencies", list(currency("")).say("Of its deposit accounts; absent: all that the provider pays in.")), may("test_mode", flag("").null())), nil).
				gives(201, "Connected.", "ProviderAccount").gives(200, "It was connected before, by the same call.", "ProviderAccount").refuses(422),
			gateway("GET", path+"/{id}", "getProviderAccount", "Show a provider account").in(chapter).gives(200, "The account.", "ProviderAccount").refuses(404),
			gateway("PATCH", path+"/{id}", "updateProviderAccount", "Change a provider account").in(chapter).says("It is disabled before it is archived.").once().
				takes("provider-accounts", object("", may("name", str("").upTo(255)), may("description", str("").upTo(1024).null()), may("enabled", flag("")), may("archived", flag("")), may("health", health())), nil).
				gives(200, "The account.", "ProviderAccount").refuses(404, 409, 422),
			gateway("POST", path+"/{id}/reconnect", "reconnectProviderAccount", "Reconnect").in(chapter).says("With the same credentials or new ones; makes the deposit accounts and routes that it lacks.").once().
				mayTake("provider-accounts", object("", may("base_url", str("")), may("credentials", credentials))).gives(200, "The account.", "ProviderAccount").refuses(404, 422),
			gateway("GET", path+"/{id}/breaker", "getBreaker", "Show the breaker").in(chapter).says("How the provider answers, and whether new payouts are kept off the account.").gives(200, "The breaker.", "Breaker").refuses(404),
			gateway("POST", path+"/{id}/breaker/open", "openBreaker", "Open the breaker").in(chapter).says("Nothing is sent by the account until it is closed: new payouts take another way or are refused, what is queued waits, what was sent is followed to its end.").once().
				mayTake("breakers", object("", may("reason", str("").upTo(200).null()))).gives(200, "The breaker.", "Breaker").refuses(404, 422),
			gateway("POST", path+"/{id}/breaker/close", "closeBreaker", "Close the breaker").in(chapter).says("What waited for the account leaves within a minute.").once().
				mayTake("breakers", object("")).gives(200, "The breaker.", "Breaker").refuses(404),
			gateway("GET", deposits, "listDepositAccounts", "List deposit accounts").in(chapter).lists("Accounts.", "DepositAccount", []string{"created", "name"}, nil,
				append(span("created"), by("name", str("")), by("currency", str("")), by("provider", str("")), by("provider_account_id", str("")), by("health", str("")), by("available", str("A decimal; also [from] and [to].")), by("enabled", flag("")), by("archived", flag("")))...).refuses(),
			gateway("GET", deposits+"/{id}", "getDepositAccount", "Show a deposit account").in(chapter).gives(200, "The account.", "DepositAccount").refuses(404),
			gateway("PATCH", deposits+"/{id}", "updateDepositAccount", "Change a deposit account").in(chapter).once().
				takes("deposit-accounts", object("", may("name", str("").upTo(255)), may("description", str("").upTo(1024).null()), may("external_id", str("").upTo(255).null()), may("minimal_balance", maybeAmount()), may("overdraft", maybeAmount()),
					may("turnover_limit", maybeAmount()), may("prevent_failure", flag("")), may("enabled", flag("")), may("archived", flag("")), may("health", health())), nil).
				gives(200, "The account.", "DepositAccount").refuses(404, 409, 422),
			money("top-ups", "topUpDepositAccount", "Top up", "top-ups", "Money that has arrived with the provider.", amount(""), may),
			money("adjustments", "adjustDepositAccount", "Adjust", "adjustments", "Corrects the balance by an amount of either sign, with the reason why.", oneOf("A JSON number or a decimal string.", num(""), str("").like(`^-?\d+(\.\d+)?$`)), must),
			gateway("GET", deposits+"/{id}/postings", "listPostings", "List postings").in(chapter).says("The newest first, by page[after] alone.").lists("Postings.", "LedgerPosting", []string{"created"}, nil).refuses(404),
			gateway("GET", deposits+"/{id}/balance", "getBalance", "Balance at a moment").in(chapter).with(query("at", seconds("Now, if absent."))).gives(200, "The balance.", "DepositBalance").refuses(404),
		},
	}
}

func directoryPart() part {
	const chapter, providers, methods, services = "Directory", "/v1/connect-directory/payment-providers", "/v1/connect-directory/payout-methods", "/v1/connect-directory/payout-services"
	label := func() *schema { return dict("By language.", str("")) }
	fields := func() *schema {
		return list(object("", must("key", str("")), must("type", str("")), must("label", label()), may("hint", label()), must("regexp", str("RE2, without delimiters; empty for none.")), must("required", flag("")), must("position", whole("")),
			may("example", str("")), may("options", object("", may("validators", list(object("", must("name", enum("", "Luhn", "Iban")))))))))
	}
	anyOf := func() *schema { return list(str("")).say("Keys of fields of which at least one is needed.") }
	offer := object("", must("code", str("")), must("method", str("")), must("currency", str("XXX: any.")), must("fields", fields()), must("any_of", anyOf()), must("amount_min", str("")), must("amount_max", str("")), must("exchange_rate", str("")), must("status", str("")))
	prerequest := gateway("POST", "/public-api/payout-prerequest", "payoutPrerequest", "Which services pay so much").in(chapter).says("For browsers: it bears the publishable key in its body.")
	prerequest.keys = nil
	prerequest.body = &payload{media: []string{"application/json", jsonapiMedia}, schema: object("", must("public_key", str("")), must("currency", currency("")), may("amount", amount(""))).others()}
	return part{
		tags: []tag{{chapter, "What can be paid and by whom: providers, methods, and services with the fields that each asks for."}},
		schemas: []named{
			{"PaymentProvider", resource("payment-providers", "A payment provider.", object("", must("name", str("")), must("aliases", list(str(""))), must("features", list(str(""))), must("modes", list(str(""))), must("ready", flag("An account can be connected in the key's mode.")),
				must("credentials", list(object("", must("name", str("")), must("label", str("")), must("secret", flag("")), must("required", flag("")), must("max", whole("Characters."))))), must("payout_services", list(str("")))))},
			{"PayoutMethod", resource("payout-methods", "How money is paid out, whatever the currency.", object("", must("code", str("")), must("label", label())))},
			{"PayoutService", resource("payout-services", "A method in a currency: what a recipient's fields are.", object("", must("code", str("")), must("method", str("")), must("currency", str("XXX: any.")), must("status", enum("", "active", "inactive")),
				must("amount_min", str("Eight decimals.")), must("amount_max", str("")), must("fields", fields()), must("any_of", anyOf())), toOne("payout-method", "payout-methods"))},
		},
		operations: []operation{
			gateway("GET", providers, "listProviders", "List payment providers").in(chapter).lists("Providers.", "PaymentProvider", []string{"name"}, nil, by("name", str("")), by("feature", str("")), by("payout_service", str("")), by("ready", flag(""))).refuses(),
			gateway("GET", providers+"/{code}", "getProvider", "Show a payment provider").in(chapter).gives(200, "The provider.", "PaymentProvider").refuses(404),
			gateway("GET", methods, "listPayoutMethods", "List payout methods").in(chapter).lists("Methods.", "PayoutMethod", []string{"code"}, nil, by("code", str(""))).refuses(),
			gateway("GET", methods+"/{code}", "getPayoutMethod", "Show a payout method").in(chapter).gives(200, "The method.", "PayoutMethod").refuses(404),
			gateway("GET", services, "listPayoutServices", "List payout services").in(chapter).lists("Services.", "PayoutService", []string{"code"}, []string{"payout-method"}, by("code", str("")), by("method", str("")), by("status", str("")),
				by("currency", str("Those that pay in it, services of any currency included.")), by("amount", str("With filter[currency]: those that take so much."))).refuses(),
			gateway("GET", services+"/{code}", "getPayoutService", "Show a payout service").in(chapter).gives(200, "The service.", "PayoutService").refuses(404),
			prerequest.answers(200, "The services.", object("", must("data", object("", must("type", constant("payout-prerequest")), must("attributes", object("", must("currency", currency("")), must("test_mode", flag("")), must("services", dict("", offer)))))))).refuses(422),
		},
	}
}
