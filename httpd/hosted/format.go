package hosted

import (
	"strconv"
	"strings"
	"time"

	"penstock/engine/money"
)

// form is how a language writes numbers and dates, after CLDR.
type form struct {
	decimal, group string
	before         bool // the currency stands before the number
	arabic         bool // digits are ٠ to ٩
	date           string
}

var forms = map[string]form{
	"en": {".", ",", true, false, "{d} {m} {y}"},
	"fr": {",", "\u202f", false, false, "{d} {m} {y}"},
	"de": {",", ".", false, false, "{d}. {m} {y}"},
	"es": {",", ".", false, false, "{d} de {m} de {y}"},
	"sw": {".", ",", true, false, "{d} {m} {y}"},
	"ar": {"٫", "٬", false, true, "{d} {m} {y}"},
}

// signs are of currencies whose sign names no other; the others are written
// by their codes.
var signs = map[string]string{"EUR": "€", "GBP": "£", "JPY": "JP¥", "USD": "US$", "INR": "₹", "NGN": "₦", "KRW": "₩", "VND": "₫", "ILS": "₪", "BRL": "R$", "PHP": "₱", "GHS": "GH₵", "KZT": "₸", "UAH": "₴"}

// rightward has the text behind it read from the right (U+200F), as CLDR has it
// for amounts in Arabic.
const rightward = "\u200f"

// amountIn writes an amount as the language does: never rounded, with all
// decimals of its currency.
func amountIn(lang string, a money.Amount) string {
	f := forms[lang]
	whole, fraction, _ := strings.Cut(a.Decimal(), ".")
	var b strings.Builder
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 && (lang != "es" || len(whole) > 4) {
			b.WriteString(f.group)
		}
		b.WriteRune(c)
	}
	if fraction != "" {
		b.WriteString(f.decimal)
		b.WriteString(fraction)
	}
	number, code := digitsIn(f, b.String()), a.Currency().Code()
	sign, known := signs[code]
	switch {
	case f.arabic && known:
		return rightward + number + "\u00a0" + sign
	case f.arabic:
		return rightward + number + "\u00a0" + code
	case !f.before && known:
		return number + "\u00a0" + sign
	case !f.before:
		return number + "\u00a0" + code
	case known:
		return sign + number
	}
	return code + "\u00a0" + number
}

func digitsIn(f form, s string) string {
	if !f.arabic {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '٠'
		}
		return r
	}, s)
}

// dateIn writes a day as the language does.
func (c catalogue) dateIn(lang string, t time.Time) string {
	f := forms[lang]
	t = t.UTC()
	text := strings.NewReplacer("{d}", strconv.Itoa(t.Day()), "{m}", c["month."+strconv.Itoa(int(t.Month()))], "{y}", strconv.Itoa(t.Year())).Replace(f.date)
	return digitsIn(f, text)
}

// momentIn is a day and a time of it, in UTC.
func (c catalogue) momentIn(lang string, t time.Time) string {
	return c.say("moment", "date", c.dateIn(lang, t), "time", digitsIn(forms[lang], t.UTC().Format("15:04")))
}
