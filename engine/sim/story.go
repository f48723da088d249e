package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/engine/webhook"
	"penstock/store/faulty"
)

// story is one seed's run: random acts of merchants, recipients, operators
// and attackers on a world where anything may fail, judged after each.
type story struct {
	w      *World
	b      Break
	result *Result
	nature Nature

	merchants []engine.Caller
	customers []string                  // names, the same at each merchant
	asked     map[string]*asking        // by idempotency key
	ended     map[string]payout.Status  // ends that we have seen, by payout
	hooks     map[string]webhook.Secret // by endpoint
	tokens    []held
	seenHooks int             // messages that were judged
	told      map[string]bool // ends that a receiver has acknowledged, before the store was last brought back
	back      rollback
	gate      *gateway // nil: a story without it
	pays      *payins  // nil: a story without it
	aging     *aging   // nil: a story without it
}

// asking is one create under one key: what it said the first time.
type asking struct {
	by     engine.Caller
	body   string
	make   engine.NewRequest
	answer []byte   // nil until it was acknowledged
	ids    []string // requests that it was ever answered with
}

// held is a payment token in somebody's hands.
type held struct {
	by       engine.Caller
	customer string
	token    string
	at       time.Time
}

const (
	acts      = 60
	secretPAN = "4000056655665556" // an account that must be found nowhere
)

func newStory(ctx context.Context, seed uint64, b Break, n Nature, r *Result) (*story, error) {
	s := &story{b: b, nature: n, result: r, asked: map[string]*asking{}, ended: map[string]payout.Status{}, hooks: map[string]webhook.Secret{}, told: map[string]bool{}, back: newRollback(seed), customers: []string{"ada", "bob"}}
	hostile := rand.New(rand.NewPCG(seed, 3))
	c := Config{Seed: seed, Older: seed%4 == 3, Ahead: seed%3 > 0, Wire: hostile.IntN(2) == 0, Traits: n.Traits, Render: map[string]engine.Render{"standard": told}, Break: b}
	w, err := New(c)
	if err != nil {
		return nil, err
	}
	w.Ctx, s.w = ctx, w
	w.OnSend = s.ghost
	if w.Bank != nil {
		w.Bank.rate = []float64{0, 0.02, 0.1, 0.3, 0.6}[hostile.IntN(5)]
	}
	if err := s.setFaults(n.Faults); err != nil {
		return nil, err
	}
	for _, id := range []string{"shop", "other"} {
		me := engine.Caller{Scope: engine.Scope{Merchant: id, Mode: engine.Test}, Actor: "apik_" + id, Rights: engine.Rights()}
		if _, err := w.Engine.CreateMerchant(ctx, me, id, ""); err != nil {
			return nil, err
		}
		made, err := w.Engine.AddEndpoint(ctx, me, "https://"+id+".example/hook", "standard", nil)
		if err != nil {
			return nil, err
		}
		if s.hooks[id], err = webhook.ParseSecret(made.Secret); err != nil {
			return nil, err
		}
		for _, name := range s.customers {
			if _, err := w.Engine.CreateCustomer(ctx, me, name, engine.Person{Name: name}, nil); err != nil {
				return nil, err
			}
		}
		s.merchants = append(s.merchants, me)
	}
	s.pays, s.aging = newPayins(s, seed), newAging(s, seed)
	if s.gate = newGateway(s, seed); s.gate != nil {
		return s, s.gate.open(s.merchants[0])
	}
	return s, nil
}

// told renders an occasion so that it can be judged later: which request, at
// which line of its history, in which stage.
func told(o engine.Occasion) (string, []byte, error) {
	v := o.View
	return "request." + string(v.Stage), fmt.Appendf(nil, `{"request":%q,"line":%d,"stage":%q}`, v.ID, v.Seq, v.Stage), nil
}

// tell runs the story: a troubled middle, then healing, then quiet.
func (s *story) tell() error {
	if s.w.Rand.IntN(2) == 0 && !strings.Contains(s.nature.Name, "storm") {
		if err := s.trouble(); err != nil {
			return err
		}
	}
	for n := range acts {
		s.result.Steps++
		err := s.rewind(n)
		if err == nil {
			err = s.act()
		}
		if err == nil && s.gate != nil {
			err = s.gate.act()
		}
		if err == nil && s.pays != nil {
			err = s.pays.act()
		}
		if err == nil && s.aging != nil {
			err = s.aging.act()
		}
		s.w.Store.Heal()
		if err == nil && s.w.Store.IsCut() {
			err = faulty.ErrPowerCut // it went while the act was looking away
		}
		crashed := err != nil
		if crashed {
			if err := s.recover(err); err != nil {
				return err
			}
		}
		if n%3 != 0 && !crashed {
			continue
		}
		if err := s.judge(); err != nil {
			return err
		}
	}
	return s.heal()
}

