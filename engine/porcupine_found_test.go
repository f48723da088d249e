package engine_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/engine/sim"
	"penstock/locker"
	"penstock/store"
	"penstock/store/mem"
)

// What the histories turned up, each as the shortest story that shows it.

// between is a store that lets somebody else act just before one caller's n-th
// look or change: the worst moment, on purpose.
type between struct {
	store.Store
	left int
	act  func()
}

func (b *between) step() {
	if b.left--; b.left == 0 {
		b.act()
	}
}

func (b *between) View(ctx context.Context, fn func(store.Tx) error) error {
	b.step()
	return b.Store.View(ctx, fn)
}

func (b *between) Update(ctx context.Context, fn func(store.Tx) error) error {
	b.step()
	return b.Store.Update(ctx, fn)
}

// duel is an engine over such a store; rival shares the store and the locker
// and is disturbed by nobody.
type duel struct {
	engine, rival *engine.Engine
	at            *between
	me            engine.Caller
	method        string
}

func newDuel(t *testing.T) *duel {
	t.Helper()
	disk := mem.New(mem.Options{})
	d := &duel{at: &between{Store: disk, left: -1}, me: engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_test", Rights: engine.Rights()}}
	l, err := locker.Open(t.Context(), locker.Config{Keys: mem.New(mem.Options{}), Master: locker.NewMaster()})
	must(t, err)
	p, err := sandbox.Open(sandbox.Settings{Now: time.Now})
	must(t, err)
	open := func(s store.Store) *engine.Engine {
		e, err := engine.Open(t.Context(), engine.Config{Store: s, Locker: l, Clock: engine.RealClock(), Rand: rand.Reader, Transport: silent{},
			Connectors: map[string]connector.Builder{engine.SandboxName: sandbox.InProcess(p)}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		must(t, err)
		return e
	}
	d.engine, d.rival = open(d.at), open(disk)
	_, err = d.rival.CreateMerchant(t.Context(), d.me, "shop", "")
	must(t, err)
	return d
}

func (d *duel) customer(t *testing.T) {
	t.Helper()
	_, err := d.rival.CreateCustomer(t.Context(), d.me, "ada", engine.Person{}, nil)
	must(t, err)
}

// waiting saves a method that waits for its details.
func (d *duel) waiting(t *testing.T) {
	t.Helper()
	d.customer(t)
	m, err := d.rival.SaveMethod(t.Context(), d.me, engine.NewMethod{Customer: "ada", Kind: service.Card, Form: "card"}, nil)
	must(t, err)
	d.method = m.ID
}

// steps is how many looks and changes an act of the engine makes.
func (d *duel) steps(act func()) int {
	d.at.left = 0
	act()
	return -d.at.left
}

// A repeat that comes while the first call runs gets the first one's answer,
// wherever in its own course it is overtaken.
func TestARepeatOvertakenByTheFirstCallGetsItsAnswer(t *testing.T) {
	draft := func(t *testing.T, d *duel) {
		_, err := d.rival.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Ref: "mine-1", Amount: eur(100), Beneficiary: card("4111111111111111")}, nil)
		must(t, err)
	}
	for _, row := range []struct {
		name string
		do   func(*testing.T, *duel, *engine.Engine, *engine.Once) error
		set  func(*testing.T, *duel)
	}{
		{"create for a new customer", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			_, err := e.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Person: &engine.Person{}, Beneficiary: card("4111111111111111")}, o)
			return err
		}, nil},
		{"create under the merchant's own id", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			_, err := e.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Ref: "mine-1", Amount: eur(100), Confirm: true, AutoFulfill: true, Beneficiary: card("4111111111111111")}, o)
			return err
		}, nil},
		{"create customer", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			_, err := e.CreateCustomer(t.Context(), d.me, "ada", engine.Person{Name: "Ada"}, o)
			return err
		}, nil},
		{"confirm", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			_, err := e.Confirm(t.Context(), d.me, "mine-1", engine.Change{Prefix: prefix}, o)
			return err
		}, draft},
		{"cancel", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			_, err := e.Cancel(t.Context(), d.me, prefix, "mine-1", o)
			return err
		}, draft},
		{"fulfil", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			_, err := e.Fulfil(t.Context(), d.me, prefix, "mine-1", o)
			return err
		}, func(t *testing.T, d *duel) {
			draft(t, d)
			_, err := d.rival.Confirm(t.Context(), d.me, "mine-1", engine.Change{Prefix: prefix}, nil)
			must(t, err)
		}},
		{"update", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			amount := func(money.Amount) money.Amount { return eur(200) }
			_, err := e.Update(t.Context(), d.me, "mine-1", engine.Change{Prefix: prefix, Amount: amount}, o)
			return err
		}, draft},
		{"save method", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			_, err := e.SaveMethod(t.Context(), d.me, engine.NewMethod{Customer: "ada", Kind: service.Card, Form: "card", Details: card("4111111111111111").Details}, o)
			return err
		}, func(t *testing.T, d *duel) { d.customer(t) }},
		{"update customer", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			name := "Ada"
			_, err := e.UpdateCustomer(t.Context(), d.me, "ada", engine.Edit{Name: &name}, o)
			return err
		}, func(t *testing.T, d *duel) { d.customer(t) }},
		{"delete customer", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			_, err := e.DeleteCustomer(t.Context(), d.me, "ada", o)
			return err
		}, func(t *testing.T, d *duel) { d.customer(t) }},
		{"complete method", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			_, err := e.CompleteMethod(t.Context(), d.me, d.method, "card", "credit", engine.MethodEdit{Details: card("4111111111111111").Details}, o)
			return err
		}, func(t *testing.T, d *duel) { d.waiting(t) }},
		{"update method", func(t *testing.T, d *duel, e *engine.Engine, o *engine.Once) error {
			nick := "salary"
			_, err := e.UpdateMethod(t.Context(), d.me, d.method, engine.MethodEdit{Nick: &nick}, o)
			return err
		}, func(t *testing.T, d *duel) { d.waiting(t) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			fresh := func() (*duel, *engine.Once) {
				d := newDuel(t)
				if row.set != nil {
					row.set(t, d)
				}
				o := once("k1", "body")
				o.Render = func(any) ([]byte, error) { return []byte("the answer"), nil }
				return d, o
			}
			d, o := fresh()
			n := d.steps(func() { must(t, row.do(t, d, d.engine, o)) })
			for at := 1; at <= n; at++ {
				d, mine := fresh()
				_, first := fresh()
				d.at.left, d.at.act = at, func() { must(t, row.do(t, d, d.rival, first)) }
				err := row.do(t, d, d.engine, mine)
				if err != nil || !mine.Replayed || string(mine.Answer) != "the answer" {
					t.Errorf("overtaken before step %d of %d: %v, answer %q; want the first answer", at, n, err, mine.Answer)
				}
			}
		})
	}
}

