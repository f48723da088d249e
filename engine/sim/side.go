package sim

import (
	"fmt"

	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
)

// side is another provider beside the first one, with a nature, faults and a
// book of its own.
type side struct {
	url      string // by which an account is connected to it
	nature   int
	provider *sandbox.Provider
}

// addSide opens one more provider. What it declares is true.
func (w *World) addSide(name string, nature int) (*side, error) {
	f := sandbox.DefaultFaults()
	f.Seed = int64(w.Seed) + int64(len(w.sides)) + 1
	p, err := sandbox.Open(sandbox.Settings{Now: w.Clock.steady, Faults: &f})
	if err != nil {
		return nil, err
	}
	s := &side{url: "https://" + name + ".example", nature: nature, provider: p}
	w.sides = append(w.sides, s)
	return s, s.set(natures[nature].Faults)
}

func (s *side) set(patch string) error {
	if _, err := s.provider.SetFaults([]byte(patch)); err != nil {
		return fmt.Errorf("faults of %s: %w", s.url, err)
	}
	return nil
}

// providers are all of them, the first one first.
func (w *World) providers() []*sandbox.Provider {
	out := []*sandbox.Provider{w.Provider}
	for _, s := range w.sides {
		out = append(out, s.provider)
	}
	return out
}

// book is what all providers have written down.
func (w *World) book() (out []sandbox.Line, err error) {
	for _, p := range w.providers() {
		lines, err := p.Ledger()
		if err != nil {
			return nil, err
		}
		out = append(out, lines...)
	}
	return out, nil
}

// sideOf builds the way to another provider; nil where the account is with the
// first one.
func (w *World) sideOf(a connector.Account) connector.Builder {
	for _, s := range w.sides {
		if s.url == a.BaseURL {
			return sandbox.InProcess(s.provider, sandbox.WithTraits(natures[s.nature].Traits))
		}
	}
	return nil
}
