package cli

import (
	"slices"
	"testing"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/engine/service"
)

// TestPersonasAndTheDirectoryAgree: each name that the test provider plays has a
// persona, with a way for every payout method that the directory gives it, and
// for no other.
func TestPersonasAndTheDirectoryAgree(t *testing.T) {
	d := service.Builtin()
	for _, name := range testProviders() {
		if name == engine.SandboxName {
			continue
		}
		p, ok := d.Provider(name)
		at := slices.IndexFunc(sandbox.Personas(), func(p sandbox.Persona) bool { return p.Name == name })
		if !ok || at < 0 {
			t.Errorf("%s: in the directory %v, persona %v", name, ok, at >= 0)
			continue
		}
		has := map[string]bool{}
		for _, code := range p.Services {
			sv, _ := d.Service(code)
			has[sv.Method] = true
		}
		for _, w := range sandbox.Personas()[at].Ways {
			for _, m := range w.Methods {
				if !has[m] {
					t.Errorf("the persona of %s pays %s, which the directory doesn't give it", name, m)
				}
				delete(has, m)
			}
		}
		for m := range has {
			t.Errorf("the persona of %s has no way for %s", name, m)
		}
	}
}
