package sim

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
)

// act is one thing that happens around the gateway.
func (g *gateway) act() error {
	if g.dirty {
		if err := g.survey(); err != nil {
			return err
		}
		g.dirty = false
	}
	switch n := g.draw.IntN(100); {
	case n < 32:
		return g.create()
	case n < 36:
		return g.repeat()
	case n < 44:
		return g.setting()
	case n < 52:
		return g.money()
	case n < 55:
		return g.plant()
	case n < 58:
		return g.publish()
	case n < 60:
		return g.quote()
	case n < 68:
		return g.stop()
	case n < 72:
		return g.withdraw()
	case n < 77:
		return g.people(6)
	case n < 79:
		return g.contradict()
	case n < 82:
		return g.trouble(g.s.w.sides[g.draw.IntN(len(g.s.w.sides))])
	case n < 85:
		return g.repair()
	}
	return g.s.w.Run(time.Duration(g.draw.IntN(600_000)) * time.Millisecond)
}

// create asks for a payout as the gateway's dialect does: accepted first, and
// paid by the worker.
func (g *gateway) create() error {
	service := one(g, services...)
	in := strings.ToUpper(strings.TrimPrefix(service, "test_"))
	if g.chance(35) {
		in = one(g, sums...)
	}
	top := one(g, int64(2_000), 20_000, 60_000)
	n := engine.NewRequest{Dialect: "standard", Amount: money.New(1+g.draw.Int64N(top), money.MustCurrency(in)), Service: service, Confirm: true, AutoFulfill: !g.chance(12)}
	n.Wishes = engine.Wishes{Later: true, AttemptsLimit: one(g, 0, 0, 1, 2, 5), Split: g.chance(60), Parallel: g.chance(50), Whole: g.chance(60), Moderation: g.chance(4)}
	n.Whole = n.Whole || !n.Split
	if g.chance(30) {
		n.Metadata = json.RawMessage(`{"rush":"yes"}`)
	}
	if g.chance(8) {
		n.Expires = time.Duration(1+g.draw.IntN(3600)) * time.Second
	}
	if g.chance(20) {
		n.Expires, n.Repairs = time.Duration(1+g.draw.IntN(48*3600))*time.Second, 1+g.draw.IntN(3)
	}
	for _, q := range g.quotes {
		if q.From == n.Amount.Currency() && q.To.Code() == strings.ToUpper(strings.TrimPrefix(service, "test_")) && g.chance(50) {
			n.Quote = q.ID
		}
	}
	if g.chance(10) {
		n.Exits = []engine.Exit{{Account: one(g, g.others()...)}, {Provider: engine.SandboxName}}
	}
	account := one(g, "success", "success", "success", "success", "late_success", "partly", "declined", "insufficient_funds", "recipient_not_found", "late_failure", "returned")
	n.Beneficiary = engine.Beneficiary{Kind: "test", Form: "test", Details: connector.Details{"account": account}}
	key := fmt.Sprintf("way-%d", len(g.asked))
	a := &asking{by: g.me, body: key, make: n}
	g.asked[key] = a
	return g.ask(key, a)
}

