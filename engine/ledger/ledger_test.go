package ledger

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"penstock/engine/money"

	"pgregory.net/rapid"
)

var (
	eur = money.MustCurrency("EUR")
	jpy = money.MustCurrency("JPY")
	at  = time.Date(2026, 3, 4, 5, 6, 7, 890123456, time.UTC)
	by  = Cause{By: "apik_01jq3v5w7x9y0z1a2b3c4d5e6f", Request: request, Payout: payoutID}
)

const (
	request  = "01jq3v5w7x9y0z1a2b3c4d5e6f"
	payoutID = "01jq3v5w7x9y0z1a2b3c4d5e6g" // the second payout of that request
)

func euro(minor int64) money.Amount { return money.New(minor, eur) }

// post makes a posting that must be possible.
func post(t *testing.T, h *Head, m Move) Posting {
	t.Helper()
	next, p, err := h.Post(at, m, by)
	if err != nil {
		t.Fatalf("%s: %v", m.Kind(), err)
	}
	*h = next
	return p
}

// story is one posting of each kind, and the head after them.
func story(t *testing.T) (Head, []Posting) {
	t.Helper()
	h := Head{Balance: New(eur)}
	var list []Posting
	for _, m := range []Move{
		Deposited(euro(10_000)), Hold(euro(6_000), Limits{}), Settle(euro(6_000), euro(4_500)), Charged(euro(25)),
		Hold(euro(1_000), Limits{}), Release(euro(1_000)), Late(euro(1_000)), Return(euro(4_500)), Adjust(euro(-75)), Adjust(euro(5)),
	} {
		list = append(list, post(t, &h, m))
	}
	return h, list
}

func TestEachMoveIsTwoSided(t *testing.T) {
	want := []string{
		"topup [{available 10000} {topup -10000}]",
		"hold [{available -6000} {held 6000}]",
		"settle [{available 1500} {held -6000} {paid 4500}]",
		"fee [{available -25} {fee 25}]",
		"hold [{available -1000} {held 1000}]",
		"release [{available 1000} {held -1000}]",
		"late [{available -1000} {paid 1000}]",
		"return [{available 4500} {returned -4500}]",
		"adjust [{available -75} {adjustment 75}]",
		"adjust [{available 5} {adjustment -5}]",
	}
	h, list := story(t)
	for i, p := range list {
		if got := fmt.Sprint(p.Kind, " ", p.Entries); got != want[i] {
			t.Errorf("posting %d: got %s, want %s", i+1, got, want[i])
		}
		if p.Seq != uint64(i+1) || p.Cause != by || p.Currency != eur || !p.At.Equal(at.Truncate(time.Microsecond)) {
			t.Errorf("posting %d is %+v", i+1, p)
		}
	}
	if want := (Balance{Currency: eur, Available: 8_905, Paid: 5_500, Fee: 25, TopUp: -10_000, Adjustment: 70, Returned: -4_500}); h.Balance != want {
		t.Errorf("after all: got %+v, want %+v", h.Balance, want)
	}
	if h.Seq != 10 || h.Balance.Of(Paid) != euro(5_500) || h.Balance.Of("purse").IsSet() {
		t.Errorf("head %+v", h)
	}
}

func TestSettlingInFullLeavesNoEntryOfNothing(t *testing.T) {
	h := Head{Balance: New(eur)}
	post(t, &h, Deposited(euro(5)))
	post(t, &h, Hold(euro(5), Limits{}))
	p := post(t, &h, Settle(euro(5), euro(5)))
	if got := fmt.Sprint(p.Entries); got != "[{held -5} {paid 5}]" {
		t.Errorf("got %s", got)
	}
}