// Two payouts to a person nobody knew yet, at the same moment: both are taken.
func TestTwoFirstPayoutsToANewCustomerAreBothTaken(t *testing.T) {
	create := func(d *duel, e *engine.Engine) error {
		_, err := e.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Person: &engine.Person{}, Beneficiary: card("4111111111111111")}, nil)
		return err
	}
	d := newDuel(t)
	n := d.steps(func() { must(t, create(d, d.engine)) })
	for at := 1; at <= n; at++ {
		d := newDuel(t)
		d.at.left, d.at.act = at, func() { must(t, create(d, d.rival)) }
		if err := create(d, d.engine); err != nil {
			t.Errorf("overtaken before step %d of %d: %v", at, n, err)
		}
	}
}

// A customer with a draft is redacted: the draft must neither keep details
// that nobody can open nor become a payout that can never be sent.
func TestARedactedCustomersDraftCannotBecomeAPayout(t *testing.T) {
	k := newKit(t, sim.Config{})
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), AutoFulfill: true, Customer: "ada", Person: &engine.Person{}, Beneficiary: card("4111111111111111")}, nil)
	must(t, err)
	if _, err := k.Engine.DeleteCustomer(k.Ctx, k.me, "ada", nil); err != nil {
		return // refused while the draft stands: also right
	}
	k.run(time.Minute) // the key is erased
	_, err = k.Engine.Confirm(k.Ctx, k.me, prefix+v.ID, engine.Change{Prefix: prefix}, nil)
	k.run(30 * time.Minute)
	got := k.get(v.ID)
	if err == nil && !got.Stage.Ended() && got.Moderation == "" {
		t.Errorf("confirmed after its customer was redacted: %s half an hour later, after %d attempts, attention %v", got.Stage, got.Payouts[0].Attempt, got.Attention)
	}
}

