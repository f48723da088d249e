package rest

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/httpd/wire"
)

func paymentID(p *engine.Payment) string {
	if p.Ref != "" {
		return p.Ref
	}
	return engine.PrefixPayment + p.ID
}

// card is what pays: a card's details, whose security code is dropped here, a
// token of a saved card, or the saved card itself.
func (r *paymentRequest) card(now time.Time) (engine.Beneficiary, error) {
	b := engine.Beneficiary{Token: said(r.Token)}
	if other := r.otherMethod(); other != "" {
		return b, &refusal{status: 400, code: "IR_19", message: "Payment method type not supported", reason: other + " is not supported for payments"}
	}
	if d := r.Recurring; d != nil {
		if d.Data == nil || said(d.Type) != "payment_method_id" {
			return b, refuse(422, "IR_06", "recurring_details must be a payment_method_id")
		}
		b.Method = *d.Data
	}
	if b.Token != "" {
		b.Kind = service.Card
	}
	if b.Token != "" || b.Method != "" || r.Data == nil || r.Data.Card == nil {
		return b, nil
	}
	d, err := savedCard(r.Data.Card)
	if err == nil {
		err = payable(r.Data.Card, d, now)
	}
	b.Kind, b.Form, b.Details = service.Card, "card", d
	return b, err
}

// payable refuses a card that no bank would take money from: one that has
// expired, or a security code that none has. Payouts are not refused so: money
// may go to the account of a card that has been renewed.
func payable(sent *fields, d connector.Details, now time.Time) error {
	if code, is := sent.text["card_cvc"]; is && (len(code) < 3 || len(code) > 4 || strings.Trim(code, "0123456789") != "") {
		return refuse(400, "IR_16", "Invalid card_cvc length: a card's security code has 3 or 4 digits")
	}
	month, err := strconv.Atoi(d["expiry_month"])
	year, bad := strconv.Atoi(d["expiry_year"])
	if err != nil || bad != nil { // the engine says what is wrong
		return nil
	}
	if year < 100 {
		year += 2000
	}
	if ends := time.Date(year, time.Month(month)+1, 1, 12, 0, 0, 0, time.UTC); !now.Before(ends) { // where it is the month before for longest
		return refuse(400, "IR_16", "Card Expired")
	}
	return nil
}

// otherMethod is what is to pay in place of a card; empty: nothing.
func (r *paymentRequest) otherMethod() string {
	if r.Method != nil && *r.Method != "card" {
		return string(*r.Method)
	}
	if d := r.Data; d != nil {
		for name, given := range map[string]wire.Object{"wallet": d.Wallet, "bank_transfer": d.BankTransfer, "bank_redirect": d.BankRedirect, "bank_debit": d.BankDebit} {
			if given != nil {
				return name
			}
		}
	}
	return ""
}

// checkCapture holds what is to be captured against the amount, which a payment
// that is captured by itself takes whole.
func (r *paymentRequest) checkCapture() error {
	switch {
	case r.ToCapture == nil || r.Amount == nil:
		return nil
	case *r.ToCapture > *r.Amount:
		return refuse(422, "IR_06", "amount_to_capture must not be greater than amount")
	case *r.ToCapture != *r.Amount && said(r.CaptureMethod) != "manual":
		return refuse(400, "IR_16", "amount_to_capture must be equal to amount when capture_method is automatic")
	}
	return nil
}

// consent is what was agreed about storing the card; nil where nothing was.
func (r *paymentRequest) consent(a *API) *engine.Consent {
	if r.Acceptance == nil {
		return nil
	}
	c := r.Acceptance.consent("payment")
	if c.At.IsZero() {
		c.At = a.Now()
	}
	return &c
}

func (r *paymentRequest) note(x *paymentExtra) error {
	for _, f := range []struct {
		to   *string
		from *string
		name string
		max  int
	}{{&x.ReturnURL, r.ReturnURL, "return_url", 2048}, {&x.Description, r.Description, "description", 1024}} {
		if f.from == nil {
			continue
		}
		if len([]rune(*f.from)) > f.max {
			return tooLong(f.name, f.max)
		}
		*f.to = *f.from
	}
	if err := checkReturn(r.ReturnURL); err != nil {
		return err
	}
	if r.Auth != nil {
		x.Auth = string(*r.Auth)
	}
	if r.Metadata != nil {
		x.Metadata = rawObject(r.Metadata)
	}
	if r.Billing != nil {
		x.Billing = r.Billing.raw()
	}
	if r.Shipping != nil {
		x.Shipping = r.Shipping.raw()
	}
	return nil
}

