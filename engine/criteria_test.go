package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/engine/sim"
)

// soughtIn reads what these tests keep with a request: an order, an entity and
// a kind, each by its name.
func soughtIn(extra json.RawMessage) (s engine.Sought) {
	if err := json.Unmarshal(extra, &s); err != nil {
		panic(err)
	}
	return s
}

// words are requests of every sort that lists tell apart, whose texts look like
// members of a record.
func (k *kit) words(n int) {
	k.t.Helper()
	to := []engine.Beneficiary{{}, sepa(magic(k.t, "success").IBAN), card("4242424242424242"), sepa(magic(k.t, "account_closed").IBAN)}
	for i := range n {
		extra, err := json.Marshal(engine.Sought{Order: []string{"", "a", "b"}[i%3], Entity: []string{"Individual", "Company"}[i%2], Kind: []service.Kind{"", service.Wallet, service.Card}[i/4%3]})
		must(k.t, err)
		r := engine.NewRequest{Dialect: []string{"rest", "rest", "jsonapi"}[i/2%3], Amount: money.New(int64(100+i), money.MustCurrency([]string{"EUR", "JPY"}[i%2])), Beneficiary: to[i%4], Customer: "cus_ada",
			Person: &engine.Person{Name: `"entity":"Company","asked":"card","point":"x"`}, Confirm: i%4 > 0 && i%5 > 0, AutoFulfill: i%3 > 0, Extra: extra,
			Wishes: engine.Wishes{Metadata: []byte(`{"entity":"NonProfit","sealed":"x"}`)}}
		if r.Dialect == "jsonapi" {
			r.Ref = fmt.Sprintf(`"entity":"Company" %p %d`, &r, i)
		}
		_, err = k.Engine.Create(k.Ctx, k.me, r, nil)
		must(k.t, err)
		k.Clock.Advance(time.Second)
	}
	k.run(time.Minute)
}

// TestListsByWhatADialectTellsAreThoseOfEachRecordRead: also of records of
// before the dialect told it, which say it in their echo alone.
func TestListsByWhatADialectTellsAreThoseOfEachRecordRead(t *testing.T) {
	k := newKit(t, sim.Config{Older: true})
	k.words(40) // nobody tells anything of these
	k.Config.Sought = orderly().Sought
	k.orderless()
	k.words(40)
	point := mustList(k, engine.Filter{})[0].Point
	entity := func(r *engine.Request) (s engine.Sought) {
		if r.Dialect == "rest" {
			s = soughtIn(r.Extra)
		}
		return s
	}
	for _, f := range []engine.Filter{
		{Entities: []string{"Company"}}, {Entities: []string{"Individual", ""}}, {Entities: []string{""}}, {Entities: []string{"NonProfit"}}, {Points: []string{point}}, {Points: []string{"x", ""}}, {Points: []string{"x", point}},
		{Kinds: []service.Kind{service.Card}}, {Kinds: []service.Kind{service.Wallet}}, {Kinds: []service.Kind{service.Bank, service.Card}}, {Drafts: engine.BareDrafts}, {Drafts: engine.DetailedDrafts},
		{Drafts: engine.BareDrafts, Stages: []payout.Stage{payout.Draft}}, {Drafts: engine.DetailedDrafts, Stages: []payout.Stage{payout.Draft, payout.AllPaid}, Entities: []string{"Company"}},
		{Customer: "cus_ada", Entities: []string{"Company"}, Kinds: []service.Kind{service.Wallet}}, {Customer: "nobody"}, {Statuses: []payout.Status{payout.Failed}, Entities: []string{"Company"}},
	} {
		same := engine.Filter{Opened: true, Keep: func(r *engine.Request) bool {
			told := entity(r)
			kind := r.Kind
			if kind == "" {
				kind = told.Kind
			}
			return (len(f.Entities) == 0 || slices.Contains(f.Entities, told.Entity)) && (len(f.Points) == 0 || slices.Contains(f.Points, r.Point)) && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, kind)) &&
				(f.Drafts == engine.AnyDrafts || r.Stage != payout.Draft || (r.Sealed == nil) == (f.Drafts == engine.BareDrafts)) && (len(f.Stages) == 0 || slices.Contains(f.Stages, r.Stage)) &&
				(f.Customer == "" || r.Customer == f.Customer) && (len(f.Statuses) == 0 || slices.ContainsFunc(r.Payouts, func(p payout.Payout) bool { return slices.Contains(f.Statuses, p.Status) }))
		}}
		got, want := mustList(k, f), mustList(k, same)
		if !slices.Equal(idsOf(got), idsOf(want)) {
			t.Errorf("%+v: %d found, want %d", f, len(got), len(want))
		}
		f.Total, f.Bare = true, true
		_, total, err := k.Engine.List(k.Ctx, k.me, f, 1, 1)
		must(t, err)
		if total != len(want) {
			t.Errorf("%+v: counts %d, want %d", f, total, len(want))
		}
		tally := map[engine.Stand]int{}
		for _, v := range want {
			tally[v.Stand()]++
		}
		counted, err := k.Engine.Tally(k.Ctx, k.me, f)
		must(t, err)
		if !maps.Equal(counted, tally) {
			t.Errorf("%+v: counts %v, want %v", f, counted, tally)
		}
	}
	all := mustList(k, engine.Filter{})
	for _, at := range [][2]int{{0, 79}, {70, 71}, {30, 31}, {45, 45}} { // newest first
		from, to := all[at[1]].Created, all[at[0]].Created
		counted, err := k.Engine.Tally(k.Ctx, k.me, engine.Filter{From: from, To: to})
		must(t, err)
		n := 0
		for _, some := range counted {
			n += some
		}
		if want := at[1] - at[0]; n != want {
			t.Errorf("%d were created from %v until %v, want %d", n, from, to, want)
		}
	}
}

// TestWhatIsToldOfARequestFollowsItsChanges: what an update says is what lists
// find it by, and nothing else.
func TestWhatIsToldOfARequestFollowsItsChanges(t *testing.T) {
	k := newKit(t, orderly())
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(1), Extra: []byte(`{"Entity":"Company","Kind":"card"}`)}, nil)
	must(t, err)
	found := func(when string, want int, f engine.Filter) {
		t.Helper()
		if got := len(mustList(k, f)); got != want {
			t.Errorf("%s: %d found by %+v, want %d", when, got, f, want)
		}
	}
	found("at first", 1, engine.Filter{Entities: []string{"Company"}, Kinds: []service.Kind{service.Card}})
	_, err = k.Engine.Update(k.Ctx, k.me, prefix+v.ID, engine.Change{Prefix: prefix, Extra: func(x json.RawMessage) (json.RawMessage, error) {
		return bytes.Replace(x, []byte("Company"), []byte("Personal"), 1), nil
	}}, nil)
	must(t, err)
	found("after an update", 0, engine.Filter{Entities: []string{"Company"}})
	found("after an update", 1, engine.Filter{Entities: []string{"Personal"}, Kinds: []service.Kind{service.Card}})
	_, err = k.Engine.Update(k.Ctx, k.me, prefix+v.ID, engine.Change{Prefix: prefix, Beneficiary: sepa(magic(t, "pending").IBAN)}, nil)
	must(t, err)
	found("with details", 0, engine.Filter{Kinds: []service.Kind{service.Card}})
	found("with details", 1, engine.Filter{Kinds: []service.Kind{service.Bank}, Entities: []string{"Personal"}})
}
