package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/store"
)

// Choice is why a payout leaves where it leaves, or why none was made: the
// explanation that is stored with it.
type Choice struct {
	On       int              `json:"on,omitzero"` // number of the payout; zero: none was made
	At       time.Time        `json:"at"`
	Rate     *Pricing         `json:"rate,omitzero"` // how the amount was converted; nil: it was not
	Decision routing.Decision `json:"decision"`
}

func (s stored) choice() (c Choice, err error) {
	c = Choice{On: s.On, At: s.At, Rate: s.Rate}
	if err := json.Unmarshal(s.Decision, &c.Decision); err != nil {
		return c, fmt.Errorf("%w of an explanation: %w", errDecode, err)
	}
	return c, nil
}

// keepChoices is how many explanations a record carries; older ones lie in a
// bucket of their own.
const keepChoices = 4

// wish is what the request allows to be done for it.
func (r *Request) wish() payout.Wish {
	return payout.Wish{Amount: r.Amount, AttemptsLimit: r.AttemptsLimit, Split: r.Split, Parallel: r.Parallel, Whole: r.Whole}
}

// mayFailOver says whether another route may be tried after a payout that
// failed for this reason.
func (e *Engine) mayFailOver(word string) bool {
	return e.Failover.Allows(payout.Resolve(word, payout.Failed))
}

// step takes the request's next steps, in the transaction of what led to
// them: it makes the payouts that are to be made, or finishes, or waits. What
// it does is decided by payout.Next, and where the money leaves by
// routing.Decide.
func (e *Engine) step(tx store.Tx, s Scope, now time.Time, v *View, by string) error {
	v.Next = time.Time{}
	if v.Stage.Ended() { // what comes back later begins nothing anew
		return nil
	}
	if v.Moderation != "" || e.Held() != "" {
		v.More = true
		if v.Moderation == "" {
			v.Next = now.Add(time.Minute)
		}
		return nil
	}
	if v.stillAwaited(now) {
		return nil
	}
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return err
	}
	for {
		m := e.next(k, v)
		if m.Turn != payout.Pay {
			v.turn(m.Turn, now)
			return e.unqueue(tx, s, now, v)
		}
		made, err := e.payNext(tx, s, now, v, m, by)
		if err != nil || !made || !v.Parallel {
			return err
		}
	}
}

// turn writes down that no payout is made now.
func (v *View) turn(t payout.Turn, now time.Time) {
	if t == payout.Finish && v.mayRepair() {
		v.awaitRepair(now)
		return
	}
	v.More = t == payout.Stuck
	if t == payout.Stuck {
		v.moderate(now, "penstock", 0, "a part of the money is out, the rest can't be paid as the request stands")
	}
}

// moderate stops the machines until a person has decided. on is the payout
// that it is about, whose end says enough; zero is the request itself, and then
// only a person lets it go on.
func (r *Request) moderate(now time.Time, by string, on int, why string) {
	r.Moderation, r.About = why, on
	to := string(r.Stage)
	if on > 0 {
		to = string(r.Payouts[on-1].Status)
	}
	r.tell(Line{At: now, What: "moderation_required", By: by, On: on, To: to, Text: why})
}

// free lets the machines go on, at once: what waited out of the timetable's
// sight has a date that a clock since set back may have left far ahead.
func (r *Request) free(now time.Time) {
	r.Moderation, r.About, r.ByPerson = "", 0, false
	for i := range r.Payouts {
		if p := &r.Payouts[i]; p.Due.After(now) {
			p.Due = now
		}
	}
}

