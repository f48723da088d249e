package sim

import (
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
)

type (
	judgeFunc = func(payout.Payout, payout.Statement, connector.Traits) payout.Event
	planFunc  = func(payout.Payout, connector.Traits, time.Time) payout.Act
)

// rejudged changes the kind of some events after the true judgement.
func rejudged(fn func(payout.Payout, payout.Statement, payout.Event) payout.Kind) engine.Rules {
	return engine.Rules{Judge: judgeFunc(func(p payout.Payout, s payout.Statement, t connector.Traits) payout.Event {
		e := payout.Judge(p, s, t)
		e.Kind = fn(p, s, e)
		return e
	})}
}

func replaced(from, to payout.Kind) engine.Rules {
	return rejudged(func(p payout.Payout, _ payout.Statement, e payout.Event) payout.Kind {
		if e.Kind == from {
			return to
		}
		return e.Kind
	})
}

func replanned(fn func(payout.Payout, payout.Act) payout.Act) engine.Rules {
	return engine.Rules{Plan: planFunc(func(p payout.Payout, t connector.Traits, now time.Time) payout.Act {
		return fn(p, payout.Plan(p, t, now))
	})}
}

func no(bool) bool { return false }

// decisionBreaks are wrong decisions about money and about who may do what.
func decisionBreaks() []Break {
	return []Break{
		{Name: "timeout-is-failure", Does: "takes a call that ended without a word as refused", Incident: "the textbook error handler; a payout that was paid is shown as failed and made again",
			Rules: rejudged(func(p payout.Payout, s payout.Statement, e payout.Event) payout.Kind {
				if e.Kind == payout.Unheard && s.Source == payout.FromSend {
					return payout.Refusal
				}
				return e.Kind
			})},
		{Name: "refusal-believed-at-once", Does: "believes a refusal although an earlier attempt's end is unknown", Incident: "attempt 1 hangs, attempt 2 is refused, attempt 1 lands: failed, and paid",
			Rules: replaced(payout.Doubted, payout.Refusal)},
		{Name: "absent-is-failure", Does: "takes a look-up that finds nothing as refused", Incident: "a provider whose list lags behind its transfers",
			Rules: replaced(payout.Early, payout.Refusal)},
		{Name: "lookup-before-settle", Does: "trusts a look-up before a request that timed out can no longer arrive", Incident: "not found for 90 seconds, then found; sent again in between",
			Rules: replaced(payout.Early, payout.Missing)},
		{Name: "blind-resend", Does: "sends again whenever an attempt's end is unknown", Incident: "caller-side retries that paid three times",
			Rules: replanned(func(p payout.Payout, a payout.Act) payout.Act {
				if p.Status == payout.Uncertain {
					return payout.Send
				}
				return a
			})},
		{Name: "poller-gives-up", Does: "stops asking about a payout after three look-ups", Incident: "a status job with a retry limit; payouts stay pending for ever",
			Rules: replanned(func(p payout.Payout, a payout.Act) payout.Act {
				if p.Status == payout.Pending && p.Asked >= 3 {
					return payout.Nothing
				}
				return a
			})},
		{Name: "end-overwritten", Does: "lets a late word move a payout that had ended", Incident: "an older webhook delivered after the newer one downgraded a status",
			Rules: engine.Rules{Apply: overwriting}},
		{Name: "failed-becomes-paid", Does: "lets a paid word, forged or late, overwrite a failed end", Incident: "a webhook that arrived after the merchant had paid by other means",
			Rules: rejudgedEnds()},
		{Name: "ghost-worker", Does: "forgets what the process has in hand and sends after the lease", Incident: "a worker that stalls before its call, loses its lease, wakes and calls",
			Rules: engine.Rules{InHand: no}, Send: stalling},
		{Name: "token-of-another", Does: "pays with a saved method of another customer", Incident: "a look-up by id alone, not scoped to its owner",
			Rules: engine.Rules{Owned: no}},
		{Name: "token-for-ever", Does: "payment tokens never expire", Incident: "a token found in an old log pays",
			Timing: func(t engine.Timing) engine.Timing { t.TokenTTL = 10 * 365 * 24 * time.Hour; return t }},
		{Name: "key-with-any-body", Does: "answers a known key whatever its body", Incident: "an API that replays even when the body differs: the second payee is never paid and nobody knows",
			Rules: engine.Rules{Same: no}},
		{Name: "repeat-after-rollback", Does: "takes a repeat of what the store has forgotten for something new", Incident: "a backup is restored; the merchant's retry of a lost answer pays again under the same key",
			Rules: engine.Rules{Forgets: func(payout bool) bool { return payout }}},
		{Name: "release-too-early", Does: "ends a hold while a call of the process before can still arrive", Incident: "a restored server is let go at once; a transfer that its list did not have yet is made again",
			Rules: engine.Rules{Arriving: func(time.Duration) time.Duration { return 0 }}},
		{Name: "hold-kept-after-failure", Does: "does not release the money of a payout that failed", Incident: "a balance that shrinks with each refused payout",
			Rules: engine.Rules{Booked: func(p payout.Payout) bool { return p.Status != payout.Failed }}},
		{Name: "partial-taken-as-whole", Does: "books a partial payment as paid in full", Incident: "an integration that reads the status and not the amount",
			Rules: replaced(payout.Part, payout.Whole)},
	}
}

// overwriting is Apply as it is written without a thought for ends.
func overwriting(p payout.Payout, e payout.Event) (payout.Payout, payout.Effect, error) {
	if p.Status == payout.Paid && e.Kind == payout.Accepted {
		p.Status, p.Seq, p.Due = payout.Pending, p.Seq+1, e.At.Add(time.Minute)
		return p, payout.None, nil
	}
	return payout.Apply(p, e)
}

func rejudgedEnds() engine.Rules {
	return engine.Rules{Apply: func(p payout.Payout, e payout.Event) (payout.Payout, payout.Effect, error) {
		if p.Status == payout.Failed && (e.Kind == payout.Accepted || e.Kind == payout.Whole) {
			p.Status, p.Seq, p.Moved = payout.Paid, p.Seq+1, p.Amount
			return p, payout.None, nil
		}
		return payout.Apply(p, e)
	}}
}
