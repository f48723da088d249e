package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
		var idle []judged
		for _, row := range page {
			j, err := e.judge(ctx, s, account, string(row.Key[len(prefix):]), late)
			if err != nil {
				return settled, err
			}
			if j.what != DoneSettled {
				idle = append(idle, j)
				continue
			}
			moved, err := e.doLine(ctx, s, account, j, t)
			if err != nil {
				return settled, err
			}
			if moved {
				settled++
			}
		}
		if err := e.finishIdle(ctx, s, account, idle); err != nil {
			return settled, err
		}
		if len(page) < loadPiece {
			return settled, nil
		}
		from = append(page[len(page)-1].Key, 0)
	}
}

// errDone says that somebody else has done a line meanwhile.
var errDone = errors.New("the line is done")

// judged is a line and what it means; "" is for another pass.
type judged struct {
	*ReportLine
	what Done
}

// judge says what a line means now; of those that came back only where late
// says so.
func (e *Engine) judge(ctx context.Context, s Scope, account, id string, late bool) (j judged, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		if j.ReportLine, err = load[ReportLine](tx, bucketReported, s.key(account, id)); err != nil {
			return err
		}
		j.what, err = j.means(tx, s, account)
		return err
	})
	if err != nil || late != (j.Verdict == connector.Returned) || j.Done != "" {
		return judged{j.ReportLine, ""}, err
	}
	if j.what == DoneForeign && e.Held() != "" {
		j.what = "" // this store may have forgotten the payout, and hear of it yet
	}
	return j, nil
}

// doLine takes a line as the provider's word about its payout.
func (e *Engine) doLine(ctx context.Context, s Scope, account string, l judged, t connector.Traits) (moved bool, err error) {
	o := connector.Outcome{Verdict: l.Verdict, Resolution: l.Resolution, Code: l.Code, Message: l.Message}
	if l.Verdict == connector.PartlyPaid {
		o.Paid = l.Amount
	}
	done := func(tx store.Tx) error { return finishLine(tx, s, account, l.ID, l.what) }
	err = e.settleBy(ctx, s, l.Key[len(PrefixPayout):], t, payout.Statement{Source: payout.FromReport, Outcome: o}, nil, done)
	if errors.Is(err, errDone) {
		return false, nil
	}
	return err == nil, err
}

// finishIdle notes all at once what became of lines that move nothing: most of a
// long statement, of which each would cost a commit of its own.
func (e *Engine) finishIdle(ctx context.Context, s Scope, account string, idle []judged) error {
	idle = slices.DeleteFunc(idle, func(j judged) bool { return j.what == "" })
	if len(idle) == 0 {
		return nil
	}
	return e.update(ctx, func(tx store.Tx, _ time.Time) error {
		for _, j := range idle {
			if err := finishLine(tx, s, account, j.ID, j.what); err != nil && !errors.Is(err, errDone) {
				return err
			}
		}
		return nil
	})
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