func TestRefusedMoveChangesNothing(t *testing.T) {
	h, _ := story(t)
	post(t, &h, Hold(euro(100), Limits{}))
	rich := Head{Balance: New(eur)}
	post(t, &rich, Deposited(euro(math.MaxInt64)))
	noPayout := by
	noPayout.Payout = ""
	for _, row := range []struct {
		name  string
		head  Head
		move  Move
		cause Cause
		want  error
	}{
		{"no kind", h, Move{amount: euro(1)}, by, ErrAmount},
		{"top-up of nothing", h, Deposited(euro(0)), by, ErrAmount},
		{"top-up below nothing", h, Deposited(euro(-1)), by, ErrAmount},
		{"hold of nothing", h, Hold(euro(0), Limits{}), by, ErrAmount},
		{"hold below nothing", h, Hold(euro(-1), Limits{}), by, ErrAmount},
		{"hold of too much", h, Hold(euro(8_806), Limits{}), by, ErrShort},
		{"hold below the minimum", h, Hold(euro(8_805), Limits{Minimum: euro(1)}), by, ErrShort},
		{"release of more than is held", h, Release(euro(101)), by, ErrBalance},
		{"settlement of more than is held", h, Settle(euro(101), euro(50)), by, ErrBalance},
		{"more moved than held", h, Settle(euro(100), euro(101)), by, ErrAmount},
		{"nothing moved", h, Settle(euro(100), euro(0)), by, ErrAmount},
		{"less than nothing moved", h, Settle(euro(100), euro(-1)), by, ErrAmount},
		{"moved in another currency", h, Settle(euro(100), money.New(50, jpy)), by, money.ErrMixed},
		{"moved in none", h, Settle(euro(100), money.Amount{}), by, money.ErrMixed},
		{"return of more than was paid", h, Return(euro(1_001)), by, ErrBalance},
		{"return below nothing", h, Return(euro(-1)), by, ErrAmount},
		{"fee below nothing", h, Charged(euro(-1)), by, ErrAmount},
		{"late below nothing", h, Late(euro(-1)), by, ErrAmount},
		{"adjustment of nothing", h, Adjust(euro(0)), by, ErrAmount},
		{"adjustment without an opposite", h, Adjust(euro(math.MinInt64)), by, money.ErrOverflow},
		{"another currency", h, Deposited(money.New(1, jpy)), by, money.ErrMixed},
		{"no amount", h, Deposited(money.Amount{}), by, money.ErrMixed},
		{"a head without a currency", Head{}, Deposited(money.Amount{}), by, money.ErrMixed},
		{"limits in another currency", h, Hold(euro(1), Limits{Overdraft: money.New(1, jpy)}), by, money.ErrMixed},
		{"a negative limit", h, Hold(euro(1), Limits{Minimum: euro(-1)}), by, ErrAmount},
		{"more than fits", rich, Deposited(euro(1)), by, money.ErrOverflow},
		{"adjustment to more than fits", rich, Adjust(euro(1)), by, money.ErrOverflow},
		{"nobody's act", h, Deposited(euro(1)), Cause{}, ErrCause},
		{"a hold for no payout", h, Hold(euro(1), Limits{}), noPayout, ErrCause},
		{"a long text", h, Deposited(euro(1)), Cause{By: "x", Text: string(make([]byte, 201))}, ErrCause},
		{"a line break", h, Deposited(euro(1)), Cause{By: "x", Text: "a\nb"}, ErrCause},
		{"broken UTF-8", h, Deposited(euro(1)), Cause{By: "x\xff"}, ErrCause},
	} {
		head, p, err := row.head.Post(at, row.move, row.cause)
		if !errors.Is(err, row.want) || head != row.head || p.Seq != 0 || p.Entries != nil {
			t.Errorf("%s: got %+v, %+v, %v; want %v and no change", row.name, head, p, err, row.want)
		}
	}
}

func TestTwoHundredHoldsOnMoneyForAHundredGiveAHundred(t *testing.T) {
	h := Head{Balance: New(jpy)}
	post(t, &h, Deposited(money.New(100*7+3, jpy)))
	held := 0
	for range 200 {
		next, _, err := h.Post(at, Hold(money.New(7, jpy), Limits{}), by)
		switch {
		case err == nil:
			held++
		case !errors.Is(err, ErrShort):
			t.Fatal(err)
		}
		h = next
	}
	if held != 100 || h.Balance.Held != 700 || h.Balance.Available != 3 {
		t.Errorf("got %d holds and %+v", held, h.Balance)
	}
}

