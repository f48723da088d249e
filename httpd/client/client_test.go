package client

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// daemonAt serves h at a socket.
func daemonAt(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = ln
	s.Start()
	t.Cleanup(s.Close)
	return New(path)
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

// TestLostAnswerIsNotAFailure: after a request that changes something went
// out, nobody may say that it failed; before it went out, everybody may.
func TestLostAnswerIsNotAFailure(t *testing.T) {
	var calls atomic.Int32
	c := daemonAt(t, func(w http.ResponseWriter, r *http.Request) { calls.Add(1); cut(w, r) })
	_, err := c.CreatePayout(t.Context(), NewPayout{Amount: "1", Currency: "EUR"}, "key-1")
	if !errors.Is(err, ErrOutcome) {
		t.Errorf("a create whose answer was lost: %v, want ErrOutcome", err)
	}
	if got := calls.Load(); got != 1 {
		t.Errorf("it went out %d times, want once: nothing is repeated by itself", got)
	}
	if _, err := c.Status(t.Context()); err == nil || errors.Is(err, ErrOutcome) {
		t.Errorf("a look whose answer was lost: %v, want an error that leaves nothing in doubt", err)
	}
	gone := New(filepath.Join(t.TempDir(), "nobody"))
	if _, err := gone.CreatePayout(t.Context(), NewPayout{}, ""); !errors.Is(err, ErrNoDaemon) || errors.Is(err, ErrOutcome) {
		t.Errorf("without a daemon: %v, want ErrNoDaemon alone", err)
	}
}

func TestRefusalIsReadWhole(t *testing.T) {
	c := daemonAt(t, func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Get("Idempotency-Key"); key != "key-1" {
			t.Errorf("Idempotency-Key %q, want key-1", key)
		}
		w.WriteHeader(http.StatusConflict)
		w.Write([]byte(`{"error":{"code":"state","message":"no","hint":"wait","id":"payout_1"}}`))
	})
	_, err := c.CreatePayout(t.Context(), NewPayout{}, "key-1")
	var said *Error
	if !errors.As(err, &said) || *said != (Error{HTTP: 409, Code: "state", Message: "no", Hint: "wait", ID: "payout_1"}) {
		t.Errorf("got %#v", err)
	}
}

// TestHalfAStreamIsAnError: a backup or a check that was cut must not look
// whole.
func TestHalfAStreamIsAnError(t *testing.T) {
	c := daemonAt(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("{\"done\":1000}\n"))
		w.(http.Flusher).Flush()
		cut(w, r)
	})
	var out bytes.Buffer
	if err := c.Backup(t.Context(), &out); err == nil {
		t.Error("half a backup was taken for whole")
	}
	seen := 0
	if _, err := c.Check(t.Context(), func(done int) { seen = done }); err == nil || seen != 1000 {
		t.Errorf("half a check gave %v after %d records, want an error after 1000", err, seen)
	}
}

// TestIdCannotLeaveItsPath: an id is one part of the path, whatever is in it.
func TestIdCannotLeaveItsPath(t *testing.T) {
	c := daemonAt(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Count(r.URL.Path, "/") != 2 || r.URL.RawQuery != "merchant_id=m&mode=test" {
			t.Errorf("asked for %s?%s", r.URL.Path, r.URL.RawQuery)
		}
		w.Write([]byte(`{}`))
	})
	for _, id := range []string{"payout_1", "../x", "a/b?c=d", "%2e%2e", "a b"} {
		if _, err := c.Payout(t.Context(), Scope{"m", "test"}, id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
}
