package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/archive"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/sim"
	"penstock/store"
)

// archiver is a kit that archives what has ended a minute ago, with an endpoint
// that is told of it.
func archiver(t *testing.T) *kit {
	t.Helper()
	k := newKit(t, sim.Config{Retention: engine.Retention{Archive: time.Minute}, Render: map[string]engine.Render{"standard": toldOf}})
	_, err := k.Engine.AddEndpoint(k.Ctx, k.me, "https://shop.example/hook", "standard", nil)
	must(t, err)
	return k
}

func toldOf(o engine.Occasion) (string, []byte, error) {
	return "request." + string(o.View.Stage), fmt.Appendf(nil, `{"request":%q}`, o.View.ID), nil
}

func (k *kit) archiveAll(want int) {
	k.t.Helper()
	moved, err := k.ArchiveAll()
	must(k.t, err)
	if moved != want {
		k.t.Fatalf("%d requests were archived, want %d", moved, want)
	}
}

// stored is what of a request lies in the store, by its place.
func (k *kit) stored() map[string][]byte {
	k.t.Helper()
	out := map[string][]byte{}
	must(k.t, k.Disk.View(k.Ctx, func(tx store.Tx) error {
		for _, bucket := range []string{"request", "delivery", "history", "choice"} {
			page, err := tx.Scan(bucket, nil, nil, 1000, false)
			if err != nil {
				return err
			}
			for _, p := range page {
				out[bucket+" "+string(p.Key)] = p.Value
			}
		}
		return nil
	}))
	return out
}

func (k *kit) archived(id string) bool {
	k.t.Helper()
	return archive.IsStub(k.stored()["request shop\x00t"+id])
}

// shown is all that a merchant can read of a request.
func (k *kit) shown(id string) []any {
	k.t.Helper()
	v := k.get(id)
	lines, err := k.Engine.History(k.Ctx, k.me, prefix, prefix+id)
	must(k.t, err)
	told, err := k.Engine.DeliveriesOf(k.Ctx, k.me, prefix, prefix+id)
	must(k.t, err)
	list, _, err := k.Engine.List(k.Ctx, k.me, engine.Filter{}, 0, 100)
	must(k.t, err)
	ended, _, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Stages: []payout.Stage{v.Stage}}, 0, 100)
	must(k.t, err)
	hers, _, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Customer: "cus_ada"}, 0, 100)
	must(k.t, err)
	return []any{v, lines, told, list, ended, hers}
}

func TestWhatIsArchivedIsReadAsBefore(t *testing.T) {
	k := archiver(t)
	paid, failed := k.pay(sepa(magic(t, "success").IBAN)), k.pay(sepa(magic(t, "declined").IBAN))
	k.run(time.Hour)
	before := map[string][]any{paid.ID: k.shown(paid.ID), failed.ID: k.shown(failed.ID)}
	k.archiveAll(2)
	stubs := 0
	for at, value := range k.stored() {
		if !archive.IsStub(value) {
			t.Errorf("%q lies in the store still", at)
		}
		stubs++
	}
	if stubs < 4 {
		t.Fatalf("%d stubs, want those of two requests and their messages", stubs)
	}
	must(t, k.Crash()) // and by another process
	for id, was := range before {
		if now := k.shown(id); !reflect.DeepEqual(was, now) {
			t.Errorf("%s reads as\n%+v\nand was\n%+v", id, now, was)
		}
	}
	k.archiveAll(0)
}

