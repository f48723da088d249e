package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"penstock/httpd/client"
)

// TestBooksOfTheTestProvider: what the provider reports is held against ours by
// the command line, from end to end. A late return is heard of by the report,
// and money that left without us is told, with an exit code.
func TestBooksOfTheTestProvider(t *testing.T) {
	t.Parallel()
	bank := start(t, nil, "sandbox", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	m := newPlace(t)
	p := start(t, append(sandboxEnv(bank.url), "PENSTOCK_ENGINE_POLLS=50ms,200ms,600ms", "PENSTOCK_ENGINE_POLL_MAX=1s", "PENSTOCK_ENGINE_FIRST_WORD=0s"), "serve", "--config", m.Config)
	ops, scope := operatorOf(t, m), client.Scope{Merchant: firstMerchant, Mode: "test"}
	ended := func(status string, n int) func() bool {
		return func() bool {
			page, err := ops.Payouts(t.Context(), scope, client.PayoutFilter{Status: status}, 10)
			return err == nil && len(page.Data) == n
		}
	}
	for i, iban := range []string{goodIBAN, badIBAN, "NL36TEST0000000013"} {
		var out payoutAnswer
		if err := newCaller(p.url, m.Key).do(t.Context(), "POST", "/payouts/create", sepaPayout(1250+i, iban), &out); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "two are paid", ended("paid", 2))
	waitFor(t, "one has failed", ended("failed", 1))
	accounts, err := ops.Accounts(t.Context(), scope)
	if err != nil || len(accounts.Data) != 1 {
		t.Fatalf("accounts: %+v, %v", accounts, err)
	}
	account := accounts.Data[0].ID
	reconcile := func(want int) (books client.Books) {
		t.Helper()
		out, code := once(t, nil, "reconcile", account, "--pull", "--all", "--json", "--config", m.Config)
		if err := json.Unmarshal([]byte(out), &books); err != nil || code != want {
			t.Fatalf("exit code %d, want %d: %v: %s", code, want, err, out)
		}
		return books
	}
	waitFor(t, "the return is in the report", func() bool {
		if b := reconcile(ExitDone); b.Counts["matched"] != 2 {
			t.Errorf("got %v, want two that match", b.Counts)
		}
		return ended("returned", 1)()
	})
	for _, b := range mustStandings(t, ops, scope) {
		if strings.Trim(b.Difference, "0.") != "" || b.Currency == "EUR" && b.Theirs != "9999999999987.50" {
			t.Errorf("balance: %+v", b)
		}
	}
	order := `{"key":"by-hand","amount":"40.00","currency":"EUR","service":"sepa_eur","account":"` + account + `"}`
	resp, err := web.Post(bank.url+"/v1/transfers", "application/json", strings.NewReader(order))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("an order by hand: %s", resp.Status)
	}
	waitFor(t, "the stranger is in the report", func() bool {
		out, code := once(t, nil, "reconcile", account, "--pull", "--json", "--config", m.Config)
		return code == ExitFailed && strings.Contains(out, `"theirs_only": 1`)
	})
	for _, b := range mustStandings(t, ops, scope) {
		if b.Currency == "EUR" && b.Difference != "-40.00" {
			t.Errorf("balance: %+v", b)
		}
	}
}

// TestRunsAreListedByTheCommandLine: what was loaded and compared, newest first,
// one of them with its findings, and bad input named.
func TestRunsAreListedByTheCommandLine(t *testing.T) {
	t.Parallel()
	m := newPlace(t)
	start(t, nil, "serve", "--config", m.Config)
	accounts, err := operatorOf(t, m).Accounts(t.Context(), client.Scope{Merchant: firstMerchant, Mode: "test"})
	if err != nil || len(accounts.Data) != 1 {
		t.Fatalf("accounts: %+v, %v", accounts, err)
	}
	account := accounts.Data[0].ID
	file := filepath.Join(t.TempDir(), "bank.csv")
	if err := os.WriteFile(file, []byte("reference,amount,currency,kind,date\nrent,7,JPY,paid,"+time.Now().UTC().Format(time.DateOnly)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := func(exit int, says string, args ...string) {
		t.Helper()
		if out, code := once(t, nil, append(args, "--config", m.Config)...); code != exit || !strings.Contains(out, says) {
			t.Errorf("%v: exit code %d, want %d with %q: %s", args, code, exit, says, out)
		}
	}
	want(ExitFailed, "theirs_only", "reconcile", account, file)
	want(ExitDone, "compare", "reconcile", "runs", account, "--keep")
	want(ExitDone, "bank.csv", "reconcile", "runs", account)
	want(ExitDone, "bank.csv:2", "reconcile", "runs", account, "1")
	want(ExitDone, `"began": "statement"`, "reconcile", "runs", account, "--before", "2", "--json")
	want(ExitFailed, "", "reconcile", "runs", account, "9")
	want(ExitUsage, "", "reconcile", "runs", account, "last")
	want(ExitFailed, "", "reconcile", "runs", "mca_nobody")
}

func mustStandings(t *testing.T, ops *client.Client, scope client.Scope) []client.Standing {
	t.Helper()
	page, err := ops.Standings(t.Context(), scope)
	if err != nil || len(page.Data) == 0 {
		t.Fatalf("balances: %d, %v", len(page.Data), err)
	}
	return page.Data
}
