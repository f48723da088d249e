package service

import (
	"errors"
	"strings"
)

// The networks that Brand knows, in the words of the saved-method dialect.
const (
	Visa            = "Visa"
	Mastercard      = "Mastercard"
	AmericanExpress = "AmericanExpress"
	DinersClub      = "DinersClub"
	Discover        = "Discover"
	JCB             = "JCB"
	UnionPay        = "UnionPay"
	Maestro         = "Maestro"
	RuPay           = "RuPay"
	Mir             = "Mir"
)

// ParseCardNumber returns the digits of a card number without blanks and
// dashes: 8 to 19 of them (ISO/IEC 7812-1) with a right check digit.
func ParseCardNumber(value string) (string, error) {
	number := squeeze(value)
	switch {
	case !onlyDigits(number):
		return "", errors.New("must be digits, with blanks or dashes between them at most")
	case len(number) < 8 || len(number) > 19:
		return "", errors.New("must have 8 to 19 digits")
	case strings.Trim(number, "0") == "" || !Luhn(number):
		return "", errors.New("has a wrong check digit; look for a mistyped one")
	}
	return number, nil
}

// Luhn says whether the last digit of number is the check digit of those
// before it (ISO/IEC 7812-1, annex B). Anything but ASCII digits is false.
func Luhn(number string) bool {
	if !onlyDigits(number) {
		return false
	}
	sum, double := 0, false
	for i := len(number) - 1; i >= 0; i-- {
		digit := int(number[i] - '0')
		if double {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum, double = sum+digit, !double
	}
	return sum%10 == 0
}

// Brand tells the network of a normalised card number from its first digits;
// empty when it is not known.
func Brand(number string) string {
	if len(number) < 8 || !onlyDigits(number) {
		return ""
	}
	prefix := 0
	for i := range 6 {
		prefix = prefix*10 + int(number[i]-'0')
	}
	for _, r := range brands {
		if prefix >= r.from && prefix <= r.to {
			return r.brand
		}
	}
	return ""
}

// brands are ranges of the first six digits; the first that holds wins, so
// narrow ranges stand before the wide ones around them.
var brands = [...]struct {
	from, to int
	brand    string
}{
	{400000, 499999, Visa},
	{510000, 559999, Mastercard},
	{222100, 272099, Mastercard},
	{220000, 220499, Mir},
	{340000, 349999, AmericanExpress},
	{370000, 379999, AmericanExpress},
	{300000, 305999, DinersClub},
	{309500, 309599, DinersClub},
	{360000, 369999, DinersClub},
	{380000, 399999, DinersClub},
	{352800, 358999, JCB},
	{508500, 508999, RuPay},
	{500000, 509999, Maestro},
	{560000, 589999, Maestro},
	{601100, 601199, Discover},
	{606900, 607999, RuPay},
	{608000, 608500, RuPay},
	{620000, 629999, UnionPay},
	{639000, 639099, Maestro},
	{644000, 649999, Discover},
	{652150, 653149, RuPay},
	{650000, 659999, Discover},
	{810000, 817199, UnionPay},
	{817200, 820199, RuPay},
	{600000, 699999, Maestro},
}

// holdsCardNumber says whether text shows a card number of 13 to 19 digits
// anywhere, with blanks and dashes between them or not, and with other digits
// next to it or not. One run of digits in ten passes by chance, which is the
// right side to err on in a name.
func holdsCardNumber(text string) bool {
	run := make([]byte, 0, 32)
	for _, r := range text {
		switch {
		case isDigit(r):
			run = append(run, byte(r))
		case !between(r):
			if windowIsCard(run) {
				return true
			}
			run = run[:0]
		}
	}
	return windowIsCard(run)
}

func windowIsCard(digits []byte) bool {
	for start := range digits {
		for length := 13; length <= 19 && start+length <= len(digits); length++ {
			if window := string(digits[start : start+length]); Luhn(window) && Brand(window) != "" {
				return true
			}
		}
	}
	return false
}
