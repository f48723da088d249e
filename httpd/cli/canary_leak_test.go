package cli

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"penstock/httpd/client"
)

// canaryCount is the variable that says how many canaries of each kind fly.
const canaryCount = "PENSTOCK_TEST_CANARIES"

// leaks is a serving penstock into which canaries are let.
type leaks struct {
	t      *testing.T
	place  made
	env    []string
	bank   *process
	server *process
	hooks  *httptest.Server
	aviary *aviary
	point  string // the merchant's payout point

	secret []canary // must be nowhere
	echoed []canary // must be in no log, metric or refusal

	mu       sync.Mutex
	took     bytes.Buffer // webhooks that came
	accepted bytes.Buffer // answers below 400
	refused  bytes.Buffer // the others
	codes    map[int]int
	by       map[string]string // canary -> the shape that it came in
}

// TestCanariesStayInTheLocker sends card numbers, IBANs, keys and security
// codes through every way in, where they belong and where they don't, and
// looks for them in all that comes out or stays behind.
func TestCanariesStayInTheLocker(t *testing.T) {
	t.Parallel()
	l := newLeaks(t)
	for range canariesOf(t) {
		l.fly()
	}
	l.operate()
	l.settle()
	out := l.artefacts()
	strict, lax := newSeeker(l.secret), newSeeker(slices.Concat(l.secret, l.echoed))
	for name, text := range out {
		s := strict
		if strings.HasPrefix(name, "never: ") {
			s = lax
		}
		l.report(name, s.in(text))
	}
	if len(l.took.Bytes()) == 0 || l.codes[200] == 0 || l.codes[404] == 0 {
		t.Errorf("answers %v, %d bytes of webhooks: the test wants some of each", l.codes, l.took.Len())
	}
	// The control: what may be echoed lies in the clear, and the search sees it.
	for _, name := range []string{"file penstock.db", "inside of the backup", "answers"} {
		if len(newSeeker(l.echoed).in(out[name])) == 0 {
			t.Errorf("%s: not even what a client may write there is found", name)
		}
	}
	// What a client says of persons and of payouts is sealed too: in the clear lie
	// only the names by which things are found, and what a merchant calls its own.
	for _, name := range []string{"file penstock.db", "inside of the backup"} {
		l.report(name, slices.DeleteFunc(newSeeker(l.echoed).in(out[name]), func(f finding) bool {
			return slices.Contains([]string{"payout's id", "customer's id", "gateway: reference", "gateway: customer", "gateway: point's description"}, l.by[f.canary.text])
		}))
	}
	t.Logf("%d secret canaries, %d echoed, answers %v", len(l.secret), len(l.echoed), l.codes)
	for name, text := range out {
		t.Logf("looked through %8d bytes of %s", len(text), name)
	}
}

func canariesOf(t *testing.T) int {
	text := os.Getenv(canaryCount)
	if text == "" {
		if testing.Short() {
			return 1
		}
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q: want a number of canaries of each kind", canaryCount, text)
	}
	return n
}

func newLeaks(t *testing.T) *leaks {
	l := &leaks{t: t, place: newPlace(t), aviary: newAviary(2), codes: map[int]int{}, by: map[string]string{}}
	l.hooks = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		_ = r.Write(&l.took) // to memory
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(l.hooks.Close)
	l.bank = start(t, nil, "sandbox", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	putFaults(t, l.bank.url, `{"drop_reply":0.1,"error_500":0.1,"reject":0.2,"seed":3}`)
	l.env = append(sandboxEnv(l.bank.url), "PENSTOCK_EGRESS_ALLOW="+strings.TrimPrefix(l.bank.url, "http://")+","+strings.TrimPrefix(l.hooks.URL, "http://"),
		"PENSTOCK_LOG_LEVEL=debug", "PENSTOCK_REST_ACCEPT_ANY_CARD=true", "PENSTOCK_LOG_FORMAT=json", "PENSTOCK_ENGINE_FIRST_WORD=0s", "PENSTOCK_ENGINE_CALL_DEADLINE=1s", "PENSTOCK_ENGINE_LEASE=2s")
	l.server = start(t, l.env, "serve", "--config", l.place.Config)
	for _, secret := range []string{l.place.Key, l.place.AdminKey} {
		l.secret = append(l.secret, canary{"key", secret})
		l.by[secret] = "a key that init made"
	}
	l.point = l.anyPoint()
	// Whose methods are saved.
	l.send(post("/customers", map[string]any{"customer_id": "saver", "name": "Ada Example"}))
	return l
}

// anyPoint is a payout point that the merchant has from the start.
func (l *leaks) anyPoint() string {
	req, err := http.NewRequestWithContext(l.t.Context(), "GET", l.server.url+"/v1/payout-gateway/payout-points", nil)
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+l.place.Key)
	resp, err := web.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	id := regexp.MustCompile(`pop_[0-9a-z]{26}`).Find(text)
	if err != nil || id == nil {
		l.t.Fatalf("no payout point: %s", text)
	}
	return string(id)
}

