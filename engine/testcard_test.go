package engine_test

import (
	"errors"
	"testing"

	"penstock/engine"
	"penstock/engine/service"
	"penstock/engine/sim"
)

// somebodys has a right check digit and is on no list of test numbers.
const somebodys = "4539 5787 6362 1486"

// TestTestModeTakesNoRealCard wants a number that could be somebody's refused by
// every command that takes one, by field, rule and what to type instead, and
// nothing stored of it.
func TestTestModeTakesNoRealCard(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	wait, err := k.Engine.SaveMethod(k.Ctx, k.me, engine.NewMethod{Customer: "ada", Kind: service.Card, Form: "card"}, nil)
	must(t, err)
	draft, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Customer: "ada"}, nil)
	must(t, err)
	for name, act := range map[string]func(engine.Beneficiary) error{
		"create": func(b engine.Beneficiary) error {
			_, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Beneficiary: b, Confirm: true}, nil)
			return err
		},
		"update": func(b engine.Beneficiary) error {
			_, err := k.Engine.Update(k.Ctx, k.me, prefix+draft.ID, engine.Change{Prefix: prefix, Beneficiary: b}, nil)
			return err
		},
		"confirm": func(b engine.Beneficiary) error {
			_, err := k.Engine.Confirm(k.Ctx, k.me, prefix+draft.ID, engine.Change{Prefix: prefix, Beneficiary: b}, nil)
			return err
		},
		"save a method": func(b engine.Beneficiary) error {
			_, err := k.Engine.SaveMethod(k.Ctx, k.me, engine.NewMethod{Customer: "ada", Kind: b.Kind, Form: b.Form, Details: b.Details}, nil)
			return err
		},
		"complete a method": func(b engine.Beneficiary) error {
			_, err := k.Engine.UpdateMethod(k.Ctx, k.me, wait.ID, engine.MethodEdit{Details: b.Details}, nil)
			return err
		},
		"pay": func(b engine.Beneficiary) error {
			_, err := k.Engine.CreatePayment(k.Ctx, k.me, engine.NewPayment{Amount: eur(100), Card: b}, nil)
			return err
		},
	} {
		err := act(card(somebodys))
		var refused *engine.Error
		if !errors.As(err, &refused) || refused.Code != engine.CodeRealCard || refused.Field != "card_number" || refused.Message != engine.TestCardRule || refused.Hint == "" {
			t.Errorf("%s: %#v", name, err)
		}
	}
	if list, total, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Total: true}, 0, 10); err != nil || total != 1 || list[0].Form != "" {
		t.Errorf("%d requests, %v; want the draft as it was", total, err)
	}
	if m, err := k.Engine.Method(k.Ctx, k.me, wait.ID); err != nil || !m.Waiting {
		t.Errorf("%+v, %v; want a method that waits", m, err)
	}
}

// TestARealCardGoesWhereItBelongs takes one in live mode, and in test mode where
// that was set; what was saved then stays good.
func TestARealCardGoesWhereItBelongs(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.me.Mode = engine.Live
	k.customer("ada")
	k.save("ada", somebodys)
	k.me.Mode = engine.Test
	k.customer("ada")
	k.Engine.AnyCard = true
	m := k.save("ada", somebodys)
	k.Engine.AnyCard = false
	_, err := k.Engine.UpdateMethod(k.Ctx, k.me, m.ID, engine.MethodEdit{Details: map[string]string{"expiry_year": "2036"}}, nil)
	must(t, err)
	_, err = k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Customer: "ada", Beneficiary: engine.Beneficiary{Method: m.ID}, Confirm: true, AutoFulfill: true}, nil)
	must(t, err)
}
