package engine

import (
	"testing"

	"penstock/engine/money"
	"penstock/engine/payout"
)

// TestWhatWasBroughtBackNeverMakesMoreThanTheAmount: which piece a forgotten
// transfer has paid nobody knows; whatever it was, no more is paid after it than
// is missing.
func TestWhatWasBroughtBackNeverMakesMoreThanTheAmount(t *testing.T) {
	eur, usd := money.MustCurrency("EUR"), money.MustCurrency("USD")
	of := func(n, piece int, s payout.Status, minor, moved int64) payout.Payout {
		p := payout.Payout{N: n, Piece: piece, Status: s, Amount: money.New(minor, eur)}
		if moved > 0 {
			p.Moved = money.New(moved, eur)
		}
		return p
	}
	for _, row := range []struct {
		what  string
		known []payout.Payout
		lost  money.Amount
		piece int
		share money.Amount
	}{
		{"the whole", nil, money.New(1000, eur), 1, money.Amount{}},
		{"the first part", nil, money.New(600, eur), 1, money.Amount{}},
		{"the whole, converted", nil, money.New(1234, usd), 1, money.New(1000, eur)},
		{"the second part", []payout.Payout{of(1, 1, payout.Uncertain, 600, 0)}, money.New(400, eur), 2, money.Amount{}},
		{"the second part, converted", []payout.Payout{of(1, 1, payout.Paid, 600, 600)}, money.New(500, usd), 2, money.New(400, eur)},
		{"what stood in for one that is unknown", []payout.Payout{of(1, 1, payout.Uncertain, 1000, 0)}, money.New(1000, eur), 1, money.Amount{}},
		{"the same, converted", []payout.Payout{of(1, 1, payout.Uncertain, 1000, 0)}, money.New(1234, usd), 1, money.New(1000, eur)},
		{"what stood in for one that failed", []payout.Payout{of(1, 1, payout.Failed, 1000, 0)}, money.New(1000, eur), 1, money.Amount{}},
		{"what was missing of the first", []payout.Payout{of(1, 1, payout.PartlyPaid, 1000, 300)}, money.New(700, eur), 2, money.Amount{}},
	} {
		r := &Request{Amount: money.New(1000, eur), Payouts: row.known}
		piece, share := r.lostPiece(row.lost)
		if piece != row.piece || share != row.share {
			t.Errorf("%s: piece %d, share %v; want %d, %v", row.what, piece, share, row.piece, row.share)
		}
		p := payout.Payout{N: len(row.known) + 1, Piece: piece, Share: share, Amount: row.lost, Moved: row.lost, Status: payout.Paid}
		all := append(append([]payout.Payout(nil), row.known...), p)
		m := payout.Next(payout.Wish{Amount: r.Amount, Split: true, AttemptsLimit: 3, Parallel: true}, all, func(string) bool { return true })
		if m.Turn == payout.Pay && p.Covers().Minor()+m.Amount.Minor() > 1000 {
			t.Errorf("%s: %s is paid on top of %s", row.what, m.Amount, p.Covers())
		}
	}
}

// A draft that was changed after the copy was made is as large as what went out.
func TestADraftThatWasChangedSinceIsAsLargeAsWhatWentOut(t *testing.T) {
	eur := money.MustCurrency("EUR")
	r := &Request{Amount: money.New(100, eur)}
	if piece, share := r.lostPiece(money.New(200, eur)); piece != 1 || share.IsSet() || r.Amount.Minor() != 200 {
		t.Errorf("piece %d, share %v, amount %s", piece, share, r.Amount)
	}
}

// TestTheLastLookBeforeASendSeesTooMuch: with what is out or under way, a send
// never comes to more than the request's amount.
func TestTheLastLookBeforeASendSeesTooMuch(t *testing.T) {
	eur := money.MustCurrency("EUR")
	of := func(n int, s payout.Status, minor, moved int64) payout.Payout {
		return payout.Payout{N: n, Piece: n, Status: s, Amount: money.New(minor, eur), Moved: money.New(moved, eur)}
	}
	for _, row := range []struct {
		what string
		all  []payout.Payout // the first is to be sent
		want bool
	}{
		{"alone", []payout.Payout{of(1, payout.Queued, 1000, 0)}, false},
		{"beside the other part", []payout.Payout{of(1, payout.Queued, 600, 0), of(2, payout.Paid, 400, 400)}, false},
		{"beside one that failed", []payout.Payout{of(1, payout.Queued, 1000, 0), of(2, payout.Failed, 1000, 0)}, false},
		{"beside one that came back", []payout.Payout{of(1, payout.Queued, 1000, 0), of(2, payout.Returned, 1000, 1000)}, false},
		{"beside one that was paid", []payout.Payout{of(1, payout.Queued, 1000, 0), of(2, payout.Paid, 1000, 1000)}, true},
		{"beside one of which nobody knows", []payout.Payout{of(1, payout.Uncertain, 1000, 0), of(2, payout.Uncertain, 1, 0)}, true},
		{"beside one that was paid in part", []payout.Payout{of(1, payout.Queued, 701, 0), of(2, payout.PartlyPaid, 1000, 300)}, true},
		{"beside one that was paid after all", []payout.Payout{of(1, payout.Queued, 1000, 0), of(2, payout.Failed, 1000, 1000)}, true},
	} {
		r := &Request{Amount: money.New(1000, eur), Payouts: row.all}
		if got := r.tooMuch(); got != row.want {
			t.Errorf("%s: got %v, want %v", row.what, got, row.want)
		}
	}
}
