package iso20022

import (
	"strings"

	"penstock/engine/connector"
)

// endToEnd is a key as it stands in a file: the character set has no "_", so
// that becomes "-"; a key that has a "-" itself can't be written. It is also
// the name of a file, so it begins with a letter or a digit.
func endToEnd(key string) (string, bool) {
	if key == "" || len(key) > maxID || strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") != "" || key[0] == '_' || key[0] == '.' {
		return "", false
	}
	return strings.ReplaceAll(key, "_", "-"), true
}

// keyOf is endToEnd backwards; empty for an id that can't be ours.
func keyOf(id string) string {
	key := strings.ReplaceAll(id, "-", "_")
	if back, ok := endToEnd(key); !ok || back != id {
		return ""
	}
	return key
}

// payment makes an instruction a payment, or refuses it before anything is
// written.
func payment(in connector.Instruction) (Payment, *connector.Outcome) {
	refuse := func(resolution, text string) (Payment, *connector.Outcome) {
		out := connector.Refuse(resolution, "%s", text)
		return Payment{}, &out
	}
	id, ok := endToEnd(in.Key)
	if !ok {
		return refuse(connector.InvalidRequest, "key can't stand in a bank's file")
	}
	d := in.Details
	holder := d["account_holder_name"]
	if holder == "" && d["first_name"] != "" {
		holder = d["first_name"] + " " + d["last_name"]
	}
	name, ok := plain(holder, maxName)
	if !ok || name == "" {
		return refuse(connector.InvalidDetails, "account_holder_name is needed, in letters that a bank's file can carry")
	}
	memo := in.Memo
	if memo == "" {
		memo = d["descriptor"]
	}
	p := Payment{EndToEnd: id, Amount: in.Amount, Name: name, Remittance: loosely(memo, maxRemitted)}
	if !in.Amount.IsPositive() {
		return refuse(connector.InvalidAmount, "an amount to pay is more than zero")
	}
	method := in.Service
	if i := strings.LastIndexByte(method, '_'); i > 0 {
		method = method[:i]
	}
	var out *connector.Outcome
	switch method {
	case "sepa", "sepa_credit_transfer_individual", "sepa_bank_transfer", "open_banking":
		p.Kind = SEPA
		out = p.sepa(in)
	case "sepa_instant":
		p.Kind = Instant
		out = p.sepa(in)
	case "swift":
		p.Kind = Other
		out = p.other(in)
	default:
		return refuse(connector.InvalidMethod, "a bank's file pays by SEPA or SWIFT")
	}
	return p, out
}

func (p *Payment) sepa(in connector.Instruction) *connector.Outcome {
	if in.Amount.Currency().Code() != "EUR" {
		out := connector.Refuse(connector.InvalidAmount, "SEPA pays euro")
		return &out
	}
	if in.Amount.Minor() > 99_999_999_999 {
		out := connector.Refuse(connector.LimitExceeded, "SEPA pays at most EUR 999999999.99 at a time")
		return &out
	}
	number, ok := iban(in.Details["iban"])
	if !ok {
		out := connector.Refuse(connector.InvalidAccount, "iban is none")
		return &out
	}
	p.IBAN = number
	return p.bank(in.Details["bic"], false)
}

// maxOther bounds what goes by other rails: the figure of the schema.
const maxOther = 999_999_999_999_999

func (p *Payment) other(in connector.Instruction) *connector.Outcome {
	refuse := func(resolution, text string) *connector.Outcome {
		out := connector.Refuse(resolution, "%s", text)
		return &out
	}
	if in.Amount.Currency().Exponent() > 3 || in.Amount.Minor() > maxOther {
		return refuse(connector.InvalidAmount, "a bank's file can't carry this amount")
	}
	number := strings.Join(strings.Fields(in.Details["bank_account_number"]), "")
	if written, ok := iban(number); ok {
		p.IBAN = written
	} else {
		text, ok := plain(number, 35)
		if !ok || text == "" || len(text) > 34 || text != number {
			return refuse(connector.InvalidAccount, "bank_account_number can't stand in a bank's file")
		}
		p.Account = text
	}
	if c := in.Details["country_code"]; c != "" {
		if len(c) != 2 || !letter(c[0]) || !letter(c[1]) {
			return refuse(connector.InvalidDetails, "country_code must be two capital letters")
		}
		p.Country = c
	}
	address, ok := plain(in.Details["address"], 140)
	if !ok {
		return refuse(connector.InvalidDetails, "address must be in letters that a bank's file can carry")
	}
	p.Address = address
	if p.Remittance == "" {
		p.Remittance = loosely(in.Details["purpose"], maxRemitted)
	}
	return p.bank(in.Details["bic"], true)
}

func (p *Payment) bank(name string, needed bool) *connector.Outcome {
	if name == "" && !needed {
		return nil
	}
	written, ok := bic(name)
	if !ok {
		out := connector.Refuse(connector.InvalidDetails, "bic is none")
		return &out
	}
	p.BIC = written
	return nil
}
