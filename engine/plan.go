package engine

import (
	"strconv"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/store"
)

// What is to be done with a payout that is due: the last looks before money goes
// out, and when a person is called.

// plan applies what claiming means to the payout: a lapsed lease is written
// down, an attempt is counted before it goes out.
func (c *claims) plan(tx store.Tx, s Scope, r *Request, i int, via connector.Connector) (payout.Payout, payout.Act, error) {
	p, t := r.Payouts[i], via.Traits()
	if p.Status == payout.Sending {
		var err error
		if p, _, err = c.e.Rules.Apply(p, payout.Event{Kind: payout.Lapsed, At: c.now, Due: c.now}); err != nil {
			return p, payout.Nothing, err
		}
		r.tell(Line{At: c.now, What: string(payout.Lapsed), On: p.N, To: string(p.Status)})
	}
	length, lease := c.e.callOf(via)
	act := c.e.Rules.Plan(p, t, c.until(p, length))
	if act == payout.Send && c.e.Held() != "" {
		p.Due = c.now.Add(time.Minute)
		return p, payout.Wait, nil
	}
	if act == payout.Send {
		if forced, err := c.forced(tx, s, p.Account); forced || err != nil {
			p.Due = c.now.Add(time.Minute)
			return p, payout.Wait, err
		}
	}
	if act == payout.Send && c.gathers(r, &p, via) {
		return p, payout.Wait, nil
	}
	why := "the provider can neither be asked nor told again whether this payout took place"
	if act == payout.Send && r.Sealed == nil {
		act, why = payout.Moderate, "whom it pays was lost with the store, so it can't be sent again: a person has to find out whether it took place, or its caller to ask for it again"
	}
	if act == payout.Send && r.tooMuch() {
		act, why = payout.Moderate, "with what is out or under way it would pay more than was asked for: a person has to find out what took place, and to state or cancel it"
	}
	switch act {
	case payout.Send:
		next, err := c.sending(r, p, length, lease)
		return next, act, err
	case payout.Ask:
		p.Due = c.now.Add(c.e.Timing.Lease)
	case payout.Wait:
		p.Asked++
		p.Due = c.now.Add(c.e.Timing.PollMax)
	case payout.Moderate:
		p.Due = time.Time{}
		r.Payouts[i] = p
		r.moderate(c.now, "penstock", p.N, why)
	case payout.Nothing:
		p.Due = time.Time{}
	}
	return p, act, nil
}

// sending is the payout with one more attempt, which may take so long, and belongs
// to its worker for the lease.
func (c *claims) sending(r *Request, p payout.Payout, length, lease time.Duration) (payout.Payout, error) {
	deadline := payout.Mark{Epoch: c.mark.Epoch, Mono: c.mark.Mono + length}
	next, _, err := c.e.Rules.Apply(p, payout.Event{Kind: payout.Claimed, At: c.now, Due: c.now.Add(lease), Deadline: deadline, Began: c.e.pulse.run()})
	if err != nil {
		return p, err
	}
	r.tell(Line{At: c.now, What: string(payout.Claimed), On: p.N, To: string(next.Status), Text: "attempt " + strconv.Itoa(next.Attempt)})
	return next, nil
}

// tooMuch says that what is out and under way comes to more than the request's
// amount. No machine makes such a payout; but a store that was brought back may
// know of one, and of another that stood in for it. It is the last look before
// money goes out.
func (r *Request) tooMuch() bool {
	return !r.Forgotten && payout.Committed(r.Payouts) > r.Amount.Minor()
}

// until is when a call that is claimed now will have ended at the latest, by
// the clock that has gone on further since the payout's first attempt. What
// another process began may be older than any clock here can tell.
func (c *claims) until(p payout.Payout, length time.Duration) time.Time {
	until := c.now.Add(length)
	run := c.e.pulse.run()
	switch {
	case p.First.IsZero() || until.Before(p.First):
		return until
	case p.Began.Epoch != run.Epoch:
		return p.First.AddDate(100, 0, 0)
	}
	if mono := p.First.Add(run.Since(p.Began) + length); mono.After(until) {
		return mono
	}
	return until
}

// overdue says whether a person should look. A clock that was set back makes
// a payout look younger than it is, so the rounds it has waited count as well.
func (c *claims) overdue(p payout.Payout, act payout.Act) bool {
	if act == payout.Wait && p.Gather.After(c.now) { // it goes with the next file
		return false
	}
	rounds := int(c.e.Timing.Attention / c.e.Timing.PollMax)
	if act != payout.Wait {
		rounds += len(c.e.Timing.Polls)
	}
	return c.now.Sub(p.Created) > c.e.Timing.Attention || p.Asked >= max(rounds, 1)
}
