package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/sim"
	"penstock/store"
)

func orderly() sim.Config {
	return sim.Config{Sought: map[string]func(json.RawMessage) engine.Sought{"rest": soughtIn}}
}

// ordered makes n requests, of which every third has no order, every ninth that
// of many and the others one of their own.
func (k *kit) ordered(n int) {
	k.t.Helper()
	for i := range n {
		name := fmt.Sprintf("order %d", i)
		if i%3 == 0 {
			name = ""
		}
		if i%9 == 1 {
			name = "of many"
		}
		r := engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: i%7 == 0, AutoFulfill: true, Extra: k.extra(name)}
		if i%2 == 0 {
			r.Customer, r.Person, r.Beneficiary = "cus_ada", &engine.Person{Name: "Ada Example"}, sepa(magic(k.t, "success").IBAN)
		}
		_, err := k.Engine.Create(k.Ctx, k.me, r, nil)
		must(k.t, err)
		k.Clock.Advance(time.Duration(i%3) * time.Millisecond)
	}
}

func (k *kit) extra(order string) json.RawMessage {
	k.t.Helper()
	raw, err := json.Marshal(engine.Sought{Order: order, Entity: "Individual"})
	must(k.t, err)
	return raw
}

// likeALook holds lists by order against those for which everything is opened.
func (k *kit) likeALook(when string) {
	k.t.Helper()
	all, _, err := k.Engine.List(k.Ctx, k.me, engine.Filter{}, 0, 10_000)
	must(k.t, err)
	early, late := all[len(all)*3/4], all[len(all)/4]
	names := map[string]string{}
	for _, v := range all {
		names[v.ID] = soughtIn(v.Extra).Order
	}
	for _, f := range []engine.Filter{{}, {Customer: "cus_ada"}, {Stages: []payout.Stage{payout.AllPaid}}, {From: early.Created, To: late.Created}, {Since: early.ID, Before: late.ID}, {Oldest: true}, {Oldest: true, After: late.ID}, {Through: early.ID}} {
		for _, name := range []string{"of many", "order 4", "nobody's"} {
			f.Order, f.Keep, f.Total, f.Bare = "", func(r *engine.Request) bool { return names[r.ID] == name }, false, true
			want := idsOf(mustList(k, f))
			f.Order, f.Keep, f.Total = name, nil, true
			for _, at := range [][2]int{{0, 1000}, {2, 3}} {
				got, total, err := k.Engine.List(k.Ctx, k.me, f, at[0], at[1])
				must(k.t, err)
				if page := want[min(at[0], len(want)):min(at[0]+at[1], len(want))]; total != len(want) || !slices.Equal(idsOf(got), page) {
					k.t.Fatalf("%s: %+v, %v: %v of %d, want %v of %d", when, f, at, idsOf(got), total, page, len(want))
				}
			}
		}
	}
}

func (k *kit) sound(when string) {
	k.t.Helper()
	report, err := k.Engine.Check(k.Ctx, nil)
	must(k.t, err)
	for _, f := range report.Findings {
		k.t.Errorf("%s: %s", when, f)
	}
}

// orderRows are the rows by order, without those that say how far they go.
func (k *kit) orderRows() (rows []string) {
	k.t.Helper()
	must(k.t, k.Disk.View(k.Ctx, func(tx store.Tx) error {
		all, err := tx.Scan("order", nil, nil, 10_000, false)
		for _, row := range all {
			if len(row.Value) == 0 {
				rows = append(rows, string(row.Key))
			}
		}
		return err
	}))
	return rows
}

// orderless makes of the store what a version before left: no row of an order.
func (k *kit) orderless() {
	k.t.Helper()
	must(k.t, k.Disk.Update(k.Ctx, func(tx store.Tx) error {
		rows, err := tx.Scan("order", nil, nil, 10_000, false)
		for _, row := range rows {
			must(k.t, tx.Delete("order", row.Key))
		}
		return err
	}))
	must(k.t, k.Crash())
}

