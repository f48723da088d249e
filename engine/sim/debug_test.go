package sim

import (
	"context"
	"os"
	"strconv"
	"testing"

	"penstock/engine"
)

// TestTellSeed tells one seed's story in full: PENSTOCK_SEED=n.
func TestTellSeed(t *testing.T) {
	seed, err := strconv.ParseUint(os.Getenv("PENSTOCK_SEED"), 10, 64)
	if err != nil {
		t.Skip("set PENSTOCK_SEED to a seed (and PENSTOCK_BREAK to a break) to read its story")
	}
	r := Result{Seed: seed, Faults: map[string]int{}}
	b, _ := FindBreak(os.Getenv("PENSTOCK_BREAK"))
	s, err := newStory(context.Background(), seed, b, natureOf(seed), &r)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("told: %v; the provider %s", s.tell(), s.nature.Name)
	for _, me := range s.merchants {
		list, _, err := s.w.Engine.List(s.w.Ctx, me, engine.Filter{}, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			t.Logf("request %s %s of %s: %s, moderation %q", v.ID, v.Amount, me.Merchant, v.Stage, v.Moderation)
			for _, l := range v.History {
				t.Logf("  %3d %s %-12s %-12s on %d -> %s %s x%d", l.Seq, l.At.Format("01-02 15:04:05.000"), l.What, l.By, l.On, l.To, l.Text, l.More)
			}
		}
	}
	for _, me := range s.merchants {
		list, err := s.w.Engine.Deliveries(s.w.Ctx, me, "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			t.Logf("delivery %s %s of %s: %s after %d tries, due %v, last %+v", d.ID, d.Type, d.Request, d.State, d.Tries, d.Due, d.Attempts[max(0, len(d.Attempts)-2):])
		}
	}
	t.Logf("now %v", s.w.Clock.Now())
	book, err := s.w.Provider.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range book {
		t.Logf("book %+v", l)
	}
	for _, f := range r.Findings {
		t.Error(f)
	}
}
