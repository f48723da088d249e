package admin

import (
	"context"
	"net/http"
	"sync"
	"time"

	"penstock/httpd/wire"
)

// probeEvery is how often at most a tiny commit is made to find out whether
// the store still takes one: whoever may ask for health must not be able to
// keep the disk busy.
const probeEvery = time.Second

// health remembers the latest probe.
type health struct {
	mu     sync.Mutex
	probed time.Time
	err    error
}

// commits says whether the store takes a commit, by one made at most a second
// ago.
func (a *Admin) commits(ctx context.Context) error {
	h := &a.health
	h.mu.Lock()
	defer h.mu.Unlock()
	now := a.Now()
	if since := now.Sub(h.probed); h.probed.IsZero() || since >= probeEvery || since < 0 {
		h.err = a.Commit(context.WithoutCancel(ctx))
		h.probed = now
	}
	return h.err
}

type healthBody struct {
	Status  string `json:"status"` // ok or down
	Version string `json:"version"`
	Uptime  int64  `json:"uptime_s"`
}

// getHealth says nothing of why: anybody may ask.
func (a *Admin) getHealth(ctx context.Context, _ *wire.Call, _ wire.None) (wire.Reply, error) {
	body := healthBody{"ok", a.Version, int64(a.Now().Sub(a.started).Seconds())}
	status := http.StatusOK
	if err := a.commits(ctx); err != nil {
		body.Status, status = "down", http.StatusServiceUnavailable
	}
	b, err := wire.Encode(body)
	return wire.Reply{Status: status, Body: b}, err
}

type readyBody struct {
	Status  string `json:"status"`  // ready, held or not_ready
	Locker  string `json:"locker"`  // unsealed or sealed
	Workers string `json:"workers"` // working or stalled
	Round   int64  `json:"last_round_ms"`
	Store   string `json:"store"` // ok, low or down
}

// getReady says whether new payouts would be taken and worked on.
func (a *Admin) getReady(ctx context.Context, _ *wire.Call, _ wire.None) (wire.Reply, error) {
	idle := time.Duration(a.Engine.Idle())
	body := readyBody{"ready", "unsealed", "working", idle.Milliseconds(), "ok"}
	if a.Locker().Sealed {
		body.Locker = "sealed"
	}
	if idle > a.Stalled {
		body.Workers = "stalled"
	}
	if a.Figures().LowSpace {
		body.Store = "low"
	}
	if err := a.commits(ctx); err != nil {
		body.Store = "down"
	}
	status := http.StatusOK
	if body.Locker != "unsealed" || body.Workers != "working" || body.Store != "ok" {
		body.Status, status = "not_ready", http.StatusServiceUnavailable
	}
	if a.Engine.Held() != "" {
		body.Status, status = "held", http.StatusServiceUnavailable
	}
	b, err := wire.Encode(body)
	return wire.Reply{Status: status, Body: b}, err
}

// status is what an operator sees at a glance.
type status struct {
	Version string      `json:"version"`
	Started time.Time   `json:"started"`
	Held    string      `json:"held,omitzero"` // why nothing is sent
	Wary    []string    `json:"wary,omitzero"` // provider accounts whose new payouts wait for a person each
	Locker  lockerState `json:"locker"`
	Store   storeState  `json:"store"`
	Work    workState   `json:"work"`
}

type lockerState struct {
	Sealed   bool   `json:"sealed"`
	Term     uint32 `json:"term"`
	Rotating bool   `json:"rotating"`
	Given    int    `json:"shares_given,omitzero"`
	Needed   int    `json:"shares_needed,omitzero"`
}

type storeState struct {
	Bytes   int64  `json:"bytes"`
	Free    int64  `json:"free_bytes"`
	Low     bool   `json:"low_space"`
	Commits uint64 `json:"commits"`
	Updates uint64 `json:"updates"`
}

type workState struct {
	Round     int64     `json:"last_round_ms"` // how long ago
	NextDue   time.Time `json:"next_due,omitzero"`
	Sends     int64     `json:"sends"`
	Lookups   int64     `json:"lookups"`
	Attempts  int64     `json:"webhook_attempts"`
	Conflicts int64     `json:"conflicts"`
	Panics    int64     `json:"panics"`
	Errors    int64     `json:"errors"`
}

func (a *Admin) getStatus(ctx context.Context, _ *wire.Call, _ wire.None) (status, error) {
	l, f, n := a.Locker(), a.Figures(), a.Engine.Stats()
	due, _, err := a.Engine.NextDue(ctx)
	if err != nil {
		return status{}, err
	}
	return status{
		Version: a.Version, Started: a.started, Held: a.Engine.Held(), Wary: a.Engine.Wary(), Locker: lockerState(l),
		Store: storeState{f.FileBytes, f.FreeBytes, f.LowSpace, f.Commits, f.Updates},
		Work: workState{
			Round: time.Duration(a.Engine.Idle()).Milliseconds(), NextDue: due, Sends: n.Sends.Load(), Lookups: n.Lookups.Load(),
			Attempts: n.Attempts.Load(), Conflicts: n.Conflicts.Load(), Panics: n.Panics.Load(), Errors: n.Errors.Load(),
		},
	}, nil
}
