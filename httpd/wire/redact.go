package wire

import (
	"regexp"
	"strings"
)

// secret matches what gives itself away by its beginning: API keys, webhook
// secrets, client secrets, credentials out of an Authorization header.
var secret = regexp.MustCompile(`(?:\b|_)(?:snd|dev|integ|prd|tk|pk|epk)_[A-Za-z0-9_]{8,}` +
	`|\bwhs[ek]c?_[A-Za-z0-9+/=_-]+` +
	`|_secret_[A-Za-z0-9]+` +
	`|(?i:\b(?:bearer|basic) +[a-z0-9+/=._~-]{8,})` +
	`|AGE-SECRET-KEY-[A-Z0-9]+`)

// accountRun matches what may hold an IBAN; mod 97 decides.
var accountRun = regexp.MustCompile(`(?i)\b[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]){11,40}`)

// digitRun matches what may hold a card number; the Luhn sum decides.
var digitRun = regexp.MustCompile(`[0-9](?:[ -]?[0-9]){12,}`)

// Redact masks what must not stand in a log: card numbers, IBANs and the keys
// that our own formats make recognisable. It is the second line of defence
// and errs on the side of masking: one in ten numbers of 13 to 19 digits has
// a right Luhn sum by chance. The first line is never to log such a thing.
func Redact(s string) string {
	digits, longest := 0, 0
	for i := range len(s) {
		switch {
		case isDigit(s[i]):
			digits++
			longest = max(longest, digits)
		case !isSeparator(s[i]):
			digits = 0
		}
	}
	if mayHoldSecret(s) {
		s = secret.ReplaceAllString(s, "[key]")
	}
	if longest >= 2 && mayHoldAccount(s) {
		s = accountRun.ReplaceAllStringFunc(s, maskAccount)
	}
	if longest >= 13 {
		s = digitRun.ReplaceAllStringFunc(s, maskCard)
	}
	return s
}

// mayHoldSecret spares most texts the regular expression: it looks at the
// word before each underscore, space and dash.
func mayHoldSecret(s string) bool {
	for i := range len(s) {
		if s[i] != '_' && s[i] != ' ' && s[i] != '-' {
			continue
		}
		start := i
		for start > 0 && isLetter(s[start-1]) {
			start--
		}
		switch strings.ToLower(s[start:i]) {
		case "snd", "dev", "integ", "prd", "tk", "pk", "epk", "whsec", "whsk", "secret", "bearer", "basic":
			return true
		case "key": // of AGE-SECRET-KEY-, and no name such as key_id
			if s[i] == '-' {
				return true
			}
		}
	}
	return false
}

// mayHoldAccount looks for a word that begins like an IBAN, with enough text
// behind it.
func mayHoldAccount(s string) bool {
	for i := 0; i+15 <= len(s); i++ {
		if isLetter(s[i]) && isLetter(s[i+1]) && isDigit(s[i+2]) && isDigit(s[i+3]) &&
			(i == 0 || !isLetter(s[i-1]) && !isDigit(s[i-1]) && s[i-1] != '_') {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// maskCard masks the whole run when some of its groups of digits, side by
// side, are 13 to 19 digits with a right Luhn sum (ISO/IEC 7812-1), or when
// such a number hides in a longer group.
func maskCard(run string) string {
	groups := strings.FieldsFunc(run, func(r rune) bool { return r == ' ' || r == '-' })
	for i, g := range groups {
		for n := 13; len(g) > 19 && n <= 19; n++ {
			for at := 0; at+n <= len(g); at++ {
				if luhn(g[at : at+n]) {
					return "[pan]"
				}
			}
		}
		joined := ""
		for _, next := range groups[i:] {
			if joined += next; len(joined) > 19 {
				break
			}
			if len(joined) >= 13 && luhn(joined) {
				return "[pan]"
			}
		}
	}
	return run
}

func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// maskAccount masks the longest IBAN that run begins with, first of those that
// end where a word does, and keeps the words that the pattern took along.
func maskAccount(run string) string {
	text := make([]byte, 0, 44)
	ends := make([]int, 0, 44) // where in run each character of text ends
	for i := range len(run) {
		if !isSeparator(run[i]) {
			text, ends = append(text, run[i]), append(ends, i+1)
		}
	}
	for _, midWord := range [...]bool{false, true} {
		for n := min(len(text), 34); n >= 15; n-- {
			end := ends[n-1]
			if (midWord || end == len(run) || isSeparator(run[end])) && mod97(text[:n]) {
				return "[iban]" + run[end:]
			}
		}
	}
	return run
}

func isSeparator(c byte) bool { return c == ' ' || c == '-' }

// mod97 checks the digits of ISO 13616: the first four characters go to the
// end, letters are 10 to 35.
func mod97(iban []byte) bool {
	sum := 0
	for i := range iban {
		c := iban[(i+4)%len(iban)]
		if isLetter(c) {
			sum = (sum*100 + int(c|0x20-'a') + 10) % 97
		} else {
			sum = (sum*10 + int(c-'0')) % 97
		}
	}
	return sum == 1
}
