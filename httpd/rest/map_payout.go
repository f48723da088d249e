package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// payoutID is what a request is called here: the merchant's own id, or ours.
func payoutID(r *engine.Request) string {
	if r.Ref != "" {
		return r.Ref
	}
	return engine.PrefixRequest + r.ID
}

// checkCreate is what is checked before the engine looks, in the order of the
// contract (5.3, steps 1 to 3).
func (r *payoutRequest) checkCreate(merchant string) error {
	confirm := r.Confirm != nil && *r.Confirm
	if r.MethodID != nil && !confirm {
		return refuse(422, "IR_06", "Confirm must be true for recurring payouts")
	}
	if r.Link != nil && *r.Link {
		if confirm {
			return refuse(422, "IR_06", "cannot confirm a payout while creating a payout link")
		}
		if r.CustomerID == nil {
			return missingParam("customer or customer_id when payout_link is true")
		}
	}
	if err := r.checkMerchant(merchant); err != nil {
		return err
	}
	return nil
}

func (r *payoutRequest) checkMerchant(merchant string) error {
	if r.MerchantID != nil && *r.MerchantID != merchant {
		return refuse(422, "IR_05", "merchant_id contains invalid data. Expected format is merchant_id from merchant account")
	}
	return nil
}

// newRequest is the engine's command of a create, and the texts that are in it.
func (r *payoutRequest) newRequest(secret string) (engine.NewRequest, payoutExtra, error) {
	x := payoutExtra{Secret: secret, Entity: individual}
	n := engine.NewRequest{Dialect: "rest", Ref: said(r.PayoutID), Providers: providers(r.Connector)}
	if r.ProfileID != nil && pointID(*r.ProfileID) == "" { // which would be taken for the default
		return n, x, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjProfile, ID: *r.ProfileID}
	}
	n.Point = pointID(said(r.ProfileID))
	n.Choose = chooseProfile(said(r.BusinessCountry), said(r.BusinessLabel))
	n.Confirm, n.AutoFulfill, n.Recurring = yes(r.Confirm), yes(r.AutoFulfill), yes(r.Recurring)
	if r.Currency != nil {
		n.Amount = money.New(r.minor(), r.Currency.Currency)
	}
	var err error
	if n.Customer, n.Person, err = r.who(); err != nil {
		return n, x, err
	}
	if n.Exits, n.Tree, err = r.Routing.routes(); err != nil {
		return n, x, err
	}
	if n.Beneficiary, err = r.beneficiary(); err != nil {
		return n, x, err
	}
	if err := r.note(&x); err != nil {
		return n, x, err
	}
	if x.Type == "" {
		x.Type = string(n.Beneficiary.Kind)
	}
	told := x.sought()
	n.Told = &told
	n.Extra, err = x.encode()
	return n, x, err
}

func yes(b *bool) bool { return b != nil && *b }

// minor is the amount; a missing one is nothing, as in the original.
func (r *payoutRequest) minor() int64 {
	if r.Amount == nil {
		return 0
	}
	return int64(*r.Amount)
}

// who is the customer: the id, and who a new one would be; nil where nothing
// was sent that a customer could be made of.
func (r *payoutRequest) who() (string, *engine.Person, error) {
	id := said(r.CustomerID)
	p := engine.Person{Name: said(r.Name), Email: said(r.Email), Phone: said(r.Phone), PhoneCode: said(r.PhoneCountryCode)}
	if c := r.Customer; c != nil {
		if c.ID != nil && id != "" && id != string(*c.ID) {
			return "", nil, refuse(422, "IR_06", "customer_id and customer.id name two customers")
		}
		if c.ID != nil {
			id = string(*c.ID)
		}
		for _, f := range []struct {
			to   *string
			from string
		}{{&p.Name, said(c.Name)}, {&p.Email, said(c.Email)}, {&p.Phone, said(c.Phone)}, {&p.PhoneCode, said(c.PhoneCountryCode)}, {&p.TaxID, said(c.TaxID)}} {
			if f.from != "" {
				*f.to = f.from
			}
		}
		p.Document = rawObject(c.Document)
	}
	if p.Name == "" && p.Email == "" && p.Phone == "" && p.PhoneCode == "" && p.Document == nil {
		return id, nil, nil
	}
	return id, &p, nil
}

// unreadable is the refusal of a body with more than one mistake: in the
// original a card number is checked while the body is read, before anything
// else is looked at, so that mistake is told before every other.
func (r *payoutRequest) unreadable(err error) error {
	if err == nil {
		return nil
	}
	var own *refusal
	var refused *engine.Error
	if !errors.As(err, &own) && !errors.As(err, &refused) {
		return err
	}
	if said := refusalOf(err, &wire.Call{}); said.status >= 500 || said.unread || r.Data == nil || r.MethodID != nil || r.Token != nil {
		return err
	}
	_, form, details, first := r.Data.pick()
	if first == nil {
		_, first = engine.CheckDetails(form, details)
	}
	if first != nil && refusalOf(first, &wire.Call{}).unread {
		return first
	}
	return err
}

