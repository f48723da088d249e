package engine_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/sim"
	"penstock/locker"
	"penstock/store"
	"penstock/store/mem"
)

// copyOf is the store as a backup of this moment has it.
func (k *kit) copyOf() (*mem.Store, []byte) {
	k.t.Helper()
	var b bytes.Buffer
	must(k.t, k.Disk.Snapshot(k.Ctx, &b))
	s, err := mem.Load(mem.Options{}, bytes.NewReader(b.Bytes()))
	must(k.t, err)
	return s, b.Bytes()
}

// readable tries everything that a store has sealed for a customer against the
// present keyring, and counts what opens and what is there.
func (k *kit) readable(s store.Store, customer string) (opened, sealed int) {
	k.t.Helper()
	try := func(bucket string) func(store.Tx) error {
		return func(tx store.Tx) error {
			rows, err := tx.Scan(bucket, nil, nil, 1000, false)
			for _, row := range rows {
				var r struct {
					ID       string
					Customer string
					Sealed   []byte
				}
				if err := readRecord(row.Value, &r); err != nil {
					return err
				}
				if r.Sealed == nil || r.Customer != customer && (bucket != "customer" || r.ID != customer) {
					continue
				}
				sealed++
				_, err := k.Locker.Open(k.Ctx, lockerOwner("shop", customer), lockerPlace(bucket, r.ID), r.Sealed)
				if err == nil {
					opened++
				} else if !errors.Is(err, locker.ErrErased) {
					return err
				}
			}
			return err
		}
	}
	for _, bucket := range []string{"customer", "method", "request"} {
		must(k.t, s.View(k.Ctx, try(bucket)))
	}
	return opened, sealed
}

// over is the engine of this world over another store, as after a restore.
func (k *kit) over(s store.Store) *engine.Engine {
	k.t.Helper()
	c := engine.Config{Store: s, Locker: k.Locker, Clock: k.Clock, Rand: bytes.NewReader(make([]byte, 1<<16)), Transport: http.DefaultTransport, Log: slog.New(slog.DiscardHandler),
		Connectors: map[string]connector.Builder{engine.SandboxName: func(connector.Account) (connector.Connector, error) { return nil, errors.New("nobody is paid here") }}}
	e, err := engine.Open(k.Ctx, c)
	must(k.t, err)
	return e
}

// TestADeletedCustomerIsGoneFromEveryBackup: neither the live store nor a copy
// of it from before, both with the present keyring, opens anything of theirs,
// while everybody else's opens in both.
func TestADeletedCustomerIsGoneFromEveryBackup(t *testing.T) {
	k := newKit(t, sim.Config{})
	const number, iban = "4111111111111111", "NL69TEST0000000001"
	for _, id := range []string{"ada", "bob"} {
		_, err := k.Engine.CreateCustomer(k.Ctx, k.me, id, engine.Person{Name: "Somebody Unmistakable", Email: "ada@example.com"}, nil)
		must(t, err)
		k.save(id, number)
	}
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Recurring: true, Customer: "ada", Beneficiary: sepa(iban)}, nil)
	must(t, err)
	underWay, rawUnderWay := k.copyOf() // with the open payout's own copy of the account
	k.run(time.Minute)
	k.wantStage(v.ID, payout.AllPaid)
	before, rawBefore := k.copyOf()
	for name, s := range map[string]store.Store{"under way": underWay, "before": before} {
		if opened, sealed := k.readable(s, "ada"); opened != 3 || sealed != 3 {
			t.Fatalf("%s: %d of %d records open before the deletion, want 3 of 3", name, opened, sealed)
		}
	}

	_, err = k.Engine.DeleteCustomer(k.Ctx, k.me, "ada", nil)
	must(t, err)
	k.run(time.Minute)
	live, rawLive := k.copyOf()
	if _, sealed := k.readable(live, "ada"); sealed != 0 {
		t.Errorf("the live store keeps %d sealed records of a deleted customer", sealed)
	}
	for name, s := range map[string]store.Store{"under way": underWay, "before": before} {
		if opened, sealed := k.readable(s, "ada"); opened != 0 || sealed != 3 {
			t.Errorf("%s: %d of %d records of a deleted customer open, want none of 3", name, opened, sealed)
		}
		if opened, sealed := k.readable(s, "bob"); opened != 2 || sealed != 2 {
			t.Errorf("%s: %d of %d records of somebody else open, want 2 of 2", name, opened, sealed)
		}
		e := k.over(s)
		if got, err := e.Customer(k.Ctx, k.me, "ada"); err == nil {
			t.Errorf("%s: a restored engine shows %+v", name, got.Person)
		}
		methods, _, err := e.Methods(k.Ctx, k.me, "bob")
		must(t, err)
		if len(methods) != 1 {
			t.Errorf("%s: somebody else has %d methods, want 1", name, len(methods))
		}
	}
	for name, raw := range map[string][]byte{"under way": rawUnderWay, "before": rawBefore, "live": rawLive} {
		for _, secret := range []string{number, iban, "ada@example.com", "Unmistakable"} {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("%s: %q lies in it in the clear", name, secret)
			}
		}
	}
}

// TestARestoredStoreForgetsWhomTheKeyringHasForgotten: a backup from before a
// deletion is put back, and the deletion holds there too.
func TestARestoredStoreForgetsWhomTheKeyringHasForgotten(t *testing.T) {
	k := newKit(t, sim.Config{})
	for _, id := range []string{"ada", "bob"} {
		k.customer(id)
		k.save(id, "4111111111111111")
	}
	ended := k.pay(sepa(magic(t, "success").IBAN))
	k.run(time.Minute)
	k.wantStage(ended.ID, payout.AllPaid)
	draft, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Customer: "ada", Beneficiary: sepa("NL69TEST0000000001")}, nil)
	must(t, err)
	before, _ := k.copyOf()
	_, err = k.Engine.DeleteCustomer(k.Ctx, k.me, "ada", nil)
	must(t, err)
	k.run(time.Minute)

	e := k.over(before)
	for want := 1; want >= 0; want-- { // the second time finds nobody
		if n, err := e.ForgetErased(k.Ctx, k.me); err != nil || n != want {
			t.Errorf("%d forgotten, %v; want %d", n, err, want)
		}
	}
	if _, err := e.Customer(k.Ctx, k.me, "ada"); err == nil {
		t.Error("a customer whose key is gone is still shown")
	}
	if methods, _, err := e.Methods(k.Ctx, k.me, "bob"); err != nil || len(methods) != 1 {
		t.Errorf("somebody else has %d methods, %v", len(methods), err)
	}
	if v, err := e.Get(k.Ctx, k.me, prefix, prefix+draft.ID); err != nil || v.Stage != payout.Withdrawn {
		t.Errorf("a draft to them is %v, %v; want it withdrawn", v, err)
	}
	report, err := e.Check(k.Ctx, nil)
	must(t, err)
	if len(report.Findings) > 0 {
		t.Errorf("check of the restored store: %v", report.Findings)
	}
}
