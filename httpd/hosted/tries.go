package hosted

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"penstock/httpd/wire"
)

// How often a form may be sent.
const (
	perMinute  = 10
	maxTracked = 1 << 14
)

// tries counts how often each link's form was sent, within a bound: what was
// not seen for longest is forgotten. A crash forgets all.
type tries struct {
	now func() time.Time

	mu    sync.Mutex
	of    map[string]*rate.Limiter
	order []string // the oldest first
}

func newTries(now func() time.Time) *tries { return &tries{now: now, of: map[string]*rate.Limiter{}} }

// take counts one more, or says when the next may come.
func (t *tries) take(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.of[id]
	if l == nil {
		if len(t.order) >= maxTracked {
			delete(t.of, t.order[0])
			t.order = t.order[1:]
		}
		l = rate.NewLimiter(rate.Every(time.Minute/perMinute), perMinute)
		t.of[id], t.order = l, append(t.order, id)
	}
	if now := t.now(); !l.AllowN(now, 1) {
		return &wire.RateError{RetryAfter: time.Minute / perMinute}
	}
	return nil
}
