package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"penstock/engine/webhook"
)

// receiver takes webhooks on this machine and checks both of their
// signatures, as a merchant's own receiver should.
type receiver struct {
	listen net.Listener
	got    chan received
	keys   chan receiverKeys // of size one; filled once the endpoint is registered
}

// receiverKeys are an endpoint's secrets.
type receiverKeys struct {
	secret webhook.Secret
	hash   webhook.Key
}

// received is one delivery.
type received struct {
	ID      string // webhook-id: the key against doubles
	Type    string
	Payout  string
	Status  string
	Body    []byte
	Problem error // nil: both signatures are right
}

// maxReceived bounds a delivery's body, in bytes.
const maxReceived = 1 << 20

func newReceiver(at string) (*receiver, error) {
	ln, err := net.Listen("tcp", at)
	if err != nil {
		return nil, err
	}
	return &receiver{listen: ln, got: make(chan received, 64), keys: make(chan receiverKeys, 1)}, nil
}

// address is where deliveries go.
func (r *receiver) address() string { return r.listen.Addr().String() }

// trust says which secrets the deliveries are signed with. Deliveries that
// come before it wait.
func (r *receiver) trust(secret, hash string) error {
	s, err := webhook.ParseSecret(secret)
	if err != nil {
		return err
	}
	k, err := webhook.ParseKey(hash)
	if err != nil {
		return err
	}
	r.keys <- receiverKeys{s, k}
	return nil
}

// serve takes deliveries until ctx ends.
func (r *receiver) serve(ctx context.Context) error {
	server := &http.Server{Handler: http.HandlerFunc(r.take), ReadTimeout: 10 * time.Second, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		server.Close()
	})
	err := server.Serve(r.listen)
	if !stop() {
		<-done
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxReceived))
	if err != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	var keys receiverKeys
	select {
	case keys = <-r.keys:
		r.keys <- keys
	case <-req.Context().Done():
		return
	}
	d := read(req.Header, body, keys)
	select {
	case r.got <- d:
	case <-req.Context().Done():
		return
	}
	if d.Problem != nil {
		http.Error(w, "signature", http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// read checks a delivery and picks out what a person wants to see.
func read(h http.Header, body []byte, keys receiverKeys) received {
	d := received{ID: h.Get(webhook.HeaderID), Body: body}
	d.Problem = webhook.Verify([]webhook.Verifier{keys.secret}, h, body, time.Now(), webhook.Tolerance)
	if d.Problem == nil && h.Get(webhook.HeaderHash512) != "" {
		d.Problem = webhook.VerifyHash512(keys.hash, h, body)
	}
	var content struct {
		Type    string `json:"event_type"`
		Content struct {
			Object struct {
				Payout string `json:"payout_id"`
				Status string `json:"status"`
			} `json:"object"`
		} `json:"content"`
	}
	if json.Unmarshal(body, &content) == nil {
		d.Type, d.Payout, d.Status = content.Type, content.Content.Object.Payout, content.Content.Object.Status
	}
	return d
}
