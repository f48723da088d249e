package engine

import (
	"context"
	"crypto/hmac"
	"encoding/binary"
	"strings"
	"time"

	"penstock/store"
)

// An ephemeral key lets whoever holds it see one customer for an hour. Like a
// payment token it is not stored: it carries whom it is for, which API key
// made it and its end, under a MAC of the locker. It ends with that key.
//
// epk_ + base32(end, Unix seconds 8 | MAC 32 | merchant 0 mode 0 customer 0 key id)

// PrefixEphemeral begins an ephemeral key.
const PrefixEphemeral = "epk_"

// EphemeralLife is how long an ephemeral key lasts.
const EphemeralLife = time.Hour

// MadeEphemeral is an ephemeral key that was just made.
type MadeEphemeral struct {
	Secret        string
	Customer      string
	Created, Ends time.Time
}

// MintEphemeral makes a key of a customer of the caller's. Nothing is stored of
// it but, under once, the answer, which lies sealed.
func (e *Engine) MintEphemeral(ctx context.Context, c Caller, customer string, once *Once) (*MadeEphemeral, error) {
	if done, err := e.replayed(ctx, c.Scope, once); done || err != nil {
		return nil, err
	}
	if _, err := e.Customer(ctx, c, customer); err != nil {
		return nil, err
	}
	now, _ := e.pulse.now()
	k := &MadeEphemeral{Customer: customer, Created: now, Ends: now.Add(EphemeralLife).Truncate(time.Second)}
	words := strings.Join([]string{c.Merchant, string(c.Mode), customer, c.Actor}, "\x00")
	head := binary.BigEndian.AppendUint64(nil, uint64(k.Ends.Unix()))
	mac, err := e.Locker.MAC("ephemeral_key", head, []byte(words))
	if err != nil {
		return nil, sealError("sign ephemeral key", err)
	}
	k.Secret = PrefixEphemeral + crockford.EncodeToString(append(append(head, mac...), words...))
	if !once.binds() {
		return k, nil
	}
	return k, e.command(ctx, c, once, "ephemeral_key.create", func(store.Tx, time.Time) (string, any, error) { return customer, k, nil })
}

// Ephemeral finds whom an ephemeral key is for. Anything that is none, or has
// ended, is CodeUnauthorized.
func (e *Engine) Ephemeral(ctx context.Context, key string) (Caller, error) {
	text, ok := strings.CutPrefix(key, PrefixEphemeral)
	raw, err := crockford.DecodeString(text)
	if !ok || err != nil || len(raw) < 8+32 || len(raw) > 512 || crockford.EncodeToString(raw) != text {
		return Caller{}, errUnauthorized
	}
	mac, err := e.Locker.MAC("ephemeral_key", raw[:8], raw[40:])
	if err != nil {
		return Caller{}, sealError("verify ephemeral key", err)
	}
	words := strings.Split(string(raw[40:]), "\x00")
	now, _ := e.pulse.now()
	if !hmac.Equal(mac, raw[8:40]) || len(words) != 4 || !now.Before(time.Unix(int64(binary.BigEndian.Uint64(raw)), 0)) {
		return Caller{}, errUnauthorized
	}
	maker, err := read(ctx, e, func(tx store.Tx) (*Key, error) {
		_, k, err := findKey(tx, words[3])
		return k, err
	})
	if isNotFound(err) || err == nil && (maker.over(now) || maker.Merchant != words[0]) {
		return Caller{}, errUnauthorized
	}
	if err != nil {
		return Caller{}, err
	}
	return Caller{Scope: Scope{words[0], Mode(words[1])}, Actor: maker.ID, Rights: []Right{Customers}, Customer: words[2]}, nil
}
