// Package engine is the product: a merchant's commands in, settled payouts
// out. The dialects, the dashboard and the command line translate to it and
// decide nothing about money.
//
// A payout request's record is its own work item. Every change of it is a pure
// function of (record, event), in engine/payout; the record, its history, its
// due rows, the money held for it, the audit line and the webhooks that tell
// of it are stored in one transaction. Nothing outside the process is called
// inside a transaction, and nothing is called before the intent to call is
// stored. Memory holds nothing that matters, so recovery is the ordinary path.
//
// What is true when the process stops at any point:
//
//	before Create commits          nothing happened; the caller repeats with the same key
//	after it, before the answer    the request stands, due; a repeat gets its stored answer
//	after claim, before the call   sending, due at the lease's end; then it counts as unknown
//	during the call, or after      the same: a look-up, or the same key again, finds out
//	after settle commits           new status, next due time, webhook rows: deliveries go out
//	after a webhook was received,  the delivery is still due: sent again with the same id,
//	before that is stored          and the receiver drops it
package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"penstock/engine/archive"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/engine/webhook"
	"penstock/locker"
	"penstock/store"
)

// Timing is every wait and bound of the work. The zero value of a field takes
// the default of DefaultTiming.
type Timing struct {
	Deadline   time.Duration   // of a call to a provider, fixed when it is claimed
	Lease      time.Duration   // until claimed work counts as lost; longer than Deadline
	Batch      time.Duration   // of a call that sends many payouts at once; its lease is as much longer as that of another call
	Polls      []time.Duration // pauses before the first look-ups of a payout
	PollMax    time.Duration   // pause before each later one; there is no giving up
	Attention  time.Duration   // a payout open for longer calls a person; polling goes on
	Claim      int             // rows claimed in one transaction
	Workers    int             // calls to providers and receivers at one time, beside the first of each account and endpoint
	Deliver    time.Duration   // bound of one webhook attempt
	Down       int             // failures of a receiver, one after another, after which its retries wait behind one of them
	TokenTTL   time.Duration   // life of a payment token
	Tick       time.Duration   // of the monotonic ticker; zero switches it off and leaves cron alone
	Cron       string          // the bell's schedule in UTC
	RatesCron  string          // schedule of importing exchange rates in UTC; empty: at the start alone
	BooksCron  string          // schedule of reading providers' reports and balances in UTC; empty: never by itself
	Scrub      time.Duration   // from the beginning of one pass over every stored value to that of the next
	MaxPanics  int             // times that a payout's handling may panic before a person decides
	NoticeBody int             // bytes of a receiver's answer that are kept
}

// DefaultTiming is what DESIGN.md 6 says.
func DefaultTiming() Timing {
	const m, h = time.Minute, time.Hour
	return Timing{
		Deadline: 10 * time.Second, Lease: 15 * time.Second, Batch: 2 * m,
		Polls:   []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 45 * time.Second, 2 * m, 5 * m, 15 * m, h},
		PollMax: 6 * h, Attention: 24 * h, Claim: 64, Workers: 64, Deliver: 20 * time.Second, Down: 64,
		TokenTTL: 15 * m, Scrub: 24 * h, Tick: 250 * time.Millisecond, Cron: "@every 2s", MaxPanics: 3, NoticeBody: 2048,
	}
}

