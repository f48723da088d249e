package iso20022

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// account is one account at a bank. One at a time has it in hand, so that what
// a look-up finds is not under way at that moment.
type account struct {
	connector.Mute
	host connector.Host
	config
	id      string
	state   state
	busy    chan struct{} // held by whoever has the account in hand
	secrets map[string]string
}

var (
	_ connector.Connector = (*account)(nil)
	_ connector.Seeker    = (*account)(nil)
	_ connector.Batcher   = (*account)(nil)
	_ connector.Lister    = (*account)(nil)
	_ connector.Reporter  = (*account)(nil)
)

// Traits rest on the account's directory: it tells what has left. Settle is
// how long a server may take to carry out what it was asked before a
// connection was cut.
func (a *account) Traits() connector.Traits {
	t := connector.Traits{Idempotent: true, Lookup: true}
	if a.remote != nil {
		t.Settle = time.Minute
	}
	return t
}

// hold takes the account in hand, or says that ctx ended before.
func (a *account) hold(ctx context.Context) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case a.busy <- struct{}{}:
		return func() { <-a.busy }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// meet opens the place where files are exchanged.
func (a *account) meet(ctx context.Context) (place, error) {
	if a.remote == nil {
		return folder{out: a.state.path("out"), in: a.state.path("in"), steps: a.state.steps}, nil
	}
	return a.remote.connect(ctx, a.host.Dial)
}

// Send puts one order in a file of its own.
func (a *account) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	outs, errs := a.SendAll(ctx, []connector.Instruction{in})
	return outs[0], errs[0]
}

// beforeCutOff is how long before the cut-off a file goes out, so that it is
// there in time.
const beforeCutOff = 5 * time.Minute

// Batch is until when orders may be gathered for one file, and how many. What
// is instant isn't gathered, and nothing is where there is no cut-off.
func (a *account) Batch(now time.Time, service string) (until time.Time, most int) {
	if a.atOnce || a.clock.cutOff == 0 || strings.HasPrefix(service, "sepa_instant") {
		return now, maxPayments
	}
	if at := a.clock.nextCutOff(now).Add(-beforeCutOff); at.After(now) {
		return at, maxPayments
	}
	return now, maxPayments
}

// SendAll puts orders in one file. Each has an outcome of its own: one that
// can't be written is refused and leaves the others alone; one that is in a
// file already is not put in another.
func (a *account) SendAll(ctx context.Context, in []connector.Instruction) ([]connector.Outcome, []error) {
	outs, errs := make([]connector.Outcome, len(in)), make([]error, len(in))
	fail := func(err error, which ...int) {
		for _, i := range which {
			outs[i], errs[i] = connector.Doubt(fmt.Errorf("iso20022: %w", err))
		}
	}
	release, err := a.hold(ctx)
	if err != nil {
		fail(err, every(len(in))...)
		return outs, errs
	}
	defer release()
	if _, err := a.state.open(a.host.Now()); err != nil {
		fail(err, every(len(in))...)
		return outs, errs
	}
	var fresh []int
	var payments []Payment
	taken := map[string]bool{}
	for i := range in {
		p, refused := payment(in[i])
		if refused != nil {
			outs[i] = refused.Scrub(in[i].Details)
			continue
		}
		r, known, err := a.state.order(in[i].Key)
		switch {
		case err != nil:
			fail(err, i)
		case known && r.Amount != in[i].Amount:
			fail(errors.New("this key has left with another amount"), i)
		case known && r.Phase == placed:
			outs[i] = r.outcome()
		case known && r.Phase == placing:
			fail(errors.New("whether its file got its name isn't known yet"), i)
		case taken[in[i].Key]:
			fail(errors.New("the same key is in this batch already"), i)
		default:
			taken[in[i].Key] = true
			fresh, payments = append(fresh, i), append(payments, p)
		}
	}
	if len(fresh) == 0 {
		return outs, errs
	}
	message, err := a.file(ctx, in, fresh, payments)
	var unwritable *refusedError
	for _, i := range fresh {
		switch {
		case errors.As(err, &unwritable):
			outs[i] = connector.Refuse(connector.InvalidRequest, "%v", unwritable)
		case err != nil:
			fail(err, i)
		default:
			outs[i] = connector.Outcome{Verdict: connector.Accepted, Ref: message, Code: "placed", Message: "in a file for the bank"}
		}
	}
	return outs, errs
}

