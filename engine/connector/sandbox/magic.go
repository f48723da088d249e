package sandbox

import "slices"

// Magic is one row of the table of accounts that decide a transfer's end, in
// the forms in which an account can be written. Card numbers pass Luhn's check
// (ISO/IEC 7812-1), IBANs pass mod 97 (ISO 13616), mail addresses end in .test
// (RFC 2606), phone numbers are of the range kept for fiction (555-01xx).
type Magic struct {
	// Name is what happens, in a word: a resolution for those that fail.
	Name string
	// Meaning is the same in a sentence.
	Meaning string
	// Card, IBAN, Account (number), Email and Phone are what to send. The Name
	// itself works in the field "account" of the test services.
	Card, IBAN, Account, Email, Phone string

	fate fate
}

// MagicTable is the table of magic accounts. All others succeed: a card at
// once, anything else accepted first and paid within settle_ms. Amounts are
// never magic.
func MagicTable() []Magic { return slices.Clone(magicTable[:]) }

var magicTable = [...]Magic{
	{"success", "paid", "4000000000010019", "NL69TEST0000000001", "10000001", "success@sandbox.test", "+12025550101",
		fate{End: Paid}},
	{"insufficient_funds", "refused at once: the provider's balance does not suffice", "4000000000009995", "NL42TEST0000000002", "10000002", "insufficient_funds@sandbox.test", "+12025550102",
		fate{End: Rejected, Resolution: "insufficient_funds"}},
	{"invalid_account", "refused at once: there is no such account", "4000000000010035", "NL15TEST0000000003", "10000003", "invalid_account@sandbox.test", "+12025550103",
		fate{End: Rejected, Resolution: "invalid_account"}},
	{"account_closed", "refused at once: the account was closed", "4000000000010043", "NL85TEST0000000004", "10000004", "account_closed@sandbox.test", "+12025550104",
		fate{End: Rejected, Resolution: "account_closed"}},
	{"declined", "refused at once: the beneficiary's bank declined and gave no reason", "4000000000000002", "NL58TEST0000000005", "10000005", "declined@sandbox.test", "+12025550105",
		fate{End: Rejected, Resolution: "declined"}},
	{"limit_exceeded", "refused at once: over a limit of the account", "4000000000006975", "NL31TEST0000000006", "10000006", "limit_exceeded@sandbox.test", "+12025550106",
		fate{End: Rejected, Resolution: "limit_exceeded"}},
	{"recipient_not_found", "refused at once: nobody by this name or number", "4000000000010076", "NL04TEST0000000007", "10000007", "recipient_not_found@sandbox.test", "+12025550107",
		fate{End: Rejected, Resolution: "recipient_not_found"}},
	{"fraud_suspected", "refused at once: the provider suspects fraud", "4000000000010084", "NL74TEST0000000008", "10000008", "fraud_suspected@sandbox.test", "+12025550108",
		fate{End: Rejected, Resolution: "fraud_suspected"}},
	{"late_failure", "accepted, then refused as invalid_account three seconds later", "4000000000010092", "NL47TEST0000000009", "10000009", "late_failure@sandbox.test", "+12025550109",
		fate{End: Rejected, Resolution: "invalid_account", Later: true}},
	{"pending", "accepted, and stays so for ever", "4000000000010100", "NL20TEST0000000010", "10000010", "pending@sandbox.test", "+12025550110",
		fate{End: Accepted}},
	{"late_success", "accepted, then paid three seconds later", "4000000000010118", "NL90TEST0000000011", "10000011", "late_success@sandbox.test", "+12025550111",
		fate{End: Paid, Later: true}},
	{"partly", "half of the amount is paid, rounded down, and that is final", "4000000000010126", "NL63TEST0000000012", "10000012", "partly@sandbox.test", "+12025550112",
		fate{End: PartlyPaid}},
	{"returned", "paid, and comes back three seconds later", "4000000000010134", "NL36TEST0000000013", "10000013", "returned@sandbox.test", "+12025550113",
		fate{End: Returned, Resolution: "returned"}},
}

// MagicCard is a card that the payout gateway's users know: its expiry date,
// written MMYY, decides. An empty Expiry stands for every other date.
type MagicCard struct {
	Number, Expiry, Name string

	fate fate
}

// MagicCards is the table of the gateway's cards; beside them 5123817234060000
// and 5519283812030000 succeed, as every other card does.
func MagicCards() []MagicCard { return slices.Clone(magicCards[:]) }

var magicCards = [...]MagicCard{
	{"4412397212080000", "0529", "insufficient_funds", fate{End: Rejected, Resolution: "insufficient_funds"}},
	{"4412397212080000", "0844", "invalid_details", fate{End: Rejected, Resolution: "invalid_details"}},
	{"4412397212080000", "0642", "fraud_suspected", fate{End: Rejected, Resolution: "fraud_suspected"}},
	{"4412397212080000", "0137", "limit_exceeded", fate{End: Rejected, Resolution: "limit_exceeded"}},
	{"4412397212080000", "0777", "pending", fate{End: Accepted}},
	{"4412397212080000", "", "declined", fate{End: Rejected, Resolution: "declined"}},
	{"4302912837020000", "0529", "insufficient_funds", fate{End: Rejected, Resolution: "insufficient_funds"}},
	{"4302912837020000", "0844", "invalid_details", fate{End: Rejected, Resolution: "invalid_details"}},
	{"4302912837020000", "0642", "fraud_suspected", fate{End: Rejected, Resolution: "fraud_suspected"}},
	{"4302912837020000", "0137", "limit_exceeded", fate{End: Rejected, Resolution: "limit_exceeded"}},
	{"4302912837020000", "0777", "pending", fate{End: Accepted}},
	{"4302912837020000", "", "declined", fate{End: Rejected, Resolution: "declined"}},
}

// MagicField is a field of the test services that decides by its value.
type MagicField struct{ Name, Values, Meaning string }

// MagicFields is the table of those fields. They go before the account. Case
// does not matter, and a blank or hyphen stands for an underscore.
func MagicFields() []MagicField { return slices.Clone(magicFields[:]) }

var magicFields = [...]MagicField{
	{"test_details_payout_status", "SUCCESS, PROCESSED, FAIL, PROCESS_FAILED, INVOKE_FAILED, PENDING, PARTIALLY_PROCESSED, RETURNED",
		"the end; PROCESS_FAILED is accepted first and refused three seconds later"},
	{"test_details_payout_resolution", "any code of up to 64 letters, e.g. INSUFFICIENT_FUNDS",
		"why a payout failed; alone, and not OK, it makes the payout fail"},
	{"test_details_success_rate", "0 to 100", "how many of a hundred succeed; decided by the seed"},
}

// magicStatuses maps the values of test_details_payout_status.
var magicStatuses = map[string]fate{
	"success": {End: Paid}, "processed": {End: Paid},
	"fail":           {End: Rejected, Resolution: "declined"},
	"invoke_failed":  {End: Rejected, Resolution: "declined"},
	"process_failed": {End: Rejected, Resolution: "declined", Later: true},
	"pending":        {End: Accepted}, "partially_processed": {End: PartlyPaid},
	"returned": {End: Returned, Resolution: "returned"},
}
