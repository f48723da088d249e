package docs

// keysPart is /v1/organization/api-keys.
func keysPart() part {
	const chapter, path = "API keys", "/v1/organization/api-keys"
	scopes := func() *schema {
		return list(enum("", "payouts", "payins", "customers", "webhooks", "admin")).say("What the key may be used for.")
	}
	addresses := func() *schema {
		return list(str("").eg("192.0.2.0/24")).say("Addresses and ranges that the key is taken from; empty: any.").upTo(64)
	}
	attributes := object("",
		must("description", str("").null()), must("key", str("The secret, in the answer that makes it; else masked.")),
		must("publishable_key", str("For browsers; in the answer that makes it, else null.").null()),
		must("scopes", scopes()), must("test_mode", flag("")), must("whitelisted_ips", addresses()),
		must("revoked", seconds("").null()), must("expires", seconds("").null()),
		must("created", seconds("")), must("updated", seconds("")))
	one := func(o operation) operation { return o.in(chapter).gives(200, "The key.", "APIKey") }
	return part{
		tags: []tag{{chapter, "The keys of the organisation in the mode of the calling key. A secret is shown once, in the answer that makes it."}},
		schemas: []named{
			{"APIKey", resource("api-keys", "An API key of the organisation.", attributes)},
			{"CallbackSecret", resource("callback-secrets", "What callbacks are signed with.", object("", must("secret", str("")), must("test_mode", flag(""))))},
		},
		operations: []operation{
			gateway("GET", path, "listApiKeys", "List keys").in(chapter).
				lists("Keys, the newest first.", "APIKey", []string{"created", "description"}, nil,
					append(span("created"), by("revoked", flag("")), by("description", str("")))...).refuses(),
			gateway("POST", path, "createApiKey", "Make a key").in(chapter).
				says("A key gives no more than its maker may, and is of its maker's mode. The secret is shown in this answer alone, so there is nothing that a repeat could get again.").
				takes("api-keys", object("", may("description", str("").upTo(64).null()), must("scopes", scopes()),
					may("whitelisted_ips", addresses()), may("expires", seconds("When it ends by itself.").null()), may("test_mode", flag("The calling key's."))),
					example("api-key", members{{"description", "payroll"}, {"scopes", []string{"payouts"}}, {"whitelisted_ips", []string{"192.0.2.0/24"}}})).
				gives(201, "The key with its secret.", "APIKey").refuses(403, 422),
			one(gateway("GET", path+"/{id}", "getApiKey", "Show a key")).refuses(404),
			one(gateway("PATCH", path+"/{id}", "updateApiKey", "Change a key")).
				says("What is absent stays. The next call with the key is judged by what it says then.").
				takes("api-keys", object("", may("description", str("").upTo(64).null()), may("whitelisted_ips", addresses())), nil).refuses(404, 409, 422),
			one(gateway("POST", path+"/{id}/revoke", "revokeApiKey", "Revoke a key")).
				says("It ends at once, its publishable key with it. Revoking twice is harmless.").refuses(404),
			gateway("GET", "/v1/organization/callback-secret", "getCallbackSecret", "Reveal the callback secret").in(chapter).
				says("Of the calling key's mode: X-Signature is base64(sha1(secret + body + secret)).").gives(200, "The secret.", "CallbackSecret").refuses(),
		},
	}
}

func example(kind string, attributes members) any {
	return members{{"data", members{{"type", kind}, {"attributes", attributes}}}}
}
