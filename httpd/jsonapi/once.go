package jsonapi

import (
	"crypto/sha256"
	"errors"
	"net/http"

	"penstock/engine"
	"penstock/httpd/wire"
)

// once makes a call harmless to repeat under its Idempotency-Key. The
// fingerprint covers what the path names as well as the body, so that a key
// can't be taken from one resource to another. Without a key it promises
// nothing.
func once(c *wire.Call) *engine.Once {
	o := &engine.Once{Op: c.Method + " " + c.Pattern, Key: c.IdempotencyKey}
	if o.Key != "" {
		o.Fingerprint = fingerprint(c)
	}
	return o
}

func fingerprint(c *wire.Call) (sum [sha256.Size]byte) {
	h := sha256.New()
	if len(c.Body) > 0 {
		body := c.Fingerprint()
		h.Write(body[:])
	}
	for _, name := range []string{"id", "rid", "cid", "code"} {
		h.Write([]byte{0})
		h.Write([]byte(c.Param(name)))
	}
	h.Sum(sum[:0])
	return sum
}

var errNotShown = errors.New("jsonapi: a command gave what it isn't known to give")

// rendered makes the engine store the answer with the effect.
func rendered[T any](o *engine.Once, show func(*T) resource) *engine.Once {
	o.Render = func(result any) ([]byte, error) {
		v, is := result.(*T)
		if !is {
			return nil, errNotShown
		}
		return wire.Encode(document{Data: show(v)})
	}
	return o
}

// command carries out what changes something and answers with the resource as
// it is then. A repeat gets the first answer, with 200.
func command[T any](c *wire.Call, status int, show func(*T) resource, run func(*engine.Once) (*T, error)) (wire.Reply, error) {
	o := rendered(once(c), show)
	v, err := run(o)
	return answered(o, status, v, err, show)
}

func answered[T any](o *engine.Once, status int, v *T, err error, show func(*T) resource) (wire.Reply, error) {
	if err != nil {
		return wire.Reply{}, err
	}
	if o.Replayed {
		return wire.Reply{Status: http.StatusOK, Body: o.Answer}, nil
	}
	r := show(v)
	body, err := wire.Encode(document{Data: r})
	reply := wire.Reply{Status: status, Body: body}
	if status == http.StatusCreated && r.Links != nil {
		reply.Header = [][2]string{{"Location", r.Links.Self}}
	}
	return reply, err
}

// counted is the answer of a call that changes many things at once.
type counted struct {
	Meta struct {
		Changed int `json:"changed"`
	} `json:"meta"`
}

// bulk carries out what changes many things and answers with their number.
func bulk(c *wire.Call, run func(*engine.Once) (int, error)) (wire.Reply, error) {
	o := once(c)
	encode := func(n int) ([]byte, error) {
		var out counted
		out.Meta.Changed = n
		return wire.Encode(out)
	}
	o.Render = func(result any) ([]byte, error) {
		n, is := result.(int)
		if !is {
			return nil, errNotShown
		}
		return encode(n)
	}
	n, err := run(o)
	if err != nil {
		return wire.Reply{}, err
	}
	if o.Replayed {
		return wire.Reply{Body: o.Answer}, nil
	}
	body, err := encode(n)
	return wire.Reply{Body: body}, err
}
