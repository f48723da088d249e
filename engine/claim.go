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

// job is one piece of claimed work.
type job struct {
	dueRow
	act     payout.Act     // for payouts
	request *Request       // for payouts: as it was claimed
	payout  *payout.Payout // of that request; nil of a batch
	opened  *View          // the same request with what is shown of it; nil: that is still to be opened
	record  []byte         // the same as it is stored; nil: it isn't at hand
	journal uint64         // of which the second place must know before it is sent; zero: it does
	via     connector.Connector
	message *Delivery     // for deliveries: as it was claimed
	body    []byte        // of that, where it is at hand; nil: it lies sealed in it
	landed  bool          // it is there
	late    bool          // the one that it waited for isn't: it is to be made due
	to      *Endpoint     // where that goes; nil: it is there no more
	lane    string        // whose hand it takes
	began   time.Duration // of monotonic time
	counted bool          // among the hands of the lanes
	batch   []job         // sends that go out together, in one call; this one is none itself then
}

// each is the job, or those of its batch.
func (j job) each() []job {
	if len(j.batch) > 0 {
		return j.batch
	}
	return []job{j}
}

// hand is the work itself, whenever it is due.
func (j dueRow) hand() dueRow {
	j.at = time.Time{}
	return j
}

// claim takes what is due, at most Timing.Claim rows, in one transaction: each
// is leased until now + Lease, so work whose worker is lost comes back by
// itself. The intent to send is part of it (rule 1).
func (e *Engine) claim(ctx context.Context) ([]job, error) {
	if some, err := e.anyDue(ctx); !some || err != nil {
		return nil, err
	}
	defer e.claiming(nil)
	broken := map[dueRow]bool{}
	for {
		now, mark := e.pulse.now()
		c := claims{e: e, now: now, mark: mark, broken: broken, aside: e.setAside(mark)}
		if err := e.claimOnce(ctx, &c); err != nil {
			var bad *badRow
			if !errors.As(err, &bad) {
				return nil, fmt.Errorf("claim: %w", err)
			}
			e.putAside(ctx, bad, mark)
			continue
		}
		if c.journal > 0 { // nothing goes out before the second place knows
			if err := e.knows(ctx, c.journal); err != nil {
				return nil, err
			}
		}
		if len(c.need) == 0 {
			e.take(&c)
			if c.moved > 0 {
				e.ring() // there may be more behind
			}
			return c.jobs, nil
		}
		for _, row := range c.need { // connectors are built outside the transaction, then it goes on
			if _, err := e.connectorOf(ctx, row.Scope, row.id); err != nil {
				broken[row.hand()] = true
				e.Log.ErrorContext(ctx, "connector cannot be built; its payouts wait", "account", row.id, "err", err)
			}
		}
		e.take(&c)
		if len(c.jobs) > 0 {
			return c.jobs, nil
		}
	}
}

// anyDue spares an idle appliance the commit of an empty claim.
func (e *Engine) anyDue(ctx context.Context) (some bool, err error) {
	now, mark := e.pulse.now()
	err = e.Store.View(ctx, func(tx store.Tx) error {
		e.mu.Lock()
		look := 1
		if len(e.lanes.parked) > 0 {
			look = laneWindow + 1
		}
		e.mu.Unlock()
		page, err := tx.Scan(bucketDue, nil, dueBefore(now), look, false)
		e.mu.Lock()
		defer e.mu.Unlock()
		some = e.lanes.any(page, mark.Mono)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for due work: %w", err)
	}
	return some, nil
}

// dueBefore is the end of the range of rows that are due at now.
func dueBefore(now time.Time) []byte {
	return dueKey(now.Add(time.Microsecond), 0, Scope{}, "")[:8]
}

func (e *Engine) inHand(row dueRow) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.hand[row.hand()]
}

func (e *Engine) builtConnector(s Scope, account string) connector.Connector {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.built[s.Merchant+"|"+string(s.Mode)+"|"+account]
}

