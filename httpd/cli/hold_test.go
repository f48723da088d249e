package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"penstock/httpd/client"
)

// TestOlderStorePaysNothingTwice puts an old copy of the store's file in the
// place of the newest: the server starts on hold, takes no payout and sends
// none; it brings back from the provider what the copy had forgotten; and once
// a person has released it, each payout stands at the provider once.
func TestOlderStorePaysNothingTwice(t *testing.T) {
	t.Parallel()
	c := newRollback(t)
	c.serve()
	if _, err := c.ops.CreateMerchant(t.Context(), "other", "Who shares the provider"); err != nil { // and gets nothing of it
		t.Fatal(err)
	}
	ids := c.pay(30)
	old := c.stop()
	c.serve()
	lost := map[string][]byte{"key": c.payUnder("key-of-the-lost", 777), "own id": c.payUnder("", 778)}
	ids = append(ids, c.pay(48)...)
	for _, answer := range lost {
		ids = append(ids, idIn(t, answer))
	}
	c.stop()
	if err := os.WriteFile(c.file, old, 0o600); err != nil {
		t.Fatal(err)
	}
	c.serve()
	c.showsItsHold()
	c.isWhole(ids, 50)
	c.wantsALook()
	if text, code := once(t, nil, "release", "--yes", "--config", c.place.Config); code != ExitDone || !strings.Contains(text, "50 payouts from the providers' lists") {
		t.Errorf("release: exit code %d: %s", code, text)
	}
	if _, code := once(t, nil, "release", "--yes", "--config", c.place.Config); code != ExitFailed {
		t.Errorf("release of what is not on hold: exit code %d, want %d", code, ExitFailed)
	}
	for what, answer := range map[string][]byte{"key": c.payUnder("key-of-the-lost", 777), "own id": c.payUnder("", 778)} { // which they had forgotten
		c.paid--
		if again, first := idIn(t, answer), idIn(t, lost[what]); again != first {
			t.Errorf("the repeat by its %s is %s, the first was %s", what, again, first)
		}
	}
	ids = append(ids, c.pay(5)...)
	c.isWhole(ids, 50)
	if text, code := once(t, nil, "check", "--config", c.place.Config); code != ExitDone {
		t.Errorf("check: exit code %d: %s", code, text)
	}
	c.stop()
	c.serve()
	if s, err := c.ops.Status(t.Context()); err != nil || s.Held != "" {
		t.Errorf("started again after the release: held %q, %v", s.Held, err)
	}
	c.stop()
}

// rollback is a crash world in which nothing crashes: what is lost is lost by
// people.
type rollback struct {
	*crash
	ops  *client.Client
	file string
	paid int
}

func newRollback(t *testing.T) *rollback {
	c := &crash{t: t, place: newPlace(t), bankDir: t.TempDir()}
	c.bank = start(t, nil, "sandbox", "--listen", "127.0.0.1:0", "--data", c.bankDir)
	c.env = append(sandboxEnv(c.bank.url), "PENSTOCK_LOG_LEVEL=warn", "PENSTOCK_ENGINE_POLLS=50ms,200ms,1s", "PENSTOCK_ENGINE_POLL_MAX=1s", "PENSTOCK_ENGINE_FIRST_WORD=0s",
		"PENSTOCK_ENGINE_CALL_DEADLINE=2s") // which a release waits for
	return &rollback{crash: c, ops: operatorOf(t, c.place), file: filepath.Join(filepath.Dir(c.place.Config), "penstock.db")}
}

// pay makes n payouts and waits until all there are were paid.
func (c *rollback) pay(n int) (ids []string) {
	c.t.Helper()
	api := newCaller(c.server.url, c.place.Key)
	for i := range n {
		var out payoutAnswer
		if err := api.do(c.t.Context(), "POST", "/payouts/create", sepaPayout(100+i, goodIBAN), &out); err != nil {
			c.t.Fatal(err)
		}
		ids = append(ids, out.ID)
	}
	c.paid += n
	c.allPaid()
	return ids
}

// create posts a payout under an idempotency key.
func (c *rollback) create(key string, body map[string]any) *http.Response {
	c.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), "POST", c.server.url+"/payouts/create", bytes.NewReader(raw))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("api-key", c.place.Key)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := web.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp
}

const ownID = "my_own_id"

// payUnder makes a payout under a key, or under the merchant's own id.
func (c *rollback) payUnder(key string, minor int) []byte {
	c.t.Helper()
	body := sepaPayout(minor, goodIBAN)
	if key == "" {
		body["payout_id"] = ownID
	}
	resp := c.create(key, body)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("create: %s %s, %v", resp.Status, text, err)
	}
	c.paid++
	return text
}

func idIn(t *testing.T, answer []byte) string {
	t.Helper()
	var out payoutAnswer
	if err := json.Unmarshal(answer, &out); err != nil || out.ID == "" {
		t.Fatalf("%s: %v", answer, err)
	}
	return out.ID
}

