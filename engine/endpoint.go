package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"penstock/engine/webhook"
	"penstock/locker"
	"penstock/store"
)

// Endpoint is where a merchant wants to be told.
type Endpoint struct {
	ID       string    `json:"id"`
	URL      string    `json:"url"`
	Profile  string    `json:"profile"`        // rest, jsonapi, hosted, standard
	Types    []string  `json:"types,omitzero"` // event types wanted; empty: all
	Sealed   []byte    `json:"sealed"`         // secret and hash key
	Disabled bool      `json:"disabled,omitzero"`
	Point    string    `json:"point,omitzero"` // the payout point of whose requests alone it is told; empty: of all
	Created  time.Time `json:"created"`
}

func (p *Endpoint) wants(kind string) bool {
	return !p.Disabled && (len(p.Types) == 0 || slices.Contains(p.Types, kind))
}

// MadeEndpoint is a new endpoint with its secrets, which are shown this once.
type MadeEndpoint struct {
	Endpoint
	Secret  string // whsec_...: verifies webhook-signature
	HashKey string // verifies X-Webhook-Signature-512
}

func endpointPlace(id string) locker.Place { return locker.Place{Bucket: bucketEndpoint, Token: id} }

// AddEndpoint registers a receiver of webhooks.
func (e *Engine) AddEndpoint(ctx context.Context, c Caller, url, profile string, types []string) (*MadeEndpoint, error) {
	if _, err := webhook.ParseProfile(profile); err != nil {
		return nil, invalid("profile", "a profile is rest, jsonapi, hosted or standard")
	}
	if err := e.CheckURL(url); err != nil {
		return nil, &Error{Code: CodeInvalid, Field: "url", Message: err.Error(), Hint: "use a public https address, or list the target under egress.allow"}
	}
	if _, err := e.Merchant(ctx, c.Merchant); err != nil {
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
	now, _ := e.pulse.now()
	id, err := e.newID(now)
	if err != nil {
		return nil, err
	}
	made := &MadeEndpoint{Endpoint: Endpoint{ID: PrefixEndpoint + id, URL: url, Profile: profile, Types: types}, Secret: secret.Reveal(), HashKey: hash.Reveal()}
	made.Sealed, err = e.Locker.Seal(ctx, accountOwner(c.Scope), endpointPlace(made.ID), []byte(made.Secret+"\n"+made.HashKey))
	if err != nil {
		return nil, sealError("seal endpoint", err)
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		made.Created = now
		if err := keep(tx, bucketEndpoint, c.key(made.ID), made.Endpoint); err != nil {
			return err
		}
		return c.act(tx, now, "endpoint.add", made.ID)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// endpointSecrets are those of an endpoint, and those of the profile's own
// header; token is the id of the one that signs the request's callbacks.
func (e *Engine) endpointSecrets(ctx context.Context, s Scope, p *Endpoint, token string) (webhook.Secrets, error) {
	raw, err := e.Locker.Open(ctx, accountOwner(s), endpointPlace(p.ID), p.Sealed)
	if err != nil {
		return webhook.Secrets{}, sealError("open endpoint", err)
	}
	text, hash, _ := strings.Cut(string(raw), "\n")
	hash, _, _ = strings.Cut(hash, "\n")
	if hash == "" { // a payout point without one
		secret, err := webhook.ParseSecret(text)
		return webhook.Secrets{Endpoint: []webhook.Secret{secret}}, err
	}
	secret, err := webhook.ParseSecret(text)
	if err != nil {
		return webhook.Secrets{}, err
	}
	key, err := webhook.ParseKey(hash)
	if err != nil {
		return webhook.Secrets{}, err
	}
	all := webhook.Secrets{Endpoint: []webhook.Secret{secret}, Hash: key, Form: e.OwnHeader}
	if p.Profile == string(webhook.Hosted) && token != "" {
		all.Own, err = e.tokenText(ctx, s, token)
		return all, err
	}
	if p.Profile != string(webhook.JSONAPI) {
		return all, nil
	}
	own, err := e.callbackSecrets(ctx, s)
	if err != nil {
		return webhook.Secrets{}, err
	}
	all.Own, err = webhook.ParseKey(own[2])
	return all, err
}

// endpointOf is an endpoint to be read; nil: it is there no more.
func (e *Engine) endpointOf(tx store.Tx, s Scope, id string) (*Endpoint, error) {
	raw, err := tx.Get(bucketEndpoint, s.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", bucketEndpoint, err)
	}
	return e.endpoints.decode(bucketEndpoint, raw)
}

func (e *Engine) endpointsOf(tx store.Tx, s Scope) (out []Endpoint, err error) {
	err = each(tx, bucketEndpoint, s.prefix(), func(p store.Pair) error {
		d, err := e.endpoints.decode(bucketEndpoint, p.Value)
		if err == nil {
			out = append(out, *d)
		}
		return err
	})
	return out, err
}

// Endpoints returns a scope's receivers, but for what holds the copies of its
// tokens.
func (e *Engine) Endpoints(ctx context.Context, c Caller) (out []Endpoint, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out, err = e.endpointsOf(tx, c.Scope)
		out = slices.DeleteFunc(out, func(p Endpoint) bool { return strings.HasPrefix(p.ID, signerOf("")) })
		return err
	})
	return out, err
}

// RemoveEndpoint disables a receiver; its deliveries stop and stay to be read.
func (e *Engine) RemoveEndpoint(ctx context.Context, c Caller, id string) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		p, err := loadEndpoint(tx, c.Scope, id)
		if err != nil {
			return err
		}
		p.Disabled = true
		if err := keep(tx, bucketEndpoint, c.key(id), p); err != nil {
			return err
		}
		return c.act(tx, now, "endpoint.remove", id)
	})
}

