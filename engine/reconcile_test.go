package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/iso20022"
	"penstock/engine/payout"
	"penstock/engine/reconcile"
	"penstock/engine/sim"
	"penstock/store"
)

// till is a kit whose account's statements are handed over.
type till struct {
	*kit
	account string
}

func newTill(t *testing.T, seed uint64) *till {
	t.Helper()
	k := newKit(t, sim.Config{Seed: seed, Statements: iso20022.Reader{}})
	accounts, err := k.Engine.Accounts(k.Ctx, k.me.Scope)
	must(t, err)
	return &till{k, accounts[0].ID}
}

const head = "reference,amount,currency,kind,date,provider_reference\n"

// row is a line of a statement about a payout.
func row(p payout.Payout, amount, kind string) string {
	return fmt.Sprintf("%s,%s,%s,%s,2026-01-06,\n", p.Key(), amount, p.Amount.Currency().Code(), kind)
}

func (k *till) file(rows ...string) connector.File {
	return connector.File{Name: "statement-20260106.csv", Text: []byte(head + strings.Join(rows, ""))}
}

func (k *till) load(rows ...string) *engine.Loaded {
	k.t.Helper()
	got, err := k.Engine.LoadStatement(k.Ctx, k.me, k.account, k.file(rows...))
	must(k.t, err)
	return got
}

// show is how the books stand, worst first, without what matches.
func (k *till) show() string {
	k.t.Helper()
	books, err := k.Engine.Reconcile(k.Ctx, k.me.Scope, k.account, engine.Period{})
	must(k.t, err)
	var out []string
	for _, class := range reconcile.Classes() {
		for _, f := range books.Findings {
			switch {
			case f.Class != class || class == reconcile.Matched:
			case f.Payout != nil:
				out = append(out, fmt.Sprintf("%s %s of %s", class, f.Why, f.Payout.Ordered.Decimal()))
			default:
				out = append(out, fmt.Sprintf("%s %s %s", class, f.Why, f.Reported[0].Amount.Decimal()))
			}
		}
	}
	return strings.Join(out, "; ")
}