// payNext makes the payout of a move, or says why none can be made.
func (e *Engine) payNext(tx store.Tx, s Scope, now time.Time, v *View, m payout.Move, by string) (made bool, err error) {
	if waits, err := e.queueBehind(tx, s, v); err != nil || waits {
		return false, e.queue(tx, s, now, v, err)
	}
	if taken, err := v.nextTaken(tx, s); err != nil || taken {
		if v.More = true; !v.underWay() { // else that comes to its end first: moderation would stop it too
			v.moderate(now, "penstock", 0, "its next payout would bear a number that is in use: the provider knows later payouts of it than this store does")
		}
		return false, err
	}
	d, price, err := e.decideNext(tx, s, now, v, m)
	if err != nil {
		return false, err
	}
	if d.Choice == nil {
		if err := v.choose(tx, s, Choice{At: now, Decision: d}); err != nil {
			return false, err
		}
		return false, e.blocked(tx, s, now, v, d, by)
	}
	n := len(v.Payouts) + 1
	p := payout.Payout{ID: v.payoutID(n), N: n, Amount: d.Choice.Amount, Piece: m.Piece, Route: d.Choice.Route, Deposit: d.Choice.Deposit,
		Account: d.Choice.Account, Provider: d.Choice.Provider, Service: v.Service, Status: payout.Queued, Due: now, Created: now, Changed: now}
	if d.Choice.Part != d.Choice.Amount {
		p.Share = d.Choice.Part
	}
	if price != nil {
		p.Rate = e.Rules.Rate(price.Rate).String()
	}
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return false, err
	}
	if p.Fee, err = k.fee(d.Choice.Target, p.Amount); err != nil {
		return false, err
	}
	if err := e.Rules.Hold(func() error { return hold(tx, s, v.ID, e.Rules.Limits(k.deposits[p.Deposit].limits()), p) }); err != nil {
		return false, err
	}
	if err := v.choose(tx, s, Choice{On: n, At: now, Rate: price, Decision: d}); err != nil {
		return false, err
	}
	v.Payouts = append(v.Payouts, p)
	v.Account, v.Provider, v.Resolution, v.More = p.Account, d.Choice.Provider, "", false
	v.tell(Line{At: now, What: "queued", By: by, On: n, To: string(payout.Queued), Text: v.Provider})
	e.carefully(&v.Request, now)
	if err := e.unqueue(tx, s, now, v); err != nil {
		return false, err
	}
	if v.Stage != payout.Ready {
		return true, nil
	}
	return true, v.advance(payout.Issued, now, by, "")
}

// underWay says whether a payout of it has not ended.
func (r *Request) underWay() bool {
	return slices.ContainsFunc(r.Payouts, func(p payout.Payout) bool { return !p.Status.Ended() })
}

// nextTaken says whether the number of the next payout is in use: by one that
// was brought back from a provider's list and stands apart.
func (v *View) nextTaken(tx store.Tx, s Scope) (bool, error) {
	if len(v.Payouts) == 0 {
		return false, nil
	}
	_, err := tx.Get(bucketRequest, s.key(nthID(v.ID, len(v.Payouts)+1)))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the next payout: %w", err)
	}
	return true, nil
}

// choose keeps an explanation. Why no payout can be made is told as it is now,
// however often a request that waits has looked.
func (v *View) choose(tx store.Tx, s Scope, c Choice) error {
	if n := len(v.Chose); n > 0 && c.On == 0 && v.Chose[n-1].On == 0 {
		v.Chose, v.Chosen = append([]stored(nil), v.Chose[:n-1]...), v.Chosen-1
	}
	if len(v.Chose) == keepChoices {
		old := v.Chose[0]
		if err := keep(tx, bucketChoice, s.key(v.ID, fmt.Sprintf("%08d", v.Chosen-keepChoices+1)), old); err != nil {
			return err
		}
		v.Chose = append([]stored(nil), v.Chose[1:]...)
	}
	v.Chosen++
	v.Chose = append(v.Chose, stored{On: c.On, At: c.At, Rate: c.Rate, Decision: c.Decision.AppendJSON(make([]byte, 0, 768))})
	return nil
}

// choicesOf is every explanation of a request, the oldest first.
func choicesOf(tx store.Tx, s Scope, r *Request) (out []Choice, err error) {
	var rows []stored
	err = each(tx, bucketChoice, s.key(r.ID, ""), func(p store.Pair) error {
		old, err := decode[stored](bucketChoice, p.Value)
		if err == nil {
			rows = append(rows, *old)
		}
		return err
	})
	for _, row := range append(rows, r.Chose...) {
		if err != nil {
			return nil, err
		}
		var c Choice
		if c, err = row.choice(); err == nil {
			out = append(out, c)
		}
	}
	return out, err
}

