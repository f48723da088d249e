package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/iso20022"
	"penstock/engine/payout"
)

// TestALateReturnIsHeardOfByItself: nobody asks about a payout that has ended,
// so what comes back later is heard of by reading the bank's files on a
// schedule, and by nothing else.
func TestALateReturnIsHeardOfByItself(t *testing.T) {
	for _, schedule := range []string{"20 */6 * * *", ""} {
		synctest.Test(t, func(t *testing.T) {
			timing := engine.DefaultTiming()
			timing.BooksCron, timing.Tick = schedule, 0
			e, _, me := concurrent(t, timing, "")
			dir := t.TempDir()
			e.Connectors["iso20022"] = iso20022.New(connector.Host{Now: time.Now, Dir: dir})
			a, err := e.ConnectAccount(t.Context(), me, engine.NewAccount{Provider: "iso20022", Label: "bank", Credentials: map[string]string{"name": "The Shop", "iban": "DE89370400440532013000"}}, nil)
			must(t, err)
			who := sepa("NL91ABNA0417164300")
			who.Details["account_holder_name"] = "Ada Example"
			v, err := e.Create(t.Context(), me, engine.NewRequest{Dialect: "rest", Amount: eur(1000), Confirm: true, AutoFulfill: true, Beneficiary: who, Exits: []engine.Exit{{Account: a.ID}}}, nil)
			must(t, err)
			say := func(name, side string) {
				text := fmt.Sprintf(`<Document><BkToCstmrStmt><Stmt><Ntry><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>%s</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>%s</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>po-%s</EndToEndId></Refs></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>`, side, time.Now().UTC().Format(time.DateOnly), v.ID)
				must(t, os.WriteFile(filepath.Join(dir, a.ID, "in", name), []byte(text), 0o600))
			}
			running(t, e, time.Minute)
			say("1.xml", "DBIT")
			running(t, e, 2*time.Hour)
			if got := stageOf(t, e, me, v.ID); got != payout.AllPaid {
				t.Fatalf("stage %s, want paid", got)
			}
			must(t, os.WriteFile(filepath.Join(dir, a.ID, "in", "torn.xml"), []byte("<Document><BkToCstmrStmt>"), 0o600))
			if _, err := e.PullReports(t.Context(), me, a.ID); err == nil {
				t.Error("a torn file was read")
			}
			if runs, err := e.BooksRuns(t.Context(), me.Scope, a.ID, 0, 1); err != nil || len(runs) != 1 || runs[0].Began != engine.RunPull || runs[0].By != me.Actor || runs[0].Problem == "" {
				t.Errorf("of a report that can't be read the run is %+v, %v", runs, err)
			}
			must(t, os.Remove(filepath.Join(dir, a.ID, "in", "torn.xml")))
			say("2.xml", "CRDT")
			running(t, e, 7*time.Hour)
			want := payout.GivenBack
			if schedule == "" {
				want = payout.AllPaid
			}
			if got := stageOf(t, e, me, v.ID); got != want {
				t.Errorf("with the schedule %q: stage %s, want %s", schedule, got, want)
			}
			if sum, err := e.Reconciled(t.Context(), me.Scope, a.ID); err != nil || (sum != nil) != (schedule != "") {
				t.Errorf("with the schedule %q: %+v, %v", schedule, sum, err)
			}
			if runs, err := e.BooksRuns(t.Context(), me.Scope, a.ID, 0, 100); err != nil || (len(runs) > 0 && runs[0].Began == engine.RunSchedule && runs[0].By == "penstock") != (schedule != "") {
				t.Errorf("with the schedule %q the runs are %+v, %v", schedule, runs, err)
			}
		})
	}
}
