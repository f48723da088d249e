package service

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rule names how a value is shown.
type Rule string

const (
	MaskNone         Rule = "none" // shown as it is
	MaskCardRule     Rule = "card"
	MaskAccountRule  Rule = "account"
	MaskRoutingRule  Rule = "routing"
	MaskSortCodeRule Rule = "sort_code"
	MaskIBANRule     Rule = "iban"
	MaskBICRule      Rule = "bic"
	MaskEmailRule    Rule = "email"
	MaskPhoneRule    Rule = "phone"
	MaskTokenRule    Rule = "token"
	MaskPixKeyRule   Rule = "pix_key"
)

// Mask returns what of normalised details may be shown. A card becomes last4,
// card_isin, card_exp_month, card_exp_year, card_holder_name and card_network,
// with what is known about its issuer; every other method keeps its field
// names with masked values. What is not in the schema is left out, and so is
// everything when the method is unknown.
func Mask(method string, details map[string]string) map[string]string {
	m := find(method)
	if m == nil {
		return map[string]string{}
	}
	return m.mask(details)
}

func (m *Method) mask(details map[string]string) map[string]string {
	shown := make(map[string]string, min(len(details), len(m.Fields))+2)
	for _, field := range m.Fields {
		value := details[field.Key]
		if value == "" {
			continue
		}
		switch {
		case field.Mask == MaskCardRule:
			showCard(shown, value)
		case field.Key == expiryMonth.Key:
			shown["card_exp_month"] = plain(value)
		case field.Key == expiryYear.Key:
			shown["card_exp_year"] = plain(value)
		default:
			shown[field.Key] = field.Mask.apply(value)
		}
	}
	return shown
}

// showCard adds what may be seen of a card number. Six digits in front need
// four hidden ones (PCI DSS 4.0.1, 3.4.1 and the FAQ on truncation), so
// shorter numbers show their last four alone.
func showCard(shown map[string]string, number string) {
	if !onlyDigits(number) || len(number) < 8 {
		return
	}
	shown["last4"] = number[len(number)-4:]
	if len(number) >= 14 {
		shown["card_isin"] = number[:6]
	}
	if brand := Brand(number); brand != "" {
		shown["card_network"] = brand // what the sender said comes later and wins
	}
	of := issuedBy(number)
	for key, v := range map[string]string{"card_type": of.kind, "card_issuing_country": of.country} {
		if v != "" {
			shown[key] = v
		}
	}
}

func (r Rule) apply(value string) string {
	switch r {
	case MaskNone:
		return plain(value)
	case MaskCardRule:
		return MaskCard(value)
	case MaskAccountRule:
		return MaskAccount(value)
	case MaskRoutingRule:
		return MaskRouting(value)
	case MaskSortCodeRule:
		return MaskSortCode(value)
	case MaskIBANRule:
		return MaskIBAN(value)
	case MaskBICRule:
		return MaskBIC(value)
	case MaskEmailRule:
		return MaskEmail(value)
	case MaskPhoneRule:
		return MaskPhone(value)
	case MaskTokenRule:
		return MaskToken(value)
	case MaskPixKeyRule:
		return MaskPixKey(value)
	}
	return stars(value)
}

// plain shows a value, unless a card number got into it past Validate.
func plain(value string) string {
	if holdsCardNumber(value) {
		return stars(value)
	}
	return value
}

// MaskCard shows six digits in front and four behind ("512381******0000"), or
// the last four alone of a number shorter than 14.
func MaskCard(number string) string {
	if utf8.RuneCountInString(number) < 14 {
		return ends(number, 0, 4)
	}
	return ends(number, 6, 4)
}

// MaskAccount shows four characters on each side, or the last four alone of a
// number shorter than 12.
func MaskAccount(number string) string {
	if utf8.RuneCountInString(number) < 12 {
		return ends(number, 0, 4)
	}
	return ends(number, 4, 4)
}

// MaskRouting shows three characters on each side: "056***849".
func MaskRouting(number string) string { return ends(number, 3, 3) }

// MaskSortCode shows two characters on each side.
func MaskSortCode(code string) string { return ends(code, 2, 2) }

// MaskIBAN shows five characters on each side: "NL02A********56789".
func MaskIBAN(iban string) string { return ends(iban, 5, 5) }

// MaskBIC shows three characters in front and two behind.
func MaskBIC(bic string) string { return ends(bic, 3, 2) }

// MaskToken shows three characters on each side of a provider's token.
func MaskToken(token string) string { return ends(token, 3, 3) }

// MaskPhone shows the last two digits.
func MaskPhone(number string) string { return ends(number, 0, 2) }

// MaskEmail shows two characters and the domain: "jo***@example.com". A name
// of two or fewer is hidden.
func MaskEmail(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return stars(address)
	}
	name := []rune(address[:at])
	if len(name) <= 2 {
		name = nil
	} else {
		name = name[:2]
	}
	return string(name) + "***" + address[at:]
}

// MaskPixKey shows an e-mail as MaskEmail does and every other key as
// MaskAccount.
func MaskPixKey(key string) string {
	if strings.Contains(key, "@") {
		return MaskEmail(key)
	}
	return MaskAccount(key)
}

// ends keeps head characters in front and tail behind and hides the letters
// and digits between. Where that would hide fewer than two, or the ends would
// meet, everything is hidden.
func ends(value string, head, tail int) string {
	runes := []rune(value)
	if len(runes) <= head+tail {
		return stars(value)
	}
	middle := runes[head : len(runes)-tail]
	count := 0
	for i, r := range middle {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			count++
		}
		if telling(r) {
			middle[i] = '*'
		}
	}
	if count < 2 {
		return stars(value)
	}
	return string(runes)
}

// stars hides every letter and digit.
func stars(value string) string {
	return strings.Map(func(r rune) rune {
		if telling(r) {
			return '*'
		}
		return r
	}, value)
}

// telling is true for all but blanks and ASCII punctuation.
func telling(r rune) bool {
	return r >= utf8.RuneSelf || unicode.IsLetter(r) || unicode.IsDigit(r)
}
