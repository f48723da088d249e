package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/net/http/httpguts"

	"penstock/engine/webhook"
	"penstock/store"
)

// PointHook is where a payout point wants to be told, in the words of the rest
// dialect. Each point has at most one.
type PointHook struct {
	URL     string            // empty: nowhere
	Types   []string          // event types wanted; nil: all
	HashKey string            // signs X-Webhook-Signature-512; empty: that header is left out
	Headers map[string]string // sent with each message
}

// PointHookEdit is what a change of it gives; nil stays.
type PointHookEdit struct {
	URL     *string
	Types   *[]string
	HashKey *string
	Headers *map[string]string
}

func (ed PointHookEdit) empty() bool {
	return ed.URL == nil && ed.Types == nil && ed.HashKey == nil && ed.Headers == nil
}

const maxHookHeaders = 20

// hookID is the endpoint of a point.
func hookID(point string) string { return PrefixEndpoint + point }

// SavePoint changes a payout point together with where it is told, or makes
// one when id is empty. Messages that were written stay as they are, and go to
// the new address.
func (e *Engine) SavePoint(ctx context.Context, c Caller, id string, ed PointEdit, hook PointHookEdit, once *Once) (p *Point, err error) {
	if err := e.checkHook(hook); err != nil {
		return nil, err
	}
	for range 8 {
		p, err = e.savePoint(ctx, c, id, ed, hook, once)
		if !errors.Is(err, errChanged) {
			return p, err
		}
	}
	return nil, &Error{Code: CodeBusy, Object: ObjPoint, ID: id, Message: "the profile is being changed by others; repeat"}
}

func (e *Engine) savePoint(ctx context.Context, c Caller, id string, ed PointEdit, hook PointHookEdit, once *Once) (p *Point, err error) {
	now, _ := e.pulse.now()
	action, fresh := "payout_point.update", id == ""
	if fresh {
		action = "payout_point.create"
		if id, err = e.newID(now); err != nil {
			return nil, err
		}
	}
	was, next, err := e.prepareHook(ctx, c.Scope, id, hook)
	if err != nil {
		return nil, err
	}
	err = e.alter(ctx, c, once, action, func(tx store.Tx, now time.Time) (string, any, error) {
		if fresh {
			if err := roomFor(tx, bucketPoint, c.Scope, ObjPoint); err != nil {
				return "", nil, err
			}
			p = &Point{ID: id, Currencies: commonCurrencies(), Created: now}
		} else if p, err = find[Point](tx, bucketPoint, ObjPoint, c.Scope, id); err != nil {
			return "", nil, err
		}
		if err := e.edited(tx, c.Scope, now, p, ed); err != nil {
			return "", nil, err
		}
		if err := storeHook(tx, c.Scope, now, was, next); err != nil {
			return "", nil, err
		}
		return PrefixPoint + id, p, keep(tx, bucketPoint, c.key(id), p)
	})
	return p, err
}

// prepareHook seals what a point's endpoint becomes; nil when it stays.
func (e *Engine) prepareHook(ctx context.Context, s Scope, point string, ed PointHookEdit) (was, next *Endpoint, err error) {
	if ed.empty() {
		return nil, nil, nil
	}
	if !ChosenID(point) {
		return nil, nil, notFound(ObjPoint, point)
	}
	if was, err = read(ctx, e, func(tx store.Tx) (*Endpoint, error) { return hookOf(tx, s, point) }); err != nil {
		return nil, nil, err
	}
	next, err = e.editHook(ctx, s, point, was, ed)
	return was, next, err
}

func storeHook(tx store.Tx, s Scope, now time.Time, was, next *Endpoint) error {
	if next == nil {
		return nil
	}
	is, err := hookOf(tx, s, next.Point)
	if err != nil {
		return err
	}
	if (is == nil) != (was == nil) || is != nil && string(is.Sealed) != string(was.Sealed) {
		return errChanged
	}
	if next.Created.IsZero() {
		next.Created = now
	}
	return keep(tx, bucketEndpoint, s.key(next.ID), next)
}

func hookOf(tx store.Tx, s Scope, point string) (*Endpoint, error) {
	p, err := load[Endpoint](tx, bucketEndpoint, s.key(hookID(point)))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return p, err
}

