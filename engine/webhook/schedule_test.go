package webhook

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const middle = 1 << 63 // the jitter that leaves the base as it is

func spell(s Schedule) string {
	var list []string
	for _, d := range s {
		list = append(list, d.String())
	}
	return strings.Join(list, " ")
}

func TestSchedulesAreThoseOfTheDialects(t *testing.T) {
	linear, sum := Default(JSONAPI), time.Duration(0)
	for i, d := range linear {
		if want := time.Duration(i+1) * time.Minute; d != want {
			t.Errorf("jsonapi: pause %d = %s, want %s", i+1, d, want)
		}
		sum += d
	}
	if len(linear) != 100 || sum != 5050*time.Minute {
		t.Errorf("jsonapi: %d retries in %s, want 100 in 5050 minutes", len(linear), sum)
	}
	example := "5s 5m0s 30m0s 2h0m0s 5h0m0s 10h0m0s 14h0m0s 20h0m0s 24h0m0s"
	for p, want := range map[Profile]string{
		Rest: "1m0s 5m0s 5m0s 10m0s 10m0s 10m0s 10m0s 10m0s" +
			" 1h0m0s 1h0m0s 1h0m0s 1h0m0s 1h0m0s 6h0m0s 6h0m0s 6h0m0s",
		Standard: example,
		Hosted:   example,
	} {
		if got := spell(Default(p)); got != want {
			t.Errorf("%s: pauses = %s, want %s", p, got, want)
		}
	}
}

func TestNextFollowsTheScheduleAndEnds(t *testing.T) {
	for _, p := range []Profile{Rest, JSONAPI, Hosted, Standard} {
		s := Default(p)
		if d, ok := Next(p, 0, Answer{}, math.MaxUint64); d != 0 || !ok {
			t.Errorf("%s: before the first try Next = %s, %v, want 0, true", p, d, ok)
		}
		for i, base := range s {
			d, ok := Next(p, i+1, Answer{}, middle)
			if off := d - base; !ok || off < 0 || off > 1 {
				t.Errorf("%s: after %d failures Next = %s, %v, want %s", p, i+1, d, ok, base)
			}
		}
		for _, failures := range []int{-1, len(s) + 1, math.MaxInt} {
			if d, ok := Next(p, failures, Answer{}, middle); ok {
				t.Errorf("%s: after %d failures Next = %s, true, want an end", p, failures, d)
			}
		}
	}
	if d, ok := Next(Rest, 1, Answer{Verdict: Gone}, middle); ok {
		t.Errorf("after 410 Next = %s, true, want an end", d)
	}
	if d, ok := Next(Rest, 1, Answer{Verdict: Delivered}, middle); ok {
		t.Errorf("after delivery Next = %s, true, want an end", d)
	}
}

func TestRetryAfterIsHonouredWithinTwiceTheBase(t *testing.T) {
	const base = 5 * time.Minute // rest, second failure
	for _, row := range []struct {
		name      string
		failures  int
		a         Answer
		low, high time.Duration
	}{
		{"no wish", 2, Answer{}, 4 * time.Minute, 6 * time.Minute},
		{"shorter than the base", 2, Answer{After: time.Second}, base, 6 * time.Minute},
		{"longer", 2, Answer{After: 7 * time.Minute}, 7 * time.Minute, 8*time.Minute + 24*time.Second},
		{"almost twice", 2, Answer{After: 9 * time.Minute}, 9 * time.Minute, 10 * time.Minute},
		{"far longer", 2, Answer{After: time.Hour}, 2 * base, 2 * base},
		{"429, base 5 min", 2, Answer{Throttled: true}, 4 * time.Minute, 6 * time.Minute},
		{"429, base 1 min", 1, Answer{Throttled: true}, time.Minute, 72 * time.Second},
	} {
		low, _ := Next(Rest, row.failures, row.a, 0)
		high, _ := Next(Rest, row.failures, row.a, math.MaxUint64)
		if low != row.low || high != row.high {
			t.Errorf("%s: Next in [%s, %s], want [%s, %s]", row.name, low, high, row.low, row.high)
		}
	}
	if d, _ := Next(Standard, 1, Answer{Throttled: true, After: time.Second}, 0); d != time.Minute {
		t.Errorf("429 where the base is 5 s: Next = %s, want 1 minute", d)
	}
}

func TestJitterStaysInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]Profile{Rest, JSONAPI, Hosted, Standard}).Draw(t, "profile")
		s := Default(p)
		failures := rapid.IntRange(1, len(s)).Draw(t, "failures")
		a := Answer{
			After:     time.Duration(rapid.Int64Range(0, int64(maxRetryAfter)).Draw(t, "after")),
			Throttled: rapid.Bool().Draw(t, "throttled"),
		}
		d, ok := s.Next(failures, a, rapid.Uint64().Draw(t, "jitter"))
		base := s[failures-1]
		least, most := base-base/5, base+base/5
		if a.After > 0 {
			least, most = base, 2*base
		}
		if a.Throttled {
			least, most = max(least, time.Minute), max(most, 72*time.Second)
		}
		if !ok || d < least || d > most {
			t.Fatalf("%s: Next(%d, %+v) = %s, %v, want within [%s, %s]", p, failures, a, d, ok, least, most)
		}
	})
}

func TestLinearRefusesWhatCannotBeKept(t *testing.T) {
	for _, row := range []struct {
		interval time.Duration
		retries  int
		ok       bool
	}{
		{time.Minute, 0, true}, {time.Second, 1000, true},
		{0, 5, false}, {-time.Second, 5, false}, {time.Second, -1, false}, {time.Second, 1001, false},
		{math.MaxInt64, 2, false}, {24 * time.Hour, 31, false},
	} {
		s, err := Linear(row.interval, row.retries)
		if row.ok != (err == nil) || (err != nil && !errors.Is(err, ErrSchedule)) || (row.ok && len(s) != row.retries) {
			t.Errorf("Linear(%s, %d) = %d pauses, %v, want ok %v", row.interval, row.retries, len(s), err, row.ok)
		}
	}
}

func TestVerdictOfEachStatus(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		profile Profile
		status  int
		after   string
		want    Answer
	}{
		{Rest, 200, "", Answer{Verdict: Delivered}},
		{Rest, 204, "", Answer{Verdict: Delivered}},
		{Standard, 299, "", Answer{Verdict: Delivered}},
		{Hosted, 202, "120", Answer{Verdict: Delivered}},
		{JSONAPI, 200, "", Answer{Verdict: Delivered}},
		{JSONAPI, 204, "", Answer{}},
		{Rest, 0, "", Answer{}},
		{Rest, 101, "", Answer{}},
		{Rest, 301, "", Answer{}},
		{Rest, 307, "", Answer{}},
		{Rest, 404, "", Answer{}},
		{Rest, 410, "60", Answer{Verdict: Gone}},
		{JSONAPI, 410, "", Answer{Verdict: Gone}},
		{Rest, 429, "", Answer{Throttled: true}},
		{Rest, 429, "120", Answer{Throttled: true, After: 2 * time.Minute}},
		{Rest, 503, " 30 ", Answer{After: 30 * time.Second}},
		{Rest, 503, "Sat, 21 Nov 2026 12:05:00 GMT", Answer{After: 5 * time.Minute}},
		{Rest, 503, "Sat, 21 Nov 2026 11:05:00 GMT", Answer{}},
		{Rest, 503, "-5", Answer{}},
		{Rest, 503, "1.5", Answer{}},
		{Rest, 503, "soon", Answer{}},
		{Rest, 503, "99999999999999999999999999", Answer{After: maxRetryAfter}},
		{Rest, 503, "Fri, 31 Dec 9999 23:59:59 GMT", Answer{After: maxRetryAfter}},
	} {
		h := http.Header{}
		if row.after != "" {
			h.Set("Retry-After", row.after)
		}
		if got := Judge(row.profile, row.status, h, now); got != row.want {
			t.Errorf("Judge(%s, %d, Retry-After %q) = %+v, want %+v", row.profile, row.status, row.after, got, row.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Sat, 21 Nov 2026 12:05:00 GMT")
	f.Add("Sunday, 06-Nov-94 08:49:37 GMT")
	f.Add("99999999999999999999")
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if d := retryAfter(s, now); d < 0 || d > maxRetryAfter {
			t.Fatalf("retryAfter(%q) = %s", s, d)
		}
	})
}
