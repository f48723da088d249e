package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// benchFill grows the store before anything is measured: by the server's own
// calls, so that what is there is what a merchant would have made.
type benchFill struct {
	Payouts uint64
	Workers int
}

// Numbers of what a fill makes.
const (
	benchFillSeq = 1 << 61
	// benchFillEach is how many payouts each customer of a fill has.
	benchFillEach = 100
	// benchFillSent is which one of so many payouts is sent and paid; the others
	// are not confirmed.
	benchFillSent = 10
	// benchFillTries is how often one payout is tried, under its one key, with
	// pauses that double from benchFillPause on.
	benchFillTries = 8
	benchFillPause = 50 * time.Millisecond
)

// benchFilled is what a fill has done.
type benchFilled struct {
	Payouts   uint64  `json:"payouts"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_s"`
	// Tenths are the rates of its ten parts, which show whether growing slows it.
	Tenths []float64 `json:"per_s_of_tenths"`
}

// run makes the payouts. It ends at the first that can't be made.
func (f benchFill) run(ctx context.Context, s *benchScenario, said func(done uint64)) (*benchFilled, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	began := time.Now()
	var next, done atomic.Uint64
	tenths := newBenchTenths(f.Payouts)
	var workers sync.WaitGroup
	people := make([]sync.Once, (f.Payouts+benchFillEach-1)/benchFillEach)
	for range f.Workers {
		workers.Go(func() {
			for n := next.Add(1) - 1; n < f.Payouts && ctx.Err() == nil; n = next.Add(1) - 1 {
				if err := f.one(ctx, s, n, &people[n/benchFillEach]); err != nil {
					stop(err)
					return
				}
				tenths.at(done.Add(1), time.Since(began))
			}
		})
	}
	ended := make(chan struct{})
	go func() { workers.Wait(); close(ended) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-ended:
			running = false
		case <-tick.C:
		}
		said(done.Load())
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("fill the store: %w, after %d payouts", err, done.Load())
	}
	took := time.Since(began).Seconds()
	return &benchFilled{f.Payouts, rounded(took), rounded(float64(f.Payouts) / max(took, 1e-9)), tenths.rates()}, nil
}

// one makes payout n of a fill, whose customer whoever comes first makes. A repeat has the same key, so it makes no
// second one.
func (f benchFill) one(ctx context.Context, s *benchScenario, n uint64, first *sync.Once) (err error) {
	customer := s.customer + "_" + strconv.FormatUint(n/benchFillEach, 10)
	first.Do(func() {
		if failure := benchAgain(ctx, func() string { return s.makeCustomer(customer) }); failure != "" {
			err = errors.New("create a customer: " + failure)
		}
	})
	if err != nil {
		return err
	}
	ref := s.ref(benchFillSeq + n)
	body := benchBodyOf(customer, ref, n%benchFillSent == 0, benchCard)
	failure := benchAgain(ctx, func() string {
		_, _, failure := s.post(ref, body)
		return failure
	})
	if failure != "" {
		return errors.New("create a payout: " + failure)
	}
	return nil
}

// benchAgain makes a call until it goes well, a few times.
func benchAgain(ctx context.Context, call func() string) (failure string) {
	pause := benchFillPause
	for range benchFillTries {
		if failure = call(); failure == "" || !benchWait(ctx, pause) {
			return failure
		}
		pause *= 2
	}
	return failure
}

// benchTenths notes when each tenth of a fill was done.
type benchTenths struct {
	of    uint64
	mu    sync.Mutex
	times [10]time.Duration
}

func newBenchTenths(of uint64) *benchTenths { return &benchTenths{of: of} }

func (t *benchTenths) at(done uint64, since time.Duration) {
	tenth := int(done * 10 / t.of)
	if tenth == 0 || (done-1)*10/t.of == uint64(tenth) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.times[tenth-1] = since
}

// rates are none of a fill that is too small to have ten parts.
func (t *benchTenths) rates() []float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	rates := []float64{}
	var before time.Duration
	for _, at := range t.times {
		if at <= before {
			return []float64{}
		}
		rates = append(rates, rounded(float64(t.of)/10/(at-before).Seconds()))
		before = at
	}
	return rates
}
