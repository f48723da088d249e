package manual

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/money"
)

func build(t testing.TB, secrets map[string]string) connector.Connector {
	t.Helper()
	c, err := New(connector.Account{ID: "mca_1", Provider: Provider, Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func order(key string, amount money.Amount) connector.Instruction {
	return connector.Instruction{Key: key, Amount: amount, Service: "sepa_eur", Details: connector.Details{"iban": "NL46TEST0136169112"}}
}

// list is what the person sees: an order that was taken is on it, once.
type list struct {
	connector.Connector
	mu   sync.Mutex
	seen map[string]bool
}

func (l *list) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	out, err := l.Connector.Send(ctx, in)
	if out.Verdict == connector.Accepted {
		l.mu.Lock()
		l.seen[in.Key] = true
		l.mu.Unlock()
	}
	return out, err
}

func TestKeepsTheContract(t *testing.T) {
	connectortest.Test(t, connectortest.Harness{
		Secrets:     map[string]string{MID: "kk-33 (Kreissparkasse)", Methods: "sepa, ach"},
		Instruction: order,
		Live: func(t testing.TB) connectortest.Live {
			l := &list{Connector: build(t, map[string]string{Methods: "sepa, ach"}), seen: map[string]bool{}}
			return connectortest.Live{Connector: l, Movements: func(key string) int {
				l.mu.Lock()
				defer l.mu.Unlock()
				if l.seen[key] {
					return 1 // the person pays what is on the list
				}
				return 0
			}}
		},
	})
}

func TestOrderWaitsForAPerson(t *testing.T) {
	c := build(t, nil)
	for _, code := range []string{"JPY", "EUR", "KWD", "BTC"} {
		out, err := c.Send(context.Background(), order("po_1", money.New(1, money.MustCurrency(code))))
		if err != nil || out.Verdict != connector.Accepted {
			t.Errorf("%s: got %v, %v, want accepted", code, out, err)
		}
	}
	if _, err := c.Lookup(context.Background(), "po_1"); !errors.Is(err, connector.ErrNoLookup) {
		t.Errorf("look up: got %v, want ErrNoLookup", err)
	}
	if tr := c.Traits(); tr.Lookup || tr.KeepsRefusal || !tr.Idempotent {
		t.Errorf("traits: got %+v", tr)
	}
}

func TestOnlyTheAccountsMethodsAreTaken(t *testing.T) {
	for _, row := range []struct {
		methods, service string
		want             connector.Verdict
	}{
		{"", "anything_eur", connector.Accepted},
		{" ", "anything_eur", connector.Accepted},
		{"sepa", "sepa_eur", connector.Accepted},
		{"sepa", "swift_usd", connector.Rejected},
		{"sepa", "sepa", connector.Accepted},
		{"sepa_eur", "sepa_eur", connector.Accepted},
		{"sepa_eur", "sepa_gbp", connector.Rejected},
		{"swift ,payment_card", "payment_card_usd", connector.Accepted},
		{"payment", "payment_card_usd", connector.Rejected},
		{"sepa", "", connector.Rejected},
		{"sepa", "_eur", connector.Rejected},
	} {
		in := order("po_1", money.New(100, money.MustCurrency("EUR")))
		in.Service = row.service
		out, err := build(t, map[string]string{Methods: row.methods}).Send(context.Background(), in)
		if err != nil || out.Verdict != row.want {
			t.Errorf("methods %q, service %q: got %s, %v, want %s", row.methods, row.service, out.Verdict, err, row.want)
		}
		if out.Verdict == connector.Rejected && out.Resolution != connector.InvalidMethod {
			t.Errorf("methods %q, service %q: got resolution %q", row.methods, row.service, out.Resolution)
		}
	}
}

func TestNothingIsNotPaid(t *testing.T) {
	for _, amount := range []money.Amount{{}, money.New(0, money.MustCurrency("EUR")), money.New(-1, money.MustCurrency("EUR"))} {
		if out, err := build(t, nil).Send(context.Background(), order("po_1", amount)); err != nil || out.Verdict != connector.Rejected {
			t.Errorf("%s: got %s, %v, want rejected", amount, out.Verdict, err)
		}
	}
}

func TestAccountIsCheckedWhenItIsConnected(t *testing.T) {
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprintf("m%d", i)
	}
	for _, row := range []struct {
		name  string
		value string
		ok    bool
	}{
		{MID, "", true}, {MID, strings.Repeat("x", 32), true}, {MID, strings.Repeat("ü", 32), true}, {MID, strings.Repeat("x", 33), false},
		{MID, "a\nb", false}, {MID, "a\x00", false}, {MID, "\xff", false}, {MID, "\u0085", false},
		{Methods, "sepa,swift", true}, {Methods, "sepa,", false}, {Methods, ",", false}, {Methods, "SEPA", false}, {Methods, "sepa swift", false},
		{Methods, strings.Repeat("x", 65), false}, {Methods, strings.Join(many, ","), false}, {Methods, strings.Join(many[:64], ","), true},
	} {
		_, err := New(connector.Account{Secrets: map[string]string{row.name: row.value}})
		if (err == nil) != row.ok {
			t.Errorf("%s %q: got %v, want ok = %v", row.name, row.value, err, row.ok)
		}
		if err != nil && !strings.Contains(err.Error(), row.name+":") {
			t.Errorf("%s %q: error names another credential: %v", row.name, row.value, err)
		}
	}
}
