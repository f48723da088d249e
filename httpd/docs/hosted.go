package docs

const problemMedia = "application/problem+json"

// hostedPart is the dialect of hosted payouts, and the API of its form.
func hostedPart() part {
	const chapter, form = "Hosted payouts", "Payout form"
	amount := func() *schema {
		return str("In major units, with a dot; no more decimals than the currency has.").like(`^[0-9]{1,15}(\.[0-9]+)?$`).eg("10.00")
	}
	text := func(about string) *schema { return str(about).upTo(255).null() }
	nine := []field{
		must("id", str("").eg("pay_01m8htfwct22y0tz611mtak09j")), must("status", enum("", "pending", "succeeded", "failed")), must("url", str("Of the page on which the recipient says where the money goes, or the payer pays. Whoever has it may do so.").null()),
		must("externalId", text("")), must("amount", amount()), must("currency", currency("")), must("description", text("")), must("metadata", free("").null()), must("createdAt", stamp()),
	}
	created := object("What a create answers.", nine...)
	payment := object("A payment as it stands.", append(nine, must("type", enum("", "payout", "payin")), must("updatedAt", stamp()), may("failureReason", str("Of one that failed.").eg("expired")), may("processedAmount", amount()))...)
	sent := object("Members that it doesn't know are part of what a repeat must have too.",
		must("amount", amount()), must("currency", currency("")), may("type", enum("payin, also without it: money comes in by card.", "payout", "payin")),
		may("description", text("Shown to the recipient.")), may("externalId", text("Your own id; it stands for one payment.")), may("metadata", free("At most 4 KiB; no null and no array at its root.").null()),
		may("redirectUrl", str("https; where the recipient goes back to, with the payment's id.").upTo(2048).null()), may("webhookUrl", str("https; in place of the token's own address, for this payment.").upTo(2048).null()),
		may("customer", object("", may("id", text("")), may("name", text("")), may("email", text("")), may("locale", text(""))).others().null())).others()
	one := object("", must("pointer", str("")), must("detail", str("")))
	problem := object("Every refusal, in the words of RFC 9457.", must("type", str("")), must("title", str("")), must("status", whole("")), must("detail", str("")), must("instance", str("")),
		must("code", str("").eg("validation_failed")), must("requestId", str("")), may("existingId", str("Of the payment that is in the way.")), may("errors", list(one)))
	method := object("", must("code", str("").eg("sepa_eur")), must("label", str("")), may("anyOf", list(str(""))),
		must("fields", list(object("", must("key", str("")), must("label", str("")), may("hint", str("")), must("required", flag("")), must("check", str("How it is judged.").eg("iban_sepa")), must("maxLength", whole(""))))))
	payoutForm := object("What a form shows and asks for.", must("id", str("")), must("status", enum("", "pending", "succeeded", "failed")), must("state", str("open, refused (other details are asked for), or what has become of it.")), must("amount", amount()), must("currency", currency("")),
		must("description", str("")), must("merchant", str("")), may("expiresAt", stamp()), must("methods", list(method)))
	call := func(method, path, id, summary string) operation {
		o := gateway(method, path, id, summary).in(chapter)
		o.keys = []string{bearerKey}
		return o
	}
	open := func(method, path, id, summary string) operation {
		o := gateway(method, path, id, summary).in(form).with(query("k", str("Of the link.")))
		o.keys = nil
		return o
	}
	return part{
		tags: []tag{{chapter, "A payout by one call and one link: the recipient says on our page where the money goes. Without type:payout it is a pay-in, whose page takes a card, where a connected provider does. Tokens are made by penstock apikey create --token."},
			{form, "For a form of your own in place of our page, from the origins that the token names. It is opened by the k of the payment's url, and by no key."}},
		schemas: []named{{"CreatedPayment", created}, {"HostedPayment", payment}, {"Problem", problem}, {"PayoutForm", payoutForm}},
		operations: []operation{
			call("POST", "/api/payments", "createPayment", "Create a payout, or a pay-in").
				says("Send type:payout for a payout. The same body again gets the same answer (200, Idempotent-Replayed): by its Idempotency-Key, by its externalId, or, with neither, for a day by itself. Two payouts with equal bodies need an externalId each.").
				with(param{in: "header", name: "Idempotency-Key", schema: str("With another body it is refused (422).").upTo(255)}).
				sends(sent, members{{"externalId", "3e3f3796-4c3a-41e2-a90a-2c0f3e20b0a1"}, {"amount", "10.00"}, {"currency", "EUR"}, {"type", "payout"}, {"description", "Order #1456"}, {"customer", members{{"id", "550e8400"}, {"name", "User Name"}}}, {"metadata", members{{"orderId", 1456}}}}).
				plain(201, "Made.", "CreatedPayment").plain(200, "It was made before.", "CreatedPayment").problems(),
			call("GET", "/api/payments", "listPayments", "List payments").with(query("limit", whole("").between(1, 100)), query("before", str("The id of a payment.")), query("createdFrom", stamp()), query("createdTo", stamp())).
				shaped(200, "The newest first.", object("", must("data", list(ref("HostedPayment"))), must("hasMore", flag("")))).problems(),
			call("GET", "/api/payments/{id}", "getPayment", "Show a payment").plain(200, "The payment.", "HostedPayment").problems(),
			call("POST", "/api/payments/{id}/cancel", "cancelPayment", "Cancel a payment of which nothing has been sent").plain(200, "It has failed, as canceled.", "HostedPayment").problems(),
			call("POST", "/api/payments/{id}/link", "renewPaymentLink", "Make a new link, and the ones before it worthless").plain(200, "The payment with its new url.", "HostedPayment").problems(),
			call("DELETE", "/api/payments/{id}/link", "revokePaymentLink", "Make every link of a payment worthless").plain(200, "The payment, without a url.", "HostedPayment").problems(),
			open("GET", "/api/payoutform/{id}", "getPayoutForm", "What the form asks for").plain(200, "The form.", "PayoutForm").problems(),
			open("POST", "/api/payoutform/{id}/submit", "submitPayoutForm", "Send the details, once").
				sends(object("", must("method", str("")), must("fields", dict("", str(""))), must("confirmed", flag("The recipient has looked at amount and account."))), nil).
				plain(200, "They are taken, or were before.", "PayoutForm").problems(),
		},
	}
}

// plain is an answer by the name of its schema.
func (o operation) plain(status int, about, name string) operation {
	return o.shaped(status, about, ref(name))
}

func (o operation) shaped(status int, about string, s *schema) operation {
	o.replies = append(o.replies[:len(o.replies):len(o.replies)], reply{status: status, about: about, media: restMedia, schema: s})
	return o
}

// problems says what a refusal looks like.
func (o operation) problems() operation {
	o.replies = append(o.replies[:len(o.replies):len(o.replies)], reply{status: 0, about: "Refused.", media: problemMedia, schema: ref("Problem")})
	return o
}