// backup is the store but for the runs: that a file was loaded again is kept,
// and nothing else of it.
func (k *till) backup() []byte {
	k.t.Helper()
	must(k.t, k.Disk.Update(k.Ctx, func(tx store.Tx) error {
		for _, bucket := range []string{"books_run", "run_found"} {
			rows, err := tx.Scan(bucket, nil, nil, 1000, false)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if err := tx.Delete(bucket, r.Key); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	b, err := k.Backup()
	must(k.t, err)
	return b
}

// paidOf makes a payout of so much and lets it be paid.
func (k *till) paidOf(minor int64) *engine.View {
	k.t.Helper()
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(minor), Confirm: true, AutoFulfill: true, Beneficiary: sepa(magic(k.t, "success").IBAN)}, nil)
	must(k.t, err)
	k.run(time.Minute)
	return k.wantStage(v.ID, payout.AllPaid)
}

// TestThreeBooksAreCompared: what a statement says and what it leaves out is
// found, each by its class, and the same file again changes nothing at all.
func TestThreeBooksAreCompared(t *testing.T) {
	k := newTill(t, 1)
	good, gone, less, twice := k.paidOf(1000), k.paidOf(2000), k.paidOf(3000), k.paidOf(4000)
	_ = gone
	byRef := k.paidOf(5000)
	rows := []string{row(good.Payouts[0], "10.00", "paid"), row(less.Payouts[0], "29.99", "paid"),
		row(twice.Payouts[0], "40.00", "paid"), row(twice.Payouts[0], "40.00", "paid"), "rent,7.00,EUR,paid,2026-01-06,\n", "refund,8.00,EUR,returned,2026-01-06,\n",
		"x,50.00,EUR,paid,2026-01-06," + byRef.Payouts[0].Ref + "\n", "po_01m7yd36spsb257v8awpzx2d01,9.00,EUR,paid,2026-01-06,\n"}
	got := k.load(rows...)
	if got.Lines != 8 || got.New != 8 || got.Settled != 0 {
		t.Errorf("loaded %+v", got)
	}
	want := "theirs_only no_key 7.00; theirs_only no_key 8.00; theirs_only unknown_key 9.00; duplicate twice of 40.00; amount_differs amount of 30.00; ours_only not_booked of 20.00"
	shown := strings.Split(k.show(), "; ")
	for _, one := range strings.Split(want, "; ") {
		if !strings.Contains(strings.Join(shown, "; "), one) {
			t.Errorf("not found: %s", one)
		}
	}
	if len(shown) != 6 {
		t.Errorf("got %s", shown)
	}
	sum, err := k.Engine.Reconciled(k.Ctx, k.me.Scope, k.account)
	must(t, err)
	if sum.Counts[reconcile.TheirsOnly] != 3 || sum.StrayOut != 2 || sum.Counts[reconcile.Matched] != 2 {
		t.Errorf("in numbers: %+v", sum)
	}
	before := k.backup()
	if again := k.load(rows...); again.New != 0 || again.Settled != 0 {
		t.Errorf("again: %+v", again)
	}
	if !bytes.Equal(before, k.backup()) {
		t.Error("the same file changed the store")
	}
}

// TestALateReturnIsTaken: a payout that had been paid is returned by its
// statement, once, and its money is there again.
func TestALateReturnIsTaken(t *testing.T) {
	k := newTill(t, 2)
	v := k.paidOf(1000)
	k.run(24 * time.Hour)
	paid, back := row(v.Payouts[0], "10.00", "paid"), strings.Replace(row(v.Payouts[0], "10.00", "returned"), "01-06", "01-09", 1)
	if got := k.load(back, paid); got.Settled != 1 {
		t.Errorf("loaded %+v", got)
	}
	is := k.wantStage(v.ID, payout.GivenBack)
	if said := engine.Statements(is.History, 1); said[len(said)-1].Source != payout.FromReport {
		t.Errorf("said by %s", said[len(said)-1].Source)
	}
	seq := is.Payouts[0].Seq
	k.load(paid, back)
	if now := k.get(v.ID).Payouts[0].Seq; now != seq {
		t.Errorf("the same line was told %d times more", now-seq)
	}
	if got := k.show(); got != "" {
		t.Errorf("got %s", got)
	}
}

// TestOnlyTheVeryMoneyIsTaken: another amount, another currency, another
// account's payout settle nothing.
func TestOnlyTheVeryMoneyIsTaken(t *testing.T) {
	k := newTill(t, 3)
	v, err := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(1000), Confirm: true, AutoFulfill: true, Beneficiary: sepa(magic(t, "pending").IBAN)}, nil)
	must(t, err)
	k.run(10 * time.Second)
	p := k.get(v.ID).Payouts[0]
	dollars := strings.Replace(row(p, "10.00", "paid"), "EUR", "USD", 1)
	if got := k.load(row(p, "9.99", "paid"), dollars); got.Settled != 0 {
		t.Errorf("loaded %+v", got)
	}
	if k.get(v.ID).Payouts[0].Status != payout.Pending {
		t.Error("settled by other money")
	}
	other, err := k.Engine.ConnectAccount(k.Ctx, k.me, engine.NewAccount{Provider: engine.SandboxName, Label: "other"}, nil)
	must(t, err)
	if got, err := k.Engine.LoadStatement(k.Ctx, k.me, other.ID, k.file(row(p, "10.00", "paid"))); err != nil || got.Settled != 0 || k.get(v.ID).Payouts[0].Status != payout.Pending {
		t.Errorf("another account's statement: %+v, %v", got, err)
	}
}