func TestARepeatOfAnArchivedRequestGetsTheFirstAnswer(t *testing.T) {
	k := archiver(t)
	ask := func() (*engine.Once, error) {
		o := &engine.Once{Op: "create", Key: "k", Fingerprint: [32]byte{1}, Render: func(v any) ([]byte, error) { return []byte(v.(*engine.View).ID), nil }}
		_, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Ref: "order-1", Amount: eur(500), Confirm: true, AutoFulfill: true, Beneficiary: sepa(magic(t, "success").IBAN)}, o)
		return o, err
	}
	first, err := ask()
	must(t, err)
	k.run(time.Hour)
	k.archiveAll(1)
	again, err := ask()
	must(t, err)
	if !again.Replayed || !bytes.Equal(first.Answer, again.Answer) {
		t.Errorf("the repeat got %q, the first call %q", again.Answer, first.Answer)
	}
	_, err = k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Ref: "order-1", Amount: eur(500), Confirm: true, AutoFulfill: true, Beneficiary: sepa(magic(t, "success").IBAN)}, nil)
	wantCode(t, err, engine.CodeExists)
	k.run(time.Hour)
	v, err := k.Engine.Get(k.Ctx, k.me, prefix, "order-1")
	must(t, err)
	if n := k.movements(v); n != 1 || v.ID != string(first.Answer) {
		t.Errorf("money moved %d times for %s", n, v.ID)
	}
}

func TestAReturnOfAnArchivedPayoutIsBookedAndBringsItBack(t *testing.T) {
	k := archiver(t)
	v := k.pay(sepa(magic(t, "success").IBAN))
	k.run(time.Hour)
	k.wantStage(v.ID, payout.AllPaid)
	k.archiveAll(1)
	must(t, k.Engine.State(k.Ctx, k.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Returned, Resolution: "returned"}))
	k.wantStage(v.ID, payout.GivenBack)
	if k.archived(v.ID) {
		t.Error("what was changed lies in the archive still")
	}
	k.run(time.Hour)
	told, err := k.Engine.DeliveriesOf(k.Ctx, k.me, prefix, prefix+v.ID)
	must(t, err)
	if last := told[len(told)-1]; last.Type != "request."+string(payout.GivenBack) || last.State == engine.Waiting {
		t.Errorf("the merchant was told %s, which is %s", last.Type, last.State)
	}
	k.archiveAll(1) // anew, and the older entry can't stand in for it
	must(t, k.Crash())
	k.wantStage(v.ID, payout.GivenBack)
}

func TestOnlyWhatIsAtRestIsArchived(t *testing.T) {
	k := archiver(t)
	draft, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Beneficiary: sepa(magic(t, "success").IBAN)}, nil)
	must(t, err)
	disputed := k.pay(sepa(magic(t, "success").IBAN))
	k.run(time.Hour)
	must(t, k.Engine.State(k.Ctx, k.me, disputed.Payouts[0].ID, connector.Outcome{Verdict: connector.Rejected, Resolution: "declined"}))
	k.run(time.Hour)
	k.Receiver.Fail = 1
	untold := k.pay(sepa(magic(t, "success").IBAN))
	k.run(2 * time.Minute)
	open := k.pay(sepa(magic(t, "success").IBAN))
	k.archiveAll(0)
	for _, v := range []*engine.View{draft, disputed, untold, open} {
		if k.archived(v.ID) {
			t.Errorf("%s was archived", v.ID)
		}
	}
	k.Receiver.Fail = 0
	must(t, k.Engine.Resolve(k.Ctx, k.me, disputed.Payouts[0].ID, true, "as the bank says"))
	k.run(48 * time.Hour)
	k.archiveAll(3)
	if k.archived(draft.ID) {
		t.Error("a draft was archived")
	}
}

