package rest

import (
	"penstock/engine"
	"penstock/engine/payin"
	"penstock/httpd/wire"
)

// webhookBody is the envelope in which a change is told.
type webhookBody struct {
	MerchantID string         `json:"merchant_id"`
	EventID    string         `json:"event_id"`
	EventType  string         `json:"event_type"`
	Content    webhookContent `json:"content"`
	Timestamp  string         `json:"timestamp"`
	Processor  string         `json:"processor_merchant_id"`
}

type webhookContent struct {
	Type   string `json:"type"`
	Object any    `json:"object"`
}

// Render makes this dialect's webhooks: engine.Config.Render["rest"]. Nothing
// is told of payouts that are pending or wait for the merchant.
func Render(o engine.Occasion) (kind string, body []byte, err error) {
	kind = eventType(statusOf(&o.View.Request))
	if kind == "" {
		return "", nil, nil
	}
	m, out := wire.NewMembers(2048), showPayout(o.Merchant, o.View)
	m.Text("merchant_id", o.Merchant)
	m.Text("event_id", o.Event)
	m.Text("event_type", kind)
	m.Inner("content", func(m *wire.Members) {
		m.Text("type", "payout_details")
		m.Inner("object", out.write)
	})
	m.Text("timestamp", stamp(o.At))
	m.Text("processor_merchant_id", o.Merchant)
	body, err = m.End()
	return kind, body, err
}

// paymentEvents are what webhooks about payments are called, by status; of the
// others nobody is told.
func paymentEvents() map[payin.Status]string {
	return map[payin.Status]string{payin.Succeeded: "payment_succeeded", payin.Failed: "payment_failed", payin.Cancelled: "payment_cancelled", payin.Processing: "payment_processing",
		payin.NeedsAction: "action_required", payin.NeedsCapture: "payment_authorized", payin.PartlyCaptured: "payment_captured"}
}

// refundEvents are what webhooks about refunds are called, by status.
func refundEvents() map[string]string {
	return map[string]string{"succeeded": "refund_succeeded", "failed": "refund_failed"}
}

// RenderPayment makes this dialect's webhooks about payments and refunds.
func RenderPayment(o engine.PaymentOccasion) (kind string, body []byte, err error) {
	content := webhookContent{Type: "payment_details", Object: showPayment(o.Merchant, o.Payment)}
	if kind = paymentEvents()[o.Payment.Status]; kind == "" || readPayment(o.Payment.Extra).Secret == "" { // another dialect's
		return "", nil, nil
	}
	if o.Refund != nil {
		kind, content = refundEvents()[o.Refund.Status], webhookContent{Type: "refund_details", Object: showRefund(o.Payment, o.Refund)}
	}
	body, err = wire.Encode(webhookBody{MerchantID: o.Merchant, EventID: o.Event, EventType: kind, Timestamp: stamp(o.At), Processor: o.Merchant, Content: content})
	return kind, body, err
}
