package service

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode"
)

// IBANCountry is one row of the IBAN registry.
type IBANCountry struct {
	Code   string // ISO 3166-1 alpha-2
	Name   string // English
	BBAN   string // structure after the check digits, in the registry's notation: "8!n10!n"
	SEPA   bool   // the SEPA schemes reach it
	Length int    // characters of a whole IBAN
}

// IBANCountries yields the registry in the order of the codes.
func IBANCountries() iter.Seq[IBANCountry] {
	return func(yield func(IBANCountry) bool) {
		for i := range registry {
			if !yield(registry[i].country()) {
				return
			}
		}
	}
}

// FindIBANCountry finds the row of a country's code in capitals.
func FindIBANCountry(code string) (IBANCountry, bool) {
	for i := range registry {
		if registry[i].code == code {
			return registry[i].country(), true
		}
	}
	return IBANCountry{}, false
}

func (r *row) country() IBANCountry {
	c := IBANCountry{Code: r.code, Name: r.name, BBAN: r.bban, SEPA: r.sepa, Length: 4}
	for part := range parts(r.bban) {
		c.Length += part.length
	}
	return c
}

// ParseIBAN returns an IBAN in its electronic form: capitals and digits, no
// blanks (ISO 13616). It asks, in this order, whether the country is known,
// the length is the country's, the rest has the country's structure, and the
// check digits are right (ISO 7064, mod 97-10); the error names the first
// that fails, and nothing of the account.
func ParseIBAN(value string) (string, error) {
	iban := strings.ToUpper(squeeze(value))
	if len(iban) < 2 || !isUpper(rune(iban[0])) || !isUpper(rune(iban[1])) {
		return "", errors.New("must begin with a country's code of two letters, e.g. DE")
	}
	country, known := FindIBANCountry(iban[:2])
	if !known {
		return "", errors.New("must begin with the code of a country that has IBANs")
	}
	if got := len([]rune(iban)); got != country.Length {
		return "", fmt.Errorf("must have %d characters for %s, and has %d", country.Length, country.Name, got)
	}
	if !onlyDigits(iban[2:4]) || !fits(country.BBAN, iban[4:]) {
		return "", fmt.Errorf("does not have the structure of %s (%s%s); look for mistaken letters and digits", country.Name, country.Code+"2!n", country.BBAN)
	}
	if check := iban[2:4]; check < "02" || check > "98" || mod97(iban[4:]+iban[:4]) != 1 {
		return "", errors.New("has wrong check digits; look for a mistyped character")
	}
	return iban, nil
}

// maybeIBAN says whether text begins as an IBAN does, with two letters and two
// digits: what does not needs no closer look.
func maybeIBAN(text string) bool {
	n := 0
	for _, r := range text {
		switch {
		case between(r):
			continue
		case n < 2 && !isUpper(unicode.ToUpper(r)), n >= 2 && !isDigit(r):
			return false
		}
		if n++; n == 4 {
			return true
		}
	}
	return false
}

// parseSEPAIBAN is ParseIBAN for accounts that a SEPA transfer can reach.
func parseSEPAIBAN(value string) (string, error) {
	iban, err := ParseIBAN(value)
	if err != nil {
		return "", err
	}
	if country, _ := FindIBANCountry(iban[:2]); !country.SEPA {
		return "", fmt.Errorf("must be of a country that SEPA reaches, and %s is none", country.Name)
	}
	return iban, nil
}

// part is one element of a structure: length characters of one class, n for
// digits, a for capitals, c for both.
type part struct {
	length int
	class  byte
}

// parts reads the registry's notation.
func parts(bban string) iter.Seq[part] {
	return func(yield func(part) bool) {
		p := part{}
		for i := range len(bban) {
			switch b := bban[i]; {
			case b >= '0' && b <= '9':
				p.length = p.length*10 + int(b-'0')
			case b != '!':
				p.class = b
				if !yield(p) {
					return
				}
				p = part{}
			}
		}
	}
}

func fits(structure, bban string) bool {
	for p := range parts(structure) {
		if len(bban) < p.length {
			return false
		}
		for _, r := range bban[:p.length] {
			if p.class == 'n' && !isDigit(r) || p.class == 'a' && !isUpper(r) || !isUpperOrDigit(r) {
				return false
			}
		}
		bban = bban[p.length:]
	}
	return bban == ""
}

// mod97 is the remainder of s, letters read as 10 to 35, by 97.
func mod97(s string) int {
	remainder := 0
	for i := range len(s) {
		if s[i] >= 'A' {
			remainder = (remainder*100 + int(s[i]-'A') + 10) % 97
		} else {
			remainder = (remainder*10 + int(s[i]-'0')) % 97
		}
	}
	return remainder
}
