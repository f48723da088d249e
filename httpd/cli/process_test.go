package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"penstock/httpd/client"
)

// process is penstock as a process of its own: this test binary, which
// testscript has put into the path under that name.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string // where it serves
	done chan error
	// ready gets where it serves, once it says so.
	ready chan string

	mu   sync.Mutex
	said bytes.Buffer
	out  bytes.Buffer // complete once it has ended
}

var readyLine = regexp.MustCompile(`ready at (http://[^ ,]+)`)

// start runs penstock until it says that it is ready. It is killed at the end
// of the test, if it still runs.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := launch(t, env, args...)
	select {
	case p.url = <-p.ready:
	case err := <-p.done:
		t.Fatalf("penstock %s ended early: %v\n%s", args, err, p.text())
	case <-time.After(patience):
		t.Fatalf("penstock %s is not ready\n%s", args, p.text())
	}
	return p
}

// launch starts penstock and doesn't wait. It is killed at the end of the
// test, if it still runs.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, done: make(chan error, 1), ready: make(chan string, 1)}
	p.cmd = exec.Command("penstock", args...)
	p.cmd.Env = append(cleanEnv(t), env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout = &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.read(stderr)
		p.done <- p.cmd.Wait()
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

func (p *process) read(r io.Reader) {
	// A line may be of any length: one who stopped to read would stop the process.
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadString('\n')
		p.mu.Lock()
		p.said.WriteString(line)
		p.mu.Unlock()
		if m := readyLine.FindStringSubmatch(line); m != nil {
			select {
			case p.ready <- m[1]:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

// text is what it has written on standard error.
func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// output is what it printed on standard output; it must have ended.
func (p *process) output() string { return p.out.String() }

// end sends a signal and returns the exit code; -1 when it was killed by it.
func (p *process) end(s os.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	return p.wait()
}

// ended says whether somebody has waited for its end.
func (p *process) ended() bool { return p.cmd.ProcessState != nil }

// wait waits for the process to end and returns the exit code; -1 when it was
// killed.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case err := <-p.done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("penstock did not end\n%s", p.text())
		return -1
	}
}

// cleanEnv is the environment without what would configure penstock.
func cleanEnv(t *testing.T) []string {
	example, err := filepath.Abs(filepath.Join("..", "..", "config.example.toml"))
	if err != nil {
		t.Fatal(err)
	}
	return append(quietEnv(Env{Environ: os.Environ()}).Environ, exampleVariable+"="+example,
		"GORACE=atexit_sleep_ms=0") // the race detector waits a second at each end
}

// once runs a verb to its end and returns its standard output and exit code.
func once(t *testing.T, env []string, args ...string) (string, int) {
	t.Helper()
	cmd := bounded(t, "penstock", args...)
	cmd.Env = append(cleanEnv(t), env...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err != nil {
		t.Logf("penstock %s: %s", args, said.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// newPlace runs init in a new directory.
func newPlace(t *testing.T) made {
	t.Helper()
	return newPlaceIn(t, filepath.Join(t.TempDir(), "pay"))
}

func newPlaceIn(t *testing.T, dir string) made {
	t.Helper()
	out, code := once(t, nil, "init", dir, "--listen", "127.0.0.1:0", "--json")
	var m made
	if err := json.Unmarshal([]byte(out), &m); err != nil || code != ExitDone {
		t.Fatalf("init: exit code %d, %v, output %q", code, err, out)
	}
	return m
}

// operatorOf is the socket's client of a place. It opens no file there: the
// place may lie on a file system that this very process serves, and a Go
// program that starts others while it holds such a file open can lock itself.
func operatorOf(t *testing.T, m made) *client.Client {
	t.Helper()
	return client.New(filepath.Join(filepath.Dir(m.Config), "penstock.sock"))
}

// waitFor asks until fn says yes; it waits for other processes.
func waitFor(t *testing.T, what string, fn func() bool) {
	t.Helper()
	askEach(t, 20*time.Millisecond, what, fn)
}

// waitLong is waitFor with a question that costs the process that is asked much.
func waitLong(t *testing.T, what string, fn func() bool) {
	t.Helper()
	askEach(t, 250*time.Millisecond, what, fn)
}

func askEach(t *testing.T, pause time.Duration, what string, fn func() bool) {
	t.Helper()
	again := time.NewTicker(pause)
	defer again.Stop()
	limit := time.After(patience)
	for !fn() {
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("waited too long until %s", what)
		}
	}
}

// sandboxEnv makes a serving penstock speak to a sandbox process.
func sandboxEnv(url string) []string {
	return []string{"PENSTOCK_SANDBOX_BASE_URL=" + url, "PENSTOCK_EGRESS_ALLOW=" + strings.TrimPrefix(url, "http://"), "PENSTOCK_LOG_LEVEL=error"}
}

func putFaults(t *testing.T, url, faults string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url+"/v1/faults", strings.NewReader(faults))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := web.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("PUT /v1/faults %s: %s", faults, resp.Status)
	}
}

// sepaPayout is the body of a payout to a magic account.
func sepaPayout(minor int, iban string) map[string]any {
	return map[string]any{"amount": minor, "currency": "EUR", "payout_type": "bank", "payout_method_data": map[string]any{"bank": map[string]string{"iban": iban}},
		"customer": map[string]string{"id": "ada", "name": "Ada Example"}, "confirm": true, "auto_fulfill": true}
}

const goodIBAN, badIBAN = "NL69TEST0000000001", "NL58TEST0000000005"

// TestSecondProcessIsRefused: two processes on one store would each think the
// other's work theirs.
func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	m := newPlace(t)
	first := start(t, nil, "serve", "--config", m.Config)
	cmd := bounded(t, "penstock", "serve", "--config", m.Config)
	cmd.Env = cleanEnv(t)
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != ExitFailed || !strings.Contains(string(out), "in use by another process: already running as pid") {
		t.Errorf("second serve: exit code %d with %q, want %d and who holds the store", code, out, ExitFailed)
	}
	if code := first.end(syscall.SIGTERM); code != ExitDone {
		t.Errorf("first serve: exit code %d at SIGTERM, want %d\n%s", code, ExitDone, first.text())
	}
}

// TestSIGTERMDrains: a call that is being served when SIGTERM comes gets its
// answer, and the exit code is 0.
func TestSIGTERMDrains(t *testing.T) {
	t.Parallel()
	m := newPlace(t)
	bank := start(t, nil, "sandbox", "--listen", "127.0.0.1:0")
	putFaults(t, bank.url, `{"delay_ms":[700,700]}`)
	p := start(t, append(sandboxEnv(bank.url), "PENSTOCK_ENGINE_FIRST_WORD=5s"), "serve", "--config", m.Config)
	api := newCaller(p.url, m.Key)
	answer := make(chan error, 1)
	var out payoutAnswer
	go func() {
		answer <- api.do(context.Background(), "POST", "/payouts/create", sepaPayout(100, goodIBAN), &out)
	}()
	waitFor(t, "the order is out", func() bool {
		s, err := operatorOf(t, m).Status(t.Context())
		return err == nil && s.Work.Sends == 1
	})
	if code := p.end(syscall.SIGTERM); code != ExitDone {
		t.Errorf("exit code %d, want %d\n%s", code, ExitDone, p.text())
	}
	if err := soon(t, "the call in flight was answered", answer); err != nil || out.Status != "pending" && out.Status != "success" {
		t.Errorf("the call in flight was answered with %q, %v; want the provider's first word", out.Status, err)
	}
	if _, code := once(t, nil, "check", "--config", m.Config); code != ExitDone {
		t.Errorf("check after the drain: exit code %d, want %d", code, ExitDone)
	}
}

// TestKilledServerForgetsNothing: what was acknowledged before kill -9 is paid
// after the restart, by the provider inside the process, which was killed too.
func TestKilledServerForgetsNothing(t *testing.T) {
	t.Parallel()
	m := newPlace(t)
	p := start(t, nil, "serve", "--config", m.Config)
	var out payoutAnswer
	if err := newCaller(p.url, m.Key).do(t.Context(), "POST", "/payouts/create", sepaPayout(100, goodIBAN), &out); err != nil {
		t.Fatal(err)
	}
	p.end(syscall.SIGKILL)
	p = start(t, nil, "serve", "--config", m.Config)
	api := newCaller(p.url, m.Key)
	waitFor(t, "the payout is paid", func() bool {
		err := api.do(t.Context(), "GET", "/payouts/"+out.ID, nil, &out)
		return err == nil && out.Status == "success"
	})
	if _, code := once(t, nil, "check", "--config", m.Config); code != ExitDone {
		t.Errorf("check through the daemon: exit code %d, want %d", code, ExitDone)
	}
	p.end(syscall.SIGKILL)
	if text, code := once(t, nil, "check", "--config", m.Config, "--json"); code != ExitDone {
		t.Errorf("check after the kill: exit code %d, want %d: %s", code, ExitDone, text)
	}
}

// TestWebhookListenVerifiesWhatComes: a payout is told to a receiver here,
// whose signatures are right; sent again, it is known to be the same; and the
// receiver takes itself away.
func TestWebhookListenVerifiesWhatComes(t *testing.T) {
	t.Parallel()
	m := newPlace(t)
	at := freeAddr(t)
	server := start(t, []string{"PENSTOCK_EGRESS_ALLOW=" + at}, "serve", "--config", m.Config)
	listen := start(t, nil, "webhook", "listen", "--at", at, "--config", m.Config, "--json")
	if _, code := once(t, nil, "payout", "create", "--amount", "1", "--currency", "EUR", "--iban", badIBAN, "--config", m.Config); code != ExitDone {
		t.Fatalf("payout create: exit code %d", code)
	}
	ops, scope := operatorOf(t, m), client.Scope{Merchant: firstMerchant, Mode: "test"}
	var last client.Delivery
	waitFor(t, "the failure was told", func() bool {
		page, err := ops.Deliveries(t.Context(), scope, "", 10)
		if err != nil || len(page.Data) != 2 || page.Data[0].State != "delivered" || page.Data[1].State != "delivered" {
			return false
		}
		last = page.Data[0]
		return true
	})
	if _, err := ops.Resend(t.Context(), scope, last.ID); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "it was sent again", func() bool {
		page, err := ops.Deliveries(t.Context(), scope, "", 1)
		return err == nil && page.Data[0].Tries == 2 && page.Data[0].State == "delivered"
	})
	if code := listen.end(os.Interrupt); code != ExitDone {
		t.Errorf("listen: exit code %d at ^C, want %d\n%s", code, ExitDone, listen.text())
	}
	var seen []string
	for dec := json.NewDecoder(strings.NewReader(listen.output())); ; {
		var d struct {
			Type     string
			Verified bool
			Again    bool
		}
		if err := dec.Decode(&d); err != nil {
			break
		}
		seen = append(seen, fmt.Sprintf("%s %v %v", d.Type, d.Verified, d.Again))
	}
	if want := []string{"payout_initiated true false", "payout_failed true false", "payout_failed true true"}; !slices.Equal(seen, want) {
		t.Errorf("listen printed %q, want %q (type, verified, again)", seen, want)
	}
	if page, err := ops.Endpoints(t.Context(), scope); err != nil || len(page.Data) != 1 || !page.Data[0].Disabled {
		t.Errorf("after ^C the receiver is still registered: %+v, %v", page.Data, err)
	}
	if code := server.end(syscall.SIGTERM); code != ExitDone {
		t.Errorf("serve: exit code %d", code)
	}
}
