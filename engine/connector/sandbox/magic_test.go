package sandbox

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
)

func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func mod97(iban string) bool {
	var text strings.Builder
	for _, c := range iban[4:] + iban[:4] {
		if c >= 'A' {
			fmt.Fprint(&text, c-'A'+10)
		} else {
			text.WriteRune(c)
		}
	}
	n, ok := new(big.Int).SetString(text.String(), 10)
	return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}

func TestMagicAccountsPassTheirChecks(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range MagicTable() {
		if !luhn(row.Card) || len(row.Card) != 16 {
			t.Errorf("%s: card %s fails Luhn's check", row.Name, row.Card)
		}
		if !mod97(row.IBAN) || len(row.IBAN) != 18 {
			t.Errorf("%s: IBAN %s fails mod 97", row.Name, row.IBAN)
		}
		for _, account := range []string{row.Name, row.Card, row.IBAN, row.Account, row.Email, row.Phone} {
			if account == "" || seen[account] {
				t.Errorf("%s: %q is empty or twice in the table", row.Name, account)
			}
			seen[account] = true
		}
		if row.Meaning == "" || row.fate.End == "" {
			t.Errorf("%s: no meaning or no fate", row.Name)
		}
	}
	for _, row := range MagicCards() {
		if !luhn(row.Number) || row.fate.End == "" {
			t.Errorf("card %s fails Luhn's check or has no fate", row.Number)
		}
	}
}
