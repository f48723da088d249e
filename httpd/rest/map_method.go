package rest

import (
	"maps"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// methodKind is the kind of account of a payment_method; false for those by
// which no money can be paid out.
func methodKind(w methodWord) (service.Kind, bool) {
	switch w {
	case "card":
		return service.Card, true
	case "bank_transfer":
		return service.Bank, true
	case "wallet":
		return service.Wallet, true
	case "bank_redirect":
		return service.BankRedirect, true
	}
	return "", false
}

// kindMethod is the way back.
func kindMethod(k service.Kind) string {
	if k == service.Bank {
		return "bank_transfer"
	}
	return string(k)
}

// formOf is the method within the kind that a payment_method_type names; ""
// when it names none of them.
func formOf(kind service.Kind, word *typeWord) string {
	if m, ok := service.FindMethod(said(word)); ok && m.Kind == kind {
		return m.Name
	}
	if kind == service.Card {
		return "card"
	}
	return ""
}

// lift moves details that came one level deeper to where the others look.
func (r *methodRequest) lift() {
	d := r.Data
	if d == nil {
		return
	}
	if r.Card == nil {
		r.Card = d.Card
	}
	if r.BankTransfer == nil {
		r.BankTransfer = d.BankTransfer
	}
	if r.Wallet == nil {
		r.Wallet = d.Wallet
	}
	if r.BankRedirect == nil {
		r.BankRedirect = d.BankRedirect
	}
}

// pick tells form and details of what was sent for the kind; nil details when
// nothing was sent at all.
func (r *methodRequest) pick(kind service.Kind) (form string, d connector.Details, err error) {
	form = formOf(kind, r.Type)
	switch {
	case kind == service.Card && r.Card != nil:
		d, err = savedCard(r.Card)
	case kind == service.Bank && r.BankTransfer != nil:
		if form == "" {
			var ok bool
			if form, ok = service.BankMethod(r.BankTransfer.text); !ok {
				return "", nil, noBankShape("/bank_transfer")
			}
		}
		d, err = r.BankTransfer.details("/bank_transfer", form)
	case kind == service.Bank && r.BankTagged != nil:
		form = r.BankTagged.Form
		d, err = r.BankTagged.details("/bank_transfer_data", form)
	case kind == service.Wallet && r.Wallet != nil:
		form = r.Wallet.Form
		d, err = r.Wallet.details("/wallet/"+form, form)
	case kind == service.BankRedirect && r.BankRedirect != nil:
		form = r.BankRedirect.Form
		d, err = r.BankRedirect.details("/bank_redirect/"+form, form)
	case r.Card != nil || r.BankTransfer != nil || r.BankTagged != nil || r.Wallet != nil || r.BankRedirect != nil:
		err = refuse(422, "IR_06", "payment_method is "+kindMethod(kind)+", but the details sent are of another")
	}
	return form, d, err
}

// cardNames are the members of a saved card by the names that the engine has
// for them.
func cardNames() map[string]string {
	return map[string]string{"expiry_month": "card_exp_month", "expiry_year": "card_exp_year"}
}

// savedCard reads a card as it is saved. Its security code, which the original
// takes, is dropped here and goes no further; the nick name is not the card's.
func savedCard(f *fields) (connector.Details, error) {
	own := fields{text: maps.Clone(f.text), odd: maps.Clone(f.odd)}
	for _, name := range cardNames() {
		if sort, odd := f.odd[name]; odd {
			return nil, &wire.DecodeError{Kind: wire.KindType, Path: "/card/" + name, Rule: "must be a string", Got: sort}
		}
	}
	for _, m := range []map[string]string{own.text, own.odd} {
		for name := range m {
			if service.SecurityCode(name) {
				delete(m, name)
			}
		}
		delete(m, "nick_name")
		for ours, theirs := range cardNames() {
			delete(m, ours)
			if v, ok := m[theirs]; ok {
				m[ours] = v
			}
		}
	}
	return own.details("/card", "card")
}

// nick is the card's nick name; nil when none was sent.
func (r *methodRequest) nick() *string {
	if r.Card == nil {
		return nil
	}
	if v, ok := r.Card.text["nick_name"]; ok {
		return &v
	}
	return nil
}

// newMethod is what is saved.
func (r *methodRequest) newMethod() (engine.NewMethod, error) {
	r.lift()
	n := engine.NewMethod{Type: said(r.Type), Metadata: rawObject(r.Metadata), Billing: r.Billing.raw(), Nick: said(r.nick())}
	n.Consent = r.Acceptance.consent("merchant")
	if r.CustomerID == nil {
		return n, missingParam("customer_id")
	}
	if r.Method == nil {
		return n, missingParam("payment_method")
	}
	kind, ok := methodKind(*r.Method)
	if !ok {
		return n, &refusal{status: 400, code: "IR_19", message: "Payment method type not supported", reason: string(*r.Method) + " is not supported for payouts"}
	}
	n.Customer, n.Kind = string(*r.CustomerID), kind
	var err error
	n.Form, n.Details, err = r.pick(kind)
	return n, err
}

// empty says that an update gives nothing.
func (r *methodRequest) empty() bool {
	return r.Card == nil && r.BankTransfer == nil && r.BankTagged == nil && r.Wallet == nil && r.BankRedirect == nil && r.Metadata == nil && r.Billing == nil
}

func showMethod(merchant string, m *engine.Method) methodResponse {
	return methodResponse{
		MerchantID: merchant, CustomerID: m.Customer, MethodID: m.ID, Method: kindMethod(m.Kind), Type: shownType(m),
		Card: showCard(m), Experience: []string{"redirect_to_url"}, Metadata: m.Metadata, Created: stamp(m.Created), Recurring: m.Recurs(),
		BankTransfer: bankOf(m), LastUsed: stamp(m.LastUsed), ClientSecret: shown(m.Secret),
	}
}

// shownType is the merchant's own word, or the original's for a method that a
// payout saved.
func shownType(m *engine.Method) *string {
	if m.Source == "" {
		return shown(m.Type)
	}
	return shown(typeOf(m.Form))
}

// typeOf is the original's payment_method_type of a form.
func typeOf(form string) string {
	switch form {
	case "card", "payment_card":
		return "debit"
	case "sepa":
		return "sepa_bank_transfer"
	case "pix_key", "pix_emv":
		return "pix"
	case "apple_pay_decrypt":
		return "apple_pay"
	case "google_pay_decrypt":
		return "google_pay"
	}
	return form
}

func showCard(m *engine.Method) *methodCard {
	if m.Kind != service.Card || m.Waiting {
		return nil
	}
	at := func(name string) *string { return shown(m.Masked[name]) }
	return &methodCard{
		Scheme: at("card_network"), IssuerCountry: at("card_issuing_country"), Last4: at("last4"),
		ExpiryMonth: at("card_exp_month"), ExpiryYear: at("card_exp_year"), Holder: at("card_holder_name"),
		Fingerprint: shown(m.Print), Nick: shown(m.Nick), Network: at("card_network"), ISIN: at("card_isin"),
		Issuer: at("card_issuer"), Type: at("card_type"), Saved: true,
	}
}

func bankOf(m *engine.Method) masked {
	if m.Kind != service.Bank || m.Waiting {
		return nil
	}
	return m.Masked
}

// listMethod is showMethod for a customer's list.
func listMethod(m *engine.Method, token, standard string) listedMethod {
	return listedMethod{
		Token: token, MethodID: m.ID, CustomerID: m.Customer, Method: kindMethod(m.Kind), Type: shownType(m),
		Experience: []string{"redirect_to_url"}, Card: showCard(m), Metadata: m.Metadata, Created: stamp(m.Created),
		BankTransfer: bankOf(m), Bank: maskOf(m), RequiresCVV: m.Kind == service.Card && !m.Recurs(), Recurring: m.Recurs(), LastUsed: stamp(m.LastUsed),
		Default: m.ID == standard, Billing: m.Billing,
	}
}

// maskOf is the account's number, masked.
func maskOf(m *engine.Method) *bankMask {
	for _, name := range []string{"iban", "bank_account_number", "account_number", "pix_key", "emv"} {
		if v := m.Masked[name]; v != "" && m.Kind == service.Bank {
			return &bankMask{Mask: v}
		}
	}
	return nil
}
