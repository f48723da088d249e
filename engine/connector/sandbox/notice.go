package sandbox

import (
	"context"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	maxOutbox = 10_000 // notifications that nobody takes; beyond it the oldest are lost, as in life
	maxTries  = 5
)

// Posting is one notification on its way: Body is to be posted to URL.
type Posting struct {
	URL  string
	Body []byte

	entry entry
}

// Header is what a posting is sent with, signed at the time at.
func (n Posting) Header(secret string, at time.Time) http.Header {
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "penstock-sandbox")
	h.Set(SignatureHeader, sign(secret, at, n.Body))
	return h
}

// planNotices plans what is to be said about a transfer's new status. Each
// copy takes its own time, so they come late, twice and out of order.
func (p *Provider) planNotices(c *change, now time.Time, t Transfer) {
	if t.NotifyURL == "" {
		return
	}
	r := t.Dice.stream("n/" + string(t.Status))
	once, twice, first, second := r.Float64(), r.Float64(), r.Float64(), r.Float64()
	if once >= p.faults.Notify {
		return
	}
	body, err := json.Marshal(wireNotice{wireOf(t), now.UTC().Format(time.RFC3339Nano)})
	if err != nil {
		return // a row of the ledger always has a JSON form
	}
	delays := []float64{first}
	if twice < p.faults.NotifyTwice {
		delays = append(delays, second)
	}
	for _, delay := range delays {
		p.plan(c, entry{At: now.Add(p.faults.LateMS.at(delay)), Kind: notice, URL: t.NotifyURL, Body: string(body)})
	}
}

// post makes a notification ready to be taken.
func (p *Provider) post(e entry) {
	if len(p.outbox) == maxOutbox {
		lost := p.outbox[0]
		p.outbox = p.outbox[1:]
		p.commit(change{Done: []uint64{lost.ID}})
	}
	p.outbox = append(p.outbox, e)
	select {
	case p.mail <- struct{}{}:
	default:
	}
}

// Deliver hands notifications to send, one after another as they fall due,
// until ctx ends; somebody must Run the provider meanwhile. Several may
// Deliver at once. send says whether the other side received it. One that was
// handed out when the process ends is posted again by the next.
func (p *Provider) Deliver(ctx context.Context, send func(context.Context, Posting) bool) {
	for {
		n, ok := p.Take()
		if ok {
			received := send(ctx, n)
			if ctx.Err() != nil {
				return
			}
			p.Posted(n, received)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-p.mail:
		}
	}
}

// Take hands out a notification that is due. Whoever takes it says Posted.
func (p *Provider) Take() (Posting, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.catchUp()
	if len(p.outbox) == 0 {
		return Posting{}, false
	}
	e := p.outbox[0]
	p.outbox = p.outbox[1:]
	return Posting{URL: e.URL, Body: []byte(e.Body), entry: e}, true
}

// Posted says whether a notification was received. If not, it is tried again
// after 1, 2, 4 and 8 seconds, also by a provider that was killed meanwhile.
func (p *Provider) Posted(n Posting, received bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := change{Done: []uint64{n.entry.ID}}
	if again := n.entry; !received && again.Try+1 < maxTries {
		again.At = p.now().Add(time.Second << again.Try)
		again.Try++
		p.plan(&c, again)
	}
	p.commit(c)
}
