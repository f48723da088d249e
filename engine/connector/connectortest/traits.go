package connectortest

import (
	"context"
	"fmt"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// traitsFitTogether: a trait that another makes meaningless is a mistake about
// one of them.
func traitsFitTogether(p *probe) {
	c := p.built()
	t := c.Traits()
	_, seeks := c.(connector.Seeker)
	for what, wrong := range map[string]bool{
		"it changes from call to call":      t != c.Traits(),
		"Window without Idempotent":         t.Window != 0 && !t.Idempotent,
		"Window is negative":                t.Window < 0,
		"Settle is negative":                t.Settle < 0,
		"KeepsRefusal without Idempotent":   t.KeepsRefusal && !t.Idempotent,
		"Follow without being a Seeker":     t.Follow && !seeks,
		"a Seeker without Lookup or Follow": seeks && !t.Lookup && !t.Follow,
	} {
		if wrong {
			p.errorf("traits: %s", what)
		}
	}
}

// century stands for ever.
const century = 100 * 365 * 24 * time.Hour

// keyIsKeptForTheWindow sends a key again just before the declared window
// ends, or a century later where none is declared.
func keyIsKeptForTheWindow(p *probe) {
	l := p.Live(p.t)
	t := l.Connector.Traits()
	if !t.Idempotent || l.Advance == nil {
		return
	}
	in := p.order(k("window"))
	p.send(context.Background(), "first", l.Connector, in)
	if t.Window == 0 {
		l.Advance(century)
	} else {
		l.Advance(t.Window - time.Second)
	}
	p.send(context.Background(), "just before the window ends", l.Connector, in)
	l.settle()
	if got := l.Movements(in.Key); got != 1 {
		p.errorf("sent again within the window: money moved %d times, want once", got)
	}
}

func (l Live) settle() {
	if l.Settle != nil {
		l.Settle()
	}
}

// refusalIsKept lets the provider refuse, and then be willing.
func refusalIsKept(p *probe) {
	l := p.Live(p.t)
	if l.Refuse == nil {
		return
	}
	in := p.order(k("refused"))
	l.Refuse(true)
	if got := p.send(context.Background(), "provider refuses", l.Connector, in).Verdict; got != connector.Rejected {
		p.errorf("provider refuses: got %s, want rejected", got)
	}
	l.settle()
	if got := l.Movements(in.Key); got != 0 {
		p.errorf("provider refuses: money moved %d times", got)
	}
	l.Refuse(false)
	if !l.Connector.Traits().KeepsRefusal {
		return
	}
	if got := p.send(context.Background(), "the refused key again", l.Connector, in).Verdict; got != connector.Rejected {
		p.errorf("the refused key again, with KeepsRefusal: got %s, want rejected", got)
	}
	l.settle()
	if got := l.Movements(in.Key); got != 0 {
		p.errorf("the refused key again, with KeepsRefusal: money moved %d times", got)
	}
}

// absentAfterSettleIsFinal: what a look-up later than Settle didn't find never
// comes. The engine sends again on the strength of that.
func absentAfterSettleIsFinal(p *probe) {
	l := p.Live(p.t)
	t := l.Connector.Traits()
	if !t.Lookup || l.Lose == nil || l.Advance == nil {
		return
	}
	absent := map[string]bool{}
	l.Lose(true)
	for n := range 8 {
		in := p.order(k(fmt.Sprintf("lost%d", n)))
		if got := p.send(context.Background(), "lost on the way", l.Connector, in).Verdict; got != connector.Unknown {
			p.errorf("lost on the way: got %s, want unknown", got)
		}
		absent[in.Key] = false
	}
	l.Lose(false)
	l.Advance(t.Settle)
	for key := range absent {
		absent[key] = p.lookup(context.Background(), "look up after Settle", l.Connector, p.order(key)).Verdict == connector.Absent
	}
	l.Advance(century)
	l.settle()
	for key, said := range absent {
		if got := l.Movements(key); said && got != 0 {
			p.errorf("%s: absent after Settle, and money moved %d times later", key, got)
		}
	}
}

// balancesAreExact reads what can be paid out, and never guesses.
func balancesAreExact(p *probe) {
	have := []money.Amount{money.New(9_007_199_254_740_993, p.currency())}
	ask := func(what string, c connector.Connector) ([]money.Amount, error) {
		b, ok := c.(connector.Balancer)
		if !ok {
			p.fatalf("the harness has balances and the connector tells none")
		}
		got, err := b.Balances(context.Background())
		if err != nil && len(got) != 0 {
			p.errorf("%s: got %v with an error", what, got)
		}
		p.quiet(what, fmt.Sprint(err), connector.Instruction{})
		return got, err
	}
	p.with(p.Balances(have), func(_ *provider, c connector.Connector) {
		got, err := ask("balances", c)
		if err != nil || !sameAmounts(got, have) {
			p.errorf("balances: got %v, %v, want %v", got, err, have)
		}
	})
	for _, f := range append(transportFaults(), answerFaults()...) {
		p.with(p.Balances(have), func(server *provider, c connector.Connector) {
			server.order(f, true)
			if got, err := ask("balances, "+f.name, c); err == nil {
				p.errorf("balances, %s: got %v and no error", f.name, got)
			}
		})
	}
}

func sameAmounts(a, b []money.Amount) bool {
	count := map[money.Amount]int{}
	for _, x := range a {
		count[x]++
	}
	for _, x := range b {
		if count[x]--; count[x] < 0 {
			return false
		}
	}
	return len(a) == len(b)
}
