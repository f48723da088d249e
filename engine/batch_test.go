package engine_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/iso20022"
	"penstock/engine/payout"
	"penstock/engine/sim"
)

// fileBank is a world with an account at a bank that is paid by files, which
// closes at 15:00 in Berlin.
type fileBank struct {
	*sim.World
	t       *testing.T
	me      engine.Caller
	dir     string
	account string
	made    []string
}

func newFileBank(t *testing.T, secrets map[string]string) *fileBank {
	t.Helper()
	b := &fileBank{t: t, dir: t.TempDir(), me: engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_test", Rights: engine.Rights()}}
	now := func() time.Time { return b.Clock.Now() }
	var err error
	b.World, err = sim.New(sim.Config{Seed: 1, Connect: map[string]connector.Builder{"iso20022": iso20022.New(connector.Host{Now: now, Dir: b.dir})}})
	must(t, err)
	_, err = b.Engine.CreateMerchant(b.Ctx, b.me, "shop", "Shop")
	must(t, err)
	all := map[string]string{"name": "The Shop", "iban": "DE89370400440532013000", "cut_off": "15:00", "zone": "Europe/Berlin"}
	maps.Copy(all, secrets)
	a, err := b.Engine.ConnectAccount(b.Ctx, b.me, engine.NewAccount{Provider: "iso20022", Label: "bank", Credentials: all}, nil)
	must(t, err)
	b.account = a.ID
	return b
}

func (b *fileBank) pay(minor int64) {
	b.t.Helper()
	who := sepa("NL91ABNA0417164300")
	who.Details["account_holder_name"] = "Ada Example"
	v, err := b.Engine.Create(b.Ctx, b.me, engine.NewRequest{Dialect: "rest", Amount: eur(minor), Confirm: true, AutoFulfill: true, Beneficiary: who, Exits: []engine.Exit{{Account: b.account}}}, nil)
	must(b.t, err)
	b.made = append(b.made, v.ID)
}

// files is how many there are, and in how many each payout is.
func (b *fileBank) files() (files int, in map[string]int) {
	b.t.Helper()
	in = map[string]int{}
	names, err := filepath.Glob(filepath.Join(b.dir, b.account, "out", "*.xml"))
	must(b.t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		must(b.t, err)
		for _, id := range b.made {
			in[id] += strings.Count(string(text), "<EndToEndId>po-"+id+"</EndToEndId>")
		}
	}
	return len(names), in
}

func (b *fileBank) statuses() string {
	b.t.Helper()
	out := map[string]bool{}
	for _, id := range b.made {
		v, err := b.Engine.Get(b.Ctx, b.me, prefix, prefix+id)
		must(b.t, err)
		out[string(v.Payouts[0].Status)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(out)), " ")
}

func (b *fileBank) sound() {
	b.t.Helper()
	r, err := b.Engine.Check(b.Ctx, nil)
	must(b.t, err)
	for _, f := range r.Findings {
		b.t.Errorf("invariant: %s", f)
	}
}

// TestOrdersLeaveInOneFileBeforeTheCutOff: what is there goes together, shortly
// before the bank closes; what comes later goes the next day; what can wait no
// longer goes at once.
func TestOrdersLeaveInOneFileBeforeTheCutOff(t *testing.T) {
	b := newFileBank(t, nil) // it is 08:00 UTC of a Monday
	for i := range 5 {
		b.pay(int64(100 + i))
		must(t, b.Run(time.Hour/4))
	}
	if n, _ := b.files(); n != 0 || b.statuses() != "queued" {
		t.Fatalf("%d files, %s, before the cut-off", n, b.statuses())
	}
	v, err := b.Engine.Get(b.Ctx, b.me, prefix, prefix+b.made[0])
	must(t, err)
	if p := v.Payouts[0]; !p.Due.Equal(time.Date(2026, 1, 5, 13, 55, 0, 0, time.UTC)) || p.Attempt != 0 || v.Attention {
		t.Errorf("waits until %s after %d attempts, attention %v", p.Due, p.Attempt, v.Attention)
	}
	must(t, b.Run(6*time.Hour))
	if n, in := b.files(); n != 1 || len(in) != 5 || b.statuses() != "pending" {
		t.Fatalf("%d files with %v, %s, after the cut-off", n, in, b.statuses())
	}
	b.pay(200)
	must(t, b.Run(time.Hour))
	if n, _ := b.files(); n != 1 {
		t.Errorf("%d files: what came after the cut-off didn't wait", n)
	}
	must(t, b.Run(24*time.Hour))
	n, in := b.files()
	if n != 2 {
		t.Errorf("%d files a day later", n)
	}
	for _, id := range b.made {
		if in[id] != 1 {
			t.Errorf("%s is in %d files", id, in[id])
		}
	}
	b.sound()
}

// TestWhatIsCancelledIsInNoFile: until the file goes, a payout can be taken
// back.
func TestWhatIsCancelledIsInNoFile(t *testing.T) {
	b := newFileBank(t, nil)
	b.pay(100)
	b.pay(200)
	must(t, b.Run(time.Minute))
	_, err := b.Engine.Cancel(b.Ctx, b.me, prefix, prefix+b.made[0], nil)
	must(t, err)
	must(t, b.Run(8*time.Hour))
	if n, in := b.files(); n != 1 || in[b.made[0]] != 0 || in[b.made[1]] != 1 {
		t.Errorf("%d files with %v", n, in)
	}
	b.sound()
}

// TestManyGoInOneFile: more than one claim takes, and one that can't be written
// keeps nobody back.
func TestManyGoInOneFile(t *testing.T) {
	b := newFileBank(t, nil)
	for i := range 150 {
		b.pay(int64(100 + i))
	}
	who := sepa("NL91ABNA0417164300") // without a name
	v, err := b.Engine.Create(b.Ctx, b.me, engine.NewRequest{Dialect: "rest", Amount: eur(5), Confirm: true, AutoFulfill: true, Beneficiary: who, Exits: []engine.Exit{{Account: b.account}}}, nil)
	must(t, err)
	must(t, b.Run(8*time.Hour))
	n, in := b.files()
	if n != 1 || len(in) != 150 {
		t.Errorf("%d files with %d payouts", n, len(in))
	}
	for id, times := range in {
		if times != 1 {
			t.Errorf("%s is in %d files", id, times)
		}
	}
	if v, err = b.Engine.Get(b.Ctx, b.me, prefix, prefix+v.ID); err != nil || v.Payouts[0].Status != payout.Failed {
		t.Errorf("without a name: %v, %v", v.Payouts[0].Status, err)
	}
	b.sound()
}

// TestWithoutACutOffEachGoesAtOnce: and so it does where it is not to be
// gathered.
func TestWithoutACutOffEachGoesAtOnce(t *testing.T) {
	for _, secrets := range []map[string]string{{"cut_off": "", "zone": ""}, {"gather": "at_once"}} {
		b := newFileBank(t, secrets)
		b.pay(100)
		must(t, b.Run(time.Minute))
		if n, _ := b.files(); n != 1 || b.statuses() != "pending" {
			t.Errorf("%v: %d files, %s", secrets, n, b.statuses())
		}
		b.sound()
	}
}

// TestAClockSetBackPutsNoFileOff by a year.
func TestAClockSetBackPutsNoFileOff(t *testing.T) {
	b := newFileBank(t, nil)
	b.pay(100)
	must(t, b.Run(time.Minute))
	b.Clock.Step(-365 * 24 * time.Hour)
	must(t, b.Run(3*24*time.Hour))
	if n, _ := b.files(); n != 1 {
		t.Errorf("%d files three days after the clock was set back", n)
	}
	b.sound()
}

// TestAFileSurvivesAnyCut: the power is cut at each operation of the store
// while a file is made, from the claim to the last settle. Whatever had been
// stored of it, each payout is in exactly one file in the end.
func TestAFileSurvivesAnyCut(t *testing.T) {
	story := func(cut int) (ops int) {
		b := newFileBank(t, nil)
		b.pay(99) // so that the account's directory is older than what is cut
		must(t, b.Run(24*time.Hour))
		for i := range 3 {
			b.pay(int64(100 + i))
		}
		must(t, b.Run(5*time.Hour+50*time.Minute))
		before := b.Store.Ops()
		if cut > 0 {
			b.Store.CutAt(before + cut)
		}
		err := b.Run(10 * time.Minute)
		ops = b.Store.Ops() - before
		if err != nil {
			must(t, b.Crash())
		}
		must(t, b.Run(24*time.Hour))
		_, in := b.files()
		for _, id := range b.made {
			if in[id] != 1 {
				t.Errorf("cut at %d: %s is in %d files", cut, id, in[id])
			}
		}
		if got := b.statuses(); got != "pending" {
			t.Errorf("cut at %d: %s", cut, got)
		}
		b.sound()
		return ops
	}
	ops, stride := story(0), 5
	switch {
	case testing.Short():
		stride = 11
	case os.Getenv("PENSTOCK_TEST_FULL") != "": // as CI sets it
		stride = 1
	}
	if ops < 30 {
		t.Fatalf("only %d operations", ops)
	}
	for cut := 1; cut <= ops; cut += stride {
		story(cut)
	}
	t.Logf("cut at %d operations", ops)
}