// claims is one run of the claiming transaction.
type claims struct {
	e       *Engine
	now     time.Time
	mark    payout.Mark
	broken  map[dueRow]bool // provider accounts whose connector can't be built
	aside   map[dueRow]bool // rows that can't be handled
	at      dueRow          // the row that is looked at
	jobs    []job
	journal uint64   // as it stands with this claim, where something of it is about to be sent; else zero
	need    []dueRow // provider accounts whose connector is still to be built

	taken  map[string]int      // hands, by lane
	hands  int                 // of all lanes
	opened int                 // lanes that had no job before
	left   int                 // rows whose lane is full
	moved  int                 // of these, those that were moved to their turn
	parked map[dueRow]string   // the others, and their lanes
	turns  map[string]lanePace // of lanes whose rows were moved
}

func (c *claims) run(tx store.Tx) error {
	c.jobs, c.need, c.journal = nil, nil, 0 // the transaction may run more than once
	c.left, c.moved, c.parked, c.turns = 0, 0, map[dueRow]string{}, map[string]lanePace{}
	c.e.claiming(c)
	limit := min(c.e.Timing.Claim+len(c.aside), store.MaxScan)
	seen := 0
	for from := []byte(nil); ; {
		rows, err := tx.Scan(bucketDue, from, dueBefore(c.now), limit, false)
		if err != nil {
			return fmt.Errorf("scan due rows: %w", err)
		}
		left := c.left
		seen += len(rows)
		c.jobs = slices.Grow(c.jobs, len(rows)) // most become one
		if err := c.handleAll(tx, rows); err != nil {
			return err
		}
		if len(rows) < limit {
			break
		}
		last := rows[limit-1].Key
		if c.left == left || len(c.jobs) >= limit || c.moved >= laneMoves || seen >= laneScan {
			if err := c.fill(tx, last); err != nil {
				return err
			}
			if err := c.newest(tx, last); err != nil {
				return err
			}
			break
		}
		from = append(last[:len(last):len(last)], 0)
	}
	var err error
	for _, j := range c.jobs {
		if j.act == payout.Send { // the journal grows before anything is sent
			if c.journal, err = growJournal(tx); err != nil {
				return err
			}
			break
		}
	}
	c.jobs = joined(c.jobs, c.now)
	return c.seen(tx)
}

// newestRows is how many of the rows that became due last a claim looks at
// when it can't look at all that is due.
const newestRows = 64

// newest claims from the other end what lies past the last row that was looked
// at. A receiver that refuses at once for a day leaves more deliveries due than
// anybody can work off; what has just come in is not to wait behind them. What
// fill took is due later by now.
func (c *claims) newest(tx store.Tx, last []byte) error {
	rows, err := tx.Scan(bucketDue, append(last[:len(last):len(last)], 0), dueBefore(c.now), newestRows, true)
	if err != nil {
		return fmt.Errorf("scan due rows: %w", err)
	}
	return c.handleAll(tx, rows)
}

// handleAll claims the rows of a page, in its order.
func (c *claims) handleAll(tx store.Tx, rows []store.Pair) error {
	for _, p := range rows {
		row, err := parseDue(p.Key)
		if err != nil {
			return err
		}
		if err := c.handle(tx, row); err != nil {
			return err
		}
	}
	return nil
}

// handle claims one row, unless it is set aside. What can't be read is that
// row's fault alone.
func (c *claims) handle(tx store.Tx, row dueRow) error {
	if c.aside[row.hand()] {
		return nil
	}
	if lane, full := c.waits(row); full {
		return c.leave(tx, row, lane)
	}
	c.at = row
	err := c.row(tx, row)
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrNotFound) || errors.Is(err, errDecode) || errors.Is(err, payout.ErrImpossible) || isNotFound(err) {
		return &badRow{row, err}
	}
	return err
}

func isNotFound(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Code == CodeNotFound
}

// seen notes the time now and then, so that a clock set back while the
// process is down is noticed when it starts.
func (c *claims) seen(tx store.Tx) error {
	last, err := lastSeen(tx)
	if err != nil || c.now.Sub(last) < stepAt {
		return err
	}
	return sawWall(tx, c.now)
}

