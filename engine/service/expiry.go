package service

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Expiry is the last month in which a card is valid. The zero value is none.
type Expiry struct {
	Month time.Month
	Year  int
}

// ParseExpiry reads a month ("3" or "03") and a year ("30" or "2030"; two
// digits are of this century).
func ParseExpiry(month, year string) (Expiry, error) {
	month, err := parseMonth(month)
	if err != nil {
		return Expiry{}, errors.New("month " + err.Error())
	}
	year, err = parseYear(year)
	if err != nil {
		return Expiry{}, errors.New("year " + err.Error())
	}
	m, _ := strconv.Atoi(month)
	y, _ := strconv.Atoi(year)
	return Expiry{Month: time.Month(m), Year: y}, nil
}

// ExpiryOf is the expiry in normalised details; false when there is none.
func ExpiryOf(details map[string]string) (Expiry, bool) {
	e, err := ParseExpiry(details[expiryMonth.Key], details[expiryYear.Key])
	return e, err == nil
}

// Expired says whether the month is over at now, everywhere on earth: the
// last places to leave it are twelve hours behind UTC. The zero Expiry never
// expires.
func (e Expiry) Expired(now time.Time) bool {
	if e == (Expiry{}) {
		return false
	}
	over := time.Date(e.Year, e.Month+1, 1, 12, 0, 0, 0, time.UTC)
	return !now.Before(over)
}

// parseMonth gives two digits.
func parseMonth(value string) (string, error) {
	value = strings.TrimSpace(value)
	if onlyDigits(value) && len(value) <= 2 {
		if n, _ := strconv.Atoi(value); n >= 1 && n <= 12 {
			return string([]byte{byte('0' + n/10), byte('0' + n%10)}), nil
		}
	}
	return "", errors.New("must be a number from 1 to 12")
}

// parseYear gives four digits.
func parseYear(value string) (string, error) {
	value = strings.TrimSpace(value)
	switch {
	case onlyDigits(value) && len(value) == 2:
		return "20" + value, nil
	case onlyDigits(value) && len(value) == 4 && strings.HasPrefix(value, "20"):
		return value, nil
	}
	return "", errors.New("must have two digits, or four and start with 20")
}
