package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/sim"
	"penstock/store"
)

// crowd are requests at many stages, created over hours and within
// milliseconds.
func (k *kit) crowd(rounds int) {
	k.t.Helper()
	paid, refused, slow := magic(k.t, "success").IBAN, magic(k.t, "account_closed").IBAN, magic(k.t, "pending").IBAN
	back, part := magic(k.t, "returned").IBAN, magic(k.t, "partly").IBAN
	ask := func(iban string, n engine.NewRequest) *engine.View {
		n.Dialect, n.Amount, n.Customer, n.Person, n.Beneficiary = "rest", eur(100), "cus_ada", &engine.Person{Name: "Ada Example"}, sepa(iban)
		v, err := k.Engine.Create(k.Ctx, k.me, n, nil)
		must(k.t, err)
		return v
	}
	send := engine.NewRequest{Confirm: true, AutoFulfill: true}
	for i := range rounds {
		for range 3 {
			ask(paid, send)
			ask(paid, engine.NewRequest{})
		}
		drop := ask(paid, engine.NewRequest{Confirm: true})
		ask(paid, engine.NewRequest{Confirm: true})
		if i%2 == 0 {
			ask(refused, send)
			ask(slow, send)
			ask(back, send)
			ask(part, send)
		}
		k.run(time.Duration(1+i%4) * 40 * time.Second)
		_, err := k.Engine.Cancel(k.Ctx, k.me, prefix, prefix+drop.ID, nil)
		must(k.t, err)
	}
}

// sorted lets everything be sorted in.
func (k *kit) sorted() {
	k.t.Helper()
	k.run(time.Hour)
	for range 20 {
		k.Clock.Advance(20 * time.Second)
		must(k.t, k.Engine.SortStages(k.Ctx))
	}
}

// likeAWalk holds lists by stage against those of every request.
func (k *kit) likeAWalk() {
	k.t.Helper()
	all := mustList(k, engine.Filter{Bare: true})
	early, middle, late := all[len(all)*4/5], all[len(all)/2], all[len(all)/5]
	sets := [][]payout.Stage{{payout.AllPaid, payout.SomePaid}, {payout.Draft, payout.NonePaid, payout.InHand}, payout.Stages()}
	for _, s := range payout.Stages() {
		sets = append(sets, []payout.Stage{s})
	}
	for i, f := range []engine.Filter{{}, {Before: middle.ID}, {After: middle.ID}, {Through: middle.ID, After: early.ID}, {Since: middle.ID, Before: late.ID}, {From: early.Created, To: late.Created}, {From: late.Created.Add(time.Hour)}, {Customer: "cus_ada"}} {
		f.Bare = true
		for _, f.Oldest = range []bool{false, true} {
			f.Stages, f.Total = nil, false
			walked := mustList(k, f)
			for _, f.Stages = range sets {
				want := idsOf(slices.DeleteFunc(slices.Clone(walked), func(v engine.View) bool { return !slices.Contains(f.Stages, v.Stage) }))
				f.Total = i%2 == 0
				for _, at := range [][2]int{{0, 1000}, {0, 7}, {5, 9}} {
					got, counted, err := k.Engine.List(k.Ctx, k.me, f, at[0], at[1])
					must(k.t, err)
					page := want[min(at[0], len(want)):min(at[0]+at[1], len(want))]
					if !slices.Equal(idsOf(got), page) || f.Total && counted != len(want) {
						k.t.Fatalf("%+v, %v: counts %d, a walk finds %d\n%s\n%s", f, at, counted, len(want), strings.Join(idsOf(got), " "), strings.Join(page, " "))
					}
				}
			}
			f.Stages = nil
			for i, f.Statuses = range statusSets() {
				want := idsOf(slices.DeleteFunc(slices.Clone(walked), func(v engine.View) bool {
					return !slices.ContainsFunc(v.Payouts, func(p payout.Payout) bool { return slices.Contains(f.Statuses, p.Status) })
				}))
				f.Brief = i%2 == 0 && f.Customer == ""
				got, counted, err := k.Engine.List(k.Ctx, k.me, f, 0, 1000)
				must(k.t, err)
				if !slices.Equal(idsOf(got), want) || f.Total && counted != len(want) {
					k.t.Fatalf("%+v: counts %d, a walk finds %d\n%s\n%s", f, counted, len(want), strings.Join(idsOf(got), " "), strings.Join(want, " "))
				}
			}
			f.Statuses, f.Brief = nil, false
		}
	}
}

func statusSets() [][]payout.Status {
	sets := [][]payout.Status{{payout.Failed, payout.Pending}, payout.Statuses(), {"unheard-of"}}
	for _, s := range payout.Statuses() {
		sets = append(sets, []payout.Status{s})
	}
	return sets
}

func idsOf(list []engine.View) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].ID
	}
	return out
}

func TestAListByStageFindsWhatAWalkFinds(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.crowd(8)
	k.likeAWalk() // some are sorted in, some are not
	k.sorted()
	k.likeAWalk()
	report, err := k.Engine.Check(k.Ctx, nil)
	must(t, err)
	if n := report.Counts["stages"]; n < 20 {
		t.Errorf("%d rows of stages: nothing was sorted", n)
	}
	// What was sorted goes on.
	for _, v := range mustList(k, engine.Filter{Stages: []payout.Stage{payout.Ready}, Bare: true}) {
		_, err := k.Engine.Fulfil(k.Ctx, k.me, prefix, prefix+v.ID, nil)
		must(t, err)
	}
	k.Clock.Step(-24 * time.Hour) // new ids lie among those that are sorted
	k.crowd(3)
	k.likeAWalk()
}

