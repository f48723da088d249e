package service

import (
	_ "embed" // the numbers
	"strings"
	"sync"
)

//go:embed testcards.txt
var testCardText string

// testCards are the numbers that networks and large providers publish.
var testCards = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(testCardText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out[line] = true
		}
	}
	return out
})

// MaybeRealCard says whether text can be the number of a card that somebody
// has: a card number, with or without blanks and hyphens, that is not one of
// those published for tests. Such a number doesn't belong into test mode.
func MaybeRealCard(text string) bool {
	var space [32]byte
	digits := space[:0]
	for i := range len(text) {
		if c := text[i]; c != ' ' && c != '-' {
			digits = append(digits, c)
		}
	}
	return len(digits) >= 12 && Luhn(string(digits)) && !testCards()[string(digits)]
}

// RealCard finds a field of the form whose value MaybeRealCard; details need not
// be normalised. Where there is none it is empty.
func (d *Directory) RealCard(form string, details map[string]string) (field string) {
	m := d.form(form)
	if m == nil {
		return ""
	}
	for _, f := range m.Fields {
		if f.Check == CheckCardNumber && MaybeRealCard(details[f.Key]) {
			return f.Key
		}
	}
	return ""
}
