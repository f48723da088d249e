package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"penstock/engine/money"
)

// Settings is what a Provider is made of.
type Settings struct {
	// Now is the clock; required.
	Now func() time.Time
	// Dir is where the provider keeps its files. Empty: all is in memory.
	Dir string
	// Faults is what to begin with; nil is DefaultFaults. A file that was
	// written before goes by what was set last.
	Faults *Faults
	// Log is for what goes wrong with the files; nil is silent. It never gets an
	// order.
	Log *slog.Logger

	each, last int64 // tests: checkpointEach, checkpointLast
}

// Provider is the test provider's core. It is safe for concurrent use. What
// time brings (settling, late arrivals, returns, notifications) happens when
// somebody calls it: each call first catches up with the clock.
type Provider struct {
	now     func() time.Time
	log     *slog.Logger
	journal *journal      // nil in memory
	shelf   *shelf        // the book, beside a journal
	each    int64         // bytes of the journal between checkpoints
	last    int64         // and for one at the end
	bell    chan struct{} // something was planned
	mail    chan struct{} // something is to be posted

	mu       sync.Mutex
	faults   Faults
	arrivals uint64 // since the seed was set
	book     book
	agenda   agenda
	waiting  map[uint64]entry // what is planned and not yet done
	lastPlan uint64
	outbox   []entry

	setFaults *Faults       // the last that were set; nil: none since the beginning
	saving    chan struct{} // closed when the checkpoint is done that is being written; nil: none is
	closing   bool
}

// Open makes a provider, going on from the file in Settings.Dir where there
// is one.
func Open(s Settings) (*Provider, error) {
	if s.Now == nil {
		return nil, fmt.Errorf("open test provider: a clock is required")
	}
	p := &Provider{
		now: s.Now, log: s.Log, bell: make(chan struct{}, 1), mail: make(chan struct{}, postAtOnce), faults: DefaultFaults(),
		book: newMemory(), waiting: map[uint64]entry{}, each: cmp.Or(s.each, checkpointEach), last: cmp.Or(s.last, checkpointLast),
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if s.Faults != nil {
		if err := s.Faults.check(); err != nil {
			return nil, err
		}
		p.faults = *s.Faults
	}
	if s.Dir != "" {
		if err := p.openShelf(s.Dir); err != nil {
			return nil, fmt.Errorf("open test provider: %w", err)
		}
		p.resume()
	}
	return p, nil
}

// Close lets the files go. Nothing may be called after it.
func (p *Provider) Close() error {
	if p.journal == nil {
		return nil
	}
	p.mu.Lock()
	p.closing = true
	saving := p.saving
	p.mu.Unlock()
	if saving != nil {
		<-saving
	}
	p.mu.Lock()
	var cp *checkpoint
	if end, _ := p.journal.end(); end-p.shelf.begun >= p.last {
		cp = p.freeze()
	}
	p.mu.Unlock()
	var err error
	if cp != nil {
		err = p.shelf.save(cp)
	}
	return errors.Join(err, p.journal.close(), p.shelf.close())
}

// Cut is what happens to an answer on its way.
type Cut uint8

const (
	Whole   Cut = iota
	Dropped     // the connection closes without an answer
	Failed      // the answer is a 500 that says nothing
)

// Answer is what an order gets. Transfer and Refusal mean nothing unless Cut
// is Whole.
type Answer struct {
	Transfer Transfer
	Refusal  *Refusal
	Cut      Cut
	Delay    time.Duration // before it is given, or before the cut
}

// Receive takes an order. It returns when all that the order did is durable;
// its error says that this is no longer possible, and then nobody can know
// what the order did.
func (p *Provider) Receive(o Order) (Answer, error) {
	if r := o.check(); r != nil {
		return Answer{Refusal: r}, nil
	}
	a := p.receive(o)
	return a, p.durable()
}

func (p *Provider) receive(o Order) Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.catchUp()
	d := dice{Seed: p.faults.Seed, Arrival: p.arrivals + 1}
	w, arrival := d.roll(), p.arrivals+1
	c := change{Arrivals: &arrival}
	in := intake{Order: o, fate: fateOf(o.Fields), dice: d}
	a := Answer{Delay: p.faults.DelayMS.at(w.delay)}
	switch {
	case w.dropRequest < p.faults.DropRequest:
		a.Cut = Dropped
		p.planLate(&c, now, in, w)
	case w.fail < p.faults.Error500:
		a.Cut = Failed
		if w.acts < 0.5 {
			p.act(&c, now, in)
		} else {
			p.planLate(&c, now, in, w)
		}
	default:
		if w.dropReply < p.faults.DropReply {
			a.Cut = Dropped
		}
		a.Transfer, a.Refusal = p.act(&c, now, in)
	}
	p.commit(c)
	return a
}