// life is how long it may be paid; zero: for ever.
func (r *paymentRequest) life() (time.Duration, error) {
	switch n := r.SessionExpiry; {
	case n == nil:
		return 0, nil
	case *n < 60 || *n > 7_890_000:
		return 0, refuse(422, "IR_06", "session_expiry should be between 60 and 7890000")
	default:
		return time.Duration(*n) * time.Second, nil
	}
}

func (r *paymentRequest) person() *engine.Person {
	p := engine.Person{Name: said(r.Name), Email: said(r.Email), Phone: said(r.Phone), PhoneCode: said(r.PhoneCode)}
	if p.Name == "" && p.Email == "" && p.Phone == "" && p.PhoneCode == "" {
		return nil
	}
	return &p
}

// edit is the engine's command of an update or a confirm.
func (r *paymentRequest) edit(a *API) (engine.PaymentEdit, error) {
	ed := engine.PaymentEdit{Customer: said(r.CustomerID), Person: r.person(), Future: given(r.Future), Consent: r.consent(a), Confirm: yes(r.Confirm)}
	if r.Auth != nil {
		secure := *r.Auth == "three_ds"
		ed.Secure = &secure
	}
	if r.Amount != nil || r.Currency != nil {
		ed.Amount = func(was money.Amount) money.Amount {
			minor, currency := was.Minor(), was.Currency()
			if r.Amount != nil {
				minor = int64(*r.Amount)
			}
			if r.Currency != nil {
				currency = r.Currency.Currency
			}
			return money.New(minor, currency)
		}
	}
	if r.CaptureMethod != nil {
		manual := *r.CaptureMethod == "manual"
		ed.Manual = &manual
	}
	ed.Extra = func(kept json.RawMessage) (json.RawMessage, error) {
		x := readPayment(kept)
		if err := r.note(&x); err != nil {
			return nil, err
		}
		return wire.Encode(x)
	}
	ed.Away = r.OffSession
	var err error
	if ed.Exits, ed.Tree, err = r.Routing.routes(); err != nil {
		return ed, err
	}
	ed.Card, err = r.card(a.Now())
	return ed, err
}

func readPayment(kept json.RawMessage) (x paymentExtra) {
	if len(kept) == 0 || wire.Decode(kept, &x, wire.DecodeOptions{IgnoreUnknown: true}) != nil {
		return paymentExtra{}
	}
	return x
}

// paymentSecret is the client secret of a payment; "" where it has none.
func paymentSecret(p *engine.Payment) string {
	if x := readPayment(p.Extra); x.Secret != "" {
		return paymentID(p) + "_secret_" + x.Secret
	}
	return ""
}

func showPayment(merchant string, p *engine.Payment) paymentResponse {
	x := readPayment(p.Extra)
	out := paymentResponse{PaymentID: paymentID(p), MerchantID: merchant, Status: string(p.Status), Amount: p.Amount.Minor(), Capturable: p.Capturable().Minor(), Received: p.Captured.Minor(), Currency: p.Amount.Currency().Code(),
		Connector: shown(p.Provider), ClientSecret: shown(paymentSecret(p)), Created: stamp(p.Created), CustomerID: shown(p.Customer), Description: shown(x.Description), Refunds: []refundShown{}, Capture: "automatic",
		MethodID: shown(p.Method), Future: shown(p.Future), ReturnURL: shown(x.ReturnURL), Billing: x.Billing, Shipping: x.Shipping, Metadata: x.Metadata, ErrorCode: shown(p.Code), ErrorMessage: shown(p.Message),
		ProfileID: engine.PrefixProfile + p.Point, AccountID: shown(p.Account), External: shown(p.External), Auth: shown(x.Auth)}
	if p.Next != "" {
		out.Next = &nextAction{"redirect_to_url", p.Next}
	}
	if p.Manual {
		out.Capture = "manual"
	}
	if p.Masked != nil {
		out.Method, out.Data = shown("card"), showDetails(service.Card, p.Masked)
	}
	for i := range p.Refunds {
		out.Refunds = append(out.Refunds, showRefund(p, &p.Refunds[i]))
	}
	return out
}

func showRefund(p *engine.Payment, r *engine.Refund) refundShown {
	return refundShown{RefundID: r.ID, PaymentID: paymentID(p), Amount: r.Amount.Minor(), Currency: r.Amount.Currency().Code(), Status: r.Status, Reason: shown(r.Reason), Created: stamp(r.Created), Code: shown(r.Code), Message: shown(r.Message), Connector: shown(p.Provider), ProfileID: engine.PrefixProfile + p.Point}
}
