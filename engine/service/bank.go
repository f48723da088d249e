package service

import (
	"errors"
	"strings"
)

// ParseBIC returns a business identifier code in capitals: 8 or 11 characters
// in the shape of ISO 9362, with a country in the middle.
func ParseBIC(value string) (string, error) {
	bic := strings.ToUpper(squeeze(value))
	if len(bic) != 8 && len(bic) != 11 {
		return "", errors.New("must have 8 or 11 characters")
	}
	for i, r := range bic {
		if country := i == 4 || i == 5; country && !isUpper(r) || !isUpperOrDigit(r) {
			return "", errors.New("must be a BIC: bank (4 letters or digits), country (2 letters), place (2) and perhaps branch (3)")
		}
	}
	if _, err := ParseCountry(bic[4:6]); err != nil {
		return "", errors.New("must have a country's code in characters 5 and 6")
	}
	return bic, nil
}

// ParseRouting returns the nine digits of an ABA routing transit number whose
// check digit is right (weights 3, 7, 1).
func ParseRouting(value string) (string, error) {
	number := squeeze(value)
	if !onlyDigits(number) || len(number) != 9 {
		return "", errors.New("must have 9 digits")
	}
	sum := 0
	for i := range 9 {
		sum += int(number[i]-'0') * [3]int{3, 7, 1}[i%3]
	}
	if sum%10 != 0 || number == "000000000" {
		return "", errors.New("has a wrong check digit; look for a mistyped one")
	}
	return number, nil
}

// ParseSortCode returns the six digits of a UK sort code.
func ParseSortCode(value string) (string, error) {
	code := squeeze(value)
	if !onlyDigits(code) || len(code) != 6 {
		return "", errors.New("must have 6 digits")
	}
	return code, nil
}

// ParseUKAccount returns the 6 to 8 digits of a UK account number as they
// are: how a short one is filled up depends on the bank.
func ParseUKAccount(value string) (string, error) {
	number := squeeze(value)
	if !onlyDigits(number) || len(number) < 6 || len(number) > 8 {
		return "", errors.New("must have 6 to 8 digits")
	}
	return number, nil
}

// parseUSAccount takes what fits the DFI account number of an ACH entry.
func parseUSAccount(value string) (string, error) {
	number, err := shaped(strings.ToUpper(squeeze(value)), isUpperOrDigit, "must be letters and digits")
	if err == nil && (len(number) < 4 || len(number) > 17) {
		err = errors.New("must have 4 to 17 letters and digits")
	}
	return clean(number, err)
}

// parseAccount takes the account number of any bank. Dashes and dots may
// matter there, so only blanks go.
func parseAccount(value string) (string, error) {
	number := strings.Join(strings.Fields(value), "")
	number, err := shaped(number, func(r rune) bool {
		return isLetter(r) || isDigit(r) || strings.ContainsRune("-./_", r)
	}, "must be letters, digits, dashes, dots and slashes")
	if err == nil && len(number) > 34 {
		err = errors.New("must have at most 34 characters")
	}
	return clean(number, err)
}

// parseAnyAccount takes the account number of any bank in the world. What
// begins like the IBAN of a country that has them is held to that country's
// rules, so that a mistyped one doesn't leave as some other number.
func parseAnyAccount(value string) (string, error) {
	number := strings.ToUpper(squeeze(value))
	if len(number) >= 15 && isUpper(rune(number[0])) && isUpper(rune(number[1])) && onlyDigits(number[2:4]) {
		if _, known := FindIBANCountry(number[:2]); known {
			return ParseIBAN(number)
		}
	}
	return parseAccount(value)
}

// parseTestAccount takes what the test provider calls an account.
func parseTestAccount(value string) (string, error) {
	name, err := shaped(strings.TrimSpace(value), func(r rune) bool { return isLetter(r) || isDigit(r) || r == '_' || r == '-' }, "must be letters, digits, underscores and hyphens")
	if err == nil && len(name) > 64 {
		err = errors.New("must have at most 64 characters")
	}
	return clean(name, err)
}

// parseISPB takes the eight characters that name an institution in Pix, the
// root of its CNPJ, in which letters are allowed since 2026.
func parseISPB(value string) (string, error) {
	code, err := shaped(strings.ToUpper(squeeze(value)), isUpperOrDigit, "must be letters and digits")
	if err == nil && len(code) != 8 {
		err = errors.New("must have 8 letters and digits")
	}
	return clean(code, err)
}

// parsePixKey takes any of the kinds of key. An e-mail is one in small
// letters; everything else loses its blanks.
func parsePixKey(value string) (string, error) {
	key := strings.Join(strings.Fields(value), "")
	if strings.Contains(key, "@") {
		key, err := ParseEmail(key)
		return clean(strings.ToLower(key), err)
	}
	return printable(key)
}

func clean(value string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return value, nil
}

// BankMethod tells the method of bank details that come without its name, as
// the saved-method dialect's older form does: the first whose members are
// there, in that contract's order. Pix there takes whatever is left; here it
// needs one of its own members.
func BankMethod(details map[string]string) (string, bool) {
	has := func(keys ...string) bool {
		for _, key := range keys {
			if details[key] == "" {
				return false
			}
		}
		return true
	}
	switch {
	case has("bank_account_number", "bank_routing_number"):
		return "ach", true
	case has("bank_account_number", "bank_sort_code"):
		return "bacs", true
	case has("country_code"):
		return "trustly", true
	case has("iban"):
		return "sepa", true
	case has("pix_key"), has("emv"), has("bank_account_number"):
		return "pix", true
	}
	return "", false
}
