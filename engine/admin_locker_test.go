package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/payout"
	"penstock/locker"
	"penstock/store/mem"
)

// safe is an appliance whose master key a test can hold back.
type safe struct {
	t       *testing.T
	ctx     context.Context
	records *mem.Store
	keys    *mem.Store
	master  locker.MasterKey
	clock   engine.Clock
	locker  *locker.Locker
	anchor  engine.Anchor
	engine  *engine.Engine
	me      engine.Caller
}

func newSafe(t *testing.T) *safe { return newSafeAt(t, nil) }

func newSafeAt(t *testing.T, anchor engine.Anchor) *safe {
	s := &safe{t: t, anchor: anchor, ctx: t.Context(), records: mem.New(mem.Options{}), keys: mem.New(mem.Options{}), master: locker.NewMaster(), clock: engine.RealClock(),
		me: engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "operator", Rights: engine.Rights()}}
	var err error
	s.locker, err = locker.Open(s.ctx, locker.Config{Keys: s.keys, Master: s.master})
	must(t, err)
	s.open()
	_, err = s.engine.CreateMerchant(s.ctx, s.me, "shop", "Shop")
	must(t, err)
	return s
}

func (s *safe) open() {
	s.t.Helper()
	bank, err := sandbox.Open(sandbox.Settings{Now: s.clock.Now})
	must(s.t, err)
	s.engine, err = engine.Open(s.ctx, engine.Config{Store: s.records, Locker: s.locker, Clock: s.clock, Anchor: s.anchor, Rand: rand.Reader, Transport: http.DefaultTransport,
		Log: slog.New(slog.DiscardHandler), Connectors: map[string]connector.Builder{engine.SandboxName: sandbox.InProcess(bank)}})
	must(s.t, err)
}

// restart starts the appliance anew, sealed.
func (s *safe) restart() {
	s.t.Helper()
	var err error
	s.locker, err = locker.OpenSealed(locker.Config{Keys: s.keys, Existing: true})
	must(s.t, err)
	s.open()
}

func (s *safe) create() (*engine.View, error) {
	b := sepa("NL69TEST0000000001")
	return s.engine.Create(s.ctx, s.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Person: &engine.Person{Name: "Ada"}, Beneficiary: b}, nil)
}

// TestASealedApplianceRefusesWhatNeedsItsKeys, with the one code that says so,
// and serves the rest; what is due waits and goes on when it is unsealed.
func TestASealedApplianceRefusesWhatNeedsItsKeys(t *testing.T) {
	s := newSafe(t)
	v, err := s.create()
	must(t, err)
	b := card("4111111111111111")
	m, err := s.engine.SaveMethod(s.ctx, s.me, engine.NewMethod{Customer: "ada", Kind: b.Kind, Form: b.Form, Details: b.Details}, nil)
	must(t, err)
	s.restart()
	for name, act := range map[string]func() error{
		"create payout":   func() error { _, err := s.create(); return err },
		"create customer": func() error { _, err := s.engine.CreateCustomer(s.ctx, s.me, "bob", engine.Person{}, nil); return err },
		"show customer":   func() error { _, err := s.engine.Customer(s.ctx, s.me, "ada"); return err },
		"show payout":     func() error { _, err := s.engine.Get(s.ctx, s.me, prefix, prefix+v.ID); return err },
		"save method": func() error {
			_, err := s.engine.SaveMethod(s.ctx, s.me, engine.NewMethod{Customer: "ada", Kind: b.Kind, Form: b.Form, Details: b.Details}, nil)
			return err
		},
		"mint token": func() error { _, err := s.engine.MintToken(s.me.Scope, m, 0); return err },
		"add endpoint": func() error {
			_, err := s.engine.AddEndpoint(s.ctx, s.me, "https://a.example", "rest", nil)
			return err
		},
		"work":       func() error { _, err := s.engine.Work(s.ctx); return err },
		"rekey":      func() error { _, err := s.engine.Rekey(s.ctx, s.me, func(int) {}); return err },
		"new master": func() error { return s.engine.RekeyMaster(s.ctx, s.me, locker.NewMaster()) },
	} {
		var refused *engine.Error
		if err := act(); !errors.As(err, &refused) || refused.Code != engine.CodeSealed {
			t.Errorf("%s: %v, want %s", name, err, engine.CodeSealed)
		}
	}
	must(t, s.engine.Unseal(s.ctx, s.me, s.master))
	if _, err := s.engine.Work(s.ctx); err != nil {
		t.Fatal(err)
	}
	got, err := s.engine.Get(s.ctx, s.me, prefix, prefix+v.ID)
	must(t, err)
	if got.Stage == payout.Dispatching {
		t.Error("the payout that waited was not sent")
	}
	s.wantActs("locker.unseal")
}

// wantActs checks that the latest lines of the audit are these acts.
func (s *safe) wantActs(want ...string) {
	s.t.Helper()
	acts, err := s.engine.Acts(s.ctx, 0, 1000)
	must(s.t, err)
	var got []string
	for _, a := range acts {
		if a.Actor == "operator" && strings.HasPrefix(a.Action, "locker.") {
			got = append([]string{a.Action}, got...)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		s.t.Errorf("audited %v, want %v", got, want)
	}
}

// TestAWrongKeyLeavesItSealed: one of no keyring, and one of another
// appliance's keyring that was put in the place of this one's.
func TestAWrongKeyLeavesItSealed(t *testing.T) {
	s := newSafe(t)
	s.restart()
	err := s.engine.Unseal(s.ctx, s.me, locker.NewMaster())
	if !errors.Is(err, locker.ErrWrongMaster) || !s.locker.Status().Sealed {
		t.Errorf("another key: %v, sealed %v", err, s.locker.Status().Sealed)
	}
	own, other := s.keys, newSafe(t)
	s.keys = other.keys
	s.restart()
	err = s.engine.Unseal(s.ctx, s.me, other.master)
	if err == nil || !strings.Contains(err.Error(), "belongs to another store") || !s.locker.Status().Sealed {
		t.Errorf("another appliance's keyring: %v, sealed %v", err, s.locker.Status().Sealed)
	}
	s.keys = own
	s.restart()
	must(t, s.engine.Unseal(s.ctx, s.me, s.master))
	if err := s.engine.Unseal(s.ctx, s.me, s.master); !errors.Is(err, locker.ErrOpen) {
		t.Errorf("unsealed twice: %v", err)
	}
	s.wantActs("locker.unseal")
}

func TestKeysAreRotatedWhileItServesAndAudited(t *testing.T) {
	s := newSafe(t)
	_, err := s.create()
	must(t, err)
	told := 0
	term, err := s.engine.Rekey(s.ctx, s.me, func(done int) { told = done })
	must(t, err)
	if term != 2 || told == 0 {
		t.Errorf("term %d after %d keys, want term 2", term, told)
	}
	next := locker.NewMaster()
	must(t, s.engine.RekeyMaster(s.ctx, s.me, next))
	s.wantActs("locker.rekey", "locker.rekey", "locker.rekey_master", "locker.rekey_master")
	s.restart()
	if err := s.engine.Unseal(s.ctx, s.me, s.master); !errors.Is(err, locker.ErrWrongMaster) {
		t.Errorf("the old master key: %v", err)
	}
	must(t, s.engine.Unseal(s.ctx, s.me, next))
	if _, err := s.engine.Customer(s.ctx, s.me, "ada"); err != nil {
		t.Error(err)
	}
}
