package cli

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/manual"
	"penstock/engine/connector/mobilemoney"
	"penstock/engine/connector/sandbox"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/engine/sim"
)

// declared is what each connector says of its provider, each built for an
// account that could be connected.
func declared(t *testing.T) map[string]connector.Traits {
	t.Helper()
	real, err := providers(connector.Host{Transport: http.DefaultTransport, Now: time.Now, Dir: t.TempDir()}, "")
	if err != nil {
		t.Fatal(err)
	}
	real[manual.Provider] = manual.New
	real["mobilemoney, daraja"] = func(acc connector.Account) (connector.Connector, error) {
		acc.Secrets["profile"] = "daraja"
		return real[mobilemoney.Provider](acc)
	}
	out := map[string]connector.Traits{}
	for name, build := range real {
		c, err := buildSomehow(name, build)
		if err != nil {
			t.Errorf("%s can't be built from made-up credentials: %v", name, err)
			continue
		}
		out[name] = c.Traits()
	}
	return out
}

// buildSomehow makes up whatever credential a connector says that it misses.
func buildSomehow(name string, build connector.Builder) (connector.Connector, error) {
	likely := map[string]string{"api_key": "sk_test_0123456789abcdef", "key1": "30000000", "name": "The Shop", "iban": "DE89370400440532013000", "balance_account": "BA00000000000000000000001", "account": "accountid@2999",
		"shortcode": "600998", "security_credential": strings.Repeat("AAAA", 64)}
	secrets := map[string]string{}
	for {
		c, err := build(connector.Account{ID: "mca_", Provider: name, Test: true, Secrets: secrets})
		if err == nil {
			return c, nil
		}
		_, rest, _ := strings.Cut(err.Error(), `credential "`)
		missing, _, ok := strings.Cut(rest, `"`)
		if _, tried := secrets[missing]; !ok || tried {
			return nil, err
		}
		secrets[missing] = cmp.Or(likely[missing], "madeup0123456789")
	}
}

// storm is a provider of such a nature on a bad day. What arrives late does so
// within Settle, which is counted from the end of a call of ten seconds.
func storm(tr connector.Traits) string {
	late := max(0, tr.Settle-time.Second).Milliseconds()
	return fmt.Sprintf(`{"drop_request":0.3,"drop_reply":0.3,"error_500":0.2,"reject":0.1,"late_ms":[0,%d],"idempotent":%v,"keeps_refusal":%v}`, late, tr.Idempotent, tr.KeepsRefusal)
}

// TestWorldsOfEachConnectorsNature: with what each connector declares, at a
// provider that is so, through storms and power cuts, nothing is paid twice
// and nothing is forgotten.
func TestWorldsOfEachConnectorsNature(t *testing.T) {
	t.Parallel()
	seeds := 6
	switch {
	case os.Getenv("PENSTOCK_TEST_FULL") != "":
		seeds = 12
	case testing.Short():
		seeds = 2
	}
	for name, traits := range declared(t) {
		t.Run(name, func(t *testing.T) {
			for seed := range seeds {
				worldOf(t, uint64(seed+1), traits)
			}
		})
	}
}

// TestALyingConnectorIsFound: the same worlds find a trait that isn't true.
func TestALyingConnectorIsFound(t *testing.T) {
	for name, row := range map[string]struct{ says, is connector.Traits }{
		"honours no key":       {connector.Traits{Idempotent: true, Settle: time.Minute}, connector.Traits{Settle: time.Minute}},
		"arrives after Settle": {connector.Traits{Lookup: true, Settle: time.Second}, connector.Traits{Lookup: true, Settle: 4 * time.Minute}},
	} {
		found := false
		for seed := uint64(1); seed <= 40 && !found; seed++ {
			w := newWorld(t, seed, row.says)
			found = len(w.tell(storm(row.is))) > 0
		}
		if !found {
			t.Errorf("%s: forty worlds found nothing", name)
		}
	}
}

func worldOf(t *testing.T, seed uint64, traits connector.Traits) {
	t.Helper()
	for _, bad := range newWorld(t, seed, traits).tell(storm(traits)) {
		t.Errorf("seed %d: %s", seed, bad)
	}
}

// world is one appliance with one merchant, at a provider of one nature.
type world struct {
	*sim.World
	t    *testing.T
	me   engine.Caller
	dice *rand.Rand
	made []string
}

