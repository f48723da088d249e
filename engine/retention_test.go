package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/sim"
	"penstock/locker"
	"penstock/store"
)

const day = 24 * time.Hour

// retain lets an hour pass and does all that retention asks for then.
func (k *kit) retain() {
	k.t.Helper()
	k.Clock.Advance(time.Hour)
	for range 10_000 {
		left, err := k.Engine.Retain(k.Ctx)
		must(k.t, err)
		if left == 0 {
			return
		}
	}
	k.t.Fatal("retention never ends")
}

// keeper is a kit whose engine keeps things for so long.
func keeper(t *testing.T, r engine.Retention) *kit {
	k := newKit(t, sim.Config{})
	k.keep(r)
	return k
}

func (k *kit) keep(r engine.Retention) {
	k.Engine.Retention = r
	_, err := k.Engine.Retain(k.Ctx) // the first call only starts its watch
	must(k.t, err)
}

// oneOff pays an account of nobody's, and returns what a backup taken now
// would keep of its details.
func (k *kit) oneOff(b engine.Beneficiary) (v *engine.View, sealed []byte) {
	k.t.Helper()
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Beneficiary: b}, nil)
	must(k.t, err)
	must(k.t, k.Disk.View(k.Ctx, func(tx store.Tx) error {
		raw, err := tx.Get("request", []byte("shop\x00t"+v.ID))
		if err != nil {
			return err
		}
		var r struct{ Sealed []byte }
		sealed = nil
		err = readRecord(raw, &r)
		sealed = r.Sealed
		return err
	}))
	return v, sealed
}

// opens says whether the details that a backup has of a one-off payout can be
// read still.
func (k *kit) opens(v *engine.View, sealed []byte) bool {
	k.t.Helper()
	_, err := k.Locker.Open(k.Ctx, locker.OwnerOfDay("shop", "test", v.Created), lockerPlace("request", v.ID), sealed)
	if err != nil && !errors.Is(err, locker.ErrErased) {
		k.t.Fatal(err)
	}
	return err == nil
}

// acted counts the audit lines of an action by penstock itself.
func (k *kit) acted(action string) (n int) {
	k.t.Helper()
	acts, err := k.Engine.Acts(k.Ctx, 0, 1000)
	must(k.t, err)
	for _, a := range acts {
		if a.Action == action && a.Actor == "penstock" {
			n++
		}
	}
	return n
}

func (k *kit) wantOpens(what string, v *engine.View, sealed []byte, want bool) {
	k.t.Helper()
	if got := k.opens(v, sealed); got != want {
		k.t.Errorf("%s, a backup's details of the payout can be read: %v, want %v", what, got, want)
	}
}

// TestOneOffDetailsLeaveTheBackupsToo: with the day's key, after the time is
// up, once and with a line in the audit log.
func TestOneOffDetailsLeaveTheBackupsToo(t *testing.T) {
	k := keeper(t, engine.Retention{OneOff: 30 * day})
	v, sealed := k.oneOff(sepa(magic(t, "success").IBAN))
	k.run(16*time.Hour - time.Minute) // to the last minute of the day
	k.wantStage(v.ID, payout.AllPaid)
	k.run(30 * day)
	k.retain()
	k.wantOpens("30 days after the end", v, sealed, false)
	k.retain()
	if n := k.acted("details.erase"); n != 1 {
		t.Errorf("%d audit lines of one erasure", n)
	}
}

func TestOneOffDetailsStayAsLongAsTheyShould(t *testing.T) {
	k := keeper(t, engine.Retention{OneOff: 30 * day})
	v, sealed := k.oneOff(sepa(magic(t, "success").IBAN))
	k.run(30 * day)
	k.retain()
	k.wantOpens("before the day's end is 30 days old", v, sealed, true)
	k.run(day)
	k.retain()
	k.wantOpens("after it", v, sealed, false)
	again, _ := k.oneOff(sepa(magic(t, "success").IBAN))
	k.run(time.Hour)
	k.wantStage(again.ID, payout.AllPaid) // today has a key of its own
}

// TestAPayoutThatHasNotEndedKeepsItsDay, however old it is; and the days of
// its end count, not those of its beginning.
func TestAPayoutThatHasNotEndedKeepsItsDay(t *testing.T) {
	k := keeper(t, engine.Retention{OneOff: 30 * day})
	done, _ := k.oneOff(sepa(magic(t, "success").IBAN))
	open, sealed := k.oneOff(sepa(magic(t, "pending").IBAN))
	k.run(60 * day)
	k.wantStage(done.ID, payout.AllPaid)
	k.retain()
	k.wantOpens("while a payout of the day is open", open, sealed, true)
	must(t, k.Engine.State(k.Ctx, k.me, open.Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected}))
	k.run(29 * day)
	k.retain()
	k.wantOpens("29 days after the last end", open, sealed, true)
	k.run(2 * day)
	k.retain()
	k.wantOpens("31 days after it", open, sealed, false)
}

