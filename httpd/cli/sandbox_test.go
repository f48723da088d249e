package cli

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSandboxKnowsAddedCurrencies: those of an operator's file, which have
// amounts of their own fineness, also after it was killed; and without the file
// it refuses its own book rather than forget a part of it.
func TestSandboxKnowsAddedCurrencies(t *testing.T) {
	dir := t.TempDir()
	file, data := filepath.Join(dir, "points.json"), filepath.Join(dir, "provider")
	if err := os.WriteFile(file, []byte(`{"currencies":[{"code":"PTS","exponent":1},{"code":"GOLD","exponent":6}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"sandbox", "--listen", "127.0.0.1:0", "--data", data, "--directory", file}
	p := start(t, nil, args...)
	for order, want := range map[string]int{
		`{"key":"a","amount":"12.5","currency":"PTS","service":"points","fields":{"card_number":"4000000000010019"}}`:    http.StatusOK,
		`{"key":"b","amount":"0.000001","currency":"GOLD","service":"gold","fields":{"card_number":"4000000000010019"}}`: http.StatusOK,
		`{"key":"c","amount":"12.55","currency":"PTS","service":"points"}`:                                               http.StatusBadRequest,
		`{"key":"d","amount":"1","currency":"QQQ","service":"points"}`:                                                   http.StatusBadRequest,
	} {
		resp, err := web.Post(p.url+"/v1/transfers", "application/json", strings.NewReader(order))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s", order, resp.Status)
		}
	}
	p.end(syscall.SIGKILL)
	p = start(t, nil, args...)
	resp, err := web.Get(p.url + "/v1/ledger")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(body), `"amount":"12.5"`) || !strings.Contains(string(body), `"amount":"0.000001"`) {
		t.Errorf("after kill -9: %s, %v", body, err)
	}
	p.end(syscall.SIGTERM)
	if _, code := once(t, nil, args[:len(args)-2]...); code != ExitFailed {
		t.Errorf("without the file: exit code %d, want %d", code, ExitFailed)
	}
}