// A provider keeps its keys for twenty minutes. The wall clock is set meanwhile, and
// the process may be started anew; the twenty minutes go on.
func TestNothingIsResentAfterTheWindowWhenTheClockIsSet(t *testing.T) {
	for _, step := range []time.Duration{0, -10 * time.Second, -50 * time.Second, -2 * time.Minute, -10 * time.Minute, -12 * time.Minute, -14 * time.Minute, -365 * 24 * time.Hour, 5 * time.Minute} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("by %v, restart %v", step, restart), func(t *testing.T) {
				k := newKit(t, sim.Config{Traits: connector.Traits{Idempotent: true, Window: 20 * time.Minute, Settle: time.Minute}})
				k.faults(`{"drop_reply":1,"lookup":false}`)
				v := k.pay(card("4111111111111111"))
				k.run(13 * time.Minute)
				k.Clock.Step(step)
				if restart {
					must(t, k.Crash())
				}
				k.run(7 * time.Minute)
				k.faults(`{"idempotent":false}`) // its time is over: the provider forgets the key
				k.run(30 * time.Minute)
				if got := k.movements(v); got != 1 {
					t.Errorf("money moved %d times, want 1", got)
				}
			})
		}
	}
}

// What goes out half a minute before the provider forgets the key may arrive
// half a minute after.
func TestNothingIsResentThatCouldArriveAfterTheWindow(t *testing.T) {
	traits := connector.Traits{Idempotent: true, Window: time.Hour, Settle: time.Minute}
	first := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	p := payout.Payout{Status: payout.Uncertain, Attempt: 1, First: first, Doubt: true}
	if got := payout.Plan(p, traits, first.Add(time.Hour-30*time.Second)); got == payout.Send {
		t.Errorf("half a minute before the window ends, with a minute to settle: %s", got)
	}
}

// One record that cannot be read must not keep the others from their pay.
func TestAnUnreadableRecordStopsNobodyElse(t *testing.T) {
	d := newDuel(t)
	bad, err := d.rival.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Beneficiary: card("4111111111111111")}, nil)
	must(t, err)
	key := append([]byte("shop\x00t"), bad.ID...)
	must(t, d.at.Store.Update(t.Context(), func(tx store.Tx) error { return tx.Put("request", key, []byte("{")) }))
	good, err := d.rival.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Beneficiary: card("4111111111111111")}, nil)
	must(t, err)
	for range 5 {
		_, _ = d.rival.Work(t.Context())
	}
	if got := stageOf(t, d.rival, d.me, good.ID); got != payout.AllPaid {
		t.Errorf("the other payout is %s, want paid", got)
	}
}

