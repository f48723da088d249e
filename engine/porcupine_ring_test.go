package engine_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mrand "math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/locker"
	"penstock/store"
	"penstock/store/faulty"
	"penstock/store/mem"
)

// ring is the concurrent program with many callers, started anew and cut off
// while they go on. It lives in a synctest bubble: waiting costs nothing, and
// what happens at one moment of the bubble really runs at the same time.
type ring struct {
	t        *testing.T
	rules    engine.Rules
	tamper   func(store.Store) store.Store // what is between engine and store; nil: nothing
	traits   connector.Traits
	solid    store.Store // a store that no cut touches (bolt); nil: mem, whose power can go
	disk     *mem.Store
	keys     *mem.Store
	power    *faulty.Store
	master   locker.MasterKey
	provider *sandbox.Provider
	carrier  http.RoundTripper
	render   map[string]engine.Render
	clock    func() engine.Clock // a process's own, made at its start; nil: the bubble's
	timing   engine.Timing
	panics   func(key string) bool // whether handling this payout panics now; nil: never
	delay    time.Duration         // that a call takes at most on its way; zero: none

	engine atomic.Pointer[engine.Engine] // the one that serves
	words  witness
	dice   sync.Mutex
	draws  *mrand.Rand // of the delays
	stop   context.CancelFunc
	done   chan error
	cuts   atomic.Int64 // power cuts so far

	history
}

const noticeSecret = "a secret of the provider and us"

// open makes the parts that were not given, and starts.
func (r *ring) open(faults string) {
	r.t.Helper()
	var err error
	r.disk, r.keys, r.master = mem.New(mem.Options{}), mem.New(mem.Options{}), locker.NewMaster()
	r.provider, err = sandbox.Open(sandbox.Settings{Now: time.Now})
	must(r.t, err)
	if faults != "" {
		_, err = r.provider.SetFaults([]byte(faults))
		must(r.t, err)
	}
	if r.traits == (connector.Traits{}) {
		r.traits = connector.Traits{Idempotent: true, Lookup: true, Settle: 30 * time.Second} // later than the latest arrival below
	}
	r.draws = chance(1, 99)
	if r.carrier == nil {
		r.carrier = silent{}
	}
	if r.clock == nil {
		r.clock = engine.RealClock
	}
	r.start()
}