// blocked is what becomes of a request for which there is no route now.
func (e *Engine) blocked(tx store.Tx, s Scope, now time.Time, v *View, d routing.Decision, by string) error {
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return err
	}
	if p := k.points[v.Point]; d.Short && v.Later && p != nil && p.Queue {
		return e.queue(tx, s, now, v, nil)
	}
	v.Resolution = d.Resolution
	if !v.Later && len(v.Payouts) == 0 {
		return e.noRoute(k, s, &v.Request, d)
	}
	why := string(d.Resolution)
	if d.Short {
		why += ": too little money in the deposit accounts"
	}
	if len(v.Payouts) > 0 {
		v.tell(Line{At: now, What: "no_route", By: by, Text: why})
		v.turn(payout.Blocked(v.wish(), v.Payouts).Turn, now)
		return nil
	}
	if err := v.advance(payout.Routed, now, by, why); err != nil {
		return err
	}
	return e.unqueue(tx, s, now, v)
}

// noRoute refuses a request at once, where its dialect wants to know.
func (e *Engine) noRoute(k *catalog, s Scope, r *Request, d routing.Decision) error {
	switch {
	case d.Short:
		return &Error{Code: CodeFunds, Object: ObjPayout, Message: "the deposit account holds too little", Hint: "top up a deposit account"}
	case s.Mode == Live && len(k.accounts) == 0:
		return &Error{Code: CodeNoRoute, Object: ObjPayout, Message: "no live provider account is connected: test provider accounts serve test requests only", Hint: "connect a live provider account"}
	}
	if !r.Amount.IsPositive() {
		return invalid("amount", "must be more than zero to be paid out")
	}
	if p := e.unfit(k, r); p != "" {
		return &Error{Code: CodeNoRoute, Object: ObjPayout, Field: FieldMethod, Message: fmt.Sprintf("%s in %s is not supported by %s", r.Form, r.Amount.Currency().Code(), p), Hint: "name a provider that pays by this method in this currency"}
	}
	return &Error{Code: CodeNoRoute, Object: ObjPayout, Message: "no connected provider can take this payout", Hint: "connect a provider account, or widen the list of connectors"}
}

// FieldMethod is the field of a CodeNoRoute where the one provider that was
// asked for is there and doesn't pay by the method, or not in the currency.
const FieldMethod = "payout_method"

// unfit is the only provider that a request names, where it is connected and
// doesn't pay what is asked for; empty otherwise.
func (e *Engine) unfit(k *catalog, r *Request) string {
	named := slices.Clone(r.Providers)
	for _, x := range r.Exits {
		if a := k.accounts[x.Account]; a != nil && x.Provider == "" {
			x.Provider = a.Provider
		}
		if len(r.Providers) == 0 || slices.Contains(r.Providers, x.Provider) {
			named = append(named, x.Provider)
		}
	}
	slices.Sort(named)
	if named = slices.Compact(named); len(named) != 1 {
		return ""
	}
	for _, a := range k.accounts {
		if a.Provider == named[0] && !a.Archived && !a.Disabled && !(r.Service != "" && e.pays(a, r.Service)) {
			return a.Provider
		}
	}
	return ""
}

// takeStep takes the next step of a request that is due.
func (e *Engine) takeStep(ctx context.Context, j job) error {
	for range 8 {
		seen, err := e.get(ctx, j.Scope, j.id)
		if err != nil {
			return err
		}
		if err = e.stepAs(ctx, j.Scope, seen); !errors.Is(err, errChanged) {
			return err
		}
	}
	return fmt.Errorf("request %s changes all the time", j.id)
}

func (e *Engine) stepAs(ctx context.Context, s Scope, seen *View) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		r, err := loadRequest(tx, s, seen.ID)
		if err != nil {
			return err
		}
		if err := r.sameEcho(&seen.Request); err != nil {
			return err
		}
		v := &View{Request: *r, Person: seen.Person}
		was, stage := v.dues(), v.Stage
		if v.stepDue().IsZero() {
			return nil
		}
		if err := e.step(tx, s, now, v, "penstock"); err != nil {
			return err
		}
		if v.Stage != payout.Ready {
			if err := v.advance(payout.Moved, now, "penstock", ""); err != nil {
				return err
			}
		}
		if v.Stage != stage {
			if err := e.ended(tx, s, now, v); err != nil {
				return err
			}
		}
		return saveRequest(tx, s, &v.Request, was)
	})
}
