package rest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

// auth is who may call a route: a merchant's key with the right, or, where
// browsers may call, its publishable key.
func (a *API) auth(right engine.Right, browsers bool) wire.Auth[engine.Caller] {
	return wire.Auth[engine.Caller]{
		Check: func(ctx context.Context, c *wire.Call) (engine.Caller, error) {
			who, err := a.caller(ctx, c)
			if err != nil {
				return engine.Caller{}, err
			}
			if who.Publishable && !browsers {
				return engine.Caller{}, fmt.Errorf("publishable key: %w", wire.ErrUnauthenticated)
			}
			if who.Mode == engine.Live && !c.Confidential() {
				return engine.Caller{}, errPlain
			}
			if !who.May(right) {
				return engine.Caller{}, refuse(403, "IR_22", "Access forbidden. Not authorized to access this resource "+string(right))
			}
			return who, sameMerchant(c, who.Merchant)
		},
		Who: whoIs,
	}
}

// caller finds whose key came, in any of the three places for it.
func (a *API) caller(ctx context.Context, c *wire.Call) (engine.Caller, error) {
	user, secret, err := credentials(c)
	if err != nil {
		return engine.Caller{}, err
	}
	who, err := a.Engine.Authenticate(ctx, secret, c.Client)
	var refused *engine.Error
	if errors.As(err, &refused) && refused.Code == engine.CodeUnauthorized || err == nil && user != "" && user != who.Actor {
		return engine.Caller{}, fmt.Errorf("api key: %w", wire.ErrUnauthenticated)
	}
	return who, err
}

// credentials reads `api-key: K`, `Authorization: Bearer K`, or Basic with the
// key's id as user. A call has one of them, once.
func credentials(c *wire.Call) (user, secret string, err error) {
	key, keys := c.HeaderOnce("api-key")
	if keys == 1 {
		return "", strings.TrimSpace(key), nil
	}
	other, others := c.HeaderOnce("Authorization")
	if keys > 1 || others != 1 {
		return "", "", fmt.Errorf("credentials: %w", wire.ErrUnauthenticated)
	}
	return wire.Credentials(other)
}
