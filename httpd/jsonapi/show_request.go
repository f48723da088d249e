package jsonapi

import (
	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// requestAttributes is a payout request as it is shown, also in callbacks.
type requestAttributes struct {
	Status             string            `json:"status"`
	Resolution         payout.Resolution `json:"resolution"`
	ModerationRequired bool              `json:"moderation_required"`
	ModerationReason   *string           `json:"moderation_reason"`
	Amount             *wire.Number      `json:"amount"`
	Currency           string            `json:"currency"`
	Service            *string           `json:"service"`
	PointAmount        *wire.Number      `json:"point_amount"`
	PointCurrency      string            `json:"point_currency"`
	ProcessedAmount    *wire.Number      `json:"processed_amount"`
	ReferenceID        *string           `json:"reference_id"`
	Memo               *string           `json:"memo"`
	Description        *string           `json:"description"`
	Fields             map[string]string `json:"fields"` // masked
	TestMode           bool              `json:"test_mode"`
	Autoprocess        bool              `json:"autoprocess"`
	Split              bool              `json:"split_mode"`
	Parallel           bool              `json:"parallel_mode"`
	Partially          bool              `json:"allow_partially"`
	AttemptsLimit      int               `json:"attempts_limit"`
	Attempts           int               `json:"attempts"`
	Queued             bool              `json:"waits_for_funds"`
	CallbackURL        *string           `json:"callback_url"`
	Metadata           wire.Object       `json:"metadata"`
	Payouts            []payoutBrief     `json:"payouts"`
	Expires            *int64            `json:"expires"`
	Created            *int64            `json:"created"`
	Updated            *int64            `json:"updated"`
	Processed          *int64            `json:"processed"`
}

// payoutBrief is a payout in its request's attributes.
type payoutBrief struct {
	ID       string       `json:"id"`
	RRN      *string      `json:"rrn"`
	Amount   *wire.Number `json:"amount"`
	Currency string       `json:"currency"`
	Status   string       `json:"status"`
	*payoutInside
}

// payoutInside is what is told of a payout where its point says that internal
// data may be shown.
type payoutInside struct {
	Payload      *requestPayload   `json:"payload"`
	ProviderID   *string           `json:"provider_id"`
	ProviderCode *string           `json:"provider_code"`
	Resolution   payout.Resolution `json:"resolution"`
}

// around is what a request is shown with.
type around struct {
	mode   engine.Mode
	point  *engine.Point // nil when it is not known
	method string        // of its service
}

// showRequest is the resource of a request. Where its point says so, it tells
// of payouts that failed too, and where they went.
func showRequest(v *engine.View, with around) resource {
	r, x, m := &v.Request, readExtra(&v.Request), with.mode
	point := with.point
	if point == nil {
		point = &engine.Point{}
	}
	inside := point.Internal
	id := prefixRequest + r.ID
	at := requestAttributes{
		Status: statusOf(r), Resolution: resolutionOf(r), ModerationRequired: r.Moderation != "", ModerationReason: shown(r.Moderation),
		Amount: decimal(r.Amount), Currency: r.Amount.Currency().Code(), Service: shown(r.Service),
		PointAmount: decimal(r.Amount), PointCurrency: r.Amount.Currency().Code(), ProcessedAmount: decimal(processed(r)),
		ReferenceID: shown(r.Ref), Memo: shown(r.Memo), Description: shown(x.Description), Fields: fieldsOf(r, x), TestMode: m == engine.Test,
		Autoprocess: r.AutoFulfill, Split: r.Split, Parallel: r.Parallel, Partially: !r.Whole, AttemptsLimit: r.AttemptsLimit, Attempts: attempts(r),
		Queued: r.Queued, CallbackURL: shown(r.CallbackURL), Metadata: wire.Object(`{}`), Payouts: []payoutBrief{},
		Expires: unix(r.Expires), Created: unix(r.Created), Updated: unix(r.Changed),
	}
	if len(r.Metadata) > 0 {
		at.Metadata = wire.Object(r.Metadata)
	}
	if r.Stage.Ended() {
		at.Processed = unix(r.Changed)
	}
	var ids []string
	for i := range r.Payouts {
		p := &r.Payouts[i]
		ids = append(ids, p.ID)
		if inside || p.Status != payout.Failed && p.Status != payout.Cancelled {
			at.Payouts = append(at.Payouts, brief(p, inside))
		}
	}
	return resource{
		Type: typeRequest, ID: id, Attributes: at, Links: &self{requestsPath + "/" + id},
		Relations: related{
			"payout-point":   one(typePoint, prefixed(engine.PrefixPoint, r.Point)),
			"payout-service": one(typeService, r.Service),
			"payout-method":  one(typeMethod, with.method),
			"rate-schema":    one(typeRates, ratesID(point.RateScheme)),
			"routing-schema": one(typeScheme, prefixed(engine.PrefixScheme, point.Scheme)),
			"customer":       one("customers", r.Customer),
			"payouts":        many(typePayout, ids),
		},
	}
}

func brief(p *payout.Payout, inside bool) payoutBrief {
	b := payoutBrief{ID: p.ID, Amount: decimal(p.Amount), Currency: p.Amount.Currency().Code(), Status: payoutStatus(p.Status)}
	if inside {
		b.payoutInside = &payoutInside{Payload: payloadOf(p), ProviderID: shown(p.Ref), ProviderCode: shown(p.Code), Resolution: payout.Resolve(p.Resolution, p.Status)}
	}
	return b
}

// fieldsOf are the masked details, by the service's own keys where the request
// was made here.
func fieldsOf(r *engine.Request, x extra) map[string]string {
	switch {
	case x.Fields != nil:
		return x.Fields
	case r.Masked != nil:
		return r.Masked
	}
	return map[string]string{}
}

// resolutionOf is why the request stands where it stands: its own reason, or
// that of its latest payout that has one.
func resolutionOf(r *engine.Request) payout.Resolution {
	if r.Resolution != "" {
		return r.Resolution
	}
	switch r.Stage {
	case payout.AllPaid, payout.SomePaid, payout.Ready, payout.Draft:
		return payout.OK
	case payout.Expired:
		return payout.OperationExpired
	}
	for i := len(r.Payouts) - 1; i >= 0; i-- {
		if res := payout.Resolve(r.Payouts[i].Resolution, r.Payouts[i].Status); res != payout.OK {
			return res
		}
	}
	return payout.OK
}

// processed is what has been paid, in the request's currency; not set before
// anything was.
func processed(r *engine.Request) money.Amount {
	var sum money.Amount
	for _, p := range r.Payouts {
		if p.Status == payout.Paid || p.Status == payout.PartlyPaid {
			if next, err := sum.Add(p.Covers()); err == nil { // they are parts of one amount
				sum = next
			}
		}
	}
	return sum
}

// attempts is how many payouts were made in the place of others.
func attempts(r *engine.Request) int {
	pieces := map[int]bool{}
	for _, p := range r.Payouts {
		pieces[p.Piece] = true
	}
	return len(r.Payouts) - len(pieces)
}
