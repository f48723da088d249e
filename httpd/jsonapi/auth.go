package jsonapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

// auth is who may call a route: a merchant's secret key with one of the rights.
func (a *API) auth(rights ...engine.Right) wire.Auth[engine.Caller] {
	return wire.Auth[engine.Caller]{
		Check: func(ctx context.Context, c *wire.Call) (engine.Caller, error) {
			user, secret, err := credentials(c)
			if err != nil {
				return engine.Caller{}, err
			}
			who, err := a.caller(ctx, c, user, secret)
			if err != nil {
				return engine.Caller{}, err
			}
			if who.Publishable {
				return engine.Caller{}, fmt.Errorf("publishable key: %w", wire.ErrUnauthenticated)
			}
			if !slices.ContainsFunc(rights, who.May) {
				return engine.Caller{}, refuse(403, "forbidden", "Not allowed", "The API key has none of the scopes that this call needs: "+list(rights))
			}
			return who, nil
		},
		Who: whoOf,
	}
}

func whoOf(p engine.Caller) wire.Who { return wire.Who{Merchant: p.Merchant, KeyID: p.Actor} }

func list(rights []engine.Right) string {
	words := make([]string, len(rights))
	for i, r := range rights {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

// caller finds whose key came. user is the key's id, or the merchant's, where
// the caller said one.
func (a *API) caller(ctx context.Context, c *wire.Call, user, secret string) (engine.Caller, error) {
	who, err := a.Engine.Authenticate(ctx, secret, c.Client)
	var refused *engine.Error
	if errors.As(err, &refused) && refused.Code == engine.CodeUnauthorized || err == nil && user != "" && user != who.Actor && user != who.Merchant {
		return engine.Caller{}, fmt.Errorf("api key: %w", wire.ErrUnauthenticated)
	}
	if err != nil {
		return engine.Caller{}, err
	}
	if who.Mode == engine.Live && !c.Confidential() {
		return engine.Caller{}, refuse(403, "insecure_transport", "Not allowed", "Live keys are answered over TLS, from this machine, or by a trusted proxy only")
	}
	return who, nil
}

// credentials reads Basic with the id of the key, or of the merchant, as user;
// or Bearer. A call has one of them, once.
func credentials(c *wire.Call) (user, secret string, err error) {
	all := c.HeaderAll("Authorization")
	if len(all) != 1 {
		return "", "", fmt.Errorf("credentials: %w", wire.ErrUnauthenticated)
	}
	return wire.Credentials(all[0])
}

// inMode refuses a test_mode that contradicts the key's; absent it is the
// key's.
func inMode(who engine.Caller, test *bool) error {
	if test == nil || *test == (who.Mode == engine.Test) {
		return nil
	}
	return badAttribute("test_mode", "must be %v or left out: the API key is a %s key", who.Mode == engine.Test, who.Mode)
}
