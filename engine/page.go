package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"penstock/locker"

	jsonv2 "github.com/go-json-experiment/json"
)

// Page is what the page of a request shows on which its recipient says where
// the money goes, and which of its links is good. It lies sealed with the
// request (see Echo).
type Page struct {
	Description string `json:"description,omitzero"` // the merchant's words to the recipient
	Redirect    string `json:"redirect,omitzero"`    // where the recipient goes back to; empty: nowhere
	Locale      string `json:"locale,omitzero"`      // of the recipient, as the merchant knows it
	Name        string `json:"name,omitzero"`        // the recipient's, to be filled in

	Merchant string   `json:"merchant,omitzero"` // who pays, as this page says; empty: as the brand does
	Theme    string   `json:"theme,omitzero"`    // colour of this page's buttons, where it can be read; empty: the brand's
	Forms    []string `json:"forms,omitzero"`    // methods that may be chosen; nil: any that can be paid
	Frames   []string `json:"frames,omitzero"`   // who may frame the page, as Content-Security-Policy has them; nil: who the token names

	// Generation is that of the link that is good; earlier ones are not. Closed
	// says that none is, until another one is made.
	Generation uint16 `json:"generation,omitzero"`
	Closed     bool   `json:"closed,omitzero"`
}

// LinkMAC is what makes a link to a request's page good: a keyed hash of the
// request and the link's generation, which nobody can make who has not the
// locker. Nothing of it is stored.
func (e *Engine) LinkMAC(s Scope, id string, generation uint16) ([]byte, error) {
	mac, err := e.Locker.MAC("checkin", []byte(s.Merchant), []byte(s.Mode), []byte(id), binary.BigEndian.AppendUint16(nil, generation))
	if err != nil {
		return nil, sealError("make a link", err)
	}
	return mac, nil
}

// Entered is what a recipient has typed and not confirmed yet.
type Entered struct {
	Service string            `json:"service"`
	Details map[string]string `json:"details"` // of the service's form
	At      time.Time         `json:"at"`
	Payouts int               `json:"payouts,omitzero"` // that the request had then: what was typed before a refusal is not good after it
}

// keepEntered is how long what was typed may wait for its confirmation.
const keepEntered = time.Hour

func enteredPlace(id string) locker.Place { return locker.Place{Bucket: "entered", Token: id} }

// SealEntered makes what was typed safe to be given back to the browser until
// it is confirmed: only this request opens it again. Nothing is stored.
func (e *Engine) SealEntered(ctx context.Context, s Scope, r *Request, service string, details map[string]string) ([]byte, error) {
	now, _ := e.pulse.now()
	raw, err := jsonv2.Marshal(Entered{service, details, now, len(r.Payouts)}, codec)
	if err != nil {
		return nil, errors.New("encode what was entered: malformed")
	}
	sealed, err := e.Locker.Seal(ctx, ownerOf(s, r.Customer, r.Day), enteredPlace(r.ID), raw)
	if err != nil {
		return nil, sealError("seal what was entered", err)
	}
	return sealed, nil
}

// OpenEntered is the opposite. What is not of this request, or too old, is
// CodeToken.
func (e *Engine) OpenEntered(ctx context.Context, s Scope, r *Request, sealed []byte) (*Entered, error) {
	raw, err := e.Locker.Open(ctx, ownerOf(s, r.Customer, r.Day), enteredPlace(r.ID), sealed)
	if errors.Is(err, locker.ErrSealed) {
		return nil, sealError("open what was entered", err)
	}
	out := &Entered{}
	if err != nil || jsonv2.Unmarshal(raw, out, codec) != nil {
		return nil, errEntered
	}
	if now, _ := e.pulse.now(); now.Sub(out.At) > keepEntered || out.At.Sub(now) > keepEntered || out.Payouts != len(r.Payouts) {
		return nil, errEntered
	}
	return out, nil
}

var errEntered = &Error{Code: CodeToken, Object: ObjPayout, Message: "what was entered is too old, or of another payout", Hint: "enter it again"}