func TestALostSegmentIsSaidAndNothingIsTakenForMissing(t *testing.T) {
	for name, lose := range map[string]func(*archive.Memory, archive.Segment){
		"gone":  func(m *archive.Memory, s archive.Segment) { m.Remove(s.ID) },
		"a bit": func(m *archive.Memory, s archive.Segment) { m.Spoil(s.ID, 0) },
		"others": func(m *archive.Memory, s archive.Segment) {
			m.Remove(s.ID)
			mustAppend(t, m, s.ID, make([]byte, s.Bytes))
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := archiver(t)
			once := func() *engine.Once {
				return &engine.Once{Op: "create", Key: "k", Render: func(v any) ([]byte, error) { return []byte(v.(*engine.View).ID), nil }}
			}
			n := engine.NewRequest{Dialect: "rest", Amount: eur(500), Confirm: true, AutoFulfill: true, Beneficiary: sepa(magic(t, "success").IBAN)}
			v, err := k.Engine.Create(k.Ctx, k.me, n, once())
			must(t, err)
			k.run(time.Hour)
			k.archiveAll(1)
			segments, err := k.Shelf.List()
			must(t, err)
			whole := make([]byte, segments[0].Bytes)
			must(t, k.Shelf.ReadAt(segments[0].ID, whole, 0))
			lose(k.Shelf, segments[0])

			_, err = k.Engine.Get(k.Ctx, k.me, prefix, prefix+v.ID)
			wantLost(t, "Get", err)
			_, _, err = k.Engine.List(k.Ctx, k.me, engine.Filter{}, 0, 10)
			wantLost(t, "List", err)
			wantLost(t, "State", k.Engine.State(k.Ctx, k.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Returned}))
			o := once()
			if _, err = k.Engine.Create(k.Ctx, k.me, n, o); err != nil || string(o.Answer) != v.ID {
				t.Errorf("a repeat got %q, %v", o.Answer, err)
			}
			report, err := k.Engine.Check(k.Ctx, nil)
			must(t, err)
			if len(report.Findings) == 0 {
				t.Error("check found nothing")
			}

			k.Shelf.Remove(segments[0].ID) // and put back
			mustAppend(t, k.Shelf, segments[0].ID, whole)
			if k.movements(k.get(v.ID)) != 1 {
				t.Error("it was not paid once")
			}
		})
	}
}

func mustAppend(t *testing.T, m *archive.Memory, id archive.ID, data []byte) {
	t.Helper()
	_, err := m.Append(id, data)
	must(t, err)
}

func wantLost(t *testing.T, what string, err error) {
	t.Helper()
	var lost *archive.Lost
	var refused *engine.Error
	if !errors.As(err, &lost) || !errors.Is(err, store.ErrCorrupt) || errors.As(err, &refused) {
		t.Errorf("%s: %v, want that what is archived is lost", what, err)
	}
}

// TestAPowerCutWhileArchivingLosesNothing cuts the power at each operation of
// the store, and in the middle of the append.
func TestAPowerCutWhileArchivingLosesNothing(t *testing.T) {
	for at := 1; ; at++ {
		for _, after := range []bool{false, true} {
			k := archiver(t)
			v := k.pay(sepa(magic(t, "success").IBAN))
			k.run(time.Hour)
			was := k.shown(v.ID)
			if after {
				k.Store.CutAfter(k.Store.Ops() + at)
			} else {
				k.Store.CutAt(k.Store.Ops() + at)
			}
			_, err := k.ArchiveAll()
			cut := err != nil || k.Store.IsCut()
			must(t, k.Crash())
			k.Store.Heal()
			if now := k.shown(v.ID); !reflect.DeepEqual(was, now) {
				t.Fatalf("cut at %d (after: %v): it reads as %+v", at, after, now)
			}
			if _, err := k.ArchiveAll(); err != nil || !k.archived(v.ID) {
				t.Fatalf("cut at %d (after: %v): archiving again: %v", at, after, err)
			}
			if now := k.shown(v.ID); !reflect.DeepEqual(was, now) {
				t.Fatalf("cut at %d (after: %v), archived again: it reads as %+v", at, after, now)
			}
			if !cut {
				return
			}
		}
	}
}

// onAppend is a shelf at which something happens after an append is durable.
type onAppend struct {
	archive.Shelf
	then func() error
}

func (b onAppend) Append(id archive.ID, data []byte) (int64, error) {
	at, err := b.Shelf.Append(id, data)
	if err == nil {
		err = b.then()
	}
	return at, err
}

