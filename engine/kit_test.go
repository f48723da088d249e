package engine_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/engine/sim"
)

const prefix = engine.PrefixRequest

// kit is a world with one merchant in it. It ends each test by judging every
// invariant, so no test has to remember.
type kit struct {
	*sim.World
	t  *testing.T
	me engine.Caller
}

func newKit(t *testing.T, c sim.Config) *kit {
	t.Helper()
	if c.Seed == 0 {
		c.Seed = 1
	}
	w, err := sim.New(c)
	must(t, err)
	k := &kit{World: w, t: t, me: engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_test", Rights: engine.Rights()}}
	_, err = w.Engine.CreateMerchant(w.Ctx, k.me, "shop", "Shop")
	must(t, err)
	t.Cleanup(func() {
		bad, err := k.Judge()
		must(t, err)
		for _, b := range bad {
			t.Errorf("invariant: %s", b)
		}
	})
	return k
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readRecord reads members of a stored record, of whatever form it is.
func readRecord(record []byte, into any) error {
	if len(record) > 0 && record[0] != '{' {
		var b bytes.Buffer
		if _, err := msgp.UnmarshalAsJSON(&b, record); err != nil {
			return err
		}
		record = b.Bytes()
	}
	return json.Unmarshal(record, into)
}

func eur(minor int64) money.Amount { return money.New(minor, money.MustCurrency("EUR")) }

func sepa(iban string) engine.Beneficiary {
	return engine.Beneficiary{Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": iban}}
}

func card(number string) engine.Beneficiary {
	return engine.Beneficiary{Kind: service.Card, Form: "card", Details: connector.Details{"card_number": number, "expiry_month": "3", "expiry_year": "2030", "card_holder_name": "Ada Example"}}
}

// magic is the test account that ends as named.
func magic(t *testing.T, name string) sandbox.Magic {
	t.Helper()
	for _, m := range sandbox.MagicTable() {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no magic account %q", name)
	return sandbox.Magic{}
}

// pay asks for a payout that goes out at once.
func (k *kit) pay(b engine.Beneficiary) *engine.View {
	k.t.Helper()
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(1250), Confirm: true, AutoFulfill: true, Customer: "cus_ada", Person: &engine.Person{Name: "Ada Example"}, Beneficiary: b}, nil)
	must(k.t, err)
	return v
}

func (k *kit) get(id string) *engine.View {
	k.t.Helper()
	v, err := k.Engine.Get(k.Ctx, k.me, prefix, prefix+id)
	must(k.t, err)
	return v
}

func (k *kit) run(d time.Duration) {
	k.t.Helper()
	must(k.t, k.Run(d))
}

func (k *kit) wantStage(id string, want payout.Stage) *engine.View {
	k.t.Helper()
	v := k.get(id)
	if v.Stage != want {
		for _, l := range v.History {
			k.t.Logf("%3d %s %-12s %-12s on %d -> %s %s x%d", l.Seq, l.At.Format(time.TimeOnly), l.What, l.By, l.On, l.To, l.Text, l.More)
		}
		k.t.Fatalf("stage %s, want %s", v.Stage, want)
	}
	return v
}

// movements is how often money moved for the request's first payout, by the
// provider's own book.
func (k *kit) movements(v *engine.View) int {
	k.t.Helper()
	book, err := k.Provider.Ledger()
	must(k.t, err)
	n := 0
	for _, l := range book {
		if l.Key == v.Payouts[0].Key() {
			n = max(n, l.Movements)
		}
	}
	return n
}