func TestAListByOrderReadsThatOrderAlone(t *testing.T) {
	disk := &counted{}
	c := orderly()
	c.Break.Disk = func(_ *sim.World, s store.Store) store.Store { disk.Store = s; return disk }
	k := newKit(t, c)
	k.ordered(400)
	k.likeALook("with all rows")
	disk.rows = 0
	if got := mustList(k, engine.Filter{Order: "nobody's", Total: true}); len(got) != 0 || disk.rows > 0 {
		t.Errorf("%d found and %d requests read of an order that nothing has", len(got), disk.rows)
	}
	for _, row := range k.orderRows() {
		if strings.Contains(row, "order 2") || strings.Contains(row, "of many") {
			t.Errorf("a row shows the merchant's words: %q", row)
		}
	}
	k.sound("with all rows")
}

// An order's row moves with what an update says, and a customer who is erased
// takes their orders out of all lists.
func TestRowsOfOrdersFollowChanges(t *testing.T) {
	k := newKit(t, orderly())
	k.ordered(20)
	give := func(id, name string) {
		t.Helper()
		_, err := k.Engine.Update(k.Ctx, k.me, prefix+id, engine.Change{Prefix: prefix, Extra: func(json.RawMessage) (json.RawMessage, error) { return k.extra(name), nil }}, nil)
		must(t, err)
	}
	rows := len(k.orderRows())
	first := mustList(k, engine.Filter{Order: "order 4"})[0].ID
	give(first, "of many")
	give(mustList(k, engine.Filter{Order: "order 5"})[0].ID, "")
	none := mustList(k, engine.Filter{Keep: func(r *engine.Request) bool { return r.Stage == payout.Draft && soughtIn(r.Extra).Order == "" }, Opened: true})[0].ID
	give(none, "order 2")
	_, err := k.Engine.Update(k.Ctx, k.me, prefix+first, engine.Change{Prefix: prefix, Amount: nil, Beneficiary: sepa(magic(t, "success").IBAN)}, nil)
	must(t, err)
	k.likeALook("after updates")
	if n := len(k.orderRows()); n != rows {
		t.Errorf("%d rows, want %d: one has gone and one has come", n, rows)
	}
	if len(mustList(k, engine.Filter{Order: "order 4"})) != 0 || len(mustList(k, engine.Filter{Order: "order 2"})) != 2 {
		t.Error("a row has not moved")
	}
	k.sound("after updates")
	k.run(time.Hour)
	for _, v := range mustList(k, engine.Filter{Customer: "cus_ada"}) {
		if !v.Stage.Ended() {
			_, err := k.Engine.Cancel(k.Ctx, k.me, prefix, prefix+v.ID, nil)
			must(t, err)
		}
	}
	_, err = k.Engine.DeleteCustomer(k.Ctx, k.me, "cus_ada", nil)
	must(t, err)
	k.run(1000 * time.Hour)
	for _, v := range mustList(k, engine.Filter{Order: "of many"}) {
		if v.Customer != "" {
			t.Errorf("request %s of a customer who was erased is found by what it was about", v.ID)
		}
	}
	k.sound("after a customer was erased")
}

// A store of a version that wrote no rows answers rightly at once, gets them
// beside the work, and goes on where a process died half-way.
func TestAnOlderStoreGetsItsOrdersWhileItServes(t *testing.T) {
	k := newKit(t, orderly())
	k.ordered(1100)
	want := k.orderRows()
	k.orderless()
	k.likeALook("without rows")
	k.sound("without rows")
	step := func() {
		t.Helper()
		k.Clock.Advance(time.Second)
		must(t, k.Engine.SortOrders(k.Ctx))
	}
	step()
	half := len(k.orderRows())
	if half == 0 || half >= len(want) {
		t.Fatalf("%d of %d rows after one piece, want some", half, len(want))
	}
	k.likeALook("half-way")
	must(t, k.Crash())
	k.Clock.Step(-time.Hour) // what comes now lies among those that nobody has looked at
	k.ordered(10)
	old := mustList(k, engine.Filter{Order: "order 31"})[0].ID
	_, err := k.Engine.Update(k.Ctx, k.me, prefix+old, engine.Change{Prefix: prefix, Extra: func(json.RawMessage) (json.RawMessage, error) { return k.extra("order 4"), nil }}, nil)
	must(t, err)
	k.likeALook("half-way, in another process")
	k.sound("half-way, in another process")
	for range 10 {
		step()
	}
	k.likeALook("with all rows")
	k.sound("with all rows")
	got := k.orderRows()
	gone := 0
	for _, row := range want {
		if !slices.Contains(got, row) {
			gone++
		}
	}
	if gone != 1 { // the one that was changed
		t.Errorf("%d of %d rows have not come back, want 1", gone, len(want))
	}
}

