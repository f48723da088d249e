package docs

const restMedia = "application/json"

// restPart is the saved-method dialect.
func restPart() part {
	p := part{schemas: []named{{"Error", object("What every refusal looks like.", must("error", object("",
		may("type", enum("", "invalid_request", "api")), may("error_type", enum("Of a body that can't be read, instead of type.", "invalid_request", "api")), must("message", str("")), must("code", str("").eg("IR_04")), may("reason", str("")))))}}}
	for _, more := range []part{restPayouts(), restCustomers(), restMethods(), restPayments(), restAccounts(), restProfiles(), restConnectors(), restKeys(), restRouting(), restEvents()} {
		p.tags = append(p.tags, more.tags...)
		p.operations = append(p.operations, more.operations...)
		p.schemas = append(p.schemas, more.schemas...)
	}
	return p
}

// saved begins the description of one of the dialect's calls.
func saved(method, path, id, summary string) operation {
	o := gateway(method, path, id, summary)
	o.keys = []string{apiKey, bearerKey, basicKey}
	return o
}

func (o operation) sends(s *schema, example any) operation {
	o.body = &payload{media: []string{restMedia}, schema: s, example: example}
	return o
}

// maySend is sends for a body that can be left out.
func (o operation) maySend(s *schema) operation {
	o = o.sends(s, nil)
	o.body.optional = true
	return o
}

// tells is a good answer, and what a refusal looks like.
func (o operation) tells(about string, s *schema) operation {
	o.replies = append(o.replies[:len(o.replies):len(o.replies)], reply{status: 200, about: about, media: restMedia, schema: s},
		reply{status: 0, about: "Refused.", media: restMedia, schema: ref("Error")})
	return o
}

// minor is an amount of the dialect.
func minor(about string) *schema { return whole(about + " Minor units.").from(0).eg(1250) }

func stamp() *schema { return str("").as("date-time") }

func texts2(names ...string) (out []field) {
	for _, n := range names {
		out = append(out, must(n, str("").null()))
	}
	return out
}

func customerFields() []field {
	return []field{may("name", str("").null()), may("email", str("").null()), may("phone", str("").null()), may("phone_country_code", str("").null())}
}

