package sandbox

import (
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
	add := func(b Booking) {
		if !b.At.Before(since) {
			out = append(out, b)
		}
	}
	p.mu.Lock()
	p.catchUp()
	for _, t := range p.rows {
		if t.Account != account || t.Paid.IsZero() {
			continue
		}
		kind := Paid
		if t.Paid != t.Amount {
			kind = PartlyPaid
		}
		add(Booking{t.ID, t.Key, kind, t.Paid, t.Moved})
		if t.Status == Returned {
			add(Booking{t.ID + "/back", t.Key, Returned, t.Paid, t.Back})
		}
	}
	p.mu.Unlock()
	return out, p.durable()
}

// Balances are what an account has left of its play money, in every currency.
func (p *Provider) Balances(account string) ([]money.Amount, error) {
	gone := map[money.Currency]money.Amount{}
	p.mu.Lock()
	p.catchUp()
	for _, t := range p.rows {
		if t.Account != account || t.Status != Paid && t.Status != PartlyPaid {
			continue
		}
		sum, err := gone[t.Paid.Currency()].Add(t.Paid)
		if err != nil {
			p.mu.Unlock()
			return nil, fmt.Errorf("add up an account: %w", err)
		}
		gone[t.Paid.Currency()] = sum
	}
	p.mu.Unlock()
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

// wireBooking is a line of GET /v1/report.
type wireBooking struct {
	ID       string `json:"id"`
	Key      string `json:"key"`
	Kind     string `json:"kind"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	At       string `json:"at"` // RFC 3339
}

type wireReport struct {
	Lines []wireBooking `json:"lines"`
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
	list, err := s.provider.Bookings(r.URL.Query().Get("account"), since)
	if err != nil {
		s.broken(w, err)
		return
	}
	out := wireReport{make([]wireBooking, len(list))}
	for i, b := range list {
		out.Lines[i] = wireBooking{b.ID, b.Key, string(b.Kind), b.Amount.Decimal(), b.Amount.Currency().Code(), b.At.Format(time.RFC3339)}
	}
	reply(w, http.StatusOK, out)
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
