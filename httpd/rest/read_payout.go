package rest

import (
	"encoding"

	"penstock/httpd/wire"
)

// The body of a create is read member by member where it is plain, as nearly all
// are: what wire.Decode makes of it, for a fifth of the work
// (TestPlainBodiesAreReadAsTheyAreDecoded). Whatever is rare or wrong is left to
// wire.Decode.

// ReadPlain is a wire.PlainReader's.
func (r *payoutRequest) ReadPlain(body []byte) bool {
	var in payoutRequest
	ok := wire.ReadPlain(body, func(p *wire.Plain) bool {
		return p.Members(func(name []byte) bool { return in.member(p, name) })
	})
	if ok {
		*r = in
	}
	return ok
}

func (r *payoutRequest) member(p *wire.Plain, name []byte) bool {
	if to := r.text(name); to != nil {
		return readText(p, to)
	}
	if to := r.flag(name); to != nil {
		return readFlag(p, to)
	}
	switch string(name) {
	case "payout_id":
		return readWord(p, &r.PayoutID)
	case "customer_id":
		return readWord(p, &r.CustomerID)
	case "amount":
		return r.readAmount(p)
	case "currency":
		return readWord(p, &r.Currency)
	case "connector":
		return r.readConnectors(p)
	case "payout_type":
		return readWord(p, &r.Type)
	case "payout_method_data":
		return readInto(p, &r.Data, (*payoutData).readPlain)
	case "billing":
		return readCarried(p, &r.Billing, (*billingShape).readPlain)
	case "email":
		return readWord(p, &r.Email)
	case "metadata":
		return readObject(p, &r.Metadata)
	case "business_country":
		return readWord(p, &r.BusinessCountry)
	case "entity_type":
		return readWord(p, &r.Entity)
	case "priority":
		return readWord(p, &r.Priority)
	}
	return false
}

// text is where a member goes that may be any text; nil, of others.
func (r *payoutRequest) text(name []byte) **string {
	switch string(name) {
	case "merchant_id":
		return &r.MerchantID
	case "merchant_order_reference_id":
		return &r.OrderRef
	case "payout_token":
		return &r.Token
	case "payout_method_id":
		return &r.MethodID
	case "name":
		return &r.Name
	case "phone":
		return &r.Phone
	case "phone_country_code":
		return &r.PhoneCountryCode
	case "client_secret":
		return &r.ClientSecret
	case "return_url":
		return &r.ReturnURL
	case "description":
		return &r.Description
	case "business_label":
		return &r.BusinessLabel
	case "profile_id":
		return &r.ProfileID
	}
	return nil
}

// flag is where a member goes that is true or false; nil, of others.
func (r *payoutRequest) flag(name []byte) **bool {
	switch string(name) {
	case "confirm":
		return &r.Confirm
	case "auto_fulfill":
		return &r.AutoFulfill
	case "recurring":
		return &r.Recurring
	case "payout_link":
		return &r.Link
	}
	return nil
}

func (r *payoutRequest) readAmount(p *wire.Plain) bool {
	return readInto(p, &r.Amount, func(m *minorUnits, p *wire.Plain) bool {
		digits, ok := p.Whole()
		return ok && m.UnmarshalJSON(digits) == nil
	})
}

func (r *payoutRequest) readConnectors(p *wire.Plain) bool {
	if p.Null() {
		return true
	}
	r.Connector = []connectorName{}
	return p.Items(func() bool {
		text, ok := p.Text()
		var n connectorName
		if !ok || n.UnmarshalText(text) != nil {
			return false
		}
		r.Connector = append(r.Connector, n)
		return true
	})
}

func (p *payoutData) readPlain(in *wire.Plain) bool {
	ok := in.Members(func(name []byte) bool {
		switch string(name) {
		case "card":
			return readInto(in, &p.Card, (*fields).readPlain)
		case "bank":
			return readInto(in, &p.Bank, (*fields).readPlain)
		}
		return false
	})
	return ok && (p.Card != nil) != (p.Bank != nil)
}

// readPlain reads details that are texts, all of them.
func (f *fields) readPlain(p *wire.Plain) bool {
	f.text = make(map[string]string, 8)
	return p.Members(func(name []byte) bool {
		text, ok := p.Text()
		if ok {
			f.text[string(name)] = string(text)
		}
		return ok || p.Null()
	})
}

func (b *billingShape) readPlain(p *wire.Plain) bool {
	return p.Members(func(name []byte) bool {
		switch string(name) {
		case "address":
			return readInto(p, &b.Address, (*addressShape).readPlain)
		case "phone":
			return readInto(p, &b.Phone, (*phoneShape).readPlain)
		case "email":
			return readWord(p, &b.Email)
		}
		return p.Pass()
	})
}

func (a *addressShape) readPlain(p *wire.Plain) bool {
	return p.Members(func(name []byte) bool {
		switch string(name) {
		case "city":
			return readText(p, &a.City)
		case "country":
			return readWord(p, &a.Country)
		case "line1":
			return readText(p, &a.Line1)
		case "line2":
			return readText(p, &a.Line2)
		case "line3":
			return readText(p, &a.Line3)
		case "zip":
			return readText(p, &a.Zip)
		case "state":
			return readText(p, &a.State)
		case "first_name":
			return readText(p, &a.FirstName)
		case "last_name":
			return readText(p, &a.LastName)
		case "origin_zip":
			return readText(p, &a.OriginZip)
		}
		return p.Pass()
	})
}

func (s *phoneShape) readPlain(p *wire.Plain) bool {
	return p.Members(func(name []byte) bool {
		switch string(name) {
		case "number":
			return readText(p, &s.Number)
		case "country_code":
			return readText(p, &s.CountryCode)
		}
		return p.Pass()
	})
}

// readText reads a text, or null, which is none.
func readText(p *wire.Plain, to **string) bool {
	text, ok := p.Own()
	if !ok {
		return p.Null()
	}
	*to = text
	return true
}

// readFlag reads true or false, or null, which is neither.
func readFlag(p *wire.Plain, to **bool) bool {
	b, ok := p.Bool()
	if !ok {
		return p.Null()
	}
	*to = &b
	return true
}

// readWord reads a text with a rule of its own, or null.
func readWord[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](p *wire.Plain, to *P) bool {
	text, ok := p.Text()
	if !ok {
		return p.Null()
	}
	*to = new(T)
	return (*to).UnmarshalText(text) == nil
}

// readInto reads a value by read, or null.
func readInto[T any](p *wire.Plain, to **T, read func(*T, *wire.Plain) bool) bool {
	if p.Null() {
		return true
	}
	*to = new(T)
	return read(*to, p)
}

// readObject reads an object that is carried along.
func readObject(p *wire.Plain, to *wire.Object) (ok bool) {
	*to, ok = p.Object()
	return ok
}

// readCarried reads an object that is checked by read and carried along, or null.
func readCarried[T any](p *wire.Plain, to **carried[T], read func(*T, *wire.Plain) bool) bool {
	if p.Null() {
		return true
	}
	c := &carried[T]{}
	text, ok := p.Over(func() bool { return read(&c.shape, p) })
	if !ok {
		return false
	}
	*to = c
	return c.keep(text) == nil
}
