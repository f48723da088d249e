package webhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Verdict is what an answer means for the delivery. The zero Verdict is Retry,
// so that no answer at all (a timeout, a cut connection) is a failure to repeat.
type Verdict int

const (
	Retry     Verdict = iota // try again by the schedule
	Delivered                // the receiver has it
	Gone                     // 410: send nothing more; a configured endpoint is disabled
)

func (v Verdict) String() string {
	switch v {
	case Delivered:
		return "delivered"
	case Gone:
		return "gone"
	}
	return "retry"
}

// Answer is what the receiver said. The zero Answer is that it said nothing.
type Answer struct {
	Verdict Verdict
	// After is how long it asked to be left alone (Retry-After), zero when it
	// asked for nothing that can be read.
	After time.Duration
	// Throttled says that it refused for being asked too often (429).
	Throttled bool
}

// Judge reads an answer's status and headers. Delivered is 2xx alone, in jsonapi
// exactly 200, as that dialect's receivers are told. A redirect is a failure: it
// is never followed, for it would lead where nobody checked.
func Judge(p Profile, status int, h http.Header, now time.Time) Answer {
	switch {
	case p == JSONAPI && status == http.StatusOK,
		p != JSONAPI && status >= 200 && status <= 299:
		return Answer{Verdict: Delivered}
	case status == http.StatusGone:
		return Answer{Verdict: Gone}
	}
	return Answer{
		After:     retryAfter(h.Get("Retry-After"), now),
		Throttled: status == http.StatusTooManyRequests,
	}
}

// maxRetryAfter bounds what is read; the schedule clamps it far lower.
const maxRetryAfter = 7 * 24 * time.Hour

// retryAfter reads RFC 9110 10.2.3: seconds or an HTTP date. Zero is what is
// absent, past or unreadable.
func retryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return 0
	}
	if strings.Trim(s, "0123456789") == "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(n) * time.Second
	}
	at, err := http.ParseTime(s)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(now), maxRetryAfter))
}
