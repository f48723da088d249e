// Package paypal pays to PayPal and Venmo accounts by PayPal's Payouts API, one
// payout a batch. Building requests and reading answers is pure; the host makes
// the calls.
//
// PayPal keeps a sender_batch_id for 30 days and finds nothing by it, so an
// uncertain payout is sent again under its key within that time. The answer to
// that names the batch that is there already, and from then on the payout is
// followed by that name.
package paypal

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"penstock/engine/connector"
)

// Provider is the name in the catalogue.
const Provider = "paypal"

// Credentials of an account.
const (
	ClientID     = "key1"
	ClientSecret = "api_key"
	WebhookID    = "webhook_id" // as PayPal shows it; may be left out, and then no notification is believed
)

const (
	ownURL  = "https://api-m.paypal.com"
	testURL = "https://api-m.sandbox.paypal.com"
	// window is less than the 30 days that PayPal keeps a key, whose first
	// instant is PayPal's and not ours.
	window = 29 * 24 * time.Hour
)

// New makes the builder of accounts. Its errors name the credential.
func New(host connector.Host) connector.Builder {
	return connector.Named("paypal", func(acc connector.Account) (*client, error) { return build(host, acc) })
}

func build(host connector.Host, acc connector.Account) (*client, error) {
	base, err := host.Home(acc, ownURL, testURL)
	if err != nil {
		return nil, err
	}
	c := &client{host: host, base: base, token: connector.NewToken(), certHosts: []string{base, "https://api.paypal.com"}}
	if acc.Test {
		c.certHosts = []string{base, "https://api.sandbox.paypal.com"}
	}
	if c.id, err = acc.Secret(ClientID); err != nil {
		return nil, err
	}
	if c.secret, err = acc.Secret(ClientSecret); err != nil {
		return nil, err
	}
	if c.webhook = acc.Secrets[WebhookID]; c.webhook != "" && (connector.Ref(c.webhook) == "" || strings.ContainsRune(c.webhook, '|')) {
		return nil, fmt.Errorf("credential %q must be a webhook's id, as PayPal shows it", WebhookID)
	}
	return c, nil
}

// client is one account at PayPal.
type client struct {
	connector.Mute
	host       connector.Host
	base       string
	id, secret string
	token      *connector.Token
	webhook    string   // id of the webhook; empty: no notification is believed
	certHosts  []string // where PayPal's certificates lie
	certs      certs
}

var (
	_ connector.Connector = (*client)(nil)
	_ connector.Seeker    = (*client)(nil)
	_ connector.Notifier  = (*client)(nil)
)

// Traits: a refusal is made afresh on each attempt.
func (*client) Traits() connector.Traits {
	return connector.Traits{Idempotent: true, Window: window, Follow: true, Settle: 2 * time.Minute}
}

// Send makes one batch of one payout.
func (c *client) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return doubt(err)
	}
	text, refused := body(in)
	if refused != nil {
		return *refused, nil
	}
	got, err := c.call(ctx, connector.Request{Method: http.MethodPost, URL: c.base + path, Body: text,
		Header: http.Header{"Paypal-Request-Id": {in.Key}, "Content-Type": {"application/json"}}})
	if errors.Is(err, connector.ErrClient) {
		return connector.Refuse(connector.InvalidCredentials, "PayPal doesn't know this client and its secret"), nil
	}
	if err != nil {
		return doubt(err)
	}
	out, err := means(in.Key, got)
	if err != nil {
		return doubt(err)
	}
	return out.Scrub(in.Details, c.secrets()), nil
}

// Lookup finds nobody: PayPal has no search by key.
func (*client) Lookup(context.Context, string) (connector.Outcome, error) {
	return doubt(connector.ErrNoLookup)
}

// Seek follows a batch by its name.
func (c *client) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	switch err := ctx.Err(); {
	case err != nil:
		return doubt(err)
	case q.Ref == "":
		return doubt(connector.ErrNoLookup)
	case !name(q.Ref):
		return doubt(errors.New("this is no name of PayPal's"))
	}
	got, err := c.call(ctx, connector.Request{Method: http.MethodGet, URL: c.base + path + "/" + q.Ref + "?page_size=2&page=1&total_required=true"})
	if err != nil {
		return doubt(err)
	}
	if got.Status != http.StatusOK {
		return doubt(fmt.Errorf("provider answered %d", got.Status))
	}
	out, err := look(q, got.Body)
	if err != nil {
		return doubt(err)
	}
	return out.Scrub(c.secrets()), nil
}

func doubt(err error) (connector.Outcome, error) {
	return connector.Doubt(fmt.Errorf("paypal: %w", err))
}

func (c *client) secrets() map[string]string {
	return map[string]string{ClientID: c.id, ClientSecret: c.secret}
}

// call makes a request with whose it is.
func (c *client) call(ctx context.Context, r connector.Request) (connector.Answer, error) {
	basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(c.id) + ":" + url.QueryEscape(c.secret)))
	token, err := c.token.Get(ctx, c.host, connector.Request{Method: http.MethodPost, URL: c.base + "/v1/oauth2/token", Body: []byte("grant_type=client_credentials"),
		Header: http.Header{"Authorization": {"Basic " + basic}, "Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}}})
	if err != nil {
		return connector.Answer{}, err
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	got, err := c.host.Do(ctx, r)
	if err == nil && got.Status == http.StatusUnauthorized {
		c.token.Forget(ctx)
	}
	return got, err
}
