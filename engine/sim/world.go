// Package sim is a world in one goroutine around the real engine: a clock that
// only the world moves, chance from one seed, a disk that can lose power, the
// test provider with its own book, receivers of webhooks that fail. A run is
// (seed, commit) and comes out the same each time, so the seed is the bug
// report.
//
// Nothing of the engine is replaced: it is the product over store/mem, the
// locker, and a connector to the sandbox. After each step the world is judged
// by what the provider's book says, never by ours alone.
package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"time"

	"penstock/engine"
	"penstock/engine/archive"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/locker"
	"penstock/store"
	"penstock/store/faulty"
	"penstock/store/mem"
)

// Config chooses a world. The zero value is a quiet one: nothing fails.
type Config struct {
	Seed   uint64
	Traits connector.Traits // zero: what the sandbox declares
	Faults *sandbox.Faults  // nil: none
	Timing engine.Timing    // zero fields: the engine's own
	Render map[string]engine.Render
	Facts  map[string]func(*engine.Request) map[string]string
	Sought map[string]func(json.RawMessage) engine.Sought
	// RenderPayment makes the bodies about payments.
	RenderPayment map[string]engine.RenderPayment
	// Statements reads the statements that are handed over; nil: none are.
	Statements connector.StatementReader
	Also       []string // other names under which the provider can be connected
	// Connect are further providers, which the world's judge knows nothing of.
	Connect   map[string]connector.Builder
	Wire      bool             // the provider is spoken to as bytes over a wire, see bank
	Ahead     bool             // some payouts are claimed as they are made, as by a process with many hands
	Older     bool             // about half of the requests and deliveries are written as an older penstock did
	Retention engine.Retention // zero: everything is kept, and where it is
	Log       io.Writer        // nil: silence
	Break     Break            // the zero Break is the product
}

// Clock is the world's time. The wall may be stepped; the monotonic time only
// goes on.
type Clock struct {
	wall time.Time
	mono time.Duration
}

// Now is the wall's time.
func (c *Clock) Now() time.Time { return c.wall }

// Mono is how long the world has existed.
func (c *Clock) Mono() time.Duration { return c.mono }

// Advance moves both on.
func (c *Clock) Advance(d time.Duration) { c.wall, c.mono = c.wall.Add(d), c.mono+d }

// steady is the provider's own time: its clock is not ours to set.
func (c *Clock) steady() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC).Add(c.mono) }

// Step moves the wall alone, as an operator or a time server does.
func (c *Clock) Step(d time.Duration) { c.wall = c.wall.Add(d) }

// World is one simulated appliance and everything around it.
type World struct {
	Config
	Ctx      context.Context
	Clock    *Clock
	Rand     *rand.Rand // the world's own draws: what happens next
	Disk     Disk
	Keys     *mem.Store
	Store    *faulty.Store // over Disk; a new one after each boot
	Locker   *locker.Locker
	Provider *sandbox.Provider
	Bank     *bank // the provider behind a wire; nil without Config.Wire
	Till     *till // where money comes in; nil: as the sandbox takes it
	Receiver *Receiver
	Shelf    *archive.Memory // where the archive's segments lie
	Anchor   engine.Anchor   // the second place; it survives whatever happens to the disk
	Engine   *engine.Engine
	Boots    int
	Logged   bytes.Buffer // everything that the appliance has logged

	Unlisted  bool                  // the provider's list can't be read
	CutAtSend bool                  // cut the power just before the next instruction goes out
	PanicKey  string                // a payout whose handling panics; empty: none
	OnSend    func(context.Context) // called while an instruction is out; nil: nothing

	sides    []*side       // providers beside the first
	known    []engine.View // what the judge has read, while it judges
	stalled  int
	panicked bool
	sends    map[string]int

	master locker.MasterKey
	free   *rand.Rand    // whether a hand is free
	ids    *rand.ChaCha8 // the engine's draws
}

// New makes a world and boots its engine.
func New(c Config) (*World, error) {
	var seed [32]byte
	for i := range 8 {
		seed[i] = byte(c.Seed >> (8 * i))
	}
	w := &World{Config: c, Ctx: context.Background(), Clock: &Clock{wall: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)},
		Rand: rand.New(rand.NewPCG(c.Seed, 1)), free: rand.New(rand.NewPCG(c.Seed, 5)), Keys: mem.New(mem.Options{ManualSync: c.Break.UnsyncedKeys}), sends: map[string]int{}, master: locker.NewMaster(), ids: rand.NewChaCha8(seed)}
	w.Anchor, w.Shelf = &memoryAnchor{}, archive.NewMemory()
	w.Shelf.Lazy = c.Break.LazyShelf
	w.Receiver = &Receiver{w: w, Seen: map[string]int{}}
	faults := sandbox.DefaultFaults()
	if c.Faults != nil {
		faults = *c.Faults
	}
	faults.Seed = int64(c.Seed)
	var err error
	if w.Disk, err = newDisk(c.Break); err != nil {
		return nil, err
	}
	if w.Provider, err = sandbox.Open(sandbox.Settings{Now: w.Clock.steady, Faults: &faults}); err != nil {
		return nil, err
	}
	if c.Wire {
		w.Bank = &bank{w: w, draw: rand.New(rand.NewPCG(c.Seed, 4))}
	}
	if err := w.Boot(); err != nil {
		return nil, err
	}
	return w, nil
}

