package reconcile_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"penstock/engine/money"
	. "penstock/engine/reconcile"
)

func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

func eur(minor int64) money.Amount { return money.New(minor, money.MustCurrency("EUR")) }

func paid(key string, minor int64) Payout {
	s := Sums{Out: eur(minor)}
	return Payout{Key: key, Ref: "ref-" + key, Ordered: eur(minor), Recorded: s, Ledger: s, At: day(3)}
}

func out(key string, minor int64) Line {
	return Line{ID: "line-" + key, Key: key, Side: Out, Amount: eur(minor), At: day(3)}
}

// TestEachClass: what each class is for, and why.
func TestEachClass(t *testing.T) {
	back := func(p Payout) Payout {
		p.Recorded.Back = p.Recorded.Out
		p.Ledger.Back = p.Ledger.Out
		return p
	}
	failed := paid("a", 1000)
	failed.Recorded, failed.Ledger = Sums{}, Sums{}
	unposted := paid("a", 1000)
	unposted.Ledger = Sums{}
	open := failed
	open.Open = true
	cameBack := out("a", 1000)
	cameBack.ID, cameBack.Side, cameBack.At = "back", Back, day(5)
	again := out("a", 1000)
	again.ID = "again"
	half := out("a", 500)
	otherHalf := half
	otherHalf.ID = "other"
	byRef := out("", 1000)
	byRef.Ref = "ref-a"
	dollars := out("a", 0)
	dollars.Amount = money.New(1000, money.MustCurrency("USD"))
	backAgain := cameBack
	backAgain.ID = "back-again"
	said := Line{ID: "said", Key: "a", Side: Said, Paid: true}
	refused := Line{ID: "said", Key: "a", Side: Said, Refused: true}
	for name, row := range map[string]struct {
		ours  []Payout
		lines []Line
		class Class
		why   Why
	}{
		"the same":                          {[]Payout{paid("a", 1000)}, []Line{out("a", 1000)}, Matched, Same},
		"by the provider's name":            {[]Payout{paid("a", 1000)}, []Line{byRef}, Matched, Same},
		"under way, another amount":         {[]Payout{open}, []Line{out("a", 999)}, AmountDiffers, OtherAmount},
		"under way, another currency":       {[]Payout{open}, []Line{dollars}, AmountDiffers, OtherCurrency},
		"under way, and nobody took it":     {[]Payout{open}, []Line{out("a", 1000)}, AmountDiffers, StillOpen},
		"under way in both":                 {[]Payout{open}, nil, Matched, Same},
		"in two halves":                     {[]Payout{paid("a", 1000)}, []Line{half, otherHalf}, Matched, Same},
		"not in theirs":                     {[]Payout{paid("a", 1000)}, nil, OursOnly, NotBooked},
		"said and not booked":               {[]Payout{paid("a", 1000)}, []Line{said}, OursOnly, OnlySaid},
		"refused there":                     {[]Payout{paid("a", 1000)}, []Line{refused}, OursOnly, Refused},
		"a line without a name":             {nil, []Line{out("", 1000)}, TheirsOnly, NoKey},
		"a name that isn't ours":            {nil, []Line{out("b", 1000)}, TheirsOnly, UnknownKey},
		"failed here, booked there":         {[]Payout{failed}, []Line{out("a", 1000)}, TheirsOnly, NotPaidHere},
		"failed here, said there":           {[]Payout{failed}, []Line{said}, TheirsOnly, NotPaidHere},
		"failed here, gone and come back":   {[]Payout{failed}, []Line{out("a", 1000), cameBack}, Matched, Same},
		"failed in both":                    {[]Payout{failed}, []Line{refused}, Matched, Same},
		"another amount":                    {[]Payout{paid("a", 1000)}, []Line{out("a", 999)}, AmountDiffers, OtherAmount},
		"another currency":                  {[]Payout{paid("a", 1000)}, []Line{dollars}, AmountDiffers, OtherCurrency},
		"another currency, failed here":     {[]Payout{failed}, []Line{dollars}, TheirsOnly, OtherCurrency},
		"twice":                             {[]Payout{paid("a", 1000)}, []Line{out("a", 1000), again}, Duplicate, Twice},
		"twice and back once":               {[]Payout{paid("a", 1000)}, []Line{out("a", 1000), again, cameBack}, Duplicate, Twice},
		"twice and back twice, failed here": {[]Payout{failed}, []Line{out("a", 1000), again, cameBack, backAgain}, Duplicate, Twice},
		"back in both":                      {[]Payout{back(paid("a", 1000))}, []Line{out("a", 1000), cameBack}, Matched, Same},
		"back there alone":                  {[]Payout{paid("a", 1000)}, []Line{out("a", 1000), cameBack}, AmountDiffers, NotBackHere},
		"back here alone":                   {[]Payout{back(paid("a", 1000))}, []Line{out("a", 1000)}, AmountDiffers, NotBackThere},
		"back twice":                        {[]Payout{back(paid("a", 1000))}, []Line{out("a", 1000), cameBack, backAgain}, Duplicate, BackTwice},
		"back and never gone":               {[]Payout{back(paid("a", 1000))}, []Line{cameBack}, OursOnly, OnlyBack},
		"the ledger differs":                {[]Payout{unposted}, []Line{out("a", 1000)}, AmountDiffers, Ledger},
	} {
		got := Match(row.ours, row.lines)
		if len(got) != 1 || got[0].Class != row.class || got[0].Why != row.why {
			t.Errorf("%s: got %+v, want %s (%s)", name, got, row.class, row.why)
		}
	}
}

