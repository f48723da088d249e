package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"penstock/store"
)

// Run does the work until ctx ends, then waits for what is in hand. It
// returns nil then, and an error as soon as this process may not go on.
//
// The bell rings after each commit that made something due, at each tick of a
// monotonic ticker, and by cron. A ring only says "look": with the ticker off,
// cron alone drives everything.
func (e *Engine) Run(ctx context.Context) error {
	fresh := make(chan struct{}, 1) // rung when rates may have been published
	fresh <- struct{}{}
	books := make(chan struct{}, 1) // rung when providers' reports and balances are to be read
	stop, err := e.startCron(fresh, books)
	if err != nil {
		return err
	}
	defer func() { stop() }()
	var tick <-chan time.Time
	if e.Timing.Tick > 0 {
		t := time.NewTicker(e.Timing.Tick)
		defer t.Stop()
		tick = t.C
	}
	var scrub scrub
	crew := &crew{e: e, idle: make(chan job)}
	hire := func(j job) { crew.hire(ctx, j) }
	e.openLanes(e.Timing.Workers, hire)
	defer func() {
		e.shutLanes()
		crew.wait()
		e.openLanes(0, nil)
	}()
	e.hireLaid()
	for {
		if err := e.round(ctx, crew); err != nil {
			return err
		}
		if err := scrub.step(ctx, e); err != nil && ctx.Err() == nil {
			e.Log.WarnContext(ctx, "a sweep was put off", "err", err)
		}
		if err := e.SortStages(ctx); err != nil && ctx.Err() == nil {
			e.Log.WarnContext(ctx, "requests could not be sorted by stage; the next round tries again", "err", err)
		}
		if err := e.SortOrders(ctx); err != nil && ctx.Err() == nil {
			e.Log.WarnContext(ctx, "requests could not be sorted by order; the next round tries again", "err", err)
		}
		if err := e.ArchiveOld(ctx); err != nil && ctx.Err() == nil {
			e.Log.WarnContext(ctx, "what has ended could not be archived and stays in the store; a later walk tries again", "err", err)
		}
		switch left, err := e.Retain(ctx); {
		case err != nil && ctx.Err() == nil:
			e.Log.WarnContext(ctx, "what should be forgotten is still there; the next sweep tries again", "err", err)
		case left > 0:
			e.ring() // after what is due by then
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.bell:
		case <-tick:
		case <-fresh:
			crew.rates(ctx)
		case <-books:
			crew.books(ctx)
		}
		moved, err := e.watchClock(ctx)
		if err != nil {
			return err
		}
		if moved { // cron's timers went wrong with the clock
			stop()
			if stop, err = e.startCron(fresh, books); err != nil {
				return err
			}
		}
	}
}

// round claims and hands out work until nothing more is due.
func (e *Engine) round(ctx context.Context, crew *crew) error {
	for ctx.Err() == nil {
		if err := e.healthy(); err != nil {
			if errors.Is(err, errLockerSealed) { // it waits for custodians, and stands still for no other reason
				e.stats.LastRound.Store(int64(e.Clock.Mono()))
				return nil
			}
			return err
		}
		crew.lists(ctx)
		jobs, err := e.claim(ctx)
		if p := e.fatal.Load(); p != nil {
			return *p
		}
		if errors.Is(err, store.ErrCommitUnknown) || errors.Is(err, store.ErrClosed) {
			return e.die(err)
		}
		if err != nil && ctx.Err() == nil { // what is due stays due, and the next bell looks again
			e.stats.Errors.Add(1)
			e.Log.ErrorContext(ctx, "due work could not be claimed; it stays due", "err", err)
			return nil
		}
		for _, j := range jobs {
			crew.hire(ctx, j)
		}
		if len(jobs) == 0 {
			e.stats.Bells.Add(1)
			e.stats.LastRound.Store(int64(e.Clock.Mono()))
			return nil
		}
	}
	return nil
}

