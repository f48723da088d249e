package jsonapi

import (
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

// Render makes this dialect's callbacks: engine.Config.Render["jsonapi"]. The
// body is the resource as the API shows it.
func Render(o engine.Occasion) (kind string, body []byte, err error) {
	body, err = wire.Encode(document{Data: showRequest(o.View, around{o.Mode, o.Point, o.Method})})
	return eventType(statusOf(&o.View.Request)), body, err
}

// eventType is what a callback about a request of this status is called, e.g.
// payout-request.partially_processed.
func eventType(status string) string { return "payout-request." + strings.ToLower(status) }
