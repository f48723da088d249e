package rest

import (
	"slices"
	"strings"

	"penstock/engine/connector"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

// fields are an account's details as they came: the members that are text, and
// the JSON sort of those that are not. Members that the method doesn't have
// are ignored later, but for security codes.
type fields struct {
	text map[string]string
	odd  map[string]string // nil: there are none
}

func (f *fields) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return wire.Decode(b, &f.text, wire.DecodeOptions{AnyValue: true}) // which words it, and lets null pass
	}
	f.text, f.odd = make(map[string]string, 8), nil
	for name, value := range wire.MembersOf(b) {
		switch value[0] {
		case '"':
			f.text[name] = wire.TextOf(value)
		case 'n':
		case 't', 'f':
			f.oddly(name, "boolean")
		case '{', '[':
			f.oddly(name, "object")
		default:
			f.oddly(name, "number")
		}
	}
	return nil
}

func (f *fields) oddly(name, sort string) {
	if f.odd == nil {
		f.odd = map[string]string{}
	}
	f.odd[name] = sort
}

// details picks what the method has. What would be a security code stays in,
// for the engine to refuse.
func (f *fields) details(at, form string) (connector.Details, error) {
	keys, ok := service.MethodKeys(form)
	if !ok {
		return nil, &wire.DecodeError{Kind: wire.KindRule, Path: at, Rule: "is of no known method"}
	}
	d := connector.Details{}
	for key := range keys {
		if sort, odd := f.odd[key]; odd {
			return nil, &wire.DecodeError{Kind: wire.KindType, Path: at + "/" + key, Rule: "must be a string", Got: sort}
		}
		if v, ok := f.text[key]; ok {
			d[key] = v
		}
	}
	if err := checkNetwork(at, d["card_network"]); err != nil {
		return nil, err
	}
	for name := range f.odd {
		if service.SecurityCode(name) {
			d[name] = ""
		}
	}
	for name := range f.text {
		if service.SecurityCode(name) {
			d[name] = ""
		}
	}
	return d, nil
}

// networks are the card networks that the original knows, and Mir.
func networks() []string {
	return []string{"Visa", "Mastercard", "AmericanExpress", "JCB", "DinersClub", "Discover", "CartesBancaires", "UnionPay", "Interac", "RuPay", "Maestro", "Star", "Pulse", "Accel", "Nyce", "Mir"}
}

