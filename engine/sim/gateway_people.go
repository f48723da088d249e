package sim

import (
	"slices"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
)

// some is a random request of the gateway's, and its name.
func (g *gateway) some() (*engine.View, string, error) {
	list, _, err := g.s.w.Engine.List(g.s.w.Ctx, g.me, engine.Filter{Keep: func(r *engine.Request) bool { return r.Later && !r.Stage.Ended() }}, 0, 40)
	if err != nil || len(list) == 0 {
		return nil, "", err
	}
	v := &list[g.draw.IntN(len(list))]
	return v, engine.PrefixRequest + v.ID, nil
}

// stop is a person who stops a request, edits its terms, or lets it go on.
func (g *gateway) stop() error {
	w := g.s.w
	v, name, err := g.some()
	if err != nil || v == nil {
		return err
	}
	if v.Moderation == "" {
		_, err = w.Engine.Moderate(w.Ctx, g.me, engine.PrefixRequest, name, "a person looks", nil)
		return harmless(err)
	}
	if g.chance(40) {
		limit, whole := g.draw.IntN(4), g.chance(50)
		if !v.Split {
			whole = true
		}
		g.limits[v.ID] = max(g.limit(v), limit)
		g.partly[v.ID] = g.partly[v.ID] || !whole
		if _, err = w.Engine.EditTerms(w.Ctx, g.me, engine.PrefixRequest, name, engine.Terms{AttemptsLimit: &limit, Whole: &whole}, nil); harmless(err) != nil {
			return err
		}
	}
	_, err = w.Engine.Unmoderate(w.Ctx, g.me, engine.PrefixRequest, name, nil)
	return harmless(err)
}

// withdraw fulfils what waits to be, or cancels.
func (g *gateway) withdraw() error {
	w := g.s.w
	v, name, err := g.some()
	if err != nil || v == nil {
		return err
	}
	if v.Stage == payout.Ready && !v.AutoFulfill && g.chance(70) {
		_, err = w.Engine.Fulfil(w.Ctx, g.me, engine.PrefixRequest, name, nil)
		return harmless(err)
	}
	g.partly[v.ID] = true
	_, err = w.Engine.Cancel(w.Ctx, g.me, engine.PrefixRequest, name, nil)
	return harmless(err)
}

// repair is the recipients of what was refused for its details, who say anew
// where the money goes; two of them do so at one time.
func (g *gateway) repair() error {
	w := g.s.w
	list, _, err := w.Engine.List(w.Ctx, g.me, engine.Filter{Keep: (*engine.Request).WantsRepair}, 0, 4)
	if err != nil {
		return err
	}
	for i := range list {
		for range 2 {
			account := one(g, "success", "success", "late_success", "recipient_not_found", "declined")
			to := engine.Beneficiary{Kind: "test", Form: "test", Details: connector.Details{"account": account}}
			_, err := w.Engine.Repair(w.Ctx, g.me, engine.PrefixRequest+list[i].ID, engine.Change{Prefix: engine.PrefixRequest, Beneficiary: to})
			if harmless(err) != nil {
				return err
			}
			if err == nil {
				g.s.fault("details repaired")
			}
		}
	}
	return nil
}

// people look at what waits for them, at most so many: they say what the
// providers' books say, and let go on what can.
func (g *gateway) people(most int) error {
	w := g.s.w
	list, _, err := w.Engine.List(w.Ctx, g.me, engine.Filter{Keep: func(r *engine.Request) bool {
		return r.Later && (r.Moderation != "" || len(r.Disputed) > 0)
	}}, 0, most)
	if err != nil {
		return err
	}
	for i := range list {
		if err := g.person(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// contradict is a person who says of a payout the contrary of its end, and is
// wrong.
func (g *gateway) contradict() error {
	w := g.s.w
	list, _, err := w.Engine.List(w.Ctx, g.me, engine.Filter{Keep: func(r *engine.Request) bool { return r.Later && len(r.Payouts) > 0 }}, 0, 20)
	if err != nil || len(list) == 0 {
		return err
	}
	v := &list[g.draw.IntN(len(list))]
	p := v.Payouts[g.draw.IntN(len(v.Payouts))]
	switch p.Status {
	case payout.Paid, payout.PartlyPaid:
		err = w.Engine.State(w.Ctx, g.me, p.ID, connector.Outcome{Verdict: connector.Rejected, Resolution: "declined"})
	case payout.Failed, payout.Cancelled:
		err = w.Engine.State(w.Ctx, g.me, p.ID, connector.Outcome{Verdict: connector.Paid})
	}
	return harmless(err)
}

// settle ends the disputes about a request's payouts as the providers' books
// say.
func (g *gateway) settle(v *engine.View) error {
	for _, n := range v.Disputed {
		o, err := g.s.seen(v.Payouts[n-1])
		if err != nil {
			return err
		}
		paid := o.Verdict == connector.Paid || o.Verdict == connector.PartlyPaid
		if err := harmless(g.s.w.Engine.Resolve(g.s.w.Ctx, g.me, v.Payouts[n-1].ID, paid, "as the bank says")); err != nil {
			return err
		}
	}
	return nil
}

func (g *gateway) person(v *engine.View) error {
	w, name := g.s.w, engine.PrefixRequest+v.ID
	if err := g.settle(v); err != nil {
		return err
	}
	if v.Moderation == "" || v.Stage.Ended() {
		return nil
	}
	if err := g.s.decide(g.me, v); err != nil {
		return err
	}
	_, err := w.Engine.Unmoderate(w.Ctx, g.me, engine.PrefixRequest, name, nil)
	if err := harmless(err); err != nil {
		return err
	}
	now, err := w.Engine.Get(w.Ctx, g.me, engine.PrefixRequest, name)
	if err != nil || now.Moderation == "" || slices.ContainsFunc(now.Payouts, func(p payout.Payout) bool { return !p.Status.Ended() }) {
		return harmless(err)
	}
	g.partly[v.ID] = true // what is missing can't be paid: it ends with what has been
	_, err = w.Engine.Cancel(w.Ctx, g.me, engine.PrefixRequest, name, nil)
	return harmless(err)
}
