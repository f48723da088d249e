package hosted

import (
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// standardBody is a webhook in the form of Standard Webhooks, whose type is
// the event's: the payment's own lies inside.
type standardBody struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Data      shown  `json:"data"`
}

// Renderer makes this dialect's webhooks: engine.Config.Render["hosted"]. Only
// ends are told of, and money that came back. The body is the payment as GET
// shows it, but that its url bears no capability: webhooks are stored, logged
// and passed on.
func Renderer(publicURL string, s Settings) engine.Render {
	return func(o engine.Occasion) (kind string, body []byte, err error) {
		kind = eventOf(&o.View.Request, s)
		if kind == "" {
			return "", nil, nil
		}
		body, err = s.body(kind, o.At, shownOf(&o.View.Request, publicURL, s.ReturnedFails))
		return kind, body, err
	}
}

// PaymentRenderer makes this dialect's webhooks about pay-ins:
// engine.Config.RenderPayment["hosted"]. Only ends are told of.
func PaymentRenderer(publicURL string, s Settings) engine.RenderPayment {
	return func(o engine.PaymentOccasion) (kind string, body []byte, err error) {
		in := incomingOf(o.Payment)
		if !in.hosted() || o.Refund != nil {
			return "", nil, nil
		}
		switch status, _ := in.status(o.At); status {
		case succeeded:
			kind = eventSucceeded
		case failed:
			kind = eventFailed
		default:
			return "", nil, nil
		}
		body, err = s.body(kind, o.At, shownIn(in, publicURL, o.At))
		return kind, body, err
	}
}

// body is a webhook's, in the form that was chosen.
func (s Settings) body(kind string, at time.Time, v shown) ([]byte, error) {
	if s.StandardWebhooks {
		return wire.Encode(standardBody{kind, stamp(at), v})
	}
	return wire.Encode(v)
}

// Events that are told.
const (
	eventSucceeded = "payment.succeeded"
	eventFailed    = "payment.failed"
	eventReturned  = "payout.returned"
)

func eventOf(r *engine.Request, s Settings) string {
	switch {
	case r.Stage == payout.GivenBack && !s.ReturnedFails:
		return eventReturned
	case statusOf(r, s.ReturnedFails) == succeeded:
		return eventSucceeded
	case statusOf(r, s.ReturnedFails) == failed:
		return eventFailed
	}
	return ""
}
