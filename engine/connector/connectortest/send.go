package connectortest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// ends are the verdicts that a provider may give on an instruction.
var ends = []connector.Verdict{
	connector.Accepted, connector.Paid, connector.PartlyPaid, connector.Rejected, connector.Returned,
}

func eachVerdictIsRead(p *probe) {
	for _, want := range ends {
		in := p.order(k(string(want)))
		script := p.Answer(want, in)
		if script == nil {
			continue
		}
		p.with(script, func(server *provider, c connector.Connector) {
			if want != connector.Returned {
				what := "send, " + string(want)
				if got := p.send(context.Background(), what, c, in).Verdict; got != p.says(want) {
					p.errorf("%s: got %s", what, got)
				}
				p.once(what, server)
			}
			if p.asks(c) && p.tells(want) {
				what := "look up, " + string(want)
				if got := p.lookup(context.Background(), what, c, in).Verdict; got != want {
					p.errorf("%s: got %s", what, got)
				}
			}
		})
	}
}

// paid is a provider that pays what it is asked to.
func (p *probe) paid(in connector.Instruction) Script { return p.Answer(connector.Paid, in) }

// says is what Send says of a verdict that the provider means.
func (p *probe) says(meant connector.Verdict) connector.Verdict {
	if p.AcceptsFirst && meant == connector.Paid {
		return connector.Accepted
	}
	return meant
}

// tells says whether the provider can mean v by its answer to a look-up.
func (p *probe) tells(v connector.Verdict) bool { return p.Asked == nil || p.Asked(v) }

// oneSendIsOneArrival lets the provider book and then drop, on a connection
// that is new and on one that a call before has left open: there net/http
// repeats a request that bears an Idempotency-Key and can be rewound.
func oneSendIsOneArrival(p *probe) {
	for _, warm := range []string{"cold", "warmed by a send", "warmed by a look-up"} {
		for _, f := range []*fault{{name: "closed after reading"}, {name: "reset after reading", reset: true}} {
			in, what := p.order(k("1")), f.name+", "+warm
			p.with(p.paid(in), func(server *provider, c connector.Connector) {
				before := 0
				switch warm {
				case "warmed by a send":
					p.send(context.Background(), what, c, in)
					before = 1
				case "warmed by a look-up":
					p.lookup(context.Background(), what, c, in)
				}
				server.order(f, false)
				if got := p.send(context.Background(), what, c, in).Verdict; got != connector.Unknown {
					p.errorf("%s: got %s, want unknown", what, got)
				}
				if got := len(server.moving()) - before; got != 1 {
					p.errorf("%s: got %d arrivals for one Send, want 1", what, got)
				}
			})
		}
	}
}

func keyIsTheSame(p *probe) {
	in := p.order(k("same"))
	p.with(p.paid(in), func(server *provider, c connector.Connector) {
		for _, f := range []*fault{{name: "closed"}, {name: "500", mangle: page(500)}, nil} {
			server.order(f, false)
			p.send(context.Background(), "attempt", c, in)
		}
		got := server.moving()
		if len(got) != 3 {
			p.errorf("got %d arrivals for three attempts", len(got))
		}
		for i, a := range got {
			if key := p.KeyOf(a.request, a.body); key != in.Key {
				p.errorf("attempt %d: got key %q on the wire, want %q", i+1, key, in.Key)
			}
		}
	})
}

// unknownAfter wants Unknown for each fault, whether the provider meant to pay
// or to refuse.
func (p *probe) unknownAfter(faults []*fault) {
	for _, meant := range []connector.Verdict{connector.Paid, connector.Rejected} {
		for _, f := range faults {
			in := p.order(k("1"))
			script := p.Answer(meant, in)
			if script == nil {
				continue
			}
			what := f.name + ", " + string(meant) + " meant"
			p.with(script, func(server *provider, c connector.Connector) {
				server.order(f, false)
				if got := p.send(context.Background(), what, c, in).Verdict; got != connector.Unknown {
					p.errorf("%s: got %s, want unknown", what, got)
				}
				if got := len(server.moving()); got > 1 {
					p.errorf("%s: got %d arrivals for one Send", what, got)
				}
			})
		}
	}
}

func transportFailureIsUnknown(p *probe) { p.unknownAfter(transportFaults()) }
func unusableAnswerIsUnknown(p *probe)   { p.unknownAfter(answerFaults()) }

// wrongTypesAreNeverGuessed puts something else in the place of each member of
// an answer. A member that does not matter may be ignored; otherwise the
// answer is Unknown.
func wrongTypesAreNeverGuessed(p *probe) {
	for _, meant := range []connector.Verdict{connector.Paid, connector.Rejected, connector.Accepted} {
		in := p.order(k("1"))
		script := p.Answer(meant, in)
		if script == nil {
			continue
		}
		p.oddly(script, func(what string, server *provider, c connector.Connector) {
			out := p.send(context.Background(), "odd member", c, in)
			if out.Verdict != connector.Unknown && out.Verdict != p.says(meant) {
				p.errorf("%s meant, answered %s: got %s", meant, what, out.Verdict)
			}
			if got := len(server.moving()); got > 1 {
				p.errorf("odd member: got %d arrivals for one Send", got)
			}
		})
	}
}

