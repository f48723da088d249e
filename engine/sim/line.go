package sim

import (
	"context"
	"errors"
	"net/http"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/store/faulty"
)

// The way between the engine and the provider, and what can be wrong with it.

// connect builds the engine's way to the provider. Each call takes the time
// that the provider's answer takes; a call that is cut takes all it is given,
// as a hanging one does.
func (w *World) connect(a connector.Account) (connector.Connector, error) {
	a.Secrets = map[string]string{sandbox.SecretName: noticeSecret}
	traits := w.Traits
	if traits == (connector.Traits{}) {
		traits = sandbox.DefaultTraits()
	}
	build := sandbox.InProcess(w.Provider, sandbox.WithTraits(traits))
	if other := w.sideOf(a); other != nil {
		build = other
	} else if w.Bank != nil {
		a.BaseURL, build = bankURL, sandbox.HTTP(w.Bank, sandbox.WithTraits(traits))
	}
	inner, err := build(a)
	if err != nil {
		return nil, err
	}
	l := &line{Connector: inner, w: w, account: a.ID}
	if !traits.Follow || traits.Lookup {
		return l, nil
	}
	traits.Lookup = true // the provider can be asked; what it is asked by is a name of its own
	byKey, err := sandbox.InProcess(w.Provider, sandbox.WithTraits(traits))(a)
	return &follower{l, byKey}, err
}

// follower is the way to a provider that is asked by its own name of a
// transfer alone.
type follower struct {
	*line
	byKey connector.Connector
}

func (f *follower) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	if q.Ref == "" {
		return connector.Doubt(connector.ErrNoLookup)
	}
	out, err := f.byKey.Lookup(ctx, q.Key)
	f.took(err)
	if out.Ref != q.Ref {
		return connector.Doubt(errors.New("sim: another transfer's name"))
	}
	return out, err
}

// noticeSecret is what the provider signs its notifications with.
const noticeSecret = "a secret of the provider and us"

type line struct {
	connector.Connector
	w       *World
	account string
}

// Acquire passes on what is asked about money that comes in.
func (l *line) Acquire(ctx context.Context, c connector.Acquisition) (connector.Acquired, error) {
	if t := l.w.Till; t != nil {
		ask := acquireFunc(func(c connector.Acquisition) (connector.Acquired, error) { return t.acquire(l.account, c) })
		if l.w.Break.Acquire != nil {
			ask = l.w.Break.Acquire(l.w, ask)
		}
		return ask(c)
	}
	if in, ok := l.Connector.(connector.Acquirer); ok {
		return in.Acquire(ctx, c)
	}
	return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Unknown}}, errors.New("sim: takes no money in")
}

func (l *line) Traits() connector.Traits {
	t := l.Connector.Traits()
	if l.w.Break.Traits != nil {
		t = l.w.Break.Traits(t)
	}
	return t
}

func (l *line) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if l.w.PanicKey == in.Key {
		l.w.panicked = true
		panic("sim: a poisoned record")
	}
	if l.w.CutAtSend {
		l.w.CutAtSend = false
		l.w.Store.Cut()
		return connector.Outcome{}, faulty.ErrPowerCut
	}
	l.w.sends[in.Key]++
	send := l.Connector.Send
	if l.w.Break.Send != nil {
		send = l.w.Break.Send(l.w, send)
	}
	out, err := send(ctx, in)
	l.took(err)
	if l.w.OnSend != nil {
		l.w.OnSend(ctx) // the answer is here, and the worker that has it stalls
	}
	return out, err
}

// Transfers is the provider's own list.
func (l *line) Transfers(ctx context.Context, since time.Time) ([]connector.Transfer, error) {
	if l.w.Unlisted {
		return nil, errors.New("sim: the provider's list is out of order")
	}
	return l.Connector.(connector.Lister).Transfers(ctx, since)
}

func (l *line) Notification(h http.Header, body []byte) (connector.Notice, error) {
	if l.w.Break.Unsigned {
		h = sandbox.Posting{Body: body}.Header(noticeSecret, l.w.Clock.Now())
	}
	return l.Connector.(connector.Notifier).Notification(h, body)
}

func (l *line) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	if l.w.PanicKey == key {
		l.w.panicked = true
		panic("sim: a poisoned record")
	}
	out, err := l.Connector.Lookup(ctx, key)
	l.took(err)
	return out, err
}

func (l *line) took(err error) {
	d := 20 * time.Millisecond
	if err != nil {
		d = l.w.Engine.Timing.Deadline
	}
	l.w.Clock.Advance(d)
}