func (r *ring) start() {
	r.t.Helper()
	below := r.solid
	if below == nil {
		r.power = faulty.New(r.disk)
		below = r.power
	}
	if r.tamper != nil {
		below = r.tamper(below)
	}
	l, err := locker.Open(r.t.Context(), locker.Config{Keys: r.keys, Master: r.master})
	must(r.t, err)
	e, err := engine.Open(r.t.Context(), engine.Config{
		Store: below, Locker: l, Clock: r.clock(), Rand: rand.Reader, Transport: r.carrier, Rules: r.rules, Render: r.render, Timing: r.timing,
		Connectors: map[string]connector.Builder{engine.SandboxName: r.connect}, NotifyURL: "https://penstock.example",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	must(r.t, err)
	r.engine.Store(e)
	var ctx context.Context
	ctx, r.stop = context.WithCancel(r.t.Context())
	r.done = make(chan error, 1)
	go func() { r.done <- e.Run(ctx) }()
}

// halt stops the worker and waits until it has ended.
func (r *ring) halt() {
	r.t.Helper()
	r.stop()
	err := <-r.done
	if err != nil && !cutOff(err) {
		r.t.Errorf("Run ended with %v", err)
	}
	r.words.settled(&r.history, "", r.power != nil && r.power.IsCut())
}

// restart stops the worker and opens a new engine on the same store, while
// callers still speak to the old one.
func (r *ring) restart() {
	r.halt()
	r.start()
}

// crash cuts the power while everything runs, and starts on what is left.
func (r *ring) crash() {
	r.cuts.Add(1)
	r.power.Cut()
	r.disk, r.keys = r.disk.PowerCut(), r.keys.PowerCut()
	r.halt()
	r.start()
}

func (r *ring) connect(a connector.Account) (connector.Connector, error) {
	a.Secrets = map[string]string{sandbox.SecretName: noticeSecret}
	inner, err := sandbox.InProcess(r.provider, sandbox.WithTraits(r.traits))(a)
	if err != nil {
		return nil, err
	}
	return &heard{Connector: inner, r: r}, nil
}

// merchant makes one with the customer "ada".
func (r *ring) merchant(id string) engine.Caller {
	r.t.Helper()
	me := engine.Caller{Scope: engine.Scope{Merchant: id, Mode: engine.Test}, Actor: "apik_" + id, Rights: engine.Rights()}
	_, err := r.engine.Load().CreateMerchant(r.t.Context(), me, id, "")
	must(r.t, err)
	_, err = r.engine.Load().CreateCustomer(r.t.Context(), me, "ada", engine.Person{Name: "Ada Example"}, nil)
	must(r.t, err)
	return me
}

// cutOff says whether an act's error only says that the power went.
func cutOff(err error) bool {
	return errors.Is(err, faulty.ErrPowerCut) || errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrCommitUnknown)
}

// judge is what must hold at the end whatever was raced: Check finds nothing,
// and no money moved twice by the provider's own book.
func (r *ring) judge() {
	r.t.Helper()
	report, err := r.engine.Load().Check(r.t.Context(), nil)
	must(r.t, err)
	for _, f := range report.Findings {
		r.wonder("check: %s", f)
	}
	book, err := r.provider.Ledger()
	must(r.t, err)
	for _, l := range book {
		if l.Movements > 1 {
			r.wonder("%s was paid %d times", l.Key, l.Movements)
		}
	}
}

// history is what callers did and saw. Its time only counts, so no two marks
// are the same and no clock is trusted.
type history struct {
	now atomic.Int64
	mu  sync.Mutex
	ops []porcupine.Operation
	odd []string // what a caller saw and no model has a word for
}

// wonder notes what must not be seen, whatever the order of things.
func (h *history) wonder(format string, args ...any) {
	h.mu.Lock()
	h.odd = append(h.odd, fmt.Sprintf(format, args...))
	h.mu.Unlock()
}

// report is a history's verdict, with its first oddities.
type report struct {
	result  porcupine.CheckResult
	history []porcupine.Operation
	odd     []string
}

// tick is a moment of the history.
func (h *history) tick() int64 { return h.now.Add(1) }

func (h *history) add(op porcupine.Operation) {
	h.mu.Lock()
	h.ops = append(h.ops, op)
	h.mu.Unlock()
}

// do runs one act of a caller and writes it down with what it saw. A nil
// output leaves no trace.
func (h *history) do(caller int, input any, act func() any) {
	from := h.tick()
	out := act()
	to := h.tick()
	if out != nil {
		h.add(porcupine.Operation{ClientId: caller, Input: input, Call: from, Output: out, Return: to})
	}
}

// check holds the history against the model.
func (h *history) check(m porcupine.Model) report {
	h.mu.Lock()
	defer h.mu.Unlock()
	return report{porcupine.CheckOperationsTimeout(m, h.ops, 0), h.ops, h.odd}
}

// clean fails the test unless the history is linearizable and nothing was odd.
func (r report) clean(t *testing.T, seed uint64) {
	t.Helper()
	if r.result != porcupine.Ok {
		t.Errorf("seed %d: %d operations are not linearizable", seed, len(r.history))
	}
	for _, what := range r.odd[:min(len(r.odd), 5)] {
		t.Errorf("seed %d: %s", seed, what)
	}
}

// byKey parts a history by what it is about.
func byKey(key func(any) string) func([]porcupine.Operation) [][]porcupine.Operation {
	return func(all []porcupine.Operation) (out [][]porcupine.Operation) {
		at := map[string]int{}
		for _, op := range all {
			k := key(op.Input)
			i, ok := at[k]
			if !ok {
				i = len(out)
				at[k], out = i, append(out, nil)
			}
			out[i] = append(out[i], op)
		}
		return out
	}
}

// witness writes down what the worker heard from the provider: a word that
// takes effect between the moment it was heard and the worker's next call
// about the same payout, or the worker's end.
type witness struct {
	mu   sync.Mutex
	open map[string]porcupine.Operation
}

func (w *witness) hears(h *history, key string, v connector.Verdict) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[string]porcupine.Operation{}
	}
	w.open[key] = porcupine.Operation{Input: word{key: key, says: v}, Call: h.tick()}
}

// settled closes what was heard about one payout, or all of it.
func (w *witness) settled(h *history, key string, maybe bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k, op := range w.open {
		if key != "" && k != key {
			continue
		}
		op.Return, op.Output = h.tick(), answer{maybe: maybe}
		h.add(op)
		delete(w.open, k)
	}
}

