package admin

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"penstock/engine/reconcile"
	"penstock/httpd/wire"
)

// counts is what GET /metrics shows: the engine, the store, the calls and the
// process. There is no merchant, no amount and no id in it, so that whoever
// may read it learns nothing of anybody.
type counts struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

func newCounts(a *Admin) *counts {
	c := &counts{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "penstock_http_requests_total", Help: "Answered calls by dialect, method, route and status.",
		}, []string{"dialect", "method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "penstock_http_request_seconds", Help: "Time from a call's last byte to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"dialect"}),
	}
	c.registry.MustRegister(c.calls, c.took, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), state{a})
	return c
}

// observe counts one call. The route is its pattern, so that no id becomes a
// label; methods that nobody serves count as one.
func (c *counts) observe(s wire.Served) {
	method := s.Method
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		method = "other"
	}
	c.calls.WithLabelValues(s.Dialect, method, s.Pattern, strconv.Itoa(s.Status)).Inc()
	c.took.WithLabelValues(s.Dialect).Observe(s.Took.Seconds())
}

func (a *Admin) getMetrics(context.Context, *wire.Call, wire.None) (wire.Reply, error) {
	families, err := a.counts.registry.Gather()
	if err != nil {
		return wire.Reply{}, fmt.Errorf("gather metrics: %w", err)
	}
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	var body bytes.Buffer
	enc := expfmt.NewEncoder(&body, format)
	for _, f := range families {
		if err := enc.Encode(f); err != nil {
			return wire.Reply{}, fmt.Errorf("write metrics: %w", err)
		}
	}
	return wire.Reply{Body: body.Bytes(), Header: [][2]string{{"Content-Type", string(format)}}}, nil
}

// state collects what the engine, the store and the locker count themselves.
type state struct{ a *Admin }

// reading is one number with its name.
type reading struct {
	name, help string
	kind       prometheus.ValueType
	value      float64
}

func (s state) readings() []reading {
	n, f, l := s.a.Engine.Stats(), s.a.Figures(), s.a.Locker()
	count, gauge := prometheus.CounterValue, prometheus.GaugeValue
	flag := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	return append(s.books(), []reading{
		{"penstock_sends_total", "Calls to providers that could move money.", count, float64(n.Sends.Load())},
		{"penstock_lookups_total", "Look-ups at providers.", count, float64(n.Lookups.Load())},
		{"penstock_webhook_attempts_total", "Attempts to deliver webhooks.", count, float64(n.Attempts.Load())},
		{"penstock_conflicts_total", "Words of providers that contradicted an end; each wants a person.", count, float64(n.Conflicts.Load())},
		{"penstock_work_panics_total", "Pieces of work that panicked.", count, float64(n.Panics.Load())},
		{"penstock_work_errors_total", "Pieces of work put off by an error.", count, float64(n.Errors.Load())},
		{"penstock_rounds_total", "Rounds of the worker.", count, float64(n.Bells.Load())},
		{"penstock_last_round_age_seconds", "Time since the last round of work ended well; alarm above a minute.", gauge, time.Duration(s.a.Engine.Idle()).Seconds()},
		{"penstock_store_commits_total", "Transactions committed to disk.", count, float64(f.Commits)},
		{"penstock_store_updates_total", "Updates that were committed.", count, float64(f.Updates)},
		{"penstock_store_update_failures_total", "Updates that were refused or failed.", count, float64(f.Failures)},
		{"penstock_store_written_bytes_total", "Keys and values written.", count, float64(f.Bytes)},
		{"penstock_store_queued", "Updates that wait for the writer.", gauge, float64(f.Queued)},
		{"penstock_store_bytes", "Size of the store's file.", gauge, float64(f.FileBytes)},
		{"penstock_store_free_bytes", "Room inside the store's file.", gauge, float64(f.FreeBytes)},
		{"penstock_store_low_space", "1 while new payouts are refused for want of disk.", gauge, flag(f.LowSpace)},
		{"penstock_store_merges_total", "Transactions that moved index entries to larger runs.", count, float64(f.Merges)},
		{"penstock_store_merged_bytes_total", "Bytes of index entries moved so.", count, float64(f.Moved)},
		{"penstock_store_damaged", "1 when a merge met damage: stop, and run penstock check.", gauge, flag(f.Damaged)},
		{"penstock_on_hold", "1 while nothing is sent and no payout is taken, until a person releases it.", gauge, flag(s.a.Engine.Held() != "")},
		{"penstock_locker_sealed", "1 while the locker waits for its master key.", gauge, flag(l.Sealed)},
		{"penstock_uptime_seconds", "Time since the start.", gauge, s.a.Now().Sub(s.a.started).Seconds()},
	}...)
}

// books are the latest comparisons of all accounts together: how many of each
// class, and no amount. They are left out while the store can't be read.
func (s state) books() (out []reading) {
	b, err := s.a.Engine.BooksNow(context.Background())
	if err != nil {
		return nil
	}
	for _, row := range []struct {
		class reconcile.Class
		help  string
	}{
		{reconcile.TheirsOnly, "Movements that a provider or a bank reported and our books don't have."},
		{reconcile.Duplicate, "Payouts that a provider or a bank booked more than once."},
		{reconcile.AmountDiffers, "Payouts of which our books and theirs have different money."},
		{reconcile.OursOnly, "Payouts that our books have as paid and theirs don't have."},
		{reconcile.Matched, "Payouts on which our books and theirs agree."},
	} {
		out = append(out, reading{"penstock_books_" + string(row.class), row.help, prometheus.GaugeValue, float64(b.Counts[row.class])})
	}
	apart, age := 0, 0.0
	for _, st := range b.Standing {
		if !st.Difference.IsZero() {
			apart++
		}
	}
	if !b.Oldest.IsZero() {
		age = s.a.Now().Sub(b.Oldest).Seconds()
	}
	return append(out,
		reading{"penstock_books_theirs_only_out", "Those of penstock_books_theirs_only by which money left; alarm above zero.", prometheus.GaugeValue, float64(b.StrayOut)},
		reading{"penstock_books_age_seconds", "Age of the oldest of the accounts' latest comparisons; zero: none was made.", prometheus.GaugeValue, age},
		reading{"penstock_balances_apart", "Deposit accounts whose balance by the provider isn't explained by our ledger.", prometheus.GaugeValue, float64(apart)})
}

// breakersOpen has one label: who opened the breaker.
func breakersOpen() *prometheus.Desc {
	return prometheus.NewDesc("penstock_breakers_open", `Provider accounts whose breaker is open: opened="itself", they don't answer and new payouts take another way where there is one; opened="by_hand", a person wants nothing sent by them.`, []string{"opened"}, nil)
}

// breakers are left out while the store can't be read.
func (s state) breakers(ch chan<- prometheus.Metric) {
	silent, forced, err := s.a.Engine.OpenBreakers(context.Background())
	if err != nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(breakersOpen(), prometheus.GaugeValue, float64(silent), "itself")
	ch <- prometheus.MustNewConstMetric(breakersOpen(), prometheus.GaugeValue, float64(forced), "by_hand")
}

// Describe implements prometheus.Collector.
func (s state) Describe(ch chan<- *prometheus.Desc) {
	ch <- breakersOpen()
	for _, r := range s.readings() {
		ch <- prometheus.NewDesc(r.name, r.help, nil, nil)
	}
}

// Collect implements prometheus.Collector.
func (s state) Collect(ch chan<- prometheus.Metric) {
	s.breakers(ch)
	for _, r := range s.readings() {
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(r.name, r.help, nil, nil), r.kind, r.value)
	}
}
