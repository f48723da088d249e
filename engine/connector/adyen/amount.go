package adyen

import (
	"math"
	"strconv"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// decimals are Adyen's where they aren't ISO's
// (docs.adyen.com/development-resources/currency-codes).
func decimals(c money.Currency) int {
	switch c.Code() {
	case "CVE", "IDR":
		return 0
	case "CLP", "ISK":
		return 2
	}
	return c.Exponent()
}

// minor is an amount in Adyen's minor units; false where it isn't exact.
func minor(a money.Amount) (int64, bool) {
	n, e, want := a.Minor(), a.Currency().Exponent(), decimals(a.Currency())
	for ; e < want; e++ {
		if n > math.MaxInt64/10 {
			return 0, false
		}
		n *= 10
	}
	for ; e > want; e-- {
		if n%10 != 0 {
			return 0, false
		}
		n /= 10
	}
	return n, true
}

// sum is an amount as Adyen tells it.
type sum struct {
	Value    connector.Number `json:"value"`
	Currency string           `json:"currency"`
}

func (s sum) amount() (money.Amount, error) {
	c, err := money.ParseCurrency(s.Currency)
	n, errNumber := strconv.ParseInt(string(s.Value), 10, 64)
	if err != nil || errNumber != nil || s.Currency != c.Code() {
		return money.Amount{}, errAnswer
	}
	e := c.Exponent()
	for ; e > decimals(c); e-- {
		if n > math.MaxInt64/10 || n < math.MinInt64/10 {
			return money.Amount{}, errAnswer
		}
		n *= 10
	}
	for ; e < decimals(c); e++ {
		if n%10 != 0 {
			return money.Amount{}, errAnswer
		}
		n /= 10
	}
	return money.New(n, c), nil
}
