package engine_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/sim"
	"penstock/locker"
)

func lockerOwner(merchant, customer string) locker.Owner {
	return locker.Owner{Merchant: merchant, Mode: "test", Subject: "customer:" + customer}
}

func lockerPlace(bucket, token string) locker.Place {
	return locker.Place{Bucket: bucket, Token: token}
}

func once(key, body string) *engine.Once {
	o := &engine.Once{Op: "POST /payouts/create", Key: key, Render: func(v any) ([]byte, error) {
		return fmt.Appendf(nil, "%s", v.(*engine.View).ID), nil
	}}
	copy(o.Fingerprint[:], body)
	return o
}

func (k *kit) create(o *engine.Once) (*engine.View, error) {
	return k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Person: &engine.Person{}, Beneficiary: card("4111111111111111")}, o)
}

func TestTheSameKeyGetsTheFirstAnswerByteForByte(t *testing.T) {
	k := newKit(t, sim.Config{})
	first := once("k1", "body")
	_, err := k.create(first)
	must(t, err)
	k.run(time.Minute) // the payout has ended since, and the answer stays
	again := once("k1", "body")
	_, err = k.create(again)
	must(t, err)
	if !again.Replayed || !bytes.Equal(first.Answer, again.Answer) {
		t.Errorf("replayed %v, answer %q; want %q", again.Replayed, again.Answer, first.Answer)
	}
	_, err = k.create(once("k1", "other body"))
	wantCode(t, err, engine.CodeKeyReused)
	_, err = k.create(once("k2", "body"))
	must(t, err)
	_, total, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Total: true}, 0, 10)
	must(t, err)
	if total != 2 {
		t.Errorf("%d payouts exist, want 2", total)
	}
}

func TestARepeatAfterAPowerCutGetsTheOneTruth(t *testing.T) {
	for n := 1; n < 400; n++ {
		k := newKit(t, sim.Config{Seed: uint64(n)})
		k.customer("ada")
		from := k.Store.Ops()
		k.Store.CutAfter(from + n)
		_, err := k.create(once("k1", "body"))
		if err == nil {
			must(t, k.Crash())
			return // the create has fewer operations than n: every place was tried
		}
		must(t, k.Crash())
		o := once("k1", "body")
		_, err = k.create(o)
		must(t, err)
		k.run(time.Minute)
		list, total, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Total: true}, 0, 10)
		must(t, err)
		if total != 1 || list[0].Stage != payout.AllPaid || string(o.Answer) != list[0].ID {
			t.Fatalf("cut after operation %d: %d payouts, answer %q", n, total, o.Answer)
		}
	}
	t.Fatal("the create never came through")
}

func TestConcurrentRepeatsMakeOnePayout(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	var wg sync.WaitGroup
	answers := make([][]byte, 50)
	for i := range answers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			o := once("k1", "body")
			o.Render = nil
			v, err := k.create(o)
			if err != nil {
				t.Error(err)
				return
			}
			mine := fmt.Appendf(nil, "answer of %d", i)
			_ = v
			if answers[i] = o.Answer; answers[i] == nil {
				answers[i], err = k.Engine.FixAnswer(k.Ctx, k.me.Scope, o, mine)
				if err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	for i := range answers {
		if !bytes.Equal(answers[i], answers[0]) {
			t.Errorf("caller %d got %q, caller 0 %q", i, answers[i], answers[0])
		}
	}
	_, total, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Total: true}, 0, 100)
	must(t, err)
	if total != 1 {
		t.Errorf("%d payouts were made, want 1", total)
	}
}

func TestTheMerchantsOwnIDIsUniqueForEver(t *testing.T) {
	k := newKit(t, sim.Config{})
	make := func() (*engine.View, error) {
		return k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Ref: "mine-1", Amount: eur(100), Customer: "ada", Person: &engine.Person{}}, nil)
	}
	v, err := make()
	must(t, err)
	_, err = make()
	wantCode(t, err, engine.CodeExists)
	got, err := k.Engine.Get(k.Ctx, k.me, prefix, "mine-1")
	must(t, err)
	if got.ID != v.ID {
		t.Errorf("mine-1 leads to %s, want %s", got.ID, v.ID)
	}
	_, err = k.Engine.Get(k.Ctx, k.me, prefix, prefix+v.ID)
	wantCode(t, err, engine.CodeNotFound)
}
