package engine_test

import (
	"bytes"
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

// olderForm makes of the rows of stages what an older program wrote: no rows of
// payouts, and the id alone to which requests are sorted in. It adds more rows
// than are taken down in one transaction, which no request asks for any more.
func (k *kit) olderForm() (stale int) {
	k.t.Helper()
	must(k.t, k.Disk.Update(k.Ctx, func(tx store.Tx) error {
		rows, err := tx.Scan("stages", nil, nil, 10_000, false)
		must(k.t, err)
		for _, row := range rows {
			switch {
			case len(row.Value) > 0:
				id, now := bytes.CutPrefix(row.Value, []byte("2"))
				if !now {
					k.t.Fatalf("how far requests are sorted is %q already", row.Value)
				}
				must(k.t, tx.Put("stages", row.Key, id))
				for i := range 2500 {
					stale++
					must(k.t, tx.Put("stages", append(slices.Clone(row.Key), "returned\x00"+strings.Repeat("0", 5)+string(rune('a'+i/500))+string(rune('a'+i/25%20))+string(rune('a'+i%25))...), nil))
				}
			case bytes.Contains(row.Key, []byte("payout:")):
				must(k.t, tx.Delete("stages", row.Key))
			default:
				stale++
			}
		}
		return nil
	}))
	return stale
}

func (k *kit) stageRows() (rows []store.Pair) {
	k.t.Helper()
	must(k.t, k.Disk.View(k.Ctx, func(tx store.Tx) (err error) {
		rows, err = tx.Scan("stages", nil, nil, 10_000, false)
		return err
	}))
	return rows
}

// A store whose rows are of an older form serves right lists from the first
// moment on, is sound all the while, also where the process dies half-way, and
// ends with the rows that it would have had from the start.
func TestRowsOfAnOlderFormAreTakenDown(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.crowd(8)
	k.sorted()
	want := k.stageRows()
	stale := k.olderForm()
	must(t, k.Crash())
	k.likeAWalk()
	sound := func(when string) {
		t.Helper()
		report, err := k.Engine.Check(k.Ctx, nil)
		must(t, err)
		for _, f := range report.Findings {
			t.Errorf("%s: %s", when, f)
		}
	}
	sound("before anything is taken down")

	must(t, k.Engine.SortStages(k.Ctx)) // a new process begins at once
	half := len(k.stageRows())
	if half >= stale || half == 0 {
		t.Fatalf("%d of %d rows are left after one piece, want some", half, stale)
	}
	v := mustList(k, engine.Filter{Bare: true, Stages: []payout.Stage{payout.Ready}})[0]
	_, err := k.Engine.Fulfil(k.Ctx, k.me, prefix, prefix+v.ID, nil) // what changes meanwhile brings no row back
	must(t, err)
	k.run(time.Minute)
	must(t, k.Crash())
	k.likeAWalk()
	sound("half-way")

	k.sorted()
	k.likeAWalk()
	sound("at the end")
	got := k.stageRows()
	for _, row := range got {
		if bytes.Contains(row.Key, []byte("returned\x0000000")) {
			t.Fatalf("a row of the older form is left: %q", row.Key)
		}
	}
	for _, row := range want {
		if len(row.Value) == 0 && !bytes.Contains(row.Key, []byte("ready")) && !slices.ContainsFunc(got, func(p store.Pair) bool { return bytes.Equal(p.Key, row.Key) }) {
			t.Errorf("a row has not come back: %q", row.Key)
		}
	}
}

// Each change of a request that is sorted in, and of its payouts, moves the
// rows in the same transaction: between any two pieces of work they agree.
func TestRowsOfStagesAgreeAtEachChange(t *testing.T) {
	k := newKit(t, sim.Config{})
	seen, returns := map[payout.Status]bool{}, ""
	for _, name := range []string{"success", "declined", "late_failure", "pending", "late_success", "partly", "returned"} {
		b := sepa(magic(t, name).IBAN)
		v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, Customer: "cus_ada", Person: &engine.Person{Name: "Ada Example"}, Beneficiary: b}, nil)
		must(t, err)
		if name == "returned" {
			returns = v.ID
		}
	}
	k.sorted()
	agree := func() {
		t.Helper()
		report, err := k.Engine.Check(k.Ctx, nil)
		must(t, err)
		for _, f := range report.Findings {
			t.Errorf("%s", f)
		}
		for _, v := range mustList(k, engine.Filter{Bare: true}) {
			for _, p := range v.Payouts {
				seen[p.Status] = true
				if !slices.Contains(idsOf(mustList(k, engine.Filter{Bare: true, Statuses: []payout.Status{p.Status}})), v.ID) {
					t.Errorf("a payout that is %s is in no list of these", p.Status)
				}
			}
		}
	}
	for _, v := range mustList(k, engine.Filter{Bare: true}) {
		_, err := k.Engine.Fulfil(k.Ctx, k.me, prefix, prefix+v.ID, nil)
		must(t, err)
		agree()
	}
	for range 40 {
		_, err := k.Engine.Work(k.Ctx)
		must(t, err)
		agree()
		k.Clock.Advance(time.Second)
		k.Provider.Advance(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC).Add(k.Clock.Mono())) // its own clock, as World.Run turns it
	}
	waits := mustList(k, engine.Filter{Bare: true, Stages: []payout.Stage{payout.InHand}})
	must(t, k.Engine.State(k.Ctx, k.me, waits[0].Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected, Resolution: "declined"}))
	agree()
	must(t, k.Engine.State(k.Ctx, k.me, k.get(returns).Payouts[0].ID, connector.Outcome{Verdict: connector.Returned, Resolution: "returned"}))
	agree()
	for _, s := range payout.Statuses() {
		if s != payout.Uncertain && s != payout.Sending && s != payout.Cancelled && !seen[s] {
			t.Errorf("no payout was ever seen %s", s)
		}
	}
}
