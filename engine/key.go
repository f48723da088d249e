package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"penstock/store"
)

// Right is what an API key may be used for.
type Right string

const (
	Payouts   Right = "payouts"
	Payins    Right = "payins"
	Customers Right = "customers"
	Webhooks  Right = "webhooks"
	Admin     Right = "admin"
)

// Rights returns all of them.
func Rights() []Right { return []Right{Payouts, Payins, Customers, Webhooks, Admin} }

// Caller is who gives a command: the merchant and mode it acts for, what it
// may do, and under which name it stands in the audit log.
type Caller struct {
	Scope
	Actor       string // key id, or "operator" over the unix socket
	Rights      []Right
	Publishable bool           // a key that a browser may hold: only together with a client secret
	Customer    string         // of an ephemeral key: the one customer whom it may see; else empty
	Token       *TokenSettings // of a bearer token of the hosted dialect; nil of other callers
}

// May says whether the caller has the right.
func (c Caller) May(r Right) bool { return slices.Contains(c.Rights, r) }

// Key is an API key as it is kept: its secret is not there, only a hash.
type Key struct {
	ID          string  `json:"id"`
	Merchant    string  `json:"merchant"`
	Mode        Mode    `json:"mode"`
	Rights      []Right `json:"rights,omitzero"`
	Name        string  `json:"name,omitzero"`
	Prefix      string  `json:"prefix"` // its first characters, to tell keys apart
	Publishable bool    `json:"publishable,omitzero"`
	Of          string  `json:"of,omitzero"` // of a publishable key: its secret key, with which it ends
	// Allow are the addresses that a secret key is taken from; empty: any. Its
	// publishable companion lives in browsers and has none.
	Allow   []netip.Prefix `json:"allow,omitzero"`
	Token   *TokenSettings `json:"token,omitzero"` // of a bearer token of the hosted dialect
	Created time.Time      `json:"created"`
	Changed time.Time      `json:"changed,omitzero"`
	Expires time.Time      `json:"expires,omitzero"`
	Revoked time.Time      `json:"revoked,omitzero"`
	About   string         `json:"about,omitzero"` // a description
}

// maxAllow bounds a key's list of addresses.
const maxAllow = 64

func (k *Key) takes(from netip.Addr) bool {
	return len(k.Allow) == 0 || slices.ContainsFunc(k.Allow, func(p netip.Prefix) bool { return p.Contains(from.Unmap()) })
}

// NewKey is what a new key is made from.
type NewKey struct {
	Merchant string
	Mode     Mode
	Rights   []Right
	Name     string
	Allow    []netip.Prefix // empty: from anywhere
	Expires  time.Time      // zero: never
	About    string
	Env      string         // what a test key begins with; empty: snd
	Once     *Once          // its Render must leave the secrets out: what it makes is stored
	Token    *TokenSettings // nil: a key; else a bearer token of the hosted dialect
}

// checkAllow refuses what is no list of addresses.
func checkAllow(all []netip.Prefix) error {
	if len(all) > maxAllow {
		return invalid("allow", "a key lists at most %d addresses", maxAllow)
	}
	for _, p := range all {
		if !p.IsValid() || p != p.Masked() || p.Addr().Is4In6() {
			return invalid("allow", "an address is one IP address or a range such as 192.0.2.0/24, without bits beyond its length")
		}
	}
	return nil
}

// MadeKey is a new key with its secrets, which are shown this once.
type MadeKey struct {
	Key
	Secret      string // {env}_, or tk_{mode}_, and 64 characters
	Publishable string // pk_{env}_ and 32 hex digits
}

const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// draw makes n random letters and digits without bias.
func draw(rnd io.Reader, n int) (string, error) {
	out := make([]byte, 0, n)
	buf := make([]byte, 96)
	for len(out) < n {
		if _, err := io.ReadFull(rnd, buf); err != nil {
			return "", fmt.Errorf("draw a key: %w", err)
		}
		for _, b := range buf {
			if b < 248 && len(out) < n { // 248 is 4 x 62
				out = append(out, alnum[int(b)%62])
			}
		}
	}
	return string(out), nil
}

func envOf(m Mode) string {
	if m == Live {
		return "prd"
	}
	return "snd"
}

