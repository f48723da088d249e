package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/engine"
)

// Reply is an answer. A call that returns one instead of a value to encode
// has the last word on status, body and headers.
type Reply struct {
	Status int // 0 means 200
	Body   []byte
	// Header is added to what every answer bears, and replaces it where the
	// names are equal; a repeated Set-Cookie is sent as often. An empty value
	// takes the header away.
	Header [][2]string
	// Stream writes a long body, instead of Body. It runs after the call has
	// returned, under the funnel's base context; its error cuts the connection,
	// so that a half body can't be taken for a whole one.
	Stream func(ctx context.Context, w io.Writer) error
}

// every is on every answer; the contracts name the first, the others keep
// browsers from doing anything with an answer that they weren't asked to.
var every = [...][2]string{
	{"Strict-Transport-Security", "max-age=31536000"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cache-Control", "no-store"},
	{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
}

// everyBytes is every as fasthttp takes it, who copies it.
var everyBytes = func() (out [len(every)][2][]byte) {
	for i, kv := range every {
		out[i] = [2][]byte{[]byte(kv[0]), []byte(kv[1])}
	}
	return out
}()

// write puts the reply into fasthttp's response. It is the only place that
// does, errors and refusals included.
func (f *Funnel) write(rc *fasthttp.RequestCtx, d *Dialect, c *Call, r Reply) {
	h := &rc.Response.Header
	rc.Response.SetStatusCode(r.status())
	h.SetContentType(d.contentType())
	for _, kv := range everyBytes {
		h.SetCanonical(kv[0], kv[1])
	}
	h.Set("X-Request-Id", c.RequestID)
	for _, kv := range r.Header {
		if kv[0] == "Set-Cookie" || kv[0] == "set-cookie" {
			h.Add(kv[0], kv[1])
			continue
		}
		if kv[1] == "" {
			h.Del(kv[0])
			continue
		}
		h.Set(kv[0], kv[1])
	}
	if r.Stream == nil {
		rc.Response.SetBodyRaw(r.Body)
		return
	}
	if c.Method == fasthttp.MethodHead {
		return // fasthttp would send the end of a body that isn't there
	}
	rc.Response.SetBodyStream(f.stream(r.Stream, c.RequestID), -1)
}

func (r Reply) status() int {
	if r.Status == 0 {
		return fasthttp.StatusOK
	}
	return r.Status
}

// faultHeaders are those that belong to an error whatever the dialect.
func faultHeaders(err error) [][2]string {
	var method *MethodError
	if errors.As(err, &method) {
		allow := ""
		for i, m := range method.Allow {
			if i > 0 {
				allow += ", "
			}
			allow += m
		}
		return [][2]string{{"Allow", allow}}
	}
	var limited *RateError
	var refused *engine.Error
	switch {
	case errors.As(err, &limited):
		return retryAfter(limited.RetryAfter)
	case errors.As(err, &refused) && refused.After > 0:
		return retryAfter(refused.After)
	}
	return nil
}

func retryAfter(d time.Duration) [][2]string {
	return [][2]string{{"Retry-After", strconv.FormatInt(max(int64((d+time.Second-1)/time.Second), 1), 10)}}
}

// streaming is the reading end of a Stream; closing it waits until the writer
// has ended.
type streaming struct {
	*io.PipeReader
	ended chan struct{}
}

func (s *streaming) Close() error {
	err := s.PipeReader.Close()
	<-s.ended
	return err
}

func (f *Funnel) stream(fill func(context.Context, io.Writer) error, requestID string) io.ReadCloser {
	r, w := io.Pipe()
	s := &streaming{PipeReader: r, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		err := f.filled(fill, w, requestID)
		w.CloseWithError(err)
	}()
	return s
}

// filled runs fill and turns a panic into an error: outside of a handler it
// would end the process.
func (f *Funnel) filled(fill func(context.Context, io.Writer) error, w io.Writer, requestID string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			f.logPanic(p, requestID)
			err = fmt.Errorf("stream: %w", ErrInternal)
		}
	}()
	return fill(f.base, w)
}
