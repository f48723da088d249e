package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/engine/sim"
	"penstock/store"
)

// counted is a store that counts what is read from requests.
type counted struct {
	store.Store
	rows int
}

type countedTx struct {
	store.Tx
	of *counted
}

func (c *counted) View(ctx context.Context, fn func(store.Tx) error) error {
	return c.Store.View(ctx, func(tx store.Tx) error { return fn(&countedTx{tx, c}) })
}

func (t *countedTx) Scan(bucket string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	rows, err := t.Tx.Scan(bucket, from, to, limit, desc)
	if bucket == "request" {
		t.of.rows += len(rows)
	}
	return rows, err
}

// TestAListReadsNoFurtherThanItsPage is the promise that lets a shop with a
// million payouts look at the newest.
func TestAListReadsNoFurtherThanItsPage(t *testing.T) {
	d := newDuel(t)
	for range 300 {
		_, err := d.rival.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Amount: eur(1)}, nil)
		must(t, err)
	}
	disk := &counted{Store: d.at.Store}
	d.at.Store = disk
	for _, row := range []struct {
		skip, limit int
		total       bool
		page, want  int
		most        int
	}{
		{0, 10, false, 10, 0, 10}, {5, 10, false, 10, 0, 15}, {0, 10, true, 10, 300, 600}, {295, 10, true, 5, 300, 600}, {0, 0, true, 0, 300, 600}, {400, 10, false, 0, 0, 600},
	} {
		disk.rows = 0
		out, total, err := d.engine.List(t.Context(), d.me, engine.Filter{Total: row.total}, row.skip, row.limit)
		must(t, err)
		if len(out) != row.page || total != row.want || disk.rows > row.most {
			t.Errorf("skip %d, limit %d, total %v: %d payouts, total %d, %d rows read; want %d, %d, at most %d", row.skip, row.limit, row.total, len(out), total, disk.rows, row.page, row.want, row.most)
		}
	}
}

// TestAListsTimesAreExact holds the narrowing by id against the times that the
// records bear, between and within milliseconds and over a clock set back.
func TestAListsTimesAreExact(t *testing.T) {
	k := newKit(t, sim.Config{})
	steps := []time.Duration{0, 100 * time.Microsecond, 900 * time.Microsecond, time.Millisecond, 1500 * time.Microsecond, time.Second, -time.Hour, 300 * time.Microsecond}
	var made []time.Time
	for i, step := range steps {
		if step < 0 {
			k.Clock.Step(step)
		} else {
			k.Clock.Advance(step)
		}
		v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(int64(i)), Customer: "ada", Person: &engine.Person{}}, nil)
		must(t, err)
		made = append(made, v.Created)
	}
	for _, from := range append(slices.Clone(made), time.Time{}) {
		for _, to := range append(slices.Clone(made), time.Time{}) {
			want := 0
			for _, at := range made {
				if (from.IsZero() || !at.Before(from)) && (to.IsZero() || at.Before(to)) {
					want++
				}
			}
			for _, f := range []engine.Filter{{}, {Customer: "ada"}, {Keep: func(*engine.Request) bool { return true }}} {
				f.From, f.To, f.Total = from, to, true
				out, total, err := k.Engine.List(k.Ctx, k.me, f, 0, 1)
				must(t, err)
				if total != want || len(out) != min(want, 1) {
					t.Errorf("from %v to %v, customer %q: %d on the page, total %d, want %d", from, to, f.Customer, len(out), total, want)
				}
			}
		}
	}
}

// TestCustomersAreCountedWhenAsked covers pages and their count.
func TestCustomersAreCountedWhenAsked(t *testing.T) {
	k := newKit(t, sim.Config{})
	for i := range 5 {
		k.customer(fmt.Sprintf("c%d", i))
	}
	for _, row := range []struct {
		skip, limit int
		count       bool
		page, want  int
	}{{0, 2, false, 2, 0}, {0, 2, true, 2, 5}, {4, 2, true, 1, 5}, {9, 2, true, 0, 5}, {0, 10, false, 5, 0}} {
		out, total, err := k.Engine.Customers(k.Ctx, k.me, row.skip, row.limit, row.count)
		must(t, err)
		if len(out) != row.page || total != row.want {
			t.Errorf("skip %d, limit %d, count %v: %d and total %d, want %d and %d", row.skip, row.limit, row.count, len(out), total, row.page, row.want)
		}
	}
}

