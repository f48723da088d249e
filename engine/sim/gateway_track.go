package sim

import (
	"time"

	"penstock/engine"
	"penstock/engine/money"
)

// track is what somebody has set, and when.
type track[T any] []struct {
	at time.Time
	is T
}

func (t *track[T]) set(at time.Time, is T) {
	*t = append(*t, struct {
		at time.Time
		is T
	}{at, is})
}

// at is what was set at a time.
func (t track[T]) at(when time.Time) (is T) {
	for _, x := range t {
		if !x.at.After(when) {
			is = x.is
		}
	}
	return is
}

// through says whether it was so from one time to another.
func through(t track[bool], from, to time.Time) bool {
	for _, x := range t {
		if !x.is && x.at.After(from) && !x.at.After(to) {
			return false
		}
	}
	return t.at(from)
}

type route struct {
	service, deposit, account string
	in                        money.Currency
	bounds                    track[[2]int64] // least and most of one payout; zero: none
	off                       track[bool]
}

type deposit struct {
	account  string
	in       money.Currency
	floor    track[int64] // what payouts may take it down to
	turnover track[int64] // of a day; negative: no limit
	prevent  track[bool]
	off      track[bool]
}

func (d *deposit) note(now time.Time, is *engine.Deposit) {
	d.floor.set(now, is.MinBalance.Minor()-is.Overdraft.Minor())
	turnover := int64(-1)
	if is.Turnover.IsSet() {
		turnover = is.Turnover.Minor()
	}
	d.turnover.set(now, turnover)
	d.prevent.set(now, is.PreventFailure)
	d.off.set(now, is.Disabled || is.Archived || is.Health == engine.Down)
}

func (r *route) note(now time.Time, is *engine.Route) {
	r.bounds.set(now, [2]int64{is.Min.Minor(), is.Max.Minor()})
	r.off.set(now, is.Disabled || is.Archived)
}
