package rest

import (
	"penstock/engine"
	"penstock/httpd/wire"
)

// webhookBody is the envelope in which a payout's change is told.
type webhookBody struct {
	MerchantID string         `json:"merchant_id"`
	EventID    string         `json:"event_id"`
	EventType  string         `json:"event_type"`
	Content    webhookContent `json:"content"`
	Timestamp  string         `json:"timestamp"`
	Processor  string         `json:"processor_merchant_id"`
}

type webhookContent struct {
	Type   string         `json:"type"`
	Object payoutResponse `json:"object"`
}

// Render makes this dialect's webhooks: engine.Config.Render["rest"]. Nothing
// is told of payouts that are pending or wait for the merchant.
func Render(o engine.Occasion) (kind string, body []byte, err error) {
	kind = eventType(statusOf(&o.View.Request))
	if kind == "" {
		return "", nil, nil
	}
	body, err = wire.Encode(webhookBody{
		MerchantID: o.Merchant, EventID: o.Event, EventType: kind, Timestamp: stamp(o.At), Processor: o.Merchant,
		Content: webhookContent{Type: "payout_details", Object: showPayout(o.Merchant, o.View)},
	})
	return kind, body, err
}
