package service

import (
	"errors"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// ParseEmail returns an e-mail address with its domain in small letters. The
// check is for typing errors, not for RFC 5322: something without blanks,
// one @, and a domain with a dot.
func ParseEmail(value string) (string, error) {
	value = strings.TrimSpace(value)
	local, domain, found := strings.Cut(value, "@")
	if !found || local == "" || len(local) > 64 || len(value) > 254 ||
		strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`@"<>()[],;:\`, r) && r != '@' }) ||
		strings.Contains(domain, "@") || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") ||
		!hostLike(domain) {
		return "", errors.New("must be an e-mail address, e.g. name@example.com")
	}
	return local + "@" + strings.ToLower(domain), nil
}

// hostLike says whether domain is two or more labels of letters, digits and
// inner hyphens.
func hostLike(domain string) bool {
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				return false
			}
		}
	}
	return len(labels) >= 2
}

// ParsePhone returns a telephone number in E.164 form when it comes with a
// country code. Without one it stays as its digits: only the provider knows
// the country that its own account stands for, and guessing could pay a
// stranger. Numbers are held to the lengths that exist in the country, not to
// the ranges given out, since those change and test numbers lie outside.
func ParsePhone(value string) (string, error) {
	value = strings.TrimSpace(value)
	if !strings.HasPrefix(value, "+") {
		digits := phoneDigits(value)
		if !onlyDigits(digits) || len(digits) < 6 || len(digits) > 15 {
			return "", errPhone
		}
		return digits, nil
	}
	return e164(value, "")
}

func parseUSPhone(value string) (string, error) {
	number, err := e164(strings.TrimSpace(value), "US")
	if err == nil && !strings.HasPrefix(number, "+1") {
		err = errors.New("must be a telephone number of the United States")
	}
	return clean(number, err)
}

// parseMobile returns a telephone number in E.164 form. The country code must
// be there, with a plus or two zeros before it or nothing: a mobile money
// account is found by the whole number.
func parseMobile(value string) (string, error) {
	digits := strings.TrimPrefix(phoneDigits(strings.TrimSpace(value)), "+")
	return e164("+"+strings.TrimPrefix(digits, "00"), "")
}

var errPhone = errors.New("must be a telephone number with its country code, e.g. +49 30 123456")

func e164(value, region string) (string, error) {
	if !onlyDigits(strings.TrimPrefix(phoneDigits(value), "+")) {
		return "", errPhone // letters and extensions are not part of an address for money
	}
	number, err := phonenumbers.Parse(value, region)
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return "", errPhone
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

// phoneDigits removes what is written between the digits.
func phoneDigits(value string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("()./", r) {
			return -1
		}
		return r
	}, squeeze(value))
}