func TestSpendable(t *testing.T) {
	limit := func(minor int64) money.Amount { return euro(minor) }
	for _, row := range []struct {
		available          int64
		overdraft, minimum money.Amount
		want               int64
	}{
		{100, money.Amount{}, money.Amount{}, 100},
		{100, limit(0), limit(0), 100},
		{100, limit(50), money.Amount{}, 150},
		{100, money.Amount{}, limit(30), 70},
		{100, limit(50), limit(30), 120},
		{100, money.Amount{}, limit(100), 0},
		{100, money.Amount{}, limit(101), 0},
		{-40, limit(50), money.Amount{}, 10},
		{-60, limit(50), money.Amount{}, 0},
		{0, limit(math.MaxInt64), limit(math.MaxInt64), 0},
		{math.MaxInt64, limit(1), money.Amount{}, math.MaxInt64},
		{math.MaxInt64, limit(math.MaxInt64), money.Amount{}, math.MaxInt64},
		{math.MinInt64, money.Amount{}, limit(1), 0},
		{math.MinInt64, money.Amount{}, limit(math.MaxInt64), 0},
	} {
		got, err := Spendable(Balance{Currency: eur, Available: row.available}, Limits{Overdraft: row.overdraft, Minimum: row.minimum})
		if err != nil || got != euro(row.want) {
			t.Errorf("%d, overdraft %v, minimum %v: got %v, %v, want %d", row.available, row.overdraft, row.minimum, got, err, row.want)
		}
	}
	if got, err := Spendable(Balance{}, Limits{}); err != nil || got.IsSet() {
		t.Errorf("no account: got %v, %v", got, err)
	}
}

