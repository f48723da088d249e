package connector

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// longNumber is a run of digits that may be an account's.
var longNumber = regexp.MustCompile(`[A-Za-z]?[0-9]{9,}`)

// MaskNumbers leaves of long numbers their last four digits. A date with a time
// that stands by itself is none.
func MaskNumbers(text string) string {
	return longNumber.ReplaceAllStringFunc(text, func(run string) string {
		digits := strings.TrimLeft(run, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
		if _, err := time.Parse("20060102150405", digits); err == nil && digits == run && strings.HasPrefix(run, "20") {
			return run
		}
		return run[:len(run)-len(digits)] + "*" + digits[len(digits)-4:]
	})
}

// maxFileName is how much of a file's name is shown.
const maxFileName = 128

// FileName is a file's name as it may be shown: banks put account numbers in it.
// One that isn't plain text is "".
func FileName(name string) string {
	if len(name) > maxFileName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ""
	}
	return MaskNumbers(name)
}
