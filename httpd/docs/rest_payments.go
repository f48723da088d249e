package docs

// restPayments are payments by card, as far as payouts need them.
func restPayments() part {
	const chapter = "Payments"
	status := enum("", "requires_payment_method", "requires_confirmation", "requires_customer_action", "processing", "requires_capture", "partially_captured", "succeeded", "failed", "cancelled")
	refund := object("Money given back.", must("refund_id", str("")), must("payment_id", str("")), must("amount", minor("")), must("currency", currency("")), must("status", enum("", "pending", "succeeded", "failed")), must("reason", str("").null()), must("created_at", stamp()), must("error_code", str("").null()), must("error_message", str("").null()), must("connector", str("").null()), must("profile_id", str("")))
	next := object("Where the customer goes on.", must("type", constant("redirect_to_url")), must("redirect_to_url", str("")))
	payment := object("A payment.", append([]field{must("payment_id", str("")), must("merchant_id", str("")), must("status", status), must("amount", minor("")), must("amount_capturable", minor("")), must("amount_received", minor("")), must("currency", currency("")), must("created", stamp()),
		must("refunds", list(ref("SavedRefund"))), must("capture_method", enum("", "automatic", "manual")), must("payment_method_data", free("Masked.").null()), must("billing", free("").null()), must("shipping", free("").null()), must("metadata", free("").null()), must("profile_id", str("")), must("next_action", next.null()), must("authentication_type", enum("", "three_ds", "no_three_ds").null())},
		texts2("connector", "client_secret", "customer_id", "description", "payment_method", "payment_method_id", "setup_future_usage", "return_url", "error_code", "error_message", "merchant_connector_id", "connector_transaction_id")...)...)
	card := free("card: card_number, card_exp_month, card_exp_year, card_holder_name, card_cvc, which is dropped.")
	sent := object("", append([]field{may("payment_id", str("Your own id.").upTo(64).null()), may("amount", minor("").null()), may("currency", currency("").null()), may("confirm", flag("").null()), may("capture_method", enum("", "automatic", "manual").null()), may("amount_to_capture", minor("").null()), may("customer_id", str("").null()),
		may("setup_future_usage", enum("The card is to be used again.", "on_session", "off_session").null()), may("customer_acceptance", free("That the card may be stored: acceptance_type, accepted_at, online, text_version.").null()), may("payment_method", str("").eg("card").null()), may("payment_method_data", card.null()), may("payment_token", str("").null()),
		may("authentication_type", enum("", "three_ds", "no_three_ds").null()), may("recurring_details", free("type payment_method_id and data.").null()), may("off_session", flag("The customer is not there: a saved card pays by what its provider kept, and nobody is asked.").null()), may("routing", free("As in a payout: where it may come in, the best first.").null()), may("session_expiry", whole("Seconds after which one that nobody has paid is cancelled, 60 to 7890000; never where absent.").null()), may("return_url", str("").null()), may("client_secret", str("Of a browser.").null()), may("metadata", free("").null())}, customerFields()...)...).others()
	give := object("", may("payment_id", str("").null()), may("refund_id", str("Your own id.").upTo(64).null()), may("amount", minor("All that is left where absent.").null()), may("reason", str("").null())).others()
	one := func(method, tail, id, summary string) operation {
		return saved(method, "/payments/{id}"+tail, id, summary).in(chapter)
	}
	return part{
		tags:    []tag{{chapter, "Card payments, so that a card can be saved and paid out to."}},
		schemas: []named{{"SavedPayment", payment}, {"SavedRefund", refund}},
		operations: []operation{
			saved("POST", "/payments", "createSavedPayment", "Create a payment").in(chapter).once().sends(sent, members{{"amount", 6540}, {"currency", "USD"}, {"customer_id", "ada"}}).tells("The payment.", ref("SavedPayment")),
			one("GET", "", "getSavedPayment", "Show a payment").with(query("force_sync", flag("")), query("client_secret", str("Of a browser."))).tells("The payment.", ref("SavedPayment")),
			one("POST", "", "updateSavedPayment", "Change a payment").once().sends(sent, nil).tells("The payment.", ref("SavedPayment")),
			one("POST", "/confirm", "confirmSavedPayment", "Confirm a payment").once().sends(sent, nil).tells("The payment.", ref("SavedPayment")),
			one("POST", "/capture", "captureSavedPayment", "Capture a payment").once().maySend(object("", may("amount_to_capture", minor("").null())).others()).tells("The payment.", ref("SavedPayment")),
			one("POST", "/cancel", "cancelSavedPayment", "Cancel a payment").once().maySend(free("")).tells("The payment.", ref("SavedPayment")),
			webPage("GET", "/payments/redirect/{merchant}/{payment}/{key}", "returnSavedPayment", "Where a payer comes back to from their bank's page").in(chapter).says("Sends them on to return_url with payment_id and status. In test mode it is the bank's page too."),
			saved("POST", "/refunds", "createSavedRefund", "Give money back").in(chapter).once().sends(give, nil).tells("The refund.", ref("SavedRefund")),
			saved("GET", "/refunds/{id}", "getSavedRefund", "Show a refund").in(chapter).tells("The refund.", ref("SavedRefund")),
		},
	}
}
