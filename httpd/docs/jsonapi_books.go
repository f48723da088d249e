package docs

func booksPart() part {
	const chapter, path = "Reconciliation", "/v1/provider-hub/provider-accounts/{id}"
	class := func() *schema {
		return enum("", "matched", "ours_only", "theirs_only", "amount_differs", "duplicate")
	}
	moved := func(about string) *schema {
		return object(about, must("out", exact("What left.")), must("back", exact("What of it came back.")))
	}
	day := func(about string) *schema { return str(about).as("date") }
	line := object("One line of a statement or a report.", must("id", str("").eg("rpl_4vg45g85c1qb3bszjgsa0ce2kt")), must("day", day("")), must("verdict", str("What it means to its payout.")), must("booked", flag("false: a word about an order alone, as in a status report.")),
		must("amount", exact("")), must("currency", str("").null()), must("source", str("Where it stands.").null()), must("row", whole("Which line of its source, from 1; 0: nobody counted.")))
	loaded := resource("account-statements", "What came of a statement or a report.", object("", must("name", str("").null()), must("lines", whole("")), must("new_lines", whole("That had not been seen before.")), must("settled_payouts", whole("That were moved by what it says.")),
		must("from", day("").null()), must("to", day("").null())), toOne("provider-account", "provider-accounts"))
	numbers := resource("reconciliations", "How the books of a provider account stand to each other, in numbers.", object("", must("from", day("")), must("to", day("The last day.")), must("matched", whole("")), must("ours_only", whole("")), must("theirs_only", whole("")),
		must("amount_differs", whole("")), must("duplicate", whole("")), must("explained", whole("Differences that a person has explained; they are in no other number.")), must("compared", seconds(""))), toOne("provider-account", "provider-accounts"))
	finding := resource("reconciliation-findings", "How one payout stands, or a line that is about none. Its id is the payout's or the line's.", object("", must("class", class()), must("why", str("A word for programs, such as no_key or amount.").null()), must("currency", str("").null()),
		must("ordered", exact("")), must("ours", moved("By our record.")), must("ledger", moved("By the postings of its deposit account.")), must("theirs", moved("By what was booked; null where that can't be summed.")), must("lines", list(line)), must("explanation", str("A person's word.").null())),
		toOne("payout-request", "payout-requests"), toOne("payout", "payouts"))
	began := func() *schema { return enum("", "statement", "pull", "compare", "schedule") }
	found := object("A finding as it stood then.", must("class", class()), must("why", str("").null()), must("payout_id", str("").null()), must("line", str("The first of theirs.").null()), must("currency", str("").null()), must("ours", moved("")), must("theirs", moved("")),
		must("day", day("")), must("source", str("").null()), must("row", whole("")), must("explained", flag("")))
	run := resource("reconciliation-runs", "How the books stood when they were compared. Its id is its number, of the account.", object("", must("began", began()), must("by", str("A person's or a key's id, `operator` (the command line) or `penstock` (the schedule).")), must("created", seconds("")), must("source", str("The statement that was loaded.").null()),
		must("lines", whole("")), must("new_lines", whole("")), must("settled_payouts", whole("")), must("from", day("null, if nothing could be compared.").null()), must("to", day("The last day.").null()), must("matched", whole("")), must("ours_only", whole("")), must("theirs_only", whole("")),
		must("amount_differs", whole("")), must("duplicate", whole("")), must("explained", whole("")), must("matched_sums", list(object("What left by all that matched, in one currency.", must("currency", str("")), must("amount", exact(""))))), must("problem", str("Why nothing was compared.").null()),
		may("findings", list(found))), toOne("provider-account", "provider-accounts"))
	explanation := resource("explanations", "A person's word about a difference.", object("", must("line", str("")), must("description", str(""))))
	from, to := query("from", day("The first day; five weeks ago, if absent.")), query("to", day("The last day; today, if absent."))
	csv := gateway("GET", path+"/reconciliation.csv", "exportReconciliation", "Export the comparison as CSV").in(chapter).says("Every finding, with amounts in major units.").with(from, to, query("class", class()))
	csv.replies = []reply{{status: 200, about: "The report.", media: "text/csv", schema: str("")}}
	return part{
		tags:    []tag{{chapter, "Three books of a provider account are compared: the payouts' records, the ledger, and what a bank or the provider has reported. What is loaded settles the payouts that it names, once."}},
		schemas: []named{{"AccountStatement", loaded}, {"Reconciliation", numbers}, {"ReconciliationFinding", finding}, {"ReconciliationRun", run}, {"Explanation", explanation}},
		operations: []operation{
			gateway("POST", path+"/statements", "loadStatement", "Load a statement").in(chapter).
				says("camt.053, camt.054, pain.002, or CSV. The same file again changes nothing; one that isn't whole, or is another account's, changes nothing. Without `csv_map` a CSV file has the columns reference, amount, currency, kind (paid or returned) and date, and may have provider_reference. A body has at most 16 MiB; what is longer than `limits.body` is read of a key with the right `admin` alone. Longer statements go by `penstock reconcile`.").
				takes("account-statements", object("", must("name", str("").upTo(128).eg("statement-20261128.xml")), must("content", str("")), may("encoding", enum("text, if absent.", "text", "base64")), may("csv_map", free("Names the columns of a CSV file."))), nil).
				gives(200, "What came of it.", "AccountStatement").refuses(404, 422),
			gateway("POST", path+"/pull-reports", "pullReports", "Ask the provider for its report").in(chapter).says("Where it gives one (Stripe, bank files); it is also asked by itself, by `reconcile.cron`.").gives(200, "What came of it.", "AccountStatement").refuses(404, 422),
			gateway("POST", path+"/pull-balances", "pullBalances", "Ask the provider for its balances").in(chapter).says("Nothing is booked: the answer stands beside the ledger.").
				answers(200, "The deposit accounts that it told of.", object("", must("data", list(ref("DepositAccount"))))).refuses(404, 422),
			gateway("GET", path+"/reconciliation", "getReconciliation", "Compare the books").in(chapter).with(from, to).gives(200, "In numbers.", "Reconciliation").refuses(404, 422),
			csv.refuses(404, 422),
			gateway("GET", path+"/reconciliation/findings", "listFindings", "List findings").in(chapter).with(from, to).
				lists("Findings.", "ReconciliationFinding", []string{"day"}, nil, by("class", class()), by("why", str("")), by("payout_id", str("")), by("explained", flag(""))).refuses(404, 422),
			gateway("GET", path+"/reconciliation/runs", "listReconciliationRuns", "List runs").in(chapter).says("Each statement that was loaded, each report that was asked for, each comparison by hand or by the schedule. The latest 200 of an account are kept.").
				lists("Runs, without their findings.", "ReconciliationRun", []string{"created"}, nil, by("began", began()), by("by", str(""))).refuses(404),
			gateway("GET", path+"/reconciliation/runs/{run}", "getReconciliationRun", "Get a run").in(chapter).says("With its findings as they stood: at most 200 that differ, what is worst first, and 100 that match.").gives(200, "The run.", "ReconciliationRun").refuses(404),
			gateway("POST", path+"/reconciliation/explanations", "explainDifference", "Explain a difference").in(chapter).says("It moves no money. Another difference about the same payout is told again.").
				takes("explanations", object("", must("line", str("").eg("rpl_4vg45g85c1qb3bszjgsa0ce2kt")), must("description", str("").upTo(200))), nil).gives(201, "Kept.", "Explanation").refuses(404, 409, 422),
		},
	}
}
