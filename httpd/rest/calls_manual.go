package rest

import (
	"context"
	"strconv"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// manualUpdate is what an operator knows of a payout's fate.
type manualUpdate struct {
	MerchantID *string     `json:"merchant_id"`
	PayoutID   *string     `json:"payout_id"` // the path's, where it is given
	AttemptID  *string     `json:"payout_attempt_id"`
	Status     *statusName `json:"status"`
	Code       *string     `json:"error_code"`
	Message    *string     `json:"error_message"`
	Ref        *string     `json:"connector_transaction_id"`
}

// manualPayout settles a payout by the administrator's word, as the operator's
// command line does: what nobody can know to be wrong, and nothing else.
func (a *API) manualPayout(ctx context.Context, who engine.Caller, c *wire.Call, r manualUpdate) (payoutResponse, error) {
	who.Merchant = either(said(r.MerchantID), c.Header("X-Merchant-Id"))
	switch {
	case who.Merchant == "":
		return payoutResponse{}, missingParam("merchant_id")
	case r.Status == nil:
		return payoutResponse{}, missingParam("status")
	}
	if r.PayoutID != nil && *r.PayoutID != c.Param("id") {
		return payoutResponse{}, refuse(422, "IR_06", "payout_id is another one than that of the path")
	}
	if err := sameMerchant(c, who.Merchant); err != nil {
		return payoutResponse{}, err
	}
	if _, err := a.Engine.LiveMerchant(ctx, who.Merchant); err != nil {
		return payoutResponse{}, err
	}
	word := map[statusName]connector.Verdict{success: connector.Paid, failed: connector.Rejected, reversed: connector.Returned}[*r.Status]
	if word == "" {
		return payoutResponse{}, refuse(422, "IR_06", "status must be success, failed or reversed: a person states how a payout ended")
	}
	v, err := a.Engine.Get(ctx, who, engine.PrefixRequest, c.Param("id"))
	if err != nil {
		return payoutResponse{}, err
	}
	if len(v.Payouts) == 0 {
		return payoutResponse{}, refuse(422, "IR_06", "Payout has no attempt whose end could be stated; cancel it instead")
	}
	p := v.Payouts[len(v.Payouts)-1]
	if r.AttemptID != nil {
		found := false
		for _, one := range v.Payouts {
			if *r.AttemptID == payoutID(&v.Request)+"_"+strconv.Itoa(one.N) {
				p, found = one, true
			}
		}
		if !found {
			return payoutResponse{}, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjPayout, ID: *r.AttemptID}
		}
	}
	if paid := p.Status == payout.Paid || p.Status == payout.PartlyPaid; p.Status.Ended() && !(paid && word == connector.Returned) {
		return payoutResponse{}, refuse(422, "IR_06", "Payout "+payoutID(&v.Request)+" cannot be updated for status "+statusOf(&v.Request))
	}
	o := connector.Outcome{Verdict: word, Code: said(r.Code), Message: said(r.Message), Ref: said(r.Ref)}
	if word == connector.Rejected {
		o.Resolution = "declined"
	}
	if err := a.Engine.State(ctx, who, p.ID, o); err != nil {
		return payoutResponse{}, in(statePayout, err)
	}
	if v, err = a.Engine.Get(ctx, who, engine.PrefixRequest, c.Param("id")); err != nil {
		return payoutResponse{}, err
	}
	return showPayout(who.Merchant, v), nil
}
