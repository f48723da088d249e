package sim

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payin"
	"penstock/engine/service"
)

// payins is the part of a story in which money comes in by card: payments,
// their payers at their bank, captures, cancels and refunds, over lost requests
// and answers and losses of power. It draws from a stream of its own, so that a
// story without it is the same story. A third of the stories have it, at their
// second merchant.
//
// What an older store has forgotten of payments is not judged, since nothing
// lists them, but that one key takes money once.
type payins struct {
	s     *story
	till  *till
	me    engine.Caller
	asked []*paying
	ids   []string  // payments that were answered with
	lost  []*paying // asked for before an older store was brought back
}

// paying is one create under one key.
type paying struct {
	key, id string // the id that it was answered with; empty: none so far
	make    engine.NewPayment
	named   []string // what the provider's keys of it are made of, of each payment that it was answered with
}

func newPayins(s *story, seed uint64) *payins {
	t := newTill(s.w, seed, s.nature.Traits.Window)
	if t.draw.IntN(3) != 0 {
		return nil
	}
	s.w.Till = t
	return &payins{s: s, till: t, me: s.merchants[1]}
}

// act is one thing that happens around money that comes in.
func (i *payins) act() error {
	d := i.till.draw
	i.till.cut = d.IntN(12) == 0
	w, id := i.s.w, i.some()
	var err error
	switch n := d.IntN(100); {
	case n < 38 || id == "":
		return i.create()
	case n < 46:
		return i.ask(i.asked[d.IntN(len(i.asked))])
	case n < 54:
		_, err = w.Engine.Payment(w.Ctx, i.me, id)
	case n < 63:
		var part *int64
		if d.IntN(2) == 0 {
			part = new(1 + d.Int64N(6_000))
		}
		_, err = w.Engine.CapturePayment(w.Ctx, i.me, id, part, nil)
	case n < 72:
		_, err = w.Engine.CancelPayment(w.Ctx, i.me, id, nil)
	case n < 84:
		return i.refund(id)
	case n < 92:
		i.payers()
	case n < 95:
		i.till.drop, i.till.silent = []float64{0, 0.1, 0.4}[d.IntN(3)], []float64{0, 0.1, 0.4}[d.IntN(3)]
	default:
		return w.Run(time.Duration(d.IntN(600_000)) * time.Millisecond)
	}
	return harmless(err)
}

// some is a payment that somebody has in hand, mostly a late one; empty: none
// is there.
func (i *payins) some() string {
	if len(i.ids) == 0 {
		return ""
	}
	from := max(0, len(i.ids)-6)
	if i.till.draw.IntN(5) == 0 {
		from = 0
	}
	return engine.PrefixPayment + i.ids[from+i.till.draw.IntN(len(i.ids)-from)]
}

func (i *payins) create() error {
	d := i.till.draw
	n := engine.NewPayment{Amount: money.New(1+d.Int64N(9_000), money.MustCurrency([]string{"EUR", "USD", "JPY", "KWD"}[d.IntN(4)])), Manual: d.IntN(3) == 0, Confirm: d.IntN(6) != 0,
		Card: engine.Beneficiary{Kind: service.Card, Form: "card", Details: connector.Details{"card_number": secretPAN, "expiry_month": "12", "expiry_year": "2031"}}}
	if d.IntN(2) == 0 {
		n.Back = func(id string) string { return "https://penstock.example/back/" + id }
	}
	if d.IntN(4) == 0 {
		n.Expires = time.Duration(1+d.IntN(3600)) * time.Second
	}
	if d.IntN(2) == 0 {
		n.Customer, n.Future, n.Consent = i.s.customers[d.IntN(2)], engine.FutureOffSession, &engine.Consent{Source: "payment"}
	}
	if n.Customer != "" && d.IntN(2) == 0 {
		list, _, err := i.s.w.Engine.Methods(i.s.w.Ctx, i.me, n.Customer)
		if err != nil {
			return harmless(err)
		}
		if at := slices.IndexFunc(list, func(m engine.Method) bool { return m.Kind == service.Card }); at >= 0 {
			n.Card, n.Away = engine.Beneficiary{Method: list[at].ID}, d.IntN(2) == 0
		}
	}
	a := &paying{key: fmt.Sprintf("pay-%d", len(i.asked)), make: n}
	i.asked = append(i.asked, a)
	return i.ask(a)
}

