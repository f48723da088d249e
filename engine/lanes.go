package engine

import (
	"time"

	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/store"
)

// lanes deal out the hands that work, so that a provider or a receiver that is
// slow never keeps others waiting. A lane is all work that waits for one of
// them: a provider account, an endpoint with its news, or the same with its
// retries. The first job of a lane always finds a hand beside those; further
// ones get at most as many as they leave. So of 32 hands one slow lane has 16 at
// most, a second one 8, a third one 4, and whoever comes then has one at once.
//
// What finds its lane full stays due where it stands. Only when slow lanes hide
// what is due behind them are their rows moved to about when their turn comes.
//
// Guarded by Engine.mu.
type lanes struct {
	hands  int                 // that there are; zero: one goroutine does all, and nothing has to wait
	busy   int                 // jobs in hand
	of     map[string]int      // the same of each lane
	parked map[dueRow]string   // due rows that were found to have to wait, and their lanes
	pace   map[string]lanePace // of lanes that have worked lately
	left   bool                // the latest claim left something due
	work   func(job)           // gives a hand what a transaction has taken it for; nil: none may be taken

	waiting map[string]lanePace // lanes that had others waiting in the latest claim
	claim   *claims             // the one under way, whose jobs have no hands yet; nil: none

	outages map[string]outage // of receivers that failed lately, by the lane of their retries
	down    int               // failures without a success, after which retries wait for a probe
}

// lanePace is how fast a lane works.
type lanePace struct {
	took  time.Duration // by one job, smoothed
	last  time.Duration // when one ended, or the first began: monotonic time
	later time.Time     // when the last row that was moved has its turn
}

const (
	// ownLane is work that waits for nobody outside.
	ownLane = ""
	// spareHands are for first jobs of lanes when all others are busy.
	spareHands = 256
	// laneWindow is how many rows may be passed by before those of slow lanes are
	// moved, laneMoves how many one claim moves, laneScan how many it looks at.
	laneWindow, laneMoves, laneScan = 500, 500, 5000
	// slowLane is what a job takes at least where rows are moved.
	slowLane = 100 * time.Millisecond
	// slowestTurn bounds the distance between two moved rows: a lane may be fast
	// again tomorrow.
	slowestTurn = 20 * time.Millisecond
	manyLanes   = 4096
)

func accountLane(s Scope, account string) string { return s.name("p", account) }

// lane of the next attempt. Retries have one of their own, so that news never
// waits behind what is old.
func (d *Delivery) lane(s Scope) string {
	if d.isRetry() {
		return d.retryLane(s)
	}
	return d.receiver("d", s)
}

// openLanes gives work so many hands; zero ends that. work is called with mu held.
func (e *Engine) openLanes(hands int, work func(job)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	outages := e.lanes.outages
	if outages == nil {
		outages = map[string]outage{}
	}
	e.lanes = lanes{hands: hands, of: map[string]int{}, parked: map[dueRow]string{}, pace: map[string]lanePace{}, outages: outages, down: e.Timing.Down, work: work}
}

// shutLanes lets no transaction take a hand any more.
func (e *Engine) shutLanes() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lanes.work = nil
}

// forgetTurns is for when the wall clock was moved: a turn that was reckoned by
// the old time may lie a year ahead.
func (e *Engine) forgetTurns() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for lane, p := range e.lanes.pace {
		p.later = time.Time{}
		e.lanes.pace[lane] = p
	}
}

// free says whether a lane may have one job more at now, a monotonic time,
// beside those that a claim has taken already.
func (l *lanes) free(lane string, c *claims, now time.Duration) bool {
	if l.shut(lane, c, now) {
		return false
	}
	if l.hands == 0 {
		return true
	}
	busy, all, first := l.of[lane], l.busy, len(l.of)
	if c == nil {
		c = l.claim
	}
	if c != nil {
		busy, all, first = busy+c.taken[lane], all+c.hands, first+c.opened
	}
	if lane == ownLane || busy == 0 {
		return all < l.hands+spareHands
	}
	return busy-1 < l.hands-(all-first)
}

// canTake says whether a job of the lane can be taken now.
func (c *claims) canTake(lane string) bool {
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	return c.e.lanes.free(lane, c, c.mark.Mono)
}

// boards says whether a payout of the lane leaves in a call that is taken
// already.
func (c *claims) boards(lane string, via connector.Connector) bool {
	_, ok := via.(connector.Batcher)
	return ok && c.taken[lane] > 0
}

// claiming says which claim is under way, at the beginning of its transaction.
func (e *Engine) claiming(c *claims) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lanes.claim = c
	if c != nil {
		c.hands, c.opened, c.taken = 0, 0, map[string]int{}
	}
}

// add takes a job.
func (c *claims) add(j job) {
	c.jobs = append(c.jobs, j)
	if j.act == payout.Send && c.boards(j.lane, j.via) {
		return
	}
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	c.hands++
	if c.e.lanes.of[j.lane] == 0 && c.taken[j.lane] == 0 {
		c.opened++
	}
	c.taken[j.lane]++
}

