package spectest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/money"
)

// Book is what a fake provider remembers: its state, which is ours and is
// nobody's description.
type Book struct {
	// Window is how long a key is kept; zero is for ever.
	Window time.Duration
	// Late is how late an order acts whose connection was cut before it did.
	Late time.Duration
	// Ends is the state that a settled row takes; empty is [Paid].
	Ends State

	mu           sync.Mutex
	now          time.Duration
	rows         []*Row
	refuse, lose bool
	fault        Fate
	late         []lateRow
}

// State is where a row stands.
type State string

// States of a row.
const (
	Pending State = "pending"
	Paid    State = "paid"
	Failed  State = "failed"
	Back    State = "returned"
)

// Row is one order in the book.
type Row struct {
	N      int // from 1
	Key    string
	Amount money.Amount
	State  State
	at     time.Duration
}

type lateRow struct {
	Row
	acts time.Duration
}

// Fate is what becomes of an order on arrival.
type Fate int

// Fates of an order. Those after Refused are faults.
const (
	Taken     Fate = iota // booked now, or before under the same key
	Refused               // not booked, and said so
	CutAfter              // booked, and the connection is cut
	FailAfter             // booked, and answered 500
	Busy                  // not booked, answered 429
	CutBefore             // not booked yet, and the connection is cut
)

// Handled answers the faults; it says whether it did. What is cut ends the
// handler.
func (f Fate) Handled(w http.ResponseWriter) bool {
	switch f {
	case CutAfter, CutBefore:
		panic(http.ErrAbortHandler)
	case FailAfter:
		w.WriteHeader(http.StatusInternalServerError)
	case Busy:
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		return false
	}
	fmt.Fprint(w, `{"message":"try again"}`)
	return true
}

// Order books an order, unless its key is known or something is in the way.
func (b *Book) Order(key string, amount money.Amount) (Row, Fate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fate := b.fault
	b.fault = Taken
	switch {
	case fate == Busy:
		return Row{}, Busy
	case b.lose:
		b.late = append(b.late, lateRow{Row{Key: key, Amount: amount}, b.now + b.Late})
		return Row{}, CutBefore
	}
	if r := b.find(key); r != nil && (b.Window == 0 || b.now-r.at < b.Window) {
		return *r, fate
	}
	if b.refuse {
		return Row{}, Refused
	}
	return *b.book(key, amount), fate
}

func (b *Book) book(key string, amount money.Amount) *Row {
	r := &Row{N: len(b.rows) + 1, Key: key, Amount: amount, State: Pending, at: b.now}
	b.rows = append(b.rows, r)
	return r
}

func (b *Book) find(key string) *Row {
	for _, r := range slices.Backward(b.rows) {
		if r.Key == key {
			return r
		}
	}
	return nil
}

// Find is the newest row of a key.
func (b *Book) Find(key string) (Row, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.find(key); r != nil {
		return *r, true
	}
	return Row{}, false
}

// Nth is a row by its number.
func (b *Book) Nth(n int) (Row, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n < 1 || n > len(b.rows) {
		return Row{}, false
	}
	return *b.rows[n-1], true
}

// Rows is all of the book.
func (b *Book) Rows() []Row {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Row, len(b.rows))
	for i, r := range b.rows {
		out[i] = *r
	}
	return out
}

// Settle ends all that is pending.
func (b *Book) Settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	ends := b.Ends
	if ends == "" {
		ends = Paid
	}
	for _, r := range b.rows {
		if r.State == Pending {
			r.State = ends
		}
	}
}

// Advance moves the time; what came late acts when its time has come.
func (b *Book) Advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now += d
	for _, r := range b.late {
		if r.acts <= b.now && b.find(r.Key) == nil {
			b.book(r.Key, r.Amount)
		}
	}
	b.late = slices.DeleteFunc(b.late, func(r lateRow) bool { return r.acts <= b.now })
}

// Elapsed is how far the time has moved.
func (b *Book) Elapsed() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// Next sets the fate of the next order.
func (b *Book) Next(f Fate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
}

// Movements is how often a key was booked and not refused.
func (b *Book) Movements(key string) int {
	n := 0
	for _, r := range b.Rows() {
		if r.Key == key {
			n++
		}
	}
	return n
}

func (b *Book) set(at *bool) func(bool) {
	return func(on bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		*at = on
	}
}

// Live is the book as the contract wants it. Named is the key as the provider
// knows it.
func (b *Book) Live(c connector.Connector, named func(key string) string) connectortest.Live {
	l := connectortest.Live{Connector: c, Movements: func(key string) int { return b.Movements(named(key)) }, Settle: b.Settle, Advance: b.Advance, Refuse: b.set(&b.refuse)}
	if b.Late > 0 {
		l.Lose = b.set(&b.lose)
	}
	return l
}

// Story tells what goes wrong between us and a provider, and wants that each
// payout is paid once and known. The connector must be able to find an order by
// its key, or to send it again under it.
func Story(t *testing.T, b *Book, c connector.Connector, order func(key string) connector.Instruction, named func(key string) string) {
	t.Helper()
	ask := func(in connector.Instruction, ref string) (connector.Outcome, error) {
		if s, ok := c.(connector.Seeker); ok {
			return s.Seek(context.Background(), connector.Question{Key: in.Key, Ref: ref, Amount: in.Amount, Service: in.Service, Sent: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
		}
		return c.Lookup(context.Background(), in.Key)
	}
	traits := c.Traits()
	for n, fate := range []Fate{Taken, FailAfter, CutAfter, Busy} {
		in := order(fmt.Sprintf("po_0000000000000000000000st%02d", n))
		b.Next(fate)
		out, err := c.Send(context.Background(), in)
		if fate == Taken {
			if out.Verdict != connector.Accepted && out.Verdict != connector.Paid {
				t.Fatalf("sent: got %s, %v", out.Verdict, err)
			}
		} else {
			if out.Verdict != connector.Unknown {
				t.Fatalf("fate %d: got %s, want unknown", fate, out.Verdict)
			}
			if traits.Lookup {
				want := connector.Accepted
				if fate == Busy {
					want = connector.Absent
				}
				if out, err = ask(in, ""); out.Verdict != want {
					t.Fatalf("fate %d, looked up: got %s, %v, want %s", fate, out.Verdict, err, want)
				}
			}
			if out.Verdict == connector.Absent || !traits.Lookup && traits.Idempotent {
				if out, err = c.Send(context.Background(), in); out.Verdict != connector.Accepted && out.Verdict != connector.Paid {
					t.Fatalf("fate %d, sent again: got %s, %v", fate, out.Verdict, err)
				}
			}
		}
		b.Settle()
		if traits.Lookup || traits.Follow && out.Ref != "" {
			if last, err := ask(in, out.Ref); last.Verdict != connector.Paid {
				t.Errorf("fate %d, at last: got %s, %v, want paid", fate, last.Verdict, err)
			}
		}
		if got := b.Movements(named(in.Key)); got != 1 {
			t.Errorf("fate %d: money moved %d times, want once", fate, got)
		}
	}
}

// Same is a key that the provider knows as we do.
func Same(key string) string { return key }
