package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/httpd/client"
)

const (
	// natureVariable gives a serving penstock of these tests the traits that it
	// declares of the test provider, in JSON.
	natureVariable = "PENSTOCK_TEST_TRAITS"
	// natureRounds is the variable that says how often is killed for each nature.
	natureRounds = "PENSTOCK_TEST_NATURE_ROUNDS"
)

const (
	// natureSettle is the longest Settle of these loops, where providers declare
	// minutes.
	natureSettle = 5 * time.Second
	// natureSlack is what a process that is stopped may add to the time in which
	// an order arrives late.
	natureSlack = 2 * time.Second
)

// providerOf builds connectors that declare such traits of the test provider;
// nil where none are given.
func providerOf(nature string) func(http.RoundTripper) connector.Builder {
	if nature == "" {
		return nil
	}
	var traits connector.Traits
	if err := json.Unmarshal([]byte(nature), &traits); err != nil {
		panic(err) // the test that set it is wrong
	}
	return func(rt http.RoundTripper) connector.Builder {
		plain := sandbox.HTTP(rt, sandbox.WithTraits(traits))
		if !traits.Follow || traits.Lookup {
			return plain
		}
		asked := traits
		asked.Lookup = true // the provider can be asked; what it is asked by is a name of its own
		byKey := sandbox.HTTP(rt, sandbox.WithTraits(asked))
		return func(acc connector.Account) (connector.Connector, error) {
			c, err := plain(acc)
			if err != nil {
				return nil, err
			}
			k, err := byKey(acc)
			return &followed{c, k}, err
		}
	}
}

// followed is the way to a provider that is asked by its own name of a
// transfer alone.
type followed struct {
	connector.Connector
	byKey connector.Connector
}

func (f *followed) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	if q.Ref == "" {
		return connector.Doubt(connector.ErrNoLookup)
	}
	out, err := f.byKey.Lookup(ctx, q.Key)
	if err == nil && out.Ref != q.Ref {
		return connector.Doubt(errors.New("another transfer's name"))
	}
	return out, err
}

// A nature is what some connectors declare, and the provider that is so.
type nature struct {
	who    []string // the connectors
	traits connector.Traits
}

// natures are those of all connectors, their waits scaled to seconds.
func natures(t *testing.T) []nature {
	return naturesOf(t, func(tr connector.Traits) time.Duration { return min(tr.Settle, natureSettle) })
}

// naturesOf are those of all connectors with another Settle. Those that declare
// the same are one.
func naturesOf(t *testing.T, settle func(connector.Traits) time.Duration) []nature {
	byTraits := map[connector.Traits][]string{}
	for name, tr := range declared(t) {
		tr.Settle = settle(tr)
		byTraits[tr] = append(byTraits[tr], name)
	}
	var out []nature
	for tr, who := range byTraits {
		slices.Sort(who)
		out = append(out, nature{who, tr})
	}
	slices.SortFunc(out, func(a, b nature) int { return slices.Compare(a.who, b.who) })
	return out
}

func (n nature) String() string { return strings.Join(n.who, "+") }

// faults make the provider what is declared of it, on a bad day. What arrives
// late does so within Settle.
func (n nature) faults() string {
	late := max(0, n.traits.Settle-natureSlack).Milliseconds()
	return fmt.Sprintf(`{"drop_request":0.15,"drop_reply":0.15,"error_500":0.1,"reject":0.05,"late_ms":[0,%d],"delay_ms":[0,30],"seed":7,"idempotent":%v,"keeps_refusal":%v,"lookup":%v}`,
		late, n.traits.Idempotent, n.traits.KeepsRefusal, n.asked())
}

// asked says whether a machine can hear what became of an order.
func (n nature) asked() bool { return n.traits.Lookup || n.traits.Follow }

// acts are those that such a provider can suffer: one that declares that
// nothing arrives late isn't stopped with orders before its door.
func (n nature) acts() []act {
	return slices.DeleteFunc(acts(), func(a act) bool { return a.freezes && n.traits.Settle == 0 })
}

