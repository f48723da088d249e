package declarative

import (
	"errors"
	"fmt"
	"slices"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// This file says what answers mean. Whatever is not exactly an answer to what
// was asked is Unknown, and errors say no more than which rule it broke.

var (
	errAnother  = errors.New("provider answered about another transfer")
	errWord     = errors.New("provider used a word that the form doesn't have")
	errMissing  = errors.New("provider's answer lacks what the form wants from it")
	errMoved    = errors.New("provider says partly paid and names no part of the amount")
	errTwice    = errors.New("provider lists the transfer twice")
	errTooMany  = errors.New("provider's list is longer than is read")
	errClock    = errors.New("provider's clock and ours don't agree, so its list proves nothing")
	errNotAsked = errors.New("nothing is known by which the provider could be asked")
)

// means reads the answer to a step.
func (o *ordered) means(s request, got connector.Answer, last bool) (connector.Outcome, error) {
	tree, err := readTree(got.Body)
	if err != nil {
		return connector.Outcome{}, fmt.Errorf("provider answered %d, which %w", got.Status, err)
	}
	ok := s.ok
	if last {
		ok = o.a.form.answer.ok
	}
	if !slices.Contains(ok, got.Status) {
		return o.a.form.refusal(s.name, got.Status, tree)
	}
	for _, r := range s.reject {
		if r.match.holds(tree) {
			return connector.Outcome{Verdict: connector.Rejected, Resolution: r.resolution, Code: r.resolution}, nil
		}
	}
	if last {
		return o.transfer(tree)
	}
	if err := o.a.form.repeated(s.echo, tree, o.key, o.in.Amount); err != nil {
		return connector.Outcome{}, err
	}
	for name, at := range s.take {
		v, there := at.in(tree)
		if _, named := at.name(tree); !there || !named {
			return connector.Outcome{}, errMissing
		}
		o.v[s.name+"."+name] = v
	}
	return connector.Outcome{}, nil
}

// transfer reads the answer of the step that moves money.
func (o *ordered) transfer(tree any) (connector.Outcome, error) {
	r := o.a.form.answer
	if err := o.a.form.repeated(r.echo, tree, o.key, o.in.Amount); err != nil {
		return connector.Outcome{}, err
	}
	out, err := o.a.form.outcome(r, tree, o.in.Amount)
	if err == nil && r.refStep != "" {
		out.Ref = connector.Ref(fmt.Sprint(o.v[r.refStep]))
	}
	return out, err
}

// refusal believes an error only where a rule of the form knows it.
func (f *Form) refusal(step string, status int, tree any) (connector.Outcome, error) {
	for _, e := range f.errors {
		if !slices.Contains(e.status, status) || len(e.steps) > 0 && !slices.Contains(e.steps, step) || !e.match.holds(tree) {
			continue
		}
		out := connector.Outcome{Verdict: connector.Rejected, Resolution: e.resolution}
		code, _ := e.code.text(tree)
		if e.code != nil {
			out.Code = connector.Word(code)
		}
		if better, ok := e.reasons[code]; ok {
			out.Resolution = better
		}
		if e.message != nil {
			text, _ := e.message.text(tree)
			out.Message = connector.Text(text)
		}
		return out, nil
	}
	return connector.Outcome{}, fmt.Errorf("provider answered %d", status)
}

// repeated wants that an answer repeats what was asked, where it repeats it.
func (f *Form) repeated(e repeats, tree any, key string, amount money.Amount) error {
	if e.key != nil {
		if got, ok := e.key.text(tree); !ok || got != key {
			return errAnother
		}
	}
	if e.currency != nil && amount.IsSet() {
		got, ok := e.currency.text(tree)
		if !ok || got != amount.Currency().Code() && got != lower(amount.Currency().Code()) {
			return errAnother
		}
	}
	if e.amount != nil && amount.IsSet() {
		v, _ := e.amount.in(tree)
		if got, err := f.file.Amount.read(v, amount.Currency()); err != nil || got != amount {
			return errAnother
		}
	}
	return nil
}

func lower(code string) string {
	b := []byte(code)
	for i := range b {
		b[i] |= 0x20
	}
	return string(b)
}

// outcome reads what became of a transfer. Amount is what was ordered; unset
// where that isn't known.
func (f *Form) outcome(r reading, tree any, amount money.Amount) (connector.Outcome, error) {
	status, ok := r.status.text(tree)
	if !ok {
		return connector.Outcome{}, errMissing
	}
	w, known := r.words[status]
	if !known || w.verdict == connector.Unknown {
		return connector.Outcome{}, errWord
	}
	if w.verdict == connector.Absent { // without a name: it must not be followed by one
		return connector.Outcome{Verdict: connector.Absent, Code: connector.Word(status)}, nil
	}
	out := connector.Outcome{Verdict: w.verdict, Resolution: w.resolution, Code: connector.Word(status)}
	if r.ref != nil {
		name, ok := r.ref.name(tree)
		if out.Ref = connector.Ref(name); !ok || out.Ref == "" {
			return connector.Outcome{}, errMissing
		}
	}
	if w.verdict == connector.PartlyPaid {
		v, _ := r.paid.in(tree)
		paid, err := f.file.Amount.read(v, amount.Currency())
		if err != nil || !paid.IsPositive() || paid.Minor() >= amount.Minor() {
			return connector.Outcome{}, errMoved
		}
		out.Paid = paid
	}
	if r.code != nil && (w.verdict == connector.Rejected || w.verdict == connector.Returned) {
		code, _ := r.code.text(tree)
		if better, ok := r.reasons[code]; ok {
			out.Resolution = better
		}
		if shown := connector.Word(code); shown != "" {
			out.Code = shown
		}
	}
	if r.message != nil {
		text, _ := r.message.text(tree)
		out.Message = connector.Text(text)
	}
	return out, nil
}
