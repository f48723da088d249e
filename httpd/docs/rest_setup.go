package docs

// The calls by which a merchant is arranged, in the saved-method dialect.

// hooks is where a profile's webhooks go, and which.
func hooks() *schema {
	of := func() *schema { return list(str("")).null() }
	return object("Where webhooks go, and of which statuses.", may("webhook_version", str("").null()), may("webhook_username", str("").null()), may("webhook_password", str("Masked once it was sent.").null()), may("webhook_url", str("").null()),
		may("payment_created_enabled", flag("").null()), may("payment_succeeded_enabled", flag("").null()), may("payment_failed_enabled", flag("").null()),
		may("payment_statuses_enabled", of()), may("refund_statuses_enabled", of()), may("payout_statuses_enabled", of().say("Of payouts; statuses of which nobody is told choose nothing.")))
}

func restAccounts() part {
	const chapter = "Accounts"
	words := []field{may("merchant_name", str("").null()), may("merchant_details", free("Contacts, website, address.").null()), may("return_url", str("").null()), may("webhook_details", hooks().null()), may("locker_id", str("").null()), may("metadata", free("").null()),
		may("sub_merchants_enabled", flag("").null()), may("parent_merchant_id", str("").null()), may("enable_payment_response_hash", flag("").null()), may("payment_response_hash_key", str("What webhooks are signed with; made where it is absent. Shown once.").null()),
		may("payout_routing_algorithm", free("An algorithm as in POST /routing, which is put in force; another object is only shown again.").null()), may("organization_id", str("").null()), may("product_type", enum("", "orchestration", "vault", "recon", "recovery", "cost_observability", "dynamic_routing").null()), may("redirect_to_merchant_with_http_post", flag("").null())}
	sent := object("", append([]field{may("merchant_id", str("Your own id.").upTo(64).null()), may("primary_business_details", anything("A list of country and business; a profile is made for each."))}, words...)...).others()
	account := object("A merchant.", must("merchant_id", str("")), must("merchant_name", str("").null()), must("return_url", str("").null()), must("enable_payment_response_hash", flag("")), must("payment_response_hash_key", str("Whole in the first answer alone.").null()), must("redirect_to_merchant_with_http_post", flag("")),
		must("merchant_details", free("").null()), must("webhook_details", hooks().null()), must("payout_routing_algorithm", free("").null()), must("sub_merchants_enabled", flag("").null()), must("parent_merchant_id", str("").null()), must("publishable_key", str("").null()), must("metadata", free("").null()),
		must("locker_id", str("").null()), must("primary_business_details", list(object("", may("country", str("").null()), may("business", str("").null()))).null()), must("organization_id", str("")), must("is_recon_enabled", flag("")), must("default_profile", str("Where there is one profile.").null()),
		must("recon_status", str("")), must("product_type", str("")), must("merchant_account_type", str("")))
	one := func(method, id, summary string) operation {
		return saved(method, "/accounts/{merchant}", id, summary).in(chapter)
	}
	return part{
		tags:    []tag{{chapter, "Merchants. The administrator's key makes them."}},
		schemas: []named{{"Account", account}},
		operations: []operation{
			saved("POST", "/accounts", "createAccount", "Create a merchant").in(chapter).once().sends(sent, members{{"merchant_id", "pesa"}, {"merchant_name", "Pesa"}}).tells("The merchant, with its publishable key.", ref("Account")),
			one("GET", "getAccount", "Show a merchant").tells("The merchant.", ref("Account")),
			one("POST", "updateAccount", "Change a merchant").once().sends(sent, nil).tells("The merchant.", ref("Account")),
			one("DELETE", "deleteAccount", "Delete a merchant").says("Its keys end; payouts under way go on.").tells("It is gone.", object("", must("merchant_id", str("")), must("deleted", flag("")))),
		},
	}
}

func restProfiles() part {
	const chapter = "Profiles"
	link := object("What payout links look like.", may("domain_name", str("").null()), may("allowed_domains", list(str("")).null()), may("logo", str("").null()), may("merchant_name", str("").null()), may("theme", str("").null()), may("form_layout", enum("", "tabs", "journey").null()), may("payout_test_mode", flag("").null()))
	retry := object("Automatic retries of settled refusals. Ours.", may("max_auto_retries_multi_connector", whole("").null()), may("max_auto_retries_single_connector", whole("").null()),
		may("rules", list(object("The first that fits decides.", may("connector", str("").null()), may("code", str("").null()), may("message", str("").null()), may("decision", enum("", "retry", "do_default", "requeue").null()))).null()))
	shared := []field{may("return_url", str("").null()), may("redirect_to_merchant_with_http_post", flag("").null()), may("webhook_details", hooks().null()), may("metadata", free("").null()), may("intent_fulfillment_time", whole("Seconds, 60 to 1800.").null()), may("session_expiry", whole("Seconds.").null()),
		may("payout_routing_algorithm", free("An algorithm as in POST /routing, which is put in force; another object is only shown again.").null()), may("payout_link_config", link.null()), may("outgoing_webhook_custom_http_headers", dict("Masked once they were sent.", str("")).null()), may("payout_retry_config", retry.null()), may("enable_payment_response_hash", flag("").null()), may("payment_response_hash_key", str("Whole in the first answer alone.").null())}
	profile := object("A profile.", append([]field{must("merchant_id", str("")), must("profile_id", str("")), must("profile_name", str(""))}, shared...)...)
	sent := object("", append([]field{may("profile_name", str("").null())}, shared...)...).others()
	const path = "/account/{merchant}/business_profile"
	return part{
		tags:    []tag{{chapter, "Where payouts come in: routing, links, and where webhooks go."}},
		schemas: []named{{"Profile", profile}},
		operations: []operation{
			saved("POST", path, "createProfile", "Create a profile").in(chapter).once().maySend(sent).tells("The profile.", ref("Profile")),
			saved("GET", path, "listProfiles", "List profiles").in(chapter).tells("Profiles.", list(ref("Profile"))),
			saved("GET", path+"/{id}", "getProfile", "Show a profile").in(chapter).tells("The profile.", ref("Profile")),
			saved("POST", path+"/{id}", "updateProfile", "Change a profile").in(chapter).once().sends(sent, nil).tells("The profile.", ref("Profile")),
			saved("DELETE", path+"/{id}", "deleteProfile", "Delete a profile").in(chapter).tells("Whether it is gone.", anything("")),
		},
	}
}