// Find is the transfer of a key; found is false where there is none. Where
// money moved or may still move, a refusal under the same key is not told.
func (p *Provider) Find(key string) (t Transfer, found bool, err error) {
	p.mu.Lock()
	p.catchUp()
	t, found, err = p.book.standing(key)
	p.mu.Unlock()
	if err != nil {
		return Transfer{}, false, p.broken(err)
	}
	return t, found, p.durable()
}

// Ledger is every transfer in the order of making, and how often money moved
// for the key of each.
func (p *Provider) Ledger() ([]Line, error) {
	lines := []Line{}
	err := p.list(time.Time{}, func(l Line) error {
		lines = append(lines, l)
		return nil
	})
	return lines, err
}

// list gives the lines of the ledger to take, which may leave out those of
// which nothing moved since a time. Calls go on meanwhile; what they change is
// not in it.
func (p *Provider) list(since time.Time, take func(Line) error) error {
	p.mu.Lock()
	p.catchUp()
	lines := p.book.lines(since)
	p.mu.Unlock()
	if err := p.durable(); err != nil {
		return err
	}
	return lines(take)
}

// broken ends a provider that can't read its own files: it can't know what it
// did, so it answers nothing any more.
func (p *Provider) broken(err error) error {
	if p.journal != nil {
		p.journal.fail(err)
	}
	return err
}

// Line is a transfer and the number of times that money moved for its key:
// two is a double payment.
type Line struct {
	Transfer
	Movements int
}

// Total is what has left the provider in one currency and not come back.
type Total struct {
	Count  int
	Amount money.Amount
}

// Totals adds the lines up, by currency code.
func Totals(lines []Line) (map[string]Total, error) {
	totals := map[string]Total{}
	for _, l := range lines {
		if err := addTotal(totals, l); err != nil {
			return nil, err
		}
	}
	return totals, nil
}

func addTotal(totals map[string]Total, l Line) error {
	if !l.gone() {
		return nil
	}
	code := l.Amount.Currency().Code()
	sum, err := totals[code].Amount.Add(l.Paid)
	if err != nil {
		return fmt.Errorf("add up the ledger: %w", err)
	}
	totals[code] = Total{totals[code].Count + 1, sum}
	return nil
}

// Faults is what is set now.
func (p *Provider) Faults() Faults {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}

// SetFaults sets the members of a JSON object and leaves the others. The
// error is an ErrFaults, and then nothing has changed, or says that the file
// can't be written.
func (p *Provider) SetFaults(patch []byte) (Faults, error) {
	p.mu.Lock()
	f, reseeded, err := p.faults.merge(patch)
	if err != nil {
		p.mu.Unlock()
		return Faults{}, err
	}
	p.catchUp()
	c := change{Faults: &f}
	if reseeded {
		c.Arrivals = new(uint64)
	}
	p.commit(c)
	p.mu.Unlock()
	return f, p.durable()
}

// Advance does all that is due by now. Calls do it too; a simulator that
// moves its clock may want it done at once.
func (p *Provider) Advance(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
}

// Next is when there will be something to do; false when nothing is planned.
func (p *Provider) Next() (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.agenda.next()
}

func (p *Provider) catchUp() time.Time {
	now := p.now()
	p.advance(now)
	return now
}

func (p *Provider) durable() error {
	if p.journal == nil {
		return nil
	}
	return p.journal.wait()
}

// Run does what is due when it is due, until ctx ends. It is for a process
// that has no other clock than the real one.
func (p *Provider) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait := time.Hour
		now := p.now()
		p.Advance(now)
		if at, ok := p.Next(); ok {
			wait = max(0, min(wait, at.Sub(now)))
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-p.bell:
		case <-timer.C:
		}
	}
}
