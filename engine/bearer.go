package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/engine/webhook"
	"penstock/store"
)

// A bearer token is an API key of the hosted dialect. It serves every dialect
// as other keys do. What it has beside them is a copy of itself in the locker,
// because it signs the webhooks of the payments that were made with it: also
// after it was revoked, until the last of them is delivered. The copy lies in
// an endpoint that has no address of its own, as that of callbacks does.
const tokenPrefix = "tk_"

// TokenSettings are what a merchant arranges for the payments of a token.
type TokenSettings struct {
	Point string `json:"point,omitzero"` // payout point, without prefix; empty: the merchant's default
	// RequireName refuses a create that has neither an id of the merchant's own
	// nor an idempotency key.
	RequireName bool `json:"require_name,omitzero"`
	// Origins may embed the page in a frame, and call the API of the form.
	Origins []string      `json:"origins,omitzero"`
	LinkTTL time.Duration `json:"link_ttl,omitzero"` // life of a form's link; zero: the appliance's
}

// Bounds of a form's link.
const (
	MinLinkTTL = 15 * time.Minute
	MaxLinkTTL = 90 * 24 * time.Hour
	maxOrigins = 16
)

func (t TokenSettings) check() error {
	if t.LinkTTL != 0 && (t.LinkTTL < MinLinkTTL || t.LinkTTL > MaxLinkTTL) {
		return invalid("link_ttl", "a link lives from 15 minutes to 90 days")
	}
	if len(t.Origins) > maxOrigins {
		return invalid("origins", "a token has at most %d origins", maxOrigins)
	}
	for _, o := range t.Origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "https" && u.Hostname() != "localhost" || u.Host == "" || o != u.Scheme+"://"+u.Host || strings.ContainsAny(o, "*;, ") {
			return invalid("origins", "an origin is https:// and a host, such as https://shop.example")
		}
	}
	return nil
}

// signerOf is the id of the endpoint that holds a token's copy.
func signerOf(keyID string) string {
	return PrefixEndpoint + "tk_" + strings.TrimPrefix(keyID, PrefixKey)
}

// keyID is the token's id, whose copy the endpoint holds.
func (p *Endpoint) keyID() string { return PrefixKey + strings.TrimPrefix(p.ID, PrefixEndpoint+"tk_") }

// newSigner seals the copy of a token before the transaction that keeps both.
func (e *Engine) newSigner(ctx context.Context, s Scope, t TokenSettings, token string) (*Endpoint, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	now, _ := e.pulse.now()
	id, err := e.newID(now)
	if err != nil {
		return nil, err
	}
	secret, err := webhook.NewSecret(e.Rand)
	if err != nil {
		return nil, err
	}
	hash, err := webhook.NewKey(e.Rand)
	if err != nil {
		return nil, err
	}
	p := &Endpoint{ID: signerOf(PrefixKey + id), Profile: string(webhook.Hosted), Types: []string{"payment.succeeded", "payment.failed"}, Created: now}
	text := strings.Join([]string{secret.Reveal(), hash.Reveal(), token}, "\n")
	if p.Sealed, err = e.Locker.Seal(ctx, accountOwner(s), endpointPlace(p.ID), []byte(text)); err != nil {
		return nil, sealError("seal token", err)
	}
	return p, nil
}

// keepSigner stores it, where the key is a token.
func (e *Engine) keepSigner(tx store.Tx, s Scope, now time.Time, t *TokenSettings, p *Endpoint) error {
	if p == nil {
		return nil
	}
	if t.Point != "" {
		if _, err := find[Point](tx, bucketPoint, ObjPoint, s, t.Point); err != nil {
			return err
		}
	}
	own := *p
	own.Created = now
	return keep(tx, bucketEndpoint, s.key(own.ID), own)
}

// tokenText opens the copy of a token.
func (e *Engine) tokenText(ctx context.Context, s Scope, keyID string) (webhook.Key, error) {
	p, err := read(ctx, e, func(tx store.Tx) (*Endpoint, error) { return loadEndpoint(tx, s, signerOf(keyID)) })
	if err != nil {
		return webhook.Key{}, err
	}
	raw, err := e.Locker.Open(ctx, accountOwner(s), endpointPlace(p.ID), p.Sealed)
	if err != nil {
		return webhook.Key{}, sealError("open token", err)
	}
	parts := strings.SplitN(string(raw), "\n", 3)
	if len(parts) != 3 {
		return webhook.Key{}, errors.New("the copy of a token: malformed")
	}
	return webhook.ParseKey(parts[2])
}

// callbackVia is the endpoint through which a request's callbacks go.
func (r *Request) callbackVia() string {
	if r.Token != "" {
		return signerOf(r.Token)
	}
	return callbackEndpoint
}

// TokenOf returns the settings of the token that a request was made with; nil
// of others. They count as they are now, also after it was revoked.
func (e *Engine) TokenOf(ctx context.Context, r *Request) (*TokenSettings, error) {
	if r.Token == "" {
		return nil, nil
	}
	k, err := read(ctx, e, func(tx store.Tx) (*Key, error) { return keyByID(tx, r.Token) })
	if err != nil {
		return nil, fmt.Errorf("find the request's token: %w", err)
	}
	return k.Token, nil
}

// Payable are the payout services by which a request of an amount may leave
// from a scope, as its routes stand now: active, within their limits, in the
// amount's own currency or in any, in the order of their codes.
func (e *Engine) Payable(ctx context.Context, s Scope, a money.Amount) (out []service.Service, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		k, err := e.catalogOf(tx, s)
		if err != nil {
			return err
		}
		out = slices.DeleteFunc(e.Directory.For(a.Currency(), a), func(sv service.Service) bool {
			return !slices.ContainsFunc(k.routes[sv.Code], func(r *Route) bool { return k.open(r, a) })
		})
		return nil
	})
	return out, err
}

// open says whether a route may take an amount now; what its deposit account
// holds is looked at when it is paid.
func (k *catalog) open(r *Route, a money.Amount) bool {
	account, deposit := k.accounts[r.Account], k.deposits[r.Deposit]
	if r.Disabled || r.Archived || r.Currency != a.Currency() || account == nil || account.Disabled || account.Archived || deposit == nil || deposit.Disabled || deposit.Archived {
		return false
	}
	return (!r.Min.IsSet() || a.Minor() >= r.Min.Minor()) && (!r.Max.IsSet() || a.Minor() <= r.Max.Minor())
}
