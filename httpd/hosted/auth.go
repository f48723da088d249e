package hosted

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

// auth is who may call: a secret key for payouts or pay-ins, as a
// bearer token. Which of the two a call needs depends on what it
// is about: see mayMake.
func (a *API) auth() wire.Auth[engine.Caller] {
	return wire.Auth[engine.Caller]{
		Check: func(ctx context.Context, c *wire.Call) (engine.Caller, error) {
			all := c.HeaderAll("Authorization")
			if len(all) != 1 {
				return engine.Caller{}, fmt.Errorf("no token: %w", wire.ErrUnauthenticated)
			}
			scheme, token, _ := strings.Cut(strings.TrimSpace(all[0]), " ")
			if !strings.EqualFold(scheme, "bearer") {
				return engine.Caller{}, fmt.Errorf("not a bearer token: %w", wire.ErrUnauthenticated)
			}
			who, err := a.Engine.Authenticate(ctx, strings.TrimSpace(token), c.Client)
			var refused *engine.Error
			switch {
			case errors.As(err, &refused) && refused.Code == engine.CodeUnauthorized, err == nil && who.Publishable:
				return engine.Caller{}, fmt.Errorf("token: %w", wire.ErrUnauthenticated)
			case err != nil:
				return engine.Caller{}, err
			case who.Mode == engine.Live && !c.Confidential():
				return engine.Caller{}, refuse(403, "insecure_transport", "Not allowed", "Live tokens are answered over HTTPS, from this machine, or by a trusted proxy only")
			case !who.May(engine.Payouts) && !takesIn(who):
				return engine.Caller{}, mayMake(who, false)
			}
			return who, nil
		},
		Who: func(p engine.Caller) wire.Who { return wire.Who{Merchant: p.Merchant, KeyID: p.Actor} },
	}
}