// watchClock begins a new epoch when the wall clock was moved, and says so.
func (e *Engine) watchClock(ctx context.Context) (moved bool, err error) {
	off, moved := e.pulse.stepped()
	if !moved {
		return false, nil
	}
	e.Log.WarnContext(ctx, "the wall clock was moved; waiting times start anew", "by", off.String())
	return true, e.begin(ctx, "clock_step", off)
}

// crew is the hands that carry out jobs. How many at a time is a matter of
// lanes: what is claimed has its hand at once. A hand that has done its job waits
// for another one: its stack has grown by then to what a job takes, which costs
// more than to begin a goroutine.
type crew struct {
	e    *Engine
	done sync.WaitGroup
	idle chan job // to a hand that waits; closed when there is no more work

	importing sync.Mutex // held while rates are imported, one import at a time
	comparing sync.Mutex // held while books are compared
}

// hire gives the job to a hand. Work in hand is finished even when ctx ends: a
// call that is out must be settled.
func (c *crew) hire(ctx context.Context, j job) {
	select {
	case c.idle <- j:
	default:
		c.done.Add(1)
		go c.work(context.WithoutCancel(ctx), j)
	}
}

// work does a job, and then those that the hand is given.
func (c *crew) work(ctx context.Context, j job) {
	defer c.done.Done()
	for more := true; more; j, more = <-c.idle {
		if err := c.e.do(ctx, j); err != nil {
			c.e.ring() // the next round finds out why this process must stop
		}
	}
}

// lists reads the providers' lists beside the work: they may take long.
func (c *crew) lists(ctx context.Context) {
	if c.e.Held() == "" {
		return
	}
	c.done.Add(1)
	go func() {
		defer c.done.Done()
		c.e.readLists(ctx)
	}()
}

// rates imports exchange rates beside the work: a source may hang.
func (c *crew) rates(ctx context.Context) {
	if c.e.RateSource == nil || !c.importing.TryLock() {
		return
	}
	c.done.Add(1)
	go func() {
		defer func() { c.importing.Unlock(); c.done.Done() }()
		c.e.importRates(ctx)
	}()
}

// books asks the providers for reports and balances beside the work: they may
// take long.
func (c *crew) books(ctx context.Context) {
	if !c.comparing.TryLock() {
		return
	}
	c.done.Add(1)
	go func() {
		defer func() { c.comparing.Unlock(); c.done.Done() }()
		c.e.pullBooks(ctx)
	}()
}

// wait ends the hands that have nothing to do, and waits for the others.
func (c *crew) wait() {
	close(c.idle)
	c.done.Wait()
}

// startCron rings the bell by the schedule. The job cannot panic and takes no
// time, so cron's own traps (a job that panicked never runs again, runs pile
// up) have nothing to catch; that it stops when the clock is set back is why
// Run starts it anew after each step.
func (e *Engine) startCron(fresh, books chan<- struct{}) (stop func(), err error) {
	s, err := cron.ParseStandard(e.Timing.Cron)
	if err != nil {
		return nil, fmt.Errorf("engine.cron: %w", err)
	}
	c := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(cron.DiscardLogger))
	for _, job := range []struct {
		key, schedule string
		bell          chan<- struct{}
	}{{"rates.cron", e.Timing.RatesCron, fresh}, {"reconcile.cron", e.Timing.BooksCron, books}} {
		if job.schedule == "" {
			continue
		}
		s, err := cron.ParseStandard(job.schedule)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", job.key, err)
		}
		c.Schedule(s, cron.FuncJob(func() {
			select {
			case job.bell <- struct{}{}:
			default:
			}
		}))
	}
	c.Schedule(s, cron.FuncJob(func() {
		e.ring()
	}))
	c.Start()
	return func() { <-c.Stop().Done() }, nil
}

// RealClock is the machine's own time.
func RealClock() Clock { return realClock{start: time.Now()} }

type realClock struct{ start time.Time }

func (realClock) Now() time.Time        { return time.Now() }
func (c realClock) Mono() time.Duration { return time.Since(c.start) }