func restPayouts() part {
	const chapter = "Saved-method payouts"
	status := func() *schema {
		return enum("", "requires_payout_method_data", "requires_confirmation", "requires_fulfillment", "initiated", "pending", "success", "failed", "cancelled", "expired", "reversed")
	}
	attempt := object("One payout to one provider.", append([]field{must("attempt_id", str("")), must("status", status()), must("amount", minor("")), must("currency", currency(""))},
		texts2("connector", "error_code", "error_message", "payment_method", "payout_method_type", "connector_transaction_id", "cancellation_reason", "unified_code", "unified_message")...)...)
	payout := object("A payout.", append([]field{
		must("payout_id", str("")), must("merchant_id", str("")), must("amount", minor("")), must("currency", currency("")), must("payout_method_data", free("Masked.").null()), must("source_bank_data", free("Masked.").null()),
		must("billing", free("").null()), must("auto_fulfill", flag("")), must("customer", object("", append(append([]field{must("id", str(""))}, texts2("name", "email", "phone", "phone_country_code")...), must("customer_document_details", free("").null()))...).null()),
		must("entity_type", str("")), must("recurring", flag("")), must("metadata", free("").null()), must("status", status()), must("profile_id", str("")), must("created", stamp()), may("attempts", list(ref("PayoutAttempt"))),
		must("payout_link", free("").null()), may("amount_received", minor("Of a success with less than was asked for."))},
		texts2("merchant_order_reference_id", "connector", "payout_type", "customer_id", "client_secret", "return_url", "business_country", "business_label", "description", "merchant_connector_id", "error_message", "error_code",
			"connector_transaction_id", "priority", "email", "name", "phone", "phone_country_code", "unified_code", "unified_message", "payout_method_id")...)...)
	details := free("One of: card (card_number, expiry_month, expiry_year, card_holder_name), bank (iban, or routing and account numbers, ...), wallet.")
	sent := object("Members that it doesn't have are refused.", append([]field{
		may("payout_id", str("Your own id.").upTo(64).null()), may("amount", minor("").null()), may("currency", currency("").null()), may("customer_id", str("").upTo(64).null()), may("customer", free("Who is paid: id, name, email, phone.").null()),
		may("payout_type", enum("", "card", "bank", "wallet", "bank_redirect", "passthrough", "test").null()), may("payout_method_data", details.null()), may("payout_token", str("Of a saved method, from its customer's list.").null()),
		may("payout_method_id", str("Of a saved method; needs confirm.").null()), may("confirm", flag("").null()), may("auto_fulfill", flag("Money goes out once it is confirmed.").null()), may("recurring", flag("The method is saved after success.").null()),
		may("connector", list(str("")).say("Providers that may take it.").null()), may("routing", anything("Where it may leave, the best first.")), may("source_bank_data", free("").null()), may("billing", free("").null()),
		may("merchant_order_reference_id", str("").upTo(255).null()), may("return_url", str("").null()), may("description", str("").upTo(1024).null()), may("metadata", free("").null()), may("client_secret", str("Of a browser.").null()),
		may("entity_type", str("").null()), may("priority", str("").null()), may("profile_id", str("").null())}, customerFields()...)...).others()
	one := func(method, tail, id, summary string) operation {
		return saved(method, "/payouts/{id}"+tail, id, summary).in(chapter)
	}
	page := object("", must("size", whole("")), must("data", list(ref("SavedPayout"))), must("total_count", whole("").null()))
	filter := object("What is absent does not narrow.", may("payout_id", str("").null()), may("merchant_order_reference_id", str("").null()), may("profile_id", str("").null()), may("customer_id", str("").null()), may("limit", whole("").null()), may("offset", whole("").null()),
		may("start_time", stamp().null()), may("end_time", stamp().null()), may("connector", list(str("")).null()), may("currency", list(currency("")).null()), may("status", list(str("")).null()), may("payout_method", list(str("")).null()), may("entity_type", str("").null())).others()
	values := object("", must("connector", list(str(""))), must("currency", list(str(""))), must("status", list(str(""))), must("payout_method", list(str(""))))
	counts := object("", must("status_with_count", dict("", whole(""))))
	listed := func(path, id, summary string) operation {
		return saved("GET", path, id, summary).in(chapter).with(query("customer_id", str("")), query("limit", whole("1 to 100.")), query("starting_after", str("A payout: this one and later ones.")), query("ending_before", str("A payout: this one and earlier ones.")), query("created", stamp()), query("start_time", stamp()), query("end_time", stamp())).tells("A page.", page)
	}
	times := object("", may("start_time", stamp().null()), may("end_time", stamp().null())).others()
	more := func(tail, suffix, of string) []operation {
		return []operation{
			listed("/payouts"+tail+"/list", "listSavedPayouts"+suffix, "List payouts"+of),
			saved("POST", "/payouts"+tail+"/list", "filterSavedPayouts"+suffix, "List payouts by a filter"+of).in(chapter).sends(filter, nil).tells("A page.", page),
			saved("POST", "/payouts"+tail+"/filter", "savedPayoutFilters"+suffix, "What a list can be filtered by"+of).in(chapter).maySend(times).tells("Values that occur.", values),
			saved("GET", "/payouts/v2"+tail+"/filter", "savedPayoutFiltersV2"+suffix, "What a list can be filtered by, by query"+of).in(chapter).tells("Values that occur.", values),
			saved("GET", "/payouts"+tail+"/aggregate", "countSavedPayouts"+suffix, "Count payouts by status"+of).in(chapter).tells("How many of each.", counts),
		}
	}
	return part{
		tags:    []tag{{chapter, "Payouts with saved payment methods: snake_case, integer minor units."}},
		schemas: []named{{"SavedPayout", payout}, {"PayoutAttempt", attempt}},
		operations: append([]operation{
			saved("POST", "/payouts/create", "createSavedPayout", "Create a payout").in(chapter).once().sends(sent, members{{"amount", 1250}, {"currency", "EUR"}, {"customer_id", "ada"}, {"name", "Ada Example"}, {"confirm", true}, {"auto_fulfill", true},
				{"payout_type", "bank"}, {"payout_method_data", members{{"bank", members{{"iban", "NL69TEST0000000001"}}}}}}).tells("The payout.", ref("SavedPayout")),
			one("GET", "", "getSavedPayout", "Show a payout").with(query("expand_attempts", flag("")), query("force_sync", flag("The provider is asked now."))).tells("The payout.", ref("SavedPayout")),
			one("PUT", "", "updateSavedPayout", "Change a payout").once().sends(sent, nil).tells("The payout.", ref("SavedPayout")),
			one("POST", "", "updateSavedPayoutByPost", "Change a payout, as PUT does").once().sends(sent, nil).tells("The payout.", ref("SavedPayout")),
			one("POST", "/confirm", "confirmSavedPayout", "Confirm a payout").once().sends(sent, nil).tells("The payout.", ref("SavedPayout")),
			one("POST", "/fulfill", "fulfillSavedPayout", "Fulfill a payout").says("Sends the money of a payout that requires fulfillment. The body is ignored.").once().maySend(free("")).tells("The payout.", ref("SavedPayout")),
			one("POST", "/cancel", "cancelSavedPayout", "Cancel a payout").says("Before a provider has it. The body is ignored.").once().maySend(free("")).tells("The payout.", ref("SavedPayout")),
		}, append(more("", "", ""), more("/profile", "OfProfile", ", of a profile")...)...),
	}
}

