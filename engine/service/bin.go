package service

import (
	_ "embed" // the table
	"strings"
	"sync"
)

//go:embed bins.txt
var binText string

// issued is what is known of a card by its number.
type issued struct{ kind, country string }

// bins are what is published, by number or first digits.
var bins = sync.OnceValue(func() map[string]issued {
	out := map[string]issued{}
	for line := range strings.Lines(binText) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0][0] != '#' {
			out[f[0]] = issued{known(f[1]), known(f[2])}
		}
	}
	return out
})

func known(word string) string {
	if word == "-" {
		return ""
	}
	return word
}

// issuedBy looks a normalised card number up: the longest that fits counts. The
// zero value says that nothing is known.
func issuedBy(number string) issued {
	for n := len(number); n >= 6; n-- {
		if of, ok := bins()[number[:n]]; ok {
			return of
		}
	}
	return issued{}
}
