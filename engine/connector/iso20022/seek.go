package iso20022

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"penstock/engine/connector"
)

// Lookup asks by key alone. Without knowing when the order was first sent, what
// isn't in the account's directory may have been in an older one.
func (a *account) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	return a.Seek(ctx, connector.Question{Key: key})
}

// Seek reads what has come from the bank, then says what is known of an order.
// What the bank's place refuses to give keeps nobody from what is known here.
func (a *account) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	release, err := a.hold(ctx)
	if err != nil {
		return doubt(err)
	}
	defer release()
	born, err := a.state.open(a.host.Now())
	if err != nil {
		return doubt(err)
	}
	p, err := a.meet(ctx)
	if err != nil {
		p = nil
	} else {
		defer p.close()
		if err := a.collect(ctx, p); errors.Is(err, errState) {
			return doubt(err)
		}
	}
	r, known, errOrder := a.state.order(q.Key)
	switch {
	case errOrder != nil:
		return doubt(errOrder)
	case !known && (q.Sent.IsZero() || q.Sent.Before(born)):
		return doubt(errors.New("the account's directory is younger than this order"))
	case !known:
		return connector.Outcome{Verdict: connector.Absent, Code: "absent"}, nil
	case r.Phase == begun: // what was made of its file never gets a name, and needn't lie there
		if p != nil {
			_ = p.drop(ctx, r.File)
		}
		return connector.Outcome{Verdict: connector.Absent, Code: "absent"}, nil
	case q.Amount.IsSet() && r.Amount != q.Amount:
		return doubt(errors.New("this key has left with another amount"))
	case r.Phase == placed:
		a.noteIn(ctx, r)
		return r.outcome(), nil
	case p == nil:
		return doubt(err)
	}
	return a.resolve(ctx, p, r)
}

func doubt(err error) (connector.Outcome, error) {
	return connector.Doubt(fmt.Errorf("iso20022: %w", err))
}

// noteIn lets it be shown in which file the bank said what is known of an order.
func (a *account) noteIn(ctx context.Context, r record) {
	if f := r.From; f != nil && r.Verdict != "" {
		said := "verdict=" + string(r.Verdict)
		if r.Code != "" {
			said += " code=" + connector.Word(r.Code)
		}
		if f.Row > 0 {
			said += fmt.Sprintf(" row=%d", f.Row)
		}
		connector.Note(ctx, connector.Call{Kind: connector.FileIn, At: f.At, Method: f.Kind, Host: a.where(), Path: f.Name, Got: f.Size, Said: said})
	}
}

// resolve finds out whether a file got its name: it is there, or it lies under
// the name that it was made under and can be taken away, after which it never
// gets another. Where neither is, the bank may have fetched it.
func (a *account) resolve(ctx context.Context, p place, r record) (connector.Outcome, error) {
	final, part, err := p.has(ctx, r.File)
	if err != nil {
		return doubt(err)
	}
	if final {
		if err := a.state.move(r.Message, placed); err != nil {
			return doubt(err)
		}
		r.Phase = placed
		a.noteIn(ctx, r)
		return r.outcome(), nil
	}
	if part {
		if err := p.drop(ctx, r.File); err != nil {
			return doubt(err)
		}
		if final, _, err := p.has(ctx, r.File); err != nil || final {
			return doubt(errors.Join(errors.New("the file got its name just now"), err))
		}
		if err := a.state.move(r.Message, begun); err != nil {
			return doubt(err)
		}
		return connector.Outcome{Verdict: connector.Absent, Code: "absent"}, nil
	}
	return doubt(errors.New("the file is in neither place: the bank may have fetched it, and will report"))
}

// perCall bounds how many of the bank's files one look-up reads; the next goes
// on.
const perCall = 50

// collect reads the bank's files that are new. One that can't be read is tried
// again when it has changed; it stops none of the others.
func (a *account) collect(ctx context.Context, p place) error {
	files, err := p.list(ctx)
	if err != nil {
		return err
	}
	seen, err := a.state.seen()
	if err != nil {
		return err
	}
	read := 0
	for _, f := range files {
		mark := fmt.Sprintf("%d %s", f.size, f.name)
		if seen[mark] || f.size > maxInbound {
			continue
		}
		if read++; read > perCall {
			return nil
		}
		text, err := p.read(ctx, f.name)
		if err != nil {
			return err
		}
		if int64(len(text)) != f.size {
			continue // it is still being written
		}
		kind, lines, err := a.lines(f.name, text)
		if err == nil {
			from := inSeen{Kind: kind, Name: connector.FileName(f.name), Size: len(text), At: a.host.Now().UTC()}
			for _, l := range lines {
				if err := a.note(l, from); err != nil {
					return err
				}
			}
		}
		if err := a.state.saw(mark); err != nil {
			return err
		}
	}
	return nil
}

