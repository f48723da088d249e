package payout

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func always(string) bool { return true }

// of is a payout of a piece: status, share and what moved, in cents.
func of(n, piece int, s Status, share, moved int64) Payout {
	p := Payout{N: n, Piece: piece, Status: s, Amount: eur(share), Share: eur(share), Route: string(rune('a' + n)), Moved: eur(moved), Resolution: "declined"}
	return p
}

func TestWhatARequestDoesNext(t *testing.T) {
	whole, split := Wish{Amount: eur(1000), Whole: true}, Wish{Amount: eur(1000), Split: true, Whole: true}
	limit := func(w Wish, n int) Wish { w.AttemptsLimit = n; return w }
	partly := func(w Wish) Wish { w.Whole = false; return w }
	parallel := func(w Wish) Wish { w.Parallel = true; return w }
	for _, row := range []struct {
		name   string
		w      Wish
		in     []Payout
		turn   Turn
		amount int64
		piece  int
		tried  []string
	}{
		{"the first payout is for all of it", whole, nil, Pay, 1000, 1, nil},
		{"while one is on its way nothing is made beside it", whole, []Payout{of(1, 1, Pending, 1000, 0)}, Rest, 0, 0, nil},
		{"paid is the end", whole, []Payout{of(1, 1, Paid, 1000, 1000)}, Finish, 0, 0, nil},
		{"failed without attempts left is the end", whole, []Payout{of(1, 1, Failed, 1000, 0)}, Finish, 0, 0, nil},
		{"failed with attempts left is tried by another route", limit(whole, 1), []Payout{of(1, 1, Failed, 1000, 0)}, Pay, 1000, 1, []string{"b"}},
		{"the limit counts payouts beyond the first", limit(whole, 1), []Payout{of(1, 1, Failed, 1000, 0), of(2, 1, Failed, 1000, 0)}, Finish, 0, 0, nil},
		{"an ambiguous payout never fails over", limit(whole, 5), []Payout{of(1, 1, Uncertain, 1000, 0)}, Rest, 0, 0, nil},
		{"what is missing of a piece is the next piece", split, []Payout{of(1, 1, Paid, 600, 600)}, Pay, 400, 2, nil},
		{"pieces wait for each other", split, []Payout{of(1, 1, Pending, 600, 0)}, Rest, 0, 0, nil},
		{"unless they go in parallel", parallel(split), []Payout{of(1, 1, Pending, 600, 0)}, Pay, 400, 2, nil},
		{"less paid than asked leaves a piece where it may be split", split, []Payout{of(1, 1, PartlyPaid, 1000, 300)}, Pay, 700, 2, nil},
		{"and calls a person where it may not", whole, []Payout{of(1, 1, PartlyPaid, 1000, 300)}, Stuck, 0, 0, nil},
		{"or is the end where that will do", partly(whole), []Payout{of(1, 1, PartlyPaid, 1000, 300)}, Finish, 0, 0, nil},
		{"a request with money out is not failed", split, []Payout{of(1, 1, Paid, 600, 600), of(2, 2, Failed, 400, 0)}, Stuck, 0, 0, nil},
		{"each piece has attempts of its own", limit(split, 1), []Payout{of(1, 1, Failed, 600, 0), of(2, 1, Paid, 600, 600), of(3, 2, Failed, 400, 0)}, Pay, 400, 2, []string{"d"}},
		{"no more money goes out for what can't become whole", parallel(limit(split, 1)), []Payout{of(1, 1, Failed, 600, 0), of(2, 2, Failed, 400, 0), of(3, 2, Failed, 400, 0)}, Finish, 0, 0, nil},
		{"unless a part will do", partly(parallel(limit(split, 1))), []Payout{of(1, 1, Failed, 600, 0), of(2, 2, Failed, 400, 0), of(3, 2, Failed, 400, 0)}, Pay, 600, 1, []string{"b"}},
		{"what was paid after all is paid", limit(whole, 1), []Payout{of(1, 1, Failed, 1000, 1000)}, Finish, 0, 0, nil},
		{"and nothing is made beside what stood in for it", limit(split, 1), []Payout{of(1, 1, Failed, 1000, 1000), of(2, 1, Pending, 1000, 0)}, Rest, 0, 0, nil},
		{"nothing is paid on after a cancel", split, []Payout{of(1, 1, Cancelled, 600, 0)}, Finish, 0, 0, nil},
	} {
		m := Next(row.w, row.in, always)
		if m.Turn != row.turn || m.Turn == Pay && (m.Amount != eur(row.amount) || m.Piece != row.piece || !slices.Equal(m.Tried, row.tried)) {
			t.Errorf("%s: got %+v, want %s %d, piece %d, tried %v", row.name, m, row.turn, row.amount, row.piece, row.tried)
		}
	}
}

func TestARefusalForGoodIsNotTriedAgain(t *testing.T) {
	m := Next(Wish{Amount: eur(1000), AttemptsLimit: 5}, []Payout{of(1, 1, Failed, 1000, 0)}, func(r string) bool { return r != "declined" })
	if m.Turn != Finish {
		t.Errorf("got %+v, want the end", m)
	}
}

func TestThereAreAtMostAHundredPieces(t *testing.T) {
	var all []Payout
	for i := range MaxPieces {
		all = append(all, of(i+1, i+1, Paid, 1, 1))
	}
	if m := Next(Wish{Amount: eur(1000), Split: true, Whole: true}, all, always); m.Turn != Stuck {
		t.Errorf("after %d pieces: %+v", MaxPieces, m)
	}
}

// Whatever becomes of the payouts, no more than the amount is ever on its way
// or paid, and the story comes to an end.
func TestNeverMoreThanTheAmountIsOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Wish{Amount: eur(rapid.Int64Range(1, 5000).Draw(t, "amount")), AttemptsLimit: rapid.IntRange(0, 3).Draw(t, "limit"),
			Split: rapid.Bool().Draw(t, "split"), Parallel: rapid.Bool().Draw(t, "parallel"), Whole: rapid.Bool().Draw(t, "whole")}
		var all []Payout
		for range 2000 {
			out := int64(0)
			for _, p := range all {
				if !p.Status.Ended() {
					out += p.Asks().Minor()
				}
				out += p.Covers().Minor()
			}
			if out > w.Amount.Minor() {
				t.Fatalf("%d of %d is out", out, w.Amount.Minor())
			}
			m := Next(w, all, always)
			switch m.Turn {
			case Finish, Stuck:
				return
			case Pay:
				if m.Amount.Minor() <= 0 || m.Piece > MaxPieces {
					t.Fatalf("%+v", m)
				}
				share := m.Amount.Minor()
				if w.Split {
					share = rapid.Int64Range(max(1, share/20), share).Draw(t, "share")
				}
				all = append(all, of(len(all)+1, m.Piece, Pending, share, 0))
			case Rest:
				i := slices.IndexFunc(all, func(p Payout) bool { return !p.Status.Ended() })
				if i < 0 {
					t.Fatal("it waits for nobody")
				}
				all[i].Status = rapid.SampledFrom([]Status{Paid, PartlyPaid, Failed, Cancelled}).Draw(t, "end")
				switch {
				case all[i].Status == Paid || all[i].Asks().Minor() == 1:
					all[i].Moved = all[i].Amount
				case all[i].Status == PartlyPaid:
					all[i].Moved = eur(rapid.Int64Range(1, all[i].Amount.Minor()-1).Draw(t, "moved"))
				}
			}
		}
		t.Fatal("no end")
	})
}
