package declarative

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"penstock/engine/connector"
)

// Send takes the steps of the order, one after another. Only the last can move
// money. What goes wrong before it is Unknown too, unless the provider says
// clearly that it won't: that costs a look-up at most.
func (a *account) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return a.doubt(err)
	}
	o, refused := a.order(in)
	if refused != nil {
		return *refused, nil
	}
	for i, s := range a.form.steps {
		req, err := o.request(s)
		if err != nil {
			return invalid(err), nil
		}
		got, err := a.call(ctx, s.method, req.path, req.query, req.header, req.body)
		if err != nil {
			return a.doubt(fmt.Errorf("%s: %w", s.name, err))
		}
		last := i == len(a.form.steps)-1
		out, err := o.means(s, got, last)
		if err != nil {
			return a.doubt(fmt.Errorf("%s: %w", s.name, err))
		}
		if last || out.Verdict == connector.Rejected {
			return out.Scrub(in.Details, a.hidden()), nil
		}
	}
	return a.doubt(errors.New("the form has no steps"))
}

func (a *account) doubt(err error) (connector.Outcome, error) {
	return connector.Doubt(fmt.Errorf("%s: %w", a.form.Name(), err))
}

// hidden are the credentials that nobody may be told.
func (a *account) hidden() map[string]string {
	out := map[string]string{}
	for _, cred := range a.form.file.Credential {
		if !cred.Public {
			out[cred.Name] = a.acc.Secrets[cred.Name]
		}
	}
	return out
}

// ordered is one order on its way through the steps.
type ordered struct {
	a      *account
	in     connector.Instruction
	key    string // as on the wire
	amount any    // the same
	v      values
}

// order makes an instruction ready, or refuses it before anything is sent.
func (a *account) order(in connector.Instruction) (*ordered, *connector.Outcome) {
	key, err := a.form.wireKey(in.Key)
	if err != nil {
		out := connector.Refuse(connector.InvalidRequest, "%v", err)
		return nil, &out
	}
	amount, err := a.form.file.Amount.wire(in.Amount)
	if err != nil {
		out := connector.Refuse(connector.InvalidAmount, "%v", err)
		return nil, &out
	}
	v := a.values(key)
	v["amount"], v["currency"], v["service"], v["memo"], v["notify_url"] = amount, in.Amount.Currency().Code(), in.Service, in.Memo, in.NotifyURL
	for name, text := range in.Details {
		v["details."+name] = text
	}
	o := &ordered{a: a, in: in, key: key, amount: amount, v: v}
	if out := o.choose(); out != nil {
		return nil, out
	}
	return o, nil
}

// choose takes the values of the first service that the order is for.
func (o *ordered) choose() *connector.Outcome {
	f := o.a.form
	if len(f.services) == 0 {
		return nil
	}
	for i, s := range f.file.Service {
		if !slices.ContainsFunc(s.Match, func(pattern string) bool { ok, err := path.Match(pattern, o.in.Service); return ok && err == nil }) {
			continue
		}
		got, _, err := f.services[i].fill(o.v)
		if err != nil {
			out := invalid(err)
			return &out
		}
		if members, ok := got.(map[string]any); ok {
			for name, value := range members {
				o.v["value."+name] = value
			}
		}
		return nil
	}
	out := connector.Refuse(connector.InvalidMethod, "%s doesn't pay by this service", f.file.Label)
	return &out
}

// invalid refuses what a template couldn't be filled with; it names the field.
func invalid(err error) connector.Outcome {
	var lacks errLacks
	var odd errOdd
	if errors.As(err, &lacks) || errors.As(err, &odd) {
		return connector.Refuse(connector.InvalidDetails, "%v", err)
	}
	return connector.Refuse(connector.InvalidRequest, "the order can't be written as the form has it")
}

// filled is a request that is ready to go.
type filled struct {
	path   string
	query  url.Values
	header http.Header
	body   []byte
}

// request fills a step, and writes key, amount and currency where the form
// says that they stand; the step itself has nothing there.
func (o *ordered) request(s request) (filled, error) {
	var r filled
	var err error
	if r.path, r.query, r.header, err = fill(s.path, s.query, s.headers, o.v); err != nil {
		return r, err
	}
	members := map[string]any{}
	if s.body != nil {
		got, _, err := s.body.fill(o.v)
		if err != nil {
			return r, err
		}
		members = got.(map[string]any)
	}
	code := o.in.Amount.Currency().Code()
	if s.currency != nil && s.currency.lower {
		code = strings.ToLower(code)
	}
	for _, w := range []struct {
		spot  *spot
		value any
	}{{s.key, o.key}, {s.amount, o.amount}, {s.currency, code}} {
		if err := w.spot.write(r.header, members, w.value); err != nil {
			return r, err
		}
	}
	if s.method == http.MethodGet {
		return r, nil
	}
	return r, o.encode(s, &r, members)
}

func (s *spot) write(header http.Header, members map[string]any, value any) error {
	switch {
	case s == nil:
		return nil
	case s.header == "":
		return s.at.put(members, value)
	}
	text, err := inHeader(fmt.Sprint(value))
	if err == nil {
		header.Set(s.header, text)
	}
	return err
}

func (o *ordered) encode(s request, r *filled, members map[string]any) (err error) {
	if !s.form {
		if r.header.Get("Content-Type") == "" {
			r.header.Set("Content-Type", "application/json")
		}
		r.body, err = writeTree(members)
		return err
	}
	form := url.Values{}
	for name, v := range members {
		form.Set(name, fmt.Sprint(v))
	}
	r.header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.body = []byte(form.Encode())
	return nil
}
