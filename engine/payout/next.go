package payout

import "penstock/engine/money"

// MaxPieces is how many pieces a request may be split into.
const MaxPieces = 100

// Wish is what a request allows to be done for it.
type Wish struct {
	Amount        money.Amount
	AttemptsLimit int  // payouts beyond the first for each piece, when the ones before have failed
	Split         bool // may be paid in several pieces
	Parallel      bool // whose pieces needn't wait for each other
	Whole         bool // less than the amount is not enough: a person decides what then
}

// Turn is what a request does next.
type Turn string

const (
	Pay    Turn = "pay"    // make a payout, for Move.Amount
	Rest   Turn = "rest"   // its payouts are on their way, or a person decides about one
	Finish Turn = "finish" // nothing is left to do
	Stuck  Turn = "stuck"  // money is out, some is missing, and nothing may be tried: a person decides
)

// Move is a request's next step.
type Move struct {
	Turn   Turn
	Amount money.Amount // Pay: how much is to be paid at the most, in the request's currency
	Piece  int          // Pay: which piece of the request it is
	Retry  bool         // Pay: it stands in for a payout that failed
	Tried  []string     // Pay: the routes that have failed for this piece
	Only   string       // Pay: the one route that may be taken, tried or not; empty: any that was not tried. Next leaves it empty
}

// Committed is how much of their request's amount payouts have paid or are still
// to pay, in its minor units: what is left of the amount may be paid besides.
func Committed(payouts []Payout) (sum int64) {
	for _, p := range payouts {
		if p.Status.Ended() {
			sum += p.Covers().Minor()
		} else {
			sum += p.Asks().Minor()
		}
	}
	return sum
}

// Next decides a request's next step. may says which resolutions of a payout
// that failed let another route be tried; an ambiguous payout has not failed,
// so nothing is ever made in its place.
func Next(w Wish, payouts []Payout, may func(resolution string) bool) Move {
	left := w.Amount.Minor() - Committed(payouts)
	open, pieces, covered := 0, 0, int64(0)
	for _, p := range payouts {
		pieces = max(pieces, p.Piece)
		covered += p.Covers().Minor()
		if !p.Status.Ended() {
			open++
		}
	}
	switch {
	case covered >= w.Amount.Minor() && open == 0 && len(payouts) > 0:
		return Move{Turn: Finish}
	case stopped(payouts), w.Whole && hopeless(w, payouts, may): // no more money for what can't become whole
		return ending(open, covered, w)
	case left <= 0 || open > 0 && !w.Parallel:
		return Move{Turn: Rest}
	case len(payouts) == 0:
		return Move{Turn: Pay, Amount: w.Amount, Piece: 1}
	}
	if m, ok := retry(w, payouts, may); ok {
		m.Amount = money.New(min(m.Amount.Minor(), left), w.Amount.Currency())
		return m
	}
	if w.Split && pieces < MaxPieces && !failing(payouts) {
		return Move{Turn: Pay, Amount: money.New(left, w.Amount.Currency()), Piece: pieces + 1}
	}
	return ending(open, covered, w)
}

// Blocked is what a request does for whose next payout no route was found.
func Blocked(w Wish, payouts []Payout) Move {
	open, covered := 0, int64(0)
	for _, p := range payouts {
		covered += p.Covers().Minor()
		if !p.Status.Ended() {
			open++
		}
	}
	return ending(open, covered, w)
}

// ending is what a request does of which nothing more may be tried.
func ending(open int, covered int64, w Wish) Move {
	switch {
	case open > 0:
		return Move{Turn: Rest}
	case covered > 0 && covered < w.Amount.Minor() && w.Whole:
		return Move{Turn: Stuck}
	}
	return Move{Turn: Finish}
}

// stopped says that somebody wants the request no more, or that its money
// came back: nothing is paid on its own account after that.
func stopped(payouts []Payout) bool {
	for _, p := range payouts {
		if p.Status == Cancelled && !p.Out() || p.Status == Returned {
			return true
		}
	}
	return false
}

// retry finds a piece whose latest payout failed and which may be tried by
// another route.
func retry(w Wish, payouts []Payout, may func(string) bool) (Move, bool) {
	for _, p := range payouts {
		if failed(payouts, p) && tries(payouts, p.Piece) <= w.AttemptsLimit && may(p.Resolution) {
			m := Move{Turn: Pay, Amount: p.Asks(), Piece: p.Piece, Retry: true}
			for _, q := range payouts {
				if q.Piece == p.Piece {
					m.Tried = append(m.Tried, q.Route)
				}
			}
			return m, true
		}
	}
	return Move{}, false
}

// hopeless says that some piece has failed and may not be tried again.
func hopeless(w Wish, payouts []Payout, may func(string) bool) bool {
	for _, p := range payouts {
		if failed(payouts, p) && (tries(payouts, p.Piece) > w.AttemptsLimit || !may(p.Resolution)) {
			return true
		}
	}
	return false
}

// failing says that some piece has failed.
func failing(payouts []Payout) bool {
	for _, p := range payouts {
		if failed(payouts, p) {
			return true
		}
	}
	return false
}

// failed says that p has failed and that nothing stands in for it.
func failed(payouts []Payout, p Payout) bool {
	if p.Status != Failed || p.Out() {
		return false
	}
	for _, q := range payouts {
		if q.Piece == p.Piece && (q.N > p.N || q.Out()) {
			return false
		}
	}
	return true
}

// tries is how many payouts a piece has had.
func tries(payouts []Payout, piece int) (n int) {
	for _, p := range payouts {
		if p.Piece == piece {
			n++
		}
	}
	return n
}
