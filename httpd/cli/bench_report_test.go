package cli

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func exampleResult() benchResult {
	l := &benchLoad{Workers: 64, Length: 10 * time.Second, lasted: 10 * time.Second}
	for i := range 200 {
		l.note(time.Unix(0, 0), time.Unix(0, 0).Add(time.Duration(i+1)*time.Millisecond), benchOutcome{requests: 2, finished: 1})
	}
	l.record.done.Store(120_000)
	l.record.finished.Store(100)
	l.record.fail("HTTP 503 HE_00")
	server := benchServer{rss: 64 << 20, store: 256 << 20, cpu: 10, seen: true}
	return benchResult{scenario: "create", load: l, from: benchCost{at: time.Unix(0, 0)}, to: benchCost{at: time.Unix(10, 0), own: 3 * time.Second, server: server}}
}

// members lists the members of an object, nested ones by their path.
func members(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal(text, &top); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	all := map[string]any{}
	var walk func(prefix string, o map[string]any)
	walk = func(prefix string, o map[string]any) {
		for k, v := range o {
			if inner, ok := v.(map[string]any); ok {
				walk(prefix+k+".", inner)
				continue
			}
			all[prefix+k] = v
		}
	}
	walk("", top)
	return all
}

// TestReportIsTheContracts wants every member that scripts rely on, by its
// exact name, on one line, and no other.
func TestReportIsTheContracts(t *testing.T) {
	r := exampleResult()
	r.limits = &benchLimits{Fsync: 5138.2, Bbolt: 4272, HTTP: 52_048, Seal: 754_000, Bound: 24_000}
	var out bytes.Buffer
	if err := r.writeJSON(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("want one line, got %q", &out)
	}
	want := map[string]any{
		"scenario": "create", "seconds": 10., "requests": 400., "throughput": 12000., "payouts_finished": 100., "errors": 1.,
		"p50_ms": 100.139, "p95_ms": 190.841, "p99_ms": 198.181, "max_ms": 200.,
		"limits.fsync_per_s": 5138., "limits.bbolt_commits_per_s": 4272., "limits.http_per_s": 52048., "limits.seal_per_s": 754000.,
		"limits.bound_per_s": 24000., "share_of_limit": .5, "server.rss_mib": 64., "server.store_bytes": float64(256 << 20),
	}
	if got := members(t, out.Bytes()); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestWithoutLimitsNothingIsInvented has null where nothing was measured.
func TestWithoutLimitsNothingIsInvented(t *testing.T) {
	var out bytes.Buffer
	if err := exampleResult().writeJSON(&out); err != nil {
		t.Fatal(err)
	}
	got := members(t, out.Bytes())
	for _, name := range []string{"limits", "share_of_limit"} {
		if v, there := got[name]; !there || v != nil {
			t.Errorf("%s: got %v, there %v, want null", name, v, there)
		}
	}
}

func TestTableAndNotesSayWhatWasFound(t *testing.T) {
	r := exampleResult()
	r.limits = &benchLimits{Fsync: 5138, Bbolt: 4272, HTTP: 52_048, Seal: 754_000, Bound: 24_000, batch: 940 * time.Microsecond}
	var table, notes bytes.Buffer
	if err := r.writeTable(&table); err != nil {
		t.Fatal(err)
	}
	r.writeNotes(&notes)
	for _, want := range []string{"closed loop, 64 workers", "12000/s", "50.0 %", "commits in 0.94 ms", "64.0 MiB resident", "+256.0 MiB"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("table lacks %q:\n%s", want, &table)
		}
	}
	for _, want := range []string{"error: HTTP 503 HE_00: 1 times", "used 0.30 processors, 7.5ms a request"} {
		if !strings.Contains(notes.String(), want) {
			t.Errorf("notes lack %q:\n%s", want, &notes)
		}
	}
}

func TestMetricsAreReadByTheirWholeName(t *testing.T) {
	text := []byte("# HELP penstock_store_bytes Size.\n# TYPE penstock_store_bytes gauge\npenstock_store_bytes_total 3\npenstock_store_bytes 1.6777216e+07\nprocess_cpu_seconds_total 4.25 1700000000\n")
	rows := []struct {
		name string
		want float64
		ok   bool
	}{{"penstock_store_bytes", 1 << 24, true}, {"process_cpu_seconds_total", 4.25, true}, {"process_resident_memory_bytes", 0, false}}
	for _, row := range rows {
		if got, ok := benchMetric(text, row.name); got != row.want || ok != row.ok {
			t.Errorf("%s: got %v %v, want %v %v", row.name, got, ok, row.want, row.ok)
		}
	}
}
