package stripe

import (
	"fmt"
	"math"
	"strings"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Stripe's smallest unit isn't ISO's everywhere (docs.stripe.com/currencies).

// whole are the currencies that Stripe has no smaller unit for.
const whole = " BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF "

// rule is how many decimals an amount of a currency has at Stripe, and which
// steps it goes in.
func rule(c money.Currency) (decimals int, step int64) {
	switch code := c.Code(); {
	case strings.Contains(whole, " "+code+" "):
		return 0, 1
	case code == "ISK", code == "UGX", code == "HUF", code == "TWD": // whole units, written in hundredths
		return 2, 100
	case c.Exponent() == 3: // thousandths, of which the last is zero
		return 3, 10
	}
	return 2, 1
}

// smallest is an amount in Stripe's smallest unit; false where it isn't exact.
func smallest(a money.Amount) (int64, bool) {
	decimals, step := rule(a.Currency())
	n, e := a.Minor(), a.Currency().Exponent()
	for ; e < decimals; e++ {
		if n > math.MaxInt64/10 {
			return 0, false
		}
		n *= 10
	}
	for ; e > decimals; e-- {
		if n%10 != 0 {
			return 0, false
		}
		n /= 10
	}
	return n, n%step == 0
}

// amount is smallest backwards.
func amount(n int64, code string) (money.Amount, error) {
	c, err := money.ParseCurrency(strings.ToUpper(code))
	if err != nil || code != strings.ToLower(code) {
		return money.Amount{}, errAnswer
	}
	decimals, _ := rule(c)
	for ; decimals < c.Exponent(); decimals++ {
		if n > math.MaxInt64/10 || n < math.MinInt64/10 {
			return money.Amount{}, errAnswer
		}
		n *= 10
	}
	for ; decimals > c.Exponent(); decimals-- {
		if n%10 != 0 {
			return money.Amount{}, errAnswer
		}
		n /= 10
	}
	return money.New(n, c), nil
}

func payable(a money.Amount) (int64, *connector.Outcome) {
	if !a.IsPositive() {
		out := connector.Refuse(connector.InvalidAmount, "an amount to pay is more than zero")
		return 0, &out
	}
	n, ok := smallest(a)
	if !ok {
		_, step := rule(a.Currency())
		out := connector.Refuse(connector.InvalidAmount, "%s", fmt.Sprintf("Stripe pays %s in steps of %d of its smallest unit", a.Currency().Code(), step))
		return 0, &out
	}
	return n, nil
}
