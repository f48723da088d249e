package cli

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/manual"
	"penstock/engine/service"
)

// TestTheDirectoryKnowsEveryConnector: a provider without an entry would get
// no routes, and an entry that promises live mode without a connector would
// refuse when money is to leave.
func TestTheDirectoryKnowsEveryConnector(t *testing.T) {
	real, err := providers(connector.Host{Transport: http.DefaultTransport, Now: time.Now, Dir: t.TempDir()}, "")
	if err != nil {
		t.Fatal(err)
	}
	real[manual.Provider] = manual.New
	d := service.Builtin()
	for name := range real {
		p, ok := d.Provider(name)
		if !ok || !p.In("live") || len(p.Services) == 0 {
			t.Errorf("%s has a connector, and the directory says %v, modes %v, %d services", name, ok, p.Modes, len(p.Services))
		}
	}
	for _, p := range d.Providers() {
		if _, ok := real[p.Name]; p.In("live") && !ok {
			t.Errorf("the directory promises %s in live mode, and there is no connector", p.Name)
		}
	}
}

// TestCredentialsAreThoseThatTheDirectoryNames: what a connector misses has a
// name that the form for connecting an account has too.
func TestCredentialsAreThoseThatTheDirectoryNames(t *testing.T) {
	real, err := providers(connector.Host{Transport: http.DefaultTransport, Now: time.Now, Dir: t.TempDir()}, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, build := range real {
		p, _ := service.Builtin().Provider(name)
		known := map[string]bool{}
		for _, c := range p.Credentials {
			known[c.Name] = true
		}
		_, err := build(connector.Account{ID: "mca_", Secrets: map[string]string{}})
		if err == nil {
			t.Errorf("%s: built from no credentials", name)
			continue
		}
		_, rest, _ := strings.Cut(err.Error(), `credential "`)
		missing, _, _ := strings.Cut(rest, `"`)
		if !known[missing] {
			t.Errorf("%s: misses %q, which the directory doesn't have: %v", name, missing, err)
		}
	}
}
