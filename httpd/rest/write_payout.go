package rest

import (
	"encoding/json"
	"errors"
	"fmt"

	"penstock/httpd/wire"
)

// The objects that are made for every payout are written member by member, the
// bytes that wire.Encode writes of them: TestPayoutsAreWrittenAsTheyAreEncoded.

// encode is the answer of a call about one payout.
func (p *payoutResponse) encode() ([]byte, error) {
	m := wire.NewMembers(1792) // most answers
	p.write(m)
	return m.End()
}

func (p *payoutResponse) write(m *wire.Members) {
	m.Text("payout_id", p.PayoutID)
	m.Text("merchant_id", p.MerchantID)
	m.Optional("merchant_order_reference_id", p.OrderRef)
	m.Int("amount", p.Amount)
	m.Text("currency", p.Currency)
	m.Optional("connector", p.Connector)
	m.Optional("payout_type", p.Type)
	p.Data.write(m, "payout_method_data")
	writeMasked(m, "source_bank_data", p.SourceBank)
	m.Raw("billing", p.Billing)
	m.Bool("auto_fulfill", p.AutoFulfill)
	m.Optional("customer_id", p.CustomerID)
	p.Customer.write(m, "customer")
	m.Optional("client_secret", p.ClientSecret)
	m.Optional("return_url", p.ReturnURL)
	m.Optional("business_country", p.BusinessCountry)
	m.Optional("business_label", p.BusinessLabel)
	m.Optional("description", p.Description)
	m.Text("entity_type", p.Entity)
	m.Bool("recurring", p.Recurring)
	m.Raw("metadata", p.Metadata)
	m.Optional("merchant_connector_id", p.AccountID)
	m.Text("status", p.Status)
	m.Optional("error_message", p.ErrorMessage)
	m.Optional("error_code", p.ErrorCode)
	m.Text("profile_id", p.ProfileID)
	m.Text("created", p.Created)
	m.Optional("connector_transaction_id", p.TransactionID)
	m.Optional("priority", p.Priority)
	if p.Attempts != nil {
		m.Any("attempts", p.Attempts)
	}
	p.Link.write(m, "payout_link")
	m.Optional("email", p.Email)
	m.Optional("name", p.Name)
	m.Optional("phone", p.Phone)
	m.Optional("phone_country_code", p.PhoneCode)
	m.Optional("unified_code", p.UnifiedCode)
	m.Optional("unified_message", p.UnifiedMessage)
	m.Optional("payout_method_id", p.MethodID)
	if p.AmountReceived != nil {
		m.Int("amount_received", *p.AmountReceived)
	}
}

func (c *customerShown) write(m *wire.Members, name string) {
	m.InnerIf(c != nil, name, func(m *wire.Members) {
		m.Text("id", c.ID)
		m.Optional("name", c.Name)
		m.Optional("email", c.Email)
		m.Optional("phone", c.Phone)
		m.Optional("phone_country_code", c.PhoneCountryCode)
		m.Raw("customer_document_details", c.Document)
	})
}

func (l *payoutLink) write(m *wire.Members, name string) {
	m.InnerIf(l != nil, name, func(m *wire.Members) {
		m.Text("payout_link_id", l.ID)
		m.Text("link", l.Link)
	})
}

// MarshalJSON is of the one member that d is, by the name of its kind.
func (d *detailsShown) MarshalJSON() ([]byte, error) {
	var m wire.Members
	d.member(&m)
	return m.End()
}

func (d *detailsShown) write(m *wire.Members, name string) {
	m.InnerIf(d != nil, name, d.member)
}

func (d *detailsShown) member(m *wire.Members) {
	if d.card == nil {
		writeMasked(m, string(d.kind), d.other)
		return
	}
	m.Inner(string(d.kind), func(m *wire.Members) {
		c := d.card
		m.Optional("card_issuer", c.Issuer)
		m.Optional("card_network", c.Network)
		m.Optional("card_type", c.Type)
		m.Optional("card_issuing_country", c.Country)
		m.Optional("bank_code", c.BankCode)
		m.Optional("last4", c.Last4)
		m.Optional("card_isin", c.ISIN)
		m.Optional("card_extended_bin", c.ExtendedBIN)
		m.Optional("card_exp_month", c.ExpiryMonth)
		m.Optional("card_exp_year", c.ExpiryYear)
		m.Optional("card_holder_name", c.Holder)
	})
}

func writeMasked(m *wire.Members, name string, shown masked) {
	if shown == nil {
		m.Null(name)
		return
	}
	m.Texts(name, shown)
}

// encode is what the engine keeps of the payout for this dialect.
func (x payoutExtra) encode() (json.RawMessage, error) {
	m := wire.NewMembers(512)
	m.Text("secret", x.Secret)
	m.Given("type", x.Type)
	m.Given("order_ref", x.OrderRef)
	m.Given("return_url", x.ReturnURL)
	m.Given("description", x.Description)
	if x.Metadata != nil {
		m.Raw("metadata", x.Metadata)
	}
	if x.Billing != nil {
		m.Raw("billing", x.Billing)
	}
	m.Given("source_form", x.SourceForm)
	if x.Source != nil {
		m.Texts("source", x.Source)
	}
	m.Given("business_country", x.BusinessCountry)
	m.Given("business_label", x.BusinessLabel)
	m.Given("entity", x.Entity)
	m.Given("priority", x.Priority)
	if x.Link != nil {
		m.Any("link", x.Link)
	}
	m.Given("link_at", x.LinkAt)
	raw, err := m.End()
	if err != nil {
		return nil, fmt.Errorf("encode the payout's texts: %w", err)
	}
	return raw, nil
}

// decodeExtra reads what encode wrote, which is read some times on a payout's way:
// TestTextsAreReadAsTheyWereWritten.
func decodeExtra(kept json.RawMessage) (x payoutExtra, err error) {
	for name, value := range wire.MembersOf(kept) {
		if to := x.text(name); to != nil {
			*to = wire.TextOf(value)
			continue
		}
		switch name {
		case "metadata":
			x.Metadata = value
		case "billing":
			x.Billing = value
		case "source":
			err = errors.Join(err, wire.Decode(value, &x.Source, wire.DecodeOptions{}))
		case "link":
			err = errors.Join(err, wire.Decode(value, &x.Link, wire.DecodeOptions{IgnoreUnknown: true}))
		}
	}
	return x, err
}

// text is where a member goes that is a text; nil, of others.
func (x *payoutExtra) text(name string) *string {
	switch name {
	case "secret":
		return &x.Secret
	case "type":
		return &x.Type
	case "order_ref":
		return &x.OrderRef
	case "return_url":
		return &x.ReturnURL
	case "description":
		return &x.Description
	case "source_form":
		return &x.SourceForm
	case "business_country":
		return &x.BusinessCountry
	case "business_label":
		return &x.BusinessLabel
	case "entity":
		return &x.Entity
	case "priority":
		return &x.Priority
	case "link_at":
		return &x.LinkAt
	}
	return nil
}