// TestABadStatementChangesNothing: and the refusal names the row, and no
// account.
func TestABadStatementChangesNothing(t *testing.T) {
	k := newTill(t, 4)
	p := k.paidOf(1000).Payouts[0]
	before := k.backup()
	for _, rows := range []string{"", head + row(p, "10.00", "paid") + "half a row", head + row(p, "10.001", "paid"), head + row(p, "ten", "paid"), head + row(p, "10.00", "gone"),
		head + strings.Replace(row(p, "10.50", "paid"), "EUR", "JPY", 1), head + strings.Replace(row(p, "10.00", "paid"), "EUR", "ABC", 1), "a,b\n1,2\n", "<Document>", "<Document><BkToCstmrStmt>"} {
		_, err := k.Engine.LoadStatement(k.Ctx, k.me, k.account, connector.File{Name: "bad", Text: []byte(rows)})
		if refused, ok := err.(*engine.Error); !ok || refused.Code != engine.CodeInvalid {
			t.Errorf("%q: got %v", rows, err)
		}
	}
	if !bytes.Equal(before, k.backup()) {
		t.Error("a bad statement changed the store")
	}
}

// TestADifferenceIsExplainedOnce: a person's word covers what they saw, and not
// what comes later.
func TestADifferenceIsExplainedOnce(t *testing.T) {
	k := newTill(t, 5)
	p := k.paidOf(1000).Payouts[0]
	k.load(row(p, "9.00", "paid"))
	books, err := k.Engine.Reconcile(k.Ctx, k.me.Scope, k.account, engine.Period{})
	must(t, err)
	line := books.Findings[0].Reported[0].ID
	must(t, k.Engine.ExplainReported(k.Ctx, k.me, k.account, line, "the bank's fee"))
	if books, err = k.Engine.Reconcile(k.Ctx, k.me.Scope, k.account, engine.Period{}); err != nil || books.Findings[0].Explained != "the bank's fee" || books.Reconciled.Explained != 1 {
		t.Errorf("got %+v, %v", books, err)
	}
	k.load(row(p, "9.00", "paid"), row(p, "2.00", "paid"))
	if books, err = k.Engine.Reconcile(k.Ctx, k.me.Scope, k.account, engine.Period{}); err != nil || books.Findings[0].Explained != "" || books.Counts[reconcile.Duplicate] != 1 {
		t.Errorf("after another line: got %+v, %v", books, err)
	}
	if err := k.Engine.ExplainReported(k.Ctx, k.me, k.account, strings.Repeat("0", 26), "x"); err == nil {
		t.Error("explained a line that isn't there")
	}
}

// TestAStatementSurvivesAnyCut: the power is cut at each operation of a load;
// loaded again, all is as if it had been loaded once.
func TestAStatementSurvivesAnyCut(t *testing.T) {
	story := func(cut int) (ops int, end string) {
		k := newTill(t, 6)
		paid, back := k.paidOf(1000), k.paidOf(2000)
		rows := []string{row(paid.Payouts[0], "10.00", "paid"), row(back.Payouts[0], "20.00", "paid"), row(back.Payouts[0], "20.00", "returned"), "rent,7.00,EUR,paid,2026-01-06,\n"}
		before := k.Store.Ops()
		if cut > 0 {
			k.Store.CutAt(before + cut)
		}
		_, err := k.Engine.LoadStatement(context.Background(), k.me, k.account, k.file(rows...))
		ops = k.Store.Ops() - before
		if err != nil {
			must(t, k.Crash())
			k.load(rows...)
		}
		r := k.wantStage(back.ID, payout.GivenBack)
		k.wantStage(paid.ID, payout.AllPaid)
		return ops, fmt.Sprint(k.show(), r.Payouts[0].Seq, len(engine.Statements(r.History, 1)))
	}
	ops, want := story(0)
	if ops < 20 {
		t.Fatalf("only %d operations", ops)
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	for cut := 1; cut <= ops; cut += step {
		if _, got := story(cut); got != want {
			t.Errorf("cut at %d: got %s, want %s", cut, got, want)
		}
	}
}
