package sandbox

import (
	"time"

	"penstock/engine/money"
)

// intake is an order as it is kept until it acts: of the account, only the
// fate is left.
type intake struct {
	Order
	fate fate
	dice dice
}

// act does what an order asks for, in c. It is the only place that makes
// transfers, for orders in time and for those that come late.
func (p *Provider) act(c *change, now time.Time, in intake) (Transfer, *Refusal) {
	known, found, err := p.book.standing(in.Key)
	if err != nil {
		_ = p.broken(err) // whoever waits for the answer gets this instead
		return Transfer{}, nil
	}
	if found && p.faults.Idempotent {
		if known.Amount != in.Amount || known.Service != in.Service {
			return Transfer{}, &Refusal{codeConflict, "key was used for another amount, currency or service"}
		}
		if known.Status != Rejected || p.faults.KeepsRefusal {
			return known, nil
		}
	}
	way := p.way(in)
	t := Transfer{
		ID: newID(p.book.made()), Key: in.Key, Amount: in.Amount, Service: in.Service, Status: Accepted,
		Paid: money.New(0, in.Amount.Currency()), NotifyURL: in.NotifyURL, Account: in.Account, Dice: in.dice,
	}
	switch {
	case way.end == Accepted: // for ever
	case way.wait == 0:
		t = p.reach(c, now, t, way.end, way.resolution)
	default:
		p.plan(c, entry{At: now.Add(way.wait), Kind: settles, Row: t.ID, End: way.end, Resolution: way.resolution})
	}
	p.changed(c, now, t)
	return t, nil
}

// reach takes a transfer to its end. One that shall come back is paid first.
func (p *Provider) reach(c *change, now time.Time, t Transfer, end Status, resolution string) Transfer {
	if end == Returned {
		p.plan(c, entry{At: now.Add(later), Kind: settles, Row: t.ID, End: comesBack, Resolution: resolution})
		end, resolution = Paid, ""
	}
	if end == comesBack {
		end = Returned
	}
	return t.end(now, end, resolution)
}

// changed puts the row into c and plans the notifications of its status.
func (p *Provider) changed(c *change, now time.Time, t Transfer) {
	c.Rows = append(c.Rows, t)
	p.planNotices(c, now, t)
}

// way is how a transfer goes: after wait it reaches end.
type way struct {
	end        Status
	resolution string
	wait       time.Duration
}

// way decides by the account's fate first and by the faults where that leaves
// it open. Amounts decide nothing but that one unit can't be halved.
func (p *Provider) way(in intake) way {
	w := in.dice.roll()
	out := way{end: in.fate.End, resolution: in.fate.Resolution}
	switch {
	case in.fate.Rated && w.rate*100 >= float64(in.fate.Rate):
		out.end = Rejected
		if out.resolution == "" {
			out.resolution = "declined"
		}
	case in.fate.Rated:
		out.end, out.resolution = Paid, ""
	case out.end != "":
	case w.reject < p.faults.Reject:
		out.end, out.resolution = Rejected, "declined"
	case w.partly < p.faults.Partly:
		out.end = PartlyPaid
	default:
		out.end = Paid
	}
	if out.end == PartlyPaid && half(in.Amount).IsZero() {
		out.end = Paid
	}
	out.wait = p.wait(in, out.end, w)
	return out
}

// wait is how long a transfer stays accepted: refusals and services that pay
// at once do not, unless the account or a fault wants it.
func (p *Provider) wait(in intake, end Status, w draws) time.Duration {
	settling := p.faults.SettleMS.at(w.settle)
	switch {
	case in.fate.Later:
		return settling + later
	case end == Rejected:
		return 0
	case w.pending < p.faults.Pending:
		return max(settling, time.Nanosecond) // accepted in the answer, whatever the range
	case in.Pace == Instant:
		return 0
	case in.Pace == Delayed:
		return max(settling, time.Nanosecond)
	case in.fate.Instant:
		return 0
	}
	return settling
}
