package dash_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"penstock/engine"
	"penstock/engine/payout"
)

// TestAStatementIsLookedAtBeforeItIsLoaded: rows, sums by currency and what each
// line would do are shown; nothing is changed by looking, nor by leaving it.
func TestAStatementIsLookedAtBeforeItIsLoaded(t *testing.T) {
	o := newOffice(t)
	o.named("same", 1000)
	o.ask("pending", 2000, func(n *engine.NewRequest) { n.Ref = "waits" })
	o.run(time.Minute)
	o.unlike = true
	p := o.hired(engine.RoleManager)
	at := home + "/reconcile/" + o.account() + "/load"
	text := statementHead + o.line("same", "10.00", "paid") + o.line("waits", "20.00", "paid") + "rent,7,JPY,paid,2026-01-06,\n" + "back,1.250,KWD,returned,2026-01-06,\n"
	got := p.hand(at, "bank.csv", text, nil)
	shown := got.header.Get("Location")
	if got.status != 303 {
		t.Fatal(got)
	}
	for range 2 {
		p.get(shown).want(200, "Nothing is loaded yet.").want(200, "Lines 4").want(200, "Would settle 1 payout").want(200, "EUR 2 30.00 EUR 0 0.00 EUR").want(200, "JPY 1 7 JPY 0 0 JPY").want(200, "KWD 0 0.000 KWD 1 1.250 KWD").
			want(200, "Settles its payout").want(200, "Nothing: the payout stands so already").want(200, "Nothing: it names no payout")
	}
	if s := o.get("waits").Stage; s == payout.AllPaid {
		t.Error("looking at it has settled a payout")
	}
	if last, err := o.Engine.Reconciled(o.Ctx, onServer("shop").Scope, o.account()); err != nil || last != nil {
		t.Errorf("looking at it has kept something: %+v, %v", last, err)
	}
	to := p.press(shown, shown)
	p.get(to.header.Get("Location")).want(200, "Loaded: 4 lines, 4 new; 1 payout settled.")
	if s := o.get("waits").Stage; s != payout.AllPaid {
		t.Errorf("stage %s", s)
	}
	p.get(shown).leads(to.header.Get("Location"))
	if got := p.hand(at, "bank.csv", text, nil); got.status == 303 {
		p.get(got.header.Get("Location")).want(200, "4 of them were loaded before and do nothing again").want(200, "Would settle 0 payouts")
	}
}

// TestADoubleClickLoadsOnce: forms that come twice, also at one time, make one
// run and lead to one place.
func TestADoubleClickLoadsOnce(t *testing.T) {
	o := newOffice(t)
	o.ask("pending", 2000, func(n *engine.NewRequest) { n.Ref = "waits" })
	o.run(time.Minute)
	o.unlike = true
	p := o.hired(engine.RoleManager)
	at := home + "/reconcile/" + o.account() + "/load"
	shown := p.hand(at, "bank.csv", statementHead+o.line("waits", "20.00", "paid"), nil).header.Get("Location")
	page := p.get(shown)
	var clicks sync.WaitGroup
	places := make([]string, 8)
	for i := range places {
		clicks.Go(func() { places[i] = p.refill(page, shown, nil).header.Get("Location") })
	}
	clicks.Wait()
	for _, place := range places {
		if place != places[0] || !strings.Contains(place, "settled=1") {
			t.Errorf("led to %q", places)
		}
	}
	runs, err := o.Engine.BooksRuns(o.Ctx, onServer("shop").Scope, o.account(), 0, 10)
	must(t, err)
	if len(runs) != 1 || runs[0].Settled != 1 {
		t.Errorf("runs: %+v", runs)
	}
}

