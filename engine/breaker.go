package engine

import (
	"context"
	"slices"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/store"
)

// A breaker keeps new payouts off a provider account that doesn't answer while
// there is another way. It decides nothing else: what was sent is followed to
// its end as ever, and where every way is open-circuited they are all taken for
// closed, so that no payout fails because of it. It lies in memory: a process
// that starts knows of no trouble, and hears of it soon enough.
type breaker struct {
	fails    int           // in a row
	mark     payout.Mark   // when it opened
	cool     time.Duration // how long it stays open; zero: it is closed
	since    time.Time     // of the present state
	why      string        // the latest problem; safe to show
	good     time.Time     // when the provider last answered
	bad      time.Time     // and when it last didn't
	failures int           // since this process began
}

const (
	breakAfter  = 5                // questions without an answer, one after another
	breakFirst  = 30 * time.Second // how long it stays open at first
	breakMost   = 15 * time.Minute // and at most, each time twice as long
	maxBreakers = 4096
)

// BreakerState is how new payouts are kept off an account.
type BreakerState string

const (
	BreakerClosed   BreakerState = "closed"    // payouts leave by it
	BreakerOpen     BreakerState = "open"      // they take another way, if there is one
	BreakerHalfOpen BreakerState = "half_open" // the next one shows whether it answers again
	// BreakerForced is open by a person's word: nothing is sent, also where there
	// is no other way, until a person closes it.
	BreakerForced BreakerState = "forced_open"
)

// Breaker is how a provider account answers.
type Breaker struct {
	State    BreakerState
	Since    time.Time // of the state; zero: since this process began
	Until    time.Time // when an open one is tried again
	Why      string    // the latest problem; safe to show
	Fails    int       // questions without an answer, one after another
	Failures int       // and in all, since this process began
	LastGood time.Time // when the provider last answered; zero: not yet
	LastBad  time.Time
}

// accountTrouble are the refusals that are about the account and not about the
// payout: the next payout would be refused as well.
var accountTrouble = [...]string{"INVALID_CREDENTIALS", "FORBIDDEN_IP", "SIGNATURE_ERROR", "ACCESS_ERROR", "ACCESS_DENIED"}

// answered counts what came of a question to a provider.
func (e *Engine) answered(ctx context.Context, s Scope, account string, o connector.Outcome) {
	if ctx.Err() != nil { // we hung up
		return
	}
	ok := o.Verdict != connector.Unknown && !(o.Verdict == connector.Rejected && slices.Contains(accountTrouble[:], o.Resolution))
	now, mark := e.pulse.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	b := e.breakerOf(s, account)
	if b == nil {
		return
	}
	if ok {
		if b.cool > 0 {
			b.since = now
		}
		b.fails, b.cool, b.good = 0, 0, now
		return
	}
	was := b.state(mark)
	b.fails++
	b.failures++
	b.bad, b.why = now, o.Message
	if b.why == "" {
		b.why = o.Resolution
	}
	switch {
	case was == BreakerHalfOpen:
		b.cool = min(2*b.cool, breakMost)
	case was == BreakerClosed && b.fails >= breakAfter:
		b.cool = breakFirst
	default:
		return
	}
	b.mark, b.since = mark, now
}

// breakerOf is the account's; nil where there are too many. Under Engine.mu.
func (e *Engine) breakerOf(s Scope, account string) *breaker {
	key := accountLane(s, account)
	b := e.breakers[key]
	if b == nil && len(e.breakers) < maxBreakers {
		if e.breakers == nil {
			e.breakers = map[string]*breaker{}
		}
		b = &breaker{}
		e.breakers[key] = b
	}
	return b
}

func (b *breaker) state(now payout.Mark) BreakerState {
	switch {
	case b.cool == 0:
		return BreakerClosed
	case now.Epoch == b.mark.Epoch && now.Mono-b.mark.Mono < b.cool:
		return BreakerOpen
	}
	return BreakerHalfOpen
}

// Breaker says how a provider account answers.
func (e *Engine) Breaker(s Scope, account string) Breaker {
	_, mark := e.pulse.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	b := e.breakers[accountLane(s, account)]
	if b == nil {
		return Breaker{State: BreakerClosed}
	}
	out := Breaker{State: b.state(mark), Since: b.since, Why: b.why, Fails: b.fails, Failures: b.failures, LastGood: b.good, LastBad: b.bad}
	if out.State != BreakerClosed {
		out.Until = b.since.Add(b.cool)
	}
	return out
}

// OpenBreakers is how many provider accounts new payouts are kept off now, for
// the metrics: those that don't answer, and those of which a person has opened
// the breaker, which are in no other number. Archived ones are in neither.
func (e *Engine) OpenBreakers(ctx context.Context) (silent, forced int, err error) {
	_, mark := e.pulse.now()
	open := map[string]bool{}
	e.mu.Lock()
	for lane, b := range e.breakers {
		if b.state(mark) == BreakerOpen {
			open[lane] = true
		}
	}
	e.mu.Unlock()
	err = e.Store.View(ctx, func(tx store.Tx) error {
		silent, forced = 0, 0
		return each(tx, bucketAccount, nil, func(p store.Pair) error {
			s, id, err := cutScope(p.Key)
			if err != nil {
				return err
			}
			a, err := decode[ProviderAccount](bucketAccount, p.Value)
			if err != nil {
				return err
			}
			switch {
			case a.Archived:
			case a.Forced != nil:
				forced++
			case open[accountLane(s, string(id))]:
				silent++
			}
			return nil
		})
	})
	return silent, forced, err
}

// decideAround asks the rules without the accounts whose breaker is open, and
// with them where there is no other way.
func (e *Engine) decideAround(s Scope, in routing.Input) routing.Decision {
	_, mark := e.pulse.now()
	var around []int
	e.mu.Lock()
	if len(e.breakers) > 0 {
		for i, c := range in.Candidates {
			if b := e.breakers[accountLane(s, c.Account)]; b != nil && !c.Unhealthy && b.state(mark) == BreakerOpen {
				around = append(around, i)
			}
		}
	}
	e.mu.Unlock()
	if len(around) == 0 || len(around) == len(in.Candidates) {
		return e.Rules.Decide(in)
	}
	for _, i := range around {
		in.Candidates[i].Unhealthy = true
	}
	d := e.Rules.Decide(in)
	if d.Choice != nil {
		return d
	}
	for _, i := range around {
		in.Candidates[i].Unhealthy = false
	}
	return e.Rules.Decide(in)
}
