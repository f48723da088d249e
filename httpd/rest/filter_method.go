package rest

import (
	"encoding"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// methodFilter is the query of a list of saved methods, in which a client says
// what it is going to do with one. What isn't known of a method speaks not
// against it, but for the network: what has none is no card of it.
type methodFilter struct {
	limit       int
	countries   []countryCode
	currencies  []currencyCode
	networks    []string
	recurring   *bool
	installment *bool
}

// maxFilterValues bounds what one filter may name.
const maxFilterValues = 300

func readMethodFilter(c *wire.Call) (f methodFilter, err error) {
	if f.limit, err = number(c, "limit", maxMethods, 1, maxMethods); err != nil {
		return f, err
	}
	q := c.QueryValues()
	if f.countries, err = parsed[countryCode](q, "accepted_countries", "must be a country's two capital letters"); err != nil {
		return f, err
	}
	if f.currencies, err = parsed[currencyCode](q, "accepted_currencies", "must be a currency's three capital letters"); err != nil {
		return f, err
	}
	for _, name := range []string{"card_networks", "card_network"} { // the original documents one and reads the other
		more, err := manyOf(q, name)
		if err != nil {
			return f, err
		}
		for _, network := range more {
			if !slices.Contains(cardNetworks, network) {
				return f, badQuery("%s: unknown variant, expected one of %s", name, strings.Join(cardNetworks, ", "))
			}
		}
		f.networks = append(f.networks, more...)
	}
	if text := q.Get("amount"); text != "" { // no saved method has a least or a most
		if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 0 {
			return f, badQuery("amount: must be an integer of minor units, not below 0")
		}
	}
	if f.recurring, err = flagIfSaid(c, "recurring_enabled"); err == nil {
		f.installment, err = flagIfSaid(c, "installment_payment_enabled")
	}
	return f, err
}

// cardNetworks are the names by which a filter may ask for one.
var cardNetworks = []string{service.Visa, service.Mastercard, service.AmericanExpress, service.JCB, service.DinersClub, service.Discover, "CartesBancaires", service.UnionPay, "Interac",
	service.RuPay, service.Maestro, service.Mir}

// parsed are the values of a member, each read as a T.
func parsed[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](q url.Values, name, rule string) (out []T, err error) {
	texts, err := manyOf(q, name)
	for _, text := range texts {
		var v T
		if err := P(&v).UnmarshalText([]byte(text)); err != nil {
			return nil, badQuery("%s: %s", name, rule)
		}
		out = append(out, v)
	}
	return out, err
}

// manyOf are the values of a member that may be given more than once, or once
// with commas.
func manyOf(q url.Values, name string) (out []string, err error) {
	for _, text := range q[name] {
		for part := range strings.SplitSeq(text, ",") {
			if len(out) == maxFilterValues {
				return nil, badQuery("%s: has more than %d values", name, maxFilterValues)
			}
			if part != "" {
				out = append(out, part)
			}
		}
	}
	return out, nil
}

// flagIfSaid is true or false of the query; absent is nil.
func flagIfSaid(c *wire.Call, name string) (*bool, error) {
	on, err := flag(c, name)
	if err != nil || c.Query(name) == "" {
		return nil, err
	}
	return &on, nil
}

// keeps says whether a method is listed. A card pays in any currency. No method is paid in instalments here.
func (f *methodFilter) keeps(d *service.Directory, m *engine.Method) bool {
	country := countryOf(m)
	return (f.recurring == nil || *f.recurring == m.Recurs()) && (f.installment == nil || !*f.installment) &&
		(len(f.networks) == 0 || slices.Contains(f.networks, m.Masked["card_network"])) &&
		(len(f.countries) == 0 || country == "" || slices.Contains(f.countries, country)) &&
		(len(f.currencies) == 0 || m.Kind == service.Card || m.Kind == service.Passthrough || slices.ContainsFunc(f.currencies, func(c currencyCode) bool { return servedIn(d, m.Form, c.Currency) }))
}

// servedIn says whether a form of account is paid in a currency.
func servedIn(d *service.Directory, form string, c money.Currency) bool {
	code, err := d.ServiceKey(form, c)
	if err != nil {
		return false
	}
	_, there := d.Service(code)
	return there
}

// countryOf is where a card was issued or an account is kept; empty where
// nobody has said.
func countryOf(m *engine.Method) countryCode {
	for _, name := range []string{"card_issuing_country", "bank_country_code", "country_code"} {
		if v := m.Masked[name]; v != "" {
			return countryCode(v)
		}
	}
	if iban := m.Masked["iban"]; len(iban) > 2 {
		if code, err := service.ParseCountry(iban[:2]); err == nil {
			return countryCode(code)
		}
	}
	return ""
}