// TestWhoHandedItOverAloneLoadsIt: not a colleague, not by another account or
// mode, not after a quarter of an hour.
func TestWhoHandedItOverAloneLoadsIt(t *testing.T) {
	o := newOffice(t)
	o.named("same", 1000)
	p, other := o.hired(engine.RoleManager), o.hired(engine.RoleOwner)
	at := home + "/reconcile/" + o.account() + "/load"
	hand := func() string {
		return p.hand(at, "bank.csv", statementHead+o.line("same", "10.00", "paid"), nil).header.Get("Location")
	}
	shown := hand()
	other.get(shown).leads(at + "?done=gone")
	other.post(shown, nil).leads(at + "?done=gone")
	p.get(at+"?done=gone").want(200, "waits here no longer")
	p.get(shown).want(200, "Nothing is loaded yet.")
	second, third := hand(), hand()
	p.get(shown).leads(at + "?done=gone") // two of one person wait
	p.get(second).want(200, "Nothing is loaded yet.")
	for range 2 { // looking keeps the session, and not the statement
		o.run(8 * time.Minute)
		p.get(home)
	}
	p.post(third, nil).leads(at + "?done=gone")
	if last, err := o.Engine.Reconciled(o.Ctx, onServer("shop").Scope, o.account()); err != nil || last != nil {
		t.Errorf("something was loaded: %+v, %v", last, err)
	}
}

// TestWhatCantBeReadIsToldByLineAndField: all of it at once, without what stands
// there.
func TestWhatCantBeReadIsToldByLineAndField(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	at := home + "/reconcile/" + o.account() + "/load"
	text := statementHead + "x,ten,EUR,paid,2026-01-06,\n" + "x,12.50,JPY,paid,2026-01-06,\n" + "x,1,Z*Z,gone,06.01.26,\n" + "x,1\n" + "DE89370400440532013000,1.00,EUR,paid,2026-01-06,\n"
	got := p.hand(at, "bank.csv", text, nil).want(422, "Nothing was loaded.")
	for _, row := range []string{"2 Amount", "3 Amount", "4 Currency", "4 Paid or returned", "4 Date", "5 The line"} {
		if !strings.Contains(got.words(), row) {
			t.Errorf("not told: %s in %s", row, got.words())
		}
	}
	if strings.Contains(got.body, "DE89370400440532013000") || strings.Contains(got.body, "Z*Z") { // three letters stand in a session's secret now and then
		t.Error("what stands in the file is shown")
	}
	many := p.hand(at, "bank.csv", statementHead+strings.Repeat("x,ten,EUR,paid,2026-01-06,\n", 5000), nil).want(422, "The first 100; there may be more.")
	if rows := len(regexp.MustCompile(`<tr`).FindAllString(many.body, -1)); rows > 110 {
		t.Errorf("%d rows", rows)
	}
}

// TestALongStatementIsShownInPart: and counted whole.
func TestALongStatementIsShownInPart(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleOwner)
	at := home + "/reconcile/" + o.account() + "/load"
	var text strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&text, "rent %d,1.00,EUR,paid,2026-01-06,\n", i)
	}
	shown := p.hand(at, "bank.csv", statementHead+text.String(), nil).header.Get("Location")
	p.get(shown).want(200, "The first 200 of 1,500 lines.").want(200, "EUR 1,500 1,500.00 EUR")
}

// TestAStatementIsLoadedInABrowser: chosen, looked at, loaded, with the file that
// a browser sends.
func TestAStatementIsLoadedInABrowser(t *testing.T) {
	o := newOffice(t)
	o.named("same", 1000)
	o.hired(engine.RoleManager)
	b := openBrowser(t, o)
	b.as(engine.RoleManager)
	b.Go(home + "/reconcile/" + o.account())
	b.follow("Load a statement")
	file := filepath.Join(t.TempDir(), "bank.csv")
	must(t, os.WriteFile(file, []byte(statementHead+o.line("same", "10.00", "paid")), 0o600))
	b.Do(chromedp.SetUploadFiles(chromedp.CSS("#f-file"), []string{file}))
	b.follow("Look at it first")
	b.Sees("Nothing is loaded yet.")
	b.follow("Load it")
	b.Sees("Loaded: 1 line, 1 new; 0 payouts settled.")
	b.follow("Runs")
	b.Sees("bank.csv")
}
