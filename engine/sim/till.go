package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
)

// till is the provider's side of money that comes in, with a book of its own:
// what it was asked, what it took and what it gave back. It honours keys, loses
// requests and answers, is late, and sends payers to their bank.
type till struct {
	w      *World
	draw   *rand.Rand
	drop   float64       // the chance that a request doesn't arrive, or arrives late
	silent float64       // the chance that an answer doesn't
	cut    bool          // the power goes as soon as the next answer is there
	window time.Duration // how long keys are honoured; zero: for ever
	sales  []*sale       // in the order of their making
	late   []letter
	when   time.Duration    // at which a late letter arrived that is being read; zero: now
	kept   map[string]*sale // what is kept for later payments, by its name
	odd    []string         // what should never have been asked
	old    map[string]bool  // payments from before the store was brought back, by what their keys are made of
}

// States of a sale.
const (
	atBank     = "waiting" // for its payer
	onItsWay   = "processing"
	setAside   = "authorised"
	taken      = "paid"
	refusedPay = "declined"
	letGo      = "ended"
)

// sale is one charge or authorisation as the provider knows it.
type sale struct {
	key, ref, payment, account string
	amount                     money.Amount
	hold                       bool // it is only set aside
	by                         string
	state                      string
	born, at                   time.Duration // at: when it stops to be on its way
	then                       string        // and what becomes of it
	takes                      int           // how often its payer's money was taken
	took, gave                 int64
	done                       map[string]*deed
}

// deed is what followed: a capture, a void or a refund, by its key.
type deed struct {
	what   string
	amount money.Amount
	out    connector.Acquired
	at     time.Duration // of a refund that is on its way, when it is given; zero: it has ended
}

// letter is a request that arrives late.
type letter struct {
	at      time.Duration
	account string
	ask     connector.Acquisition
}

func newTill(w *World, seed uint64, window time.Duration) *till {
	return &till{w: w, draw: rand.New(rand.NewPCG(seed, 6)), window: window, kept: map[string]*sale{}, old: map[string]bool{}}
}

func (t *till) chance(of float64) bool { return t.draw.Float64() < of }

// acquire is the way to it.
func (t *till) acquire(account string, c connector.Acquisition) (connector.Acquired, error) {
	if t.chance(t.drop) {
		if t.chance(0.5) {
			t.late = append(t.late, letter{t.w.Clock.mono + time.Duration(t.draw.IntN(50_000))*time.Millisecond, account, c})
		}
		return t.nothing()
	}
	out := t.act(account, c)
	if t.cut {
		t.cut = false
		t.w.Store.Cut()
		return t.nothing()
	}
	if t.chance(t.silent) {
		return t.nothing()
	}
	t.w.Clock.Advance(20 * time.Millisecond)
	return out, nil
}

func (t *till) nothing() (connector.Acquired, error) {
	t.w.Clock.Advance(t.w.Engine.Timing.Deadline)
	return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Unknown}}, errors.New("sim: no answer")
}

// time is when what is being read has arrived.
func (t *till) time() time.Duration {
	if t.when != 0 {
		return t.when
	}
	return t.w.Clock.mono
}

// pass lets happen what happens by itself.
func (t *till) pass() {
	now := t.w.Clock.mono
	for _, s := range t.sales {
		if s.state == onItsWay && now >= s.at {
			t.become(s, s.then)
		}
		for _, d := range s.done {
			if d.at != 0 && now >= d.at {
				d.at, d.out.Verdict = 0, connector.Paid
				s.gave += d.amount.Minor()
			}
		}
	}
	for i := 0; i < len(t.late); {
		if l := t.late[i]; now >= l.at {
			t.late = slices.Delete(t.late, i, i+1)
			was := t.when
			t.when = l.at
			t.act(l.account, l.ask)
			t.when = was
			continue
		}
		i++
	}
}

func (t *till) act(account string, c connector.Acquisition) connector.Acquired {
	t.pass()
	if c.What == "charge" || c.What == "authorise" {
		return t.charge(account, c)
	}
	at := slices.IndexFunc(t.sales, func(s *sale) bool { return s.ref == c.Ref && s.account == account })
	if at < 0 {
		return t.wrong(c, "%s of a payment that nobody has heard of", c.What)
	}
	s := t.sales[at]
	if was := s.done[c.Key]; was != nil {
		if was.what != c.What || was.amount != c.Amount {
			return t.wrong(c, "%s of %s under the key of a %s of %s", c.What, c.Amount, was.what, was.amount)
		}
		return was.out
	}
	d := &deed{what: c.What, amount: c.Amount}
	d.out.Ref, d.out.Verdict = s.ref, connector.Rejected
	if s.follow(c, d, t) {
		d.out.Verdict = connector.Paid
		if d.at != 0 {
			d.out.Verdict = connector.Accepted
		}
	}
	s.done[c.Key] = d
	return d.out
}