// ask creates under the key, and holds the answer against the first one (I7).
func (i *payins) ask(a *paying) error {
	w := i.s.w
	w.Clock.Advance(time.Millisecond)
	o := &engine.Once{Op: "pay", Key: a.key, Fingerprint: sha256.Sum256([]byte(a.key)), Render: func(v any) ([]byte, error) { p := v.(*engine.Payment); return []byte(p.ID + " " + p.Named()), nil }}
	_, err := w.Engine.CreatePayment(w.Ctx, i.me, a.make, o)
	if err != nil {
		return harmless(err)
	}
	id, named, _ := strings.Cut(string(o.Answer), " ")
	if !slices.Contains(a.named, named) {
		a.named = append(a.named, named)
	}
	if a.id != "" && a.id != id {
		return i.s.found("I7 %s was answered %q first and %q now", a.key, a.id, id)
	}
	if a.id = id; !slices.Contains(i.ids, id) {
		i.ids = append(i.ids, id)
	}
	if !a.make.Confirm && i.till.draw.IntN(2) == 0 {
		_, err = w.Engine.ChangePayment(w.Ctx, i.me, engine.PrefixPayment+id, engine.PaymentEdit{Confirm: true}, nil)
	}
	return harmless(err)
}

// refund gives something back under a key of its own, now and then asked twice.
func (i *payins) refund(id string) error {
	w, d := i.s.w, i.till.draw
	var part *int64
	if d.IntN(3) != 0 {
		part = new(1 + d.Int64N(4_000))
	}
	key := fmt.Sprintf("back-%d", d.Int64())
	for range 1 + d.IntN(2) {
		o := &engine.Once{Op: "refund", Key: key, Render: func(any) ([]byte, error) { return []byte("given"), nil }}
		if _, err := w.Engine.RefundPayment(w.Ctx, i.me, id, "", part, "", o); err != nil {
			return harmless(err)
		}
	}
	return nil
}

// payers are people at their bank, some of whom decide.
func (i *payins) payers() {
	for _, s := range i.till.sales {
		if s.state == atBank && i.till.draw.IntN(2) == 0 {
			i.till.payer(s)
		}
	}
}

// back is a store that was brought back: what was there before is judged no
// more, but for money taken twice.
func (i *payins) back() {
	for _, a := range i.asked {
		for _, name := range a.named {
			i.till.old[name] = true
		}
		if a.id = ""; a.make.Confirm {
			i.lost = append(i.lost, a)
		}
	}
	for _, s := range i.till.sales {
		i.till.old[s.payment] = true
	}
	i.ids, i.asked = nil, nil
}

// askAgain repeats some of what the store may have forgotten.
func (i *payins) askAgain() error {
	for range min(4, len(i.lost)) {
		a := i.lost[i.till.draw.IntN(len(i.lost))]
		if !slices.Contains(i.asked, a) {
			i.asked = append(i.asked, a)
		}
		if err := i.ask(a); err != nil {
			return err
		}
	}
	return nil
}

// judgeRepeats: whatever became of the store, one key has taken money once (I13).
func (i *payins) judgeRepeats() (bad []string) {
	for _, a := range slices.Concat(i.asked, i.lost) {
		takes := 0
		for _, s := range i.till.sales {
			if slices.Contains(a.named, s.payment) {
				takes += s.takes
			}
		}
		if takes > 1 {
			bad = append(bad, fmt.Sprintf("I13 %s was taken %d times, as %s", a.key, takes, strings.Join(a.named, " and as ")))
		}
	}
	return bad
}

