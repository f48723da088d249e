package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"penstock/httpd/client"
)

// crashRounds is the variable that says how often TestCrashLoop kills.
const crashRounds = "PENSTOCK_TEST_CRASH_ROUNDS"

const (
	crashClients = 32
	// crashPause is how long a client waits that got no answer, or was refused:
	// one that asked at once again would keep a server from starting.
	crashPause = 40 * time.Millisecond
)

// ticketsARound is how many payouts clients may begin in a round: more in a full
// run, which CI's is.
func ticketsARound() int {
	if os.Getenv("PENSTOCK_TEST_FULL") != "" {
		return 160
	}
	return 64
}

// acksBeforeEnd is how many are acknowledged in a round before the kill, which so
// comes amid the others.
func acksBeforeEnd() int { return ticketsARound() * 9 / 16 }

// crash is a server that is killed over and over, and what its clients know.
type crash struct {
	t       *testing.T
	place   made
	env     []string
	bank    *process
	bankDir string
	faults  string // how the provider misbehaves
	server  *process
	base    atomic.Pointer[string] // where the server answers now
	tickets chan int
	acks    atomic.Int64
	refused atomic.Int64 // answers of 503

	mu    sync.Mutex
	acked map[int]string // ticket -> payout id
}

// TestCrashLoop kills a serving process again and again (kill -9) while 32
// clients create payouts at it, each with its Idempotency-Key, repeated until it
// is acknowledged, and the provider drops answers, fails, and acts late. In the
// end each payout that was acknowledged has ended, money has moved once for
// each that was paid and never for one that failed, and check finds nothing.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	rounds := roundsOf(t)
	c := newCrash(t, newPlace(t), rounds, badDay)
	clients := c.clients()
	for round := range rounds {
		c.serve()
		if round == 0 {
			c.customer()
		}
		before := c.acks.Load()
		c.issue(round)
		waitFor(t, "payouts are acknowledged", func() bool { return c.acks.Load()-before >= int64(acksBeforeEnd()) })
		c.server.end(syscall.SIGKILL)
	}
	close(c.tickets)
	c.serve()
	c.finish(clients)
	c.judge(rounds)
}

// badDay is how the provider misbehaves.
const badDay = `{"drop_reply":0.1,"drop_request":0.05,"error_500":0.1,"reject":0.05,"late_ms":[0,3000],"delay_ms":[0,30],"seed":7}`

// newCrash is a world for a number of rounds: a place to serve from, and a
// provider that misbehaves.
func newCrash(t *testing.T, place made, rounds int, faults string) *crash {
	c := &crash{t: t, place: place, bankDir: t.TempDir(), tickets: make(chan int, rounds*ticketsARound()), acked: map[int]string{}, faults: faults}
	c.startBank("127.0.0.1:0")
	c.env = append(sandboxEnv(c.bank.url), "PENSTOCK_ENGINE_CALL_DEADLINE=500ms", "PENSTOCK_ENGINE_LEASE=1s", "PENSTOCK_ENGINE_TICK=50ms",
		"PENSTOCK_ENGINE_POLLS=100ms,300ms,1s", "PENSTOCK_ENGINE_POLL_MAX=1s", "PENSTOCK_ENGINE_FIRST_WORD=0s")
	return c
}

// startBank starts the provider, with the ledger that it has.
func (c *crash) startBank(listen string) {
	c.bank = start(c.t, nil, "sandbox", "--listen", listen, "--data", c.bankDir)
	putFaults(c.t, c.bank.url, c.faults)
}

// clients start creating payouts; the group ends when no ticket is left.
func (c *crash) clients() *sync.WaitGroup {
	ctx, stop := context.WithCancel(c.t.Context())
	c.t.Cleanup(stop)
	var clients sync.WaitGroup
	for range crashClients {
		clients.Go(func() { c.client(ctx) })
	}
	return &clients
}

// issue lets the clients begin a round's payouts.
func (c *crash) issue(round int) {
	for i := range ticketsARound() {
		c.tickets <- round*ticketsARound() + i
	}
}

func roundsOf(t *testing.T) int {
	if testing.Short() {
		return countOf(t, crashRounds, 1)
	}
	return countOf(t, crashRounds, 3)
}

// countOf is the number in a variable, or the other where it isn't set.
func countOf(t *testing.T, variable string, otherwise int) int {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q: want a number of rounds", variable, text)
	}
	return n
}

func (c *crash) serve() {
	c.server = start(c.t, c.env, "serve", "--config", c.place.Config)
	c.base.Store(&c.server.url)
}

// customer makes the one who is paid.
func (c *crash) customer() {
	var out struct{}
	if err := newCaller(c.server.url, c.place.Key).do(c.t.Context(), "POST", "/customers", map[string]string{"customer_id": "ada", "name": "Ada Example"}, &out); err != nil {
		c.t.Fatal(err)
	}
}

// client creates a payout for each ticket and gives none up.
func (c *crash) client(ctx context.Context) {
	api := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	defer api.CloseIdleConnections()
	for ticket := range c.tickets {
		for ctx.Err() == nil {
			id, ok := c.create(ctx, api, ticket)
			if ok {
				c.mu.Lock()
				c.acked[ticket] = id
				c.mu.Unlock()
				c.acks.Add(1)
				break
			}
		}
	}
}

