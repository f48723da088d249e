package connectortest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// nothingIsNotSent: an amount that is nothing, less than nothing or of no
// currency is refused before it is sent.
func nothingIsNotSent(p *probe) {
	c := p.currency()
	for _, amount := range []money.Amount{{}, money.New(0, c), money.New(-1, c), money.New(-1250, c)} {
		in := p.Instruction(k("1"), amount)
		p.with(p.paid(p.order(k("1"))), func(server *provider, via connector.Connector) {
			out, _ := p.await("nothing", func() (connector.Outcome, error) { return via.Send(context.Background(), in) })
			if out.Verdict != connector.Rejected || len(server.moving()) != 0 {
				p.errorf("%q: got %s and %d arrivals, want it refused before it is sent", amount.String(), out.Verdict, len(server.moving()))
			}
		})
	}
}

// exact wants that what arrived is the order and no other, or that it was
// refused before it was sent.
func (p *probe) exact(what string, in connector.Instruction, must bool) {
	p.with(p.paid(in), func(server *provider, c connector.Connector) {
		out := p.send(context.Background(), what, c, in)
		arrived := server.moving()
		if len(arrived) == 0 && out.Verdict == connector.Rejected && !must {
			return
		}
		if len(arrived) != 1 {
			p.errorf("%s: got %s and %d arrivals, want it sent once, or refused before it is sent", what, out.Verdict, len(arrived))
			return
		}
		a := arrived[0]
		if got := p.KeyOf(a.request, a.body); got != in.Key {
			p.errorf("%s: got key %q on the wire, want %q", what, got, in.Key)
		}
		if got, err := p.AmountOf(a.request, a.body); err != nil || got != in.Amount {
			p.errorf("%s: got %s on the wire, %v, want %s", what, got, err, in.Amount)
		}
		for _, r := range server.all() {
			if r.request.Header.Get("X-Evil") != "" || strings.Contains(r.request.URL.Path, "evil") {
				p.errorf("%s: it became a header or a path", what)
			}
		}
	})
}

// keysAreExact: the keys that penstock makes are sent as they are; another is
// never bent into shape, since two could become one.
func keysAreExact(p *probe) {
	p.exact("a key of penstock", p.order("po_01ke6jq3004nwpgd1jr6zwa9a5"), true)
	for _, key := range []string{
		"", " ", "key with blanks", "key\nX-Evil: 1", "key\r\nX-Evil: 1\r\n", "../evil", "key?a=b&c=d#e", "key%2Fevil", `key","amount":"1`, "k<e>y&amp;", "schlüssel",
		"key\x00", "key\xff", "{key}", "{{.Key}}", "${key}", strings.Repeat("k", 64), strings.Repeat("k", 300), strings.Repeat("k", 70_000),
	} {
		p.exact(fmt.Sprintf("key %.40q", key), p.order(key), false)
	}
}

// detailsCannotChangeTheOrder: what a beneficiary typed is text, whatever it
// says.
func detailsCannotChangeTheOrder(p *probe) {
	for _, text := range []string{
		`"`, `\`, `\"`, `","amount":"1","x":"`, `"},"amount":1,"x":{"y":"`, "{key}", "{amount}", "{{.Amount}}", "${amount}", "&amount=1&currency=USD", "a=b;c=d", "\r\nX-Evil: 1\r\n\r\n",
		"</Amt><Amt>1</Amt>", "<!--", "]]>", "&lt;&#0;", "%00%0d%0aX-Evil:%201", "\x00", "\xff\xfe", "\u202e", "../../evil", "/evil/", "?a=b", "#evil", strings.Repeat("a", 10_000), "",
	} {
		base := p.order(k("1"))
		for _, name := range slices.Sorted(maps.Keys(base.Details)) {
			in := base
			in.Details = maps.Clone(base.Details)
			in.Details[name] = text
			p.exact(fmt.Sprintf("detail %s %.20q", name, text), in, false)
		}
		in := base
		in.Memo = text
		p.exact(fmt.Sprintf("memo %.20q", text), in, false)
	}
}

// firstStepsAreHeldToTheSame is for a connector that asks for something before
// it orders: a token, a quote, a recipient. What goes wrong there is no word
// about the payout, and nothing is ordered on its strength.
func firstStepsAreHeldToTheSame(p *probe) {
	in, steps := p.order(k("1")), 0
	p.with(p.paid(in), func(server *provider, c connector.Connector) {
		p.send(context.Background(), "first steps", c, in)
		for _, a := range server.all() {
			if a.moves {
				return
			}
			steps++
		}
	})
	faults := slices.Concat(transportFaults(), answerFaults(), redirects())
	for step := range steps {
		for _, f := range faults {
			what := fmt.Sprintf("step %d, %s", step+1, f.name)
			p.with(p.paid(in), func(server *provider, c connector.Connector) {
				server.at(f, step)
				if got := p.send(context.Background(), what, c, in).Verdict; got != connector.Unknown {
					p.errorf("%s: got %s, want unknown", what, got)
				}
				if got := len(server.moving()); got != 0 {
					p.errorf("%s: got %d arrivals that move money, want none", what, got)
				}
			})
		}
	}
}