// heal lets everything arrive and every payer decide.
func (i *payins) heal() {
	i.till.drop, i.till.silent, i.till.cut = 0, 0, false
	for _, s := range i.till.sales {
		i.till.payer(s)
	}
}

// judge holds the payments against the till's book (I20).
func (i *payins) judge() (bad []string, err error) {
	t := i.till
	t.pass()
	ours, err := i.payments()
	if err != nil {
		return nil, err
	}
	bad = append(bad, t.odd...)
	bad = append(bad, i.judgeRepeats()...)
	by := map[string]*sale{} // the sale of each payment; that which took money before others
	for _, s := range t.sales {
		if s.takes > 1 || by[s.payment] != nil && by[s.payment].takes > 0 && s.takes > 0 {
			bad = append(bad, fmt.Sprintf("I20 payment %s was taken twice", s.payment))
		}
		if was := by[s.payment]; was == nil || was.takes == 0 {
			by[s.payment] = s
		}
		p, there := ours[s.payment]
		switch {
		case t.old[s.payment]:
		case !there:
			bad = append(bad, fmt.Sprintf("I20 the provider has payment %s, of which we know nothing", s.payment))
		case p.Amount != s.amount:
			bad = append(bad, fmt.Sprintf("I20 payment %s is of %s, the provider has %s", s.payment, p.Amount, s.amount))
		case s.by != "" && !t.old[t.kept[s.by].payment] && ours[t.kept[s.by].payment].Customer != p.Customer:
			bad = append(bad, fmt.Sprintf("I11 payment %s was paid by what is kept for another customer", s.payment))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ours)) {
		if p := ours[id]; !t.old[id] {
			bad = append(bad, against(p, by[id])...)
		}
	}
	for _, a := range i.asked {
		if !slices.ContainsFunc(a.named, func(name string) bool { return ours[name] != nil }) && a.id != "" {
			bad = append(bad, fmt.Sprintf("I4 %s was acknowledged as payment %s, which does not exist", a.key, a.id))
		}
	}
	return bad, nil
}

// against compares a payment with what the provider has of it.
func against(p *engine.Payment, s *sale) (bad []string) {
	if s == nil {
		s = &sale{}
	}
	say := func(what string) {
		bad = append(bad, fmt.Sprintf("I20 payment %s is %s (%s taken, %s given back); the provider has it %q, took %d and gave back %d: %s", p.ID, p.Status, p.Captured, p.Refunded, s.state, s.took, s.gave, what))
	}
	if p.Captured.Minor() > s.took || p.Refunded.Minor() > s.gave {
		say("we say more than there is")
	}
	if p.Open.Kind != payin.None || p.Code == "unknown" {
		return bad // nobody says yet what became of it
	}
	over := p.Status == payin.Failed || p.Status == payin.Cancelled || p.Editable()
	switch {
	case p.Captured.Minor() != s.took || p.Refunded.Minor() != s.gave:
		say("the sums differ")
	case over && s.state != "" && s.state != refusedPay && s.state != letGo:
		say("the provider goes on with it")
	case p.Status == payin.NeedsCapture && s.state != setAside:
		say("nothing is set aside")
	}
	return bad
}

// quiet is what must hold when everything should have ended (I12).
func (i *payins) quiet() (bad []string, err error) {
	ours, err := i.payments()
	for _, id := range slices.Sorted(maps.Keys(ours)) {
		if p := ours[id]; p.Open.Kind != payin.None && p.Code != "unknown" && !i.till.old[id] {
			bad = append(bad, fmt.Sprintf("I12 payment %s: %s is still open when everything should have ended", id, p.Open.Kind))
		}
	}
	return bad, err
}

// payments are all of ours, as they stand, by what their keys are made of.
func (i *payins) payments() (map[string]*engine.Payment, error) {
	w, out := i.s.w, map[string]*engine.Payment{}
	list, err := w.Engine.Payments(w.Ctx, i.me.Scope, engine.Filter{}, 10_000, func(*engine.Payment) bool { return true })
	for n := range list {
		out[list[n].Named()] = &list[n]
	}
	return out, err
}
