package jsonapi

import (
	"fmt"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

const (
	typePayout    = "payouts"
	typeEvent     = "payout-request-events"
	typeStatement = "payout-statements"
)

const payoutsPath = "/v1/payout-gateway/payouts"

// payoutAttributes is a payout as it is shown.
type payoutAttributes struct {
	Status              string            `json:"status"`
	Resolution          payout.Resolution `json:"resolution"`
	ModerationRequired  bool              `json:"moderation_required"`
	Conflict            bool              `json:"conflict"` // statements about it contradict each other
	Amount              *wire.Number      `json:"amount"`
	Currency            string            `json:"currency"`
	ProcessedAmount     *wire.Number      `json:"processed_amount"`
	Fee                 *wire.Number      `json:"fee"`
	Service             string            `json:"service"`
	Payload             *requestPayload   `json:"request_payload"`
	Reference           string            `json:"reference"`
	ProviderReferenceID string            `json:"provider_reference_id"` // what the provider got as its reference
	ProviderOriginalID  *string           `json:"provider_original_id"`  // the provider's own
	ProviderCode        *string           `json:"provider_code"`
	ProviderMessage     *string           `json:"provider_message"`
	RRN                 *string           `json:"rrn"`
	Memo                string            `json:"memo"`
	Fields              map[string]string `json:"fields"` // masked
	TestMode            bool              `json:"test_mode"`
	Autoprocess         bool              `json:"autoprocess"`
	Piece               int               `json:"piece"` // of a split request, which piece it pays, from 1; 0 is the whole
	Attempts            int               `json:"attempts"`
	Created             *int64            `json:"created"`
	Updated             *int64            `json:"updated"`
	Processed           *int64            `json:"processed"`
}

// requestPayload is the part of the request's amount that a payout pays, and
// the rate from it to the payout's amount.
type requestPayload struct {
	Rate     *string      `json:"exchange_rate"` // eight decimals; null between the same currency
	Amount   *wire.Number `json:"amount"`
	Currency string       `json:"currency"`
}

func payloadOf(p *payout.Payout) *requestPayload {
	out := &requestPayload{Amount: decimal(p.Asks()), Currency: p.Asks().Currency().Code()}
	var rate fx.Rate
	if p.Rate != "" && rate.UnmarshalText([]byte(p.Rate)) == nil {
		out.Rate = shown(rate.String8())
	}
	return out
}

// showPayout is the resource of a payout of a request.
func showPayout(v *engine.View, p *payout.Payout, m engine.Mode) resource {
	r := &v.Request
	at := payoutAttributes{
		Status: payoutStatus(p.Status), Resolution: payout.Resolve(p.Resolution, p.Status), ModerationRequired: r.Moderation != "" && !p.Status.Ended(), Conflict: disputed(r, p),
		Amount: decimal(p.Amount), Currency: p.Amount.Currency().Code(), Service: p.Service, Payload: payloadOf(p),
		Reference: p.Key(), ProviderReferenceID: p.Key(), ProviderOriginalID: shown(p.Ref), ProviderCode: shown(p.Code), ProviderMessage: shown(p.Message),
		Memo: r.Memo, Fields: fieldsOf(r, readExtra(r)), TestMode: m == engine.Test, Autoprocess: r.AutoFulfill, Piece: p.Piece, Attempts: p.Attempt,
		Created: unix(p.Created), Updated: unix(p.Changed),
	}
	if p.Fee.IsSet() {
		at.Fee = decimal(p.Fee)
	}
	if at.Memo == "" {
		at.Memo = "Operation " + prefixRequest + r.ID
	}
	if p.Status == payout.Paid || p.Status == payout.PartlyPaid || p.Status == payout.Returned {
		at.ProcessedAmount = decimal(moved(p))
	}
	if p.Status.Ended() {
		at.Processed = unix(p.Changed)
	}
	return resource{
		Type: typePayout, ID: p.ID, Attributes: at, Links: &self{payoutsPath + "/" + p.ID},
		Relations: related{
			"payout-request":   one(typeRequest, prefixRequest+r.ID),
			"payout-service":   one(typeService, p.Service),
			"payout-route":     one(typeRoute, prefixed(engine.PrefixRoute, p.Route)),
			"deposit-account":  one(typeDeposit, prefixed(engine.PrefixDeposit, p.Deposit)),
			"provider-account": one(typeAccount, shownAccount(p.Account)),
		},
	}
}

func moved(p *payout.Payout) money.Amount {
	if p.Moved.IsSet() {
		return p.Moved
	}
	return money.New(0, p.Amount.Currency())
}

func disputed(r *engine.Request, p *payout.Payout) bool {
	for _, n := range r.Disputed {
		if n == p.N {
			return true
		}
	}
	return false
}

// eventAttributes is one line of a request's history.
type eventAttributes struct {
	Event    string  `json:"event"`
	Status   *string `json:"status"` // of the payout, or of the request where it is of none
	Payout   *string `json:"payout_id"`
	Actor    *string `json:"actor"`
	Message  *string `json:"message"`
	Repeated int     `json:"repeated"` // times that it was said again
	Last     *int64  `json:"last"`
	Created  *int64  `json:"created"`
}

func showEvent(r *engine.Request, l *engine.Line) resource {
	at := eventAttributes{Event: l.What, Actor: shown(l.By), Message: shown(l.Text), Repeated: l.More, Last: unix(l.Last), Created: unix(l.At)}
	switch {
	case l.On > 0:
		at.Status = shown(payoutStatus(payout.Status(l.To)))
		for i := range r.Payouts {
			if r.Payouts[i].N == l.On {
				at.Payout = &r.Payouts[i].ID
			}
		}
	default:
		at.Status = shown(stageStatus(payout.Stage(l.To)))
	}
	return resource{Type: typeEvent, ID: fmt.Sprintf("%s%s_%d", prefixEvent, r.ID, l.Seq), Attributes: at,
		Relations: related{"payout-request": one(typeRequest, prefixRequest+r.ID)}}
}

// statementAttributes is what somebody said about a payout's fate.
type statementAttributes struct {
	Source        string            `json:"source"`
	Status        string            `json:"status"` // pending, success or fail
	Resolution    payout.Resolution `json:"resolution"`
	RawStatus     string            `json:"statement_status"`
	RawResolution *string           `json:"statement_resolution"`
	ExternalID    *string           `json:"external_id"`
	Description   *string           `json:"description"`
	Author        *string           `json:"author"`
	Repeated      int               `json:"repeated"`
	Created       *int64            `json:"created"`
}

func showStatement(p *payout.Payout, s *engine.Statement) resource {
	at := statementAttributes{
		Source: sourceWord(s.Source), Status: verdictWord(s.Said.Verdict), Resolution: payout.Resolve(s.Said.Resolution, p.Status),
		RawStatus: string(s.Said.Verdict), RawResolution: shown(first(s.Said.Code, s.Said.Resolution)), ExternalID: shown(s.Said.Ref),
		Description: shown(first(s.Said.Message, s.Text)), Author: shown(s.Said.By), Repeated: s.More, Created: unix(s.At),
	}
	if at.Status == "success" {
		at.Resolution = payout.OK
	}
	return resource{Type: typeStatement, ID: fmt.Sprintf("%s%s_%d", prefixStatement, inner(engine.PrefixPayout, p.ID), s.Seq), Attributes: at,
		Relations: related{"payout": one(typePayout, p.ID)}}
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// sourceWord is who made a statement, in this dialect's words.
func sourceWord(s payout.Source) string {
	switch s {
	case payout.FromSend:
		return "api_response"
	case payout.FromLookup, payout.FromReport:
		return "reconciliation"
	case payout.FromNotice:
		return "notification"
	}
	return "manual"
}

// verdictWord is what a statement says of the money.
func verdictWord(v connector.Verdict) string {
	switch v {
	case connector.Paid, connector.PartlyPaid:
		return "success"
	case connector.Rejected, connector.Returned:
		return "fail"
	}
	return "pending"
}
