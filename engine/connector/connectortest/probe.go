package connectortest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// probe is one run of a check: the harness, and what was found wrong.
type probe struct {
	Harness
	t        testing.TB
	problems []string
}

// patience is when a call counts as hanging. It is no limit on speed: a
// connector that honours its context is done thousands of times sooner.
const patience = 20 * time.Second

func (p *probe) errorf(format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// stop ends a check that can't go on.
type stop string

func (p *probe) fatalf(format string, args ...any) { panic(stop(fmt.Sprintf(format, args...))) }

// order is an instruction that the connector can send.
func (p *probe) order(key string) connector.Instruction {
	return p.Instruction(key, money.New(1250, p.currency()))
}

func (p *probe) currency() money.Currency { return money.MustCurrency(cmp.Or(p.Currency, "EUR")) }

// another is a currency that was not asked for.
func (p *probe) another() money.Currency {
	if p.currency().Code() == "USD" {
		return money.MustCurrency("EUR")
	}
	return money.MustCurrency("USD")
}

// connect builds the connector over a provider, through a transport that
// keeps connections open, as a careless process would give it.
func (p *probe) connect(to *provider) (connector.Connector, func()) {
	transport := &http.Transport{}
	c, err := p.Build(transport)(connector.Account{ID: "mca_test", Provider: "test", Test: true, BaseURL: to.url(), Secrets: p.Secrets})
	if err != nil {
		p.fatalf("build connector: %v", err)
	}
	return c, transport.CloseIdleConnections
}

// with runs f against a provider that answers by script, but for the faults
// that f orders.
func (p *probe) with(script Script, f func(*provider, connector.Connector)) {
	server, err := listen(p.Moves, script)
	if err != nil {
		p.fatalf("%v", err)
	}
	defer server.close()
	c, idle := p.connect(server)
	defer idle()
	f(server, c)
}

// send calls Send and holds the answer to what is true of every answer.
func (p *probe) send(ctx context.Context, what string, c connector.Connector, in connector.Instruction) connector.Outcome {
	out, err := p.await(what, func() (connector.Outcome, error) { return c.Send(ctx, in) })
	if out.Verdict == connector.Absent {
		p.errorf("%s: Send said absent", what)
	}
	p.sound(what, out, err, in)
	return out
}

// lookup asks as the engine would: with all that is known, where the connector
// can use it. A connector that only follows is asked by a name that it was told.
func (p *probe) lookup(ctx context.Context, what string, c connector.Connector, in connector.Instruction) connector.Outcome {
	q := connector.Question{Key: in.Key, Amount: in.Amount, Service: in.Service, Sent: sent}
	if t := c.Traits(); t.Follow && !t.Lookup {
		q.Ref = p.Ref
	}
	return p.seek(ctx, what, c, q, in)
}

// asks says whether the connector can be asked about what Answer tells of.
func (p *probe) asks(c connector.Connector) bool {
	t := c.Traits()
	return t.Lookup || t.Follow && p.Ref != ""
}

// missing is what a connector says of a transfer that the provider doesn't
// know: one that it had accepted under a name of its own is no case of absence.
func missing(c connector.Connector) connector.Verdict {
	if c.Traits().Lookup {
		return connector.Absent
	}
	return connector.Unknown
}

// sent is when everything here was first sent: before any clock of a harness
// began.
var sent = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func (p *probe) seek(ctx context.Context, what string, c connector.Connector, q connector.Question, in connector.Instruction) connector.Outcome {
	out, err := p.await(what, func() (connector.Outcome, error) {
		if s, ok := c.(connector.Seeker); ok {
			return s.Seek(ctx, q)
		}
		return c.Lookup(ctx, q.Key)
	})
	if q.Ref != "" && c.Traits().Follow && errors.Is(err, connector.ErrNoLookup) {
		p.errorf("%s: got ErrNoLookup for a question with a Ref, with Traits.Follow", what)
	} else if q.Ref == "" && errors.Is(err, connector.ErrNoLookup) != !c.Traits().Lookup {
		p.errorf("%s: got error %v from Lookup with Traits.Lookup %v", what, err, c.Traits().Lookup)
	}
	p.sound(what, out, err, in)
	return out
}

func (p *probe) await(what string, f func() (connector.Outcome, error)) (connector.Outcome, error) {
	type result struct {
		out connector.Outcome
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil { // the text may quote what the other side sent
				done <- result{err: fmt.Errorf("%w of %T", errPanic, r)}
			}
		}()
		out, err := f()
		done <- result{out, err}
	}()
	timer := time.NewTimer(cmp.Or(p.patience, patience))
	defer timer.Stop()
	select {
	case r := <-done:
		if errors.Is(r.err, errPanic) {
			p.fatalf("%s: call panics: %v", what, r.err)
		}
		return r.out, r.err
	case <-timer.C:
		p.fatalf("%s: call hangs", what)
		return connector.Outcome{}, nil
	}
}

var errPanic = errors.New("panic")

var verdicts = map[connector.Verdict]bool{
	connector.Unknown: true, connector.Accepted: true, connector.Paid: true, connector.PartlyPaid: true,
	connector.Rejected: true, connector.Returned: true, connector.Absent: true,
}

// sound is what is true of every answer.
func (p *probe) sound(what string, out connector.Outcome, err error, in connector.Instruction) {
	if !verdicts[out.Verdict] {
		p.errorf("%s: got verdict %q, which is none", what, out.Verdict)
	}
	if unknown := out.Verdict == connector.Unknown; unknown != (err != nil) {
		p.errorf("%s: got %s with error %v, want an error with unknown and with nothing else", what, out.Verdict, err)
	}
	if part := out.Verdict == connector.PartlyPaid; part != out.Paid.IsSet() {
		p.errorf("%s: got %s with an amount paid of %s", what, out.Verdict, out.Paid)
	} else if less, err := out.Paid.Less(in.Amount); part && (!less || err != nil || !out.Paid.IsPositive()) {
		p.errorf("%s: got %s paid partly of %s", what, out.Paid, in.Amount)
	}
	text := fmt.Sprint(out.Ref, out.Resolution, out.Code, out.Message)
	for e := err; e != nil; e = errors.Unwrap(e) {
		text += fmt.Sprintf(" %v %+v %#v", e, e, e)
	}
	p.quiet(what, text, in)
}

// quiet wants that a text bears nothing secret.
func (p *probe) quiet(what, text string, in connector.Instruction) {
	for _, canary := range p.canaries(in) {
		if strings.Contains(text, canary) {
			p.errorf("%s: says a secret or an account number in an error, an outcome or a log", what)
		}
	}
}

// canaries are what nobody may be told: the credentials and the details, each
// of eight characters or more.
func (p *probe) canaries(in connector.Instruction) []string {
	var out []string
	for _, values := range []map[string]string{p.Secrets, in.Details} {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if v := values[name]; len(v) >= 8 && !slices.Contains(p.Public, name) {
				out = append(out, v)
			}
		}
	}
	return out
}

// once wants that exactly one request that moves money arrived.
func (p *probe) once(what string, server *provider) {
	if got := server.moving(); len(got) != 1 {
		p.errorf("%s: got %d arrivals that move money, want 1", what, len(got))
	}
}

// k is a key like those that penstock makes: "po_" and 26 characters.
func k(name string) string {
	name = strings.ReplaceAll(name, "_", "")
	return "po_" + strings.Repeat("0", 26-len(name)) + name
}
