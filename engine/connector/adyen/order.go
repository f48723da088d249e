package adyen

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
)

// order is a transfer as it is asked for.
type order struct {
	Amount struct {
		Value    connector.Number `json:"value"`
		Currency string           `json:"currency"`
	} `json:"amount"`
	BalanceAccount string       `json:"balanceAccountId"`
	Category       string       `json:"category"`
	Counterparty   counterparty `json:"counterparty"`
	Priority       string       `json:"priority,omitempty"`
	Reference      string       `json:"reference"`
	Description    string       `json:"description,omitempty"`
}

type counterparty struct {
	Bank       *bank  `json:"bankAccount,omitempty"`
	Card       *card  `json:"card,omitempty"`
	Instrument string `json:"transferInstrumentId,omitempty"`
	Balance    string `json:"balanceAccountId,omitempty"`
}

type bank struct {
	Holder  party             `json:"accountHolder"`
	Account map[string]string `json:"accountIdentification"`
}

type card struct {
	Holder party             `json:"cardHolder"`
	Card   map[string]string `json:"cardIdentification"`
}

type party struct {
	Name    string            `json:"fullName"`
	Address map[string]string `json:"address,omitempty"`
}

// maxKey is Adyen's limit for an Idempotency-Key.
const maxKey = 64

// body makes an instruction ready, or refuses it before anything is sent.
func body(in connector.Instruction, from string) ([]byte, *connector.Outcome) {
	refuse := func(resolution, text string) ([]byte, *connector.Outcome) {
		out := connector.Refuse(resolution, "%s", text)
		return nil, &out
	}
	if !wellKey(in.Key) {
		return refuse(connector.InvalidRequest, "key is not printable ASCII of 1 to 64 characters")
	}
	if !in.Amount.IsPositive() {
		return refuse(connector.InvalidAmount, "an amount to pay is more than zero")
	}
	n, ok := minor(in.Amount)
	if !ok {
		return refuse(connector.InvalidAmount, "Adyen can't pay this amount of "+in.Amount.Currency().Code()+" exactly")
	}
	o := order{BalanceAccount: from, Reference: in.Key, Description: said(in.Memo)}
	o.Amount.Value, o.Amount.Currency = connector.Number(strconv.FormatInt(n, 10)), in.Amount.Currency().Code()
	if resolution, wrong := o.to(in); wrong != "" {
		return refuse(resolution, wrong)
	}
	text, err := json.Marshal(o, json.Deterministic(true))
	if err != nil {
		return refuse(connector.InvalidDetails, "details can't be written")
	}
	return text, nil
}

func wellKey(key string) bool { return connector.Ref(key) != "" && len(key) <= maxKey }

// to says who is paid; where that can't be said, why not.
func (o *order) to(in connector.Instruction) (resolution, wrong string) {
	d := in.Details
	method := in.Service[:max(strings.LastIndexByte(in.Service, '_'), 0)]
	name := d["account_holder_name"]
	switch method {
	case "sepa_credit_transfer_individual":
		name = strings.TrimSpace(d["first_name"] + " " + d["last_name"])
	case "payment_card":
		name = d["card_holder_name"]
	case "passthrough":
		return o.token(d["psp_token"])
	}
	if name == "" || utf8.RuneCountInString(name) > 140 || !plain(name) {
		return connector.InvalidDetails, "the holder's name must be text of 1 to 140 characters"
	}
	if method == "payment_card" {
		return o.card(name, d)
	}
	o.Category = "bank"
	o.Counterparty.Bank = &bank{Holder: party{Name: name}}
	return o.bank(method, in)
}

// bank fills in the account, by the service's method.
func (o *order) bank(method string, in connector.Instruction) (resolution, wrong string) {
	d, to, code := in.Details, o.Counterparty.Bank, in.Amount.Currency().Code()
	needs := map[string]string{"sepa": "EUR", "sepa_credit_transfer_individual": "EUR", "ach": "USD", "bacs": "GBP"}[method]
	if needs != "" && needs != code {
		return connector.InvalidMethod, method + " pays in " + needs
	}
	number := strings.ReplaceAll(d["bank_account_number"], " ", "")
	o.Priority = "regular"
	switch method {
	case "sepa", "sepa_credit_transfer_individual":
		iban := strings.ToUpper(strings.ReplaceAll(d["iban"], " ", ""))
		if !isIBAN(iban) {
			return connector.InvalidDetails, "iban must be an IBAN"
		}
		to.Account = map[string]string{"type": "iban", "iban": iban}
	case "ach":
		if !digits(number, 2, 18) || !digits(d["bank_routing_number"], 9, 9) {
			return connector.InvalidDetails, "ach needs bank_account_number of 2 to 18 digits and bank_routing_number of 9"
		}
		to.Account = map[string]string{"type": "usLocal", "accountNumber": number, "routingNumber": d["bank_routing_number"]}
	case "bacs":
		sort := strings.NewReplacer("-", "", " ", "").Replace(d["bank_sort_code"])
		if !digits(number, 8, 8) || !digits(sort, 6, 6) {
			return connector.InvalidDetails, "bacs needs bank_account_number of 8 digits and bank_sort_code of 6"
		}
		to.Account = map[string]string{"type": "ukLocal", "accountNumber": number, "sortCode": sort}
	case "swift":
		return o.abroad(number, d)
	default:
		return connector.InvalidMethod, "Adyen's transfers don't pay by this service"
	}
	return "", ""
}

