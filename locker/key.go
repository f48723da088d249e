package locker

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
)

const (
	keySize  = 32
	idSize   = 8
	redacted = "[redacted]"
)

// key is 32 secret bytes. It prints as [redacted] wherever fmt may call its
// methods; a type that holds one in an unexported field, where fmt may not,
// keeps it behind a pointer or has a Format of its own.
type key [keySize]byte

func newKey() key {
	var k key
	rand.Read(k[:]) // never fails: crypto/rand ends the process instead
	return k
}

// wipe overwrites this copy. Copies that the garbage collector or the stack
// made are out of reach: see DESIGN.md.
func (k *key) wipe() { clear(k[:]) }

// Format implements fmt.Formatter for every verb.
func (key) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, and with it JSON and XML.
func (key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// id names a key without telling anything about it.
type id [idSize]byte

func newID() id {
	var i id
	rand.Read(i[:])
	return i
}

func (i id) String() string { return hex.EncodeToString(i[:]) }

// MasterKey opens a keyring. It comes from one of the sources in this package,
// and never prints. The zero value is no key and is refused. Copies share one
// secret: Wipe of one is Wipe of all.
type MasterKey struct{ m *master }

// master keeps the secret two pointers away: of a struct that holds a MasterKey
// in an unexported field fmt prints pointers as addresses, but follows the
// first one when the verb is wrong for it (%s).
type master struct {
	key *key
	kdf []byte // the row that tells how a passphrase becomes this key; nil for a random key
}

// NewMaster returns a random master key that exists nowhere else.
func NewMaster() MasterKey { return masterOf(newKey(), nil) }

func masterOf(k key, kdf []byte) MasterKey { return MasterKey{&master{key: &k, kdf: kdf}} }

// ID names the key, so that people can tell two apart. It is derived one way
// and is no secret. The zero value has the ID "none".
func (m MasterKey) ID() string {
	if m.m == nil {
		return "none"
	}
	i := masterID(m.m.key)
	return i.String()
}

// Derive returns 32 bytes that follow from the key and the label, one way
// (HKDF-SHA256, RFC 5869, without salt), for what has to work from the master
// key alone, such as reading a backup. No label leads to a key of the locker's
// own, which are expanded from the master key and never extracted. The zero
// value gives ErrWrongMaster.
func (m MasterKey) Derive(label string) ([]byte, error) {
	if m.m == nil {
		return nil, fmt.Errorf("%w: no key given", ErrWrongMaster)
	}
	return hkdf.Key(sha256.New, m.m.key[:], nil, label, keySize)
}

// Wipe overwrites the secret as far as Go allows. A Locker that was opened
// with it has its own copy.
func (m MasterKey) Wipe() {
	if m.m != nil {
		m.m.key.wipe()
	}
}

// String implements fmt.Stringer; it tells nothing.
func (MasterKey) String() string { return "locker.MasterKey" + redacted }

// GoString implements fmt.GoStringer; it tells nothing.
func (m MasterKey) GoString() string { return m.String() }

// Format implements fmt.Formatter for every verb; it tells nothing.
func (m MasterKey) Format(f fmt.State, _ rune) { io.WriteString(f, m.String()) }

// LogValue implements slog.LogValuer; it tells nothing.
func (m MasterKey) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalText implements encoding.TextMarshaler, and with it JSON; it tells
// nothing.
func (m MasterKey) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