// Two people change different fields of one saved method at the same moment.
func TestConcurrentEditsOfAMethodLoseNothing(t *testing.T) {
	details := card("4111111111111111").Details
	for name, edit := range map[string]func(*duel) error{
		"update": func(d *duel) error {
			_, err := d.engine.UpdateMethod(t.Context(), d.me, d.method, engine.MethodEdit{Metadata: []byte(`{"a":1}`)}, nil)
			return err
		},
		"complete by update": func(d *duel) error {
			_, err := d.engine.UpdateMethod(t.Context(), d.me, d.method, engine.MethodEdit{Details: details}, nil)
			return err
		},
		"complete": func(d *duel) error {
			_, err := d.engine.CompleteMethod(t.Context(), d.me, d.method, "card", "credit", engine.MethodEdit{Details: details}, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			fresh := func() *duel { d := newDuel(t); d.waiting(t); return d }
			d := fresh()
			n := d.steps(func() { must(t, edit(d)) })
			for at := 1; at <= n; at++ {
				d, nick := fresh(), "salary"
				d.at.left, d.at.act = at, func() {
					_, err := d.rival.UpdateMethod(t.Context(), d.me, d.method, engine.MethodEdit{Nick: &nick}, nil)
					must(t, err)
				}
				must(t, edit(d))
				got, err := d.rival.Method(t.Context(), d.me, d.method)
				must(t, err)
				if got.Nick != nick {
					t.Errorf("edited before step %d of %d: nick %q, want %q", at, n, got.Nick, nick)
				}
			}
		})
	}
}

// Erasing a redacted customer's key is work like any other: a clock that is
// set back doesn't put it off for a year.
func TestErasureIsNotPutOffByAClockSetBack(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	k.run(time.Hour)
	_, err := k.Engine.DeleteCustomer(k.Ctx, k.me, "ada", nil)
	must(t, err)
	k.Clock.Step(-365 * 24 * time.Hour)
	k.run(24 * time.Hour)
	if at, some, err := k.Engine.NextDue(k.Ctx); err != nil || some {
		t.Errorf("a day after the customer was redacted the key still stands, to be erased at %v (now %v), %v", at, k.Clock.Now(), err)
	}
}

// A person's word that cannot be taken is refused, not swallowed.
func TestAStatementThatChangesNothingIsRefused(t *testing.T) {
	k := newKit(t, sim.Config{})
	v := k.pay(card("4111111111111111"))
	err := k.Engine.State(k.Ctx, k.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected})
	if got := k.get(v.ID).Payouts[0]; err == nil && got.Status == payout.Queued && got.Seq == 0 {
		t.Error("rejected was stated of a queued payout: answered as done, and nothing has changed")
	}
	v = k.pay(sepa(magic(t, "pending").IBAN))
	k.run(time.Minute)
	err = k.Engine.State(k.Ctx, k.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.PartlyPaid, Paid: money.New(5, money.MustCurrency("USD"))})
	if got := k.get(v.ID).Payouts[0]; err == nil && got.Status == payout.Pending {
		t.Error("a part in another currency was stated: answered as done, and nothing has changed")
	}
}

// moody is a connector whose Traits panic for one account.
type moody struct {
	connector.Connector
	on *bool
}

func (m moody) Traits() connector.Traits {
	if *m.on {
		panic("a nil map in a connector")
	}
	return m.Connector.Traits()
}

