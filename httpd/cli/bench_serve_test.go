package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"penstock/engine/webhook"
	"penstock/httpd/client"
)

// served is an appliance that serves until the test ends.
type served struct {
	url, key string
	receiver string        // an address that its egress allows and where nobody listens
	secret   string        // of the endpoint there
	commits  func() uint64 // of its store so far
}

func serveForBench(t testing.TB) served { return serveWith(t, func(*Config) {}) }

func serveWith(t testing.TB, change func(*Config)) served {
	t.Helper()
	env := Env{Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer), ExampleConfig: []byte(readExample(t))}
	made, err := initialise(t.Context(), env, filepath.Join(t.TempDir(), "pay"), "127.0.0.1:0", "owner@localhost")
	if err != nil {
		t.Fatal(err)
	}
	cfg, _, err := LoadConfig(made.Config, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := served{key: made.Key, receiver: freeAddr(t)}
	cfg.Egress.Allow = []string{s.receiver}
	cfg.Log.Level = "error"
	cfg.Store.MinFree = 1 << 20
	change(&cfg)
	d, err := newDaemon(t.Context(), env, cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.url, s.commits = d.cfg.PublicURL(), func() uint64 { return d.store.Stats().Commits }
	run, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.run(run, func() {}) }()
	t.Cleanup(func() {
		stop()
		if err := soon(t, "the server has ended", ended); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	endpoint, err := client.New(d.cfg.SocketPath()).AddEndpoint(t.Context(), client.Scope{Merchant: firstMerchant, Mode: "test"}, "http://"+s.receiver+"/", "rest", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.secret = endpoint.Secret
	return s
}

// freeAddr is an address on this machine where nobody listens. Its port is below
// those that outgoing connections are given (on Linux from 32768), so that none
// of them takes it before somebody listens there.
func freeAddr(t testing.TB) string {
	t.Helper()
	var err error
	for range 100 {
		var ln net.Listener
		if ln, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))); err == nil {
			defer ln.Close()
			return ln.Addr().String()
		}
	}
	t.Fatal(err)
	return ""
}

// TestBenchMeasuresARealServer runs each scenario for a second against the
// whole appliance, over real connections.
func TestBenchMeasuresARealServer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second for each scenario; left out by -short")
	}
	s := serveForBench(t)
	rows := []struct {
		name    string
		flags   []string
		payouts bool // ends of payouts are seen
	}{
		{"create", nil, false},
		{"pay", nil, true},
		{"pay", []string{"--receiver", s.receiver, "--webhook-secret", s.secret}, true},
		{"saved", nil, true},
		{"list", nil, false},
		{"mixed", []string{"--rate", "50"}, true},
		{"list", []string{"--fill", "250"}, false},
	}
	for _, row := range rows {
		t.Run(strings.Join(append([]string{row.name}, row.flags...), " "), func(t *testing.T) {
			var out, errs bytes.Buffer
			env := Env{Args: append([]string{"bench", "--url", s.url, "--api-key", s.key, "-c", "4", "-d", "1s", "--warmup", "100ms",
				"--scenario", row.name, "--json"}, row.flags...), Stdout: &out, Stderr: &errs}
			if code := execute(t.Context(), newRoot(env), &errs); code != ExitDone {
				t.Fatalf("exit code %d: %s", code, &errs)
			}
			var r benchReport
			if err := json.Unmarshal(out.Bytes(), &r); err != nil {
				t.Fatalf("%s: %v", &out, err)
			}
			if r.Scenario != row.name || r.Requests == 0 || r.Throughput <= 0 || r.Errors != 0 || r.P50 <= 0 || r.P50 > r.Max || r.Server.RSS <= 0 || r.Server.Store <= 0 {
				t.Errorf("got %s, and %s", &out, &errs)
			}
			if (r.Fill != nil) != slices.Contains(row.flags, "--fill") || r.Fill != nil && (r.Fill.Payouts != 250 || r.Fill.PerSecond <= 0 || len(r.Fill.Tenths) != 10) {
				t.Errorf("filled: %+v", r.Fill)
			}
			if (r.Finished > 0) != row.payouts {
				t.Errorf("payouts finished: got %d, want some = %v", r.Finished, row.payouts)
			}
		})
	}
}

