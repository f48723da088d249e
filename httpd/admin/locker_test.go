package admin

import (
	"context"
	"errors"
	"strings"
	"testing"

	"penstock/engine"
)

// TestKeysAreTheWiringsBusiness: what the wiring doesn't give is said to be
// missing; what it gives is called with what was sent; and nothing that could
// be a secret comes back in an error.
func TestKeysAreTheWiringsBusiness(t *testing.T) {
	const secret = "share_0123-4567"
	o := newOffice(t)
	for _, path := range []string{"/locker/shares", "/locker/shares/forget", "/locker/custodians", "/locker/rekey", "/locker/master"} {
		body := map[string]string{"/locker/shares": `{"share":"` + secret + `"}`, "/locker/custodians": `{"shares":3,"threshold":2}`, "/locker/master": `{}`}[path]
		if status, text := o.ask(o.private, "POST", path, body); status != 501 || strings.Contains(text, secret) {
			t.Errorf("%s of a daemon without it: %d %s, want 501", path, status, text)
		}
		if status, _ := o.ask(o.public, "POST", path, body); status != 404 {
			t.Errorf("%s is reachable from outside: %d", path, status)
		}
	}
	var got []any
	o.admin.Vault = Vault{
		Give: func(_ context.Context, s string) (Shares, error) {
			got = append(got, s)
			return Shares{true, 1, 2}, nil
		},
		Split: func(_ context.Context, k, n int) (Custody, error) {
			got = append(got, k, n)
			return Custody{Set: "s"}, nil
		},
		Master: func(_ context.Context, s Successor) (string, error) {
			got = append(got, s.File)
			return "", &Refusal{"not here", "elsewhere"}
		},
		Rekey: func(_ context.Context, tell func(int)) (uint32, error) { tell(128); return 7, nil },
	}
	for _, row := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"/locker/shares", `{"share":"` + secret + `"}`, 200, `{"sealed":true,"shares_given":1,"shares_needed":2}`},
		{"/locker/shares", `{}`, 400, `"field":"share"`},
		{"/locker/shares", `{"share":"` + secret + `","more":1}`, 400, `invalid`},
		{"/locker/custodians", `{"shares":3,"threshold":2}`, 200, `"set":"s"`},
		{"/locker/custodians", `{"shares":3,"threshold":1}`, 400, `"field":"threshold"`},
		{"/locker/custodians", `{"shares":256,"threshold":2}`, 400, `"field":"threshold"`},
		{"/locker/custodians", `{"shares":2,"threshold":3}`, 400, `"field":"threshold"`},
		{"/locker/master", `{"file":"/a"}`, 403, `not here`},
		{"/locker/master", `{"file":"/a","shares":["` + secret + `"]}`, 400, `only place`},
		{"/locker/rekey", ``, 200, "{\"done\":128}\n{\"term\":7}\n"},
	} {
		status, text := o.ask(o.private, "POST", row.path, row.body)
		if status != row.status || !strings.Contains(text, row.want) || strings.Contains(text, secret) {
			t.Errorf("%s %s: %d %s, want %d with %s and no secret", row.path, row.body, status, text, row.status, row.want)
		}
	}
	if len(got) != 4 || got[0] != secret || got[1] != 2 || got[2] != 3 || got[3] != "/a" {
		t.Errorf("the wiring was called with %v", got)
	}
	o.admin.Vault.Rekey = func(context.Context, func(int)) (uint32, error) { return 0, errors.New("no room") }
	if _, text := o.ask(o.private, "POST", "/locker/rekey", ""); text != "{\"error\":\"no room\"}\n" {
		t.Errorf("a rotation that broke off ends with %q", text)
	}
}

// TestASealedDaemonMakesNoCopies: it can't say whose they would be.
func TestASealedDaemonMakesNoCopies(t *testing.T) {
	o := newOffice(t)
	o.admin.Config.Locker = func() Locker { return Locker{Sealed: true, Given: 1, Needed: 3} }
	for _, path := range []string{"/backup", "/keyring", "/locker/rekey"} {
		o.admin.Vault.Rekey = func(context.Context, func(int)) (uint32, error) { return 0, nil }
		if status, text := o.ask(o.private, "POST", path, ""); status != 503 || !strings.Contains(text, string(engine.CodeSealed)) {
			t.Errorf("%s: %d %s, want 503 sealed", path, status, text)
		}
	}
	if _, text := o.ask(o.private, "GET", "/status", ""); !strings.Contains(text, `"shares_given":1,"shares_needed":3`) {
		t.Errorf("status doesn't say how many shares were given: %s", text)
	}
	if status, text := o.ask(o.public, "GET", "/ready", ""); status != 503 || !strings.Contains(text, `"locker":"sealed"`) {
		t.Errorf("ready: %d %s", status, text)
	}
	if status, _ := o.ask(o.public, "GET", "/health", ""); status != 200 {
		t.Errorf("health: %d, want 200: it serves", status)
	}
}