func loadEndpoint(tx store.Tx, s Scope, id string) (*Endpoint, error) {
	if !ChosenID(id) {
		return nil, notFound(ObjEndpoint, id)
	}
	p, err := load[Endpoint](tx, bucketEndpoint, s.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(ObjEndpoint, id)
	}
	return p, err
}

// Deliveries returns a scope's deliveries, newest first, below the id given
// (empty: from the newest), at most limit.
func (e *Engine) Deliveries(ctx context.Context, c Caller, before string, limit int) (out []Delivery, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		to := after(c.prefix())
		if before != "" {
			to = c.key(before)
		}
		page, err := tx.Scan(bucketDelivery, c.prefix(), to, min(max(limit, 1), 1000), true)
		if err != nil {
			return fmt.Errorf("scan deliveries: %w", err)
		}
		for _, p := range page {
			d, err := decode[Delivery](bucketDelivery, p.Value)
			if err != nil {
				return err
			}
			out = append(out, *d)
		}
		return nil
	})
	return out, err
}

// Resend sends a delivery once more, now, whatever became of it. It keeps its
// message id and body. If it fails, everything is as before: a delivery that
// was waiting for its next automatic try goes on waiting for it.
//
// A url, unless empty, is where it goes from now on.
func (e *Engine) Resend(ctx context.Context, c Caller, id, url string, once *Once) (d *Delivery, err error) {
	if err := e.checkCallback(url); err != nil {
		return nil, err
	}
	err = e.command(ctx, c, once, "webhook.resend", func(tx store.Tx, now time.Time) (string, any, error) {
		if !ChosenID(id) {
			return "", nil, notFound(ObjDelivery, id)
		}
		if d, err = load[Delivery](tx, bucketDelivery, c.key(id)); errors.Is(err, store.ErrNotFound) {
			return "", nil, notFound(ObjDelivery, id)
		} else if err != nil {
			return "", nil, err
		}
		was := d.Due
		if d.Manual == nil {
			d.Manual = &Manual{State: d.State}
			if d.State == Waiting {
				d.Manual.Left = max(0, d.Due.Sub(now))
			}
		}
		if url != "" {
			d.URL = url
		}
		d.State, d.Due, d.After = Waiting, now, ""
		return id, d, saveDelivery(tx, c.Scope, d, was)
	})
	return d, err
}

func (e *Engine) jitter() (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(e.Rand, b[:]); err != nil {
		return 0, fmt.Errorf("draw jitter: %w", err)
	}
	var n uint64
	for _, v := range b {
		n = n<<8 | uint64(v)
	}
	return n, nil
}