// Config is everything that the engine is given; it finds nothing by itself.
type Config struct {
	Store store.Store
	// Archive is where Retention.Archive moves to; nil: there is none, and what a
	// store has there can't be read.
	Archive archive.Shelf
	Locker  *locker.Locker
	Clock   Clock
	Rand    io.Reader // ids, keys and jitter: crypto/rand, or a simulation's stream
	// Connectors by provider name.
	Connectors map[string]connector.Builder
	// Transport carries webhooks; its policy is the wiring's.
	Transport http.RoundTripper
	// CheckURL judges a webhook's address when it is given.
	CheckURL func(string) error
	// Render makes the webhook bodies of each profile.
	Render map[string]Render
	// RenderPayment makes those about payments; a profile without one tells of none.
	RenderPayment map[string]RenderPayment
	// Facts are what conditions may ask about a request beyond what the engine
	// knows, by dialect.
	Facts map[string]func(*Request) map[string]string
	// Sought reads what lists may ask for out of what a dialect keeps with its
	// requests (Echo.Extra), by dialect.
	Sought map[string]func(extra json.RawMessage) Sought
	// OwnHeader is how deliveries of the profile hosted bear the signature by
	// the token; the zero value is that profile's own.
	OwnHeader webhook.OwnHeader
	// NotifyURL is where providers reach this appliance, without a trailing
	// slash; empty where they can't.
	NotifyURL string
	Timing    Timing
	Retention Retention
	// Directory is what can be paid and by whom; nil: the built-in one.
	Directory *service.Directory
	// RateSource is where exchange rates are imported from, at the start and by
	// Timing.RatesCron; nil: nowhere.
	RateSource RateSource
	// Statements reads the statements of accounts whose connector reads none; nil:
	// there are none.
	Statements connector.StatementReader
	// Failover says after which refusals another route may be tried; the zero
	// value is payout.DefaultFailover.
	Failover payout.Failover
	Log      *slog.Logger
	// AnyCard lets test mode take card numbers beyond those published for tests.
	AnyCard bool
	// Anchor keeps how far the store has come in a second place; nil: nowhere.
	Anchor Anchor
	// Rules are for engine/sim alone; zero everywhere else.
	Rules Rules
}

// Engine is safe for concurrent use.
type Engine struct {
	Config
	pulse *pulse
	bell  chan struct{} // size one: rung when something became due
	stats Stats
	keys  keyCache

	endpoints remembered[Endpoint]

	catalogs  catalogs
	mu        sync.Mutex
	aside     map[dueRow]payout.Mark // due rows that can't be handled, since when
	hand      map[dueRow]bool        // due work that this process has in hand (rule 7)
	lanes     lanes
	dropped   dropped                        // what the second place knows
	handedOn  []job                          // what lies ready for Work
	followers map[dueRow]*follower           // messages that wait for one in hand, by that
	built     map[string]connector.Connector // by scope and provider account
	breakers  map[string]*breaker            // by the same
	waits     map[string][]chan *View        // callers that wait for a request's first word
	held      atomic.Pointer[string]         // why nothing is sent; nil: not on hold
	lists     lists                          // how far the providers' lists have been read, on hold
	back      atomic.Bool                    // something was brought back from a list that nobody has asked for again
	tags      atomic.Pointer[[32]byte]       // the key of tags
	older     atomic.Bool                    // this store was brought back from an earlier state once
	wary      atomic.Pointer[[]string]       // provider accounts whose new payouts wait for a person
	fatal     atomic.Pointer[error]          // why this process must not go on

	watching watchers // who wants to know of changes

	keeping   keeping        // how far retention has come
	sorting   sorting        // and the sorting by stage
	ordering  sorting        // and that by order
	archive   *archive.Store // what Store is, with stubs whole
	archiving archiving      // how far that has come
}

// Open checks the configuration, begins a new epoch in the store and returns
// an engine that serves commands. Work is done by Run, or by Work.
func Open(ctx context.Context, c Config) (*Engine, error) {
	if c.Store == nil || c.Locker == nil || c.Clock == nil || c.Rand == nil || c.Transport == nil || c.Log == nil {
		return nil, errors.New("engine: Store, Locker, Clock, Rand, Transport and Log are needed")
	}
	c.Timing, c.Rules = c.Timing.filled(), c.Rules.filled()
	if c.Timing.Lease <= c.Timing.Deadline {
		return nil, fmt.Errorf("engine: lease %v must be longer than the deadline %v of a call", c.Timing.Lease, c.Timing.Deadline)
	}
	if c.CheckURL == nil {
		c.CheckURL = func(string) error { return nil }
	}
	if c.Directory == nil {
		c.Directory = service.Builtin()
	}
	if len(c.Failover.Names()) == 0 {
		c.Failover = payout.DefaultFailover()
	}
	if c.Anchor == nil {
		c.Anchor = noAnchor{}
	}
	c.Rand = &lockedReader{r: c.Rand}
	e := &Engine{Config: c, bell: make(chan struct{}, 1), hand: map[dueRow]bool{}, aside: map[dueRow]payout.Mark{}, built: map[string]connector.Connector{}, waits: map[string][]chan *View{}, followers: map[dueRow]*follower{}}
	e.pulse = newPulse(c.Clock, 0)
	if err := e.openArchive(ctx); err != nil {
		return nil, err
	}
	e.openLanes(0, e.lay)
	if err := e.meetAnchor(ctx); err != nil {
		return nil, err
	}
	if err := e.begin(ctx, "start", 0); err != nil {
		return nil, err
	}
	if err := e.recall(ctx); err != nil {
		return nil, err
	}
	if !e.Locker.Sealed() { // before any copy of the store is made
		if _, err := e.tagKey(ctx); err != nil {
			return nil, err
		}
	}
	e.ring()
	return e, nil
}