func TestACustomersDetailsAreNotADays(t *testing.T) {
	k := keeper(t, engine.Retention{OneOff: 2 * day})
	k.customer("ada")
	m := k.save("ada", "4111111111111111")
	open := k.pay(sepa(magic(t, "pending").IBAN)) // a customer's, which has not ended
	one, sealed := k.oneOff(sepa(magic(t, "success").IBAN))
	k.run(10 * day)
	k.retain()
	k.wantOpens("beside an open payout of a customer", one, sealed, false)
	k.wantStage(open.ID, payout.InHand)
	if _, err := k.Engine.Method(k.Ctx, k.me, m.ID); err != nil {
		t.Error(err)
	}
}

// TestErasingADaySurvivesBeingKilled before and after each operation of a
// sweep: the next process does what was not done, and breaks nothing.
func TestErasingADaySurvivesBeingKilled(t *testing.T) {
	for _, after := range []bool{false, true} {
		cuts := 0
		for ; eraseCut(t, cuts+1, after); cuts++ {
		}
		if cuts < 10 {
			t.Errorf("after=%v: only %d cuts", after, cuts)
		}
	}
}

// eraseCut cuts the power at the n-th operation of a sweep; false when there
// are fewer.
func eraseCut(t *testing.T, n int, after bool) bool {
	t.Helper()
	k := keeper(t, engine.Retention{OneOff: 2 * day})
	v, sealed := k.oneOff(sepa(magic(t, "success").IBAN))
	k.run(10 * day)
	k.Clock.Advance(time.Hour)
	cut := k.Store.CutAt
	if after {
		cut = k.Store.CutAfter
	}
	cut(k.Store.Ops() + n)
	var err error
	for left := 1; left > 0 && err == nil; {
		left, err = k.Engine.Retain(k.Ctx)
	}
	if err == nil {
		k.Store.Heal()
		return false
	}
	must(t, k.Crash())
	k.keep(engine.Retention{OneOff: 2 * day})
	k.retain()
	k.wantOpens(fmt.Sprintf("after a cut at operation %d, after=%v", n, after), v, sealed, false)
	return true
}

// TestAFullDayIsReadInPieces: no piece is longer than its bound, and a payout
// in the last one keeps the key.
func TestAFullDayIsReadInPieces(t *testing.T) {
	k := keeper(t, engine.Retention{OneOff: 2 * day})
	var first *engine.View
	var sealed []byte
	for i := range 1100 {
		k.Clock.Advance(time.Millisecond)
		v, s := k.oneOff(sepa(magic(t, "success").IBAN))
		if i == 0 {
			first, sealed = v, s
		}
	}
	last, _ := k.oneOff(sepa(magic(t, "pending").IBAN))
	k.run(10 * day)
	k.retain()
	k.wantOpens("while the day's last payout is open", first, sealed, true)
	must(t, k.Engine.State(k.Ctx, k.me, last.Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected}))
	k.run(3 * day)
	k.retain()
	k.wantOpens("when all have ended", first, sealed, false)
}

// TestUnusedMethodsGo and used ones stay; a default that goes is no default.
func TestUnusedMethodsGo(t *testing.T) {
	k := keeper(t, engine.Retention{UnusedMethods: 90 * day})
	k.customer("ada")
	old, used := k.save("ada", "4111111111111111"), k.save("ada", "5555555555554444")
	_, err := k.Engine.SetDefault(k.Ctx, k.me, "ada", old.ID, nil)
	must(t, err)
	k.run(80 * day)
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Beneficiary: engine.Beneficiary{Method: used.ID}}, nil)
	must(t, err)
	k.retain()
	if n := k.acted("payment_method.delete"); n != 0 {
		t.Errorf("%d methods were deleted before their time", n)
	}
	k.run(10 * day)
	k.retain()
	list, cust, err := k.Engine.Methods(k.Ctx, k.me, "ada")
	must(t, err)
	if len(list) != 1 || list[0].ID != used.ID || cust.DefaultMethod != "" {
		t.Errorf("%d methods left, default %q; want the used one alone and no default", len(list), cust.DefaultMethod)
	}
	if n := k.acted("payment_method.delete"); n != 1 {
		t.Errorf("%d audit lines of one deletion", n)
	}
	k.wantStage(v.ID, payout.AllPaid)
	k.save("ada", "4111111111111111") // the same account may be saved again
}

// TestKeptForEverUnlessSaid: a retention of zero deletes nothing.
func TestKeptForEverUnlessSaid(t *testing.T) {
	k := keeper(t, engine.Retention{})
	k.customer("ada")
	k.save("ada", "4111111111111111")
	v, sealed := k.oneOff(sepa(magic(t, "success").IBAN))
	k.run(1000 * day)
	k.retain()
	k.wantOpens("without a retention", v, sealed, true)
	if n := k.acted("payment_method.delete"); n != 0 {
		t.Errorf("%d methods were deleted", n)
	}
}