// TestKillLoopOfEachConnectorsNature is TestKillLoop with what each connector
// declares, at a provider that is so. People say what became of payouts of
// which no machine may decide or hear; they go by the provider's ledger, and the
// server is killed under them too. PENSTOCK_TEST_NATURE_ROUNDS says how often
// for each; without it the providers that honour no key are taken, once.
func TestKillLoopOfEachConnectorsNature(t *testing.T) {
	t.Parallel()
	for i, n := range natures(t) {
		t.Run(n.String(), func(t *testing.T) {
			t.Parallel()
			if n.traits.Idempotent && (testing.Short() || os.Getenv(natureRounds) == "") {
				t.Skip("set " + natureRounds + " to kill those that honour keys too")
			}
			rounds := countOf(t, natureRounds, 1)
			c := newCrash(t, newPlace(t), rounds, n.faults())
			traits, err := json.Marshal(n.traits)
			if err != nil {
				t.Fatal(err)
			}
			c.env = append(c.env, natureVariable+"="+string(traits))
			clients := c.clients()
			chance := rand.New(rand.NewPCG(13, uint64(i)))
			some, done := n.acts(), map[string]int{}
			chance.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
			for round := range rounds {
				a := some[round%len(some)]
				c.round(round, a, chance)
				done[a.name]++
			}
			close(c.tickets)
			if c.server.ended() {
				c.serve()
			}
			c.finish(clients)
			people := newPeople(c, n)
			people.look(rounds, chance)
			c.judge(rounds)
			t.Logf("%s; %d stated by people, the server killed %d times under them; %v", n.faults(), len(people.stated), people.kills, done)
		})
	}
}

// people look at what waits for one, at the provider's ledger, and state what
// stands there.
type people struct {
	*crash
	nature
	ops    *client.Client
	scope  client.Scope
	stated map[string]bool // payouts of which something was said
	kills  int
}

func newPeople(c *crash, n nature) *people {
	return &people{crash: c, nature: n, ops: operatorOf(c.t, c.place), scope: client.Scope{Merchant: firstMerchant, Mode: "test"}, stated: map[string]bool{}}
}

// look goes on until nothing waits for a person or for a machine. The server
// is killed under them up to so many times.
func (p *people) look(kills int, chance *rand.Rand) {
	for open := -1; open != 0; {
		waitLong(p.t, "a payout ends, or waits for people", func() bool {
			before := open
			all := map[string]client.Payout{}
			open = p.readAll(p.ops, p.scope, all)
			waiting := slices.DeleteFunc(slices.Collect(maps.Values(all)), func(one client.Payout) bool { return !p.waits(one) })
			for i, one := range waiting {
				if p.kills < kills && i > 0 && i%(1+len(waiting)/(kills+1)) == 0 {
					p.killUnder(one, chance)
				}
				p.state(one)
			}
			return len(waiting) > 0 || open < before || open == 0
		})
	}
}

// waits says whether a payout waits for a person, and long enough for the
// ledger to be the last word about it.
func (p *people) waits(one client.Payout) bool {
	switch {
	case one.Status == "paid", one.Status == "failed", time.Since(one.Changed) < natureSettle+natureSlack:
		return false
	}
	return one.Moderation != "" || !p.asked() && one.Status == "pending"
}

// state says what the ledger says. What is refused is looked at again.
func (p *people) state(one client.Payout) {
	verdict := "rejected"
	if p.ledger()[one.Parts[0].ID] > 0 {
		verdict = "paid"
	}
	if _, err := p.ops.StatePayout(p.t.Context(), p.scope, one.ID, client.Statement{Verdict: verdict}); err == nil {
		p.stated[one.ID] = true
	}
}

// killUnder kills the server while a person says something.
func (p *people) killUnder(one client.Payout, chance *rand.Rand) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		p.state(one)
	}()
	pause(chance.IntN(15))
	p.server.end(syscall.SIGKILL)
	soon(p.t, "the call of the one who was speaking ended", said)
	p.serve()
	p.kills++
}