func (e *Engine) checkHook(ed PointHookEdit) error {
	if ed.URL != nil && *ed.URL != "" {
		if len(*ed.URL) > 2048 {
			return invalid("webhook_url", "an address has at most 2048 bytes")
		}
		if err := e.CheckURL(*ed.URL); err != nil {
			return &Error{Code: CodeInvalid, Field: "webhook_url", Message: err.Error(), Hint: "use a public https address, or list the target under egress.allow"}
		}
	}
	if ed.HashKey != nil && *ed.HashKey != "" {
		if _, err := webhook.ParseKey(*ed.HashKey); err != nil {
			return invalid("payment_response_hash_key", "a key has 1 to 512 printable ASCII characters without space")
		}
	}
	if ed.Headers == nil {
		return nil
	}
	if len(*ed.Headers) > maxHookHeaders {
		return invalid("outgoing_webhook_custom_http_headers", "there are at most %d headers", maxHookHeaders)
	}
	for name, value := range *ed.Headers {
		switch {
		case len(name) > 128 || !httpguts.ValidHeaderFieldName(name) || ownHeader(name):
			return invalid("outgoing_webhook_custom_http_headers", "a header's name is a token of at most 128 characters, and none that the message bears anyway or that steers the connection")
		case len(value) > 4096 || !httpguts.ValidHeaderFieldValue(value):
			return invalid("outgoing_webhook_custom_http_headers", "a header's value has at most 4096 printable characters")
		}
	}
	return nil
}

// ownHeader says whether a header is the message's own, or the connection's.
func ownHeader(name string) bool {
	name = http.CanonicalHeaderKey(name)
	return strings.HasPrefix(name, "Webhook-") || strings.HasPrefix(name, "X-Forwarded-") || slices.Contains([]string{"Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Host", "Connection", "Keep-Alive",
		"Upgrade", "Trailer", "Te", "Expect", "User-Agent", "Via", webhook.HeaderHash512, webhook.HeaderOwn, "Proxy-Authorization", "Proxy-Connection", "Forwarded"}, name)
}

// editHook makes the endpoint anew, with the secrets that it keeps.
func (e *Engine) editHook(ctx context.Context, s Scope, point string, was *Endpoint, ed PointHookEdit) (*Endpoint, error) {
	next := &Endpoint{ID: hookID(point), Profile: string(webhook.Rest), Point: point, Disabled: true}
	var parts [3]string
	if was != nil {
		*next = *was
		var err error
		if parts, err = e.hookParts(ctx, s, was); err != nil {
			return nil, err
		}
	} else {
		secret, err := webhook.NewSecret(e.Rand)
		if err != nil {
			return nil, err
		}
		parts[0] = secret.Reveal()
	}
	give(&next.URL, ed.URL)
	give(&next.Types, ed.Types)
	give(&parts[1], ed.HashKey)
	if ed.URL != nil {
		next.Disabled = next.URL == ""
	}
	if ed.Headers != nil {
		raw, err := json.Marshal(*ed.Headers, json.Deterministic(true))
		if err != nil {
			return nil, errors.New("encode headers: not UTF-8")
		}
		parts[2] = string(raw)
	}
	sealed, err := e.Locker.Seal(ctx, accountOwner(s), endpointPlace(next.ID), []byte(strings.Join(parts[:], "\n")))
	next.Sealed = sealed
	return next, sealError("seal endpoint", err)
}

// hookParts are the secret, the hash key and the headers of an endpoint.
func (e *Engine) hookParts(ctx context.Context, s Scope, p *Endpoint) (out [3]string, err error) {
	raw, err := e.Locker.Open(ctx, accountOwner(s), endpointPlace(p.ID), p.Sealed)
	if err != nil {
		return out, sealError("open endpoint", err)
	}
	copy(out[:], strings.SplitN(string(raw), "\n", 3))
	return out, nil
}

// PointHookOf returns where a point is told; nil: nowhere. The key and the
// headers' values are secrets: who shows them masks them.
func (e *Engine) PointHookOf(ctx context.Context, s Scope, point string) (*PointHook, error) {
	p, err := read(ctx, e, func(tx store.Tx) (*Endpoint, error) { return hookOf(tx, s, point) })
	if p == nil || err != nil {
		return nil, err
	}
	parts, err := e.hookParts(ctx, s, p)
	if err != nil {
		return nil, err
	}
	out := &PointHook{URL: p.URL, Types: p.Types, HashKey: parts[1]}
	out.Headers, err = readHeaders(parts[2])
	return out, err
}

func readHeaders(text string) (h map[string]string, err error) {
	if text == "" {
		return nil, nil
	}
	if json.Unmarshal([]byte(text), &h) != nil {
		return nil, errors.New("decode headers: malformed")
	}
	return h, nil
}

// addHeaders adds the headers that a payout point wants to get.
func (e *Engine) addHeaders(ctx context.Context, s Scope, p *Endpoint, to http.Header) error {
	if p.Point == "" {
		return nil
	}
	parts, err := e.hookParts(ctx, s, p)
	if err != nil {
		return err
	}
	own, err := readHeaders(parts[2])
	if err != nil {
		return fmt.Errorf("endpoint %s: %w", p.ID, err)
	}
	for name, value := range own {
		to.Set(name, value)
	}
	return nil
}
