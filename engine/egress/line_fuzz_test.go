package egress

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// FuzzAnswer gives any bytes as an answer: they end in a status or in an error
// that doesn't show them, the body's end is found, and the use of the line ends
// once.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(fine))
	f.Add([]byte(parting))
	f.Add([]byte("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + fine))
	f.Add([]byte("HTTP/1.0 200\r\n\r\nok"))
	f.Add([]byte("SSH-2.0-secretsecret\r\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		near, far := net.Pipe()
		defer near.Close()
		done := make(chan struct{}, 1)
		go func() {
			defer func() { done <- struct{}{} }()
			defer far.Close()
			req, err := http.ReadRequest(bufio.NewReader(far))
			if err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = far.Write(answer)
			}
		}()
		c := newCourier(dialer{plain: true, opts: Options{PerHost: 1, Idle: 1, IdlePerHost: 1}})
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://hook.example/", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		h, err := c.enter(t.Context(), req.URL)
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		resp, err := newLine(c, h, near, near).exchange(t.Context(), func() { ended++ }, req)
		if err != nil {
			if text := string(answer); len(text) > 12 && strings.Contains(err.Error(), text[:12]) {
				t.Errorf("%v shows what came", err)
			}
			c.leave(h)
		} else {
			if resp.StatusCode < 101 {
				t.Errorf("status %d is no answer", resp.StatusCode)
			}
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 16<<10))
			resp.Body.Close()
			resp.Body.Close()
			if ended != 1 {
				t.Errorf("the line ended %d times", ended)
			}
		}
		near.Close()
		<-done
		if len(c.hosts) != 0 {
			t.Error("the host's slot is still taken")
		}
	})
}
