package webhook

import (
	"errors"
	"fmt"
	"math/bits"
	"time"
)

// Schedule is the pause before each retry: the n-th is what follows the n-th
// failure. When it is used up the delivery has failed for good, and only a
// manual resend sends it again.
type Schedule []time.Duration

// ErrSchedule is wrapped by the refusal of a schedule that can't be kept.
var ErrSchedule = errors.New("webhook: bad schedule")

const (
	maxRetries = 1000
	maxPause   = 30 * 24 * time.Hour
	// throttlePause is the least pause after a 429.
	throttlePause = time.Minute
)

// Default is the profile's own schedule.
//
//   - rest, as Hyperswitch: 1 minute, 2 x 5 minutes, 5 x 10 minutes, 5 x 1 hour,
//     3 x 6 hours: 16 retries in about 24 hours.
//   - jsonapi, as PayCore: linear, the n-th pause n x 60 s, 100 retries in 3.5 days.
//   - hosted and standard, the example schedule of Standard Webhooks 1.0.0: the
//     first try at once, then 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 hours:
//     ten tries, the last 75:35:05 after the first.
func Default(p Profile) Schedule {
	switch p {
	case Rest:
		const m, h = time.Minute, time.Hour
		return Schedule{
			m,
			5 * m, 5 * m,
			10 * m, 10 * m, 10 * m, 10 * m, 10 * m,
			h, h, h, h, h,
			6 * h, 6 * h, 6 * h,
		}
	case JSONAPI:
		s, _ := Linear(time.Minute, 100)
		return s
	}
	return Schedule{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute,
		2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// Linear is the schedule whose n-th pause is n x interval, of so many retries.
func Linear(interval time.Duration, retries int) (Schedule, error) {
	if retries < 0 || retries > maxRetries {
		return nil, fmt.Errorf("%d retries, must be 0 to %d: %w", retries, maxRetries, ErrSchedule)
	}
	if interval < time.Second || interval > maxPause/time.Duration(max(1, retries)) {
		return nil, fmt.Errorf("interval %s: must be a second or more, the last pause at most %s: %w", interval, maxPause, ErrSchedule)
	}
	s := make(Schedule, retries)
	for i := range s {
		s[i] = time.Duration(i+1) * interval
	}
	return s, nil
}

// Next is the pause after so many failures, counted from the end of the last
// attempt, by the profile's default schedule. See [Schedule.Next].
func Next(p Profile, failures int, a Answer, jitter uint64) (delay time.Duration, ok bool) {
	return Default(p).Next(failures, a, jitter)
}

// Next is the pause after so many failures, the last of which got the answer a.
// It is not ok when there is nothing more to try: delivered, gone, or the
// schedule is used up. With no failure the pause is zero.
//
// The pause is that of the schedule, -20 % to +20 % by jitter, a uniformly
// random number. A receiver that asked for a pause gets it, but not less than
// the schedule's and not more than twice it, and up to 20 % longer within that:
// a thousand deliveries told the same second must not come back in it. After a
// 429 it is a minute at least.
func (s Schedule) Next(failures int, a Answer, jitter uint64) (delay time.Duration, ok bool) {
	if a.Verdict != Retry || failures < 0 || failures > len(s) {
		return 0, false
	}
	if failures == 0 {
		return 0, true
	}
	base := s[failures-1]
	low, high := base-base/5, base+base/5
	if a.After > 0 {
		low = min(max(a.After, base), 2*base)
		high = min(low+low/5, 2*base)
	}
	if a.Throttled && low < throttlePause {
		low, high = throttlePause, max(high, throttlePause+throttlePause/5)
	}
	return between(low, high, jitter), true
}

// between maps jitter to [low, high] in whole nanoseconds, without bias worth
// naming: the high half of a 128-bit product.
func between(low, high time.Duration, jitter uint64) time.Duration {
	part, _ := bits.Mul64(jitter, uint64(high-low)+1)
	return low + time.Duration(part)
}
