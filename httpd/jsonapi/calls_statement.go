package jsonapi

import (
	"context"
	"net/http"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/httpd/wire"
)

// newStatement is what a person says about a payout's fate.
type newStatement struct {
	Status      *string       `json:"status"` // success or fail
	Resolution  *string       `json:"resolution"`
	Amount      *wire.Decimal `json:"amount"` // of a success with less than was asked for
	ExternalID  *string       `json:"external_id"`
	Description *string       `json:"description"`
}

// outcome is what the engine is told.
func (s *newStatement) outcome(asked money.Amount) (o connector.Outcome, err error) {
	if s.Status == nil {
		return o, lacking("/data/attributes/status", "status")
	}
	if o.Ref, err = text("external_id", s.ExternalID, 255); err != nil {
		return o, err
	}
	if o.Message, err = text("description", s.Description, 1024); err != nil {
		return o, err
	}
	if o.Resolution, err = text("resolution", s.Resolution, 64); err != nil {
		return o, err
	}
	switch *s.Status {
	case "success":
		o.Verdict, o.Resolution = connector.Paid, ""
	case "fail":
		o.Verdict = connector.Rejected
	default:
		return o, badAttribute("status", "must be success or fail")
	}
	if s.Amount == nil {
		return o, nil
	}
	if o.Verdict != connector.Paid {
		return o, badAttribute("amount", "goes with a success")
	}
	paid, err := positive("amount", *s.Amount, asked.Currency())
	if err != nil {
		return o, err
	}
	switch {
	case paid.Minor() > asked.Minor():
		return o, badAttribute("amount", "must not be more than the payout's")
	case paid.Minor() < asked.Minor():
		o.Verdict, o.Paid = connector.PartlyPaid, paid
	}
	return o, nil
}

// addStatement settles a payout by the word of a person.
func (a *API) addStatement(ctx context.Context, who engine.Caller, c *wire.Call, b body[newStatement]) (wire.Reply, error) {
	s, err := b.attributes(typeStatement, "")
	if err != nil {
		return wire.Reply{}, err
	}
	_, p, err := a.payout(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	o, err := s.outcome(p.Amount)
	if err != nil {
		return wire.Reply{}, err
	}
	if err := a.Engine.State(ctx, who, p.ID, o); err != nil {
		return wire.Reply{}, err
	}
	return a.payoutNow(ctx, who, c, http.StatusCreated)
}

// payoutNow answers with the payout that the path names, as it stands.
func (a *API) payoutNow(ctx context.Context, who engine.Caller, c *wire.Call, status int) (wire.Reply, error) {
	v, p, err := a.payout(ctx, who, c)
	if err != nil {
		return wire.Reply{}, err
	}
	body, err := wire.Encode(document{Data: showPayout(v, p, who.Mode)})
	return wire.Reply{Status: status, Body: body}, err
}

// pullStatement asks the provider now, and answers with what is known then.
func (a *API) pullStatement(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	v, i, err := a.Engine.Pull(ctx, who, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	return document{Data: showPayout(v, &v.Payouts[i], who.Mode)}, nil
}

// conflictEnd is how a person ends a conflict of statements.
type conflictEnd struct {
	Status      *string `json:"status"` // success or fail: what took place
	Description *string `json:"description"`
}

func (a *API) resolvePayout(ctx context.Context, who engine.Caller, c *wire.Call, b body[conflictEnd]) (wire.Reply, error) {
	s, err := b.attributes(typePayout, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	switch {
	case s.Status == nil:
		return wire.Reply{}, lacking("/data/attributes/status", "status")
	case *s.Status != "success" && *s.Status != "fail":
		return wire.Reply{}, badAttribute("status", "must be success or fail")
	}
	if err := a.Engine.Resolve(ctx, who, c.Param("id"), *s.Status == "success", said(s.Description)); err != nil {
		return wire.Reply{}, err
	}
	return a.payoutNow(ctx, who, c, http.StatusOK)
}