// TestAListFromTheOldestIsTheSameListBackwards reads it in pages, by what is
// after and what is before.
func TestAListFromTheOldestIsTheSameListBackwards(t *testing.T) {
	d := newDuel(t)
	for range 7 {
		_, err := d.rival.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Amount: eur(1)}, nil)
		must(t, err)
	}
	all, _, err := d.engine.List(t.Context(), d.me, engine.Filter{}, 0, 10)
	must(t, err)
	var up []string
	for cursor := ""; ; {
		page, _, err := d.engine.List(t.Context(), d.me, engine.Filter{Oldest: true, After: cursor}, 0, 3)
		must(t, err)
		if len(page) == 0 {
			break
		}
		for _, v := range page {
			up = append(up, v.ID)
		}
		cursor = page[len(page)-1].ID
	}
	slices.Reverse(up)
	var down []string
	for _, v := range all {
		down = append(down, v.ID)
	}
	if len(down) != 7 || !slices.Equal(up, down) {
		t.Errorf("newest first %v\n oldest first, reversed %v", down, up)
	}
	some, _, err := d.engine.List(t.Context(), d.me, engine.Filter{Oldest: true, After: down[6], Before: down[2], Keep: func(*engine.Request) bool { return true }}, 1, 2)
	must(t, err)
	if len(some) != 2 || some[0].ID != down[4] || some[1].ID != down[3] {
		t.Errorf("between two ids: %d of them, want %s and %s", len(some), down[4], down[3])
	}
}

// TestWhoWantsAPersonIsListed: those that somebody has to look at are found
// without reading the others, and leave the list when it is done.
func TestWhoWantsAPersonIsListed(t *testing.T) {
	k := newKit(t, sim.Config{})
	list := func(f engine.Filter) (ids []string) {
		f.Wants = true
		got, total, err := k.Engine.List(k.Ctx, k.me, f, 0, 10)
		must(t, err)
		for _, v := range got {
			ids = append(ids, v.ID)
		}
		if f.Total && total != len(ids) {
			t.Errorf("it counts %d and lists %d", total, len(ids))
		}
		return ids
	}
	slow := k.pay(sepa(magic(t, "pending").IBAN))
	k.pay(sepa(magic(t, "success").IBAN))
	k.run(time.Minute)
	if got := list(engine.Filter{}); len(got) != 0 {
		t.Fatalf("at first %v want a person", got)
	}
	late := k.pay(sepa(magic(t, "pending").IBAN))
	k.run(40 * time.Hour)
	if got := list(engine.Filter{Oldest: true, Total: true}); len(got) != 2 || got[0] != slow.ID || got[1] != late.ID {
		t.Errorf("after 40 hours %v want a person, want %s and %s", got, slow.ID, late.ID)
	}
	if got := list(engine.Filter{Customer: "nobody"}); len(got) != 0 {
		t.Errorf("%v are nobody's", got)
	}
	if got := list(engine.Filter{Customer: "cus_ada", Total: true}); len(got) != 2 {
		t.Errorf("%v are Ada's, want both", got)
	}
	_, err := k.Engine.Moderate(k.Ctx, k.me, prefix, prefix+late.ID, "look at this", nil)
	must(t, err)
	_, err = k.Engine.Unmoderate(k.Ctx, k.me, prefix, prefix+late.ID, nil)
	must(t, err)
	if got := list(engine.Filter{}); len(got) != 2 {
		t.Errorf("%v want a person, want both still", got)
	}
}