// meanwhile is a store that does something else just before an Update.
type meanwhile struct {
	store.Store
	do func()
}

func (m *meanwhile) Update(ctx context.Context, fn func(store.Tx) error) error {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return m.Store.Update(ctx, fn)
}

// What changes between the look at older requests and the writing of their
// rows leaves no row that is wrong, and none out.
func TestAChangeWhileOrdersAreSortedIsNotLost(t *testing.T) {
	disk := &meanwhile{}
	c := orderly()
	c.Break.Disk = func(_ *sim.World, s store.Store) store.Store { disk.Store = s; return disk }
	k := newKit(t, c)
	k.ordered(30)
	k.orderless()
	draft := mustList(k, engine.Filter{Order: "order 4"})[0]
	paid := mustList(k, engine.Filter{Order: "order 7"})[0]
	disk.do = func() {
		_, err := k.Engine.Update(k.Ctx, k.me, prefix+draft.ID, engine.Change{Prefix: prefix, Extra: func(json.RawMessage) (json.RawMessage, error) { return k.extra("other"), nil }}, nil)
		must(t, err)
		_, err = k.Engine.Cancel(k.Ctx, k.me, prefix, prefix+paid.ID, nil) // which says nothing new of its order
		must(t, err)
		k.ordered(3)
	}
	k.Clock.Advance(time.Minute)
	must(t, k.Engine.SortOrders(k.Ctx))
	if disk.do != nil || len(mustList(k, engine.Filter{Order: "other"})) != 1 {
		t.Fatal("nothing happened meanwhile")
	}
	k.sound("after a piece that came too late")
	for range 3 {
		k.Clock.Advance(time.Minute)
		must(t, k.Engine.SortOrders(k.Ctx))
	}
	k.likeALook("in the end")
	k.sound("in the end")
	if n := len(k.orderRows()); n != 22 {
		t.Errorf("%d rows, want 22", n)
	}
}

func TestCheckHoldsTheRowsOfOrders(t *testing.T) {
	k := newKit(t, orderly())
	k.ordered(20)
	findings := func() int {
		report, err := k.Engine.Check(k.Ctx, nil)
		must(t, err)
		return len(report.Findings)
	}
	rows := k.orderRows()
	if findings() != 0 || len(rows) < 10 {
		t.Fatalf("%d findings of %d rows", findings(), len(rows))
	}
	edit := func(fn func(tx store.Tx) error) { t.Helper(); must(t, k.Disk.Update(k.Ctx, fn)) }
	for _, row := range rows {
		edit(func(tx store.Tx) error { return tx.Delete("order", []byte(row)) })
		if findings() != 1 {
			t.Errorf("nobody misses %q", row)
		}
		at := bytes.LastIndexByte([]byte(row), 0)
		wrong := row[:at-1] + "x" + row[at:]
		edit(func(tx store.Tx) error { return tx.Put("order", []byte(wrong), nil) })
		if findings() != 2 {
			t.Errorf("nobody sees that %q is wrong", wrong)
		}
		edit(func(tx store.Tx) error {
			must(t, tx.Delete("order", []byte(wrong)))
			return tx.Put("order", []byte(row), nil)
		})
	}
}