func restConnectors() part {
	const chapter = "Connectors"
	secret := dict("auth_type is HeaderKey, BodyKey, SignatureKey, MultiAuthKey or NoKey; the keys that it asks for, masked once they were sent.", str(""))
	hook := object("", may("merchant_secret", str("").null()), may("additional_secret", str("").null()))
	shared := []field{may("payment_methods_enabled", list(anything("")).null()), may("metadata", free("").null()), may("test_mode", flag("").null()), may("business_country", str("").null()), may("business_label", str("").null()), may("additional_merchant_data", free("").null()), may("connector_webhook_details", hook.null()), may("profile_id", str("").null())}
	sent := object("", append([]field{may("connector_type", str("").eg("payout_processor").null()), may("connector_name", str("").eg("wise").null()), may("connector_label", str("").null()), may("connector_account_details", secret.null()), may("disabled", flag("").null()), may("status", enum("", "active", "inactive").null())}, shared...)...).others()
	connector := object("An account at a provider.", append([]field{must("connector_type", str("")), must("connector_name", str("")), must("connector_label", str("")), must("merchant_connector_id", str("")), must("connector_account_details", secret.null()), must("disabled", flag("")), must("status", enum("", "active", "inactive"))}, shared...)...)
	const path = "/account/{merchant}/connectors"
	return part{
		tags:    []tag{{chapter, "Accounts at providers. In test mode the test provider answers in the manner of each."}},
		schemas: []named{{"ConnectorAccount", connector}},
		operations: []operation{
			saved("POST", path, "createConnector", "Connect an account at a provider").in(chapter).once().sends(sent, members{{"connector_type", "payout_processor"}, {"connector_name", "wise"}, {"connector_account_details", members{{"auth_type", "BodyKey"}, {"api_key", "test"}, {"key1", "1"}}}}).tells("The connector.", ref("ConnectorAccount")),
			saved("GET", path, "listConnectors", "List connectors").in(chapter).tells("Connectors.", list(ref("ConnectorAccount"))),
			saved("GET", path+"/{id}", "getConnector", "Show a connector").in(chapter).tells("The connector.", ref("ConnectorAccount")),
			saved("POST", path+"/{id}", "updateConnector", "Change a connector").in(chapter).once().sends(sent, nil).tells("The connector.", ref("ConnectorAccount")),
			saved("DELETE", path+"/{id}", "deleteConnector", "Disconnect").in(chapter).tells("It is gone.", object("", must("merchant_id", str("")), must("merchant_connector_id", str("")), must("deleted", flag("")))),
		},
	}
}

func restKeys() part {
	const chapter = "Keys"
	sent := object("", may("name", str("").upTo(64).null()), may("description", str("").upTo(256).null()), may("expiration", str("never, or a time of RFC 3339.").eg("never").null()), may("mode", enum("Ours; test where absent.", "test", "live").null())).others()
	words := []field{must("key_id", str("")), must("merchant_id", str("")), must("name", str("")), must("description", str("").null()), must("created", stamp()), must("expiration", str("")), must("mode", enum("", "test", "live"))}
	made := object("The only answer with the key.", append(words[:len(words):len(words)], must("api_key", str("null in the answer to a repeat").null()), must("publishable_key", str("").null()))...)
	key := object("An API key.", append(words[:len(words):len(words)], must("prefix", str("")))...)
	const path = "/api_keys/{merchant}"
	return part{
		tags:    []tag{{chapter, "API keys of a merchant, and keys that show one customer for an hour."}},
		schemas: []named{{"SavedKey", key}},
		operations: []operation{
			saved("POST", path, "createKey", "Create a key").in(chapter).once().sends(sent, members{{"name", "Shop"}, {"expiration", "never"}}).tells("The key.", made),
			saved("GET", path+"/list", "listKeys", "List keys").in(chapter).with(query("limit", whole("")), query("skip", whole(""))).tells("Keys that may still be used.", list(ref("SavedKey"))),
			saved("GET", path+"/{id}", "getKey", "Show a key").in(chapter).tells("The key.", ref("SavedKey")),
			saved("POST", path+"/{id}", "updateKey", "Change a key").in(chapter).once().sends(sent, nil).tells("The key.", ref("SavedKey")),
			saved("DELETE", path+"/{id}", "revokeKey", "Revoke a key").in(chapter).tells("It is revoked.", object("", must("merchant_id", str("")), must("key_id", str("")), must("revoked", flag("")))),
			saved("POST", "/ephemeral_keys", "createEphemeralKey", "Create a key for one customer").in(chapter).once().sends(object("", may("customer_id", str("").null())).others(), members{{"customer_id", "ada"}}).
				tells("The key, valid for an hour.", object("", must("id", str("")), must("merchant_id", str("")), must("customer_id", str("")), must("created_at", whole("Unix seconds.")), must("expires", whole("Unix seconds.")), must("secret", str("")))),
		},
	}
}
