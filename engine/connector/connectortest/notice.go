package connectortest

import (
	"bytes"
	"errors"
	"net/http"
	"reflect"

	"penstock/engine/connector"
)

func notificationIsVerifiedFirst(p *probe) {
	c := p.notified()
	n, ok := c.(connector.Notifier)
	if !ok {
		p.errorf("the harness has notifications and the connector reads none")
		return
	}
	header, body, want := p.Notice("key_notice")
	for range 2 { // a provider says things twice
		if got, err := n.Notification(header, body); err != nil || !reflect.DeepEqual(got, want) {
			p.errorf("true notification: got %+v, %v, want %+v", got, err, want)
		}
	}
	for what, forged := range forgeries(header, body) {
		if got, err := n.Notification(forged.header, forged.body); !errors.Is(err, connector.ErrSignature) || !reflect.DeepEqual(got, connector.Notice{}) {
			p.errorf("%s: got %+v, %v, want ErrSignature and nothing else", what, got, err)
		}
	}
}

// notified is the connector that reads notifications.
func (p *probe) notified() connector.Connector {
	if p.Build == nil {
		return p.Live(p.t).Connector
	}
	c, err := p.Build(http.DefaultTransport)(connector.Account{ID: "mca_test", Provider: "test", Test: true, BaseURL: "http://127.0.0.1:1", Secrets: p.Secrets})
	if err != nil {
		p.t.Fatalf("build connector: %v", err)
	}
	return c
}

type message struct {
	header http.Header
	body   []byte
}

// forgeries are messages that the provider did not sign, unreadable ones
// among them: the signature is judged before the body is.
func forgeries(header http.Header, body []byte) map[string]message {
	out := map[string]message{
		"no headers":            {http.Header{}, body},
		"no body":               {header, nil},
		"another body":          {header, bytes.Replace(body, []byte("key_notice"), []byte("key_forged"), 1)},
		"body with a blank":     {header, append(bytes.Clone(body), ' ')},
		"unreadable body":       {header, []byte("{")},
		"unsigned and not JSON": {http.Header{}, []byte("<html>")},
	}
	for name, values := range header {
		for i := range values {
			if name == "Content-Type" || name == "User-Agent" {
				continue
			}
			for what, change := range map[string]func(string) string{
				"cut":   func(v string) string { return v[:len(v)-1] },
				"other": func(v string) string { return v[:len(v)-1] + string(v[len(v)-1]^1) },
				"empty": func(string) string { return "" },
				"long":  func(v string) string { return v + "0" },
			} {
				h := header.Clone()
				h[name][i] = change(values[i])
				out[name+" "+what] = message{h, body}
			}
		}
	}
	return out
}
