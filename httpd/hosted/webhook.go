package hosted

import (
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
		v := shownOf(&o.View.Request, publicURL, s.ReturnedFails)
		if s.StandardWebhooks {
			body, err = wire.Encode(standardBody{kind, stamp(o.At), v})
		} else {
			body, err = wire.Encode(v)
		}
		return kind, body, err
	}
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