// fly lets a canary of each kind in by every shape, each its own, so that a
// leak tells where it began.
func (l *leaks) fly() {
	for _, s := range slices.Concat(shapes(), gatewayShapes()) {
		for _, c := range []canary{l.aviary.card(), l.aviary.iban(), l.aviary.key(), l.aviary.code()} {
			if !s.takes(c.kind) {
				continue
			}
			if l.by[c.text] = s.name; s.echoed {
				l.echoed = append(l.echoed, c)
			} else {
				l.secret = append(l.secret, c)
			}
			l.send(s.make(c))
		}
	}
}

func (l *leaks) send(e errand) {
	l.t.Helper()
	if e.raw != "" {
		l.sendRaw(e.raw)
		return
	}
	req, err := http.NewRequestWithContext(l.t.Context(), e.method, l.server.url+e.path, bytes.NewReader(bytes.ReplaceAll(e.text(), []byte(gatewayPoint), []byte(l.point))))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if !e.anonymous {
		req.Header.Set("api-key", l.place.Key)
	}
	if !e.anonymous && strings.HasPrefix(e.path, "/v1/") {
		req.Header.Set("Authorization", "Bearer "+l.place.Key)
	}
	for name, value := range e.header {
		req.Header.Set(name, value)
	}
	resp, err := web.Do(req)
	if err != nil {
		l.t.Fatalf("%s %s: %v", e.method, e.path, err)
	}
	defer resp.Body.Close()
	l.note(resp.StatusCode, func(w io.Writer) error { return resp.Write(w) })
}

func (l *leaks) sendRaw(text string) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(l.server.url, "http://"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		l.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		l.t.Fatal(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite() // it may have been refused by now
	}
	l.note(400, func(w io.Writer) error { _, err := io.Copy(w, conn); return err })
}

func (l *leaks) note(status int, write func(io.Writer) error) {
	to := &l.accepted
	if status >= 400 {
		to = &l.refused
	}
	l.codes[status]++
	_ = write(to) // a reset connection has no answer to look through
}

