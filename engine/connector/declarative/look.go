package declarative

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// slack is how much earlier than the first send a list begins: clocks differ.
const slack = 7 * 24 * time.Hour

// seek asks by the provider's own name where that is known and the form can,
// and by key otherwise.
func (a *account) seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return a.doubt(err)
	}
	key, err := a.form.wireKey(q.Key)
	if err != nil {
		return a.doubt(err)
	}
	out := connector.Outcome{}
	switch {
	case a.form.poll != nil && q.Ref != "":
		out, err = a.single(ctx, a.form.poll, key, q)
	case a.form.lookup == nil:
		return a.doubt(fmt.Errorf("%w: %w", errNotAsked, connector.ErrNoLookup))
	case a.form.lookup.list != nil:
		out, err = a.listed(ctx, a.form.lookup, key, q)
	default:
		out, err = a.single(ctx, a.form.lookup, key, q)
	}
	if err != nil {
		return a.doubt(err)
	}
	return out.Scrub(a.hidden()), nil
}

// about is what a question's templates may ask for.
func (a *account) about(key string, q connector.Question) values {
	v := a.values(key)
	since := q.Sent.Add(-slack)
	if q.Sent.IsZero() {
		since = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	v["uuid"], v["ref"], v["service"], v["since"] = connector.KeyUUID(q.Key), q.Ref, q.Service, since.UTC().Format(time.RFC3339)
	if q.Amount.IsSet() {
		v["currency"] = q.Amount.Currency().Code()
	}
	return v
}

func (a *account) ask(ctx context.Context, q *question, v values, more map[string]string) (connector.Answer, any, error) {
	path, query, header, err := fill(q.path, q.query, q.headers, v)
	if err != nil {
		return connector.Answer{}, nil, err
	}
	for name, value := range more {
		query.Set(name, value)
	}
	got, err := a.call(ctx, http.MethodGet, path, query, header, nil)
	if err != nil {
		return got, nil, err
	}
	tree, err := readTree(got.Body)
	if err != nil {
		return got, nil, fmt.Errorf("provider answered %d, which %w", got.Status, err)
	}
	return got, tree, nil
}

// single asks for one transfer.
func (a *account) single(ctx context.Context, by *question, key string, q connector.Question) (connector.Outcome, error) {
	got, tree, err := a.ask(ctx, by, a.about(key, q), nil)
	if err != nil {
		return connector.Outcome{}, err
	}
	for _, g := range by.absent {
		if slices.Contains(g.status, got.Status) && g.match.holds(tree) {
			return connector.Outcome{Verdict: connector.Absent, Code: "absent"}, nil
		}
	}
	if !slices.Contains(by.answer.ok, got.Status) {
		return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status)
	}
	return a.form.found(by.answer, tree, key, q.Amount)
}

// found reads a transfer that must be the one that was asked for.
func (f *Form) found(r reading, tree any, key string, amount money.Amount) (connector.Outcome, error) {
	if err := f.repeated(r.echo, tree, key, amount); err != nil {
		return connector.Outcome{}, err
	}
	return f.outcome(r, tree, amount)
}

// listed goes through a list until its end, so that a transfer which is there
// twice is seen, and one that isn't there is certainly not.
func (a *account) listed(ctx context.Context, by *question, key string, q connector.Question) (connector.Outcome, error) {
	v, p := a.about(key, q), by.list
	var out *connector.Outcome
	for n := range p.most {
		more := map[string]string{p.sizeParam: fmt.Sprint(p.size)}
		if p.skipParam != "" {
			more[p.skipParam] = fmt.Sprint(n * p.size)
		} else {
			more[p.pageName] = fmt.Sprint(n + 1)
		}
		got, tree, err := a.ask(ctx, by, v, more)
		if err != nil {
			return connector.Outcome{}, err
		}
		if !slices.Contains(by.answer.ok, got.Status) {
			return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status)
		}
		at, err := http.ParseTime(got.Header.Get("Date"))
		if by.since && (err != nil || at.Before(q.Sent.Add(-time.Minute))) {
			return connector.Outcome{}, errClock
		}
		there, _ := p.items.in(tree)
		items, ok := there.([]any)
		if !ok || len(items) > p.size {
			return connector.Outcome{}, errMissing
		}
		for _, item := range items {
			name, ok := by.answer.echo.key.text(item)
			if v, there := by.answer.echo.key.in(item); !ok && (there && v != nil && v != "" || !isObject(item)) {
				return connector.Outcome{}, errMissing
			}
			if !ok || name != key {
				continue // another's, or one that wasn't ordered by a key
			}
			if out != nil {
				return connector.Outcome{}, errTwice
			}
			found, err := a.form.found(by.answer, item, key, q.Amount)
			if err != nil {
				return connector.Outcome{}, err
			}
			out = &found
		}
		if len(items) < p.size {
			if out == nil {
				return connector.Outcome{Verdict: connector.Absent, Code: "absent"}, nil
			}
			return *out, nil
		}
	}
	return connector.Outcome{}, errTooMany
}

func isObject(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// funds reads what can be paid out. A currency that the form doesn't pay in is
// passed over.
func (a *account) funds(ctx context.Context) ([]money.Amount, error) {
	b := a.form.balances
	path, query, header, err := fill(b.path, b.query, nil, a.values(""))
	if err != nil {
		return nil, fmt.Errorf("%s: balances: %w", a.form.Name(), err)
	}
	got, err := a.call(ctx, http.MethodGet, path, query, header, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: balances: %w", a.form.Name(), err)
	}
	tree, err := readTree(got.Body)
	if err != nil || got.Status != http.StatusOK || b.match != nil && !b.match.holds(tree) {
		return nil, fmt.Errorf("%s: balances: provider answered %d", a.form.Name(), got.Status)
	}
	there, _ := b.items.in(tree)
	items, ok := there.([]any)
	if !ok || len(items) > 1000 {
		return nil, fmt.Errorf("%s: balances: %w", a.form.Name(), errMissing)
	}
	form := a.form.file.Amount
	form.Form = b.form
	out := []money.Amount{}
	for _, item := range items {
		code, ok := b.currency.text(item)
		if !ok {
			return nil, fmt.Errorf("%s: balances: %w", a.form.Name(), errMissing)
		}
		c, err := money.ParseCurrency(code)
		if _, pays := form.Currencies[code]; err != nil || !pays {
			continue
		}
		v, _ := b.amount.in(item)
		amount, err := form.read(v, c)
		if err != nil {
			return nil, fmt.Errorf("%s: balances: %w", a.form.Name(), errMissing)
		}
		out = append(out, amount)
	}
	return out, nil
}
