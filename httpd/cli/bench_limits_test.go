package cli

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// TestBoundIsTheContractsFormula has figures that can be reckoned by hand.
func TestBoundIsTheContractsFormula(t *testing.T) {
	rows := []struct {
		c          int
		batch      time.Duration
		http, seal float64
		want       float64
	}{
		{1, time.Millisecond, 1e3, 1e3, 1000. / 3},                 // 1 / (1 ms + 1 ms + 1 ms)
		{64, 940 * time.Microsecond, 52_000, 754_000, 64 / .00225}, // 0.94 + 64 x (19.23 + 1.33) us = 2.256 ms
		{100, 10 * time.Millisecond, 1e4, 1e12, 5000},              // 100 / (10 ms + 10 ms)
	}
	for _, row := range rows {
		got := benchBound(row.c, row.batch, row.http, row.seal)
		if math.Abs(got-row.want)/row.want > .005 {
			t.Errorf("C=%d batch=%v http=%v seal=%v: got %.1f, want %.1f", row.c, row.batch, row.http, row.seal, got, row.want)
		}
	}
}

// TestLimitsAreMeasuredAndLeaveNothing measures for real.
func TestLimitsAreMeasuredAndLeaveNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes eight seconds of disk and processor; left out by -short")
	}
	dir := t.TempDir()
	var said []string
	l, err := measureLimits(t.Context(), dir, 8, func(what string) { said = append(said, what) })
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]float64{"fsync": l.Fsync, "bbolt": l.Bbolt, "http": l.HTTP, "seal": l.Seal, "batch": l.batch.Seconds()} {
		if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
			t.Errorf("%s: got %v", name, v)
		}
	}
	if want := benchBound(8, l.batch, l.HTTP, l.Seal); l.Bound != want || l.Bound >= l.HTTP {
		t.Errorf("bound: got %v, want %v, less than %v", l.Bound, want, l.HTTP)
	}
	if len(said) != 5 {
		t.Errorf("said %q, want each of five steps", said)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v, want nothing", left, err)
	}
}

// TestBodyHasTheUsualSize keeps the bodies at what the limit is measured with,
// and valid.
func TestBodyHasTheUsualSize(t *testing.T) {
	s := &benchScenario{client: &benchClient{run: "bench_0123456789"}, customer: "bench_0123456789"}
	for _, how := range []string{benchBank, benchCard} {
		body := s.body(s.ref(1234567), true, how)
		if len(body) < 600 || len(body) > 700 {
			t.Errorf("%s: got %d bytes, want about 650", body, len(body))
		}
		if !json.Valid(body) {
			t.Errorf("%s is not JSON", body)
		}
		var rc fasthttp.RequestCtx
		rc.Request.SetBody(body)
		answerEmpty(&rc)
		if got := rc.Response.StatusCode(); got != fasthttp.StatusOK {
			t.Errorf("%s: the empty server answers %d", body, got)
		}
		if n := len(rc.Response.Body()); n < 400 || n > 600 {
			t.Errorf("the empty answer has %d bytes, want about 500", n)
		}
	}
}
