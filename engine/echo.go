package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/dense"
	"penstock/locker"
)

// Echo is what a request keeps of its caller's words only to show them again:
// the account as it may be shown, which has names in it, and what the dialect
// keeps (billing addresses, metadata, a client secret). In the record it lies
// sealed, in Shut; whoever reads a request through a View finds it opened. Of
// a customer who was redacted it is empty.
type Echo struct {
	Masked map[string]string `json:"masked,omitzero"`
	Extra  json.RawMessage   `json:"extra,omitzero"` // the dialect's own
	// Metadata is the merchant's own object, which routing may ask for; Memo a
	// text for the beneficiary's statement.
	Metadata json.RawMessage `json:"metadata,omitzero"`
	Memo     string          `json:"memo,omitzero"`
	Page     *Page           `json:"page,omitzero"` // what the recipient's page shows; nil: there is none
}

func (o Echo) empty() bool {
	return len(o.Masked) == 0 && len(o.Extra) == 0 && len(o.Metadata) == 0 && o.Memo == "" && o.Page == nil
}

func (o Echo) equal(p Echo) bool {
	return maps.Equal(o.Masked, p.Masked) && bytes.Equal(o.Extra, p.Extra) && bytes.Equal(o.Metadata, p.Metadata) && o.Memo == p.Memo &&
		(o.Page == p.Page || o.Page != nil && p.Page != nil && reflect.DeepEqual(o.Page, p.Page))
}

// appendJSON appends what the encoder writes of an echo. Most have nothing in
// them that has to be written in another way than it came, and are put together
// without it.
func (o Echo) appendJSON(dst []byte) ([]byte, error) {
	if o.Page != nil || !asItIs(o.Extra) || !asItIs(o.Metadata) {
		raw, err := jsonv2.Marshal(o, codec)
		return append(dst, raw...), err
	}
	var err error
	at := len(dst)
	if o.Masked != nil {
		if dst, err = AppendTexts(append(dst, `,"masked":`...), o.Masked); err != nil {
			return nil, err
		}
	}
	if o.Extra != nil {
		dst = append(append(dst, `,"extra":`...), o.Extra...)
	}
	if o.Metadata != nil {
		dst = append(append(dst, `,"metadata":`...), o.Metadata...)
	}
	if o.Memo != "" {
		if dst, err = jsontext.AppendQuote(append(dst, `,"memo":`...), o.Memo); err != nil {
			return nil, err
		}
	}
	if len(dst) == at {
		dst = append(dst, '{')
	}
	dst[at] = '{'
	return append(dst, '}'), nil
}

// asItIs says that the encoder would write a text as it is.
func asItIs(text json.RawMessage) bool {
	return text == nil || PlainJSON(text) && jsontext.Value(text).IsValid()
}

// errUnsealed refuses to store a request whose echo was changed and not sealed
// again: the change would be lost.
var errUnsealed = errors.New("engine: a request's echo was changed and not sealed")

func echoPlace(id string) locker.Place { return locker.Place{Bucket: "echo", Token: id} }

// echoOwner is whose key seals an echo: the customer's, or one of the day
// where there is none. The latter is not the key of that day's details, which
// go when their retention ends: what a merchant said of a payout stays with it.
func echoOwner(s Scope, customer string, day time.Time) locker.Owner {
	if customer != "" {
		return customerOwner(s, customer)
	}
	return locker.Owner{Merchant: s.Merchant, Mode: string(s.Mode), Subject: "echo:" + day.UTC().Format(time.DateOnly)}
}

// sealEcho makes Shut of what the request echoes now.
func (e *Engine) sealEcho(ctx context.Context, s Scope, r *Request) error {
	if r.Echo.empty() {
		r.Shut, r.shown = nil, r.Echo
		return nil
	}
	var space, room [768]byte
	raw, err := r.Echo.appendJSON(space[:0])
	if err != nil {
		return fmt.Errorf("encode what a request echoes: %w", err)
	}
	sealed, err := e.Locker.Seal(ctx, echoOwner(s, r.Customer, r.Day), echoPlace(r.ID), dense.PackIn(room[:0], raw))
	if err != nil {
		return sealError("seal what a request echoes", err)
	}
	r.Shut, r.shown = sealed, r.Echo
	return nil
}

// openEcho fills in what the request echoes; nothing, where the key is gone.
func (e *Engine) openEcho(ctx context.Context, s Scope, r *Request) error {
	r.Echo, r.shown = Echo{}, Echo{}
	if r.Shut == nil {
		return nil
	}
	raw, err := e.Locker.Open(ctx, echoOwner(s, r.Customer, r.Day), echoPlace(r.ID), r.Shut)
	if errors.Is(err, locker.ErrErased) {
		return nil
	}
	if err != nil {
		return sealError("open what a request echoes", err)
	}
	if raw, err = dense.Unpack(raw); err != nil {
		return fmt.Errorf("decode what a request echoes: %w", err)
	}
	if err := jsonv2.Unmarshal(raw, &r.Echo, codec); err != nil {
		return errors.New("decode what a request echoes: malformed") // the cause could show a piece of it
	}
	r.shown = r.Echo
	return nil
}

// sameEcho gives a request, as it is read inside a transaction, the echo that
// was opened before it; errChanged, if that is no longer what stands there.
func (r *Request) sameEcho(before *Request) error {
	if !bytes.Equal(r.Shut, before.Shut) {
		return errChanged
	}
	r.Echo, r.shown = before.Echo, before.shown
	return nil
}
