package hosted

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"penstock/engine/money"
	"penstock/httpd/wire"
)

// newPayment is the body of a create, checked.
type newPayment struct {
	amount      money.Amount
	text        string // the amount as it was sent
	description *string
	externalID  *string
	metadata    json.RawMessage // compact; nil: none
	redirect    string
	webhook     string
	customer    customer
	print       [32]byte // of the normalised body
	in          bool     // money comes in
}

// customer is who is paid, in the merchant's own words.
type customer struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Email  string `json:"email,omitempty"`
	Locale string `json:"locale,omitempty"`
}

// reader collects what is wrong with a body, all of it.
type reader struct {
	in  map[string]json.RawMessage
	bad []fieldError
}

func (r *reader) refuse(name, format string, args ...any) {
	r.bad = append(r.bad, fieldError{"#/" + name, fmt.Sprintf(format, args...)})
}

// given is a member that is there; null is the same as absent.
func (r *reader) given(name string) (json.RawMessage, bool) {
	raw, ok := r.in[name]
	return raw, ok && string(raw) != "null"
}

func (r *reader) text(name string) (string, bool) {
	raw, ok := r.given(name)
	if !ok {
		return "", false
	}
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		r.refuse(name, "must be a string")
		return "", false
	}
	return s, true
}

// maxText bounds texts, in characters.
const maxText = 255

// words is a text of at most 255 characters without control characters.
func (r *reader) words(name string) *string {
	s, ok := r.text(name)
	switch {
	case !ok:
		return nil
	case utf8.RuneCountInString(s) > maxText:
		r.refuse(name, "must have at most 255 characters")
	case strings.ContainsFunc(s, unicode.IsControl):
		r.refuse(name, "must not have control characters")
	default:
		return &s
	}
	return nil
}

// read checks a body against every rule. An error is a *problem with all the
// fields that broke one.
func read(body map[string]json.RawMessage) (*newPayment, error) {
	r := &reader{in: body}
	n := &newPayment{}
	n.in = r.kind()
	r.money(n)
	n.description, n.externalID = r.words("description"), r.words("externalId")
	if n.externalID != nil && *n.externalID == "" {
		r.refuse("externalId", "must not be empty")
	}
	n.metadata = r.metadata()
	n.redirect, n.webhook = r.address("redirectUrl"), r.address("webhookUrl")
	if strings.Contains(n.webhook, "#") {
		r.refuse("webhookUrl", "must not have a fragment")
	}
	n.customer = r.customer()
	if len(r.bad) > 0 {
		return nil, invalidFields(r.bad)
	}
	var err error
	n.print, err = fingerprint(body, n.amount, n.in)
	return n, err
}

// kind says whether money is to come in, as it is by a body without a type.
func (r *reader) kind() (in bool) {
	s, ok := r.text("type")
	_, there := r.given("type")
	if there && ok && s != "payout" && s != "payin" {
		r.refuse("type", "must be 'payout' or 'payin'")
	}
	return !there || s == "payin"
}

var amountForm = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]+)?$`)
var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

func (r *reader) money(n *newPayment) {
	currency := r.currency()
	text, ok := r.text("amount")
	switch {
	case !ok:
		if _, there := r.given("amount"); !there {
			r.refuse("amount", "is required")
		}
		return
	case len(text) > 40 || !amountForm.MatchString(text):
		r.refuse("amount", "must be a decimal number with a dot, such as \"10.00\", with at most 15 digits before it")
		return
	case currency.IsZero():
		return
	}
	_, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > currency.Exponent() {
		r.refuse("amount", "must have at most %d decimals in %s", currency.Exponent(), currency.Code())
		return
	}
	a, err := money.Parse(text, currency)
	switch {
	case errors.Is(err, money.ErrOverflow):
		r.refuse("amount", "is too large")
	case err != nil:
		r.refuse("amount", "is not an amount of %s", currency.Code())
	case !a.IsPositive():
		r.refuse("amount", "must be more than nothing")
	default:
		n.amount, n.text = a, text
	}
}

func (r *reader) currency() money.Currency {
	code, ok := r.text("currency")
	if !ok {
		if _, there := r.given("currency"); !there {
			r.refuse("currency", "is required")
		}
		return money.Currency{}
	}
	if !currencyForm.MatchString(code) {
		r.refuse("currency", "must be three capital letters, as ISO 4217 has them")
		return money.Currency{}
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		r.refuse("currency", "is no currency of ISO 4217 that can be paid in")
	}
	return c
}

// maxMetadata bounds metadata, in bytes of JSON without white space.
const maxMetadata = 4096

func (r *reader) metadata() json.RawMessage {
	raw, ok := r.given("metadata")
	if !ok {
		return nil
	}
	var in map[string]json.RawMessage
	if raw[0] != '{' || json.Unmarshal(raw, &in) != nil {
		r.refuse("metadata", "must be an object")
		return nil
	}
	for _, v := range in {
		if v[0] == '[' || string(v) == "null" {
			r.refuse("metadata", "must have no array and no null at its root")
			return nil
		}
	}
	var own bytes.Buffer
	if err := json.Compact(&own, raw); err != nil || own.Len() > maxMetadata {
		r.refuse("metadata", "must have at most %d bytes of JSON without white space", maxMetadata)
		return nil
	}
	return own.Bytes()
}

// maxURL bounds addresses, in bytes.
const maxURL = 2048

func (r *reader) address(name string) string {
	s, ok := r.text(name)
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case len(s) > maxURL:
		r.refuse(name, "must have at most %d bytes", maxURL)
	case err != nil || u.Scheme != "https" || u.Host == "" || u.Opaque != "" || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || unicode.IsControl(c) }):
		r.refuse(name, "must be an absolute https address")
	case u.User != nil:
		r.refuse(name, "must not have a user or password")
	default:
		return s
	}
	return ""
}

func (r *reader) customer() (c customer) {
	raw, ok := r.given("customer")
	if !ok {
		return c
	}
	in := &reader{}
	if raw[0] != '{' || json.Unmarshal(raw, &in.in) != nil {
		r.refuse("customer", "must be an object")
		return c
	}
	for _, f := range []struct {
		name string
		into *string
	}{{"id", &c.ID}, {"name", &c.Name}, {"email", &c.Email}, {"locale", &c.Locale}} {
		if s := in.words(f.name); s != nil {
			*f.into = *s
		}
	}
	for _, b := range in.bad {
		r.bad = append(r.bad, fieldError{"#/customer/" + strings.TrimPrefix(b.Pointer, "#/"), b.Detail})
	}
	return c
}

// fingerprint names what a body says: members in any order, white space and
// trailing zeros of the amount don't matter, nor whether payin is said; members that nobody knows do.
func fingerprint(body map[string]json.RawMessage, a money.Amount, in bool) ([32]byte, error) {
	norm := maps.Clone(body)
	if in {
		norm["type"] = json.RawMessage(`"payin"`)
	}
	norm["amount"] = fmt.Appendf(nil, `"%d minor"`, a.Minor())
	raw, err := json.Marshal(norm)
	if err != nil {
		return [32]byte{}, fmt.Errorf("normalise a body: %w", err)
	}
	return wire.Fingerprint(raw), nil
}
