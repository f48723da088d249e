package rest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

// adminActor is the administrator's name in the audit log.
const adminActor = "admin_key"

// admin is who bears the administrator's key, for the calls that nobody else
// may make.
func (a *API) admin() wire.Auth[engine.Caller] {
	return wire.Auth[engine.Caller]{Check: a.administrator, Who: whoIs}
}

// adminOr is the administrator, or a key of the path's own merchant with the
// right.
func (a *API) adminOr(right engine.Right) wire.Auth[engine.Caller] {
	own := a.auth(right, false)
	return wire.Auth[engine.Caller]{Who: whoIs, Check: func(ctx context.Context, c *wire.Call) (engine.Caller, error) {
		if a.bearsAdmin(c) {
			return a.administrator(ctx, c)
		}
		who, err := own.Check(ctx, c)
		if err == nil && who.Merchant != c.Param("merchant") {
			return engine.Caller{}, noMerchant(c.Param("merchant"))
		}
		return who, err
	}}
}

func whoIs(p engine.Caller) wire.Who { return wire.Who{Merchant: p.Merchant, KeyID: p.Actor} }

func noMerchant(id string) error {
	return &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjMerchant, ID: id}
}

// bearsAdmin says whether a call bears the administrator's key. The two are
// hashed so that the comparison takes the same time for every length.
func (a *API) bearsAdmin(c *wire.Call) bool {
	_, secret, err := credentials(c)
	if err != nil || a.AdminKey == "" {
		return false
	}
	got, want := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(a.AdminKey))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// administrator acts for the merchant of the path, in test mode unless the
// call says otherwise.
func (a *API) administrator(ctx context.Context, c *wire.Call) (engine.Caller, error) {
	if !a.bearsAdmin(c) {
		return engine.Caller{}, fmt.Errorf("administrator's key: %w", wire.ErrUnauthenticated)
	}
	if !c.Confidential() {
		return engine.Caller{}, refuse(403, "IR_22", "Access forbidden. The administrator's key is answered over TLS, from this machine, or by a trusted proxy only")
	}
	who := engine.Caller{Scope: engine.Scope{Merchant: c.Param("merchant"), Mode: engine.Test}, Actor: adminActor, Rights: engine.Rights()}
	switch strings.ToLower(c.Header("X-Mode")) {
	case "", "test":
	case "live":
		who.Mode = engine.Live
	default:
		return engine.Caller{}, refuse(422, "IR_06", "X-Mode must be test or live")
	}
	if who.Merchant == "" {
		return who, nil
	}
	if err := sameMerchant(c, who.Merchant); err != nil {
		return engine.Caller{}, err
	}
	_, err := a.Engine.LiveMerchant(ctx, who.Merchant)
	return who, err
}

// sameMerchant refuses a header that names another merchant than the one that
// the call is for.
func sameMerchant(c *wire.Call, merchant string) error {
	for _, named := range c.HeaderAll("X-Merchant-Id") {
		if named != merchant {
			return refuse(403, "IR_22", "Access forbidden. X-Merchant-Id is not the merchant of this API key")
		}
	}
	return nil
}

// ofCustomer says who may see one customer: a merchant's key with the right,
// or an ephemeral key of that customer.
func (a *API) ofCustomer(param string) wire.Auth[engine.Caller] {
	own := a.auth(engine.Customers, false)
	return wire.Auth[engine.Caller]{Who: whoIs, Check: func(ctx context.Context, c *wire.Call) (engine.Caller, error) {
		_, secret, err := credentials(c)
		if err != nil || !strings.HasPrefix(secret, engine.PrefixEphemeral) {
			return own.Check(ctx, c)
		}
		who, err := a.Engine.Ephemeral(ctx, secret)
		switch {
		case isCode(err, engine.CodeUnauthorized):
			return engine.Caller{}, fmt.Errorf("ephemeral key: %w", wire.ErrUnauthenticated)
		case err != nil:
			return engine.Caller{}, err
		case who.Mode == engine.Live && !c.Confidential():
			return engine.Caller{}, errPlain
		case who.Customer != c.Param(param):
			return engine.Caller{}, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjCustomer, ID: c.Param(param)}
		}
		return who, sameMerchant(c, who.Merchant)
	}}
}

var errPlain = refuse(403, "IR_22", "Access forbidden. Live keys are answered over TLS, from this machine, or by a trusted proxy only")
