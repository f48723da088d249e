package service

import "strings"

// SecurityCode says whether a field of that name would hold what must never be
// stored: a card's security code, a PIN or track data (PCI DSS 4.0.1, 3.3.1).
// Case and separators don't matter.
func SecurityCode[T ~string | ~[]byte](name T) bool {
	var space [64]byte
	letters := space[:0]
	for _, r := range string(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			letters = append(letters, byte(r))
		case r >= 'A' && r <= 'Z':
			letters = append(letters, byte(r-'A'+'a'))
		case r >= 'Ａ' && r <= 'Ｚ': // full-width forms read the same
			letters = append(letters, byte(r-'Ａ'+'a'))
		case r >= 'ａ' && r <= 'ｚ':
			letters = append(letters, byte(r-'ａ'+'a'))
		}
	}
	if len(letters) < 3 {
		return false
	}
	plain := string(letters)
	for i := range plain {
		if secretBegins(plain[i:]) {
			return true
		}
	}
	plain = strings.TrimPrefix(plain, "card")
	switch plain {
	case "cid", "csc", "cvd", "cav", "cav2", "pin", "pinnumber", "track", "track1", "track2", "track3",
		"track1data", "track2data", "track3data", "fulltrack", "securitynumber", "verificationnumber":
		return true
	}
	return false
}

// secretBegins says whether rest, which is not empty, begins with what names such
// a secret wherever in a name it stands. Each name of each body is asked.
func secretBegins(rest string) bool {
	switch rest[0] {
	case 'c':
		return strings.HasPrefix(rest, "cvv") || strings.HasPrefix(rest, "cvc") || strings.HasPrefix(rest, "cvn")
	case 'm':
		return strings.HasPrefix(rest, "magstripe") || strings.HasPrefix(rest, "magneticstripe")
	case 'p':
		return strings.HasPrefix(rest, "pinblock")
	case 's':
		return strings.HasPrefix(rest, "securitycode")
	case 't':
		return strings.HasPrefix(rest, "trackdata")
	case 'v':
		return strings.HasPrefix(rest, "verificationvalue") || strings.HasPrefix(rest, "verificationcode")
	}
	return false
}
