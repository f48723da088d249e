package engine

import (
	"context"

	"penstock/engine/connector"
	"penstock/engine/service"
)

// Whom a request pays: a saved method, or details of its own, sealed for it.

// Beneficiary says whom a request pays: one of a saved method, a payment
// token of one, or an account's details. All may be absent at first.
type Beneficiary struct {
	Method  string       // id of a saved method
	Token   string       // payment token of a saved method
	Kind    service.Kind // of the token or the details
	Form    string       // of the details
	Details connector.Details
	Owned   bool // details must belong to a customer
	// Holder is whose the account is, where its details have no name; empty: the
	// customer's. Providers insist on one, and not every dialect has it among the details.
	Holder string
}

func (b Beneficiary) absent() bool { return b.Method == "" && b.Token == "" && b.Details == nil }

// attach finds or checks the beneficiary and seals its details for this
// request, which then needs nothing else: a method that is changed or deleted
// later changes no payout under way.
func (e *Engine) attach(ctx context.Context, c Caller, r *Request, b Beneficiary, l *looked) (*Method, error) {
	switch {
	case b.Method != "" && b.Token != "":
		return nil, invalid("payout_token", "only one of payout_method_id or payout_token should be provided")
	case b.absent():
		return nil, nil
	case r.Customer == "" && b.Method != "":
		return nil, &Error{Code: CodeMissing, Field: "customer_id", Message: "customer_id when payment_method_id is passed", Object: ObjMethod}
	case r.Customer == "" && b.Token != "":
		return nil, &Error{Code: CodeMissing, Field: "customer_id", Message: "customer or customer_id when payout_token is provided", Object: ObjMethod}
	case r.Customer == "" && b.Owned:
		return nil, &Error{Code: CodeMissing, Field: "customer_id", Message: "customer or customer_id when payout_method_data is provided", Object: ObjMethod}
	}
	used, details, err := e.beneficiary(ctx, c, r.Customer, b, l)
	if err != nil {
		return nil, err
	}
	r.Kind, r.Form, r.Method = b.Kind, b.Form, "" // of another method, if there was one before
	if used != nil {
		r.Method, r.Kind, r.Form = used.ID, used.Kind, used.Form
	}
	r.Masked = e.Directory.Mask(r.Form, details)
	// Whose the account is, where that isn't said with the details. It is not
	// shown: nobody sent it with them.
	details = e.Directory.Fill(r.Form, details, b.Holder, "account_holder_name", "card_holder_name")
	r.Sealed, err = e.sealFor(ctx, ownerOf(c.Scope, r.Customer, r.Day), requestPlace(r.ID), details)
	return used, err
}

// heldBy fills in whose the account is, as far as that is known.
func (b Beneficiary) heldBy(p *Person) Beneficiary {
	if b.Holder == "" && p != nil {
		b.Holder = p.Name
	}
	return b
}

func (e *Engine) beneficiary(ctx context.Context, c Caller, customer string, b Beneficiary, l *looked) (*Method, connector.Details, error) {
	if b.Method == "" && b.Token == "" {
		details, err := e.checkDetails(b.Form, b.Details)
		if err == nil {
			err = e.keepOut(c.Scope, b.Form, details)
		}
		return nil, details, err
	}
	if b.Token != "" && b.Kind == "" {
		return nil, nil, &Error{Code: CodeMissing, Field: "payout_type", Message: "payout_type", Object: ObjMethod}
	}
	if l.noMethod != nil {
		return nil, nil, l.noMethod
	}
	m := l.method
	if b.Token != "" {
		if err := e.checkToken(c.Scope, b.Token, b.Kind, m); err != nil {
			return nil, nil, err
		}
	}
	if e.Rules.Owned(m.Customer != customer) {
		return nil, nil, &Error{Code: CodeForeign, Object: ObjMethod, ID: m.ID, Field: fieldOf(b), Message: "the payment method does not belong to this customer"}
	}
	if b.Kind != "" && m.Kind != b.Kind { // of a token that was told before
		return nil, nil, invalid("payout_type", "is %s, but the saved payment method is of %s", b.Kind, m.Kind)
	}
	if m.Waiting {
		return nil, nil, wrongState(ObjMethod, m.ID, "awaiting_data", "paid to")
	}
	details, err := e.openMethod(ctx, c.Scope, m)
	return m, details, err
}

func fieldOf(b Beneficiary) string {
	if b.Method != "" {
		return "payout_method_id"
	}
	return "payout_token"
}