// abroad is a cross-border transfer.
func (o *order) abroad(number string, d connector.Details) (resolution, wrong string) {
	to, bic := o.Counterparty.Bank, strings.ToUpper(d["bic"])
	if len(bic) != 8 && len(bic) != 11 || !letters(bic) {
		return connector.InvalidDetails, "bic must have 8 or 11 letters and digits"
	}
	switch upper := strings.ToUpper(number); {
	case isIBAN(upper):
		to.Account = map[string]string{"type": "iban", "iban": upper, "bic": bic}
	case number != "" && len(number) <= 34 && letters(strings.NewReplacer("-", "", "/", "", ".", "").Replace(number)):
		to.Account = map[string]string{"type": "numberAndBic", "accountNumber": number, "bic": bic}
	default:
		return connector.InvalidDetails, "bank_account_number must have up to 34 letters and digits"
	}
	o.Priority = "crossBorder"
	if country := strings.ToUpper(d["country_code"]); country != "" {
		if len(country) != 2 || !letters(country) || !plain(d["address"]) || utf8.RuneCountInString(d["address"]) > 200 {
			return connector.InvalidDetails, "country_code must have two letters, and address be text of up to 200 characters"
		}
		to.Holder.Address = map[string]string{"country": country}
		if d["address"] != "" {
			to.Holder.Address["line1"] = d["address"]
		}
	}
	return "", ""
}

// card pays to a card by its number.
func (o *order) card(name string, d connector.Details) (resolution, wrong string) {
	number, month, year := strings.ReplaceAll(d["card_number"], " ", ""), d["expiry_month"], d["expiry_year"]
	if len(month) == 1 {
		month = "0" + month
	}
	if len(year) == 2 {
		year = "20" + year
	}
	if !digits(number, 12, 19) || !digits(month, 2, 2) || !digits(year, 4, 4) {
		return connector.InvalidDetails, "a card needs card_number, expiry_month and expiry_year"
	}
	o.Category = "card"
	o.Counterparty.Card = &card{Holder: party{Name: name}, Card: map[string]string{"number": number, "expiryMonth": month, "expiryYear": year}}
	return "", ""
}

// token pays to what Adyen knows by a name of its own.
func (o *order) token(to string) (resolution, wrong string) {
	if len(to) < 6 || len(to) > 64 || !letters(to) {
		return connector.InvalidDetails, "psp_token must be a transfer instrument (SE...) or a balance account (BA...)"
	}
	switch to[:2] {
	case "SE":
		o.Category, o.Priority, o.Counterparty.Instrument = "bank", "regular", to
	case "BA":
		o.Category, o.Counterparty.Balance = "internal", to
	default:
		return connector.InvalidMethod, "Adyen pays to a transfer instrument (SE...) or to a balance account (BA...)"
	}
	return "", ""
}

const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func letters(s string) bool { return s != "" && strings.Trim(s, allowed) == "" }

func digits(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789") == ""
}

// isIBAN says whether s has the form of an IBAN; its check digits were looked
// at when it was saved.
func isIBAN(s string) bool {
	return len(s) >= 15 && len(s) <= 34 && letters(s) && s[0] >= 'A' && s[1] >= 'A' && digits(s[2:4], 2, 2)
}

func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// said is a memo in the characters that Adyen passes on; others become blanks.
func said(memo string) string {
	text := strings.Map(func(r rune) rune {
		if r < 0x7f && strings.ContainsRune(allowed+"/-?:().,'+", r) {
			return r
		}
		return ' '
	}, memo)
	return strings.TrimSpace(text[:min(len(text), 140)])
}
