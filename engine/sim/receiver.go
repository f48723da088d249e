package sim

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"penstock/engine"
)

// Receiver is where webhooks arrive. It answers 200, or 500 with the chance
// Fail; Seen counts by message id what it has acknowledged.
type Receiver struct {
	w      *World
	Fail   float64
	Answer int // every answer's status; zero: 200
	Seen   map[string]int
	Got    []Message
}

// Message is one webhook as it arrived.
type Message struct {
	Host   string
	At     time.Time
	Header http.Header
	Body   []byte
	Status int
}

// RoundTrip implements http.RoundTripper.
func (r *Receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	m := Message{Host: req.URL.Hostname(), At: r.w.Clock.Now(), Header: req.Header.Clone(), Body: body, Status: http.StatusOK}
	if r.w.Break.Receive != nil {
		r.w.Break.Receive(r.w, &m)
	}
	if r.Answer != 0 {
		m.Status = r.Answer
	}
	if r.w.Rand.Float64() < r.Fail {
		m.Status = http.StatusInternalServerError
	}
	if m.Status == http.StatusOK {
		r.Seen[req.Header.Get("webhook-id")]++
	}
	r.Got = append(r.Got, m)
	return &http.Response{StatusCode: m.Status, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

// rerendered is a webhook's body as the state is now.
func (w *World) rerendered(body []byte) []byte {
	var b struct{ Request string }
	if err := json.Unmarshal(body, &b); err != nil {
		return body
	}
	for _, m := range []string{"shop", "other"} {
		c := engine.Caller{Scope: engine.Scope{Merchant: m, Mode: engine.Test}}
		if v, err := w.Engine.Get(w.Ctx, c, engine.PrefixRequest, engine.PrefixRequest+b.Request); err == nil {
			_, now, _ := told(engine.Occasion{View: v})
			return now
		}
	}
	return body
}
