package payout

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"penstock/engine/money"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func eur(minor int64) money.Amount { return money.New(minor, money.MustCurrency("EUR")) }

func fresh(s Status) Payout {
	return Payout{ID: "po_x", N: 1, Amount: eur(1000), Status: s, Attempt: 1, Due: t0}
}

// grid prints what becomes of every (status, event) pair, so that a new status
// or event shows the whole table in the diff.
func grid() string {
	var b strings.Builder
	for _, s := range Statuses() {
		for _, k := range Kinds() {
			p, effect, err := Apply(fresh(s), Event{Kind: k, At: t0, Moved: eur(400)})
			switch {
			case errors.Is(err, ErrImpossible):
				fmt.Fprintf(&b, "%-12s %-9s impossible\n", s, k)
			case effect == Conflict:
				fmt.Fprintf(&b, "%-12s %-9s %s, conflict\n", s, k, p.Status)
			default:
				fmt.Fprintf(&b, "%-12s %-9s %s\n", s, k, p.Status)
			}
		}
	}
	b.WriteString("\n")
	for _, s := range Stages() {
		for _, step := range Steps() {
			to, err := Advance(s, step, eur(1000), []Payout{{Status: Pending}}, false)
			if errors.Is(err, ErrStep) {
				to = "impossible"
			}
			fmt.Fprintf(&b, "%-12s %-9s %s\n", s, step, to)
		}
	}
	return b.String()
}

func TestEveryPairIsWrittenDown(t *testing.T) {
	const path = "testdata/grid.golden"
	got := grid()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the life of a payout has changed; read the diff, then run with -update:\n%s", got)
	}
}

func TestNoDeadEndButTheEnds(t *testing.T) {
	for _, s := range Statuses() {
		reachesEnd := map[Status]bool{}
		frontier := []Status{s}
		for len(frontier) > 0 {
			at := frontier[0]
			frontier = frontier[1:]
			for _, c := range table[at] {
				if !reachesEnd[c.to] {
					reachesEnd[c.to] = true
					frontier = append(frontier, c.to)
				}
			}
		}
		if !s.Ended() && (!reachesEnd[Paid] || !reachesEnd[Failed]) {
			t.Errorf("%s cannot reach both paid and failed", s)
		}
		if s != Queued && !mustReach(Queued)[s] {
			t.Errorf("%s can never be reached", s)
		}
	}
}

func mustReach(from Status) map[Status]bool {
	seen := map[Status]bool{}
	frontier := []Status{from}
	for len(frontier) > 0 {
		at := frontier[0]
		frontier = frontier[1:]
		for _, c := range table[at] {
			if !seen[c.to] {
				seen[c.to] = true
				frontier = append(frontier, c.to)
			}
		}
	}
	return seen
}

func TestAnEndLeavesOnlyFromPaidToReturned(t *testing.T) {
	for _, s := range Statuses() {
		for k, c := range table[s] {
			left := s.Ended() && c.to != s
			back := (s == Paid || s == PartlyPaid) && c.to == Returned
			if left && !back {
				t.Errorf("%s leaves for %s by %s", s, c.to, k)
			}
		}
	}
}

func TestMoneyThatMovedAgainstAnEndIsAConflictNeverOverwritten(t *testing.T) {
	for _, s := range []Status{Failed, Cancelled} {
		for _, k := range []Kind{Accepted, Whole, Part} {
			p, effect, err := Apply(fresh(s), Event{Kind: k, At: t0, Moved: eur(1)})
			if err != nil || effect != Conflict || p.Status != s {
				t.Errorf("%s then %s: got %s, effect %d, %v; want %s and a conflict", s, k, p.Status, effect, err, s)
			}
		}
	}
}

func TestRefusalHeardBeforeIsProvenByASettledAbsence(t *testing.T) {
	p := fresh(Uncertain)
	p.Doubt = true
	p, _, err := Apply(p, Event{Kind: Doubted, At: t0, Resolution: "declined"})
	if err != nil || p.Status != Uncertain {
		t.Fatalf("after a doubted refusal: %s, %v", p.Status, err)
	}
	p, _, err = Apply(p, Event{Kind: Missing, At: t0})
	if err != nil || p.Status != Failed || p.Resolution != "declined" {
		t.Errorf("after a settled absence: %s (%s), %v; want failed, declined", p.Status, p.Resolution, err)
	}
}

func TestAbsenceWithoutRefusalGivesACleanSlate(t *testing.T) {
	p := fresh(Uncertain)
	p.Doubt = true
	p, _, err := Apply(p, Event{Kind: Missing, At: t0, Due: t0})
	if err != nil || p.Status != Queued || p.Doubt {
		t.Errorf("got %s, doubt %v, %v; want queued without doubt", p.Status, p.Doubt, err)
	}
}

func TestOutcomeOfRequest(t *testing.T) {
	p := func(s Status, moved int64) Payout { return Payout{Status: s, Amount: eur(1000), Moved: eur(moved)} }
	for _, row := range []struct {
		name string
		in   []Payout
		want Stage
	}{
		{"one queued", []Payout{p(Queued, 0)}, Dispatching},
		{"one uncertain", []Payout{p(Uncertain, 0)}, Dispatching},
		{"one pending", []Payout{p(Pending, 0)}, InHand},
		{"paid whole", []Payout{p(Paid, 1000)}, AllPaid},
		{"paid in part", []Payout{p(PartlyPaid, 400)}, SomePaid},
		{"failed, then paid", []Payout{p(Failed, 0), p(Paid, 1000)}, AllPaid},
		{"part paid, rest failed", []Payout{p(Paid, 600), p(Failed, 0)}, SomePaid},
		{"money out and one open", []Payout{p(Paid, 600), p(Sending, 0)}, Dispatching},
		{"all failed", []Payout{p(Failed, 0)}, NonePaid},
		{"all cancelled", []Payout{p(Cancelled, 0)}, Withdrawn},
		{"came back", []Payout{p(Returned, 1000)}, GivenBack},
	} {
		if got := Outcome(eur(1000), row.in, false); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

// FuzzApply: whatever happens in whatever order, nothing panics, Seq grows by
// one, the amount stays, and an end leaves only from paid to returned.
func FuzzApply(f *testing.F) {
	f.Add([]byte{0, 3, 5})
	f.Add([]byte{0, 1, 0, 7, 9, 0, 4, 10})
	f.Fuzz(func(t *testing.T, story []byte) {
		p := Payout{ID: "po_x", N: 1, Amount: eur(1000), Status: Queued}
		for _, b := range story {
			k := Kinds()[int(b)%len(Kinds())]
			next, _, err := Apply(p, Event{Kind: k, At: t0, Due: t0.Add(time.Second), Moved: eur(int64(b%9) + 1)})
			if err != nil {
				if next != p {
					t.Fatalf("%s while %s was refused and changed the payout", k, p.Status)
				}
				continue
			}
			if next.Seq != p.Seq+1 || next.Amount != p.Amount {
				t.Fatalf("%s while %s: seq %d -> %d, amount %v -> %v", k, p.Status, p.Seq, next.Seq, p.Amount, next.Amount)
			}
			if p.Status.Ended() && next.Status != p.Status && next.Status != Returned {
				t.Fatalf("%s left the end %s for %s", k, p.Status, next.Status)
			}
			if next.Status.Ended() != next.Due.IsZero() {
				t.Fatalf("%s: %s is due %v", k, next.Status, next.Due)
			}
			p = next
		}
	})
}
