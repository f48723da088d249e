package dash

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// Bounds of what keeps pages up to date. A stream is short, because an answer
// may take only so long; the browser asks again, and has then missed nothing,
// since it looks at the page anew.
const (
	maxStreams   = 128             // at one time
	maxOwn       = 6               // of one session
	liveFor      = 8 * time.Second // a stream, unless Config says otherwise
	liveSettle   = time.Second     // from a word until it is passed on: then the change can be read
	liveHeader   = "X-Penstock-Live"
	liveGreeting = "retry: 1000\n\n"
)

// streams counts those that are open, by session.
type streams struct {
	mu  sync.Mutex
	all int
	own map[string]int
}

// open says whether one more may be opened; close must then follow.
func (s *streams) open(session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxStreams || s.own[session] >= maxOwn {
		return false
	}
	if s.own == nil {
		s.own = map[string]int{}
	}
	s.all++
	s.own[session]++
	return true
}

func (s *streams) close(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.own[session]--; s.own[session] == 0 {
		delete(s.own, session)
	}
}

// live tells a page that something of its merchant and mode has changed. It
// says nothing of what: the page is read anew, with the rights of whoever
// looks at it.
func (d *Dash) live(_ context.Context, v *visit) (wire.Reply, error) {
	session, scope := v.session.ID, v.scope
	if !d.streams.open(session) {
		return wire.Reply{}, wire.ErrRateLimited
	}
	life := d.LiveFor
	if life == 0 {
		life = liveFor
	}
	return wire.Reply{Header: [][2]string{{"Content-Type", "text/event-stream"}, {"X-Accel-Buffering", "no"}}, Stream: func(ctx context.Context, w io.Writer) error {
		defer d.streams.close(session)
		return d.tell(ctx, w, scope, life)
	}}, nil
}

// tell writes a word for each change, at most one in liveSettle, until life or
// ctx is over.
func (d *Dash) tell(ctx context.Context, w io.Writer, s engine.Scope, life time.Duration) error {
	heard, stop := d.Engine.Watch(s)
	defer stop()
	end := time.NewTimer(life)
	defer end.Stop()
	if _, err := io.WriteString(w, liveGreeting); err != nil {
		return nil // whoever listened has gone
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-end.C:
			return nil
		case <-heard:
		}
		settle := time.NewTimer(liveSettle)
		select {
		case <-ctx.Done():
			settle.Stop()
			return nil
		case <-settle.C:
		}
		if _, err := io.WriteString(w, "event: change\ndata: 1\n\n"); err != nil {
			return nil
		}
	}
}

// isLive says that a page keeps itself up to date: it shows what goes on by
// itself, and has no form that somebody may be filling in.
func isLive(v *visit) bool {
	if v.Method != "GET" || v.shop == nil || v.Query("before") != "" {
		return false
	}
	parts := strings.Split(strings.Trim(v.here(), "/"), "/")
	switch {
	case len(parts) == 1:
		return slices.Contains([]string{"", "requests", "payouts", "links", "webhooks", "deposits"}, parts[0])
	case len(parts) == 2:
		return parts[0] == "requests" || parts[0] == "payouts" || parts[0] == "deposits"
	}
	return len(parts) == 3 && parts[0] == "requests" && slices.Contains([]string{"payouts", "events", "deliveries"}, parts[2])
}
