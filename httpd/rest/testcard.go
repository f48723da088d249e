package rest

import (
	_ "embed" // the numbers
	"strings"
	"sync"

	"penstock/engine"
	"penstock/engine/connector"
)

//go:embed testcards.txt
var testCardText string

// testCards are the numbers that test mode takes.
var testCards = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(testCardText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out[line] = true
		}
	}
	return out
})

// checkCard keeps real cards out of test mode: whoever types one there has
// mistaken a test for the real thing. What is no card number at all is refused
// elsewhere, in the words for that.
func (a *API) checkCard(who engine.Caller, d connector.Details) error {
	if who.Mode != engine.Test || a.AnyCard {
		return nil
	}
	for _, name := range []string{"card_number", "dpan", "application_primary_account_number"} {
		digits := strings.NewReplacer(" ", "", "-", "").Replace(d[name])
		if len(digits) >= 12 && luhn(digits) && !testCards()[digits] {
			return refuse(422, "IR_06", name+" must be one of the published test numbers: a real card does not belong into test mode")
		}
	}
	return nil
}

// luhn says whether it can be a card number at all.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i]) - '0'
		if n < 0 || n > 9 {
			return false
		}
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}