// ask creates under the key. After a store was brought back a repeat may be
// refused, and then a person compares.
func (g *gateway) ask(key string, a *asking) error {
	w := g.s.w
	w.Clock.Advance(time.Millisecond) // ids of one millisecond have no order
	o := &engine.Once{Op: "create", Key: key, Fingerprint: sha256.Sum256([]byte(a.body)), Render: func(v any) ([]byte, error) { return []byte(v.(*engine.View).ID), nil }}
	_, err := w.Engine.Create(w.Ctx, a.by, a.make, o)
	var refused *engine.Error
	if errors.As(err, &refused) && refused.Code != engine.CodeUnknown {
		if a.answer != nil && refused.Code != engine.CodeHeld {
			return g.s.found("I7 %s was answered first and is refused now: %v", key, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	id := string(o.Answer)
	if a.answer != nil && string(a.answer) != id {
		return g.s.found("I7 %s was answered %q first and %q now", key, a.answer, id)
	}
	a.answer = o.Answer
	if !slices.Contains(a.ids, id) {
		a.ids = append(a.ids, id)
	}
	g.limits[id] = max(g.limits[id], a.make.AttemptsLimit)
	return nil
}

func (g *gateway) repeat() error {
	if len(g.asked) == 0 {
		return nil
	}
	key := fmt.Sprintf("way-%d", g.draw.IntN(len(g.asked)))
	return g.ask(key, g.asked[key])
}

// setting changes something of an account, a deposit account or a route.
func (g *gateway) setting() error {
	switch g.draw.IntN(8) {
	case 0:
		return g.switchAccount()
	case 1, 2, 3:
		return g.editRoute()
	}
	return g.editDeposit()
}

func (g *gateway) switchAccount() error {
	w := g.s.w
	id, ed := one(g, g.others()...), engine.AccountEdit{}
	off, health := g.chance(40), engine.Operational
	if g.chance(50) {
		if off {
			health = engine.Down
		}
		ed.Health = &health
	} else {
		ed.Disabled = &off
	}
	return g.change(func() error {
		a, err := w.Engine.UpdateAccount(w.Ctx, g.me, id, ed, nil)
		if err == nil {
			g.accounts[id].set(w.Clock.Now(), a.Disabled || a.Archived || a.Health == engine.Down)
		}
		return err
	})
}

func (g *gateway) editRoute() error {
	w := g.s.w
	id := one(g, g.ways()...)
	r, ed := g.routes[id], engine.RouteEdit{}
	amount := func(minor int64) *money.Amount {
		a := money.Amount{}
		if minor > 0 {
			a = money.New(minor, r.in)
		}
		return &a
	}
	switch g.draw.IntN(4) {
	case 0:
		off := g.chance(40)
		ed.Disabled = &off
	case 1:
		ed.Cost = &routing.Cost{Rate: one(g, int64(0), 5_000, 30_000), Fixed: *amount(one(g, int64(0), 25))}
	default:
		ed.Min, ed.Max = amount(one(g, int64(0), 100, 2_000)), amount(one(g, int64(0), 6_000, 10_000, 25_000))
	}
	return g.change(func() error {
		is, err := w.Engine.UpdateRoute(w.Ctx, g.me, id, ed, nil)
		if err == nil {
			r.note(w.Clock.Now(), is)
		}
		return err
	})
}

func (g *gateway) editDeposit() error {
	w := g.s.w
	id := one(g, g.purses()...)
	d, ed := g.deposits[id], engine.DepositEdit{}
	amount := func(minor int64) *money.Amount {
		a := money.Amount{}
		if minor > 0 {
			a = money.New(minor, d.in)
		}
		return &a
	}
	health, yes := engine.Operational, g.chance(35)
	switch g.draw.IntN(10) {
	case 0:
		ed.Disabled = &yes
	case 1:
		if yes {
			health = engine.Down
		}
		ed.Health = &health
	case 2, 3:
		ed.PreventFailure = &yes
	case 4, 5, 6:
		ed.Turnover = amount(one(g, int64(0), 15_000, 60_000))
	case 7, 8:
		ed.MinBalance = amount(one(g, int64(0), 10_000, 40_000))
	case 9:
		ed.Overdraft = amount(one(g, int64(0), 10_000))
	}
	return g.change(func() error {
		is, err := w.Engine.UpdateDeposit(w.Ctx, g.me, id, ed, nil)
		if err == nil {
			d.note(w.Clock.Now(), &is.Deposit)
		}
		return err
	})
}

// money arrives, or a person sets the books right.
func (g *gateway) money() error {
	w := g.s.w
	id := one(g, g.purses()...)
	in := g.deposits[id].in
	if g.chance(60) {
		_, err := w.Engine.TopUp(w.Ctx, g.me, id, money.New(1+g.draw.Int64N(100_000), in), "arrived", nil)
		return harmless(err)
	}
	return harmless(g.fund(id, one(g, int64(0), 0, 15_000, 60_000)))
}

// plant gives a service another tree.
func (g *gateway) plant() error {
	w, service := g.s.w, one(g, services...)
	t, r, err := g.tree(service)
	if err != nil {
		return fmt.Errorf("sim: a tree that can't be read: %w", err)
	}
	return g.change(func() error {
		_, err := w.Engine.SetTree(w.Ctx, g.me, g.scheme, service, t, false, "of the story", nil)
		if err == nil {
			g.rule(service).set(w.Clock.Now(), r)
		}
		return err
	})
}

// quote locks a rate for a while.
func (g *gateway) quote() error {
	w := g.s.w
	from, to := money.MustCurrency(one(g, sums...)), money.MustCurrency(one(g, sums...))
	if from == to {
		return nil
	}
	q, err := w.Engine.NewQuote(w.Ctx, g.me, g.point, from, to, time.Duration(1+g.draw.IntN(3600))*time.Second, nil)
	if err == nil {
		g.quotes = append(g.quotes, *q)
	}
	return harmless(err)
}

// trouble changes what goes wrong at one of the other providers.
func (g *gateway) trouble(s *side) error {
	g.s.fault("other provider troubled")
	p := func() float64 { return float64(g.draw.IntN(5)) / 10 }
	if strings.Contains(natures[s.nature].Name, "storm") {
		return s.set(fmt.Sprintf(`{"pending":%.1f,"partly":%.1f,"settle_ms":[0,%d]}`, p(), p()/2, g.draw.IntN(60_000)))
	}
	return s.set(fmt.Sprintf(`{"drop_request":%.1f,"drop_reply":%.1f,"error_500":%.1f,"reject":%.1f,"pending":%.1f,"partly":%.1f,"late_ms":[0,%d],"delay_ms":[0,%d],"settle_ms":[0,%d],"notify":%.1f}`,
		p()/2, p()/2, p()/2, p(), p(), p()/2, g.draw.IntN(50_000), g.draw.IntN(9_000), g.draw.IntN(600_000), p()))
}

// heal takes every limit away and brings money, so that what waits can end.
func (g *gateway) heal() error {
	w, no, on := g.s.w, false, engine.Operational
	for _, s := range w.sides {
		if err := s.set(`{"drop_request":0,"drop_reply":0,"error_500":0,"reject":0,"pending":0,"partly":0,"late_ms":[0,0],"delay_ms":[0,0],"settle_ms":[0,500],"notify":0,"notify_twice":0}`); err != nil {
			return err
		}
	}
	none := money.Amount{}
	for _, id := range g.purses() {
		ed := engine.DepositEdit{MinBalance: &none, Turnover: &none, Disabled: &no, Health: &on}
		if _, err := w.Engine.UpdateDeposit(w.Ctx, g.me, id, ed, nil); err != nil {
			return err
		}
		if _, err := w.Engine.TopUp(w.Ctx, g.me, id, money.New(1_000_000_000, g.deposits[id].in), "enough", nil); err != nil {
			return err
		}
	}
	for _, id := range g.others() {
		if _, err := w.Engine.UpdateAccount(w.Ctx, g.me, id, engine.AccountEdit{Disabled: &no, Health: &on}, nil); err != nil {
			return err
		}
	}
	for _, id := range g.ways() {
		if _, err := w.Engine.UpdateRoute(w.Ctx, g.me, id, engine.RouteEdit{Disabled: &no}, nil); err != nil {
			return err
		}
	}
	w.Clock.Advance(time.Millisecond)
	return g.survey()
}

// let is people who let go on whatever waits for them, or for its merchant.
func (g *gateway) let() error {
	w := g.s.w
	list, _, err := w.Engine.List(w.Ctx, g.me, engine.Filter{Keep: func(r *engine.Request) bool { return r.Later && r.Stage == payout.Ready && !r.AutoFulfill }}, 0, 1000)
	if err != nil {
		return err
	}
	for i := range list {
		if _, err := w.Engine.Fulfil(w.Ctx, g.me, engine.PrefixRequest, engine.PrefixRequest+list[i].ID, nil); harmless(err) != nil {
			return err
		}
	}
	return g.people(1000)
}

// outlast gives days and people to what is paid half by half, where the provider
// can't be asked how it went.
func (g *gateway) outlast() error {
	for range 40 {
		list, _, err := g.s.w.Engine.List(g.s.w.Ctx, g.me, engine.Filter{Bare: true, Keep: func(r *engine.Request) bool { return r.Later && !r.Stage.Ended() }}, 0, 1)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := g.s.w.Run(25 * time.Hour); err != nil {
			return err
		}
		if err := g.s.decideAll(); err != nil {
			return err
		}
		if err := g.let(); err != nil {
			return err
		}
	}
	return nil
}

// back is the gateway's part when an older store was brought back: what was
// said since holds no more, and the settings are those of the copy.
func (g *gateway) back() error {
	g.since = g.s.w.Clock.Now().Add(time.Millisecond)
	for _, a := range g.asked {
		a.answer = nil
	}
	g.quotes = nil
	clear(g.ends)
	clear(g.read)
	clear(g.explained)
	clear(g.postings)
	g.s.w.Clock.Advance(time.Millisecond)
	return g.survey()
}