// lines are those of a file of the bank's that are about this account, and what
// kind of file it is.
func (a *account) lines(name string, text []byte) (kind string, lines []Line, err error) {
	switch {
	case !strings.HasSuffix(strings.ToLower(name), ".csv"):
		var doc *inDocument
		if doc, err = readDocument(text); err == nil {
			kind = doc.kind()
			lines, err = doc.lines()
		}
	case a.csv == nil:
		return "", nil, ErrOther
	default:
		kind = "csv"
		lines, err = a.csv.Read(text)
	}
	if err != nil {
		return "", nil, err
	}
	lines, err = a.own(lines)
	return kind, lines, err
}

// errForeign says that a statement is of other accounts alone.
var errForeign = errors.New("iso20022: statement of another account")

// own leaves out what is booked on other accounts: a bank may put the
// statements of all of them into one file.
func (a *account) own(lines []Line) ([]Line, error) {
	mine := slices.DeleteFunc(lines, func(l Line) bool { return l.Account != "" && l.Account != a.debtor.IBAN })
	if len(mine) == 0 && len(lines) > 0 {
		return nil, errForeign
	}
	return mine, nil
}

// note writes down what a line says of orders of ours, and where it stood.
func (a *account) note(l Line, from inSeen) error {
	from.Row = l.Row
	if l.EndToEnd != "" {
		return a.noteOne(keyOf(l.EndToEnd), l, from)
	}
	keys, err := a.blockOf(l)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := a.noteOne(key, Line{Message: messageOf(l), Outcome: l.Outcome}, from); err != nil {
			return err
		}
	}
	return nil
}

// messageOf is the file that a line about a block or a file is about.
func messageOf(l Line) string {
	if l.Message != "" {
		return l.Message
	}
	return l.Block[:max(0, strings.LastIndexByte(l.Block, '-'))]
}

// blockOf are the orders that a line about a block or a file is about; none
// where it isn't about any of ours. A booking of a block is for each of its
// payments only if it is of all of them, to the cent.
func (a *account) blockOf(l Line) ([]string, error) {
	message := messageOf(l)
	if !nameable(message) {
		return nil, nil
	}
	var s sent
	found, err := a.state.read("files/"+message, &s)
	if err != nil || !found {
		return nil, err
	}
	var keys []string
	for _, b := range s.Blocks {
		if l.Block != "" && l.Block != b.ID {
			continue
		}
		booked := l.Outcome.Verdict != connector.Accepted && l.Outcome.Verdict != connector.Rejected
		if booked && (l.Amount != b.Sum || l.Count != 0 && l.Count != len(b.Keys) || l.Block == "" && len(s.Blocks) > 1) {
			continue
		}
		keys = append(keys, b.Keys...)
	}
	return keys, nil
}

// nameable keeps what a bank wrote from naming a file elsewhere.
func nameable(message string) bool {
	return message != "" && len(message) <= maxID && strings.Trim(message, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// noteOne writes down a word about one order. An end is not overwritten, but
// for what was paid and came back; an amount that isn't the order's is no word.
func (a *account) noteOne(key string, l Line, from inSeen) error {
	r, known, err := a.state.order(key)
	if err != nil || !known || l.Message != "" && l.Message != r.Message {
		return err
	}
	o := l.Outcome
	switch {
	case o.Verdict == connector.Unknown, l.Amount.IsSet() && o.Verdict != connector.Returned && l.Amount != r.Amount:
		return nil
	case o.Verdict == connector.Returned && l.Amount.IsSet():
		if less, err := r.Amount.Less(l.Amount); err != nil || less {
			return nil // more came than went
		}
		if l.Amount != r.Amount {
			o.Message = "less came back than was paid"
		}
	}
	rank := map[connector.Verdict]int{"": 0, connector.Accepted: 1, connector.Rejected: 2, connector.Paid: 2, connector.Returned: 3}
	if r.Phase != placed { // the bank has it
		if err := a.state.move(r.Message, placed); err != nil {
			return err
		}
	} else if rank[o.Verdict] <= rank[r.Verdict] {
		return nil
	}
	r.Verdict, r.Resolution, r.Code, r.Said, r.From = o.Verdict, o.Resolution, o.Code, o.Message, &from
	return a.state.keep(r)
}

// Transfers lists what was put in files since a time.
func (a *account) Transfers(ctx context.Context, since time.Time) ([]connector.Transfer, error) {
	release, err := a.hold(ctx)
	if err != nil {
		return nil, fmt.Errorf("iso20022: %w", err)
	}
	defer release()
	if _, err := a.state.open(a.host.Now()); err != nil {
		return nil, fmt.Errorf("iso20022: %w", err)
	}
	var out []connector.Transfer
	err = a.state.orders(func(r record) error {
		if r.Phase != begun && !r.At.Before(since) {
			out = append(out, connector.Transfer{Key: r.Key, Amount: r.Amount, At: r.At})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("iso20022: %w", err)
	}
	return out, nil
}
