package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/connector"
)

// DefaultTraits is what both connectors declare of a provider that is left at
// its defaults. A test that switches idempotent or lookup off, or lets orders
// arrive later than Settle, must declare the truth by WithTraits.
func DefaultTraits() connector.Traits {
	return connector.Traits{Idempotent: true, Lookup: true, Settle: 5 * time.Second}
}

// Option changes what a connector is built with.
type Option func(*connector.Traits)

// WithTraits declares other traits than DefaultTraits.
func WithTraits(t connector.Traits) Option { return func(to *connector.Traits) { *to = t } }

func traitsOf(options []Option) connector.Traits {
	t := DefaultTraits()
	for _, option := range options {
		option(&t)
	}
	return t
}

// HTTP builds the connector of an account with a BaseURL, speaking through
// rt. Each call is one request that is never repeated: rt gets a body that it
// cannot rewind, is asked to close the connection afterwards, and nothing
// follows a redirect. An rt that keeps connections of its own open should
// have DisableKeepAlives set, so that a send always has a fresh one.
//
// The account's secret SecretName is what notifications are signed with;
// "api_key", if there, is sent as a bearer token.
func HTTP(rt http.RoundTripper, options ...Option) connector.Builder {
	return func(a connector.Account) (connector.Connector, error) {
		if rt == nil {
			return nil, errors.New("sandbox: a transport is required")
		}
		base, err := url.Parse(a.BaseURL)
		if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" ||
			base.Scheme != "http" && base.Scheme != "https" {
			return nil, errors.New("sandbox: base_url must be an absolute http or https URL without credentials and query")
		}
		return &client{
			rt: rt, traits: traitsOf(options),
			base:    strings.TrimSuffix(base.String(), "/"),
			account: a.ID, apiKey: a.Secrets["api_key"], secret: a.Secrets[SecretName], persona: personaOf(a.Provider),
		}, nil
	}
}

const transfersPath = "/v1/transfers"

type client struct {
	connector.Mute
	rt             http.RoundTripper
	traits         connector.Traits
	base           string
	account        string
	apiKey, secret string
	persona        *Persona // nil: the test provider's own manner
}

var (
	_ connector.Connector = (*client)(nil)
	_ connector.Notifier  = (*client)(nil)
	_ connector.Lister    = (*client)(nil)
)

func (c *client) Traits() connector.Traits { return c.traits }

// Send posts the order, once. Every failure is Unknown, also one to connect:
// that costs a look-up, while a list of errors before which surely no byte
// went out would cost a double payment if it were wrong once.
func (c *client) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	order := Order{Key: in.Key, Amount: in.Amount, Service: in.Service, NotifyURL: in.NotifyURL, Account: c.account}
	if r := order.check(); r != nil {
		return refused(r.Code), nil // nothing is sent that the provider could only refuse
	}
	pace, refusal, taken := c.persona.judge(in)
	if !taken {
		return refusal, nil
	}
	body, err := encodeOrder(in, c.account, pace)
	if err != nil || len(body) > maxBody {
		return refused(codeInvalid), nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+transfersPath, io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return unknown(errors.New("can't make the request"))
	}
	req.ContentLength = int64(len(body))
	req.GetBody = nil // what can't be rewound can't be sent twice
	req.Header.Set("Content-Type", "application/json")
	status, answer, err := c.ask(req)
	if err != nil {
		return unknown(err)
	}
	return c.persona.says(meansSend(in, status, answer))
}

func encodeOrder(in connector.Instruction, account string, pace Pace) ([]byte, error) {
	fields, err := json.Marshal(map[string]string(in.Details), json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode fields: %w", errors.New("not UTF-8"))
	}
	return json.Marshal(wireOrder{
		Key: in.Key, Amount: in.Amount.Decimal(), Currency: in.Amount.Currency().Code(), Service: in.Service,
		Fields: jsontext.Value(fields), NotifyURL: in.NotifyURL, Memo: in.Memo, Account: account, Pace: string(pace),
	})
}

// Lookup asks for the transfer of a key.
func (c *client) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	if !c.traits.Lookup {
		return connector.Outcome{Verdict: connector.Unknown}, connector.ErrNoLookup
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+transfersPath+"?key="+url.QueryEscape(key), nil)
	if err != nil {
		return unknown(errors.New("can't make the request"))
	}
	status, answer, err := c.ask(req)
	if err != nil {
		return unknown(err)
	}
	return c.persona.says(meansLookup(key, status, answer))
}

// Notification reads a notification signed with the account's secret. The
// signature's time is not judged: a status that is told again is harmless.
func (c *client) Notification(header http.Header, body []byte) (connector.Notice, error) {
	return c.persona.tells(readNotice(c.secret, header, body))
}

// Transfers lists what the account has ordered, all of it: the ledger bears no
// times.
func (c *client) Transfers(ctx context.Context, _ time.Time) (out []connector.Transfer, err error) {
	err = c.read(ctx, "/v1/ledger?account="+url.QueryEscape(c.account), func(body io.Reader) (err error) {
		out, err = readLedger(body, c.account)
		return err
	})
	return out, err
}

// ask makes one round trip and reads its answer.
func (c *client) ask(req *http.Request) (status int, body []byte, err error) {
	resp, err := c.trip(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return 0, nil, connector.Quiet(req.Context(), err)
	}
	return resp.StatusCode, body, nil
}

// trip makes one round trip, without the redirects and repeats that an
// http.Client would add.
func (c *client) trip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	req.Close = true
	req.Header.Set("Accept", "application/json")
	if c.apiKey != "" {
		req.Header.Set("Authorization", "Bearer "+c.apiKey)
	}
	resp, err := c.rt.RoundTrip(req)
	if err != nil {
		return nil, connector.Quiet(req.Context(), err)
	}
	return resp, nil
}