// beneficiary is whom the request pays. Details beside a saved method are left
// over from an earlier call, and nobody looks at them.
func (r *payoutRequest) beneficiary() (engine.Beneficiary, error) {
	b := engine.Beneficiary{Method: said(r.MethodID), Token: said(r.Token), Owned: true, Holder: holderOf(r.Billing)}
	if r.Type != nil {
		b.Kind = r.Type.kind()
	}
	if b.Method != "" || b.Token != "" || r.Data == nil {
		return b, nil
	}
	kind, form, details, err := r.Data.pick()
	if err != nil {
		return b, err
	}
	if b.Kind != "" && b.Kind != kind {
		return b, refuse(422, "IR_06", fmt.Sprintf("payout_type is %s, but payout_method_data is of %s", b.Kind, kind))
	}
	b.Kind, b.Form, b.Details = kind, form, details
	return b, nil
}

// holderOf is the name that a bill is made out to, which is whose account is
// paid where its details don't say.
func holderOf(billing *carried[billingShape]) string {
	if billing == nil || billing.shape.Address == nil {
		return ""
	}
	a := billing.shape.Address
	return strings.TrimSpace(said(a.FirstName) + " " + said(a.LastName))
}

// note takes over what only this dialect echoes.
func (r *payoutRequest) note(x *payoutExtra) error {
	for _, f := range []struct {
		to   *string
		from *string
		name string
		max  int
	}{
		{&x.OrderRef, r.OrderRef, "merchant_order_reference_id", 255}, {&x.ReturnURL, r.ReturnURL, "return_url", 2048},
		{&x.Description, r.Description, "description", 1024}, {&x.BusinessLabel, r.BusinessLabel, "business_label", 255},
		{&x.BusinessCountry, given(r.BusinessCountry), "business_country", 2}, {&x.Entity, given(r.Entity), "entity_type", 32},
		{&x.Priority, given(r.Priority), "priority", 32}, {&x.Type, given(r.Type), "payout_type", 32},
	} {
		if f.from == nil {
			continue
		}
		if len([]rune(*f.from)) > f.max {
			return refuse(422, "IR_06", fmt.Sprintf("%s must have at most %d characters", f.name, f.max))
		}
		*f.to = *f.from
	}
	if err := checkReturn(r.ReturnURL); err != nil {
		return err
	}
	if r.Metadata != nil {
		x.Metadata = rawObject(r.Metadata)
	}
	if r.Billing != nil {
		x.Billing = r.Billing.raw()
	}
	if r.SourceBank == nil {
		return nil
	}
	d, err := r.SourceBank.details("/source_bank_data", r.SourceBank.Form)
	if err != nil {
		return err
	}
	if d, err = engine.CheckDetails(r.SourceBank.Form, d); err != nil {
		return err
	}
	x.SourceForm, x.Source = r.SourceBank.Form, service.Mask(r.SourceBank.Form, d)
	return nil
}

// checkReturn judges where a recipient, or a payer, is sent when they are done:
// a page or an app, and nothing that a browser would run. nil and "" are nowhere.
func checkReturn(to *string) error {
	if said(to) == "" {
		return nil
	}
	u, err := url.Parse(*to)
	if err != nil || !u.IsAbs() || u.Host == "" && u.Opaque != "" || u.Scheme == "data" || u.Scheme == "javascript" || u.Scheme == "vbscript" || u.Scheme == "file" {
		return refuse(422, "IR_06", "return_url must be an absolute URL, e.g. https://shop.example.com/done")
	}
	return nil
}

// extraOf reads what this dialect put into a request; nothing, of one that
// another dialect made.
func extraOf(r *engine.Request) payoutExtra {
	if r.Dialect != "rest" {
		return readExtra(nil)
	}
	return readExtra(r.Extra)
}

// individual is the entity type where nobody says another.
const individual = "Individual"

// Sought is what lists ask for of what this dialect keeps with a payout:
// engine.Config.Sought["rest"].
func Sought(kept json.RawMessage) engine.Sought { return readExtra(kept).sought() }

func (x payoutExtra) sought() engine.Sought {
	return engine.Sought{Order: x.OrderRef, Entity: either(x.Entity, individual), Kind: service.Kind(x.Type)}
}

func readExtra(kept json.RawMessage) payoutExtra {
	if len(kept) == 0 || kept[0] != '{' {
		return payoutExtra{Entity: individual}
	}
	x, err := decodeExtra(kept)
	if err != nil {
		return payoutExtra{Entity: individual}
	}
	return x
}

// secretOf is the client secret: what a browser proves with that it may confirm; "" for a
// payout that has none. id is what the payout is called.
func secretOf(id string, x *payoutExtra) string {
	if x.Secret == "" {
		return ""
	}
	return "payout_" + id + "_secret_" + x.Secret
}