// TestReceiverWithTheWrongSecretBelievesNothing wants the bench to end at
// once and to say what is wrong.
func TestReceiverWithTheWrongSecretIsFoundBeforeTheLoad(t *testing.T) {
	s := serveForBench(t)
	f := benchFlags{url: s.url, key: s.key, scenario: "pay", workers: 2, length: time.Second, receiver: s.receiver,
		secret: "whsec_" + strings.Repeat("A", 32)}
	p, err := f.plan()
	if err != nil {
		t.Fatal(err)
	}
	p.patience = time.Second
	var out, errs bytes.Buffer
	err = bench(t.Context(), Env{Stdout: &out, Stderr: &errs}, p)
	if err == nil || !strings.Contains(err.Error(), "signature") || out.Len() > 0 {
		t.Errorf("got %v and %q, want an error that speaks of the signature, and no data", err, &out)
	}
}

func TestWrongFlagsAreRefusedBeforeAnyCall(t *testing.T) {
	good := benchFlags{url: "http://127.0.0.1:1", key: "dev_k", scenario: "create", workers: 1, length: time.Second}
	rows := []struct {
		name string
		with func(*benchFlags)
		want int
	}{
		{"good", func(*benchFlags) {}, ExitDone},
		{"localhost", func(f *benchFlags) { f.url = "http://localhost:1" }, ExitDone},
		{"IPv6", func(f *benchFlags) { f.url = "http://[::1]:1" }, ExitDone},
		{"foreign host", func(f *benchFlags) { f.url = "http://192.0.2.1:80" }, ExitRefused},
		{"foreign name", func(f *benchFlags) { f.url = "https://localhost.example.com" }, ExitRefused},
		{"foreign host, meant", func(f *benchFlags) { f.url, f.remote = "https://pay.example.com", true }, ExitDone},
		{"live key", func(f *benchFlags) { f.key = "prd_k" }, ExitRefused},
		{"live key, remote", func(f *benchFlags) { f.key, f.remote = "prd_k", true }, ExitRefused},
		{"receiver beyond", func(f *benchFlags) { f.receiver = "0.0.0.0:8099" }, ExitRefused},
		{"receiver without port", func(f *benchFlags) { f.receiver = "127.0.0.1" }, ExitUsage},
		{"no scheme", func(f *benchFlags) { f.url = "127.0.0.1:8080" }, ExitUsage},
		{"path", func(f *benchFlags) { f.url = "http://127.0.0.1:8080/payouts" }, ExitUsage},
		{"key with a line break", func(f *benchFlags) { f.key = "dev_k\r\nx: y" }, ExitUsage},
		{"no workers", func(f *benchFlags) { f.workers = 0 }, ExitUsage},
		{"no time", func(f *benchFlags) { f.length = time.Millisecond }, ExitUsage},
		{"graph of nothing", func(f *benchFlags) { f.graph = "x.svg" }, ExitUsage},
		{"too large a fill", func(f *benchFlags) { f.fill = 100_000_001 }, ExitUsage},
		{"unknown scenario", func(f *benchFlags) { f.scenario = "destroy" }, ExitUsage},
		{"bad secret", func(f *benchFlags) { f.receiver, f.secret = "127.0.0.1:8099", "hunter2" }, ExitUsage},
		{"secret alone", func(f *benchFlags) { f.secret = "whsec_" + strings.Repeat("A", 32) }, ExitUsage},
	}
	for _, row := range rows {
		f := good
		row.with(&f)
		_, err := f.plan()
		if got := exitCode(err); got != row.want {
			t.Errorf("%s: got %d (%v), want %d", row.name, got, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the secret: %v", row.name, err)
		}
	}
}

// BenchmarkServed is the whole appliance with 64 clients beside it in one
// process, for a profile of both.
func BenchmarkServed(b *testing.B) {
	for _, name := range benchNames() {
		b.Run(name, func(b *testing.B) {
			at := serveForBench(b)
			u, err := benchTarget(at.url, false)
			if err != nil {
				b.Fatal(err)
			}
			s := &benchScenario{client: newBenchClient(u, at.key), patience: benchPatience}
			if s.receiver, err = newBenchReceiver(at.receiver, webhook.Secret{}); err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				if err := s.receiver.stop(); err != nil {
					b.Error(err)
				}
			})
			if err := s.setup(b.Context(), name); err != nil {
				b.Fatal(err)
			}
			do := s.operation(name)
			var seq, finished atomic.Int64
			b.SetParallelism(32) // times GOMAXPROCS
			before := at.commits()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					out := do(b.Context(), uint64(seq.Add(1)))
					if out.failure != "" {
						b.Error(strconv.FormatInt(seq.Load(), 10), out.failure)
						return
					}
					finished.Add(int64(out.finished))
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
			b.ReportMetric(float64(at.commits()-before)/float64(b.N), "commits/op")
		})
	}
}
