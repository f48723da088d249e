package docs

// Routing, events, what a person states, links, and providers' notifications,
// in the saved-method dialect.

func restRouting() part {
	const chapter = "Routing algorithms"
	record := []field{must("id", str("")), must("profile_id", str("")), must("name", str("")), must("kind", enum("", "single", "priority", "volume_split", "advanced")), must("description", str("").null()), must("created_at", whole("Unix seconds.")), must("modified_at", whole("Unix seconds.")), must("algorithm_for", str(""))}
	shown := object("An algorithm, which never changes.", record...)
	choice := object("", must("connector", str("")), must("merchant_connector_id", str("").null()))
	sent := object("", may("name", str("").null()), may("description", str("").null()), may("profile_id", str("").null()), may("algorithm", free("type and data: single, priority, volume_split, advanced.").null()), may("transaction_type", enum("", "payment", "payout", "three_ds_authentication").null())).others()
	act := object("", may("transaction_type", enum("", "payment", "payout", "three_ds_authentication").null()), may("profile_id", str("").null())).others()
	made := object("A profile's algorithms, one record each.", record...)
	var out []operation
	for _, at := range []struct{ path, suffix string }{{"/routing", ""}, {"/routing/payouts", "ForPayouts"}} {
		out = append(out,
			saved("POST", at.path, "createAlgorithm"+at.suffix, "Create a routing algorithm").in(chapter).once().sends(sent, members{{"name", "first"}, {"transaction_type", "payout"}, {"algorithm", members{{"type", "single"}, {"data", "sandbox"}}}}).tells("The algorithm.", ref("Algorithm")),
			saved("GET", at.path, "listAlgorithms"+at.suffix, "List routing algorithms").in(chapter).with(query("profile_id", str("")), query("limit", whole("")), query("offset", whole(""))).tells("Algorithms.", list(ref("Algorithm"))),
			saved("GET", at.path+"/active", "activeAlgorithms"+at.suffix, "Show what is in force").in(chapter).with(query("profile_id", str(""))).tells("The algorithm in force, of each profile.", list(made)),
			saved("POST", at.path+"/deactivate", "deactivateAlgorithm"+at.suffix, "Take the algorithm out of force").in(chapter).once().maySend(act).tells("The algorithm.", ref("Algorithm")),
			saved("POST", at.path+"/{id}/activate", "activateAlgorithm"+at.suffix, "Put an algorithm in force").in(chapter).once().maySend(act).tells("The algorithm.", ref("Algorithm")))
	}
	whole := object("", append(record[:len(record):len(record)], must("algorithm", free("As it was sent.")))...)
	out = append(out,
		saved("GET", "/routing/{id}", "getAlgorithm", "Show a routing algorithm").in(chapter).tells("The algorithm.", whole),
		saved("GET", "/routing/payouts/default", "getFallback", "Show the fallback list").in(chapter).tells("Connectors, the first tried first.", list(choice)),
		saved("POST", "/routing/payouts/default", "setFallback", "Set the fallback list").in(chapter).once().sends(list(anything("A connector by name, or connector and merchant_connector_id.")), nil).tells("The list.", list(choice)))
	return part{tags: []tag{{chapter, "By which connector a payout leaves."}}, schemas: []named{{"Algorithm", shown}}, operations: out}
}

func restEvents() part {
	const chapter = "Events"
	words := []field{must("event_id", str("")), must("merchant_id", str("")), must("profile_id", str("").null()), must("object_id", str("")), must("event_type", str("").eg("payout_success")), must("event_class", str("")), must("is_delivery_successful", flag("").null()), must("initial_attempt_id", str("")), must("created", stamp())}
	event := object("A webhook.", words...)
	try := object("One attempt to deliver it.", append(words[:len(words):len(words)], must("delivery_attempt", enum("", "initial_attempt", "automatic_retry", "manual_retry")), must("request", object("", must("body", str("")))), must("response", object("", must("status_code", whole("").null()), must("error_message", str("").null()))))...)
	filter := object("", may("created_after", stamp().null()), may("created_before", stamp().null()), may("limit", whole("").null()), may("offset", whole("").null()), may("object_id", str("").null()), may("profile_id", str("").null()), may("event_classes", list(str("")).null()), may("event_types", list(str("")).null()), may("is_delivered", flag("").null())).others()
	stated := object("", may("payout_id", str("That of the path, if at all.").null()), may("merchant_id", str("").null()), may("payout_attempt_id", str("").null()), may("status", enum("", "success", "failed", "reversed").null()), may("error_code", str("").null()), may("error_message", str("").null()), may("connector_transaction_id", str("").null())).others()
	return part{
		tags:    []tag{{chapter, "Webhooks as they were sent, and what a person or a provider states."}},
		schemas: []named{{"Event", event}},
		operations: []operation{
			saved("POST", "/events/{merchant}", "listEvents", "List webhooks").in(chapter).maySend(filter).tells("A page.", object("", must("events", list(ref("Event"))), must("total_count", whole("")))),
			saved("GET", "/events/{merchant}/{id}/attempts", "eventAttempts", "Show the attempts to deliver a webhook").in(chapter).tells("Attempts, the first first.", list(try)),
			saved("POST", "/events/{merchant}/{id}/retry", "retryEvent", "Deliver a webhook once more").in(chapter).once().maySend(free("")).tells("The webhook.", ref("Event")),
			saved("PUT", "/payouts/{id}/manual-update", "stateSavedPayout", "State how a payout ended").in(chapter).sends(stated, nil).tells("The payout.", ref("SavedPayout")),
			webPage("GET", "/payout_link/{merchant}/{payout}", "payoutLink", "The page of a payout link").in(chapter).with(query("locale", str(""))),
			notice("POST", "/webhooks/{merchant}/{account}", "providerNotification", "A provider's notification").in(chapter).says("Verified by what the connector was set up with; one that can't be verified has the payout asked for."),
		},
	}
}

// webPage is a call that is answered with a page, to whoever has its address.
func webPage(method, path, id, summary string) operation {
	o := saved(method, path, id, summary)
	o.keys = nil
	o.replies = append(o.replies, reply{status: 200, about: "The page.", media: "text/html"}, reply{status: 303, about: "Another page."}, reply{status: 0, about: "Refused.", media: restMedia, schema: ref("Error")})
	return o
}

// notice is a call of a provider's, which proves itself by its signature.
func notice(method, path, id, summary string) operation {
	o := saved(method, path, id, summary)
	o.keys = nil
	o.body = &payload{media: []string{restMedia}, schema: anything("In the provider's own words."), optional: true}
	o.replies = append(o.replies, reply{status: 200, about: "Taken.", media: restMedia, schema: anything("")}, reply{status: 0, about: "Refused.", media: restMedia, schema: ref("Error")})
	return o
}
