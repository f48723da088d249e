package sim

import (
	"bytes"
	"math/big"

	"penstock/engine"
	"penstock/engine/fx"
	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/store"
)

type mayFunc = func(string) bool

// gatewayBreaks are wrong ways to choose where the money leaves.
func gatewayBreaks() []Break {
	return append(nextBreaks(), append(decideBreaks(), purseBreaks()...)...)
}

// renexted replaces what a request does next. true is the true next step.
func renexted(fn func(w payout.Wish, all []payout.Payout, may mayFunc) payout.Move) engine.Rules {
	return engine.Rules{Next: fn}
}

// nextBreaks are wrong next steps of a request.
func nextBreaks() []Break {
	return []Break{
		{Name: "failover-after-unknown", Does: "tries another route while a payout's end is not known", Incident: "a gateway that switches to the next bank after a timeout, and the first bank had paid",
			Rules: doubtIsEnd()},
		{Name: "any-refusal-fails-over", Does: "tries another route whatever the refusal said", Incident: "the provider says that it has such a payment already, and the next one pays it a second time",
			Rules: renexted(func(w payout.Wish, all []payout.Payout, _ mayFunc) payout.Move {
				return payout.Next(w, all, func(string) bool { return true })
			})},
		{Name: "attempts-without-limit", Does: "tries again however often it has failed", Incident: "a retry loop that a merchant pays a fee for, each time",
			Rules: renexted(func(w payout.Wish, all []payout.Payout, may mayFunc) payout.Move {
				w.AttemptsLimit += 10
				return payout.Next(w, all, may)
			})},
		{Name: "failed-route-again", Does: "does not leave out the routes that have failed", Incident: "all attempts used up at the bank that is down",
			Rules: renexted(func(w payout.Wish, all []payout.Payout, may mayFunc) payout.Move {
				m := payout.Next(w, all, may)
				m.Tried = nil
				return m
			})},
		{Name: "split-remainder-lost", Does: "leaves what is under one unit in a hundred of a split request unpaid", Incident: "an amount divided by the number of parts, and the rest of the division is nobody's",
			Rules: renexted(func(w payout.Wish, all []payout.Payout, may mayFunc) payout.Move {
				m := payout.Next(w, all, may)
				if m.Turn == payout.Pay && m.Piece > 1 && m.Amount.Minor() > 1 {
					m.Amount = money.New(m.Amount.Minor()-1, m.Amount.Currency())
				} else if m.Turn == payout.Pay && m.Piece > 1 {
					m.Turn = payout.Finish
				}
				return m
			})},
		{Name: "part-ends-request", Does: "takes a request as done when its payout was paid in part", Incident: "a payee who got half, and a screen that says processed",
			Rules: renexted(func(w payout.Wish, all []payout.Payout, may mayFunc) payout.Move {
				m := payout.Next(w, all, may)
				for _, p := range all {
					if p.Status == payout.PartlyPaid && m.Turn != payout.Rest {
						m.Turn = payout.Finish
					}
				}
				return m
			})},
		{Name: "missing-part-paid-whole", Does: "pays a part that was paid in part again, all of it", Incident: "a reconciliation that retries whatever is not fully paid",
			Rules: renexted(func(w payout.Wish, all []payout.Payout, may mayFunc) payout.Move {
				return payout.Next(w, changed(all, payout.PartlyPaid, payout.Failed), may)
			})},
		{Name: "withheld-is-failure", Does: "lets a refusal end a payout that a person was to confirm", Incident: "a bank that says refused and pays the next day",
			Rules: engine.Rules{Apply: func(p payout.Payout, e payout.Event) (payout.Payout, payout.Effect, error) {
				if e.Kind == payout.Withheld {
					e.Kind = payout.Refusal
				}
				return payout.Apply(p, e)
			}}},
	}
}

