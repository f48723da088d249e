package engine_test

import (
	"encoding/json"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/sim"
)

// A draft for nobody is given a customer: its details go over to that
// customer's key, and the payout to the customer's list.
func TestACustomerGivenLaterOwnsTheDetails(t *testing.T) {
	for _, row := range []struct {
		name string
		give func(*kit, string) error
	}{
		{"by update", func(k *kit, name string) error {
			_, err := k.Engine.Update(k.Ctx, k.me, name, engine.Change{Prefix: prefix, Customer: "ada"}, nil)
			must(t, err)
			_, err = k.Engine.Confirm(k.Ctx, k.me, name, engine.Change{Prefix: prefix}, nil)
			return err
		}},
		{"by confirm", func(k *kit, name string) error {
			_, err := k.Engine.Confirm(k.Ctx, k.me, name, engine.Change{Prefix: prefix, Customer: "ada"}, nil)
			return err
		}},
		{"new, by confirm", func(k *kit, name string) error {
			_, err := k.Engine.Confirm(k.Ctx, k.me, name, engine.Change{Prefix: prefix, Customer: "bea", Person: &engine.Person{Name: "Bea"}}, nil)
			return err
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := newKit(t, sim.Config{})
			k.customer("ada")
			v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), AutoFulfill: true, Beneficiary: card("4111111111111111")}, nil)
			must(t, err)
			must(t, row.give(k, prefix+v.ID))
			got := k.get(v.ID)
			if got.Customer == "" || got.Person == nil {
				t.Errorf("customer %q, person %v", got.Customer, got.Person)
			}
			sealed, err := k.Locker.Open(k.Ctx, lockerOwner("shop", got.Customer), lockerPlace("request", v.ID), got.Sealed)
			if err != nil || len(sealed) == 0 {
				t.Errorf("the details are not under the customer's key: %v", err)
			}
			list, _, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Customer: got.Customer}, 0, 10)
			must(t, err)
			if len(list) != 1 {
				t.Errorf("the customer's list has %d payouts, want 1", len(list))
			}
			_, err = k.Engine.DeleteCustomer(k.Ctx, k.me, got.Customer, nil)
			wantCode(t, err, engine.CodeState)
			k.run(time.Minute)
			k.wantStage(v.ID, payout.AllPaid)
		})
	}
}

// Two people change one draft at the same moment, wherever one overtakes the
// other: both changes are there, and the details open.
func TestConcurrentEditsOfAPayoutLoseNothing(t *testing.T) {
	usd := money.MustCurrency("USD")
	add := func(word string) func(json.RawMessage) (json.RawMessage, error) {
		return func(was json.RawMessage) (json.RawMessage, error) {
			return append(append(json.RawMessage{'['}, was...), `,"`+word+`"]`...), nil
		}
	}
	setup := func(t *testing.T) (*duel, string) {
		d := newDuel(t)
		_, err := d.rival.CreateCustomer(t.Context(), d.me, "ada", engine.Person{}, nil)
		must(t, err)
		v, err := d.rival.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Extra: json.RawMessage(`""`)}, nil)
		must(t, err)
		return d, prefix + v.ID
	}
	mine := func(t *testing.T, d *duel, name string) {
		_, err := d.engine.Update(t.Context(), d.me, name, engine.Change{Prefix: prefix, Extra: add("mine"), Beneficiary: card("4111111111111111"),
			Amount: func(a money.Amount) money.Amount { return money.New(7, a.Currency()) }}, nil)
		must(t, err)
	}
	d, name := setup(t)
	n := d.steps(func() { mine(t, d, name) })
	for at := 1; at <= n; at++ {
		d, name := setup(t)
		d.at.left, d.at.act = at, func() {
			_, err := d.rival.Update(t.Context(), d.me, name, engine.Change{Prefix: prefix, Extra: add("theirs"), Customer: "ada",
				Amount: func(a money.Amount) money.Amount { return money.New(a.Minor(), usd) }}, nil)
			must(t, err)
		}
		mine(t, d, name)
		got, err := d.rival.Get(t.Context(), d.me, prefix, name)
		must(t, err)
		if got.Amount != money.New(7, usd) || got.Customer != "ada" || got.Masked == nil || len(got.Extra) != len(`[["","theirs"],"mine"]`) {
			t.Errorf("overtaken before step %d of %d: %s, customer %q, %v, %s", at, n, got.Amount, got.Customer, got.Masked, got.Extra)
		}
		report, err := d.rival.Check(t.Context(), nil)
		must(t, err)
		for _, f := range report.Findings {
			t.Errorf("overtaken before step %d of %d: %s", at, n, f)
		}
	}
}
