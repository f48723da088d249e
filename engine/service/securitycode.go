package service

import "strings"

// SecurityCode says whether a field of that name would hold what must never be
// stored: a card's security code, a PIN or track data (PCI DSS 4.0.1, 3.3.1).
// Case and separators don't matter.
func SecurityCode(name string) bool {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r - 'A' + 'a')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= 'Ａ' && r <= 'Ｚ': // full-width forms read the same
			b.WriteRune(r - 'Ａ' + 'a')
		case r >= 'ａ' && r <= 'ｚ':
			b.WriteRune(r - 'ａ' + 'a')
		}
	}
	plain := b.String()
	for _, part := range []string{"cvv", "cvc", "cvn", "securitycode", "verificationvalue", "verificationcode", "trackdata", "magstripe", "magneticstripe", "pinblock"} {
		if strings.Contains(plain, part) {
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
