package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// TestAFloodIsTurnedAway sends more at one time than the server takes. What is
// too much is refused with a time to come back, everything that was
// acknowledged is there, a refused one was not made, and afterwards all is as
// before.
func TestAFloodIsTurnedAway(t *testing.T) {
	s := serveWith(t, func(c *Config) { c.Limits.Calls = 4 })
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	send := func(method, path, ref string, body []byte) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("api-key", s.key)
		req.Header.Set("Content-Type", "application/json")
		if ref != "" {
			req.Header.Set("Idempotency-Key", ref)
		}
		resp, err := client.Do(req)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		return resp, err
	}
	create := func(ref string) (*http.Response, error) {
		return send("POST", "/payouts/create", ref, fmt.Appendf(nil, `{"payout_id":%q,"amount":100,"currency":"EUR","confirm":false,"auto_fulfill":false}`, ref))
	}
	var made, refused sync.Map
	var turnedAway, sent atomic.Int64
	var crowd sync.WaitGroup
	for w := range 64 {
		crowd.Go(func() {
			for n := 0; n < 10 || turnedAway.Load() == 0 && sent.Load() < 20_000; n++ {
				ref := fmt.Sprintf("flood_%d_%d", w, n)
				sent.Add(1)
				resp, err := create(ref)
				switch {
				case err != nil:
					t.Errorf("%s: %v", ref, err)
					return
				case resp.StatusCode == 200:
					made.Store(ref, true)
				case resp.StatusCode == 429 && resp.Header.Get("Retry-After") == "1":
					refused.Store(ref, true)
					turnedAway.Add(1)
				default:
					t.Errorf("%s: HTTP %d, Retry-After %q", ref, resp.StatusCode, resp.Header.Get("Retry-After"))
				}
			}
		})
	}
	crowd.Wait()
	if turnedAway.Load() == 0 {
		t.Fatalf("none of %d was turned away", sent.Load())
	}
	count := func(all *sync.Map, want int) (n int) {
		all.Range(func(ref, _ any) bool {
			n++
			resp, err := send("GET", "/payouts/"+ref.(string), "", nil)
			if err != nil || resp.StatusCode != want {
				t.Errorf("%s: %v, want HTTP %d", ref, resp, want)
			}
			return !t.Failed()
		})
		return n
	}
	acknowledged := count(&made, 200)
	count(&refused, 404)
	if acknowledged == 0 {
		t.Error("none was taken")
	}
	refused.Range(func(ref, _ any) bool { // the way is free again, with the same key
		resp, err := create(ref.(string))
		if err != nil || resp.StatusCode != 200 {
			t.Errorf("%s, repeated: %v", ref, resp)
		}
		return false
	})
}
