// Package mobilemoney pays to mobile money accounts by the GSMA Mobile Money
// API (version 1.2), a profile that operators serve at addresses of their own,
// and, as a preview, to M-Pesa by Safaricom's Daraja (see daraja.go).
// Building requests and reading answers is pure; the host makes the calls.
//
// An order bears a correlation id, made of the key, under which its fate is
// asked for. The profile asks operators to refuse an id twice and promises
// nothing about it, so nothing here rests on that: see Traits.
package mobilemoney

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"penstock/engine/connector"
)

// Provider is the name in the catalogue.
const Provider = "mobilemoney"

// Credentials of an account.
const (
	APIURL   = "api_url" // the operator's root of the API; may be left out in test mode
	APIKey   = "api_key" // X-API-Key
	ClientID = "key1"    // X-Client-Id; may be left out
	PaidFrom = "account" // that money leaves from: kind and value, "accountid@2999"
)

// simulator is the GSMA's own.
const simulator = "https://sandbox.mobilemoneyapi.io/simulator/v1.2/passthrough/mm"

// New makes the builder of accounts. Its errors name the credential.
func New(host connector.Host) connector.Builder {
	return connector.Named("mobilemoney", func(acc connector.Account) (connector.Connector, error) {
		switch acc.Secrets[Profile] {
		case "", gsma:
			return build(host, acc)
		case daraja:
			return buildDaraja(host, acc)
		}
		return nil, fmt.Errorf("credential %q must be gsma or daraja", Profile)
	})
}

func build(host connector.Host, acc connector.Account) (*client, error) {
	if err := host.Ready(); err != nil {
		return nil, err
	}
	own := acc.Secrets[APIURL]
	switch u, err := url.Parse(own); {
	case own == "" && acc.Test:
		own = simulator
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("credential %q must be the operator's https address of the API, without credentials and query", APIURL)
	}
	base, err := acc.Base(own)
	if err != nil {
		return nil, err
	}
	c := &client{host: host, base: base, id: acc.Secrets[ClientID]}
	if c.key, err = acc.Line(APIKey); err != nil {
		return nil, err
	}
	from, err := acc.Secret(PaidFrom)
	if err != nil {
		return nil, err
	}
	kind, value, ok := strings.Cut(from, "@")
	if !ok || !word(kind, 32) || connector.Ref(value) == "" {
		return nil, fmt.Errorf("credential %q must be a kind and a value, e.g. accountid@2999", PaidFrom)
	}
	c.from = party{Key: kind, Value: value}
	if c.id != "" && connector.Ref(c.id) == "" {
		return nil, fmt.Errorf("credential %q must be printable", ClientID)
	}
	return c, nil
}

// client is one account at an operator.
type client struct {
	connector.Mute
	host    connector.Host
	base    string
	key, id string
	from    party
}

var _ connector.Connector = (*client)(nil)
var _ connector.Seeker = (*client)(nil)

// Traits: found by its correlation id, and not known to be kept from paying
// twice.
func (*client) Traits() connector.Traits {
	return connector.Traits{Lookup: true, Settle: 5 * time.Minute}
}

// Send makes one disbursement.
func (c *client) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return doubt(err)
	}
	text, refused := body(in, c.from)
	if refused != nil {
		return *refused, nil
	}
	got, err := c.call(ctx, connector.Request{Method: http.MethodPost, URL: c.base + "/transactions/type/disbursement", Body: text,
		Header: http.Header{"X-Correlationid": {connector.KeyUUID(in.Key)}, "Content-Type": {"application/json"}}})
	if err != nil {
		return doubt(err)
	}
	out, err := means(ordered{key: in.Key, amount: in.Amount}, got)
	if err != nil {
		return doubt(err)
	}
	return out.Scrub(in.Details, c.secrets()), nil
}

// Lookup asks for a key.
func (c *client) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	return c.Seek(ctx, connector.Question{Key: key})
}

// Seek asks what became of the correlation id, and then for what it leads to.
func (c *client) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return doubt(err)
	}
	if !wellKey(q.Key) {
		return doubt(errors.New("this is no key of a payout"))
	}
	out, err := c.found(ctx, ordered{key: q.Key, amount: q.Amount})
	if err != nil {
		return doubt(err)
	}
	return out.Scrub(c.secrets()), nil
}

func (c *client) found(ctx context.Context, o ordered) (connector.Outcome, error) {
	got, err := c.get(ctx, "/responses/"+connector.KeyUUID(o.key))
	if err != nil {
		return connector.Outcome{}, err
	}
	if absent(got) {
		return connector.Outcome{Verdict: connector.Absent, Code: "absent"}, nil
	}
	kind, name, err := link(got)
	if err == nil && kind == "requeststates" {
		if got, err = c.get(ctx, "/requeststates/"+name); err != nil {
			return connector.Outcome{}, err
		}
		var out connector.Outcome
		if out, name, err = state(got, http.StatusOK); err != nil || name == "" {
			out.Ref = connector.KeyUUID(o.key)
			return out, err
		}
	}
	if err != nil {
		return connector.Outcome{}, err
	}
	if got, err = c.get(ctx, "/transactions/"+name); err != nil {
		return connector.Outcome{}, err
	}
	if got.Status != http.StatusOK {
		return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status)
	}
	o.ref = name
	return read(o, got.Body)
}

func doubt(err error) (connector.Outcome, error) {
	return connector.Doubt(fmt.Errorf("mobilemoney: %w", err))
}

func (c *client) secrets() map[string]string {
	return map[string]string{APIKey: c.key, ClientID: c.id, PaidFrom: c.from.Value}
}

func (c *client) get(ctx context.Context, path string) (connector.Answer, error) {
	return c.call(ctx, connector.Request{Method: http.MethodGet, URL: c.base + path})
}

// call makes a request with whose it is, and when it was made.
func (c *client) call(ctx context.Context, r connector.Request) (connector.Answer, error) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("X-Api-Key", c.key)
	if c.id != "" {
		r.Header.Set("X-Client-Id", c.id)
	}
	r.Header.Set("X-Date", c.host.Now().UTC().Format(time.RFC3339))
	r.Header.Set("Accept", "application/json")
	return c.host.Do(ctx, r)
}