// doubtIsEnd lets a request go on without a payout whose end is not known, as
// if it had failed for a reason that lets another route be tried.
func doubtIsEnd() engine.Rules {
	return engine.Rules{
		Over: func(was, is payout.Payout) bool {
			return is.Status != was.Status && (is.Status.Ended() || is.Status == payout.Uncertain)
		},
		Next: func(w payout.Wish, all []payout.Payout, may mayFunc) payout.Move {
			return payout.Next(w, changed(all, payout.Uncertain, payout.Failed), func(why string) bool { return why == "" || may(why) })
		},
	}
}

// changed is the payouts with one status taken for another.
func changed(all []payout.Payout, from, to payout.Status) []payout.Payout {
	out := append([]payout.Payout(nil), all...)
	for i := range out {
		if out[i].Status == from {
			out[i].Status, out[i].Moved = to, money.Amount{}
		}
	}
	return out
}

// redecided changes what a decision is made from.
func redecided(fn func(*routing.Input)) engine.Rules {
	return engine.Rules{Decide: func(in routing.Input) routing.Decision {
		in.Candidates = append([]routing.Candidate(nil), in.Candidates...)
		fn(&in)
		return routing.Decide(in)
	}}
}

func eachRoute(fn func(c *routing.Candidate)) engine.Rules {
	return redecided(func(in *routing.Input) {
		for i := range in.Candidates {
			fn(&in.Candidates[i])
		}
	})
}

// decideBreaks are wrong choices of a route, and of how much goes by it.
func decideBreaks() []Break {
	return []Break{
		{Name: "rounded-up", Does: "rounds what is paid in another currency to the next unit", Incident: "a cent more on each of a million payouts, and buyers who found out how to split them",
			Rules: redecided(func(in *routing.Input) {
				for i := range in.Candidates {
					roundUp(&in.Candidates[i], in.Remaining)
				}
			})},
		{Name: "rate-read-twice", Does: "stores the rate as it is a moment after it was used", Incident: "a payout whose amount does not follow from the rate that its page shows",
			Rules: engine.Rules{Rate: func(r fx.Rate) fx.Rate {
				if next, err := r.Mul(fx.MustRate("1.0001")); err == nil {
					return next
				}
				return r
			}}},
		{Name: "turnover-ignored", Does: "pays beyond what may leave an account in a day", Incident: "a stolen key empties the account in one night",
			Rules: eachRoute(func(c *routing.Candidate) { c.TurnoverLeft = money.Amount{} })},
		{Name: "maximum-ignored", Does: "pays more by a route than the route takes", Incident: "a provider that pays the first 10,000 and keeps silent about the rest",
			Rules: eachRoute(func(c *routing.Candidate) { c.Max = money.Amount{} })},
		{Name: "health-ignored", Does: "pays by what was switched off or is down", Incident: "an operator's off switch that only the dashboard knew of",
			Rules: eachRoute(func(c *routing.Candidate) { c.Unhealthy, c.Disabled = false, false })},
		{Name: "blockage-overruled", Does: "takes any route where the scheme rejects", Incident: "a compliance rule that fell through to the default",
			Rules: engine.Rules{Decide: func(in routing.Input) routing.Decision {
				d := routing.Decide(in)
				if d.Blocked {
					in.Tree = routing.Tree{}
					d = routing.Decide(in)
				}
				return d
			}}},
		{Name: "explanation-made-up", Does: "explains a choice by what would have been chosen with other chances", Incident: "an audit trail that is written by another code path than the decision",
			Rules: engine.Rules{Decide: func(in routing.Input) routing.Decision {
				d := routing.Decide(in)
				in.Seed++
				told := routing.Decide(in)
				told.Choice = d.Choice
				return told
			}}},
		{Name: "stale-settings", Does: "goes by settings that were read before the last change", Incident: "a cache without an end; a route switched off an hour ago still pays",
			Disk: staleSettings},
	}
}