// checkNetwork refuses a card network that there is none of; "" is none said.
func checkNetwork(at, name string) error {
	if name == "" || slices.Contains(networks(), name) {
		return nil
	}
	e := &wire.DecodeError{Kind: wire.KindEnum, Path: at + "/card_network", Rule: "must be a card network", Allowed: networks()}
	if !strings.ContainsFunc(name, func(c rune) bool { return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') }) && len(name) <= 32 {
		e.Got = name // else it may be anything
	}
	return e
}

// taggedBank is the newer form of bank details, which says what it is.
type taggedBank struct {
	fields
	Form string
}

func (t *taggedBank) UnmarshalJSON(b []byte) error {
	if err := t.fields.UnmarshalJSON(b); err != nil {
		return err
	}
	const tag = "payout_method_type"
	word, ok := t.text[tag]
	if sort := t.odd[tag]; sort != "" {
		return &wire.DecodeError{Kind: wire.KindType, Path: "/" + tag, Rule: "must be a string", Got: sort}
	}
	if !ok {
		return missingMember(tag)
	}
	delete(t.text, tag)
	err := wire.OneOf(&t.Form, []byte(word), "ach", "bacs", "sepa", "pix", "pix_key", "pix_emv", "trustly", "open_banking")
	if err != nil {
		return err
	}
	return nil
}

// missingMember is an absent member of something that is carried in a body.
func missingMember(name string) error {
	return wire.Rule("missing field `" + name + "`")
}

// walletData is one wallet.
type walletData struct {
	fields
	Form string
}

func (w *walletData) UnmarshalJSON(b []byte) (err error) {
	w.Form, w.fields, err = variant(b, map[string]string{"paypal": "paypal", "venmo": "venmo",
		"apple_pay_decrypt": "apple_pay_decrypt", "google_pay_decrypt": "google_pay_decrypt"},
		[]string{"apple_pay_decrypt", "paypal", "venmo", "google_pay_decrypt"})
	return err
}

// redirectData is one way by a bank's own page.
type redirectData struct {
	fields
	Form string
}

func (r *redirectData) UnmarshalJSON(b []byte) (err error) {
	r.Form, r.fields, err = variant(b, map[string]string{"interac": "interac", "open_banking_uk": "open_banking_uk"},
		[]string{"interac", "open_banking_uk"})
	return err
}

// variant reads an object that has exactly one member, whose name tells what
// is in it.
func variant(b []byte, forms map[string]string, allowed []string) (string, fields, error) {
	var in map[string]*fields
	if err := wire.Decode(b, &in, wire.DecodeOptions{AnyValue: true}); err != nil {
		return "", fields{}, err
	}
	var form string
	var found fields
	for name, f := range in {
		if f == nil {
			continue
		}
		if form != "" {
			return "", fields{}, wire.Rule("must have exactly one of " + strings.Join(allowed, ", "))
		}
		known, ok := forms[name]
		if !ok {
			var none string
			return "", fields{}, wire.OneOf(&none, []byte(name), allowed...)
		}
		form, found = known, *f
	}
	if form == "" {
		return "", fields{}, wire.Rule("must have exactly one of " + strings.Join(allowed, ", "))
	}
	return form, found, nil
}

// payoutData is payout_method_data: exactly one kind of method.
type payoutData struct {
	Card         *fields
	Bank         *fields
	BankTransfer *taggedBank
	Wallet       *walletData
	BankRedirect *redirectData
	Passthrough  *fields
}

func (p *payoutData) UnmarshalJSON(b []byte) error {
	var in struct {
		Card         *fields       `json:"card"`
		Bank         *fields       `json:"bank"`
		BankTransfer *taggedBank   `json:"bank_transfer"`
		Wallet       *walletData   `json:"wallet"`
		BankRedirect *redirectData `json:"bank_redirect"`
		Passthrough  *fields       `json:"passthrough"`
	}
	words := []string{"card", "bank", "bank_transfer", "wallet", "bank_redirect", "passthrough"}
	if err := unknownIsVariant(wire.Decode(b, &in, wire.DecodeOptions{AnyValue: true}), words); err != nil {
		return err
	}
	n := 0
	for _, there := range []bool{in.Card != nil, in.Bank != nil, in.BankTransfer != nil, in.Wallet != nil, in.BankRedirect != nil, in.Passthrough != nil} {
		if there {
			n++
		}
	}
	if n != 1 {
		return wire.Rule("must have exactly one of " + strings.Join(words, ", "))
	}
	*p = payoutData(in)
	return nil
}

// unknownIsVariant words an unknown member as an unknown variant, which is
// what it is where one member names the choice.
func unknownIsVariant(err error, words []string) error {
	e, ok := err.(*wire.DecodeError)
	if !ok || e.Kind != wire.KindUnknown || strings.Count(e.Path, "/") != 1 {
		return err
	}
	var none string
	return wire.OneOf(&none, []byte(strings.TrimPrefix(e.Path, "/")), words...)
}

// pick tells kind, form and details of what was sent.
func (p *payoutData) pick() (service.Kind, string, connector.Details, error) {
	const at = "/payout_method_data"
	var kind service.Kind
	var form, path string
	var f *fields
	switch {
	case p.Card != nil:
		kind, form, path, f = service.Card, "card", "/card", p.Card
	case p.Bank != nil:
		kind, path, f = service.Bank, "/bank", p.Bank
		var ok bool
		if form, ok = service.BankMethod(f.text); !ok {
			return "", "", nil, noBankShape(at + path)
		}
	case p.BankTransfer != nil:
		kind, form, path, f = service.Bank, p.BankTransfer.Form, "/bank_transfer", &p.BankTransfer.fields
	case p.Wallet != nil:
		kind, form, path, f = service.Wallet, p.Wallet.Form, "/wallet/"+p.Wallet.Form, &p.Wallet.fields
	case p.BankRedirect != nil:
		kind, form, path, f = service.BankRedirect, p.BankRedirect.Form, "/bank_redirect/"+p.BankRedirect.Form, &p.BankRedirect.fields
	default:
		kind, form, path, f = service.Passthrough, "passthrough", "/passthrough", p.Passthrough
	}
	d, err := f.details(at+path, form)
	return kind, form, d, err
}

func noBankShape(at string) error {
	return &wire.DecodeError{Kind: wire.KindRule, Path: at, Rule: "data did not match any variant of untagged enum Bank"}
}