// TestARefOfTwoPayoutsNamesNeither: money isn't given to the first that fits.
func TestARefOfTwoPayoutsNamesNeither(t *testing.T) {
	one, two, three := paid("a", 1000), paid("b", 1000), paid("c", 1000)
	two.Ref, three.Ref = one.Ref, one.Ref
	l := out("", 1000)
	l.Ref = one.Ref
	for _, f := range Match([]Payout{one, two, three}, []Line{l}) {
		if f.Payout == nil && f.Class != TheirsOnly || f.Payout != nil && f.Class != OursOnly {
			t.Errorf("got %+v", f)
		}
	}
}

// books draws payouts, and the lines that a provider without faults has.
func books(t *rapid.T) (ours []Payout, theirs []Line) {
	for i := range rapid.IntRange(0, 12).Draw(t, "payouts") {
		p := paid(fmt.Sprintf("po_%02d", i), rapid.Int64Range(1, 1<<50).Draw(t, "amount"))
		p.At = day(1 + rapid.IntRange(0, 5).Draw(t, "day"))
		l := out(p.Key, p.Ordered.Minor())
		switch rapid.IntRange(0, 3).Draw(t, "fate") {
		case 0:
			p.Recorded.Back, p.Ledger.Back = p.Ordered, p.Ordered
			back := l
			back.ID, back.Side = "back-"+p.Key, Back
			theirs = append(theirs, back)
		case 1:
			p.Recorded, p.Ledger = Sums{}, Sums{}
			ours = append(ours, p)
			continue
		case 2:
			l.Key, l.Ref = "", p.Ref
		}
		ours, theirs = append(ours, p), append(theirs, l)
	}
	return ours, theirs
}

// TestEqualBooksMatchInAnyOrder: and one fault is found as the one that it is,
// with nothing else.
func TestEqualBooksMatchInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ours, theirs := books(t)
		want := map[Class]int{Matched: len(ours)}
		if len(theirs) > 0 {
			i := rapid.IntRange(0, len(theirs)-1).Draw(t, "which")
			l := theirs[i]
			switch {
			case l.Side != Out:
			case rapid.Bool().Draw(t, "twice"):
				l.ID += "-again"
				theirs, want = append(theirs, l), map[Class]int{Matched: len(ours) - 1, Duplicate: 1}
			case rapid.Bool().Draw(t, "less"):
				theirs[i].Amount, want = eur(l.Amount.Minor()-1), map[Class]int{Matched: len(ours) - 1, AmountDiffers: 1}
			case rapid.Bool().Draw(t, "gone"):
				theirs, want = append(theirs[:i:i], theirs[i+1:]...), map[Class]int{Matched: len(ours) - 1, OursOnly: 1}
			default:
				theirs, want = append(theirs, out("", 5)), map[Class]int{Matched: len(ours), TheirsOnly: 1}
			}
		}
		first := Match(ours, theirs)
		got := map[Class]int{}
		lines := map[string]int{}
		for _, f := range first {
			got[f.Class]++
			for _, l := range f.Lines {
				lines[l.ID]++
			}
		}
		for _, c := range Classes() {
			if got[c] != want[c] {
				t.Fatalf("got %v, want %v of %+v and %+v", got, want, ours, theirs)
			}
		}
		for _, l := range theirs {
			if lines[l.ID] != 1 {
				t.Fatalf("line %s is in %d findings", l.ID, lines[l.ID])
			}
		}
		dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		dice.Shuffle(len(ours), func(i, j int) { ours[i], ours[j] = ours[j], ours[i] })
		dice.Shuffle(len(theirs), func(i, j int) { theirs[i], theirs[j] = theirs[j], theirs[i] })
		if again := Match(ours, theirs); !reflect.DeepEqual(first, again) {
			t.Fatalf("another order gives\n%+v\nafter\n%+v", again, first)
		}
	})
}
