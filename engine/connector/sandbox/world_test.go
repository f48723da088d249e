package sandbox

import (
	"fmt"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// clock is a clock that stands until it is moved.
type clock struct{ now time.Time }

func newClock() *clock                { return &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }
func (c *clock) Now() time.Time       { return c.now }
func (c *clock) move(d time.Duration) { c.now = c.now.Add(d) }
func eur(minor int64) money.Amount    { return money.New(minor, money.MustCurrency("EUR")) }
func bank(key string) Order           { return order(key, connector.Details{"iban": "NL46TEST0136169112"}) }
func card(key string) Order           { return order(key, connector.Details{"card_number": "4111111111111111"}) }
func order(key string, d connector.Details) Order {
	return Order{Key: key, Amount: eur(1250), Service: "sepa_eur", Fields: d}
}

// world is a provider in memory, with the faults of a JSON patch, at a clock.
func world(t testing.TB, patch string) (*Provider, *clock) {
	t.Helper()
	c := newClock()
	p, err := Open(Settings{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	set(t, p, patch)
	return p, c
}

func set(t testing.TB, p *Provider, patch string) {
	t.Helper()
	if _, err := p.SetFaults([]byte(patch)); err != nil {
		t.Fatalf("set faults %s: %v", patch, err)
	}
}

func receive(t testing.TB, p *Provider, o Order) Answer {
	t.Helper()
	a, err := p.Receive(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func find(t testing.TB, p *Provider, key string) Transfer {
	t.Helper()
	tr, found, err := p.Find(key)
	if err != nil || !found {
		t.Fatalf("find %s: got %v, %v, want a transfer", key, found, err)
	}
	return tr
}

// movements is how often money moved for a key, as the ledger tells it; zero
// for a key that is not there.
func movements(t testing.TB, p *Provider, key string) int {
	t.Helper()
	lines, err := p.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, l := range lines {
		if l.Key == key {
			n = l.Movements
		}
	}
	return n
}

// histogram sends n orders and counts what was made of them.
func histogram(t testing.TB, p *Provider, n int) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for i := range n {
		a := receive(t, p, card(fmt.Sprintf("h%d", i)))
		counts[fmt.Sprintf("cut %d", a.Cut)]++
		if a.Cut == Whole {
			counts[string(a.Transfer.Status)]++
		}
	}
	return counts
}
