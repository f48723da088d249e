package routing

import "strings"

// maxDecimal is how long a number in a tree or a fact may be: an int64 and the
// decimals of any currency fit with room to spare.
const maxDecimal = 40

// isDecimal says whether s is an exact decimal: an optional minus, digits, and
// a dot with more digits if it isn't whole. No exponent, plus, blank or comma.
func isDecimal(s string) bool {
	if len(s) > maxDecimal {
		return false
	}
	whole, fraction, dotted := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return isDigits(whole) && (!dotted || isDigits(fraction))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// compareDecimals is -1, 0 or +1 as a is less than, equal to or more than b.
// Both are decimals.
func compareDecimals(a, b string) int {
	signA, wholeA, fractionA := cutDecimal(a)
	signB, wholeB, fractionB := cutDecimal(b)
	if signA != signB {
		return sign(signA - signB)
	}
	n := sign(len(wholeA) - len(wholeB))
	if n == 0 {
		n = strings.Compare(wholeA, wholeB)
	}
	if n == 0 {
		n = strings.Compare(fractionA, fractionB) // "25" < "3", as .25 < .3
	}
	return n * signA
}

// cutDecimal takes a decimal apart, without the zeros that don't count. The
// sign of nothing is 1, so that "-0" is 0.
func cutDecimal(s string) (signed int, whole, fraction string) {
	digits, minus := strings.CutPrefix(s, "-")
	whole, fraction, _ = strings.Cut(digits, ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if minus && (whole != "" || fraction != "") {
		return -1, whole, fraction
	}
	return 1, whole, fraction
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
