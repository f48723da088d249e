package docs

func ratesPart() part {
	const chapter, path, resources = "Exchange rates", "/v1/fx-rates/schemes", "/v1/fx-rates/resources"
	scheme := resource("rate-schemes", "Rules that make rates from sources. The System scheme has every pair of the sources without fees, and can't be changed.", object("",
		must("name", str("")), must("description", str("").null()), must("system", flag("")), must("allow_fallback", flag("Pairs without a rule are the System scheme's.")), must("created", seconds("").null()), must("updated", seconds("").null())),
		toMany("rules", "rate-rules"))
	rule := resource("rate-rules", "How the rate of one pair is made: source + source x fee_rate/100 + fee_fix.", object("", must("pair", str("").eg("USD/EUR")), must("base", currency("Of the request.")), must("quote", currency("Of the deposit account.")),
		must("resource", str("")), must("rate_type", enum("", "fixed", "ask", "bid")), must("inverse", flag("The source's pair is turned over.")), must("fee_rate", num("Percent.")), must("fee_fix", num("In the quote currency.")),
		must("source_rate", str("Eight decimals; null while the source has none.").null()), must("rate", str("").null())), toOne("rate-schema", "rate-schemes"))
	number := func(about string) *schema { return oneOf(about, num(""), str("").like(`^-?\d+(\.\d+)?$`)) }
	sent := func(required func(string, *schema) field) *schema {
		return object("", required("base", currency("")), required("quote", currency("")), required("resource", str("").eg("ecb")), may("rate_type", enum("", "fixed", "ask", "bid")), may("inverse", flag("")),
			may("fee_rate", number("Percent; may be negative.")), may("fee_fix", number("In the quote currency; may be negative.")), may("source_rate", number("Of the resource fixed: the rate itself.")))
	}
	named2 := func(required func(string, *schema) field) *schema {
		return object("", required("name", str("").upTo(255)), may("description", str("").upTo(1024).null()), may("allow_fallback", flag("")), may("test_mode", flag("")))
	}
	source := resource("rate-resources", "A source of rates.", object("", must("code", str("")), must("name", str("")), must("rate_type", enum("", "fixed", "commercial")), must("pairs", whole("")), must("date", seconds("Of the rates, as the source says.").null()), must("imported", seconds("").null())))
	rate := resource("exchange-rates", "A rate as a source gives it.", object("", must("pair", str("")), must("base", currency("")), must("quote", currency("")), must("ask", str("Eight decimals.")), must("bid", str(""))), toOne("rate-resource", "rate-resources"))
	quote := resource("rate-quotes", "A rate that is promised until it expires.", object("", must("pair", str("")), must("base", currency("")), must("quote", currency("")), must("rate", str("Eight decimals.")), must("expires", seconds("")), must("created", seconds(""))))
	gone := func(o operation) operation {
		o.replies = append(o.replies, reply{status: 204, about: "It is gone."})
		return o
	}
	return part{
		tags:    []tag{{chapter, "A payout in another currency than the request's is converted at the rate of the point's scheme, fixed when the payout is made, and rounded down."}},
		schemas: []named{{"RateScheme", scheme}, {"RateRule", rule}, {"RateResource", source}, {"ExchangeRate", rate}, {"RateQuote", quote}},
		operations: []operation{
			gateway("GET", path, "listRateSchemes", "List rate schemes").in(chapter).lists("Schemes.", "RateScheme", []string{"created", "name"}, nil, append(span("created"), by("name", str("")), by("system", flag("")))...).refuses(),
			gateway("POST", path, "createRateScheme", "Create a rate scheme").in(chapter).once().takes("rate-schemes", named2(must), nil).gives(201, "Created.", "RateScheme").gives(200, "It was created before, by the same call.", "RateScheme").refuses(422),
			gateway("GET", path+"/{id}", "getRateScheme", "Show a rate scheme").in(chapter).gives(200, "The scheme.", "RateScheme").refuses(404),
			gateway("PATCH", path+"/{id}", "updateRateScheme", "Change a rate scheme").in(chapter).once().takes("rate-schemes", named2(may), nil).gives(200, "The scheme.", "RateScheme").refuses(404, 409, 422),
			gone(gateway("DELETE", path+"/{id}", "deleteRateScheme", "Delete a rate scheme").in(chapter).says("Refused while a payout point or a routing scheme goes by it.")).refuses(404, 409),
			gateway("GET", path+"/{id}/rules", "listRateRules", "List rules").in(chapter).lists("Rules.", "RateRule", []string{"pair"}, nil, by("pair", str("")), by("base", str("")), by("quote", str("")), by("resource", str(""))).refuses(404),
			gateway("POST", path+"/{id}/rules", "createRateRule", "Create a rule").in(chapter).once().takes("rate-rules", sent(must), nil).gives(201, "Created.", "RateRule").gives(200, "It was created before, by the same call.", "RateRule").refuses(404, 409, 422),
			gateway("GET", path+"/{id}/rules/{rid}", "getRateRule", "Show a rule").in(chapter).gives(200, "The rule.", "RateRule").refuses(404),
			gateway("PATCH", path+"/{id}/rules/{rid}", "updateRateRule", "Change a rule").in(chapter).once().takes("rate-rules", sent(may), nil).gives(200, "The rule.", "RateRule").refuses(404, 409, 422),
			gone(gateway("DELETE", path+"/{id}/rules/{rid}", "deleteRateRule", "Delete a rule").in(chapter)).refuses(404, 409),
			gateway("GET", resources, "listRateResources", "List sources").in(chapter).lists("Sources.", "RateResource", []string{"code"}, nil, by("code", str("")), by("available", flag(""))).refuses(),
			gateway("GET", resources+"/{code}", "getRateResource", "Show a source").in(chapter).gives(200, "The source.", "RateResource").refuses(404),
			gateway("GET", resources+"/{code}/rates", "listResourceRates", "List a source's rates").in(chapter).lists("Rates.", "ExchangeRate", []string{"pair"}, nil, by("pair", str("")), by("base", str("")), by("quote", str(""))).refuses(404),
			gateway("POST", "/v1/fx-rates/quotes", "createRateQuote", "Lock a rate").in(chapter).says("A request that bears the quote in time is paid at its rate.").once().
				takes("rate-quotes", object("", must("point_id", str("")), must("base", currency("")), must("quote", currency("")), may("lifetime", whole("Seconds; 900 if absent.").between(1, 86400))), nil).
				gives(201, "The quote.", "RateQuote").gives(200, "It was made before, by the same call.", "RateQuote").refuses(404, 422),
		},
	}
}
