package iso20022

import "strings"

// iban writes an IBAN without blanks; false where it isn't one by form and
// check digits (ISO 13616, mod 97).
func iban(s string) (string, bool) {
	s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if len(s) < 15 || len(s) > 34 || !letter(s[0]) || !letter(s[1]) || !digit(s[2]) || !digit(s[3]) {
		return "", false
	}
	rest := 0
	for i := range len(s) {
		switch c := s[(i+4)%len(s)]; {
		case digit(c):
			rest = (rest*10 + int(c-'0')) % 97
		case letter(c):
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return "", false
		}
	}
	return s, rest == 1
}

// bic writes a BIC (ISO 9362) without blanks; false where it isn't one by form.
func bic(s string) (string, bool) {
	s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if len(s) != 8 && len(s) != 11 {
		return "", false
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && !(digit(c) && (i < 4 || i > 5)) {
			return "", false
		}
	}
	return s, true
}

func letter(c byte) bool { return c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