// formatVersion is the version of the records. 2: deposit accounts with a
// ledger, payout points, routes. No release has written 1, so there is no way
// from it but to start anew. 3: requests are sorted by stage, which a version
// that does not keep that sorted may not touch; 2 becomes 3 when it is opened.
// 4: the same with an archive. 5: requests and deliveries are written as
// MessagePack, and read as JSON too, and requests are sorted by order; 2 and 3
// become 5 when they are opened.
// 6: the same with an archive; a store becomes that with the first value that is
// moved into one, and 4 does when it is opened. A store of a newer one is refused.
const (
	formatVersion = 5
	formatArchive = 6
	formatOldest  = 2

	formatArchiveInJSON = 4
)

// ofFormat is the format that a store becomes when it is opened, and whether
// values of it lie in an archive.
func ofFormat(was byte) (is byte, archives bool) {
	if was == formatArchive || was == formatArchiveInJSON {
		return formatArchive, true
	}
	return formatVersion, false
}

// begin starts an epoch: at the start of the process, and after each step of
// the clock. Work that a clock since set back has put into the future moves
// back with it.
func (e *Engine) begin(ctx context.Context, why string, off time.Duration) error {
	var epoch uint64
	err := e.Store.Update(ctx, func(tx store.Tx) error {
		if err := checkFormat(tx); err != nil {
			return err
		}
		if err := checkRing(tx, e.Locker.Status().Ring); err != nil {
			return err
		}
		if err := learnCurrencies(tx, e.Directory.Added()); err != nil {
			return err
		}
		now, _ := e.pulse.now()
		last, err := number(tx, "epoch")
		if err != nil {
			return err
		}
		epoch = last + 1
		if err := setNumber(tx, "epoch", epoch); err != nil {
			return err
		}
		if err := audit(tx, now, Act{Actor: "penstock", Action: "epoch." + why, Object: fmt.Sprint(epoch)}); err != nil {
			return err
		}
		return e.rebase(tx, now, off)
	})
	if err != nil {
		return fmt.Errorf("begin epoch: %w", err)
	}
	e.pulse.begin(epoch)
	e.forgetTurns()
	_, err = e.drop(ctx)
	return err
}

// drop keeps how far the store has come in the second place. A store on hold
// stays behind what is known there, until it is released.
func (e *Engine) drop(ctx context.Context) (h Head, err error) {
	if e.Held() != "" {
		return h, nil
	}
	err = e.Store.View(ctx, func(tx store.Tx) (err error) {
		h, err = e.head(tx)
		return err
	})
	if err != nil {
		return h, err
	}
	if err := e.Anchor.Save(h); err != nil {
		return h, e.die(fmt.Errorf("keep the anchor: %w", err))
	}
	return h, nil
}