func TestAPanicWhileClaimingIsIsolated(t *testing.T) {
	p, err := sandbox.Open(sandbox.Settings{Now: time.Now})
	must(t, err)
	l, err := locker.Open(t.Context(), locker.Config{Keys: mem.New(mem.Options{}), Master: locker.NewMaster()})
	must(t, err)
	on := false
	e, err := engine.Open(t.Context(), engine.Config{Store: mem.New(mem.Options{}), Locker: l, Clock: engine.RealClock(), Rand: rand.Reader, Transport: silent{},
		Connectors: map[string]connector.Builder{
			engine.SandboxName: sandbox.InProcess(p),
			"moody": func(a connector.Account) (connector.Connector, error) {
				c, err := sandbox.InProcess(p)(a)
				return moody{c, &on}, err
			},
		}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	must(t, err)
	me := engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_test", Rights: engine.Rights()}
	_, err = e.CreateMerchant(t.Context(), me, "shop", "")
	must(t, err)
	_, err = e.ConnectAccount(t.Context(), me, engine.NewAccount{Provider: "moody", Label: "moody"}, nil)
	must(t, err)
	pay := func(providers ...string) string {
		v, err := e.Create(t.Context(), me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Providers: providers, Beneficiary: card("4111111111111111")}, nil)
		must(t, err)
		return v.ID
	}
	pay("moody")
	good := pay(engine.SandboxName)
	on = true
	var worst any
	for range 5 {
		func() {
			defer func() {
				if p := recover(); p != nil {
					worst = p
				}
			}()
			_, _ = e.Work(t.Context())
		}()
	}
	if worst != nil {
		t.Errorf("the worker itself panicked: %v", worst)
	}
	if got := stageOf(t, e, me, good); got != payout.AllPaid {
		t.Errorf("the other payout is %s, want paid", got)
	}
}

// A row of the timetable that no record asks for is one piece of work at the
// most, not work without end.
func TestAnOrphanInTheTimetableIsNotDoneForEver(t *testing.T) {
	k, _ := newHooked(t)
	k.Receiver.Fail = 1
	k.pay(sepa(magic(t, "pending").IBAN))
	k.run(time.Minute)
	list, err := k.Engine.Deliveries(k.Ctx, k.me, "", 10)
	must(t, err)
	key := binary.BigEndian.AppendUint64(nil, uint64(k.Clock.Now().UnixMicro()-5))
	key = append(append(key, "dshop\x00t"...), list[0].ID...)
	must(t, k.Store.Update(k.Ctx, func(tx store.Tx) error { return tx.Put("due", key, nil) }))
	before := len(k.Receiver.Got)
	for range 20 {
		_, err := k.Engine.Work(k.Ctx)
		must(t, err)
	}
	if got := len(k.Receiver.Got) - before; got > 1 {
		t.Errorf("a delivery was sent %d times in 20 rounds of one moment", got)
	}
}

// Somebody looks at a payout while its customer is being redacted: between
// the look at the record and the look for its key, the key goes.
func TestALookDuringARedactionReadsAsRedacted(t *testing.T) {
	for at := 1; at <= 3; at++ {
		disk, keys := mem.New(mem.Options{}), &between{Store: mem.New(mem.Options{}), left: -1}
		master := locker.NewMaster()
		p, err := sandbox.Open(sandbox.Settings{Now: time.Now})
		must(t, err)
		open := func() *engine.Engine {
			l, err := locker.Open(t.Context(), locker.Config{Keys: keys, Master: master})
			must(t, err)
			e, err := engine.Open(t.Context(), engine.Config{Store: disk, Locker: l, Clock: engine.RealClock(), Rand: rand.Reader, Transport: silent{},
				Connectors: map[string]connector.Builder{engine.SandboxName: sandbox.InProcess(p)}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
			must(t, err)
			return e
		}
		d := &duel{rival: open(), me: engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Rights: engine.Rights()}}
		_, err = d.rival.CreateMerchant(t.Context(), d.me, "shop", "")
		must(t, err)
		v, err := d.rival.Create(t.Context(), d.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Customer: "ada", Person: &engine.Person{}}, nil)
		must(t, err)
		e := open() // as after a restart: it has no key in hand
		keys.left, keys.act = at, func() {
			_, err := d.rival.DeleteCustomer(t.Context(), d.me, "ada", nil)
			must(t, err)
			_, err = d.rival.Work(t.Context())
			must(t, err)
		}
		if _, err := e.Get(t.Context(), d.me, prefix, prefix+v.ID); err != nil {
			t.Errorf("redacted before look %d at the keys: %v", at, err)
		}
		keys.left = -1
		if _, err := e.Customer(t.Context(), d.me, "ada"); err == nil {
			continue
		} else if refused := (*engine.Error)(nil); !errors.As(err, &refused) {
			t.Errorf("the redacted customer reads %v", err)
		}
	}
}
