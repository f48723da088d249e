package connectortest

import (
	"context"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// lookupIsNeverAbsentByMistake: Absent allows a payout to be sent again, or to
// be called failed. Only the provider's own word for it will do, not a page, a
// cut connection or a proxy's 404.
func lookupIsNeverAbsentByMistake(p *probe) {
	in := p.order(k("1"))
	absent := p.Answer(connector.Absent, in)
	if absent == nil {
		return
	}
	p.with(absent, func(_ *provider, c connector.Connector) {
		if p.asks(c) {
			if got := p.lookup(context.Background(), "provider says absent", c, in).Verdict; got != missing(c) {
				p.errorf("provider says absent: got %s, want %s", got, missing(c))
			}
		}
	})
	faults := append(transportFaults(), answerFaults()...)
	for _, f := range append(faults, redirects()...) {
		for _, meant := range []connector.Verdict{connector.Absent, connector.Paid} {
			p.with(p.Answer(meant, in), func(server *provider, c connector.Connector) {
				if !p.asks(c) {
					return
				}
				server.order(f, true)
				what := "look up, " + f.name + ", " + string(meant) + " meant"
				if got := p.lookup(context.Background(), what, c, in).Verdict; got != connector.Unknown {
					p.errorf("%s: got %s, want unknown", what, got)
				}
			})
		}
	}
	if p.EchoesKey && !p.Lists {
		p.with(p.paid(p.order(k("2"))), func(_ *provider, c connector.Connector) {
			if got := p.lookup(context.Background(), "look up, another key", c, in).Verdict; got != connector.Unknown {
				p.errorf("look up, answer about another key: got %s, want unknown", got)
			}
		})
	}
}

// lookupReadsOnlyItsAnswer: a word that doesn't exist, another amount and a
// member of another type are no word about the payout.
func lookupReadsOnlyItsAnswer(p *probe) {
	in := p.order(k("1"))
	other := in
	other.Amount = money.New(in.Amount.Minor()+1, in.Amount.Currency())
	for what, script := range map[string]Script{"a status word that does not exist": p.Answer(NoSuchWord, in), "another amount": p.paid(other)} {
		p.with(script, func(_ *provider, c connector.Connector) {
			if _, told := c.(connector.Seeker); !p.asks(c) || what == "another amount" && !(told && p.EchoesAmount) {
				return
			}
			if got := p.lookup(context.Background(), what, c, in).Verdict; got != connector.Unknown {
				p.errorf("look up, answer with %s: got %s, want unknown", what, got)
			}
		})
	}
	for _, meant := range []connector.Verdict{connector.Paid, connector.Rejected, connector.Absent} {
		script := p.Answer(meant, in)
		if script == nil || !p.tells(meant) {
			continue
		}
		p.oddly(script, func(what string, _ *provider, c connector.Connector) {
			if !p.asks(c) {
				return
			}
			got := p.lookup(context.Background(), what, c, in).Verdict
			if got != connector.Unknown && got != meant && !(p.Lists && got == connector.Absent) {
				p.errorf("look up, %s meant, answered %s: got %s", meant, what, got)
			}
		})
	}
}

func lookupHonoursItsContext(p *probe) {
	in := p.order(k("1"))
	p.with(p.paid(in), func(server *provider, c connector.Connector) {
		if !p.asks(c) {
			return
		}
		over, cancel := context.WithCancel(context.Background())
		cancel()
		if got := p.lookup(over, "look up, context over", c, in).Verdict; got != connector.Unknown || len(server.all()) != 0 {
			p.errorf("look up, context over: got %s and %d arrivals, want unknown and none", got, len(server.all()))
		}
		server.order(&fault{hold: true}, true)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if got := p.lookup(ctx, "look up, no answer before the deadline", c, in).Verdict; got != connector.Unknown {
			p.errorf("look up, no answer before the deadline: got %s, want unknown", got)
		}
	})
}
