package rest

import (
	"context"
	"crypto/subtle"
	"slices"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payin"
	"penstock/httpd/wire"
)

// openPay leaves the answer open while the provider has not been asked.
func openPay(o *engine.Once, show func(*engine.Payment) any) *engine.Once {
	o.Render = func(result any) ([]byte, error) {
		p, is := result.(*engine.Payment)
		if !is {
			return nil, errNotShown
		}
		if p.Open.Kind != payin.None {
			return nil, nil
		}
		return wire.Encode(show(p))
	}
	return o
}

// paid answers a command about a payment, and fixes what a repeat is answered.
func (a *API) paid(ctx context.Context, who engine.Caller, o *engine.Once, p *engine.Payment, err error, show func(*engine.Payment) any) (wire.Reply, error) {
	switch {
	case err != nil:
		return wire.Reply{}, err
	case o.Answer != nil:
		return ok(o.Answer), nil
	}
	body, err := wire.Encode(show(p))
	if err != nil {
		return wire.Reply{}, err
	}
	body, err = a.Engine.FixAnswer(context.WithoutCancel(ctx), who.Scope, o, body)
	return ok(body), err
}

func paymentAnswer(merchant string) func(*engine.Payment) any {
	return func(p *engine.Payment) any { return showPayment(merchant, p) }
}

func (a *API) createPayment(ctx context.Context, who engine.Caller, c *wire.Call, r paymentRequest) (wire.Reply, error) {
	if r.MerchantID != nil && *r.MerchantID != who.Merchant {
		return wire.Reply{}, refuse(422, "IR_05", "merchant_id contains invalid data. Expected format is merchant_id from merchant account")
	}
	switch {
	case r.Amount == nil:
		return wire.Reply{}, missingParam("amount")
	case r.Currency == nil:
		return wire.Reply{}, missingParam("currency")
	case r.Future != nil && r.CustomerID == nil && r.person() == nil:
		return wire.Reply{}, refuse(400, "IR_16", "customer_id is mandatory when setup_future_usage is given")
	}
	if err := r.checkCapture(); err != nil {
		return wire.Reply{}, err
	}
	secret, err := drawSecret(a.Random)
	if err != nil {
		return wire.Reply{}, err
	}
	back, err := drawSecret(a.Random)
	if err != nil {
		return wire.Reply{}, err
	}
	x := paymentExtra{Secret: secret, Back: back}
	if err := r.note(&x); err != nil {
		return wire.Reply{}, err
	}
	n := engine.NewPayment{Ref: said(r.PaymentID), Amount: money.New(int64(*r.Amount), r.Currency.Currency), Point: pointID(either(said(r.ProfileID), c.Header("X-Profile-Id"))), Choose: chooseProfile("", ""),
		Manual: said(r.CaptureMethod) == "manual", Customer: said(r.CustomerID), Person: r.person(), Future: said(r.Future), Consent: r.consent(a), Confirm: yes(r.Confirm), Secure: said(r.Auth) == "three_ds", Away: yes(r.OffSession),
		Back: func(id string) string { return a.backTo(who.Merchant, id, back) }}
	if n.Exits, n.Tree, err = r.Routing.routes(); err != nil {
		return wire.Reply{}, err
	}
	if n.Expires, err = r.life(); err != nil {
		return wire.Reply{}, err
	}
	if n.Card, err = r.card(a.Now()); err != nil {
		return wire.Reply{}, err
	}
	if n.Extra, err = wire.Encode(x); err != nil {
		return wire.Reply{}, err
	}
	o := openPay(once(c), paymentAnswer(who.Merchant))
	p, err := a.Engine.CreatePayment(ctx, who, n, o)
	return a.paid(ctx, who, o, p, in(payByCard, err), paymentAnswer(who.Merchant))
}

