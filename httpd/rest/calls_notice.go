package rest

import (
	"context"
	"net/http"

	"penstock/engine"
	"penstock/httpd/wire"
)

// observe takes a provider's own notification. Its signature, checked by the
// connector over the raw bytes, is all that it is believed by.
func (a *API) observe(ctx context.Context, _ engine.Caller, c *wire.Call, body wire.Raw) (wire.Reply, error) {
	header := http.Header{}
	for _, name := range noticeHeaders() {
		for _, v := range c.HeaderAll(name) {
			header.Add(name, v)
		}
	}
	if err := a.Engine.Observe(ctx, c.Param("merchant"), c.Param("account"), header, body); err != nil {
		return wire.Reply{}, err
	}
	return ok([]byte(`{"status":"ok"}`)), nil
}

// noticeHeaders are the headers that connectors read: the test provider's
// signature, and what the standard for webhooks has.
func noticeHeaders() []string {
	return []string{"Content-Type", "X-Sandbox-Signature", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}
}