func TestWhatChangesWhileItIsArchivedStaysInTheStore(t *testing.T) {
	k := archiver(t)
	v, other := k.pay(sepa(magic(t, "success").IBAN)), k.pay(sepa(magic(t, "success").IBAN))
	k.run(time.Hour)
	once := false
	k.Engine.Config.Archive = onAppend{k.Shelf, func() error {
		if once {
			return nil
		}
		once = true
		return k.Engine.State(k.Ctx, k.me, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Returned, Resolution: "returned"})
	}}
	k.archiveAll(1)
	k.wantStage(v.ID, payout.GivenBack)
	if k.archived(v.ID) || !k.archived(other.ID) {
		t.Error("what changed was archived, or what did not was not")
	}
}

func TestAnAppendThatFailsLeavesAllInTheStore(t *testing.T) {
	k := archiver(t)
	v := k.pay(sepa(magic(t, "success").IBAN))
	k.run(time.Hour)
	broken := errors.New("input/output error")
	k.Engine.Config.Archive = onAppend{k.Shelf, func() error { return broken }}
	if _, err := k.ArchiveAll(); !errors.Is(err, broken) {
		t.Fatalf("%v, want the disk's error", err)
	}
	if k.archived(v.ID) {
		t.Fatal("a stub leads to what was not archived")
	}
	k.Engine.Config.Archive = k.Shelf
	k.archiveAll(1)
	if segments, err := k.Shelf.List(); err != nil || len(segments) != 2 {
		t.Errorf("%v, %v: want that nothing was added to the segment whose append failed", segments, err)
	}
	k.wantStage(v.ID, payout.AllPaid)
}

func TestAStoreIsOfTheOlderFormatUntilSomethingIsArchived(t *testing.T) {
	k := newKit(t, sim.Config{})
	format := func() (raw []byte) {
		must(t, k.Disk.View(k.Ctx, func(tx store.Tx) (err error) { raw, err = tx.Get("meta", []byte("format")); return err }))
		return bytes.Clone(raw)
	}
	v := k.pay(sepa(magic(t, "success").IBAN))
	k.run(1000 * time.Hour)
	must(t, k.Engine.ArchiveOld(k.Ctx))
	_, _, err := k.Engine.ArchiveNow(k.Ctx, 1)
	wantCode(t, err, engine.CodeState)
	if was := format(); !bytes.Equal(was, []byte{5}) || k.archived(v.ID) {
		t.Fatalf("format %v, and nobody has asked for an archive", was)
	}
	k.Engine.Retention.Archive = time.Minute
	k.archiveAll(1)
	if now := format(); !bytes.Equal(now, []byte{6}) {
		t.Errorf("format %v, which an older penstock would open", now)
	}
	k.Retention.Archive = 0 // switched off, what is archived is read all the same
	must(t, k.Crash())
	k.wantStage(v.ID, payout.AllPaid)
}

func TestArchivingGoesByTheDateOfRetention(t *testing.T) {
	k := archiver(t)
	k.keep(engine.Retention{Archive: 30 * day})
	v := k.pay(sepa(magic(t, "success").IBAN))
	k.run(time.Hour)
	k.retain()
	k.Clock.Step(400 * day) // a clock that is wrong makes everything look old
	k.retain()
	for range 10 {
		k.Clock.Advance(time.Second)
		must(t, k.Engine.ArchiveOld(k.Ctx))
	}
	if k.archived(v.ID) {
		t.Fatal("archived by a clock that jumped")
	}
	k.Clock.Step(-400 * day)
	for range 31 {
		k.Clock.Advance(day)
		k.retain()
	}
	for range 10 {
		k.Clock.Advance(time.Second)
		must(t, k.Engine.ArchiveOld(k.Ctx))
	}
	if !k.archived(v.ID) {
		t.Error("it ended 31 days ago and lies in the store")
	}
}
