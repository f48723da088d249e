package connectortest

import (
	"context"

	"penstock/engine/connector"
)

// lookupIsNeverAbsentByMistake: Absent allows a payout to be sent again, or to
// be called failed. Only the provider's own word for it will do, not a page, a
// cut connection or a proxy's 404.
func lookupIsNeverAbsentByMistake(p *probe) {
	in := p.order("key_1")
	absent := p.Answer(connector.Absent, in)
	if absent == nil {
		return
	}
	p.with(absent, func(_ *provider, c connector.Connector) {
		if c.Traits().Lookup {
			if got := p.lookup(context.Background(), "provider says absent", c, in).Verdict; got != connector.Absent {
				p.errorf("provider says absent: got %s", got)
			}
		}
	})
	faults := append(transportFaults(), answerFaults()...)
	for _, f := range append(faults, redirects()...) {
		for _, meant := range []connector.Verdict{connector.Absent, connector.Paid} {
			p.with(p.Answer(meant, in), func(server *provider, c connector.Connector) {
				if !c.Traits().Lookup {
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
	if p.EchoesKey {
		p.with(p.paid(p.order("key_2")), func(_ *provider, c connector.Connector) {
			if got := p.lookup(context.Background(), "look up, another key", c, in).Verdict; got != connector.Unknown {
				p.errorf("look up, answer about another key: got %s, want unknown", got)
			}
		})
	}
}