// TestAClockThatJumpsDeletesNothingAtOnce: a wall clock that is wrong by a
// year must not delete what is saved, nor destroy the key of a day that comes
// again when it is set right.
func TestAClockThatJumpsDeletesNothingAtOnce(t *testing.T) {
	k := keeper(t, engine.Retention{OneOff: 30 * day, UnusedMethods: 90 * day})
	k.customer("ada")
	k.save("ada", "4111111111111111")
	v, sealed := k.oneOff(sepa(magic(t, "success").IBAN))
	k.run(time.Hour)
	k.retain()
	k.Clock.Step(365 * day)
	for range 24 {
		k.retain()
	}
	k.wantOpens("a day after the clock jumped", v, sealed, true)
	if n := k.acted("payment_method.delete"); n != 0 {
		t.Errorf("%d methods were deleted a day after the clock jumped", n)
	}
	k.Clock.Step(-365 * day)
	k.retain()
	again, _ := k.oneOff(sepa(magic(t, "success").IBAN))
	k.run(time.Hour)
	k.wantStage(again.ID, payout.AllPaid)
	k.Clock.Step(365 * day)
	for range 17 * 24 {
		k.retain()
	}
	k.wantOpens("after more than two weeks of a date that stands", v, sealed, false)
}

func TestExpiredInvitationsGo(t *testing.T) {
	k := keeper(t, engine.Retention{})
	_, err := k.Engine.Invite(k.Ctx, k.me, "ada@example.com", engine.RoleOwner, 30*time.Minute)
	must(t, err)
	_, err = k.Engine.Invite(k.Ctx, k.me, "bob@example.com", engine.RoleViewer, 10*day)
	must(t, err)
	k.retain()
	k.retain()
	if n := k.acted("operator.invite_expired"); n != 1 {
		t.Errorf("%d invitations expired, want 1", n)
	}
}

func TestASealedLockerPutsRetentionOff(t *testing.T) {
	k := keeper(t, engine.Retention{OneOff: 2 * day})
	v, sealed := k.oneOff(sepa(magic(t, "success").IBAN))
	k.run(10 * day)
	k.Locker.Close()
	k.retain()
	must(t, k.Boot())
	k.keep(engine.Retention{OneOff: 2 * day})
	k.wantOpens("while the locker was sealed", v, sealed, true)
	k.retain()
	k.wantOpens("when it is open", v, sealed, false)
}

// TestRetentionWritesNoSecret: what it logs and audits names days and ids.
func TestRetentionWritesNoSecret(t *testing.T) {
	k := keeper(t, engine.Retention{OneOff: 2 * day, UnusedMethods: 2 * day})
	k.customer("ada")
	k.save("ada", "4111111111111111")
	iban := magic(t, "success").IBAN
	k.oneOff(sepa(iban))
	k.run(10 * day)
	k.retain()
	acts, err := k.Engine.Acts(k.Ctx, 0, 1000)
	must(t, err)
	text := k.Logged.String() + fmt.Sprint(acts)
	if strings.Contains(text, "4111111111111111") || strings.Contains(text, iban) {
		t.Error("an account number is in the log or the audit")
	}
}

// interrupted is a store in which something happens just before the next
// update.
type interrupted struct {
	store.Store
	by func()
}

func (i *interrupted) Update(ctx context.Context, fn func(store.Tx) error) error {
	if by := i.by; by != nil {
		i.by = nil
		by()
	}
	return i.Store.Update(ctx, fn)
}

// TestAMethodThatIsUsedMeanwhileStays: between the look that found it unused
// and the transaction that would delete it, somebody is paid by it.
func TestAMethodThatIsUsedMeanwhileStays(t *testing.T) {
	k := keeper(t, engine.Retention{UnusedMethods: 90 * day})
	k.customer("ada")
	m := k.save("ada", "4111111111111111")
	k.run(100 * day)
	k.Clock.Advance(time.Hour)
	for left := 0; left != 1; { // all but the methods
		var err error
		left, err = k.Engine.Retain(k.Ctx)
		must(t, err)
	}
	var v *engine.View
	k.Engine.Store = &interrupted{Store: k.Engine.Store, by: func() {
		var err error
		v, err = k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Beneficiary: engine.Beneficiary{Method: m.ID}}, nil)
		must(t, err)
	}}
	_, err := k.Engine.Retain(k.Ctx)
	must(t, err)
	if v == nil {
		t.Fatal("nothing was paid in between")
	}
	if _, err := k.Engine.Method(k.Ctx, k.me, m.ID); err != nil {
		t.Errorf("a method in use was deleted: %v", err)
	}
	k.run(time.Minute)
	k.wantStage(v.ID, payout.AllPaid)
}
