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

// A batch is several payouts that leave by one account in one call, such as a
// bank's file. Each is claimed for itself, with its attempt and its deadline,
// in the transaction that claims all of them; each has its own answer, and is
// settled and asked about for itself. So whatever happens to the call, nothing
// is true of a payout in a batch that isn't true of one that leaves alone.

const (
	maxBatch = 1000 // payouts in one call, whatever the connector would take
	maxFill  = 4000 // due rows that are looked through for one
)

// callOf is how long a call that sends by a connector may take, and how long
// it belongs to its worker.
func (e *Engine) callOf(via connector.Connector) (length, lease time.Duration) {
	if _, ok := via.(connector.Batcher); ok {
		return e.Timing.Batch, e.Timing.Batch + e.Timing.Lease - e.Timing.Deadline
	}
	return e.Timing.Deadline, e.Timing.Lease
}

// gathers says whether a payout that is to be sent waits for others to leave
// with, and until when. What it was told first counts, so that the next cut-off
// doesn't put it off again; an earlier one is taken, since a clock may have been
// set back.
func (c *claims) gathers(r *Request, p *payout.Payout, via connector.Connector) bool {
	b, ok := via.(connector.Batcher)
	if !ok || p.Status != payout.Queued || !p.Gather.IsZero() && !p.Gather.After(c.now) {
		return false
	}
	until, _ := b.Batch(c.now, p.Service)
	if !until.After(c.now) {
		return false
	}
	if p.Gather.IsZero() || until.Before(p.Gather) {
		p.Gather = until
		r.tell(Line{At: c.now, What: "gathered", By: "penstock", On: p.N, To: string(p.Status), Text: "leaves with others at " + until.UTC().Format(time.RFC3339)})
	}
	p.Due = p.Gather
	return true
}

// room is how many more payouts each account's batch takes.
func room(jobs []job, now time.Time) map[dueRow]int {
	out := map[dueRow]int{}
	for _, j := range jobs {
		b, ok := j.via.(connector.Batcher)
		if !ok || j.act != payout.Send {
			continue
		}
		account := j.account()
		if _, known := out[account]; !known {
			_, most := b.Batch(now, j.payout.Service)
			out[account] = min(max(most, 1), maxBatch)
		}
		out[account]--
	}
	return out
}

func (j job) account() dueRow {
	return dueRow{Scope: j.Scope, id: j.payout.Account}.hand()
}

// fill claims more of what is due after a row, for the batches that have begun:
// one file for all that are there is what a bank is paid for.
func (c *claims) fill(tx store.Tx, last []byte) error {
	left := room(c.jobs, c.now)
	open := 0
	for _, n := range left {
		open += max(0, n)
	}
	from := append(last[:len(last):len(last)], 0)
	for looked := 0; open > 0 && looked < maxFill; {
		page, err := tx.Scan(bucketDue, from, dueBefore(c.now), store.MaxScan, false)
		if err != nil {
			return fmt.Errorf("scan due rows: %w", err)
		}
		for _, p := range page {
			row, err := parseDue(p.Key)
			if err != nil {
				return err
			}
			if row.kind != duePayout || open == 0 {
				continue
			}
			account, err := c.joins(tx, row)
			if err != nil {
				return err
			}
			if left[account] <= 0 {
				continue
			}
			before := len(c.jobs)
			if err := c.handle(tx, row); err != nil {
				return err
			}
			if len(c.jobs) > before && c.jobs[before].act == payout.Send {
				left[account]--
				open--
			}
		}
		looked += len(page)
		if len(page) < store.MaxScan {
			return nil
		}
		from = append(page[len(page)-1].Key, 0)
	}
	return nil
}

// joins is the account by which a due payout is to be sent; empty where it isn't
// to be sent, or can't be read, which is found when its own turn comes.
func (c *claims) joins(tx store.Tx, row dueRow) (dueRow, error) {
	if c.aside[row.hand()] {
		return dueRow{}, nil
	}
	r, i, err := loadPayout(tx, row.Scope, row.id)
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, errDecode) || isNotFound(err) {
		return dueRow{}, nil
	}
	if err != nil || r.Payouts[i].Status != payout.Queued {
		return dueRow{}, err
	}
	return dueRow{Scope: row.Scope, id: r.Payouts[i].Account}.hand(), nil
}

