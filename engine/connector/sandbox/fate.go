package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"penstock/engine/connector"
)

// later is how long the magic accounts that end later take, beyond settling.
const later = 3 * time.Second

// fate is what a beneficiary's account says about a transfer. It is made on
// arrival so that the account itself need not be kept. The zero fate leaves
// everything to the faults.
type fate struct {
	// End is the status that the transfer ends in; Accepted for one that never
	// ends, empty to let the faults decide.
	End        Status `json:"end,omitzero"`
	Resolution string `json:"resolution,omitzero"`
	// Later answers accepted first, whatever the service.
	Later bool `json:"later,omitzero"`
	// Instant: the service pays at once.
	Instant bool `json:"instant,omitzero"`
	// Rated: Rate of a hundred succeed, the others fail with Resolution.
	Rated bool `json:"rated,omitzero"`
	Rate  int  `json:"rate,omitzero"`
}

// The names under which a beneficiary's account is found, in each form.
var (
	cardFields    = []string{"card_number", "dpan", "application_primary_account_number", "pan"}
	ibanFields    = []string{"iban"}
	accountFields = []string{"bank_account_number", "account_number", "account", "wallet", "wallet_id", "pix_key", "paypal_id"}
	emailFields   = []string{"email", "account", "pix_key"}
	phoneFields   = []string{"telephone_number", "phone_number", "phone", "account", "pix_key"}
)

// fateOf reads the magic of a beneficiary's account.
func fateOf(fields connector.Details) fate {
	f := accountFate(fields)
	if status, resolution, ok := gatewayFate(fields); ok {
		if status.End != "" {
			f.End, f.Later, f.Resolution = status.End, status.Later, status.Resolution
		}
		if resolution != "" && resolution != "ok" && (f.End == "" || f.End == Rejected) {
			f.End, f.Resolution = Rejected, resolution
		}
	}
	if rate, given := fields["test_details_success_rate"]; given && rate != "" {
		f.rate(rate)
	}
	f.Instant = has(fields, cardFields)
	return f
}

func (f *fate) rate(text string) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 || n > 100 {
		f.End, f.Resolution = Rejected, "invalid_details"
		return
	}
	f.Rated, f.Rate = true, n
}

// gatewayFate reads the gateway's own fields; ok says whether any was there.
// A word that is none fails the payout: a typing error must not look like a
// success.
func gatewayFate(fields connector.Details) (status fate, resolution string, ok bool) {
	word, reason := slug(fields["test_details_payout_status"]), slug(fields["test_details_payout_resolution"])
	if word != "" {
		found, known := magicStatuses[word]
		if !known {
			found = fate{End: Rejected, Resolution: "invalid_details"}
		}
		status = found
	}
	if !isCode(reason) {
		reason = ""
	}
	return status, reason, word != "" || reason != ""
}

func accountFate(fields connector.Details) fate {
	if number, ok := value(fields, cardFields, digits); ok {
		if f, ok := cardFate(number, expiry(fields)); ok {
			return f
		}
	}
	cards, ibans := plain(fields, cardFields, digits), plain(fields, ibanFields, packed)
	accounts, names := plain(fields, accountFields, packed), plain(fields, []string{"account"}, slug)
	emails, phones := plain(fields, emailFields, strings.ToLower), plain(fields, phoneFields, digits)
	for _, row := range magicTable {
		if slices.Contains(cards, row.Card) || slices.Contains(ibans, row.IBAN) || slices.Contains(accounts, row.Account) ||
			slices.Contains(names, row.Name) || slices.Contains(emails, row.Email) || slices.Contains(phones, row.Phone[1:]) {
			return row.fate
		}
	}
	return fate{}
}

func cardFate(number, date string) (fate, bool) {
	for _, row := range magicCards {
		if row.Number == number && (row.Expiry == date || row.Expiry == "") {
			return row.fate, true
		}
	}
	return fate{}, false
}

// expiry is a card's expiry date as MMYY.
func expiry(fields connector.Details) string {
	month, year := digits(fields["expiry_month"]), digits(fields["expiry_year"])
	if month == "" {
		both, _ := value(fields, []string{"expiry", "card_expiry", "expiry_date", "expiration"}, digits)
		if len(both) < 4 {
			return ""
		}
		month, year = both[:2], both[2:]
	}
	if len(month) == 1 {
		month = "0" + month
	}
	return month + year[max(0, len(year)-2):]
}

func has(fields connector.Details, names []string) bool {
	_, ok := value(fields, names, strings.TrimSpace)
	return ok
}

// value is the first of the named fields that is there, in its plain form.
func value(fields connector.Details, names []string, form func(string) string) (string, bool) {
	for _, name := range names {
		if v := form(fields[name]); v != "" {
			return v, true
		}
	}
	return "", false
}

// plain is the plain forms of all of the named fields that are there.
func plain(fields connector.Details, names []string, form func(string) string) (values []string) {
	for _, name := range names {
		if v := fields[name]; v != "" {
			values = append(values, form(v))
		}
	}
	return values
}

// digits, packed and slug are the plain forms of a number, of an account that
// may be written in groups, and of a word.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func packed(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
}

func slug(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return '_'
		}
		return unicode.ToLower(r)
	}, strings.TrimSpace(s))
}

// isCode says whether s can be a resolution: up to 64 small letters, digits
// and underscores.
func isCode(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