func every(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// refusedError says that nothing was put anywhere.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }

// file writes the orders and puts the file in its place.
func (a *account) file(ctx context.Context, in []connector.Instruction, fresh []int, payments []Payment) (message string, err error) {
	now := a.host.Now().UTC()
	n, err := a.state.next()
	if err != nil {
		return "", err
	}
	m := Message{Version: a.version, ID: a.messageID(now, n), Created: now, Date: a.clock.executionDate(now), Debtor: a.debtor, Payments: payments}
	text, err := m.Write()
	if err != nil {
		return "", &refusedError{err}
	}
	name := m.ID + ".xml"
	f := sentOf(m)
	f.Phase = begun
	if err := a.state.put("files/"+m.ID, f); err != nil {
		return "", err
	}
	orders := make([]record, len(fresh))
	for n, i := range fresh {
		orders[n] = record{Key: in[i].Key, Amount: in[i].Amount, Message: m.ID, File: name, At: now}
	}
	if err := a.state.keep(orders...); err != nil {
		return "", err
	}
	p, err := a.meet(ctx)
	if err != nil {
		return "", err
	}
	defer p.close()
	err = p.put(ctx, name, text, func() error { return a.state.move(m.ID, placing) })
	connector.Note(ctx, a.noteOut(m, orders, len(text), err))
	if err != nil {
		return "", err
	}
	return m.ID, a.state.move(m.ID, placed) // what fails here is found by a look-up
}

// noteOut is what may be shown of a file that was put in its place, or wasn't.
func (a *account) noteOut(m Message, orders []record, size int, err error) connector.Call {
	c := connector.Call{Kind: connector.FileOut, At: m.Created, Took: max(a.host.Now().Sub(m.Created), 0), Method: "pain.001", Host: a.where(), Path: m.ID + ".xml", Sent: size, Said: fmt.Sprintf("orders=%d", len(orders))}
	for _, o := range orders {
		c.Keys = append(c.Keys, o.Key)
	}
	if err != nil {
		c.Said, c.Problem = "", "the file was not seen to get its place"
	}
	return c
}

// where is the bank's server; empty: folders of this machine.
func (a *account) where() string {
	if a.remote == nil {
		return ""
	}
	return a.remote.address
}

// messageID names a file: the day, a number that the account never gives
// twice, and the account.
func (a *account) messageID(now time.Time, n uint64) string {
	of := a.id
	if len(of) > 8 {
		of = of[len(of)-8:]
	}
	return fmt.Sprintf("PS%s-%06d-%s", now.Format("060102"), n%1_000_000, plainID(of))
}

// plainID takes out what the character set doesn't have.
func plainID(s string) string {
	text, _ := plain(s, 8)
	return text
}

// sentOf is what is kept of a file.
func sentOf(m Message) sent {
	s := sent{Message: m.ID}
	for _, kind := range []Kind{SEPA, Instant, Other} {
		var of []Payment
		for _, p := range m.Payments {
			if p.Kind == kind {
				of = append(of, p)
			}
		}
		if len(of) == 0 {
			continue
		}
		b := sentBlock{ID: fmt.Sprintf("%s-%d", m.ID, len(s.Blocks)+1)}
		sum, whole := money.Amount{}, !currencyOf(of).IsZero()
		for _, p := range of {
			b.Keys = append(b.Keys, keyOf(p.EndToEnd))
			if next, err := sum.Add(p.Amount); err == nil && whole {
				sum = next
			} else {
				whole = false
			}
		}
		if whole {
			b.Sum = sum
		}
		s.Blocks = append(s.Blocks, b)
	}
	return s
}

// outcome is what is known of an order whose file is in its place.
func (r record) outcome() connector.Outcome {
	if r.Verdict == "" {
		return connector.Outcome{Verdict: connector.Accepted, Ref: r.Message, Code: "placed", Message: "in a file for the bank"}
	}
	return connector.Outcome{Verdict: r.Verdict, Ref: r.Message, Resolution: r.Resolution, Code: r.Code, Message: r.Said}
}