func (c *rollback) allPaid() map[string]client.Payout {
	c.t.Helper()
	var all map[string]client.Payout
	waitFor(c.t, "all payouts are paid", func() bool {
		all = map[string]client.Payout{}
		return c.readAll(c.ops, client.Scope{Merchant: firstMerchant, Mode: "test"}, all) == 0 && len(all) == c.paid
	})
	return all
}

// stop ends the server and returns the store as it then is.
func (c *rollback) stop() []byte {
	c.t.Helper()
	if code := c.server.end(syscall.SIGTERM); code != ExitDone {
		c.t.Errorf("SIGTERM: exit code %d\n%s", code, c.server.text())
	}
	text, err := os.ReadFile(c.file)
	if err != nil {
		c.t.Fatal(err)
	}
	return text
}

// showsItsHold: in the log, in status, to a balancer, in metrics, and to
// whoever wants to pay.
func (c *rollback) showsItsHold() {
	t := c.t
	said := c.server.text()
	for _, want := range []string{"ON HOLD", "penstock release", "the store is older than what it has done"} {
		if !strings.Contains(said, want) {
			t.Errorf("serve said nothing of %q:\n%s", want, said)
		}
	}
	if text, code := once(t, nil, "status", "--config", c.place.Config); code != ExitDone || !strings.HasPrefix(text, "ON HOLD") {
		t.Errorf("status: exit code %d: %s", code, text)
	}
	for path, want := range map[string]string{"/ready": `"status":"held"`, "/metrics": "penstock_on_hold 1"} {
		if status, text := fetch(t, c.server.url+path); !strings.Contains(text, want) || path == "/ready" && status != http.StatusServiceUnavailable {
			t.Errorf("GET %s: %d %s", path, status, text)
		}
	}
	resp := c.create("fresh", sepaPayout(100, goodIBAN))
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a create on hold: %s %s, %v, want 503 with Retry-After", resp.Status, text, err)
	}
	var said503 *client.Error
	_, err := c.ops.CreatePayout(t.Context(), client.NewPayout{Merchant: firstMerchant, Mode: "test", Amount: "1", Currency: "EUR", Form: "sepa", Details: map[string]string{"iban": goodIBAN}}, "key-1")
	if !errors.As(err, &said503) || said503.HTTP != http.StatusServiceUnavailable || !strings.Contains(said503.Hint, "penstock release") {
		t.Errorf("a create through the socket on hold: %v, want 503 and what to do", err)
	}
}

// isWhole: everybody knows every payout, and money moved once for each.
func (c *rollback) isWhole(ids []string, recovered int) {
	t := c.t
	t.Helper()
	all := c.allPaid()
	h, err := c.ops.Hold(t.Context())
	for _, id := range ids {
		if id == ownID && h.Why != "" {
			continue // what is brought back has a name of ours, until it is asked for again
		}
		if all[id].Status != "paid" {
			t.Errorf("payout %s is %q, want paid", id, all[id].Status)
		}
	}
	moved := c.ledger()
	for key, n := range moved {
		if n != 1 {
			t.Errorf("money moved %d times for %s", n, key)
		}
	}
	if len(moved) != c.paid || len(all) != c.paid || len(ids) != c.paid {
		t.Errorf("the provider has %d payouts, the store %d, the merchant %d; want %d", len(moved), len(all), len(ids), c.paid)
	}
	if err != nil || h.Why != "" && (h.Recovered != recovered || h.Uncertain != 0) {
		t.Errorf("hold: %+v, %v, want %d recovered and none uncertain", h, err, recovered)
	}
	text, code := once(t, nil, "payout", "list", "--limit", "1000", "--json", "--config", c.place.Config)
	var list client.Page[client.Payout]
	if err := json.Unmarshal([]byte(text), &list); err != nil || code != ExitDone || len(list.Data) != c.paid {
		t.Errorf("payout list: exit code %d, %v, %d payouts, want %d", code, err, len(list.Data), c.paid)
	}
}

// wantsALook: nothing is released without a person, nor while the provider's
// list can't be read.
func (c *rollback) wantsALook() {
	t := c.t
	if _, code := once(t, nil, "release", "--config", c.place.Config); code != ExitRefused {
		t.Errorf("release without anybody to ask: exit code %d, want %d", code, ExitRefused)
	}
	at := strings.TrimPrefix(c.bank.url, "http://")
	c.bank.end(syscall.SIGKILL)
	if _, code := once(t, nil, "release", "--yes", "--config", c.place.Config); code != ExitFailed {
		t.Errorf("release without the provider's list: exit code %d, want %d", code, ExitFailed)
	}
	c.bank = start(t, nil, "sandbox", "--listen", at, "--data", c.bankDir)
	if s, err := c.ops.Status(t.Context()); err != nil || s.Held == "" {
		t.Errorf("it is no longer on hold: %+v, %v", s, err)
	}
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := web.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text strings.Builder
	if _, err := io.Copy(&text, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text.String()
}