// follow does what comes after a sale, where that can be done.
func (s *sale) follow(c connector.Acquisition, d *deed, t *till) bool {
	n := c.Amount.Minor()
	switch {
	case c.What == "void" && (s.state == atBank || s.state == setAside || s.state == letGo):
		s.state = letGo
	case c.What == "capture" && s.state == setAside && n <= s.amount.Minor():
		s.state, s.took = taken, n
	case c.What == "refund" && s.state == taken && s.gave+s.promised()+n <= s.took:
		switch t.draw.IntN(8) {
		case 0:
			return false
		case 1, 2:
			d.at = t.w.Clock.mono + time.Duration(1+t.draw.IntN(3600))*time.Second
		default:
			s.gave += n
		}
	default:
		return false
	}
	return true
}

// promised is what refunds on their way will give.
func (s *sale) promised() (sum int64) {
	for _, d := range s.done {
		if d.at != 0 {
			sum += d.amount.Minor()
		}
	}
	return sum
}

func (t *till) charge(account string, c connector.Acquisition) connector.Acquired {
	s := t.find(c)
	if s == nil {
		if c.Ref != "" {
			return t.wrong(c, "a charge is asked for by a name that nobody gave it")
		}
		if s = t.sell(account, c); s == nil {
			return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Rejected}}
		}
	}
	if s.amount != c.Amount || s.hold != (c.What == "authorise") || s.account != account || s.by != c.Details["psp_token"] && s.state != taken && s.state != setAside {
		return t.wrong(c, "%s of %s under the key of another", c.What, c.Amount)
	}
	out := connector.Acquired{Outcome: connector.Outcome{Ref: s.ref}}
	switch s.state {
	case atBank:
		out.Verdict, out.Next = connector.Accepted, "https://bank.example/"+s.ref
	case onItsWay:
		out.Verdict = connector.Accepted
	case setAside, taken:
		if out.Verdict = connector.Paid; c.Save {
			out.Method, out.Customer = "kept_"+s.ref, "payer_"+s.payment
			t.kept[out.Method] = s
		}
	default:
		out.Verdict, out.Code = connector.Rejected, s.state
	}
	return out
}

// find is the sale that a key or a name is of; a key that is too old is
// forgotten.
func (t *till) find(c connector.Acquisition) *sale {
	for _, s := range slices.Backward(t.sales) {
		if c.Ref != "" && s.ref == c.Ref || c.Ref == "" && s.key == c.Key && (c.Again || t.window == 0 || t.time()-s.born < t.window) {
			return s
		}
	}
	return nil
}

// sell begins a sale; what becomes of it is chance.
func (t *till) sell(account string, c connector.Acquisition) *sale {
	s := &sale{key: c.Key, ref: fmt.Sprintf("pi_%d", len(t.sales)), payment: paymentOf(c.Key), account: account, amount: c.Amount, hold: c.What == "authorise", by: c.Details["psp_token"], born: t.time(), done: map[string]*deed{}}
	if s.by != "" && (t.kept[s.by] == nil || t.kept[s.by].account != account || c.Customer != "payer_"+t.kept[s.by].payment) {
		t.wrong(c, "it is to be paid by what nobody keeps")
		return nil
	}
	t.sales = append(t.sales, s)
	switch n := t.draw.IntN(10); {
	case n < 4 && c.ReturnURL != "" && !c.OffSession && s.by == "":
		s.state = atBank
	case n == 4:
		s.state = refusedPay
	case n == 5, n == 6:
		s.state, s.at, s.then = onItsWay, s.born+time.Duration(1+t.draw.IntN(600))*time.Second, taken
		if t.draw.IntN(4) == 0 {
			s.then = refusedPay
		}
	default:
		t.become(s, taken)
	}
	return s
}

// paymentOf is what a payment's keys are made of (engine.Payment.Named).
func paymentOf(key string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(key, engine.PrefixPayment), "_")
	return id
}

// become ends a sale's way: taken is set aside where that was asked for.
func (t *till) become(s *sale, end string) {
	s.state = end
	if end != taken {
		return
	}
	s.takes++
	if s.hold {
		s.state = setAside
	} else {
		s.took = s.amount.Minor()
	}
}

// payer decides about a sale that waits at their bank.
func (t *till) payer(s *sale) {
	if s.state == atBank {
		t.become(s, []string{taken, taken, refusedPay}[t.draw.IntN(3)])
	}
}

// wrong notes what should never have been asked, and has no answer to it.
func (t *till) wrong(c connector.Acquisition, format string, args ...any) connector.Acquired {
	id := paymentOf(c.Key)
	if !t.old[id] {
		t.odd = append(t.odd, fmt.Sprintf("I20 payment %s: "+format, append([]any{id}, args...)...))
	}
	return connector.Acquired{Outcome: connector.Outcome{Verdict: connector.Unknown}}
}
