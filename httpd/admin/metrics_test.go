package admin

import (
	"fmt"
	"testing"

	"penstock/engine"
)

// breakers are the metric of open breakers, by who opened them.
func (o *office) breakers() string {
	o.t.Helper()
	families, err := o.admin.counts.registry.Gather()
	if err != nil {
		o.t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		if f.GetName() == "penstock_breakers_open" {
			for _, m := range f.Metric {
				out[m.Label[0].GetValue()] = m.Gauge.GetValue()
			}
		}
	}
	return fmt.Sprint(out)
}

// TestBreakersThatAPersonOpenedAreCounted: apart from those that opened by
// themselves, until a person closes them.
func TestBreakersThatAPersonOpenedAreCounted(t *testing.T) {
	o := newOffice(t)
	ctx, me := t.Context(), engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "operator", Rights: engine.Rights()}
	if _, err := o.admin.Engine.CreateMerchant(ctx, me, "shop", "Shop"); err != nil {
		t.Fatal(err)
	}
	all, err := o.admin.Engine.Accounts(ctx, me.Scope)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d accounts, %v", len(all), err)
	}
	want := func(what string) {
		t.Helper()
		if got := o.breakers(); got != what {
			t.Errorf("got %s, want %s", got, what)
		}
	}
	want("map[by_hand:0 itself:0]")
	if _, err := o.admin.Engine.OpenBreaker(ctx, me, all[0].ID, "they move tonight", nil); err != nil {
		t.Fatal(err)
	}
	want("map[by_hand:1 itself:0]")
	if _, err := o.admin.Engine.CloseBreaker(ctx, me, all[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	want("map[by_hand:0 itself:0]")
}
