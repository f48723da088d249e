package sim

import (
	"fmt"
	"slices"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/engine/payout"
)

// Judge holds the world against its invariants and returns what does not
// hold. It may be called at any moment; Quiet adds what must hold once nothing
// is under way any more.
func (w *World) Judge() ([]string, error) {
	report, err := w.Engine.Check(w.Ctx, nil)
	if err != nil {
		return nil, err
	}
	bad := slices.Clone(report.Findings)
	book, err := w.book()
	if err != nil {
		return nil, err
	}
	for _, l := range book {
		if l.Movements > 1 {
			bad = append(bad, fmt.Sprintf("paid twice: %s moved money %d times", l.Key, l.Movements))
		}
	}
	ours, err := w.payouts()
	if err != nil {
		return nil, err
	}
	for _, l := range book {
		p, known := ours[l.Key]
		switch {
		case !known && w.Engine.Held() != "": // its list may not have been read yet
		case !known:
			bad = append(bad, fmt.Sprintf("the provider has %s, of which we know nothing", l.Key))
		case l.Amount != p.Amount:
			bad = append(bad, fmt.Sprintf("%s: asked for %s, the provider has %s", l.Key, p.Amount, l.Amount))
		case p.Status == payout.Paid && l.Movements > 0 && l.Status == sandbox.PartlyPaid, p.Status == payout.PartlyPaid && (l.Status == sandbox.Paid || l.Status == sandbox.PartlyPaid) && p.Moved != l.Paid:
			bad = append(bad, fmt.Sprintf("%s: %s of %s, the provider has paid %s", l.Key, p.Status, p.Moved, l.Paid))
		case l.Movements > 0 && (p.Status == payout.Failed || p.Status == payout.Cancelled):
			bad = append(bad, fmt.Sprintf("%s: %s although money moved", l.Key, p.Status))
		}
	}
	moved := map[string]int{}
	for _, l := range book {
		moved[l.Key] = max(moved[l.Key], l.Movements)
	}
	for key, p := range ours {
		if (p.Status == payout.Paid || p.Status == payout.PartlyPaid || p.Status == payout.Returned) && moved[key] == 0 {
			bad = append(bad, fmt.Sprintf("%s: %s although no money moved", key, p.Status))
		}
	}
	return bad, nil
}

// Quiet is what must hold when time enough has passed: nothing accepted was
// forgotten.
func (w *World) Quiet() ([]string, error) {
	bad, err := w.Judge()
	if err != nil {
		return nil, err
	}
	ours, err := w.payouts()
	if err != nil {
		return nil, err
	}
	for key, p := range ours {
		if !p.Status.Ended() {
			bad = append(bad, fmt.Sprintf("%s: still %s when everything should have ended", key, p.Status))
		}
	}
	wrong, err := w.books(ours)
	bad = append(bad, wrong...)
	slices.Sort(bad)
	return bad, err
}

// payouts is every payout of every merchant, by key.
func (w *World) payouts() (map[string]payout.Payout, error) {
	out := map[string]payout.Payout{}
	list, err := w.requests()
	for i := range list {
		for _, p := range list[i].Payouts {
			out[p.Key()] = p
		}
	}
	return out, err
}

// requests is every request of every merchant.
func (w *World) requests() (out []engine.View, err error) {
	if w.known != nil {
		return w.known, nil
	}
	merchants, err := w.Engine.Merchants(w.Ctx, "", 1000)
	if err != nil {
		return nil, err
	}
	for _, m := range merchants {
		c := engine.Caller{Scope: engine.Scope{Merchant: m.ID, Mode: engine.Test}}
		list, _, err := w.Engine.List(w.Ctx, c, engine.Filter{Bare: true}, 0, 10_000)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}