func redirectIsNotFollowed(p *probe) {
	for _, f := range redirects() {
		in := p.order(k("1"))
		p.with(p.paid(in), func(server *provider, c connector.Connector) {
			server.order(f, false)
			what := "status " + f.name
			if got := p.send(context.Background(), what, c, in).Verdict; got != connector.Unknown {
				p.errorf("%s: got %s, want unknown", what, got)
			}
			p.once(what, server)
			for _, a := range server.all() {
				if strings.Contains(a.request.URL.Path, "elsewhere") {
					p.errorf("%s: was followed with %s", what, a.request.Method)
				}
			}
		})
	}
}

func anotherAnswerIsUnknown(p *probe) {
	in := p.order(k("1"))
	other := in
	other.Amount = money.New(in.Amount.Minor()+1, in.Amount.Currency())
	dollars := in
	dollars.Amount = money.New(in.Amount.Minor(), p.another())
	for _, row := range []struct {
		what    string
		applies bool
		answer  Script
	}{
		{"another key", p.EchoesKey, p.paid(p.order(k("2")))},
		{"another amount", p.EchoesAmount, p.paid(other)},
		{"another currency", p.EchoesAmount, p.paid(dollars)},
		{"a status word that does not exist", true, p.Answer(NoSuchWord, in)},
	} {
		if !row.applies {
			continue
		}
		p.with(row.answer, func(server *provider, c connector.Connector) {
			if got := p.send(context.Background(), row.what, c, in).Verdict; got != connector.Unknown {
				p.errorf("answer with %s: got %s, want unknown", row.what, got)
			}
			if got := len(server.moving()); got > 1 {
				p.errorf("answer with %s: got %d arrivals for one Send", row.what, got)
			}
		})
	}
}

func endlessAnswerIsLeft(p *probe) {
	in := p.order(k("1"))
	p.with(p.paid(in), func(server *provider, c connector.Connector) {
		server.order(&fault{endless: true}, false)
		if got := p.send(context.Background(), "endless answer", c, in).Verdict; got != connector.Unknown {
			p.errorf("endless answer: got %s, want unknown", got)
		}
		if got := server.count(0); got >= floodBound {
			p.errorf("endless answer: %d bytes were read", got)
		}
	})
}

func deadlineIsHonoured(p *probe) {
	in := p.order(k("1"))
	p.with(p.paid(in), func(server *provider, c connector.Connector) {
		server.order(&fault{hold: true}, false)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if got := p.send(ctx, "no answer before the deadline", c, in).Verdict; got != connector.Unknown {
			p.errorf("no answer before the deadline: got %s, want unknown", got)
		}
		if got := len(server.moving()); got > 1 {
			p.errorf("no answer before the deadline: got %d arrivals for one Send", got)
		}
	})
}

func expiredContextSendsNothing(p *probe) {
	in := p.order(k("1"))
	p.with(p.paid(in), func(server *provider, c connector.Connector) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if got := p.send(ctx, "context over", c, in).Verdict; got != connector.Unknown {
			p.errorf("context over: got %s, want unknown", got)
		}
		if got := len(server.moving()); got != 0 {
			p.errorf("context over: got %d arrivals, want none", got)
		}
	})
}

func amountsAreExact(p *probe) {
	for _, amount := range p.Amounts {
		in := p.Instruction(k("1"), amount)
		p.with(p.paid(in), func(server *provider, c connector.Connector) {
			out := p.send(context.Background(), amount.String(), c, in)
			arrived := server.moving()
			if out.Verdict == connector.Rejected && len(arrived) == 0 {
				return
			}
			if out.Verdict != p.says(connector.Paid) || len(arrived) != 1 {
				p.errorf("%s: got %s and %d arrivals, want it paid or refused before it was sent", amount, out.Verdict, len(arrived))
				return
			}
			if got, err := p.AmountOf(arrived[0].request, arrived[0].body); err != nil || got != amount {
				p.errorf("%s: got %s on the wire, %v", amount, got, err)
			}
		})
	}
}

// nothingSecretIsSaid lets the provider repeat every secret in every place
// that an error may quote. What is said is judged with every answer.
func nothingSecretIsSaid(p *probe) {
	in := p.order(k("1"))
	log := overhear(func() { secretsEchoed(p, in) })
	p.quiet("log", log, in)
}

func secretsEchoed(p *probe, in connector.Instruction) {
	for _, canary := range p.canaries(in) {
		for _, code := range []int{200, 302, 400, 401, 404, 409, 422, 500} {
			for name, text := range map[string]string{
				"text":    raw(code, "text/plain", canary),
				"JSON":    JSON(code, fmt.Sprintf(`{"error":{"code":%[1]q,"message":%[1]q},"message":%[1]q,%[1]q:1}`, canary)),
				"header":  fmt.Sprintf("HTTP/1.1 %d %s\r\nLocation: http://%[2]s/\r\nX-%[2]s: %[2]s\r\nContent-Length: 0\r\n\r\n", code, canary),
				"status":  "HTTP/1.1 " + canary + "\r\n\r\n",
				"version": canary + "\r\n\r\n",
				"length":  "HTTP/1.1 200 OK\r\nContent-Length: " + canary + "x\r\n\r\n",
			} {
				p.with(p.paid(in), func(server *provider, c connector.Connector) {
					server.order(&fault{mangle: func(string) (string, bool) { return text, false }}, true)
					what := fmt.Sprintf("provider repeats what it was sent as %s, status %d", name, code)
					p.send(context.Background(), what, c, in)
					p.lookup(context.Background(), what, c, in)
				})
			}
		}
	}
}
