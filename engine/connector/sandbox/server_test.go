package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
)

// TestMain lets the test binary be a provider, so that one can be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SANDBOX_TEST_DIR"); dir != "" {
		os.Exit(beServer(dir))
	}
	os.Exit(m.Run())
}

func beServer(dir string) int {
	s, err := NewServer(Options{Now: time.Now, Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(l.Addr())
	if err := errors.Join(s.Serve(context.Background(), l), s.Close()); err != nil {
		return 1
	}
	return 0
}

// serve starts a server; its end is awaited by the test's.
func serve(t testing.TB, o Options) (s *Server, base string) {
	t.Helper()
	if o.Now == nil {
		o.Now = time.Now
	}
	s, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			t.Errorf("end of the server: %v", err)
		}
	})
	return s, "http://" + l.Addr().String()
}

// call makes a request and returns status and body; status 0 is a connection
// that was closed without an answer.
func call(t testing.TB, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("%s %s: %v", method, url, err)
		}
		return 0, ""
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(data))
}

const cardOrder = `{"key":%q,"amount":"12.50","currency":"EUR","service":"card_eur","fields":{"card_number":"4111111111111111"}}`

func TestRoutesOfTheContract(t *testing.T) {
	_, base := serve(t, Options{})
	for _, row := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/v1/transfers", fmt.Sprintf(cardOrder, "k"), 200, `{"id":"tr_00000001","key":"k","amount":"12.50","currency":"EUR","service":"card_eur","status":"paid","resolution":"","paid_amount":"12.50"}`},
		{"GET", "/v1/transfers?key=k", "", 200, `"status":"paid"`},
		{"GET", "/v1/transfers?key=other", "", 404, `"code":"transfer_not_found"`},
		{"GET", "/v1/transfers", "", 400, `query parameter key is required`},
		{"GET", "/v1/ledger", "", 200, `"paid_amount":"12.50","movements":1}],"totals":{"EUR":{"count":1,"amount":"12.50"}}}`},
		{"PUT", "/v1/faults", `{"reject":1}`, 200, `"reject":1,`},
		{"GET", "/v1/faults", "", 200, `"reject":1,`},
		{"PUT", "/v1/faults", `{"reject":2}`, 400, `reject must be a number from 0 to 1`},
		{"POST", "/v1/transfers", fmt.Sprintf(cardOrder, "r"), 200, `"status":"rejected","resolution":"declined","paid_amount":"0.00"`},
		{"POST", "/v1/transfers", strings.Replace(fmt.Sprintf(cardOrder, "k"), "12.50", "12.51", 1), 409, `"code":"key_conflict"`},
		{"POST", "/v1/transfers", strings.Replace(fmt.Sprintf(cardOrder, "x"), `"12.50"`, "12.50", 1), 400, `"booked":false`},
		{"POST", "/v1/transfers", strings.Replace(fmt.Sprintf(cardOrder, "x"), "12.50", "12.505", 1), 400, `"code":"invalid_amount"`},
		{"POST", "/v1/transfers", strings.Replace(fmt.Sprintf(cardOrder, "x"), "EUR", "EUX", 1), 400, `"code":"unknown_currency"`},
		{"POST", "/v1/transfers", `{"key":"x","key":"y"}`, 400, `none twice`},
		{"POST", "/v1/transfers", strings.Repeat(" ", maxBody+1), 413, `"code":"too_large"`},
		{"PUT", "/v1/faults", `{"lookup":false}`, 200, `"lookup":false`},
		{"GET", "/v1/transfers?key=other", "", 501, `"code":"lookup_not_supported"`},
		{"GET", "/v1/transfers?key=k", "", 501, `"code":"lookup_not_supported"`},
		{"GET", "/health", "", 200, `{"status":"ok"}`},
		{"GET", "/v2/transfers", "", 404, `"code":"no_such_route"`},
		{"DELETE", "/v1/transfers", "", 404, `"code":"no_such_route"`},
	} {
		status, body := call(t, row.method, base+row.path, row.body)
		if status != row.status || !strings.Contains(body, row.want) {
			t.Errorf("%s %s %.60s: got %d %s, want %d %s", row.method, row.path, row.body, status, body, row.status, row.want)
		}
	}
}

func TestDropsCloseTheConnection(t *testing.T) {
	s, base := serve(t, Options{})
	for i, fault := range []string{"drop_request", "drop_reply"} {
		set(t, s.provider, `{"drop_request":0}`)
		set(t, s.provider, `{"`+fault+`":1}`)
		if status, body := call(t, "POST", base+"/v1/transfers", fmt.Sprintf(cardOrder, fault)); status != 0 {
			t.Errorf("%s: got %d %s, want no answer", fault, status, body)
		}
		if got := movements(t, s.provider, fault); got != i {
			t.Errorf("%s: got %d movements, want %d", fault, got, i)
		}
	}
	set(t, s.provider, `{"drop_reply":0,"error_500":1}`)
	if status, _ := call(t, "POST", base+"/v1/transfers", fmt.Sprintf(cardOrder, "x")); status != 500 {
		t.Errorf("error_500: got %d, want 500", status)
	}
}