func (a *API) getPayment(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (paymentResponse, error) {
	if _, err := flag(c, "force_sync"); err != nil { // whoever looks asks
		return paymentResponse{}, err
	}
	p, err := a.Engine.Payment(ctx, who, c.Param("id"))
	if err != nil {
		return paymentResponse{}, err
	}
	if who.Publishable {
		secret := c.Query("client_secret")
		if err := provePayment(p, &secret); err != nil {
			return paymentResponse{}, err
		}
	}
	return showPayment(who.Merchant, p), nil
}

func (a *API) updatePayment(ctx context.Context, who engine.Caller, c *wire.Call, r paymentRequest) (wire.Reply, error) {
	return a.changePayment(ctx, who, c, r)
}

func (a *API) confirmPayment(ctx context.Context, who engine.Caller, c *wire.Call, r paymentRequest) (wire.Reply, error) {
	confirm := true
	r.Confirm = &confirm
	return a.changePayment(ctx, who, c, r)
}

func (a *API) changePayment(ctx context.Context, who engine.Caller, c *wire.Call, r paymentRequest) (wire.Reply, error) {
	if who.Publishable {
		p, err := a.Engine.Payment(ctx, who, c.Param("id"))
		if err != nil {
			return wire.Reply{}, err
		}
		if err := provePayment(p, r.ClientSecret); err != nil {
			return wire.Reply{}, err
		}
		if r.CustomerID != nil && string(*r.CustomerID) != p.Customer { // whose card it would become is no browser's to say
			return wire.Reply{}, refuse(422, "IR_06", "The following fields cannot be provided for client-authenticated payments: customer_id")
		}
		if r.Amount != nil || r.Currency != nil || r.CaptureMethod != nil || r.Routing != nil || r.OffSession != nil {
			return wire.Reply{}, refuse(422, "IR_06", "The following fields cannot be provided for client-authenticated payments: amount, capture_method, currency, off_session, routing")
		}
	}
	ed, err := r.edit(a)
	if err != nil {
		return wire.Reply{}, err
	}
	o := openPay(once(c, "id"), paymentAnswer(who.Merchant))
	p, err := a.Engine.ChangePayment(ctx, who, c.Param("id"), ed, o)
	return a.paid(ctx, who, o, p, in(payByCard, err), paymentAnswer(who.Merchant))
}

// provePayment compares a client secret in constant time.
func provePayment(p *engine.Payment, secret *string) error {
	if secret == nil || *secret == "" {
		return missingParam("client_secret")
	}
	if want := paymentSecret(p); want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(*secret)) != 1 {
		return refuse(400, "IR_09", "The client_secret provided does not match the client_secret associated with the Payment")
	}
	return nil
}

func (a *API) capturePayment(ctx context.Context, who engine.Caller, c *wire.Call, r captureRequest) (wire.Reply, error) {
	o := openPay(once(c, "id"), paymentAnswer(who.Merchant))
	p, err := a.Engine.CapturePayment(ctx, who, c.Param("id"), minorOf(r.Amount), o)
	return a.paid(ctx, who, o, p, in(captureSome, err), paymentAnswer(who.Merchant))
}

func minorOf(m *minorUnits) *int64 {
	if m == nil {
		return nil
	}
	n := int64(*m)
	return &n
}

func (a *API) cancelPayment(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.Raw) (wire.Reply, error) {
	o := openPay(onceByPath(c, "id"), paymentAnswer(who.Merchant))
	p, err := a.Engine.CancelPayment(ctx, who, c.Param("id"), o)
	return a.paid(ctx, who, o, p, err, paymentAnswer(who.Merchant))
}

func (a *API) createRefund(ctx context.Context, who engine.Caller, c *wire.Call, r refundRequest) (wire.Reply, error) {
	if r.PaymentID == nil {
		return wire.Reply{}, missingParam("payment_id")
	}
	id := said(r.RefundID)
	if id == "" { // made here, so that the answer is of this refund whatever others are made meanwhile
		drawn, err := drawSecret(a.Random)
		if err != nil {
			return wire.Reply{}, err
		}
		id = engine.PrefixRefund + drawn
	}
	show := func(p *engine.Payment) any {
		at := slices.IndexFunc(p.Refunds, func(r engine.Refund) bool { return r.ID == id })
		if at < 0 { // a repeat of one that has had no answer yet, which is the latest
			at = len(p.Refunds) - 1
		}
		if at < 0 {
			return refundShown{}
		}
		return showRefund(p, &p.Refunds[at])
	}
	o := openPay(once(c), show)
	p, err := a.Engine.RefundPayment(ctx, who, string(*r.PaymentID), id, minorOf(r.Amount), said(r.Reason), o)
	return a.paid(ctx, who, o, p, err, show)
}

func (a *API) getRefund(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (refundShown, error) {
	p, r, err := a.Engine.RefundOf(ctx, who, c.Param("id"))
	if err != nil {
		return refundShown{}, err
	}
	return showRefund(p, r), nil
}
