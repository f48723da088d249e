package rest

import (
	"strconv"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/service"
)

const (
	unifiedCode     = "UE_9000"
	unifiedMessage  = "Something went wrong"
	cancelledByUser = "Cancelled by user"
)

// showPayout is the answer of create, retrieve, update, confirm, fulfill and
// cancel, and the object of a webhook. attempts are added where asked for.
func showPayout(merchant string, v *engine.View) payoutResponse {
	x := extraOf(&v.Request)
	return showPayoutWith(merchant, v, &x)
}

// showPayoutWith is showPayout for who has read already what the dialect keeps.
// The answer points into v and x.
func showPayoutWith(merchant string, v *engine.View, x *payoutExtra) payoutResponse {
	r := &v.Request
	id := payoutID(r)
	out := payoutResponse{
		PayoutID: id, MerchantID: merchant, OrderRef: shownOf(&x.OrderRef),
		Amount: r.Amount.Minor(), Currency: r.Amount.Currency().Code(), Connector: shownOf(&r.Provider),
		Type: shown(typeOfPayout(r, x)), Data: showDetails(r.Kind, r.Masked), SourceBank: x.Source, Billing: x.Billing,
		AutoFulfill: r.AutoFulfill, CustomerID: shownOf(&r.Customer), ClientSecret: shown(secretOf(id, x)), ReturnURL: shownOf(&x.ReturnURL),
		BusinessCountry: shownOf(&x.BusinessCountry), BusinessLabel: shownOf(&x.BusinessLabel), Description: shownOf(&x.Description),
		Entity: either(r.Entity, x.Entity), Recurring: r.Recurring, Metadata: x.Metadata, AccountID: shownOf(&r.Account), Status: statusOf(r),
		ProfileID: engine.PrefixProfile + r.Point, Created: stamp(r.Created), Priority: shownOf(&x.Priority), MethodID: shownOf(&r.Method),
	}
	if p := v.Person; p != nil && r.Customer != "" {
		out.Email, out.Name, out.Phone, out.PhoneCode = shownOf(&p.Email), shownOf(&p.Name), shownOf(&p.Phone), shownOf(&p.PhoneCode)
		out.Customer = &customerShown{ID: r.Customer, Name: out.Name, Email: out.Email, Phone: out.Phone, PhoneCountryCode: out.PhoneCode, Document: p.Document}
	}
	if r.Link != "" {
		out.Link = &payoutLink{r.Link, x.LinkAt}
	}
	showEnd(&out, r, x)
	return out
}

// showEnd adds what came of it: the provider's name of it, why it failed, what
// was received.
func showEnd(out *payoutResponse, r *engine.Request, x *payoutExtra) {
	n := len(r.Payouts)
	if n == 0 && r.Stage == payout.Draft {
		return
	}
	if n > 0 {
		out.TransactionID = shownOf(&r.Payouts[n-1].Ref)
	}
	switch r.Stage {
	case payout.NonePaid, payout.GivenBack:
		last := lastAttempt(r, x)
		out.ErrorCode, out.ErrorMessage = last.ErrorCode, last.ErrorMessage
		out.UnifiedCode, out.UnifiedMessage = last.UnifiedCode, last.UnifiedMessage
	case payout.Withdrawn:
		out.ErrorMessage = shown(cancelledByUser)
	case payout.SomePaid:
		got := received(r)
		out.AmountReceived = &got
	}
}

// received is what the payouts of a request have moved, in minor units.
func received(r *engine.Request) (sum int64) {
	for _, p := range r.Payouts {
		if p.Status == payout.Paid || p.Status == payout.PartlyPaid {
			sum += p.Moved.Minor()
		}
	}
	return sum
}

func typeOfPayout(r *engine.Request, x *payoutExtra) string {
	if r.Kind != "" {
		return string(r.Kind)
	}
	return x.Type
}

// showDetails is nil before there are any.
func showDetails(kind service.Kind, m map[string]string) *detailsShown {
	if m == nil {
		return nil
	}
	if kind != service.Card {
		return &detailsShown{kind: kind, other: m}
	}
	texts := make([]string, 0, len(m)) // one piece of memory
	at := func(name string) *string {
		text := m[name]
		if text == "" {
			return nil
		}
		texts = append(texts, text)
		return &texts[len(texts)-1]
	}
	return &detailsShown{kind: kind, card: &cardShown{
		Issuer: at("card_issuer"), Network: at("card_network"), Type: at("card_type"), Country: at("card_issuing_country"),
		BankCode: at("bank_code"), Last4: at("last4"), ISIN: at("card_isin"), ExtendedBIN: at("card_extended_bin"),
		ExpiryMonth: at("card_exp_month"), ExpiryYear: at("card_exp_year"), Holder: at("card_holder_name"),
	}}
}

// attempts are all of a request's, oldest first. Before anything was sent
// there is one, which stands where the request stands.
func attempts(r *engine.Request, x *payoutExtra) []payoutAttempt {
	if len(r.Payouts) == 0 {
		a := attempt(r, x, 1)
		a.Status, a.Amount, a.Currency = statusOf(r), r.Amount.Minor(), r.Amount.Currency().Code()
		if r.Stage == payout.Withdrawn {
			a.ErrorMessage, a.Cancellation = shown(cancelledByUser), shown(cancelledByUser)
		}
		return []payoutAttempt{a}
	}
	out := make([]payoutAttempt, len(r.Payouts))
	for i := range r.Payouts {
		out[i] = showAttempt(r, x, &r.Payouts[i])
	}
	return out
}

func lastAttempt(r *engine.Request, x *payoutExtra) payoutAttempt {
	if n := len(r.Payouts); n > 0 {
		return showAttempt(r, x, &r.Payouts[n-1])
	}
	return attempts(r, x)[0]
}

func attempt(r *engine.Request, x *payoutExtra, n int) payoutAttempt {
	return payoutAttempt{ID: payoutID(r) + "_" + strconv.Itoa(n), Connector: shownOf(&r.Provider), Method: shown(typeOfPayout(r, x)), MethodType: shown(typeOf(r.Form))}
}

func showAttempt(r *engine.Request, x *payoutExtra, p *payout.Payout) payoutAttempt {
	a := attempt(r, x, p.N)
	a.Status, a.Amount, a.Currency = attemptStatus(p.Status), p.Amount.Minor(), p.Amount.Currency().Code()
	a.TransactionID = shownOf(&p.Ref)
	if p.Provider != "" {
		a.Connector = &p.Provider
	}
	switch p.Status {
	case payout.Failed, payout.Returned:
		a.ErrorCode, a.ErrorMessage = shown(errorCode(p)), shown(either(p.Message, p.Resolution))
		a.UnifiedCode, a.UnifiedMessage = shown(unifiedCode), shown(unifiedMessage)
	case payout.Cancelled:
		a.ErrorMessage, a.Cancellation = shown(cancelledByUser), shown(cancelledByUser)
	}
	return a
}

// errorCode is the provider's own code, or why in our words where that only
// repeats that it refused.
func errorCode(p *payout.Payout) string {
	if p.Code == string(connector.Rejected) && p.Resolution != "" {
		return p.Resolution
	}
	return either(p.Code, p.Resolution)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
