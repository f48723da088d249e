package engine_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/sim"
)

// TestWhatADialectEchoesIsSealed: names, addresses and texts that are kept only
// to be shown again are in no record in the clear; a caller sees them until
// the customer is redacted, and nobody after that, not in old backups either.
func TestWhatADialectEchoesIsSealed(t *testing.T) {
	k := newKit(t, sim.Config{})
	k.customer("ada")
	texts := json.RawMessage(`{"billing":{"line1":"12 Unmistakable Street"},"metadata":{"note":"unmistakable"}}`)
	ask := func(customer string) *engine.View {
		v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: customer, Beneficiary: card("4111111111111111"), Extra: texts}, nil)
		must(t, err)
		return v
	}
	draft, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Beneficiary: card("4111111111111111"), Extra: json.RawMessage(`{}`)}, nil)
	must(t, err)
	_, err = k.Engine.Update(k.Ctx, k.me, prefix+draft.ID, engine.Change{Prefix: prefix, Extra: func(json.RawMessage) (json.RawMessage, error) { return texts, nil }}, nil)
	must(t, err)
	hers, nobodys := ask("ada"), ask("")
	shows := func(when string, id string, want bool) {
		t.Helper()
		v := k.get(id)
		if got := v.Masked["card_holder_name"] == "Ada Example" && bytes.Equal(v.Extra, texts); got != want {
			t.Errorf("%s: shown %v, want %v: %v, %s", when, got, want, v.Masked, v.Extra)
		}
	}
	k.run(time.Minute)
	for _, id := range []string{hers.ID, nobodys.ID, draft.ID} {
		shows("as it was made", id, true)
	}
	list, _, err := k.Engine.List(k.Ctx, k.me, engine.Filter{Opened: true, Keep: func(r *engine.Request) bool { return bytes.Equal(r.Extra, texts) }}, 0, 10)
	must(t, err)
	if len(list) != 3 || !bytes.Equal(list[2].Extra, texts) {
		t.Errorf("a list by what is echoed shows %d, want 3", len(list))
	}
	backup, raw := k.copyOf()
	for _, secret := range []string{"nmistakable", "Ada Example"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q lies in the store in the clear", secret)
		}
	}

	_, err = k.Engine.DeleteCustomer(k.Ctx, k.me, "ada", nil)
	must(t, err)
	k.run(time.Minute)
	shows("after her deletion", hers.ID, false)
	shows("somebody else's", nobodys.ID, true)
	if v := k.get(hers.ID); v.Stage != payout.AllPaid || v.Masked != nil || v.Extra != nil {
		t.Errorf("a redacted customer's payout is %s with %v, %s", v.Stage, v.Masked, v.Extra)
	}
	if v, err := k.over(backup).Get(k.Ctx, k.me, prefix, prefix+hers.ID); err != nil || v.Masked != nil || v.Extra != nil {
		t.Errorf("a backup from before shows %+v, %v", v, err)
	}
}

// TestAnExpiredRequestIsToldWhole: the message that ends a draft shows what the
// merchant had said of it.
func TestAnExpiredRequestIsToldWhole(t *testing.T) {
	var told []string
	k := newKit(t, sim.Config{Render: map[string]engine.Render{"rest": func(o engine.Occasion) (string, []byte, error) {
		told = append(told, string(o.View.Stage)+" "+o.View.Person.Name+" "+string(o.View.Extra))
		return "x." + string(o.View.Stage), []byte("{}"), nil
	}}})
	_, err := k.Engine.AddEndpoint(k.Ctx, k.me, "https://shop.example/hook", "rest", nil)
	must(t, err)
	_, err = k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Customer: "ada", Person: &engine.Person{Name: "Ada"}, Extra: json.RawMessage(`"mine"`), Expires: time.Minute}, nil)
	must(t, err)
	k.run(2 * time.Minute)
	if len(told) != 1 || told[0] != `expired Ada "mine"` {
		t.Errorf("told %q", told)
	}
}

// TestTheLargestTextsAreKept: what checkExtra takes can also be sealed.
func TestTheLargestTextsAreKept(t *testing.T) {
	k := newKit(t, sim.Config{})
	text := json.RawMessage(`"` + strings.Repeat("x", 32<<10-2) + `"`)
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Extra: text}, nil)
	must(t, err)
	if got := k.get(v.ID); !bytes.Equal(got.Extra, text) {
		t.Errorf("%d of %d bytes came back", len(got.Extra), len(text))
	}
	_, err = k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Extra: append(text, ' ')}, nil)
	wantCode(t, err, engine.CodeInvalid)
}
