package service

import (
	"math"
	"math/big"
	"strings"

	"penstock/engine/money"
)

// Limits are the least and the most that one payout in c may be, both
// included; false when the service doesn't pay in c. Bounds that are finer
// than c are rounded inwards.
func (s Service) Limits(c money.Currency) (least, most money.Amount, ok bool) {
	switch {
	case !s.Pays(c):
		return money.Amount{}, money.Amount{}, false
	case s.Currency == c:
		return s.min, s.max, true
	}
	return bound(s.AmountMin, c, true), bound(s.AmountMax, c, false), true
}

// Allows says whether one payout may be of amount.
func (s Service) Allows(amount money.Amount) bool {
	least, most, ok := s.Limits(amount.Currency())
	return ok && amount.IsPositive() && amount.Minor() >= least.Minor() && amount.Minor() <= most.Minor()
}

// bound is a decimal in c, rounded up or down; one that doesn't fit is the
// largest amount.
func bound(decimal string, c money.Currency, up bool) money.Amount {
	exact, ok := new(big.Rat).SetString(decimal)
	if !ok {
		return money.New(0, c)
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Exponent())), nil)
	exact.Mul(exact, new(big.Rat).SetInt(scale))
	minor, rest := new(big.Int).QuoRem(exact.Num(), exact.Denom(), new(big.Int))
	if up && rest.Sign() != 0 {
		minor.Add(minor, big.NewInt(1))
	}
	if !minor.IsInt64() {
		return money.New(math.MaxInt64, c)
	}
	return money.New(minor.Int64(), c)
}

// isDecimal says whether s is written as a bound: up to 18 digits, and up to 8
// after a dot.
func isDecimal(s string) bool {
	whole, fraction, dotted := strings.Cut(s, ".")
	return onlyDigits(whole) && len(whole) <= 18 && (!dotted || onlyDigits(fraction) && len(fraction) <= shownDecimals)
}

// above says whether one decimal is more than another.
func above(a, b string) bool {
	x, _ := new(big.Rat).SetString(a)
	y, _ := new(big.Rat).SetString(b)
	return x != nil && y != nil && x.Cmp(y) > 0
}

// trimZeros takes the zeros off that end a fraction.
func trimZeros(decimal string) string {
	if strings.Contains(decimal, ".") {
		decimal = strings.TrimRight(strings.TrimRight(decimal, "0"), ".")
	}
	return decimal
}

// shownDecimals is how many decimals an Offer shows, whatever the currency.
const shownDecimals = 8

func eightDecimals(decimal string) string {
	whole, fraction, _ := strings.Cut(decimal, ".")
	return whole + "." + fraction + strings.Repeat("0", max(0, shownDecimals-len(fraction)))
}