func restCustomers() part {
	const chapter = "Customers"
	customer := object("A customer.", append(append([]field{must("customer_id", str(""))}, texts2("name", "email", "phone", "phone_country_code", "description", "default_payment_method_id", "tax_registration_id")...),
		must("address", free("").null()), must("created_at", stamp()), must("metadata", free("").null()), must("document_details", free("").null()))...)
	sent := object("", append([]field{may("customer_id", str("Your own id.").upTo(64).null()), may("description", str("").null()), may("address", free("").null()), may("metadata", free("").null()), may("tax_registration_id", str("").null()), may("document_details", free("").null())}, customerFields()...)...).others()
	return part{
		tags:    []tag{{chapter, "Whom you pay. Deleting one destroys the key of its details, also in old backups."}},
		schemas: []named{{"Customer", customer}},
		operations: []operation{
			saved("POST", "/customers", "createCustomer", "Create a customer").in(chapter).once().maySend(sent).tells("The customer.", ref("Customer")),
			saved("GET", "/customers/list", "listCustomers", "List customers").in(chapter).with(query("limit", whole("")), query("offset", whole(""))).tells("Customers.", list(ref("Customer"))),
			saved("GET", "/customers/list_with_count", "countCustomers", "List customers with their number").in(chapter).with(query("limit", whole("")), query("offset", whole(""))).
				tells("Customers.", object("", must("data", list(ref("Customer"))), must("total_count", whole("")))),
			saved("GET", "/customers/{id}", "getCustomer", "Show a customer").in(chapter).tells("The customer.", ref("Customer")),
			saved("POST", "/customers/{id}", "updateCustomer", "Change a customer").in(chapter).once().sends(sent, nil).tells("The customer.", ref("Customer")),
			saved("DELETE", "/customers/{id}", "deleteCustomer", "Delete a customer").in(chapter).once().
				tells("It is gone.", object("", must("customer_id", str("")), must("customer_deleted", flag("")), must("address_deleted", flag("")), must("payment_methods_deleted", flag("")))),
		},
	}
}

