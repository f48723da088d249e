package connectortest

import (
	"context"
	"fmt"
	"sync"

	"penstock/engine/connector"
)

func unseenKeyIsAbsent(p *probe) {
	l := p.Live(p.t)
	out := p.lookup(context.Background(), "key never seen", l.Connector, p.order(k("unseen")))
	if l.Connector.Traits().Lookup && out.Verdict != connector.Absent {
		p.errorf("key never seen: got %s, want absent", out.Verdict)
	}
}

func sentKeyIsFound(p *probe) {
	l := p.Live(p.t)
	in := p.order(k("found"))
	first := p.send(context.Background(), "send", l.Connector, in)
	if first.Verdict != connector.Accepted && first.Verdict != connector.Paid {
		p.errorf("send: got %s, want accepted or paid", first.Verdict)
	}
	traits := l.Connector.Traits()
	if !traits.Lookup && !traits.Follow {
		return
	}
	if l.Settle != nil {
		l.Settle()
	}
	q := connector.Question{Key: in.Key, Amount: in.Amount, Service: in.Service, Sent: sent}
	if !traits.Lookup {
		q.Ref = first.Ref
	}
	if got := p.seek(context.Background(), "look up", l.Connector, q, in); got.Verdict != connector.Paid || got.Ref != first.Ref {
		p.errorf("after it settled: got %s %s, want paid %s", got.Verdict, got.Ref, first.Ref)
	}
}

// idempotentKeyMovesMoneyOnce holds the trait to its word: one after another
// and all at once.
func idempotentKeyMovesMoneyOnce(p *probe) {
	l := p.Live(p.t)
	if !l.Connector.Traits().Idempotent {
		return
	}
	in := p.order(k("once"))
	for range 2 {
		p.send(context.Background(), "again", l.Connector, in)
	}
	p.crowd(8, func(int) connector.Instruction { return p.order(k("crowd")) }, l.Connector)
	if l.Settle != nil {
		l.Settle()
	}
	for _, key := range []string{k("once"), k("crowd")} {
		if got := l.Movements(key); got != 1 {
			p.errorf("%s: money moved %d times, want once", key, got)
		}
	}
}

func manyAtOnce(p *probe) {
	l := p.Live(p.t)
	key := func(n int) string { return k(fmt.Sprintf("many%d", n)) }
	p.crowd(16, func(n int) connector.Instruction { return p.order(key(n)) }, l.Connector)
	if l.Settle != nil {
		l.Settle()
	}
	for n := range 16 {
		if got := l.Movements(key(n)); got != 1 {
			p.errorf("%s: money moved %d times, want once", key(n), got)
		}
	}
}

// crowd sends n orders at the same time.
func (p *probe) crowd(n int, order func(int) connector.Instruction, c connector.Connector) {
	verdicts := make([]connector.Verdict, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			out, _ := c.Send(context.Background(), order(i))
			verdicts[i] = out.Verdict
		})
	}
	group.Wait()
	same := order(0).Key == order(1).Key // then one may be told to look
	for _, v := range verdicts {
		if v != connector.Accepted && v != connector.Paid && !(same && v == connector.Unknown && c.Traits().Lookup) {
			p.errorf("one of %d at once: got %s, want accepted or paid", n, v)
		}
	}
}

func expiredContextMovesNothing(p *probe) {
	l := p.Live(p.t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in := p.order(k("over"))
	if got := p.send(ctx, "context over", l.Connector, in).Verdict; got != connector.Unknown {
		p.errorf("context over: got %s, want unknown", got)
	}
	if l.Settle != nil {
		l.Settle()
	}
	if got := l.Movements(in.Key); got != 0 {
		p.errorf("context over: money moved %d times", got)
	}
}