// joined makes one job of the sends that leave by one account in one call.
func joined(jobs []job, now time.Time) []job {
	if !slices.ContainsFunc(jobs, job.leavesWithOthers) {
		return jobs
	}
	var out []job
	at := map[dueRow]int{} // by account: its batch in out
	for _, j := range jobs {
		if !j.leavesWithOthers() {
			out = append(out, j)
			continue
		}
		_, most := j.via.(connector.Batcher).Batch(now, j.payout.Service)
		i, begun := at[j.account()]
		if !begun || len(out[i].batch) >= min(max(most, 1), maxBatch) {
			i = len(out)
			at[j.account()] = i
			out = append(out, job{dueRow: j.dueRow, act: payout.Send, via: j.via, lane: j.lane})
		}
		out[i].batch = append(out[i].batch, j)
	}
	return out
}

// leavesWithOthers says whether a job is a send that goes out in a batch.
func (j job) leavesWithOthers() bool {
	_, ok := j.via.(connector.Batcher)
	return ok && j.act == payout.Send
}

// sendBatch makes the one call of several attempts. As with send no transaction
// is open and each intent has been committed. What can't be sent now, such as
// one whose account doesn't open, keeps nobody back.
func (e *Engine) sendBatch(ctx context.Context, j job) error {
	var failed error
	var jobs []job
	var in []connector.Instruction
	_, mark := e.pulse.now()
	left := e.Timing.Batch
	for _, one := range j.batch {
		details, err := e.detailsOf(ctx, one)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("payout %s: %w", one.payout.ID, err))
			continue
		}
		until := one.payout.Deadline.Mono - mark.Mono
		if one.payout.Deadline.Epoch != mark.Epoch || until <= 0 {
			failed = errors.Join(failed, fmt.Errorf("attempt %d of payout %s came too late to be sent", one.payout.Attempt, one.payout.ID)) // no ghosts: rule 7
			continue
		}
		left = min(left, until)
		jobs = append(jobs, one)
		in = append(in, connector.Instruction{Key: one.payout.Key(), Amount: one.payout.Amount, Service: one.payout.Service, Details: details, NotifyURL: e.notifyURL(one)})
	}
	if len(in) == 0 {
		return failed
	}
	if err := e.healthy(); err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	call, trace := connector.WithTrace(call)
	e.stats.Sends.Add(1)
	outs, errs := j.via.(connector.Batcher).SendAll(call, in)
	for i, one := range jobs {
		out := connector.Outcome{Verdict: connector.Unknown}
		var err error
		if i < len(outs) && i < len(errs) {
			out, err = outs[i], errs[i]
		}
		out = heard(out, err)
		if i == 0 { // one call, so one word about how the provider answers
			e.answered(ctx, j.Scope, one.payout.Account, out)
		}
		st := payout.Statement{Source: payout.FromSend, Attempt: one.payout.Attempt, Outcome: out, Calls: trace.CallsOf(one.payout.Key())}
		if err := e.settleJob(ctx, one, st); err != nil {
			if errors.Is(err, store.ErrCommitUnknown) || errors.Is(err, store.ErrClosed) {
				return err
			}
			failed = errors.Join(failed, fmt.Errorf("payout %s: %w", one.payout.ID, err))
		}
	}
	return failed
}

// heard is what an answer to a send is worth: an error explains an Unknown, and
// beside any other verdict it makes one of it.
func heard(out connector.Outcome, err error) connector.Outcome {
	if out.Verdict == "" || err != nil && out.Verdict != connector.Unknown {
		out = connector.Outcome{Verdict: connector.Unknown}
	}
	if err != nil {
		out.Message = err.Error()
	}
	return out
}
