package connectortest

import (
	"context"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// sentKeyIsListedOnce is for a connector that is a Lister: a store that has
// forgotten a payout makes it anew from the list. What the list leaves out
// stays forgotten; a wrong amount would be booked.
func sentKeyIsListedOnce(p *probe) {
	l := p.Live(p.t)
	lister, ok := l.Connector.(connector.Lister)
	if !ok {
		return
	}
	sent := map[string]connector.Instruction{}
	for key, minor := range map[string]int64{k("listed_1"): 1250, k("listed_2"): 1} {
		in := p.Instruction(key, money.New(minor, p.currency()))
		p.send(context.Background(), "send", l.Connector, in)
		sent[key] = in
	}
	if l.Connector.Traits().Idempotent {
		p.send(context.Background(), "send again", l.Connector, sent[k("listed_1")])
	}
	if l.Settle != nil {
		l.Settle()
	}
	list, err := lister.Transfers(context.Background(), time.Time{})
	if err != nil {
		p.errorf("list: %v", err)
	}
	seen := map[string]int{}
	for _, t := range list {
		seen[t.Key]++
		in, ours := sent[t.Key]
		switch {
		case !ours:
			p.errorf("list: has %s, which was never sent", t.Key)
		case t.Amount != in.Amount:
			p.errorf("list: %s has %s, want %s", t.Key, t.Amount, in.Amount)
		case t.Service != "" && t.Service != in.Service:
			p.errorf("list: %s has service %q, want %q or none", t.Key, t.Service, in.Service)
		}
	}
	for key := range sent {
		if seen[key] != 1 {
			p.errorf("list: has %s %d times, want once", key, seen[key])
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if list, err := lister.Transfers(ctx, time.Time{}); err == nil {
		p.errorf("list, context over: got %d transfers and no error", len(list))
	}
}
