package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// benchReport is what scripts read; its members are a contract.
type benchReport struct {
	Scenario   string            `json:"scenario"`
	Seconds    float64           `json:"seconds"`
	Requests   uint64            `json:"requests"`
	Throughput float64           `json:"throughput"` // operations a second that ended well
	Finished   uint64            `json:"payouts_finished"`
	Errors     uint64            `json:"errors"`
	P50        float64           `json:"p50_ms"`
	P95        float64           `json:"p95_ms"`
	P99        float64           `json:"p99_ms"`
	Max        float64           `json:"max_ms"`
	Limits     *benchLimits      `json:"limits"`         // null without --limits
	Share      *float64          `json:"share_of_limit"` // null without --limits
	Server     benchServerReport `json:"server"`
	Fill       *benchFilled      `json:"fill,omitempty"` // absent without --fill
}

type benchServerReport struct {
	RSS   float64 `json:"rss_mib"`
	Store int64   `json:"store_bytes"` // the file's size after the run
}

// benchResult is everything that a run found.
type benchResult struct {
	scenario string
	filled   *benchFilled // nil without --fill
	load     *benchLoad
	limits   *benchLimits // nil without --limits
	from, to benchCost    // at the window's ends
}

func (r benchResult) report() benchReport {
	rec, window := &r.load.record, r.load.window()
	out := benchReport{
		Scenario: r.scenario, Seconds: rounded(window.Seconds()), Requests: rec.requests.Load(),
		Finished: rec.finished.Load(), Errors: rec.failed.Load(),
		P50: millis(rec.latency.quantile(.50)), P95: millis(rec.latency.quantile(.95)),
		P99: millis(rec.latency.quantile(.99)), Max: millis(rec.latency.max()),
		Server: benchServerReport{rounded(r.to.server.rss / (1 << 20)), int64(r.to.server.store)},
	}
	out.Fill = r.filled
	if window > 0 {
		out.Throughput = rounded(float64(rec.done.Load()) / window.Seconds())
	}
	if r.limits != nil {
		l := *r.limits
		share := math.Round(out.Throughput/l.Bound*1e4) / 1e4
		for _, v := range []*float64{&l.Fsync, &l.Bbolt, &l.HTTP, &l.Seal, &l.Bound} {
			*v = math.Round(*v)
		}
		out.Limits, out.Share = &l, &share
	}
	return out
}

func rounded(v float64) float64 { return math.Round(v*1e3) / 1e3 }

func millis(d time.Duration) float64 { return rounded(float64(d) / float64(time.Millisecond)) }

// writeJSON writes the one line that scripts read.
func (r benchResult) writeJSON(w io.Writer) error { return json.NewEncoder(w).Encode(r.report()) }

// writeTable writes the same for people.
func (r benchResult) writeTable(w io.Writer) error {
	v := r.report()
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-17s"+format+"\n", append([]any{name}, args...)...)
	}
	how := fmt.Sprintf("closed loop, %d workers", r.load.Workers)
	if r.load.Rate > 0 {
		how = fmt.Sprintf("open loop, %d a second, at most %d at a time", r.load.Rate, r.load.Workers)
	}
	if f := v.Fill; f != nil {
		row("filled first", "%d payouts in %.1f s, %.0f/s", f.Payouts, f.Seconds, f.PerSecond)
		if n := len(f.Tenths); n > 0 {
			row("", "the first tenth at %.0f/s, the last at %.0f/s", f.Tenths[0], f.Tenths[n-1])
		}
	}
	row("scenario", "%s, %s, %.1f s", v.Scenario, how, v.Seconds)
	row("throughput", "%.0f/s", v.Throughput)
	row("latency", "p50 %.2f ms   p95 %.2f ms   p99 %.2f ms   max %.2f ms", v.P50, v.P95, v.P99, v.Max)
	row("requests", "%d", v.Requests)
	row("payouts finished", "%d", v.Finished)
	row("errors", "%d", v.Errors)
	if l := v.Limits; l != nil {
		row("limits", "%.0f fsyncs/s   %.0f bbolt commits/s   %.0f HTTP/s   %.0f seals/s", l.Fsync, l.Bbolt, l.HTTP, l.Seal)
		row("", "a batch of %d packed records commits in %.2f ms", r.load.Workers, millis(l.batch))
		row("bound", "%.0f durable creates/s", l.Bound)
		row("share of bound", "%.1f %%", *v.Share*100)
	}
	if r.to.server.seen {
		row("server", "%.1f MiB resident with the store's mapped pages, store %.1f MiB (%+.1f MiB)", v.Server.RSS, benchMebi(r.to.server.store), benchMebi(r.to.server.store-r.from.server.store))
	} else {
		row("server", "publishes no metrics")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func benchMebi(bytes float64) float64 { return bytes / (1 << 20) }

// writeNotes writes what to know before believing the figures: kinds of
// errors, what could not be begun, what this process and others used.
func (r benchResult) writeNotes(w io.Writer) {
	rec := &r.load.record
	for _, class := range slices.Sorted(maps.Keys(rec.failures)) {
		fmt.Fprintf(w, "error: %s: %d times\n", class, rec.failures[class])
	}
	if n := r.load.unbegun(); n > 0 {
		fmt.Fprintf(w, "note: %d operations were due and never begun: all %d workers were busy, so latencies are better than the truth\n", n, r.load.Workers)
	}
	use := useBetween(r.from, r.to, rec.requests.Load())
	fmt.Fprintf(w, "note: the bench itself used %.2f processors, %v a request\n", use.own, use.perRequest.Round(100*time.Nanosecond))
	switch {
	case !r.to.server.seen:
		fmt.Fprintln(w, "note: rss_mib and store_bytes are 0, for the server's GET /metrics could not be read (metrics.enabled)")
	case use.known:
		fmt.Fprintf(w, "note: the server used %.2f processors, %v a request; everybody else %.2f%s\n",
			use.server, use.serverPerRequest.Round(time.Microsecond), use.foreign, busyWord(use.foreign))
	}
	if r.limits != nil && r.scenario != "create" {
		fmt.Fprintf(w, "note: the bound is that of durable creates; scenario %s does something else\n", r.scenario)
	}
}

func busyWord(foreign float64) string {
	if foreign > .3 {
		return ": more than 0.3, so measure again when the machine is quiet"
	}
	return ""
}