// slow lets a call take its time on the way, so that others act meanwhile.
func (r *ring) slow(ctx context.Context) {
	if r.delay == 0 {
		return
	}
	r.dice.Lock()
	wait := time.Duration(r.draws.Int64N(int64(r.delay))) * time.Duration(r.draws.IntN(2))
	r.dice.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// heard is a connector whose words are written down.
type heard struct {
	connector.Connector
	r *ring
}

func (c *heard) call(ctx context.Context, key string, call func() (connector.Outcome, error)) (connector.Outcome, error) {
	c.r.words.settled(&c.r.history, key, false)
	if c.r.panics != nil && c.r.panics(key) {
		panic("a poisoned record")
	}
	c.r.slow(ctx)
	out, err := call()
	if errors.Is(err, connector.ErrNoLookup) {
		err = fmt.Errorf("asked in vain: %w", err)
	}
	c.r.words.hears(&c.r.history, key, out.Verdict)
	return out, err
}

func (c *heard) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	return c.call(ctx, in.Key, func() (connector.Outcome, error) { return c.Connector.Send(ctx, in) })
}

func (c *heard) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	return c.call(ctx, key, func() (connector.Outcome, error) { return c.Connector.Lookup(ctx, key) })
}

func (c *heard) Notification(h http.Header, body []byte) (connector.Notice, error) {
	return c.Connector.(connector.Notifier).Notification(h, body)
}

// histories is how many seeds a test tries: PENSTOCK_SEEDS, or so many.
func histories(otherwise uint64) uint64 {
	n, err := strconv.ParseUint(os.Getenv("PENSTOCK_SEEDS"), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// chance is a caller's own draws.
func chance(seed uint64, caller int) *mrand.Rand {
	return mrand.New(mrand.NewPCG(seed, uint64(caller)))
}

// racy is a store whose changes are not serializable: what a change has read
// may be old by the time it is written. Every application that reads, decides
// and then writes in a second transaction is like this.
type racy struct{ store.Store }

var errAgain = errors.New("test: rolled back to be written later")

func (s racy) Update(ctx context.Context, fn func(store.Tx) error) error {
	var late []func(store.Tx) error
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		late = nil
		if err := fn(recorder{Tx: tx, late: &late}); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	time.Sleep(time.Millisecond) // of the bubble: others go first
	return s.Store.Update(ctx, func(tx store.Tx) error {
		for _, write := range late {
			if err := write(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// recorder keeps what was written, to be written again.
type recorder struct {
	store.Tx
	late *[]func(store.Tx) error
}

func (r recorder) Put(bucket string, key, value []byte) error {
	key, value = bytes.Clone(key), bytes.Clone(value)
	*r.late = append(*r.late, func(tx store.Tx) error { return tx.Put(bucket, key, value) })
	return r.Tx.Put(bucket, key, value)
}

func (r recorder) Delete(bucket string, key []byte) error {
	key = bytes.Clone(key)
	*r.late = append(*r.late, func(tx store.Tx) error { return tx.Delete(bucket, key) })
	return r.Tx.Delete(bucket, key)
}

// stale is a store whose looks at requests see what stood there before the
// latest change: a cache, or a replica that lags.
type stale struct {
	store.Store
	before *sync.Map // key -> value that was replaced
}

func (s stale) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.Update(ctx, func(tx store.Tx) error { return fn(lagging{Tx: tx, s: s, writes: true}) })
}

func (s stale) View(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.View(ctx, func(tx store.Tx) error { return fn(lagging{Tx: tx, s: s}) })
}

type lagging struct {
	store.Tx
	s      stale
	writes bool
}

func (l lagging) Put(bucket string, key, value []byte) error {
	if was, err := l.Tx.Get(bucket, key); err == nil && bucket == "request" {
		l.s.before.Store(string(key), bytes.Clone(was))
	}
	return l.Tx.Put(bucket, key, value)
}

func (l lagging) Get(bucket string, key []byte) ([]byte, error) {
	if was, ok := l.s.before.Load(string(key)); ok && bucket == "request" && !l.writes {
		return was.([]byte), nil
	}
	return l.Tx.Get(bucket, key)
}

// race is one bubble: callers run act over and over, side by side, while
// nemesis stops, restarts and cuts off the appliance.
func (r *ring) race(seed uint64, callers, acts int, act func(caller int, draw *mrand.Rand), nemesis func(draw *mrand.Rand, n int)) {
	var all sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(callers))
	for i := range callers {
		all.Go(func() {
			defer left.Add(-1)
			draw := chance(seed, i+1)
			for range acts {
				if draw.IntN(3) == 0 { // else at the same moment as others
					time.Sleep(time.Duration(draw.IntN(900)) * time.Millisecond)
				}
				act(i, draw)
			}
		})
	}
	draw := chance(seed, 0)
	for n := 0; left.Load() > 0; n++ {
		time.Sleep(time.Duration(500+draw.IntN(4000)) * time.Millisecond)
		if nemesis != nil {
			nemesis(draw, n)
		}
	}
	all.Wait()
}

// bubble runs a race where time is the bubble's.
func bubble(t *testing.T, fn func(*testing.T)) { synctest.Test(t, fn) }