func TestFieldsMayBeGrouped(t *testing.T) {
	_, base := serve(t, Options{})
	_, body := call(t, "POST", base+"/v1/transfers",
		`{"key":"k","amount":"1","currency":"JPY","service":"card_jpy","fields":{"n":null,"l":[1],"card":{"card_number":"4000 0000 0000 9995","expiry_month":12}}}`)
	if want := `"resolution":"insufficient_funds"`; !strings.Contains(body, want) {
		t.Errorf("got %s, want %s", body, want)
	}
}

// The delay is far beyond the test's patience: only the server's end, which
// cuts delays short, lets the request return.
func TestEndOfServeCutsDelaysShort(t *testing.T) {
	o := Options{Now: time.Now}
	s, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	set(t, s.provider, `{"delay_ms":[3600000,3600000]}`)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	answer := make(chan int, 1)
	go func() {
		status, _ := call(t, "POST", "http://"+l.Addr().String()+"/v1/transfers", fmt.Sprintf(cardOrder, "k"))
		answer <- status
	}()
	for { // it acts on arrival, whatever the delay
		if _, found, _ := s.provider.Find("k"); found {
			break
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := <-answer; got != 0 {
		t.Errorf("got status %d, want a cut connection", got)
	}
}

func TestNotificationsArriveSigned(t *testing.T) {
	type hook struct {
		notice connector.Notice
		err    error
	}
	hooks := make(chan hook, 16)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n, err := readNotice("whsec", r.Header, body)
		hooks <- hook{n, err}
	}))
	defer receiver.Close()
	s, base := serve(t, Options{NotifySecret: "whsec"})
	set(t, s.provider, `{"notify":1,"settle_ms":[5,5]}`)
	status, body := call(t, "POST", base+"/v1/transfers", `{"key":"k","amount":"9.99","currency":"EUR","service":"sepa_eur","notify_url":"`+receiver.URL+`/in"}`)
	if status != 200 {
		t.Fatalf("got %d %s", status, body)
	}
	said := map[connector.Verdict]bool{}
	for range 2 {
		var h hook
		select {
		case h = <-hooks:
		case <-time.After(30 * time.Second):
			t.Fatalf("got %v and then nothing", said)
		}
		if h.err != nil || h.notice.Key != "k" || h.notice.Outcome.Ref != "tr_00000001" {
			t.Fatalf("got %+v, %v", h.notice, h.err)
		}
		said[h.notice.Outcome.Verdict] = true
	}
	if !said[connector.Accepted] || !said[connector.Paid] {
		t.Errorf("got %v, want accepted and paid", said)
	}
}

// TestKill9ForgetsNoAnswer kills a true process under load, again and again,
// and asks the next one for every order that had an answer.
func TestKill9ForgetsNoAnswer(t *testing.T) {
	dir := t.TempDir()
	answered := map[string]string{}
	for round := range 3 {
		process, base := startProcess(t, dir)
		for key, want := range answered {
			if status, body := call(t, "GET", base+"/v1/transfers?key="+key, ""); status != 200 || !strings.Contains(body, want) {
				t.Fatalf("round %d: %s: got %d %s, want %s", round, key, status, body, want)
			}
		}
		var mu sync.Mutex
		var group sync.WaitGroup
		kill := make(chan struct{})
		for w := range 8 {
			group.Go(func() { load(base, fmt.Sprintf("r%d-w%d", round, w), &mu, answered, kill) })
		}
		<-kill
		if err := process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		process.Wait()
		group.Wait()
	}
	if len(answered) < 60 {
		t.Errorf("got %d answers, want more", len(answered))
	}
}

// load sends until the connection breaks, and calls for the kill after a while.
func load(base, prefix string, mu *sync.Mutex, answered map[string]string, kill chan struct{}) {
	for i := range 10_000 {
		key := fmt.Sprintf("%s-%d", prefix, i)
		resp, err := http.Post(base+"/v1/transfers", "application/json", strings.NewReader(fmt.Sprintf(cardOrder, key)))
		if err != nil {
			return
		}
		var got wireTransfer
		data, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || json.Unmarshal(data, &got) != nil {
			return
		}
		mu.Lock()
		if answered[key] = `"id":"` + got.ID + `"`; len(answered)%200 == 0 {
			select {
			case <-kill:
			default:
				close(kill)
			}
		}
		mu.Unlock()
	}
}

func startProcess(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), "SANDBOX_TEST_DIR="+dir)
	var stderr bytes.Buffer
	process.Stderr = &stderr
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.Process.Kill(); process.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("provider did not start: %v %s", err, stderr.String())
	}
	return process, "http://" + strings.TrimSpace(address)
}

func BenchmarkServer64(b *testing.B) {
	_, base := serve(b, Options{Dir: b.TempDir()})
	rt := &http.Transport{DisableKeepAlives: true}
	c, err := HTTP(rt)(connector.Account{BaseURL: base})
	if err != nil {
		b.Fatal(err)
	}
	var mu sync.Mutex
	n := 0
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			n++
			in := connector.Instruction{Key: fmt.Sprintf("k%d", n), Amount: eur(1250), Service: "sepa_eur", Details: connector.Details{"iban": "NL46TEST0136169112"}}
			mu.Unlock()
			if out, err := c.Send(context.Background(), in); err != nil || out.Verdict != connector.Accepted && out.Verdict != connector.Paid {
				b.Errorf("got %+v, %v", out, err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transfers/s")
}
