package engine

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"penstock/engine/webhook"
	"penstock/locker"
	"penstock/store"
)

// deliver makes one attempt at a claimed delivery and writes down what came
// of it. The body is the one first rendered; time and signature are fresh.
func (e *Engine) deliver(ctx context.Context, j *job) error {
	d, p := j.message, j.to
	if j.late {
		defer e.ring()
		return e.delivered(ctx, j, func(d *Delivery, now time.Time) { d.Due = now })
	}
	if p == nil || p.Disabled {
		return e.delivered(ctx, j, func(d *Delivery, _ time.Time) { d.State, d.Due = GoneAway, time.Time{} })
	}
	jitter, err := e.jitter()
	if err != nil {
		return err
	}
	body := j.body
	if body == nil {
		body, err = e.openMessage(ctx, j.Scope, d)
	}
	if errors.Is(err, locker.ErrErased) { // its customer was redacted meanwhile
		return e.delivered(ctx, j, func(d *Delivery, _ time.Time) { d.State, d.Due, d.Manual = Exhausted, time.Time{}, nil })
	}
	if err != nil {
		return err
	}
	start, began := e.pulse.now()
	answer, status, failure := e.post(ctx, d, body, p, j.Scope, start)
	_, ended := e.pulse.now()
	e.stats.Attempts.Add(1)
	e.reached(d.retryLane(j.Scope), d.isRetry(), answer.Verdict)
	j.landed = answer.Verdict == webhook.Delivered
	e.leaveLane(j)
	try := Attempt{At: start, Took: ended.Mono - began.Mono, Status: status, Error: failure, Kind: kindOf(d)}
	return e.delivered(ctx, j, func(d *Delivery, now time.Time) { d.attempted(now, try, answer, jitter) })
}

func kindOf(d *Delivery) string {
	switch {
	case d.Manual != nil:
		return "manual_retry"
	case d.Tries == 0:
		return "initial_attempt"
	}
	return "automatic_retry"
}

// post sends the message. A failure is told in words that bear nothing of
// what the receiver answered: an answer could come from inside a network that
// the merchant must not read.
func (e *Engine) post(ctx context.Context, d *Delivery, body []byte, p *Endpoint, s Scope, now time.Time) (webhook.Answer, int, string) {
	secrets, err := e.endpointSecrets(ctx, s, p, d.Token)
	if err != nil {
		return webhook.Answer{}, 0, "the endpoint's secrets cannot be opened"
	}
	header, err := webhook.Sign(webhook.Profile(d.Profile), secrets, d.Message, now, body)
	if err != nil {
		return webhook.Answer{}, 0, "the message cannot be signed"
	}
	call, cancel := context.WithTimeout(ctx, e.Timing.Deliver)
	defer cancel()
	url := p.URL
	if d.URL != "" && p.URL == "" {
		url = d.URL
	}
	req, err := http.NewRequestWithContext(call, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return webhook.Answer{}, 0, "the address cannot be called"
	}
	req.Header = header
	if err := e.addHeaders(ctx, s, p, header); err != nil {
		return webhook.Answer{}, 0, "the endpoint's headers cannot be opened"
	}
	resp, err := e.Transport.RoundTrip(req)
	if err != nil {
		e.Log.Debug("webhook got no answer", "delivery", d.ID, "endpoint", p.ID, "error", err)
		return webhook.Answer{}, 0, reason(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 16<<10)) // so that the connection can be used again
	return webhook.Judge(webhook.Profile(d.Profile), resp.StatusCode, resp.Header, now), resp.StatusCode, ""
}

// reason is why there was no answer, in words of our own. Those of the error
// could be the target's, or tell what a name resolves to inside.
func reason(err error) string {
	if word := cutShort(err); word != "" {
		return word
	}
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var refused interface{ ErrorCode() string }
	switch {
	case errors.As(err, &refused):
		return refused.ErrorCode()
	case errors.As(err, &name):
		return "the name cannot be resolved"
	case errors.As(err, &certificate):
		return "the certificate cannot be verified"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was cut before an answer"
	}
	return "no answer that can be read"
}

// cutShort is why a call was given up from this side; empty: it wasn't.
func cutShort(err error) string {
	var late interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) && late.Timeout():
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "the server is stopping"
	}
	return ""
}

// attempted writes an attempt into the record and decides what comes next.
func (d *Delivery) attempted(now time.Time, try Attempt, a webhook.Answer, jitter uint64) {
	d.Tries++
	d.Attempts = append(d.Attempts, try)
	if len(d.Attempts) > keepAttempts {
		d.Attempts = append([]Attempt(nil), d.Attempts[len(d.Attempts)-keepAttempts:]...)
	}
	before := d.Manual
	d.Manual = nil
	switch a.Verdict {
	case webhook.Delivered:
		d.State, d.Due = Delivered, time.Time{}
		return
	case webhook.Gone:
		d.State, d.Due = GoneAway, time.Time{}
		return
	}
	if before != nil {
		d.State, d.Due = before.State, time.Time{}
		if d.State == Waiting {
			d.Due = now.Add(before.Left)
		}
		return
	}
	d.Failures++
	delay, ok := webhook.Next(webhook.Profile(d.Profile), d.Failures, a, jitter)
	if !ok {
		d.State, d.Due = Exhausted, time.Time{}
		return
	}
	d.Due = now.Add(delay)
}

// delivered stores what fn makes of the delivery; a 410 disables the endpoint
// with it.
func (e *Engine) delivered(ctx context.Context, j *job, fn func(*Delivery, time.Time)) error {
	now, _ := e.pulse.now()
	return e.Store.Update(ctx, e.noting(func(tx store.Tx) error {
		d, err := load[Delivery](tx, bucketDelivery, j.key(j.id))
		if err != nil {
			return fmt.Errorf("find delivery: %w", err)
		}
		was := d.Due
		fn(d, now)
		if d.State == GoneAway {
			if err := disableEndpoint(tx, j.Scope, d.Endpoint, now); err != nil {
				return err
			}
		}
		return saveDelivery(tx, j.Scope, d, was)
	}))
}

func disableEndpoint(tx store.Tx, s Scope, id string, now time.Time) error {
	p, err := load[Endpoint](tx, bucketEndpoint, s.key(id))
	if errors.Is(err, store.ErrNotFound) || (err == nil && p.Disabled) {
		return nil
	}
	if err != nil {
		return err
	}
	if p.URL == "" {
		return nil // the way of many addresses: this message alone has come to its end
	}
	p.Disabled = true
	if err := keep(tx, bucketEndpoint, s.key(id), p); err != nil {
		return err
	}
	return audit(tx, now, Act{Actor: "penstock", Merchant: s.Merchant, Mode: s.Mode, Action: "endpoint.disable", Object: id, Note: "the receiver answered 410"})
}
