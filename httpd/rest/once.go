package rest

import (
	"context"
	"crypto/sha256"
	"net/http"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// once makes a call harmless to repeat under its Idempotency-Key. The
// fingerprint covers what the path says as well as the body, and which profile
// a header names, so that a key can't be taken from one payout to another.
func once(c *wire.Call, params ...string) *engine.Once {
	if c.IdempotencyKey == "" {
		return onceOver(c, nil, nil) // which promises nothing
	}
	body := c.Fingerprint()
	return onceOver(c, body[:], params)
}

// onceByPath is once for calls that ignore their body.
func onceByPath(c *wire.Call, params ...string) *engine.Once {
	return onceOver(c, nil, params)
}

func onceOver(c *wire.Call, body []byte, params []string) *engine.Once {
	var space [256]byte
	said := append(space[:0], body...)
	if profile := c.Header("X-Profile-Id"); profile != "" {
		said = append(append(said, 0, 0), profile...)
	}
	for _, name := range params {
		said = append(append(said, 0), c.Param(name)...)
	}
	return &engine.Once{Op: c.Method + " " + c.Pattern, Key: c.IdempotencyKey, Fingerprint: sha256.Sum256(said)}
}

// ok is a good answer, made of bytes that may have been stored.
func ok(body []byte) wire.Reply { return wire.Reply{Status: http.StatusOK, Body: body} }

// answer is what to say after a command: what it returned, or what was said
// when it was carried out first.
func answer[T any](o *engine.Once, result T, err error, show func(T) any) (wire.Reply, error) {
	if err != nil {
		return wire.Reply{}, err
	}
	if o.Replayed {
		return ok(o.Answer), nil
	}
	body, err := wire.Encode(show(result))
	return ok(body), err
}

// saidBefore answers a repeat before its object is looked for, which may
// have changed since, or be gone.
func (a *API) saidBefore(ctx context.Context, who engine.Caller, o *engine.Once) (wire.Reply, bool, error) {
	done, err := a.Engine.Replayed(ctx, who.Scope, o)
	if !done || err != nil || o.Answer == nil {
		return wire.Reply{}, false, err
	}
	return ok(o.Answer), true, nil
}

// rendered makes the engine store the answer with the effect.
func rendered[T any](o *engine.Once, show func(T) any) *engine.Once {
	o.Render = func(result any) ([]byte, error) {
		v, is := result.(T)
		if !is {
			return nil, errNotShown
		}
		return wire.Encode(show(v))
	}
	return o
}

var errNotShown = refuse(500, "HE_00", "Something went wrong")

// open leaves the answer open while the provider's first word is waited for.
func (a *API) open(o *engine.Once, merchant string) *engine.Once {
	return a.openWith(o, merchant, extraOf)
}

// openWith is open for a call that knows the texts without reading them anew.
func (a *API) openWith(o *engine.Once, merchant string, texts func(*engine.Request) payoutExtra) *engine.Once {
	o.Render = func(result any) ([]byte, error) {
		v, is := result.(*engine.View)
		if !is {
			return nil, errNotShown
		}
		if v.Stage == payout.Dispatching {
			return nil, nil
		}
		x := texts(&v.Request)
		out := showPayoutWith(merchant, v, &x)
		return out.encode()
	}
	return o
}

// firstWord answers a command that may have sent a payout on its way. The
// effect is committed; the answer waits a little for the provider's first
// word, and is then fixed for whoever repeats the call.
func (a *API) firstWord(ctx context.Context, who engine.Caller, o *engine.Once, v *engine.View, err error) (wire.Reply, error) {
	if err != nil {
		return wire.Reply{}, err
	}
	if o.Answer != nil {
		return ok(o.Answer), nil
	}
	id := o.Subject
	if v != nil {
		id = v.ID
	}
	if v == nil || v.Stage == payout.Dispatching {
		wait, cancel := context.WithTimeout(ctx, a.FirstWord)
		v, err = a.Engine.Await(wait, who.Scope, id)
		cancel()
		if err != nil {
			return wire.Reply{}, err
		}
	}
	out := showPayout(who.Merchant, v)
	body, err := out.encode()
	if err != nil {
		return wire.Reply{}, err
	}
	// A caller who has gone away must not leave the answer open for another.
	body, err = a.Engine.FixAnswer(context.WithoutCancel(ctx), who.Scope, o, body)
	return ok(body), err
}

// again answers a repeat before anything else is looked at, so that nothing
// that has changed since can refuse it.
func (a *API) again(ctx context.Context, who engine.Caller, o *engine.Once) (wire.Reply, bool, error) {
	done, err := a.Engine.Replayed(ctx, who.Scope, o)
	if !done || err != nil {
		return wire.Reply{}, false, err
	}
	r, err := a.firstWord(ctx, who, o, nil, nil)
	return r, true, err
}
