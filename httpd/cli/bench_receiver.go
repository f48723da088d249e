package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/engine/webhook"
)

// benchNotice is what a webhook said of a payout's end.
type benchNotice struct{ payout, status string }

// benchReceiver takes the server's webhooks and hands each to who waits for
// its payout. Payouts are told apart by their merchant_order_reference_id,
// which the bench chooses, so that a webhook that overtakes the answer to the
// create finds its waiter too.
type benchReceiver struct {
	secret webhook.Secret // zero: signatures are not looked at
	server *fasthttp.Server
	ended  chan error

	taken  atomic.Uint64 // webhooks that told of an end somebody waited for
	strays atomic.Uint64 // good ones that nobody waited for
	bad    atomic.Uint64 // refused: signature, or not to be read

	mu      sync.Mutex
	waiters map[string]chan benchNotice // at most one a worker
}

// newBenchReceiver listens at addr until stop.
func newBenchReceiver(addr string, secret webhook.Secret) (*benchReceiver, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for webhooks: %w", err)
	}
	r := &benchReceiver{secret: secret, ended: make(chan error, 1), waiters: map[string]chan benchNotice{}}
	r.server = &fasthttp.Server{
		Handler: r.serve, Name: "penstock-bench", CloseOnShutdown: true, MaxRequestBodySize: 1 << 20, NoDefaultDate: true, NoDefaultContentType: true,
		ReadTimeout: benchPatience, WriteTimeout: benchPatience, IdleTimeout: benchPatience, Concurrency: 1024,
	}
	go func() { r.ended <- r.server.Serve(ln) }()
	return r, nil
}

// stop closes the listener and waits, within a bound, for calls in flight.
func (r *benchReceiver) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := r.server.ShutdownWithContext(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // a kept connection that the daemon has not let go of
	}
	return errors.Join(err, <-r.ended)
}

// expect says that the caller is going to wait for the payout of that
// reference. It must end with forget.
func (r *benchReceiver) expect(ref string) <-chan benchNotice {
	ch := make(chan benchNotice, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiters[ref] = ch
	return ch
}

func (r *benchReceiver) forget(ref string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiters, ref)
}

// serve acknowledges every delivery that can be read and believed, also of
// payouts that are not the bench's: they would be sent again and again.
func (r *benchReceiver) serve(rc *fasthttp.RequestCtx) {
	body := rc.PostBody()
	if err := r.verify(rc, body); err != nil {
		r.bad.Add(1)
		rc.SetStatusCode(fasthttp.StatusUnauthorized)
		return
	}
	_, object, found := bytes.Cut(body, []byte(`"object":`))
	if !found {
		r.bad.Add(1)
		rc.SetStatusCode(fasthttp.StatusBadRequest)
		return
	}
	status := benchMember(object, `"status":"`)
	if !benchEnded(status) {
		return // initiated: its end comes later
	}
	ref := benchMember(object, `"merchant_order_reference_id":"`)
	r.mu.Lock()
	ch := r.waiters[ref]
	delete(r.waiters, ref)
	r.mu.Unlock()
	if ch == nil {
		r.strays.Add(1)
		return
	}
	r.taken.Add(1)
	ch <- benchNotice{benchMember(object, `"payout_id":"`), status} // has room: whoever took it from the map sends once
}

func (r *benchReceiver) verify(rc *fasthttp.RequestCtx, body []byte) error {
	if r.secret.IsZero() {
		return nil
	}
	header := http.Header{}
	for _, name := range []string{webhook.HeaderID, webhook.HeaderTimestamp, webhook.HeaderSignature} {
		for _, v := range rc.Request.Header.PeekAll(name) {
			header.Add(name, string(v))
		}
	}
	return webhook.Verify([]webhook.Verifier{r.secret}, header, body, time.Now(), webhook.Tolerance)
}