func (c *claims) row(tx store.Tx, row dueRow) error {
	if row.kind == dueErase {
		c.add(job{dueRow: row})
		return moveDue(tx, row.kind, row.Scope, row.id, row.at, c.now.Add(c.e.Timing.Lease))
	}
	if c.e.Rules.InHand(c.e.inHand(row)) {
		if row.kind == dueRequest {
			return nil
		}
		return setDue(tx, row, c.now.Add(time.Second)) // no ghosts: rule 7
	}
	switch row.kind {
	case duePayout:
		return c.payout(tx, row)
	case dueDelivery:
		return c.delivery(tx, row)
	case dueRequest:
		return c.expiry(tx, row)
	case dueStep:
		return c.step(tx, row)
	case duePayment:
		return c.payment(tx, row)
	}
	return fmt.Errorf("due row of unknown kind %q", row.kind)
}

// orphan takes away a row that no record asks for; the record has its own.
func (c *claims) orphan(tx store.Tx, row dueRow) error {
	c.e.stats.Errors.Add(1)
	c.e.Log.Warn("a due row that no record asks for is taken away", "kind", string(row.kind), "id", row.id)
	return moveDue(tx, row.kind, row.Scope, row.id, row.at, time.Time{})
}

func (c *claims) payout(tx store.Tx, row dueRow) error {
	r, i, err := loadPayout(tx, row.Scope, row.id)
	if err != nil {
		return fmt.Errorf("due row of a payout: %w", err)
	}
	if r.payoutDue(i).UnixMicro() != row.at.UnixMicro() { // rows are written to the microsecond
		return c.orphan(tx, row)
	}
	was := r.dues()
	via := c.e.builtConnector(row.Scope, r.Payouts[i].Account)
	account := dueRow{Scope: row.Scope, id: r.Payouts[i].Account}
	switch {
	case via == nil && c.broken[account.hand()]:
		return setDue(tx, row, c.now.Add(30*time.Second))
	case via == nil:
		c.need = append(c.need, account)
		return nil
	}
	lane := accountLane(row.Scope, r.Payouts[i].Account)
	if !c.canTake(lane) && !c.boards(lane, via) {
		return c.leave(tx, row, lane)
	}
	p, act, err := c.plan(tx, row.Scope, r, i, via)
	if err != nil {
		return err
	}
	r.Payouts[i] = p
	if c.overdue(p, act) && !r.Attention {
		r.Attention = true
		r.tell(Line{At: c.now, What: "attention", On: p.N, Text: "not ended after " + c.e.Timing.Attention.String()})
	}
	if err := saveRequest(tx, row.Scope, r, was); err != nil {
		return err
	}
	if act != payout.Send && act != payout.Ask {
		return nil
	}
	j := job{dueRow: row, act: act, request: r, payout: &r.Payouts[i], via: via, lane: lane}
	if err := j.note(tx); err != nil {
		return err
	}
	c.add(j)
	return nil
}

// expiry claims the end of a request that was not confirmed or fulfilled in
// time. Its date stands in the record, so its row stays until it has ended.
func (c *claims) expiry(tx store.Tx, row dueRow) error {
	r, err := loadRequest(tx, row.Scope, row.id)
	if err != nil {
		return fmt.Errorf("due row of a request: %w", err)
	}
	if r.expiry().UnixMicro() != row.at.UnixMicro() { // rows are written to the microsecond
		return c.orphan(tx, row)
	}
	c.add(job{dueRow: row})
	return nil
}

// step hands a request's next step on: what it echoes is opened outside of the
// transaction. Its row comes again if the worker is lost.
func (c *claims) step(tx store.Tx, row dueRow) error {
	r, err := loadRequest(tx, row.Scope, row.id)
	if err != nil {
		return fmt.Errorf("due row of a request: %w", err)
	}
	if r.stepDue().UnixMicro() != row.at.UnixMicro() { // rows are written to the microsecond
		return c.orphan(tx, row)
	}
	c.add(job{dueRow: row})
	return setDue(tx, row, c.now.Add(c.e.Timing.Lease))
}