func checkFormat(tx store.Tx) error {
	raw, err := tx.Get(bucketMeta, []byte("format"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return tx.Put(bucketMeta, []byte("format"), []byte{formatVersion})
	case err != nil:
		return fmt.Errorf("read format: %w", err)
	case len(raw) == 1 && raw[0] >= formatOldest && raw[0] < formatVersion:
		is, _ := ofFormat(raw[0])
		return tx.Put(bucketMeta, []byte("format"), []byte{is})
	case len(raw) == 1 && raw[0] < formatOldest:
		return fmt.Errorf("the store has records of format %d, of a development version before deposit accounts had a ledger; this penstock reads format %d: let the old one end its payouts, then init a new directory", raw[0], formatVersion)
	case len(raw) != 1 || raw[0] > formatArchive:
		return fmt.Errorf("the store has records of format %v and this penstock reads up to %d: use a newer penstock", raw, formatArchive)
	}
	return nil
}

// checkRing refuses a keyring that is not the one that sealed this store's
// records. A sealed locker, which doesn't say whose it is, is asked again when
// it is opened.
func checkRing(tx store.Tx, ring string) error {
	if ring == "" {
		return nil
	}
	raw, err := tx.Get(bucketMeta, []byte("ring"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return tx.Put(bucketMeta, []byte("ring"), []byte(ring))
	case err != nil:
		return fmt.Errorf("read the keyring's name: %w", err)
	case string(raw) != ring:
		return errors.New("this keyring belongs to another store: restore the keyring that was backed up with this one")
	}
	return nil
}

// lockedReader makes a random source safe for concurrent use.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.r, p)
}

func (t Timing) filled() Timing {
	d := DefaultTiming()
	pick := func(v *time.Duration, def time.Duration) {
		if *v == 0 {
			*v = def
		}
	}
	pick(&t.Deadline, d.Deadline)
	pick(&t.Lease, d.Lease)
	pick(&t.Batch, d.Batch)
	pick(&t.PollMax, d.PollMax)
	pick(&t.Attention, d.Attention)
	pick(&t.Deliver, d.Deliver)
	pick(&t.TokenTTL, d.TokenTTL)
	pick(&t.Scrub, d.Scrub)
	for _, n := range []struct {
		v   *int
		def int
	}{{&t.Claim, d.Claim}, {&t.Workers, d.Workers}, {&t.Down, d.Down}, {&t.MaxPanics, d.MaxPanics}, {&t.NoticeBody, d.NoticeBody}} {
		if *n.v == 0 {
			*n.v = n.def
		}
	}
	if len(t.Polls) == 0 {
		t.Polls = d.Polls
	}
	if t.Cron == "" {
		t.Cron = d.Cron
	}
	return t
}

// ring tells the worker that something may be due. It never blocks; a ring
// that is missed delays, and never loses.
func (e *Engine) ring() {
	select {
	case e.bell <- struct{}{}:
	default:
	}
}

func (e *Engine) newID(now time.Time) (string, error) { return newID(now, e.Rand) }

// update runs fn in one transaction with one reading of the clock, and rings
// when that made something due, or when requests are made faster than ticks sort
// them. What the store can't vouch for comes back as CodeUnknown.
func (e *Engine) update(ctx context.Context, fn func(store.Tx, time.Time) error) error {
	now, _ := e.pulse.now()
	due := dueTx{by: dueBefore(now)}
	err := e.handing(ctx, &due, func(tx store.Tx) error { return fn(tx, now) })
	if errors.Is(err, store.ErrCommitUnknown) {
		return &Error{Code: CodeUnknown, Message: "it is not known whether this was stored; repeat it with the same key", Err: err}
	}
	if errors.Is(err, store.ErrFull) {
		return errNoSpace
	}
	return err
}

// dueTx is a transaction that knows whether it made anything due, and may take
// hands for what it writes: see handing.
type dueTx struct {
	store.Tx
	by   []byte // rows before it are due
	some bool
	jobs []job // what is handed on once it is committed

	follows []*follower // what waits for others in hand from then on
}

func (t *dueTx) Put(bucket string, key, value []byte) error {
	if bucket == bucketDue && bytes.Compare(key, t.by) < 0 {
		t.some = true
	}
	return t.Tx.Put(bucket, key, value)
}

var errNoSpace = &Error{Code: CodeSpace, After: time.Minute, Message: "the server is short of disk space and takes no new work", Hint: "free space on the store's disk, or lower store.min_free"}

// roomy refuses new work while the disk is nearly full.
func (e *Engine) roomy() error {
	if s, ok := e.Store.(store.Spacer); ok && s.LowSpace() {
		return errNoSpace
	}
	return nil
}
