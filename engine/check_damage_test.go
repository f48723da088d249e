package engine_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/sim"
	"penstock/store"
)

var writeDamage = flag.Bool("write-damage", false, "write testdata/check_damage.txt from what check finds")

// TestCheckNamesEachDamage takes away, adds, doubles and alters rows of each
// index and of each record, one at a time, and wants the very findings of
// testdata/check_damage.txt, which a check that kept every row in memory made.
func TestCheckNamesEachDamage(t *testing.T) {
	var got strings.Builder
	for _, world := range []struct {
		name string
		make func(*testing.T) *kit
	}{{"shop", damagedShop}, {"brought back", damagedBack}, {"queue", damagedQueue}} {
		k := world.make(t)
		k.sound(world.name)
		for _, bucket := range []string{"due", "ref", "by_customer", "wants", "stages", "order", "back", "queue", "paying", "payment_ref", "refund", "request", "payment", "delivery"} {
			for _, line := range k.damages(bucket) {
				fmt.Fprintf(&got, "%s: %s\n", world.name, line)
			}
		}
	}
	const file = "testdata/check_damage.txt"
	if *writeDamage {
		must(t, os.WriteFile(file, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	is, was := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for _, line := range is {
		if !slices.Contains(was, line) {
			t.Errorf("found only now: %s", line)
		}
	}
	for _, line := range was {
		if !slices.Contains(is, line) {
			t.Errorf("found no more: %s", line)
		}
	}
}

// damages does each harm to up to forty rows of a bucket, puts each right again,
// and says what was found of how many, without the names of what is harmed.
func (k *kit) damages(bucket string) (lines []string) {
	k.t.Helper()
	var rows []store.Pair
	must(k.t, k.Disk.View(k.Ctx, func(tx store.Tx) (err error) {
		rows, err = tx.Scan(bucket, nil, nil, 40, false)
		return err
	}))
	edit := func(fn func(tx store.Tx) error) { k.t.Helper(); must(k.t, k.Disk.Update(k.Ctx, fn)) }
	put := func(key, value []byte) { edit(func(tx store.Tx) error { return tx.Put(bucket, key, value) }) }
	remove := func(key []byte) { edit(func(tx store.Tx) error { return tx.Delete(bucket, key) }) }
	found := map[string]int{}
	note := func(harm string) {
		report, err := k.Engine.Check(k.Ctx, nil)
		must(k.t, err)
		for i, f := range report.Findings {
			report.Findings[i] = strings.ReplaceAll(named.ReplaceAllString(f, "ID"), "\x00", " ")
		}
		slices.Sort(report.Findings)
		found[fmt.Sprintf("a row of %s is %s: %s", bucket, harm, strings.Join(report.Findings, " + "))]++
	}
	rows = slices.DeleteFunc(rows, func(row store.Pair) bool { // how far requests are sorted
		return len(row.Key) < 8 || len(row.Value) > 0 && (bucket == "stages" || bucket == "order")
	})
	for _, row := range rows {
		remove(row.Key)
		note("missing")
		put(row.Key, row.Value)

		other := bytes.Clone(row.Key)
		other[len(other)-1] = '~' // which no id has
		put(other, row.Value)
		note("too many")
		remove(other)

		if bucket == "delivery" || bucket == "order" { // made at another time, or of another name
			far := bytes.Clone(row.Key)
			far[len("shop\x00tdlv_01")] = 'z'
			put(far, row.Value)
			note("there twice")
			remove(far)
		}
		if len(row.Value) == 26 {
			put(row.Key, bytes.Repeat([]byte("0"), 26))
			note("wrong")
			put(row.Key, row.Value)
		}
	}
	for _, row := range rows {
		remove(row.Key)
	}
	if len(rows) > 1 {
		note("missing, as all are")
	}
	for _, row := range rows {
		put(row.Key, row.Value)
	}
	for _, what := range slices.Sorted(maps.Keys(found)) {
		lines = append(lines, fmt.Sprintf("%d x %s", found[what], what))
	}
	return lines
}

// named is what differs from run to run: names, and hashes of them.
var named = regexp.MustCompile(`[0-9a-z~]{26}|[0-9a-fz]{16}|\b[0-9][0-9a-z~]{8}$`)

// damagedShop has something of every sort, sorted in and young.
func damagedShop(t *testing.T) *kit {
	c := orderly()
	c.Render = map[string]engine.Render{"standard": toldOf}
	k := newKit(t, c)
	d := &lossy{lose: 2, keys: map[string]int{}}
	d.rig(k)
	_, err := k.Engine.AddEndpoint(k.Ctx, k.me, "https://shop.example/hook", "standard", nil)
	must(t, err)
	some := func(part string) {
		for i, name := range []string{"success", "declined", "returned", "partly", "pending", "success", "late_failure"} {
			n := engine.NewRequest{Dialect: "rest", Ref: fmt.Sprintf("%s-%d", part, i), Amount: eur(100), Confirm: true, AutoFulfill: i != 5, Expires: 30 * 24 * time.Hour, Extra: k.extra(""),
				Customer: "cus_ada", Person: &engine.Person{Name: "Ada Example"}, Beneficiary: sepa(magic(t, name).IBAN)}
			if i%2 == 0 {
				n.Extra = k.extra(fmt.Sprintf("%s order %d", part, i))
			}
			_, err := k.Engine.Create(k.Ctx, k.me, n, nil)
			must(t, err)
			k.Clock.Advance(time.Second)
		}
	}
	some("old")
	k.sorted()
	paid := mustList(k, engine.Filter{Bare: true, Stages: []payout.Stage{payout.AllPaid}})
	must(t, k.Engine.State(k.Ctx, k.me, paid[0].Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected, Resolution: "declined"}))
	must(t, k.Engine.State(k.Ctx, k.me, paid[1].Payouts[0].ID, connector.Outcome{Verdict: connector.Returned, Resolution: "returned"}))
	open, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Ref: "open", Customer: "cus_ada", Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
	must(t, err)
	taken, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Ref: "taken", Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
	must(t, err)
	k.run(20 * time.Minute)
	for i := range 2 {
		part := int64(100)
		_, err := k.Engine.RefundPayment(k.Ctx, k.me, engine.PrefixPayment+taken.ID, fmt.Sprintf("ref_%d", i), &part, "", nil)
		must(t, err)
	}
	k.run(20 * time.Minute)
	d.lose = 1 << 30
	part := int64(100)
	_, err = k.Engine.RefundPayment(k.Ctx, k.me, engine.PrefixPayment+open.ID, "ref_open", &part, "", nil)
	must(t, err)
	_, err = k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Ref: "asked", Customer: "cus_ada", Amount: eur(1250), Card: card("4242424242424242"), Confirm: true}, nil)
	must(t, err)
	some("young")
	return k
}

// damagedBack has requests that were brought back.
func damagedBack(t *testing.T) *kit {
	f := newRewound(t, connector.Traits{Idempotent: true, Lookup: true, Settle: 20 * time.Second})
	f.note()
	for i := range 3 {
		_, _, err := f.ask(700, "", fmt.Sprintf("k-%d", i))
		must(t, err)
	}
	f.run(time.Minute)
	f.forget()
	return f.kit
}

// damagedQueue has requests that wait for money.
func damagedQueue(t *testing.T) *kit {
	g := newGateAt(t, sim.Config{})
	g.queue()
	g.ask(usd(100), engine.Wishes{})
	g.run(time.Minute)
	g.funds(g.routeOf("sandbox_default", "test_usd"), 0)
	for range 3 {
		g.ask(usd(100), engine.Wishes{})
	}
	g.run(time.Minute)
	return g.kit
}