// recover starts the appliance anew after a power cut; any other error is a
// finding of its own kind and ends the story.
func (s *story) recover(err error) error {
	if !power(err) {
		return err
	}
	s.fault("power cut")
	if err := s.w.Crash(); err != nil {
		return fmt.Errorf("start after a power cut: %w", err)
	}
	return nil
}

// act is one thing that happens.
func (s *story) act() error {
	s.arm()
	switch n := s.w.Rand.IntN(100); {
	case n < 22:
		return s.create()
	case n < 30:
		return s.repeat()
	case n < 36:
		return s.save()
	case n < 42:
		return s.payByToken()
	case n < 46:
		return s.cancel()
	case n < 50:
		return s.stage()
	case n < 54:
		return s.trouble()
	case n < 60:
		return s.clock()
	case n < 64:
		return s.forge()
	case n < 68:
		return s.attack()
	case n < 70:
		return s.state()
	case n < 72:
		return s.resend()
	case n < 75:
		return s.notices()
	case n < 77:
		return s.poison()
	}
	return s.w.Run(time.Duration(s.w.Rand.IntN(40_000)) * time.Millisecond)
}

// arm lets the power go at a random operation of the coming act, now and then.
func (s *story) arm() {
	if s.w.Rand.IntN(8) != 0 {
		return
	}
	at := s.w.Store.Ops() + 1 + s.w.Rand.IntN(120)
	if s.w.Rand.IntN(2) == 0 {
		s.w.Store.CutAt(at)
	} else {
		s.w.Store.CutAfter(at)
	}
}

func (s *story) who() engine.Caller { return s.merchants[s.w.Rand.IntN(len(s.merchants))] }

func pick[T any](s *story, list ...T) T { return list[s.w.Rand.IntN(len(list))] }

func (s *story) beneficiary() engine.Beneficiary {
	if s.w.Rand.IntN(3) == 0 {
		return engine.Beneficiary{Kind: service.Card, Form: "card", Details: connector.Details{"card_number": secretPAN, "expiry_month": "12", "expiry_year": "2031"}}
	}
	name := pick(s, "success", "success", "late_success", "declined", "late_failure", "partly", "returned")
	return engine.Beneficiary{Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": magicAccount(name)}}
}

// create asks for a payout under a fresh key.
func (s *story) create() error {
	n := engine.NewRequest{Dialect: "standard", Amount: money.New(1+s.w.Rand.Int64N(100_000), money.MustCurrency(pick(s, "EUR", "USD", "JPY", "KWD"))),
		Confirm: s.w.Rand.IntN(5) != 0, AutoFulfill: s.w.Rand.IntN(5) != 0, Recurring: s.w.Rand.IntN(4) == 0, Customer: pick(s, s.customers...), Beneficiary: s.beneficiary()}
	if s.w.Rand.IntN(4) == 0 {
		n.Expires = time.Duration(1+s.w.Rand.IntN(3600)) * time.Second
	}
	key := fmt.Sprintf("key-%d", len(s.asked))
	a := &asking{by: s.who(), body: key, make: n}
	s.asked[key] = a
	return s.ask(key, a, a.body)
}

// ask creates under the key and holds the answer against the first one (I7).
func (s *story) ask(key string, a *asking, body string) error {
	o := &engine.Once{Op: "create", Key: key, Fingerprint: sha256.Sum256([]byte(body)), Render: func(v any) ([]byte, error) {
		return []byte(v.(*engine.View).ID + " " + string(v.(*engine.View).Stage)), nil
	}}
	_, err := s.w.Engine.Create(s.w.Ctx, a.by, a.make, o)
	var refused *engine.Error
	switch {
	case errors.As(err, &refused) && refused.Code == engine.CodeKeyReused && body != a.body:
		return nil
	case errors.As(err, &refused) && refused.Code == engine.CodeUnknown:
		return err
	case errors.As(err, &refused) && refused.Code == engine.CodeHeld && s.w.Engine.Held() != "":
		return nil
	case err != nil:
		return err
	case body != a.body && a.answer != nil:
		return s.found("I7 a key with another body was accepted")
	case body != a.body:
		a.body = body // the first one never arrived: this is the first
	}
	if a.answer != nil && !bytes.Equal(a.answer, o.Answer) {
		return s.found("I7 %s answered %q first and %q now", key, a.answer, o.Answer)
	}
	a.answer = o.Answer
	if id, _, _ := strings.Cut(string(o.Answer), " "); !slices.Contains(a.ids, id) {
		a.ids = append(a.ids, id)
	}
	return nil
}

// repeat asks again for something asked before, now and then with another body.
func (s *story) repeat() error {
	if len(s.asked) == 0 {
		return nil
	}
	key := fmt.Sprintf("key-%d", s.w.Rand.IntN(len(s.asked)))
	a := s.asked[key]
	if s.w.Rand.IntN(3) == 0 && a.answer != nil {
		return s.ask(key, a, a.body+" changed")
	}
	return s.ask(key, a, a.body)
}

func (s *story) found(format string, args ...any) error {
	s.result.Findings = append(s.result.Findings, fmt.Sprintf(format, args...))
	return errFound
}
