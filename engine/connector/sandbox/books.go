package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Opening is what each account begins with in every currency, in its smallest
// units: the play money that a deposit account of test mode opens with.
const Opening = 1_000_000_000_000_000

// Booking is one movement on an account, as a statement has it.
type Booking struct {
	ID     string
	Key    string
	Kind   Status // Paid, PartlyPaid, or Returned for what came back
	Amount money.Amount
	At     time.Time
}

// Bookings are an account's movements from a time on, in the order in which
// their transfers were made.
func (p *Provider) Bookings(account string, since time.Time) ([]Booking, error) {
	var out []Booking
	err := p.bookings(account, since, func(b Booking) error {
		out = append(out, b)
		return nil
	})
	return out, err
}

func (p *Provider) bookings(account string, since time.Time, take func(Booking) error) error {
	return p.list(since, func(l Line) error {
		if l.Account != account {
			return nil
		}
		for _, b := range l.bookings() {
			if b.At.Before(since) {
				continue
			}
			if err := take(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// bookings are a transfer's movements.
func (t Transfer) bookings() []Booking {
	if t.Paid.IsZero() {
		return nil
	}
	kind := Paid
	if t.Paid != t.Amount {
		kind = PartlyPaid
	}
	list := []Booking{{t.ID, t.Key, kind, t.Paid, t.Moved}}
	if t.Status == Returned {
		list = append(list, Booking{t.ID + "/back", t.Key, Returned, t.Paid, t.Back})
	}
	return list
}

// Balances are what an account has left of its play money, in every currency.
func (p *Provider) Balances(account string) ([]money.Amount, error) {
	p.mu.Lock()
	p.catchUp()
	gone, err := p.book.spent(account)
	p.mu.Unlock()
	if err != nil {
		return nil, err
	}
	var out []money.Amount
	for c := range money.Currencies() {
		left := money.New(Opening, c)
		if sum, ok := gone[c]; ok {
			var err error
			if left, err = left.Sub(sum); err != nil {
				return nil, fmt.Errorf("add up an account: %w", err)
			}
		}
		out = append(out, left)
	}
	return out, p.durable()
}

// report is a booking as the engine hears of it.
func (b Booking) report() connector.Report {
	r := connector.Report{Key: b.Key, Booked: true, Amount: b.Amount, At: b.At, ID: b.ID, Source: "test provider",
		Outcome: connector.Outcome{Verdict: verdicts[b.Kind], Code: string(b.Kind)}}
	switch b.Kind {
	case PartlyPaid:
		r.Outcome.Paid = b.Amount
	case Returned:
		r.Outcome.Resolution = connector.ReturnedByBank
	}
	return r
}

// wireBooking is one of the lines of GET /v1/report.
type wireBooking struct {
	ID       string `json:"id"`
	Key      string `json:"key"`
	Kind     string `json:"kind"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	At       string `json:"at"` // RFC 3339
}

// wireBalances is the body of GET /v1/balances: decimals by currency.
type wireBalances struct {
	Balances map[string]string `json:"balances"`
}

func (s *Server) getReport(w http.ResponseWriter, r *http.Request) {
	var since time.Time
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			fail(w, http.StatusBadRequest, codeInvalid, "query parameter since must be a time such as 2026-03-01T00:00:00Z")
			return
		}
	}
	out := listReply{to: w, now: s.options.Now, member: "lines"}
	err := s.provider.bookings(r.URL.Query().Get("account"), since, func(b Booking) error {
		return out.add(wireBooking{b.ID, b.Key, string(b.Kind), b.Amount.Decimal(), b.Amount.Currency().Code(), b.At.Format(time.RFC3339)})
	})
	if err = errors.Join(err, out.end(err, "", nil)); err != nil {
		s.brokenOff(w, &out, err)
	}
}

func (s *Server) getBalances(w http.ResponseWriter, r *http.Request) {
	list, err := s.provider.Balances(r.URL.Query().Get("account"))
	if err != nil {
		s.broken(w, err)
		return
	}
	out := wireBalances{map[string]string{}}
	for _, a := range list {
		out.Balances[a.Currency().Code()] = a.Decimal()
	}
	reply(w, http.StatusOK, out)
}
