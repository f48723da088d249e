package engine

import (
	"time"

	"penstock/engine/webhook"
)

// A receiver that is down refuses whatever it is sent. Its first tries go out
// all the same, since each is the news of something; but that every retry finds
// out for itself what the one before it found out would cost more than the
// payouts that are told of, and grow for as long as the receiver is down. So
// after so many failures without a success its retries wait behind one of them,
// the probe, which goes out after a pause that grows. Whatever lands, a probe or
// a first try, lets all of them go. Waiting for it uses up nothing of a
// delivery's schedule.
//
// It is known in memory alone: after a crash the first failures find it out again.

// outage is what is known of an endpoint whose latest tries failed.
type outage struct {
	failures int           // since the last success
	probes   int           // of these, retries that went out alone
	probe    time.Duration // when a retry may go out: monotonic time
}

const (
	// probeFirst and probeMost bound the pause between two probes.
	probeFirst, probeMost = time.Second, 30 * time.Second
)

// retryLane is where the retries to a delivery's receiver wait.
func (d *Delivery) retryLane(s Scope) string { return d.receiver("r", s) }

func (d *Delivery) receiver(kind string, s Scope) string {
	return s.name(kind, d.Endpoint, "\x00", d.URL)
}

// isRetry says whether the next attempt is one that the schedule asks for.
func (d *Delivery) isRetry() bool { return d.Tries > 0 && d.Manual == nil }

// fails says that the receiver whose retries wait in the lane is down.
func (l *lanes) fails(lane string) bool { return l.outages[lane].failures >= l.down }

// shut says whether retries of the lane wait for a probe: it isn't time for one
// yet, or one is under way.
func (l *lanes) shut(lane string, c *claims, now time.Duration) bool {
	if !l.fails(lane) {
		return false
	}
	return now < l.outages[lane].probe || l.of[lane] > 0 || (c != nil && c.taken[lane] > 0)
}

// reached notes how a try at a receiver went. News that fails puts no probe off.
func (e *Engine) reached(lane string, retry bool, v webhook.Verdict) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := &e.lanes
	o, failing := l.outages[lane]
	if v == webhook.Delivered {
		if failing {
			delete(l.outages, lane)
			e.ring() // what waited may go
		}
		return
	}
	if !failing && len(l.outages) >= manyLanes {
		clear(l.outages)
	}
	if o.failures++; o.failures >= l.down && (retry || o.failures == l.down) {
		o.probe = e.Clock.Mono() + min(probeFirst<<min(o.probes, 10), probeMost)
		o.probes++
	}
	l.outages[lane] = o
}
