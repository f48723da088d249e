package engine_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/payout"
	"penstock/locker"
	"penstock/store/mem"
)

type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// concurrent is the true program in a synctest bubble: Run with its cron, its
// ticker and its workers, on the bubble's clock.
func concurrent(t *testing.T, timing engine.Timing, faults string) (*engine.Engine, *sandbox.Provider, engine.Caller) {
	t.Helper()
	ctx := t.Context()
	p, err := sandbox.Open(sandbox.Settings{Now: time.Now})
	must(t, err)
	if faults != "" {
		_, err = p.SetFaults([]byte(faults))
		must(t, err)
	}
	l, err := locker.Open(ctx, locker.Config{Keys: mem.New(mem.Options{}), Master: locker.NewMaster()})
	must(t, err)
	e, err := engine.Open(ctx, engine.Config{
		Store: mem.New(mem.Options{}), Locker: l, Clock: engine.RealClock(), Rand: rand.Reader, Transport: silent{}, Timing: timing,
		Connectors: map[string]connector.Builder{engine.SandboxName: sandbox.InProcess(p)},
		Log:        slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	must(t, err)
	me := engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_test", Rights: engine.Rights()}
	_, err = e.CreateMerchant(ctx, me, "shop", "")
	must(t, err)
	return e, p, me
}

func order(t *testing.T, e *engine.Engine, me engine.Caller, b engine.Beneficiary) string {
	t.Helper()
	v, err := e.Create(t.Context(), me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Person: &engine.Person{}, Beneficiary: b}, nil)
	must(t, err)
	return v.ID
}

// running runs the engine for so much of the bubble's time, then stops it and
// sees that it ends.
func running(t *testing.T, e *engine.Engine, d time.Duration) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	time.Sleep(d)
	stop()
	must(t, <-done)
}

func stageOf(t *testing.T, e *engine.Engine, me engine.Caller, id string) payout.Stage {
	t.Helper()
	v, err := e.Get(t.Context(), me, prefix, prefix+id)
	must(t, err)
	return v.Stage
}

func TestCronAloneDrivesPollerAndRetrier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timing := engine.DefaultTiming()
		timing.Tick = 0 // the ticker is off, and nobody rings after a settle that is due later
		e, p, me := concurrent(t, timing, `{"drop_request":1,"late_ms":[0,0]}`)
		retried, polled := order(t, e, me, card("4111111111111111")), order(t, e, me, sepa(magic(t, "late_success").IBAN))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		time.Sleep(12 * time.Second)
		_, err := p.SetFaults([]byte(`{"drop_request":0}`))
		must(t, err)
		time.Sleep(5 * time.Minute)
		stop()
		must(t, <-done)
		for _, id := range []string{retried, polled} {
			if got := stageOf(t, e, me, id); got != payout.AllPaid {
				t.Errorf("stage %s, want paid", got)
			}
		}
	})
}

func TestTheConcurrentProgramPaysEachOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p, me := concurrent(t, engine.DefaultTiming(), `{"drop_request":0.2,"drop_reply":0.2,"error_500":0.2,"late_ms":[0,4000],"pending":0.3,"reject":0.1}`)
		var ids []string
		for range 300 {
			ids = append(ids, order(t, e, me, card("4111111111111111")))
		}
		running(t, e, 6*time.Hour)
		for _, id := range ids {
			if got := stageOf(t, e, me, id); !got.Ended() {
				t.Errorf("payout %s is still %s", id, got)
			}
		}
		book, err := p.Ledger()
		must(t, err)
		for _, l := range book {
			if l.Movements > 1 {
				t.Errorf("%s was paid %d times", l.Key, l.Movements)
			}
		}
		report, err := e.Check(t.Context(), nil)
		must(t, err)
		for _, f := range report.Findings {
			t.Errorf("check: %s", f)
		}
	})
}

func TestAwaitGivesTheFirstWordOrWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, me := concurrent(t, engine.DefaultTiming(), "")
		quick, slow := order(t, e, me, card("4111111111111111")), ""
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		wait, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		v, err := e.Await(wait, me.Scope, quick)
		cancel()
		must(t, err)
		if v.Stage != payout.AllPaid {
			t.Errorf("after waiting for a quick word: %s", v.Stage)
		}
		stop()
		must(t, <-done)
		slow = order(t, e, me, card("4111111111111111")) // nobody works: there is no word to come
		wait, cancel = context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		v, err = e.Await(wait, me.Scope, slow)
		must(t, err)
		if v.Stage != payout.Dispatching {
			t.Errorf("after waiting in vain: %s", v.Stage)
		}
	})
}

// pass lets so much of the bubble's time pass. It costs nothing there, and is
// of no use anywhere else.
func pass(d time.Duration) { time.Sleep(d) }