func mustList(k *kit, f engine.Filter) []engine.View {
	k.t.Helper()
	out, _, err := k.Engine.List(k.Ctx, k.me, f, 0, 1000)
	must(k.t, err)
	return out
}

// An older store has no rows of stages. It serves at once and is sorted beside
// the work.
func TestAnOlderStoreIsSortedWhileItServes(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.crowd(8)
	k.sorted()
	must(t, k.Disk.Update(k.Ctx, func(tx store.Tx) error {
		rows, err := tx.Scan("stages", nil, nil, 10_000, false)
		for _, row := range rows {
			must(t, tx.Delete("stages", row.Key))
		}
		return err
	}))
	must(t, k.Crash())
	k.likeAWalk()
	k.sorted()
	k.likeAWalk()
	report, err := k.Engine.Check(k.Ctx, nil)
	must(t, err)
	if report.Counts["stages"] < 20 {
		t.Errorf("%d rows of stages after an hour", report.Counts["stages"])
	}
}

func TestARareStageIsFoundWithoutReadingTheRest(t *testing.T) {
	disk := &counted{}
	c := sim.Config{}
	c.Break.Disk = func(_ *sim.World, s store.Store) store.Store { disk.Store = s; return disk }
	k := newKit(t, c)
	refused := magic(t, "account_closed").IBAN
	for i := range 400 {
		n := engine.NewRequest{Dialect: "rest", Amount: eur(100)}
		if i == 50 {
			n.Confirm, n.AutoFulfill, n.Customer, n.Person, n.Beneficiary = true, true, "cus_ada", &engine.Person{Name: "Ada Example"}, sepa(refused)
		}
		_, err := k.Engine.Create(k.Ctx, k.me, n, nil)
		must(t, err)
		k.Clock.Advance(50 * time.Millisecond)
	}
	k.sorted()
	disk.rows = 0
	if got := mustList(k, engine.Filter{Statuses: []payout.Status{payout.Failed}}); len(got) != 1 || disk.rows > 5 {
		t.Errorf("%d found and %d requests read for a payout, want 1 of at most 5", len(got), disk.rows)
	}
	disk.rows = 0
	if got := mustList(k, engine.Filter{Stages: []payout.Stage{payout.NonePaid}}); len(got) != 1 || disk.rows > 5 {
		t.Errorf("%d found and %d requests read, want 1 of at most 5", len(got), disk.rows)
	}
}

// A row that is wrong or missing makes lists that are not true.
func TestCheckHoldsTheRowsOfStages(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.crowd(4)
	k.sorted()
	var rows []store.Pair
	must(t, k.Disk.View(k.Ctx, func(tx store.Tx) (err error) {
		rows, err = tx.Scan("stages", nil, nil, 10_000, false)
		return err
	}))
	findings := func() int {
		report, err := k.Engine.Check(k.Ctx, nil)
		must(t, err)
		return len(report.Findings)
	}
	if findings() != 0 || len(rows) < 6 {
		t.Fatalf("%d findings of %d rows", findings(), len(rows))
	}
	for _, row := range rows[1:] { // the first is how far it goes
		must(t, k.Disk.Update(k.Ctx, func(tx store.Tx) error { return tx.Delete("stages", row.Key) }))
		if findings() == 0 {
			t.Errorf("nobody misses %q", row.Key)
		}
		wrong := []byte(strings.Replace(strings.Replace(string(row.Key), "failed", "expired", 1), "draft", "ready", 1))
		must(t, k.Disk.Update(k.Ctx, func(tx store.Tx) error { return tx.Put("stages", append(wrong, '0'), nil) }))
		if findings() != 2 {
			t.Errorf("nobody sees that %q is wrong", wrong)
		}
		must(t, k.Disk.Update(k.Ctx, func(tx store.Tx) error {
			must(t, tx.Delete("stages", append(wrong, '0')))
			return tx.Put("stages", row.Key, nil)
		}))
	}
}

// TestALookThatEndsSaysWhere lets a page go on from there.
func TestALookThatEndsSaysWhere(t *testing.T) {
	k := newKit(t, sim.Config{})
	for range 20 {
		_, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(1)}, nil)
		must(t, err)
	}
	all := mustList(k, engine.Filter{Bare: true})
	for _, look := range []int{1, 5, len(all) - 1, len(all), len(all) + 1} {
		ended := "unset"
		_, _, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Bare: true, Stages: []payout.Stage{payout.Expired}, Look: look, Ended: &ended}, 0, 10)
		must(t, err)
		want := ""
		if look < len(all) {
			want = all[look-1].ID
		}
		if ended != want {
			t.Errorf("a look at %d of %d ended at %q, want %q", look, len(all), ended, want)
		}
	}
}

// TestABriefLookSeesWhatTheRecordSays of what it promises.
func TestABriefLookSeesWhatTheRecordSays(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.crowd(2)
	all := mustList(k, engine.Filter{Bare: true})
	n := 0
	_, _, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Bare: true, Brief: true, Keep: func(r *engine.Request) bool {
		if v := &all[n]; r.ID != v.ID || r.Stage != v.Stage || r.Amount != v.Amount || r.Provider != v.Provider || !r.Created.Equal(v.Created) || !r.Changed.Equal(v.Changed) {
			t.Errorf("%+v of %+v", r, v)
		}
		n++
		return false
	}}, 0, 1)
	must(t, err)
	if n != len(all) {
		t.Errorf("%d of %d were seen", n, len(all))
	}
}