// waits says whether a row was seen to belong to a lane that is still full, so
// that its record need not be read.
func (c *claims) waits(row dueRow) (lane string, full bool) {
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	lane, parked := c.e.lanes.parked[row]
	return lane, parked && !c.e.lanes.free(lane, c, c.mark.Mono)
}

// leave lets a row wait for its lane.
func (c *claims) leave(tx store.Tx, row dueRow, lane string) error {
	c.left++
	alone := c.e.lanes.hands == 0 // whoever works so goes by when the next row is due
	turn, known := c.turns[lane]
	if !known {
		c.e.mu.Lock()
		turn = c.e.lanes.pace[lane]
		hands := time.Duration(max(c.e.lanes.hands/2, 1))
		if c.e.lanes.of[lane] > 0 {
			turn.took = max(turn.took, c.mark.Mono-turn.last) // what has not ended yet counts as well
		}
		if c.e.lanes.fails(lane) {
			turn.took = max(turn.took, slowLane) // however fast it fails
		}
		c.e.mu.Unlock()
		if first := c.now.Add(laneWindow * min(turn.took/hands, slowestTurn)); turn.later.Before(first) {
			turn.later = first
		}
		c.turns[lane] = turn
	}
	if !alone && (c.left <= laneWindow || turn.took < slowLane) {
		c.parked[row] = lane
		return nil
	}
	c.moved++
	turn.later = turn.later.Add(slowestTurn)
	c.turns[lane] = turn
	return setDue(tx, row, turn.later)
}

// any says whether one of these due rows is worth a claim at now.
func (l *lanes) any(rows []store.Pair, now time.Duration) bool {
	for _, p := range rows {
		row, err := parseDue(p.Key)
		if err != nil {
			return true // the claim says so
		}
		if lane, parked := l.parked[row]; !parked || l.free(lane, nil, now) {
			return true
		}
	}
	return len(rows) > laneWindow
}

// take notes what a claim has taken, and what it left.
func (e *Engine) take(c *claims) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := &e.lanes
	l.claim = nil
	for i := range c.jobs {
		j := &c.jobs[i]
		e.hold(j)
		for _, one := range j.each() {
			delete(l.parked, one.dueRow)
		}
	}
	l.left, l.waiting = c.left > 0, c.turns
	if len(l.parked) > 2*laneScan { // of rows that went another way
		clear(l.parked)
	}
	for row, lane := range c.parked {
		l.parked[row] = lane
	}
	for lane, turn := range c.turns {
		p := l.pace[lane]
		p.later = turn.later
		l.pace[lane] = p
	}
}

// hold gives a job its hand. mu is held.
func (e *Engine) hold(j *job) {
	for _, one := range j.each() {
		e.hand[one.hand()] = true
	}
	l := &e.lanes
	if j.counted = l.hands > 0; !j.counted {
		return
	}
	j.began = e.Clock.Mono()
	if l.busy++; l.of[j.lane] == 0 {
		if l.claim != nil && l.claim.taken[j.lane] > 0 {
			l.claim.opened--
		}
		p := l.pace[j.lane]
		p.last = j.began
		l.pace[j.lane] = p
	}
	l.of[j.lane]++
}

// unhold takes it away again. mu is held.
func (e *Engine) unhold(j *job) {
	for _, one := range j.each() {
		delete(e.hand, one.hand())
	}
	e.uncount(j)
}

// uncount takes a job out of its lane. mu is held.
func (e *Engine) uncount(j *job) {
	if !j.counted {
		return
	}
	j.counted = false
	l := &e.lanes
	l.busy--
	if l.of[j.lane]--; l.of[j.lane] <= 0 {
		delete(l.of, j.lane)
	}
}

// giveBack takes the hands of jobs away that were not begun. mu is held.
func (e *Engine) giveBack(jobs []job) {
	for i := range jobs {
		e.unhold(&jobs[i])
		e.ringForMore(jobs[i].lane)
	}
}

// leaveLane gives back a job's place in its lane once its call has ended: what is
// still to be stored keeps nobody waiting, least of all the message behind one that
// has landed.
func (e *Engine) leaveLane(j *job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leave(j)
	if j.landed {
		e.pass(j)
	}
}

// leave gives back a job's place, if it has one. mu is held.
func (e *Engine) leave(j *job) {
	l := &e.lanes
	if !j.counted {
		return
	}
	e.uncount(j)
	if len(l.pace) >= manyLanes {
		clear(l.pace)
	}
	p := l.pace[j.lane]
	p.last = e.Clock.Mono()
	p.took += (p.last - j.began - p.took) / 8
	l.pace[j.lane] = p
	e.ringForMore(j.lane)
}

// ringForMore rings where the latest claim left something that may be done now. mu
// is held.
func (e *Engine) ringForMore(lane string) {
	l := &e.lanes
	if l.hands > 0 && l.left && (l.busy <= l.hands*3/4 || l.of[lane] == 0) { // a claim is worth more than one job
		e.ring()
	}
}

// release gives back what a job held, and lets what waits for it in.
func (e *Engine) release(j job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leave(&j)
	e.pass(&j)
	e.unhold(&j)
	e.ringForMore(j.lane)
}