// create asks for the ticket's payout; true when it was acknowledged. Every
// seventh goes to an account that its bank declines.
func (c *crash) create(ctx context.Context, api *http.Client, ticket int) (string, bool) {
	iban := goodIBAN
	if ticket%7 == 0 {
		iban = badIBAN
	}
	resp, err := api.Do(c.request(ctx, ticket, iban))
	if err != nil {
		time.Sleep(crashPause) // the server is down
		return "", false
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", false
	}
	if resp.StatusCode == http.StatusServiceUnavailable {
		c.refused.Add(1)
	}
	if resp.StatusCode >= 500 {
		time.Sleep(crashPause)
		return "", false
	}
	var out payoutAnswer
	if err := json.Unmarshal(raw, &out); err != nil || resp.StatusCode != http.StatusOK || out.ID == "" {
		c.t.Errorf("ticket %d: %s: %s", ticket, resp.Status, raw)
		return "", true
	}
	return out.ID, true
}

// request asks for the ticket's payout.
func (c *crash) request(ctx context.Context, ticket int, iban string) *http.Request {
	body, err := json.Marshal(sepaPayout(100+ticket, iban))
	if err != nil {
		panic(err) // it holds texts and numbers
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, *c.base.Load()+"/payouts/create", bytes.NewReader(body))
	if err != nil {
		panic(err) // the address is the server's own
	}
	req.Header.Set("api-key", c.place.Key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", fmt.Sprintf("ticket-%d", ticket))
	return req
}

// judge waits until all has ended, then compares what the clients know, what
// the server knows, and what the provider knows.
func (c *crash) judge(rounds int) {
	t := c.t
	ops, scope := operatorOf(t, c.place), client.Scope{Merchant: firstMerchant, Mode: "test"}
	payouts := map[string]client.Payout{}
	// Many payouts take long; but as long as some end, it goes on.
	for open := c.readAll(ops, scope, payouts); open > 0; {
		waitLong(t, "one more payout has ended", func() bool {
			before := open
			open = c.readAll(ops, scope, payouts)
			return open < before
		})
	}
	status, err := ops.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.acked) != rounds*ticketsARound() || len(payouts) != len(c.acked) {
		t.Errorf("%d payouts were asked for, %d acknowledged, and the server has %d", rounds*ticketsARound(), len(c.acked), len(payouts))
	}
	movements := c.ledger()
	paid, failed := 0, 0
	for ticket, id := range c.acked {
		p, ok := payouts[id]
		if !ok {
			t.Errorf("ticket %d: payout %s was acknowledged and is forgotten", ticket, id)
			continue
		}
		want := 0
		if p.Status == "paid" {
			paid++
			want = 1
		} else {
			failed++
		}
		for _, part := range p.Parts {
			if got := movements[part.ID]; got != want {
				t.Errorf("payout %s ended %s and money moved %d times, want %d", id, p.Status, got, want)
			}
			delete(movements, part.ID)
		}
	}
	for key, n := range movements {
		if n > 0 {
			t.Errorf("the provider moved money %d times for %s, of which nobody knows", n, key)
		}
	}
	if paid == 0 || failed == 0 {
		t.Errorf("%d paid and %d failed: the test wants some of each", paid, failed)
	}
	t.Logf("rounds %d, acknowledged %d, paid %d, failed %d, look-ups since the last start %d", rounds, len(c.acked), paid, failed, status.Work.Lookups)
	if text, code := once(t, c.env, "check", "--config", c.place.Config, "--json"); code != ExitDone {
		t.Errorf("check through the daemon: exit code %d: %s", code, text)
	}
	if code := c.server.end(syscall.SIGTERM); code != ExitDone {
		t.Errorf("SIGTERM: exit code %d, want %d\n%s", code, ExitDone, c.server.text())
	}
	if text, code := once(t, c.env, "check", "--config", c.place.Config, "--json"); code != ExitDone {
		t.Errorf("check of the store at rest: exit code %d: %s", code, text)
	}
}

// readAll reads every payout into all and returns how many have not ended.
func (c *crash) readAll(ops *client.Client, scope client.Scope, all map[string]client.Payout) int {
	open, before := 0, ""
	for {
		page, err := ops.Payouts(c.t.Context(), scope, client.PayoutFilter{Before: before}, 1000)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, p := range page.Data {
			all[p.ID], before = p, p.ID
			switch p.Status {
			case "paid", "failed":
			default:
				open++
			}
		}
		if !page.More {
			return open
		}
	}
}

// ledger is how often the provider moved money, by key.
func (c *crash) ledger() map[string]int {
	resp, err := web.Get(c.bank.url + "/v1/ledger")
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var ledger struct {
		Transfers []struct {
			Key       string `json:"key"`
			Movements int    `json:"movements"`
		} `json:"transfers"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&ledger); err != nil {
		c.t.Fatal(err)
	}
	out := map[string]int{}
	for _, row := range ledger.Transfers {
		out[row.Key] = row.Movements
	}
	return out
}