// operate does what an operator does, with canaries where they don't belong.
func (l *leaks) operate() {
	t, ops := l.t, operatorOf(l.t, l.place)
	scope := client.Scope{Merchant: firstMerchant, Mode: "test"}
	secret := func(c canary, by string) string {
		l.secret = append(l.secret, c)
		l.by[c.text] = by
		return c.text
	}
	end, err := ops.AddEndpoint(t.Context(), scope, l.hooks.URL+"/hook", "rest", nil)
	if err != nil {
		t.Fatal(err)
	}
	secret(canary{"key", strings.TrimPrefix(end.Secret, "whsec_")}, "a webhook's secret")
	secret(canary{"key", end.HashKey}, "a webhook's hash key")
	made, err := ops.CreateKey(t.Context(), client.NewKey{Merchant: firstMerchant, Mode: "test", Scopes: []string{"payouts"}})
	if err != nil {
		t.Fatal(err)
	}
	secret(canary{"key", made.Secret}, "a key that an operator made")
	if _, err := ops.Connect(t.Context(), client.NewAccount{Merchant: firstMerchant, Mode: "test", Provider: "adyen", Beside: true, Credentials: map[string]string{"api_key": secret(l.aviary.key(), "a provider's credential")}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []canary{l.aviary.card(), l.aviary.iban(), l.aviary.key()} {
		text, by := c.text, []error{}
		secret(c, "an operator's words")
		_, err := ops.AddEndpoint(t.Context(), scope, "http://127.0.0.1:1/"+text, text, []string{text})
		by = append(by, err)
		_, err = ops.CreateKey(t.Context(), client.NewKey{Merchant: firstMerchant, Mode: text, Scopes: []string{text}})
		by = append(by, err)
		_, err = ops.CreatePayout(t.Context(), client.NewPayout{Merchant: firstMerchant, Mode: "test", Amount: text, Currency: text, Details: map[string]string{text: text}}, "")
		by = append(by, err)
		_, err = ops.Payout(t.Context(), scope, text)
		by = append(by, err)
		_, err = ops.CreateMerchant(t.Context(), text+" ", text)
		for _, err := range append(by, err) {
			if err == nil {
				t.Errorf("an operator's call with a %s in each place was not refused", c.kind)
			}
			fmt.Fprintln(&l.refused, err)
		}
	}
	// Payouts that the endpoint hears of.
	for range 5 {
		for _, c := range []canary{l.aviary.card(), l.aviary.iban()} {
			secret(c, "heard of by webhook")
			l.send(paid(c, func(map[string]any) {}))
		}
	}
}

// settle waits until webhooks have come and the payouts have ended or wait.
func (l *leaks) settle() {
	waitFor(l.t, "webhooks come", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return bytes.Count(l.took.Bytes(), []byte("POST /hook")) >= 10
	})
}

// artefacts are all that comes out or stays behind, by name. "never: " stands
// before those in which not even an echo may be.
func (l *leaks) artefacts() map[string][]byte {
	t, out := l.t, map[string][]byte{}
	for _, args := range [][]string{{"payout", "list"}, {"audit", "list"}, {"webhook", "list"}, {"connector", "list"}, {"apikey", "list"}, {"merchant", "list"}, {"status"}, {"check"}} {
		text, code := once(t, nil, append(args, "--config", l.place.Config, "--json")...)
		if code != ExitDone {
			t.Errorf("%s: exit code %d: %s", args, code, text)
		}
		out["penstock "+strings.Join(args, " ")] = []byte(text)
	}
	out["penstock payout show"] = l.shown()
	out["never: metrics"] = l.metrics()
	out["never: refusals"], out["answers"], out["webhooks"] = l.refused.Bytes(), l.accepted.Bytes(), l.took.Bytes()
	l.backup(out)
	l.server.end(syscall.SIGQUIT) // the runtime writes all stacks
	out["never: log and stacks"] = []byte(l.server.text())
	if !bytes.Contains(out["never: log and stacks"], []byte("goroutine ")) {
		t.Error("SIGQUIT wrote no stacks")
	}
	out["never: the provider's log"] = []byte(l.bank.text())
	root := filepath.Dir(l.place.Config)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "admin.key" {
			return err
		}
		text, err := os.ReadFile(path)
		out["file "+d.Name()] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// shown is each payout with its history.
func (l *leaks) shown() []byte {
	var out bytes.Buffer
	ops, scope := operatorOf(l.t, l.place), client.Scope{Merchant: firstMerchant, Mode: "test"}
	all := map[string]client.Payout{}
	(&crash{t: l.t}).readAll(ops, scope, all)
	for id := range all {
		p, err := ops.Payout(l.t.Context(), scope, id)
		if err != nil {
			l.t.Fatal(err)
		}
		fmt.Fprintf(&out, "%+v\n", p)
	}
	text, code := once(l.t, nil, "payout", "show", anyOf(all), "--config", l.place.Config, "--json")
	if code != ExitDone {
		l.t.Errorf("payout show: exit code %d", code)
	}
	out.WriteString(text)
	return out.Bytes()
}

func anyOf(all map[string]client.Payout) string {
	for id := range all {
		if strings.HasPrefix(id, "payout_") {
			return id
		}
	}
	return ""
}

func (l *leaks) metrics() []byte {
	resp, err := web.Get(l.server.url + "/metrics")
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return text
}

// backup looks into a backup with the key that opens it.
func (l *leaks) backup(out map[string][]byte) {
	t, file := l.t, filepath.Join(l.t.TempDir(), "backup")
	if text, code := once(t, nil, "backup", file, "--config", l.place.Config, "--json"); code != ExitDone {
		t.Fatalf("backup: exit code %d: %s", code, text)
	}
	for _, name := range []string{file, file + ".keys"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out["file "+filepath.Base(name)] = text
	}
	identity, err := masterIdentity(filepath.Join(filepath.Dir(l.place.Config), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, r, end, err := openBackup(f, identity)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	var inside bytes.Buffer
	if _, err := readParcel(r, &inside); err != nil {
		t.Fatal(err)
	}
	out["inside of the backup"] = inside.Bytes()
}

// report says what leaked where, each once.
func (l *leaks) report(where string, found []finding) {
	told := map[string]int{}
	for _, f := range found {
		name := fmt.Sprintf("%s: a %s %s, which came in as %q", where, f.canary.kind, f.form, l.by[f.canary.text])
		if told[name]++; told[name] == 1 {
			l.t.Errorf("%s, at byte %d", name, f.at)
		}
	}
}