// memoryAnchor is a second place that never fails.
type memoryAnchor struct{ head engine.Head }

func (a *memoryAnchor) Load() (engine.Head, error) { return a.head, nil }

func (a *memoryAnchor) Save(h engine.Head) error {
	a.head = h
	return nil
}

// Boot starts the appliance on what is on its disk.
func (w *World) Boot() error {
	w.Boots++
	w.Store = faulty.New(w.Disk)
	return w.open()
}

func (w *World) open() error {
	var err error
	disk, keys, clock := store.Store(w.Store), store.Store(w.Keys), engine.Clock(w.Clock)
	if w.Older {
		disk = inOlderForm(disk)
	}
	if w.Break.Disk != nil {
		disk = w.Break.Disk(w, disk)
	}
	if w.Break.Keys != nil {
		keys = w.Break.Keys(w, keys)
	}
	anchor := w.Anchor
	if w.Break.Anchor != nil {
		anchor = w.Break.Anchor(anchor)
	}
	if w.Break.Clock != nil {
		clock = w.Break.Clock(w.Clock)
	}
	timing := w.Timing
	if timing.Down == 0 {
		timing.Down = 3 // so that retries wait for a probe in a small world too
	}
	if w.Break.Timing != nil {
		timing = w.Break.Timing(timing)
	}
	if w.Locker, err = locker.Open(w.Ctx, locker.Config{Keys: keys, Master: w.master}); err != nil {
		return fmt.Errorf("open the locker: %w", err)
	}
	rules := w.Break.Rules
	if w.Ahead {
		rules.Ahead = func(bool) bool { return w.free.IntN(4) > 0 }
	}
	out := io.Writer(&w.Logged)
	if w.Log != nil {
		out = io.MultiWriter(out, w.Log)
	}
	w.Engine, err = engine.Open(w.Ctx, engine.Config{
		Store: disk, Archive: w.Shelf, Retention: w.Retention, Locker: w.Locker, Clock: clock, Rand: w.ids,
		Connectors: w.connectors(),
		Transport:  w.Receiver, Render: w.Render, RenderPayment: w.RenderPayment, Facts: w.Facts, Sought: w.Sought, Timing: timing, Rules: rules, Anchor: anchor,
		NotifyURL: "https://penstock.example", Statements: w.Statements,
		Log: slog.New(slog.NewTextHandler(out, nil)),
	})
	return err
}

func (w *World) connectors() map[string]connector.Builder {
	all := map[string]connector.Builder{engine.SandboxName: w.connect}
	for _, name := range w.Also {
		all[name] = w.connect
	}
	maps.Copy(all, w.Connect)
	return all
}

// Crash cuts the power and starts again from what was synced.
func (w *World) Crash() error {
	w.Store.Cut()
	if err := w.cutPower(); err != nil {
		return err
	}
	return w.Boot()
}

// Backup is a copy of the store as it stands on the disk.
func (w *World) Backup() ([]byte, error) {
	var b bytes.Buffer
	err := w.Disk.Snapshot(w.Ctx, &b)
	return b.Bytes(), err
}

// Restore cuts the power and starts on an older copy of the store. The keyring
// and the anchor are as new as they are.
func (w *World) Restore(backup []byte) error {
	w.Store.Cut()
	if err := errors.Join(w.cutPower(), w.layBack(backup)); err != nil {
		return err
	}
	return w.Boot()
}

// Work does what is due now and returns how much that was.
func (w *World) Work() (int, error) {
	done := 0
	if w.Break.StopsAfterPanic && w.panicked {
		w.Clock.Advance(time.Hour)
		return 0, nil
	}
	for range 1000 {
		n, err := w.Engine.Work(w.Ctx)
		if err != nil {
			return done, err
		}
		done += n
		if due, ok, err := w.Engine.NextDue(w.Ctx); err != nil || !ok || due.After(w.Clock.Now()) {
			return done, err
		}
	}
	return done, errors.New("sim: work that is due never ends")
}

// Tick lets the appliance notice the time.
func (w *World) Tick() error { _, err := w.Work(); return err }

// Run lets d of the world's time pass, going from one thing due to the next.
func (w *World) Run(d time.Duration) error {
	end := w.Clock.mono + d
	if err := w.Engine.SortStages(w.Ctx); err != nil { // once: each operation is one more at which the power may be cut
		return err
	}
	if err := w.Engine.SortOrders(w.Ctx); err != nil {
		return err
	}
	for {
		did, err := w.Work()
		if err != nil {
			return err
		}
		for _, p := range w.providers() {
			p.Advance(w.Clock.steady())
		}
		left := end - w.Clock.mono
		if left <= 0 {
			return nil
		}
		wait := left
		if due, ok, err := w.Engine.NextDue(w.Ctx); err != nil {
			return err
		} else if ok {
			least := time.Millisecond
			if did == 0 {
				least = time.Second // what is due and was not done may be in hand; time has to pass
			}
			wait = min(wait, max(due.Sub(w.Clock.wall), least))
		}
		for _, p := range w.providers() {
			if at, ok := p.Next(); ok {
				wait = min(wait, max(at.Sub(w.Clock.steady()), time.Millisecond))
			}
		}
		w.Clock.Advance(wait)
	}
}