func newWorld(t *testing.T, seed uint64, traits connector.Traits) *world {
	t.Helper()
	w, err := sim.New(sim.Config{Seed: seed, Traits: traits})
	if err != nil {
		t.Fatal(err)
	}
	me := engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_test", Rights: engine.Rights()}
	if _, err := w.Engine.CreateMerchant(w.Ctx, me, "shop", "Shop"); err != nil {
		t.Fatal(err)
	}
	return &world{World: w, t: t, me: me, dice: rand.New(rand.NewPCG(seed, 77))}
}

// tell is one story: payouts in a storm with power cuts, then fair weather, then
// a person who looks at what waits for one. It returns what does not hold.
func (w *world) tell(storm string) []string {
	w.faults(storm)
	for range 10 {
		w.pay()
		if w.dice.IntN(3) == 0 {
			w.CutAtSend = true
		}
		w.pass(time.Duration(w.dice.IntN(90)) * time.Second)
		if w.dice.IntN(4) == 0 {
			if err := w.Crash(); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	w.CutAtSend = false
	w.faults(`{"drop_request":0,"drop_reply":0,"error_500":0,"reject":0,"late_ms":[0,0]}`)
	w.pass(4 * 24 * time.Hour)
	w.look()
	w.pass(24 * time.Hour)
	bad, err := w.Quiet()
	if err != nil {
		w.t.Fatal(err)
	}
	return bad
}

func (w *world) faults(patch string) {
	if _, err := w.Provider.SetFaults([]byte(patch)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) pay() {
	b := engine.Beneficiary{Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": "NL46TEST0136169112"}}
	v, err := w.Engine.Create(w.Ctx, w.me, engine.NewRequest{Dialect: "rest", Amount: money.New(int64(100+len(w.made)), money.MustCurrency("EUR")), Confirm: true, AutoFulfill: true, Beneficiary: b}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.made = append(w.made, v.ID)
}

// pass lets time pass. When the power is cut the appliance is started again.
func (w *world) pass(d time.Duration) {
	for tries := 0; ; tries++ {
		err := w.Run(d)
		if err == nil {
			return
		}
		if tries > 20 {
			w.t.Fatalf("the appliance doesn't come back: %v", err)
		}
		if err := w.Crash(); err != nil {
			w.t.Fatal(err)
		}
	}
}

// look is a person who knows the provider's book, and states what stands there
// of each payout that no machine may decide or hear of.
func (w *world) look() {
	book, err := w.Provider.Ledger()
	if err != nil {
		w.t.Fatal(err)
	}
	at := map[string]sandbox.Line{}
	for _, l := range book {
		if l.Movements > 0 || at[l.Key].Movements == 0 {
			at[l.Key] = l
		}
	}
	for _, id := range w.made {
		v, err := w.Engine.Get(w.Ctx, w.me, engine.PrefixRequest, engine.PrefixRequest+id)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, p := range v.Payouts {
			if p.Status.Ended() || p.Status == payout.Queued {
				continue
			}
			word := connector.Outcome{Verdict: connector.Rejected}
			if at[p.Key()].Movements > 0 {
				word.Verdict = connector.Paid
			}
			if err := w.Engine.State(w.Ctx, w.me, p.ID, word); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// TestProofOfEachConnectorsNature runs worlds of the proof with what each
// connector declares, its Settle a minute as in those worlds.
// PENSTOCK_TEST_NATURE_ROUNDS says how many times ten for each.
func TestProofOfEachConnectorsNature(t *testing.T) {
	t.Parallel()
	seeds := uint64(2)
	switch {
	case os.Getenv(natureRounds) != "":
		seeds = uint64(10 * countOf(t, natureRounds, 1))
	case os.Getenv("PENSTOCK_TEST_FULL") != "": // as CI sets it
		seeds = 4
	case testing.Short():
		seeds = 1
	}
	for _, n := range naturesOf(t, func(connector.Traits) time.Duration { return time.Minute }) {
		t.Run(n.String(), func(t *testing.T) {
			nature := sim.Nature{Name: n.String(), Traits: n.traits, Faults: fmt.Sprintf(`{"idempotent":%v,"keeps_refusal":%v,"lookup":%v}`, n.traits.Idempotent, n.traits.KeepsRefusal, n.asked())}
			payouts := 0
			for seed := uint64(1); seed <= seeds; seed++ {
				r, err := sim.ProveAs(t.Context(), seed, "", nature)
				if err != nil || len(r.Findings) > 0 {
					t.Errorf("seed %d: %v %v", seed, r.Findings, err)
				}
				payouts += r.Payouts
			}
			t.Logf("%d worlds, %d payouts", seeds, payouts)
		})
	}
}
