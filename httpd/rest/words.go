package rest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// chosenID is an id that a merchant may have chosen, trimmed.
type chosenID string

func (i *chosenID) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if !engine.ChosenID(s) {
		return wire.Rule("must be 1 to 64 letters, digits, underscores or hyphens")
	}
	*i = chosenID(s)
	return nil
}

// minorUnits is an amount as it comes: an integer, zero or more.
type minorUnits int64

func (m *minorUnits) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64) // JSON's own whole numbers, and nothing else that is JSON
	if err != nil {
		if err := wire.Decode(b, &n, wire.DecodeOptions{AnyValue: true}); err != nil {
			return err
		}
	}
	if n < 0 {
		return wire.Rule("invalid value: negative integer, expected minor units, zero or more")
	}
	*m = minorUnits(n)
	return nil
}

// currencyCode is the ISO code of a currency that can be paid in.
type currencyCode struct{ money.Currency }

func (c *currencyCode) UnmarshalText(text []byte) error {
	found, err := money.ParseCurrency(string(text))
	if err == nil {
		c.Currency = found
		return nil
	}
	var all []string
	for known := range money.Currencies() {
		all = append(all, known.Code())
	}
	var none string
	return wire.OneOf(&none, text, all...)
}

// payoutType is the kind of method that a payout is made by.
type payoutType string

func (p *payoutType) UnmarshalText(text []byte) error {
	return wire.OneOf(p, text, "card", "bank", "wallet", "bank_redirect", "passthrough")
}

func (p payoutType) kind() service.Kind { return service.Kind(p) }

// entityType says what the recipient is. "lowercase" is a word of the original.
type entityType string

func (e *entityType) UnmarshalText(text []byte) error {
	return wire.OneOf(e, text, "Individual", "Company", "NonProfit", "PublicSector", "NaturalPerson", "lowercase", "Personal")
}

type priority string

func (p *priority) UnmarshalText(text []byte) error {
	return wire.OneOf(p, text, "instant", "fast", "regular", "wire", "cross_border", "internal")
}

// connectorName is a name that the eligibility filter takes: those of the
// original, and the test provider's own.
type connectorName string

func (n *connectorName) UnmarshalText(text []byte) error {
	return wire.OneOf(n, text, "adyen", "adyenplatform", "cybersource", "ebanx", "gigadat", "loonio", "nomupay", "nuvei", "payone",
		"paypal", "stripe", "truelayer", "trustly", "wise", "worldpay", "worldpayxml", "envoy", "itaubank", engine.SandboxName)
}

// countryCode is two capital letters of ISO 3166-1.
type countryCode string

func (c *countryCode) UnmarshalText(text []byte) error {
	code, err := service.ParseCountry(string(text))
	if err != nil || code != string(text) {
		return wire.Rule("must be a country's two capital letters")
	}
	*c = countryCode(code)
	return nil
}

// emailText is an e-mail address, kept as it was written.
type emailText string

func (e *emailText) UnmarshalText(text []byte) error {
	if _, err := service.ParseEmail(string(text)); err != nil {
		return wire.Rule(err.Error())
	}
	*e = emailText(text)
	return nil
}

// clock is a time as clients send it: RFC 3339, or without a zone, which is UTC.
type clock struct{ Time time.Time } // not embedded: time.Time would read itself

func (c *clock) UnmarshalText(text []byte) error {
	at, err := parseTime(string(text))
	if err != nil {
		return wire.Rule("must be a time of RFC 3339, e.g. 2026-06-25T10:00:00Z")
	}
	c.Time = at
	return nil
}

func parseTime(s string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05", s)
	}
	return at.UTC(), err
}

// stamp writes a time as every answer has it: UTC with milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// carried is an object that is checked against T and echoed as it was sent.
type carried[T any] struct {
	text  json.RawMessage
	shape T
}

func (c *carried[T]) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return wire.Rule("must be an object")
	}
	if err := c.keep(b); err != nil {
		return err
	}
	return wire.Decode(b, &c.shape, wire.DecodeOptions{IgnoreUnknown: true})
}

// keep keeps the text of an object, within the bounds of one.
func (c *carried[T]) keep(b []byte) error {
	text, depth := compact(b)
	if depth > wire.MaxObjectDepth {
		return wire.Rule(fmt.Sprintf("must not nest deeper than %d", wire.MaxObjectDepth))
	}
	if len(text) > wire.MaxObjectBytes {
		return wire.Rule(fmt.Sprintf("must not be longer than %d bytes", wire.MaxObjectBytes))
	}
	c.text = text
	return nil
}

// compact is JSON without the white space between its tokens, and how deep it
// nests. The text has been read as JSON before.
func compact(b []byte) (text []byte, deepest int) {
	text = make([]byte, 0, len(b))
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case quoted && c == '\\' && i+1 < len(b):
			text = append(text, c)
			i++
			c = b[i]
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			continue
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
		text = append(text, c)
	}
	return text, deepest
}

// raw is the text; nil when it was absent.
func (c *carried[T]) raw() json.RawMessage {
	if c == nil {
		return nil
	}
	return c.text
}

func rawObject(o wire.Object) json.RawMessage {
	if o == nil {
		return nil
	}
	return json.RawMessage(o)
}

// shown is null for nothing.
func shown(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// shownOf is shown of a text that stays what it is while the answer is made.
func shownOf(s *string) *string {
	if *s == "" {
		return nil
	}
	return s
}

// said is the text of an optional member, "" when it is absent.
func said[S ~string](s *S) string {
	if s == nil {
		return ""
	}
	return string(*s)
}

func given[S ~string](s *S) *string {
	if s == nil {
		return nil
	}
	text := string(*s)
	return &text
}