// CreateKey makes a secret key and its publishable companion.
func (e *Engine) CreateKey(ctx context.Context, c Caller, n NewKey) (*MadeKey, error) {
	if n.Mode != Test && n.Mode != Live {
		return nil, invalid("mode", "a key's mode is test or live")
	}
	if len(n.Rights) == 0 {
		return nil, missing("scope")
	}
	for _, r := range n.Rights {
		if !slices.Contains(Rights(), r) {
			return nil, invalid("scope", "a scope is one of payouts, payins, customers, webhooks, admin")
		}
		if !c.May(r) {
			return nil, &Error{Code: CodeForbidden, Object: ObjKey, Message: "to give away the scope " + string(r), Hint: "a key gives no more than its maker may"}
		}
	}
	if err := checkKeyName(n.Name); err != nil {
		return nil, err
	}
	if err := checkAllow(n.Allow); err != nil {
		return nil, err
	}
	secret, err := draw(e.Rand, 64)
	if err != nil {
		return nil, err
	}
	public := make([]byte, 16)
	if _, err := io.ReadFull(e.Rand, public); err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	env := envOf(n.Mode)
	if n.Env != "" && n.Mode == Test {
		env = n.Env
	}
	made := &MadeKey{Secret: env + "_" + secret, Publishable: "pk_" + env + "_" + hex.EncodeToString(public)}
	var signer *Endpoint
	if n.Token != nil {
		made.Secret = tokenPrefix + string(n.Mode) + "_" + secret
		if signer, err = e.newSigner(ctx, Scope{n.Merchant, n.Mode}, *n.Token, made.Secret); err != nil {
			return nil, err
		}
	}
	if err := e.keyedAll(Scope{n.Merchant, n.Mode}, n.Once); err != nil {
		return nil, err
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		made.Key = Key{}
		if done, err := e.replay(tx, Scope{n.Merchant, n.Mode}, n.Once); done || err != nil {
			return err
		}
		if _, err := liveMerchant(tx, n.Merchant); err != nil {
			return err
		}
		if err := e.keepSigner(tx, Scope{n.Merchant, n.Mode}, now, n.Token, signer); err != nil {
			return err
		}
		for _, k := range []struct {
			secret string
			public bool
		}{{made.Secret, false}, {made.Publishable, true}} {
			id, err := e.newID(now)
			if err != nil {
				return err
			}
			key := Key{ID: PrefixKey + id, Merchant: n.Merchant, Mode: n.Mode, Rights: n.Rights, Name: n.Name, About: n.About, Prefix: k.secret[:12], Publishable: k.public, Of: made.ID, Created: now, Expires: n.Expires}
			if !k.public {
				key.Allow, key.Token = n.Allow, n.Token
				if signer != nil {
					key.ID = signer.keyID()
				}
				made.Key = key
			}
			hash := sha256.Sum256([]byte(k.secret))
			if err := keep(tx, bucketKey, hash[:], key); err != nil {
				return err
			}
			if err := tx.Put(bucketKeyID, []byte(key.ID), hash[:]); err != nil {
				return fmt.Errorf("write key id: %w", err)
			}
		}
		if err := c.act(tx, now, "api_key.create", made.ID); err != nil {
			return err
		}
		return n.Once.record(tx, Scope{n.Merchant, n.Mode}, now, made.ID, made)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

var errUnauthorized = &Error{Code: CodeUnauthorized, Object: ObjKey, Message: "the API key is missing or not valid"}

// Authenticate finds whose key a secret is, that came from an address. The
// look-up is by the secret's SHA-256, so its time tells nothing about secrets
// that exist; a key carries over 350 random bits, which makes a slow hash
// needless. A key that is not taken from there is CodeForbidden: whoever has
// it knows that it exists.
func (e *Engine) Authenticate(ctx context.Context, secret string, from netip.Addr) (Caller, error) {
	k, err := e.known(ctx, secret)
	if err != nil {
		return Caller{}, err
	}
	if !k.takes(from) {
		return Caller{}, &Error{Code: CodeForbidden, Object: ObjKey, ID: k.ID, Message: "with this API key from this address", Hint: "call from an address on the key's list, or change the list"}
	}
	return k.caller(), nil
}

// Recognise finds whose key a secret is, wherever it is used from. It is for a
// look before a call is read; who acts is found out by Authenticate.
func (e *Engine) Recognise(ctx context.Context, secret string) (Caller, error) {
	k, err := e.known(ctx, secret)
	if err != nil {
		return Caller{}, err
	}
	return k.caller(), nil
}

func (e *Engine) known(ctx context.Context, secret string) (*knownKey, error) {
	if len(secret) < 20 || len(secret) > 200 {
		return nil, errUnauthorized
	}
	k, err := e.keyOf(ctx, sha256.Sum256([]byte(secret)))
	if errors.Is(err, store.ErrNotFound) {
		return nil, errUnauthorized
	}
	if err != nil {
		return nil, err
	}
	if now, _ := e.pulse.now(); k.over(now) {
		return nil, errUnauthorized
	}
	return k, nil
}

func (k *knownKey) caller() Caller {
	return Caller{Scope: Scope{k.Merchant, k.Mode}, Actor: k.ID, Rights: k.Rights, Publishable: k.Publishable, Token: k.Token}
}

func (k *Key) over(now time.Time) bool {
	return !k.Revoked.IsZero() || (!k.Expires.IsZero() && !now.Before(k.Expires))
}

func keyByID(tx store.Tx, id string) (*Key, error) {
	hash, err := tx.Get(bucketKeyID, []byte(id))
	if err != nil {
		return nil, err
	}
	return load[Key](tx, bucketKey, hash)
}

// keyOf finds the key of a hash in memory or in the store.
func (e *Engine) keyOf(ctx context.Context, hash [32]byte) (*knownKey, error) {
	k, drops := e.keys.get(hash)
	if k != nil {
		return k, nil
	}
	k = &knownKey{}
	err := e.Store.View(ctx, func(tx store.Tx) error {
		own, err := load[Key](tx, bucketKey, hash[:])
		if err != nil {
			return err
		}
		k.Key, k.secret = own, nil
		if own.Of != "" {
			k.secret, err = keyByID(tx, own.Of)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	e.keys.put(hash, k, drops)
	return k, nil
}

// RevokeKey ends a key at once, and its publishable companion with it: when it
// returns, with or without an error that leaves it open whether it did, no
// call is served from memory. Revoking twice is harmless.
func (e *Engine) RevokeKey(ctx context.Context, c Caller, id string) (*Key, error) {
	defer e.keys.drop()
	var k *Key
	err := e.update(ctx, func(tx store.Tx, now time.Time) error {
		var hash []byte
		var err error
		if hash, k, err = findKey(tx, id); err != nil {
			return err
		}
		if c.Merchant != "" && (k.Merchant != c.Merchant || k.Mode != c.Mode) { // the operator may speak for nobody in particular
			return notFound(ObjKey, id)
		}
		if k.Revoked.IsZero() {
			k.Revoked = now
		}
		if err := keep(tx, bucketKey, hash, k); err != nil {
			return err
		}
		return c.act(tx, now, "api_key.revoke", id)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// KeyChange is what may change of a key; nil stays.
type KeyChange struct {
	Name  *string
	Allow *[]netip.Prefix
	About *string
	// Expires is the new end, of its publishable companion too; a zero time is never.
	Expires *time.Time
	Once    *Once // by which the change is harmless to repeat; nil: it isn't
}

// UpdateKey changes a key of the caller's own merchant and mode. The next call
// with the key is judged by what it says now.
func (e *Engine) UpdateKey(ctx context.Context, c Caller, id string, ch KeyChange) (*Key, error) {
	if ch.Name != nil {
		if err := checkKeyName(*ch.Name); err != nil {
			return nil, err
		}
	}
	if ch.Allow != nil {
		if err := checkAllow(*ch.Allow); err != nil {
			return nil, err
		}
	}
	defer e.keys.drop()
	var k *Key
	err := e.command(ctx, c, ch.Once, "api_key.update", func(tx store.Tx, now time.Time) (string, any, error) {
		hash, own, err := findKey(tx, id)
		if err != nil {
			return "", nil, err
		}
		if own.Merchant != c.Merchant || own.Mode != c.Mode {
			return "", nil, notFound(ObjKey, id)
		}
		switch {
		case !own.Revoked.IsZero():
			return "", nil, wrongState(ObjKey, id, "revoked", "changed")
		case ch.Allow != nil && own.Publishable:
			return "", nil, invalid("allow", "a publishable key is for browsers, which may be anywhere")
		}
		if ch.Name != nil {
			own.Name = *ch.Name
		}
		if ch.Allow != nil {
			own.Allow = *ch.Allow
		}
		give(&own.About, ch.About)
		give(&own.Expires, ch.Expires)
		own.Changed, k = now, own
		return id, own, keep(tx, bucketKey, hash, own)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

func checkKeyName(name string) error {
	if len(name) > 64 {
		return invalid("name", "a key's name has at most 64 characters")
	}
	return nil
}

// findKey reads a key by its id, and the hash that it is stored under.
func findKey(tx store.Tx, id string) ([]byte, *Key, error) {
	if !ChosenID(id) {
		return nil, nil, notFound(ObjKey, id)
	}
	hash, err := tx.Get(bucketKeyID, []byte(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, notFound(ObjKey, id)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read key id: %w", err)
	}
	k, err := load[Key](tx, bucketKey, hash)
	return hash, k, err
}

// Keys returns the keys of a merchant (of all when it is empty), oldest first.
func (e *Engine) Keys(ctx context.Context, merchant string) (out []Key, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		return each(tx, bucketKey, nil, func(p store.Pair) error {
			k, err := decode[Key](bucketKey, p.Value)
			if err == nil && (merchant == "" || k.Merchant == merchant) {
				out = append(out, *k)
			}
			return err
		})
	})
	slices.SortFunc(out, func(a, b Key) int { return strings.Compare(a.ID, b.ID) })
	return out, err
}
