// Package stripe pays through Stripe: transfers to connected accounts
// (/v1/transfers) and payouts to an account's own bank accounts and debit cards
// (/v1/payouts). Building requests and reading answers is pure; the host makes
// the calls.
//
// Stripe keeps an Idempotency-Key for 24 hours at the least and finds nothing
// by it, so an uncertain payout is sent again under its key within that time,
// and what was accepted is followed by Stripe's own name of it.
package stripe

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"penstock/engine/connector"
)

// Provider is the name in the catalogue.
const Provider = "stripe"

// Credentials of an account.
const (
	APIKey        = "api_key"        // sk_... or rk_..., of the account's mode
	WebhookSecret = "webhook_secret" // whsec_..., of the endpoint that notifications go to; may be left out
)

const (
	// BaseURL is where requests go when the account names no other address.
	BaseURL = "https://api.stripe.com"
	// version is the API version that requests ask for, whatever the account's
	// own default is.
	version = "2026-08-26.dahlia"
	// window is how long Stripe keeps a key at the least.
	window = 24 * time.Hour
	// keyName is where the key stands in the metadata of what is made.
	keyName = "penstock_key"
)

// New makes the builder of accounts. Its errors name the credential.
func New(host connector.Host) connector.Builder {
	return func(acc connector.Account) (connector.Connector, error) {
		c, err := build(host, acc)
		if err != nil {
			return nil, fmt.Errorf("stripe: %w", err)
		}
		return c, nil
	}
}

func build(host connector.Host, acc connector.Account) (*account, error) {
	if err := host.Ready(); err != nil {
		return nil, err
	}
	base, err := acc.Base(BaseURL)
	if err != nil {
		return nil, err
	}
	key, err := acc.Secret(APIKey)
	if err != nil {
		return nil, err
	}
	mode := "_live_"
	if acc.Test {
		mode = "_test_"
	}
	if !strings.HasPrefix(key, "sk"+mode) && !strings.HasPrefix(key, "rk"+mode) || connector.Ref(key) == "" {
		return nil, fmt.Errorf("credential %q must be a secret key of this mode, which begins with sk%s or rk%s", APIKey, mode, mode)
	}
	secret := acc.Secrets[WebhookSecret]
	if secret != "" && !strings.HasPrefix(secret, "whsec_") {
		return nil, fmt.Errorf("credential %q must be an endpoint's signing secret, which begins with whsec_", WebhookSecret)
	}
	connected, err := readConnected(acc.Secrets[Connected])
	if err != nil {
		return nil, err
	}
	return &account{host: host, base: base, key: key, secret: secret, live: !acc.Test, connected: connected}, nil
}

// account is one account at Stripe.
type account struct {
	connector.Mute
	host      connector.Host
	base      string
	key       string
	secret    string
	live      bool
	connected []string // accounts that may pay out by themselves; nil: all
}

var (
	_ connector.Connector = (*account)(nil)
	_ connector.Seeker    = (*account)(nil)
	_ connector.Notifier  = (*account)(nil)
	_ connector.Lister    = (*account)(nil)
	_ connector.Balancer  = (*account)(nil)
	_ connector.Reporter  = (*account)(nil)
)

// Traits: refusals aren't kept in every case (one by a check of parameters is
// made afresh), and nothing is found by its key.
func (*account) Traits() connector.Traits {
	return connector.Traits{Idempotent: true, Window: window, Follow: true, Settle: 2 * time.Minute}
}

// Send makes one transfer or one payout.
func (a *account) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return doubt(err)
	}
	o, refused := orderOf(in)
	if refused != nil {
		return *refused, nil
	}
	if !a.paysOut(o.account) {
		return connector.Refuse(connector.InvalidMethod, "the credential %s doesn't name the account that was to pay this out", Connected), nil
	}
	got, err := a.call(ctx, connector.Request{Method: http.MethodPost, URL: a.base + o.path, Header: o.header, Body: []byte(o.form.Encode())})
	if err != nil {
		return doubt(err)
	}
	out, err := means(o, got, a.host.Now())
	if err != nil {
		return doubt(err)
	}
	// A payout of a connected account is found there alone, so its name bears
	// that account's.
	return out.Scrub(map[string]string{token: in.Details[token]}, a.secrets()), nil
}

// Lookup finds nobody: Stripe has no search by key.
func (*account) Lookup(context.Context, string) (connector.Outcome, error) {
	return doubt(connector.ErrNoLookup)
}

// Seek follows a transfer or a payout by its name.
func (a *account) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return doubt(err)
	}
	if q.Ref == "" {
		return doubt(connector.ErrNoLookup)
	}
	o, err := named(q)
	if err != nil {
		return doubt(err)
	}
	got, err := a.call(ctx, connector.Request{Method: http.MethodGet, URL: a.base + o.path, Header: o.header})
	if err != nil {
		return doubt(err)
	}
	if got.Status != http.StatusOK {
		return doubt(fmt.Errorf("provider answered %d", got.Status))
	}
	out, err := read(o, got.Body, a.host.Now())
	if err != nil {
		return doubt(err)
	}
	return out.Scrub(a.secrets()), nil
}

func doubt(err error) (connector.Outcome, error) {
	return connector.Doubt(fmt.Errorf("stripe: %w", err))
}

func (a *account) secrets() map[string]string {
	return map[string]string{APIKey: a.key, WebhookSecret: a.secret}
}

// call makes a request with whose it is.
func (a *account) call(ctx context.Context, r connector.Request) (connector.Answer, error) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", "Bearer "+a.key)
	r.Header.Set("Stripe-Version", version)
	r.Header.Set("Accept", "application/json")
	if r.Body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return a.host.Do(ctx, r)
}
