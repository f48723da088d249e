package declarative

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// account is a form built for one account. The token of an OAuth2 provider is
// kept while it lasts; losing it costs a request.
type account struct {
	connector.Mute
	form *Form
	host connector.Host
	acc  connector.Account
	base string

	token *connector.Token
}

// What a form offers decides which interfaces the connector has, since they
// are found by type.
type (
	seeking          struct{ *account }
	notified         struct{ *account }
	balanced         struct{ *account }
	seekingNotified  struct{ *account }
	seekingBalanced  struct{ *account }
	notifiedBalanced struct{ *account }
	full             struct{ *account }
)

// New makes the builder of a form's accounts. Errors of the builder name the
// credential and the rule that it broke.
func New(f *Form, host connector.Host) connector.Builder {
	return func(acc connector.Account) (connector.Connector, error) {
		c, err := build(f, host, acc)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		seeks, notices, funds := f.lookup != nil || f.poll != nil, f.notify != nil && acc.Secrets[f.file.Notify.Secret] != "", f.balances != nil
		switch {
		case seeks && notices && funds:
			return full{c}, nil
		case seeks && notices:
			return seekingNotified{c}, nil
		case seeks && funds:
			return seekingBalanced{c}, nil
		case notices && funds:
			return notifiedBalanced{c}, nil
		case seeks:
			return seeking{c}, nil
		case notices:
			return notified{c}, nil
		case funds:
			return balanced{c}, nil
		}
		return c, nil
	}
}

func build(f *Form, host connector.Host, acc connector.Account) (*account, error) {
	if err := host.Ready(); err != nil {
		return nil, err
	}
	own := f.file.Provider.BaseURL
	if acc.Test && f.file.Provider.TestURL != "" {
		own = f.file.Provider.TestURL
	}
	base, err := acc.Base(own, f.file.Provider.Hosts...)
	if err != nil {
		return nil, err
	}
	acc.Secrets = maps.Clone(acc.Secrets)
	for _, cred := range f.file.Credential {
		v := acc.Secrets[cred.Name]
		if v == "" && cred.Optional {
			continue
		}
		if _, err := acc.Secret(cred.Name); err != nil {
			return nil, err
		}
		if p := f.patterns[cred.Name]; p != nil && !p.MatchString(v) {
			return nil, fmt.Errorf("credential %q is not of the form that the provider gives out", cred.Name)
		}
		right, wrong, mode := cred.Live, cred.Test, "live"
		if acc.Test {
			right, wrong, mode = cred.Test, cred.Live, "test"
		}
		if right != "" && !strings.HasPrefix(v, right) || wrong != "" && strings.HasPrefix(v, wrong) {
			return nil, fmt.Errorf("credential %q is not one for %s mode", cred.Name, mode)
		}
	}
	return &account{form: f, host: host, acc: acc, base: base, token: connector.NewToken()}, nil
}

// Traits are those that the form declares.
func (a *account) Traits() connector.Traits {
	t := a.form.file.Traits
	return connector.Traits{Idempotent: t.Idempotent, Window: time.Duration(t.Window), KeepsRefusal: t.KeepsRefusal,
		Lookup: a.form.lookup != nil, Follow: a.form.poll != nil, Settle: t.settle()}
}

// Lookup asks by key alone.
func (a *account) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	return a.seek(ctx, connector.Question{Key: key})
}

func (a seeking) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	return a.seek(ctx, q)
}
func (a seekingNotified) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	return a.seek(ctx, q)
}
func (a seekingBalanced) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	return a.seek(ctx, q)
}
func (a full) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	return a.seek(ctx, q)
}

func (a notified) Notification(h http.Header, body []byte) (connector.Notice, error) {
	return a.notification(h, body)
}
func (a seekingNotified) Notification(h http.Header, body []byte) (connector.Notice, error) {
	return a.notification(h, body)
}
func (a notifiedBalanced) Notification(h http.Header, body []byte) (connector.Notice, error) {
	return a.notification(h, body)
}
func (a full) Notification(h http.Header, body []byte) (connector.Notice, error) {
	return a.notification(h, body)
}

// values are what every template may ask for.
func (a *account) values(key string) values {
	now := a.host.Now().UTC()
	v := values{"now": now.Format(time.RFC3339), "unix": connector.Number(fmt.Sprint(now.Unix())), "mode": "live", "key": key}
	if a.acc.Test {
		v["mode"] = "test"
	}
	for _, cred := range a.form.file.Credential {
		if cred.Public {
			v["credential."+cred.Name] = a.acc.Secrets[cred.Name]
		}
	}
	return v
}

// call makes a request of the form, with whose it is.
func (a *account) call(ctx context.Context, method, path string, query url.Values, header http.Header, body []byte) (connector.Answer, error) {
	target := a.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Accept") == "" {
		header.Set("Accept", "application/json")
	}
	if err := a.authenticate(ctx, method, target, header, body); err != nil {
		return connector.Answer{}, err
	}
	got, err := a.host.Do(ctx, connector.Request{Method: method, URL: target, Header: header, Body: body, Shown: "…"})
	if got.Status == http.StatusUnauthorized && a.form.file.Auth.Kind == "oauth2" {
		a.token.Forget(ctx)
	}
	return got, err
}

// fill renders path, query and headers.
func fill(path template, query, headers map[string]template, v values) (string, url.Values, http.Header, error) {
	p, err := path.string(v, inPath)
	if err != nil {
		return "", nil, nil, err
	}
	q, h := url.Values{}, http.Header{}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		text, err := query[name].string(v, nil)
		if err != nil {
			return "", nil, nil, err
		}
		if text != "" {
			q.Set(name, text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		text, err := headers[name].string(v, inHeader)
		if err != nil {
			return "", nil, nil, err
		}
		if text != "" {
			h.Set(name, text)
		}
	}
	return p, q, h, nil
}

func (a balanced) Balances(ctx context.Context) ([]money.Amount, error) { return a.funds(ctx) }
func (a seekingBalanced) Balances(ctx context.Context) ([]money.Amount, error) {
	return a.funds(ctx)
}
func (a notifiedBalanced) Balances(ctx context.Context) ([]money.Amount, error) {
	return a.funds(ctx)
}
func (a full) Balances(ctx context.Context) ([]money.Amount, error) { return a.funds(ctx) }