func restMethods() part {
	const chapter = "Payment methods"
	card := object("A saved card: what its number tells, and no number.", append(texts2("scheme", "issuer_country", "last4_digits", "expiry_month", "expiry_year", "card_token", "card_holder_name", "card_fingerprint", "nick_name", "card_network", "card_isin", "card_issuer", "card_type"), must("saved_to_locker", flag("")))...)
	masked := dict("Masked.", str("")).null()
	method := object("A saved payment method.", must("merchant_id", str("")), must("customer_id", str("")), must("payment_method_id", str("")), must("payment_method", str("")), must("payment_method_type", str("").null()), must("card", ref("SavedCard").null()),
		must("recurring_enabled", flag("")), must("installment_payment_enabled", flag("")), must("payment_experience", anything("")), must("metadata", free("").null()), must("created", stamp()), must("bank_transfer", masked), must("last_used_at", stamp()), must("client_secret", str("").null()))
	sent := object("", may("customer_id", str("").upTo(64).null()), may("payment_method", str("").eg("card").null()), may("payment_method_type", str("").null()), may("card", free("card_number, card_exp_month, card_exp_year, card_holder_name.").null()), may("bank_transfer", free("").null()),
		may("wallet", free("").null()), may("bank_redirect", free("").null()), may("metadata", free("").null()), may("client_secret", str("Of a browser.").null())).others()
	narrowed := []param{query("limit", whole("")), query("accepted_countries", str("Countries, with commas or given more than once. A method of another one is left out.")), query("accepted_currencies", str("Currencies, in the same way. A method that is paid in none of them is left out.")),
		query("card_networks", str("Networks, in the same way: cards of these alone.")), query("recurring_enabled", flag("Those that can be charged without their owner, or those that can't.")), query("installment_payment_enabled", flag("With true there is none.")), query("amount", whole("Minor units. No saved method has a least or a most."))}
	return part{
		tags:    []tag{{chapter, "Cards, bank accounts and wallets of customers, sealed in the locker."}},
		schemas: []named{{"SavedCard", card}, {"PaymentMethod", method}},
		operations: []operation{
			saved("POST", "/payment_methods", "createPaymentMethod", "Save a payment method").in(chapter).once().sends(sent, nil).tells("The method.", ref("PaymentMethod")),
			saved("GET", "/payment_methods/{id}", "getPaymentMethod", "Show a payment method").in(chapter).tells("The method.", ref("PaymentMethod")),
			saved("POST", "/payment_methods/{id}/update", "updatePaymentMethod", "Change a payment method").in(chapter).once().sends(sent, nil).tells("The method.", ref("PaymentMethod")),
			saved("POST", "/payment_methods/{id}/save", "completePaymentMethod", "Complete a payment method that waits for its details").in(chapter).once().sends(sent, nil).tells("The method.", ref("PaymentMethod")),
			saved("DELETE", "/payment_methods/{id}", "deletePaymentMethod", "Delete a payment method").in(chapter).once().tells("It is gone.", object("", must("payment_method_id", str("")), must("deleted", flag("")))),
			saved("GET", "/customers/{customer}/payment_methods", "listPaymentMethods", "List a customer's payment methods").in(chapter).with(narrowed...).
				tells("The methods, each with a payment token for a payout.", object("", must("customer_payment_methods", list(free(""))), must("is_guest_customer", flag("").null()))),
			saved("GET", "/customers/payment_methods", "listPaymentMethodsBySecret", "List the payment methods of whom a client secret is").in(chapter).with(append(narrowed, query("client_secret", str("Of a payment, a payout, or a payment method that waits.")))...).
				tells("The methods, each with a payment token.", object("", must("customer_payment_methods", list(free(""))), must("is_guest_customer", flag("").null()))),
			saved("GET", "/account/payment_methods", "offeredPaymentMethods", "List what the connectors take").in(chapter).with(query("client_secret", str("Narrows to the currency of what it is of."))).
				tells("By method and type.", object("", must("merchant_name", str("").null()), must("currency", str("").null()), must("redirect_url", str("").null()), must("payment_methods", list(object("", must("payment_method", str("")),
					must("payment_method_types", list(object("", must("payment_method_type", str("")), must("accepted_currencies", list(str(""))), must("eligible_connectors", list(str(""))))))))))),
			saved("POST", "/customers/{customer}/payment_methods/{method}/default", "setDefaultMethod", "Make one the default").in(chapter).once().
				tells("The default.", object("", must("default_payment_method_id", str("")), must("customer_id", str("")), must("payment_method", str("")), must("payment_method_type", str("").null()))),
		},
	}
}