// TestAListByStagesIsThatOfEachRecordRead holds the short way by what is stored
// to the long one, also where a merchant's words look like a stage.
func TestAListByStagesIsThatOfEachRecordRead(t *testing.T) {
	k := newKit(t, sim.Config{Older: true})
	for i, b := range []engine.Beneficiary{card("4111111111111111"), sepa(magic(t, "declined").IBAN), sepa(magic(t, "pending").IBAN), card("4111111111111111")} {
		_, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: i < 3, Customer: "ada", Person: &engine.Person{}, Beneficiary: b,
			Wishes: engine.Wishes{Metadata: []byte(`{"note":"\"stage\":\"paid\"","stage":"paid"}`)}}, nil)
		must(t, err)
	}
	k.run(time.Minute)
	met := map[payout.Stage]bool{}
	for _, s := range payout.Stages() {
		short, n, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Stages: []payout.Stage{s}, Total: true}, 0, 10)
		must(t, err)
		long, m, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Keep: func(r *engine.Request) bool { return r.Stage == s }, Total: true}, 0, 10)
		must(t, err)
		if n != m || len(short) != len(long) {
			t.Errorf("%s: %d of %d, want %d of %d", s, len(short), n, len(long), m)
		}
		met[s] = n > 0
	}
	if !met[payout.AllPaid] || !met[payout.NonePaid] || !met[payout.Ready] {
		t.Errorf("stages met: %v", met)
	}
	all, _, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Stages: payout.Stages(), Customer: "ada"}, 0, 10)
	must(t, err)
	if len(all) != 4 {
		t.Errorf("%d of a customer in all stages, want 4", len(all))
	}
}

// TestAListByWhatRecordsHoldIsThatOfEachRecordRead: currencies, providers and
// kinds narrow a list to what looking into every record finds, with stages and
// without, page by page and in its total.
func TestAListByWhatRecordsHoldIsThatOfEachRecordRead(t *testing.T) {
	k := newKit(t, sim.Config{Older: true})
	to := []engine.Beneficiary{{}, sepa(magic(t, "success").IBAN), card("4242424242424242"), sepa(magic(t, "account_closed").IBAN)}
	for i := range 40 {
		b := to[i%len(to)]
		n := engine.NewRequest{Dialect: "rest", Ref: fmt.Sprintf("currency-%d", i), Amount: money.New(int64(100+i), money.MustCurrency([]string{"EUR", "JPY", "KWD"}[i%3])), Beneficiary: b, Customer: "cus_ada", Person: &engine.Person{Name: `"currency":"EUR","kind":"card"`},
			Confirm: i%4 > 0 && i%5 > 0, AutoFulfill: i%3 > 0, Expires: time.Hour}
		_, err := k.Engine.Create(k.Ctx, k.me, n, nil)
		must(t, err)
		k.Clock.Advance(time.Second)
	}
	must(t, k.Run(2*time.Hour))
	for _, f := range []engine.Filter{
		{Currencies: []money.Currency{money.MustCurrency("KWD")}}, {Currencies: []money.Currency{money.MustCurrency("EUR"), money.MustCurrency("JPY")}}, {Currencies: []money.Currency{money.MustCurrency("USD")}},
		{Providers: []string{engine.SandboxName}}, {Providers: []string{"stripe"}}, {Kinds: []service.Kind{service.Card}}, {Kinds: []service.Kind{service.Bank, service.Wallet}},
		{Currencies: []money.Currency{money.MustCurrency("JPY")}, Kinds: []service.Kind{service.Bank}, Stages: []payout.Stage{payout.AllPaid, payout.NonePaid}},
		{Customer: "cus_ada", Currencies: []money.Currency{money.MustCurrency("EUR")}},
	} {
		same := engine.Filter{Customer: f.Customer, Stages: f.Stages, Total: true, Keep: func(r *engine.Request) bool {
			return (len(f.Currencies) == 0 || slices.Contains(f.Currencies, r.Amount.Currency())) && (len(f.Providers) == 0 || slices.Contains(f.Providers, r.Provider)) &&
				(len(f.Kinds) == 0 || slices.Contains(f.Kinds, r.Kind))
		}}
		f.Total = true
		for _, skip := range []int{0, 2} {
			got, total, err := k.Engine.List(k.Ctx, k.me, f, skip, 3)
			must(t, err)
			want, all, err := k.Engine.List(k.Ctx, k.me, same, skip, 3)
			must(t, err)
			if total != all || !slices.Equal(idsOf(got), idsOf(want)) {
				t.Errorf("%+v from %d: %v of %d, want %v of %d", f, skip, idsOf(got), total, idsOf(want), all)
			}
		}
	}
}
