package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/store"
)

// doReported does what the account's lines say that nobody has looked at yet,
// one after another: a word about a payout goes through settle like any other,
// and that it was taken is stored with it. So a crash in between, a second file
// with the same line, or two who load it at one time change nothing twice.
func (e *Engine) doReported(ctx context.Context, s Scope, account string) (settled int, err error) {
	via, err := e.connectorOf(ctx, s, account)
	if err != nil {
		return 0, err
	}
	for _, late := range []bool{false, true} { // what was paid goes before what came back
		n, err := e.doPass(ctx, s, account, via.Traits(), late)
		settled += n
		if err != nil {
			return settled, err
		}
	}
	return settled, nil
}

func (e *Engine) doPass(ctx context.Context, s Scope, account string, t connector.Traits, late bool) (settled int, err error) {
	prefix := s.key(account, "")
	for from := prefix; ; {
		var page []store.Pair
		err := e.Store.View(ctx, func(tx store.Tx) (err error) {
			page, err = tx.Scan(bucketReportedDue, from, after(prefix), loadPiece, false)
			return err
		})
		if err != nil {
			return settled, fmt.Errorf("scan reported lines: %w", err)
		}
		for _, row := range page {
			moved, err := e.doLine(ctx, s, account, string(row.Key[len(prefix):]), t, late)
			if err != nil {
				return settled, err
			}
			if moved {
				settled++
			}
		}
		if len(page) < loadPiece {
			return settled, nil
		}
		from = append(page[len(page)-1].Key, 0)
	}
}

// errDone says that somebody else has done a line meanwhile.
var errDone = errors.New("the line is done")

// doLine does one line; of those that came back only where late says so.
func (e *Engine) doLine(ctx context.Context, s Scope, account, id string, t connector.Traits, late bool) (moved bool, err error) {
	var l *ReportLine
	var what Done
	err = e.Store.View(ctx, func(tx store.Tx) error {
		if l, err = load[ReportLine](tx, bucketReported, s.key(account, id)); err != nil {
			return err
		}
		what, err = l.means(tx, s, account)
		return err
	})
	if err != nil || late != (l.Verdict == connector.Returned) || l.Done != "" {
		return false, err
	}
	if what == DoneForeign && e.Held() != "" {
		return false, nil // this store may have forgotten the payout, and hear of it yet
	}
	done := func(tx store.Tx) error { return finishLine(tx, s, account, id, what) }
	if what != DoneSettled {
		err = e.update(ctx, func(tx store.Tx, _ time.Time) error { return done(tx) })
		if errors.Is(err, errDone) {
			return false, nil
		}
		return false, err
	}
	o := connector.Outcome{Verdict: l.Verdict, Resolution: l.Resolution, Code: l.Code, Message: l.Message}
	if l.Verdict == connector.PartlyPaid {
		o.Paid = l.Amount
	}
	err = e.settleBy(ctx, s, l.Key[len(PrefixPayout):], t, payout.Statement{Source: payout.FromReport, Outcome: o}, nil, done)
	if errors.Is(err, errDone) {
		return false, nil
	}
	return err == nil, err
}

// finishLine notes what became of a line, once.
func finishLine(tx store.Tx, s Scope, account, id string, what Done) error {
	l, err := load[ReportLine](tx, bucketReported, s.key(account, id))
	if err != nil {
		return err
	}
	if l.Done != "" {
		return errDone
	}
	l.Done = what
	if err := tx.Delete(bucketReportedDue, s.key(account, id)); err != nil {
		return fmt.Errorf("clear a reported line: %w", err)
	}
	return keep(tx, bucketReported, s.key(account, id), l)
}

// means is what a line says about the payout that it names, as that stands.
// Only a word about the very money of the payout is taken; nobody guesses.
func (l *ReportLine) means(tx store.Tx, s Scope, account string) (Done, error) {
	id, ok := isID(PrefixPayout, l.Key)
	if !ok {
		if l.Key == "" {
			return DoneNothing, nil
		}
		return DoneForeign, nil
	}
	r, i, err := loadPayout(tx, s, id)
	if isNotFound(err) || err == nil && r.Payouts[i].Account != account {
		return DoneForeign, nil
	}
	if err != nil {
		return "", err
	}
	return l.meansTo(r.Payouts[i]), nil
}

func (l *ReportLine) meansTo(p payout.Payout) Done {
	known := func(is bool) Done {
		if is {
			return DoneKnown
		}
		return DoneSettled
	}
	moved := p.Amount
	if p.Moved.IsSet() {
		moved = p.Moved
	}
	switch l.Verdict {
	case connector.Paid:
		if l.Amount.IsSet() && l.Amount != p.Amount {
			return DoneDiffers
		}
		return known(p.Status == payout.Paid || p.Status == payout.Returned)
	case connector.PartlyPaid:
		if p.Status.Ended() && l.Amount != moved {
			return DoneDiffers
		}
		return known(p.Status == payout.PartlyPaid || p.Status == payout.Returned)
	case connector.Returned:
		if (p.Status == payout.Failed || p.Status == payout.Cancelled) && !p.Moved.IsPositive() { // it came back before anybody knew that it had moved
			return DoneKnown
		}
		if l.Amount.IsSet() && l.Amount != moved {
			return DoneDiffers
		}
		return known(p.Status == payout.Returned)
	case connector.Rejected:
		return known(p.Status == payout.Failed || p.Status == payout.Cancelled)
	case connector.Accepted:
		return known(p.Status.Ended() || p.Status == payout.Pending)
	}
	return DoneNothing
}