func TestApplyRefusesWhatDoesNotBalance(t *testing.T) {
	h, _ := story(t)
	for name, entries := range map[string][]Entry{
		"one side":           {{Available, 1}},
		"unequal sides":      {{Available, -5}, {Held, 4}},
		"out of order":       {{Held, 4}, {Available, -4}},
		"an account twice":   {{Available, -4}, {Available, 4}},
		"an unknown account": {{"purse", 4}, {Held, -4}},
		"an entry of zero":   {{Available, 4}, {Held, 0}, {TopUp, -4}},
		"held below nothing": {{Available, 4}, {Held, -4}},
		"paid below nothing": {{Available, 6_000}, {Paid, -6_000}},
		"fee below nothing":  {{Available, 26}, {Fee, -26}},
		"put in below":       {{Available, -10_001}, {TopUp, 10_001}},
		"returned below":     {{Available, -4_501}, {Returned, 4_501}},
		"returned over paid": {{Available, 1_001}, {Returned, -1_001}},
		"a sum of 2^64":      {{Available, math.MaxInt64}, {Held, math.MaxInt64}, {Paid, 2}},
	} {
		if got, err := h.Balance.Apply(entries); !errors.Is(err, ErrBalance) || got != h.Balance {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if _, err := (Balance{}).Apply([]Entry{{Available, 1}, {TopUp, -1}}); !errors.Is(err, ErrBalance) {
		t.Errorf("without a currency: got %v", err)
	}
}

// payoutOf is what the test itself knows of a payout.
type payoutOf struct{ held, moved, back int64 }

// TestAnyMovesKeepTheBooks draws moves, legal and not, and holds the ledger
// against plain sums of what the moves meant.
func TestAnyMovesKeepTheBooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			h        = Head{Balance: New(eur)}
			list     []Posting
			payouts  []*payoutOf
			in, gone int64 // put in or adjusted; fees
			limits   = Limits{Overdraft: euro(rapid.Int64Range(0, 50).Draw(t, "overdraft")), Minimum: euro(rapid.Int64Range(0, 50).Draw(t, "minimum"))}
			amount   = rapid.Int64Range(-3, 200)
		)
		try := func(m Move) bool {
			next, p, err := h.Post(at, m, by)
			if err != nil {
				if next != h {
					t.Fatalf("%s: %v, and yet %+v became %+v", m.Kind(), err, h, next)
				}
				return false
			}
			h, list = next, append(list, p)
			return true
		}
		pick := func(fits func(*payoutOf) bool) *payoutOf {
			var some []*payoutOf
			for _, p := range payouts {
				if fits(p) {
					some = append(some, p)
				}
			}
			if len(some) == 0 {
				t.Skip("no such payout")
			}
			return rapid.SampledFrom(some).Draw(t, "payout")
		}
		open := func(p *payoutOf) bool { return p.held > 0 }
		moved := func(p *payoutOf) bool { return p.moved > p.back }
		t.Repeat(map[string]func(*rapid.T){
			"topup": func(t *rapid.T) {
				if a := amount.Draw(t, "a"); try(Deposited(euro(a))) {
					in += a
				}
			},
			"adjust": func(t *rapid.T) {
				if a := rapid.Int64Range(-50, 50).Draw(t, "a"); try(Adjust(euro(a))) {
					in += a
				}
			},
			"fee": func(t *rapid.T) {
				if a := rapid.Int64Range(-1, 5).Draw(t, "a"); try(Charged(euro(a))) {
					gone += a
				}
			},
			"hold": func(t *rapid.T) {
				a := amount.Draw(t, "a")
				may := h.Balance.Available + limits.Overdraft.Minor() - limits.Minimum.Minor()
				if got := try(Hold(euro(a), limits)); got != (a > 0 && a <= may) {
					t.Fatalf("hold of %d with %d to spend: %v", a, may, got)
				} else if got {
					payouts = append(payouts, &payoutOf{held: a})
				}
			},
			"release": func(t *rapid.T) {
				if p := pick(open); !try(Release(euro(p.held))) {
					t.Fatal("a hold can't be released")
				} else {
					p.held = 0
				}
			},
			"settle": func(t *rapid.T) {
				p := pick(open)
				a := rapid.Int64Range(-1, p.held+1).Draw(t, "moved")
				if got := try(Settle(euro(p.held), euro(a))); got != (a >= 1 && a <= p.held) {
					t.Fatalf("settle %d of %d: %v", a, p.held, got)
				} else if got {
					p.held, p.moved = 0, a
				}
			},
			"return": func(t *rapid.T) {
				p := pick(moved)
				a := rapid.Int64Range(1, p.moved-p.back).Draw(t, "back")
				if !try(Return(euro(a))) {
					t.Fatal("a payout's money can't come back")
				}
				p.back += a
			},
			"late": func(t *rapid.T) {
				if a := amount.Draw(t, "a"); try(Late(euro(a))) {
					payouts = append(payouts, &payoutOf{moved: a})
				}
			},
			"": func(t *rapid.T) {
				var held, paid, back int64
				for _, p := range payouts {
					held, paid, back = held+p.held, paid+p.moved, back+p.back
				}
				b := h.Balance
				if err := b.Sound(); err != nil {
					t.Fatal(err)
				}
				if sum := b.Available + b.Held + b.Paid + b.Fee + b.TopUp + b.Adjustment + b.Returned; sum != 0 {
					t.Fatalf("%+v sums to %d", b, sum)
				}
				if b.Held != held || b.Paid != paid || b.Returned != -back || b.Fee != gone || b.Available != in+back-gone-held-paid {
					t.Fatalf("books %+v; held %d, paid %d, back %d, fees %d, in %d", b, held, paid, back, gone, in)
				}
			},
		})
		if head, faults := Replay(Head{Balance: New(eur)}, list); head != h || len(faults) > 0 {
			t.Fatalf("replay: %+v, %v; want %+v", head, faults, h)
		}
		if cut := len(list) / 2; cut > 0 {
			if head, faults := Replay(list[cut-1].head(), list[cut:]); head != h || len(faults) > 0 {
				t.Fatalf("replay of the newer half: %+v, %v; want %+v", head, faults, h)
			}
		}
		for _, p := range list {
			roundTrip(t, p)
		}
	})
}

func TestReplayTellsWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name string
		harm func([]Posting) []Posting
		want string
	}{
		{"one missing", func(l []Posting) []Posting { return slices.Delete(l, 3, 4) }, "[posting 5: postings 4 to 4 are missing]"},
		{"first missing", func(l []Posting) []Posting { return l[2:] }, "[posting 3: postings 1 to 2 are missing]"},
		{"one twice", func(l []Posting) []Posting { return slices.Insert(l, 3, l[2]) }, "[posting 3: it comes after 3]"},
		{"two changed places", func(l []Posting) []Posting { l[3], l[4] = l[4], l[3]; return l },
			"[posting 5: postings 4 to 4 are missing posting 4: it comes after 5 posting 6: postings 5 to 5 are missing]"},
		{"another amount", func(l []Posting) []Posting { l[1].Entries = []Entry{{Available, -1}, {Held, 1}}; return l },
			"[posting 2: the balance after it doesn't follow from the one before]"},
		{"another balance", func(l []Posting) []Posting { l[4].After.Available++; return l },
			"[posting 5: the balance after it doesn't follow from the one before posting 6: ledger: entries don't balance: the accounts don't sum to zero]"},
		{"another kind", func(l []Posting) []Posting { l[0].Kind = KindAdjust; return l }, `[posting 1: its entries aren't those of kind "adjust"]`},
		{"a negative hold", func(l []Posting) []Posting { l[5].Kind = KindHold; return l }, `[posting 6: its entries aren't those of kind "hold"]`},
		{"no kind", func(l []Posting) []Posting { l[0].Kind = "gift"; return l }, `[posting 1: its entries aren't those of kind "gift"]`},
		{"entries of one side", func(l []Posting) []Posting { l[0].Entries = l[0].Entries[:1]; return l },
			`[posting 1: its entries aren't those of kind "topup" posting 1: ledger: entries don't balance: they don't sum to zero]`},
		{"entries out of order", func(l []Posting) []Posting { slices.Reverse(l[0].Entries); return l },
			"[posting 1: ledger: entries don't balance: entries must name each account once, in order, and move something]"},
		{"another currency", func(l []Posting) []Posting { l[9].Currency = jpy; return l },
			"[posting 10: it is in JPY with a balance in EUR, on a deposit account of EUR]"},
		{"no actor", func(l []Posting) []Posting { l[9].Cause.By = ""; return l }, "[posting 10: ledger: wrong cause: a posting of kind adjust needs by]"},
	} {
		_, list := story(t)
		_, faults := Replay(Head{Balance: New(eur)}, row.harm(list))
		if got := fmt.Sprint(faults); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

func TestTrialBalanceIsZeroPerCurrency(t *testing.T) {
	var trial Trial
	if !trial.Zero() || len(trial.Rows()) != 0 {
		t.Error("no deposits don't balance")
	}
	h, _ := story(t)
	full := Head{Balance: New(jpy)}
	post(t, &full, Deposited(money.New(math.MaxInt64, jpy)))
	for range 3 {
		trial.Add(full.Balance)
		trial.Add(h.Balance)
	}
	rows := trial.Rows()
	if len(rows) != 2 || rows[0].Currency != eur || rows[1].Currency != jpy || !trial.Zero() {
		t.Fatalf("got %v", rows)
	}
	if got := rows[0].Totals[Paid].String() + " " + rows[1].Totals[TopUp].String(); got != "16500 -27670116110564327421" {
		t.Errorf("totals: %s", got)
	}
	wrong := h.Balance
	wrong.Held++
	trial.Add(wrong)
	if rows := trial.Rows(); trial.Zero() || rows[0].Sum.String() != "1" || rows[1].Sum.Sign() != 0 {
		t.Errorf("a cent from nowhere isn't seen: %v", rows)
	}
}
