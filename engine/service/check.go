package service

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Check names how a value is checked and normalised. The names are for forms,
// which may repeat a check on the page.
type Check string

const (
	CheckText       Check = "text"        // trimmed; no card number, no IBAN
	CheckAny        Check = "any"         // trimmed; never shown but masked
	CheckPrintable  Check = "printable"   // ASCII from space to tilde
	CheckToken      Check = "token"       // ASCII without blanks; no card number
	CheckWord       Check = "word"        // small letters, digits, underscores
	CheckPhrase     Check = "phrase"      // letters; blanks and hyphens become underscores
	CheckPercent    Check = "percent"     // 0 to 100
	CheckCardNumber Check = "card_number" // 8 to 19 digits, Luhn
	CheckMonth      Check = "month"
	CheckYear       Check = "year"
	CheckIBAN       Check = "iban"
	CheckSEPAIBAN   Check = "iban_sepa" // IBAN of a country that SEPA reaches
	CheckBIC        Check = "bic"
	CheckRouting    Check = "aba_routing"
	CheckSortCode   Check = "sort_code"
	CheckUKAccount  Check = "uk_account"
	CheckUSAccount  Check = "us_account"
	CheckAccount    Check = "account"         // any bank's account number
	CheckAnyAccount Check = "account_or_iban" // the same, and an IBAN where it begins as one
	CheckTest       Check = "test_account"    // of the test provider
	CheckISPB       Check = "ispb"
	CheckPixKey     Check = "pix_key"
	CheckCountry    Check = "country"
	CheckEmail      Check = "email"
	CheckPhone      Check = "phone"
	CheckUSPhone    Check = "us_phone"
	CheckMobile     Check = "mobile" // telephone with its country code
)

// apply returns value in its normalised form. The error's text is the rule
// and holds nothing of the value.
func (c Check) apply(value string) (string, error) {
	switch c {
	case CheckText:
		return parseText(value)
	case CheckAny:
		return strings.TrimSpace(value), nil
	case CheckPrintable:
		return printable(strings.TrimSpace(value))
	case CheckToken:
		return parseToken(value)
	case CheckWord:
		return shaped(strings.TrimSpace(value), isWord, "must be small letters, digits and underscores")
	case CheckPhrase:
		return parsePhrase(value)
	case CheckPercent:
		return parsePercent(value)
	case CheckCardNumber:
		return ParseCardNumber(value)
	case CheckMonth:
		return parseMonth(value)
	case CheckYear:
		return parseYear(value)
	case CheckIBAN:
		return ParseIBAN(value)
	case CheckSEPAIBAN:
		return parseSEPAIBAN(value)
	case CheckEmail:
		return ParseEmail(value)
	case CheckPhone:
		return ParsePhone(value)
	case CheckUSPhone:
		return parseUSPhone(value)
	case CheckMobile:
		return parseMobile(value)
	}
	return c.applyBank(value)
}

// applyBank is apply for the details of banks.
func (c Check) applyBank(value string) (string, error) {
	switch c {
	case CheckBIC:
		return ParseBIC(value)
	case CheckRouting:
		return ParseRouting(value)
	case CheckSortCode:
		return ParseSortCode(value)
	case CheckUKAccount:
		return ParseUKAccount(value)
	case CheckUSAccount:
		return parseUSAccount(value)
	case CheckAccount:
		return parseAccount(value)
	case CheckAnyAccount:
		return parseAnyAccount(value)
	case CheckTest:
		return parseTestAccount(value)
	case CheckISPB:
		return parseISPB(value)
	case CheckPixKey:
		return parsePixKey(value)
	case CheckCountry:
		return ParseCountry(value)
	}
	return "", fmt.Errorf("has no check named %q", string(c))
}

// parseText takes names and other free text. Since text is shown as it is, a
// card number or an IBAN in the wrong field is refused.
func parseText(value string) (string, error) {
	value = strings.TrimSpace(value)
	if holdsCardNumber(value) {
		return "", errors.New("must not hold a card number")
	}
	if maybeIBAN(value) {
		if _, err := ParseIBAN(value); err == nil {
			return "", errors.New("must not hold an IBAN")
		}
	}
	return value, nil
}

func parseToken(value string) (string, error) {
	value = strings.TrimSpace(value)
	if number, err := ParseCardNumber(value); err == nil && Brand(number) != "" {
		return "", errors.New("must be a token, not a card number")
	}
	return shaped(value, func(r rune) bool { return r > ' ' && r < 0x7F }, "must be ASCII without blanks")
}

func printable(value string) (string, error) {
	return shaped(value, func(r rune) bool { return r >= ' ' && r < 0x7F }, "must be ASCII")
}

// parsePhrase gives a word of the test provider in its one form: capitals and
// single underscores, whatever stood between the letters.
func parsePhrase(value string) (string, error) {
	value, err := shaped(strings.TrimSpace(value), isPhrase, "must be letters, blanks, hyphens and underscores")
	words := strings.FieldsFunc(strings.ToUpper(value), func(r rune) bool { return !isLetter(r) })
	if phrase := strings.Join(words, "_"); err == nil && len(phrase) >= 2 {
		return phrase, nil
	}
	return "", cmp.Or(err, errors.New("must have at least 2 letters"))
}

func parsePercent(value string) (string, error) {
	value = strings.TrimSpace(value)
	if value == "100" || len(value) <= 2 && onlyDigits(value) {
		return value, nil
	}
	return "", errors.New("must be a whole number from 0 to 100")
}

// shaped returns value if every rune of it passes.
func shaped(value string, pass func(rune) bool, rule string) (string, error) {
	for _, r := range value {
		if !pass(r) {
			return "", errors.New(rule)
		}
	}
	return value, nil
}

func isWord(r rune) bool { return r >= 'a' && r <= 'z' || isDigit(r) || r == '_' }

func isPhrase(r rune) bool { return isLetter(r) || r == ' ' || r == '-' || r == '_' }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isUpper(r rune) bool { return r >= 'A' && r <= 'Z' }

func isLetter(r rune) bool { return isUpper(r) || r >= 'a' && r <= 'z' }

func isUpperOrDigit(r rune) bool { return isUpper(r) || isDigit(r) }

// onlyDigits says whether s is ASCII digits and not empty.
func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// squeeze removes what people put between the groups of a number: blanks of
// every width, dashes and characters of no width.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if between(r) {
			return -1
		}
		return r
	}, s)
}

// between tells what people write between the groups of a number.
func between(r rune) bool {
	return unicode.IsSpace(r) || r == '-' || r >= 0x2010 && r <= 0x2015 || r == 0x2212 || // dashes, minus
		r >= 0x200B && r <= 0x200D || r == 0x2060 || r == 0xFEFF || r == 0x00AD // no width
}
