// Package adyen pays by Adyen's Transfers API (version 4): from a balance
// account to bank accounts, cards, transfer instruments and other balance
// accounts. Building requests and reading answers is pure; the host makes the
// calls.
//
// Adyen keeps an Idempotency-Key for seven days at the least. The key is the
// transfer's reference as well, by which it is found in the list of transfers.
package adyen

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"penstock/engine/connector"
)

// Names in the catalogue: the same API is known by both.
const (
	Provider = "adyen"
	Platform = "adyenplatform"
)

// Credentials of an account.
const (
	APIKey         = "api_key"
	BalanceAccount = "balance_account" // BA..., that money leaves from
	WebhookKey     = "webhook_key"     // HMAC key of the webhook, in hex; may be left out
)

const (
	ownURL  = "https://balanceplatform-api-live.adyen.com/btl/v4"
	testURL = "https://balanceplatform-api-test.adyen.com/btl/v4"
	// window is how long Adyen keeps a key at the least.
	window = 7 * 24 * time.Hour
	// slack is how much earlier than the first send a list begins, and how much
	// later than now it ends: clocks differ.
	slack = 24 * time.Hour
	// span is how long a list can be; Adyen allows six months.
	span = 180 * 24 * time.Hour
)

// New makes the builder of accounts. Its errors name the credential.
func New(host connector.Host) connector.Builder {
	return connector.Named("adyen", func(acc connector.Account) (*client, error) { return build(host, acc) })
}

func build(host connector.Host, acc connector.Account) (*client, error) {
	base, err := host.Home(acc, ownURL, testURL)
	if err != nil {
		return nil, err
	}
	c := &client{host: host, base: base, live: !acc.Test}
	if c.key, err = acc.Line(APIKey); err != nil {
		return nil, err
	}
	if c.account, err = acc.Secret(BalanceAccount); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(c.account, "BA") || !name(c.account) {
		return nil, fmt.Errorf("credential %q must be a balance account, which begins with BA", BalanceAccount)
	}
	if c.hook = acc.Secrets[WebhookKey]; c.hook != "" {
		if c.sign, err = hex.DecodeString(c.hook); err != nil || len(c.sign) < 16 {
			return nil, fmt.Errorf("credential %q must be the webhook's HMAC key, in hex", WebhookKey)
		}
	}
	return c, nil
}

// client is one balance account at Adyen.
type client struct {
	connector.Mute
	host    connector.Host
	base    string
	key     string
	account string
	hook    string
	sign    []byte
	live    bool
}

var (
	_ connector.Connector = (*client)(nil)
	_ connector.Seeker    = (*client)(nil)
	_ connector.Notifier  = (*client)(nil)
)

// Traits: a refusal is made afresh on each attempt.
func (*client) Traits() connector.Traits {
	return connector.Traits{Idempotent: true, Window: window, Lookup: true, Follow: true, Settle: 2 * time.Minute}
}

// Send makes one transfer.
func (c *client) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return doubt(err)
	}
	text, refused := body(in, c.account)
	if refused != nil {
		return *refused, nil
	}
	got, err := c.call(ctx, connector.Request{Method: http.MethodPost, URL: c.base + "/transfers", Body: text,
		Header: http.Header{"Idempotency-Key": {in.Key}, "Content-Type": {"application/json"}}})
	if err != nil {
		return doubt(err)
	}
	out, err := means(ordered{key: in.Key, amount: in.Amount}, got)
	if err != nil {
		return doubt(err)
	}
	return out.Scrub(in.Details, c.secrets()), nil
}

// Lookup asks by the key alone, which finds a transfer of the last months.
func (c *client) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	return c.Seek(ctx, connector.Question{Key: key})
}

// Seek asks by Adyen's name of a transfer where that is known, and by its
// reference otherwise.
func (c *client) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return doubt(err)
	}
	if !wellKey(q.Key) || q.Ref != "" && !name(q.Ref) {
		return doubt(errors.New("this is no name of a transfer"))
	}
	o := ordered{key: q.Key, ref: q.Ref, amount: q.Amount}
	var out connector.Outcome
	var err error
	if q.Ref != "" {
		out, err = c.named(ctx, o)
	} else {
		out, err = c.listed(ctx, o, q.Sent)
	}
	if err != nil {
		return doubt(err)
	}
	return out.Scrub(c.secrets()), nil
}

func (c *client) named(ctx context.Context, o ordered) (connector.Outcome, error) {
	got, err := c.call(ctx, connector.Request{Method: http.MethodGet, URL: c.base + "/transfers/" + o.ref})
	if err != nil {
		return connector.Outcome{}, err
	}
	if got.Status != http.StatusOK {
		return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status)
	}
	var t transfer
	if err := connector.ReadJSON(got.Body, &t); err != nil {
		return connector.Outcome{}, err
	}
	return t.outcome(o)
}

// listed asks for the transfers of a reference. That there is none is believed
// only of a list that holds all the time from the first send until now, by
// Adyen's clock as well as by ours.
func (c *client) listed(ctx context.Context, o ordered, sent time.Time) (connector.Outcome, error) {
	until := c.host.Now().Add(slack)
	since := until.Add(-span)
	whole := !sent.IsZero() && !sent.Add(-slack).Before(since)
	if whole {
		since = sent.Add(-slack)
	} else if !sent.IsZero() {
		since = sent.Add(-slack)
		until = since.Add(span)
	}
	query := url.Values{"balanceAccountId": {c.account}, "reference": {o.key}, "limit": {"100"},
		"createdSince": {since.UTC().Format(time.RFC3339)}, "createdUntil": {until.UTC().Format(time.RFC3339)}}
	got, err := c.call(ctx, connector.Request{Method: http.MethodGet, URL: c.base + "/transfers?" + query.Encode()})
	if err != nil {
		return connector.Outcome{}, err
	}
	if got.Status != http.StatusOK {
		return connector.Outcome{}, fmt.Errorf("provider answered %d", got.Status)
	}
	out, err := list(o, got.Body)
	if err != nil || out.Verdict != connector.Absent {
		return out, err
	}
	at, err := http.ParseTime(got.Header.Get("Date"))
	if err != nil || !whole || at.Before(sent.Truncate(time.Second)) || at.After(until) {
		return connector.Outcome{}, errors.New("provider's list does not hold all the time since the first send")
	}
	return out, nil
}

func doubt(err error) (connector.Outcome, error) {
	return connector.Doubt(fmt.Errorf("adyen: %w", err))
}

func (c *client) secrets() map[string]string {
	return map[string]string{APIKey: c.key, BalanceAccount: c.account, WebhookKey: c.hook}
}

// call makes a request with whose it is.
func (c *client) call(ctx context.Context, r connector.Request) (connector.Answer, error) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("X-Api-Key", c.key)
	r.Header.Set("Accept", "application/json")
	return c.host.Do(ctx, r)
}