// roundUp rounds a route's exchange up instead of down.
func roundUp(c *routing.Candidate, asked money.Amount) {
	exact := c.Convert
	if exact == nil || !c.Whole.IsSet() {
		return
	}
	up := func(a money.Amount) (money.Amount, error) {
		down, err := exact(a)
		if err != nil || down.IsZero() {
			return down, err
		}
		// A thousand times as much tells whether anything was cut off.
		more, err := exact(money.New(a.Minor()*1000, a.Currency()))
		if err == nil && new(big.Int).Mul(big.NewInt(down.Minor()), big.NewInt(1000)).Cmp(big.NewInt(more.Minor())) < 0 {
			down = money.New(down.Minor()+1, down.Currency())
		}
		return down, nil
	}
	c.Convert = up
	if whole, err := up(asked); err == nil {
		c.Whole = whole
	}
}

// staleSettings loses the mark by which a change of the settings is noticed.
func staleSettings(_ *World, s store.Store) store.Store {
	return tampered{Store: s, tx: func(tx store.Tx) store.Tx {
		changed := false // something that was there before
		return meddled{Tx: tx, put: func(b string, key, value []byte) error {
			if b == "route" || b == "deposit" || b == "account" {
				_, err := tx.Get(b, key)
				changed = changed || err == nil
			}
			if changed && b == "meta" && bytes.HasPrefix(key, []byte("settings")) {
				return nil
			}
			return tx.Put(b, key, value)
		}}
	}}
}

// purseBreaks are wrong ways to hold money, and to wait for it.
func purseBreaks() []Break {
	return []Break{
		{Name: "payout-without-hold", Does: "makes a payout without setting its money aside", Incident: "two hundred payouts at a time from a balance for a hundred",
			Rules: engine.Rules{Hold: func(func() error) error { return nil }}},
		{Name: "hold-released-on-doubt", Does: "gives a payout's money back when its answer is lost", Incident: "the same money paid out again while the bank was still paying it",
			Rules: removed(func(was, is payout.Payout) bool { return is.Status == payout.Uncertain && was.Status == payout.Sending })},
		{Name: "hold-released-twice", Does: "gives the money of a refused payout back twice", Incident: "a balance that grows with each refusal",
			Rules: removed(func(_, is payout.Payout) bool { return is.Status == payout.Failed })},
		{Name: "minimum-ignored", Does: "pays what was to stay on the account", Incident: "a provider that closes an account which falls under its reserve",
			Rules: engine.Rules{Limits: func(l ledger.Limits) ledger.Limits { l.Minimum = money.Amount{}; return l }}},
		{Name: "returned-money-forgotten", Does: "does not take back what came back", Incident: "returns that are booked by hand at the end of the month",
			Rules: engine.Rules{Booked: func(p payout.Payout) bool { return p.Status != payout.Returned }}},
		{Name: "queue-overtaken", Does: "pays whoever fits while others wait before it", Incident: "a large payout that never goes out because small ones take the money",
			Disk: overtaking},
		{Name: "queue-row-forgotten", Does: "loses the place of a request that waits for money", Incident: "a waiting list in memory, and a restart",
			Disk: losing("queue", 4)},
	}
}

// removed gives a payout's hold back once more where fn says so.
func removed(fn func(was, is payout.Payout) bool) engine.Rules {
	return engine.Rules{Moves: func(was, is payout.Payout, out []ledger.Move) []ledger.Move {
		if fn(was, is) {
			sum, err := is.Amount.Add(is.Fee)
			if err == nil && sum.IsPositive() {
				out = append(out, ledger.Release(sum))
			}
		}
		return out
	}}
}

// overtaking shows an empty queue to whoever asks who is before them.
func overtaking(_ *World, s store.Store) store.Store {
	return tampered{Store: s, tx: func(tx store.Tx) store.Tx {
		return unseen{tx}
	}}
}

type unseen struct{ store.Tx }

func (u unseen) Scan(bucket string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	if bucket == "queue" && limit == 1 && len(to) > 26 && bytes.HasPrefix(to, from) {
		return nil, nil
	}
	return u.Tx.Scan(bucket, from, to, limit, desc)
}
