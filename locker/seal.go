package locker

import (
	"context"
	"fmt"
	"slices"
)

// MaxPlaintext is the most bytes that one Seal takes.
const MaxPlaintext = 256 << 10

// block is what a plaintext is padded to a multiple of, so that the length of
// a card number cannot be read off its record.
const block = 32

// Seal returns plaintext sealed for owner and place; only Open with the same
// two gives it back. The owner's data key is created, and durable in the
// keyring, before anything is sealed under it. Nothing is stored: the caller
// puts the result at place. It is 51 bytes longer than plaintext, plus 1 to
// 32 bytes of padding.
//
// Errors: ErrSealed, ErrErased, ErrTooLarge, ErrName, ErrWorn, ErrTampered
// for a keyring that was changed, and what the keyring's store gives.
func (l *Locker) Seal(ctx context.Context, owner Owner, place Place, plaintext []byte) ([]byte, error) {
	if err := owner.check(); err != nil {
		return nil, err
	}
	return l.sealFor(ctx, owner, place, plaintext)
}

func (l *Locker) sealFor(ctx context.Context, owner Owner, place Place, plaintext []byte) ([]byte, error) {
	if err := place.check(); err != nil {
		return nil, err
	}
	if n := len(plaintext); n > MaxPlaintext {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrTooLarge, n, MaxPlaintext)
	}
	k, err := l.sealingKey(ctx, owner)
	if err != nil {
		return nil, err
	}
	defer k.key.wipe()
	return sealUnder(&k, place, plaintext)
}

func sealUnder(k *dataKey, place Place, plaintext []byte) ([]byte, error) {
	var space [1024]byte // most are shorter
	padded := pad(space[:0], plaintext)
	defer clear(padded)
	return seal(&k.key, header{kind: kindRecord, id: k.id}, padded, place.Bucket, place.Token), nil
}

// Open returns what Seal sealed for the same owner and place. The result is
// the caller's, who should clear it when done.
//
// Errors: ErrSealed, ErrErased, ErrNoKey, ErrName, ErrTampered, and what the
// keyring's store gives.
func (l *Locker) Open(ctx context.Context, owner Owner, place Place, sealed []byte) ([]byte, error) {
	if err := owner.check(); err != nil {
		return nil, err
	}
	return l.openFor(ctx, owner, place, sealed)
}

func (l *Locker) openFor(ctx context.Context, owner Owner, place Place, sealed []byte) ([]byte, error) {
	if err := place.check(); err != nil {
		return nil, err
	}
	if err := readable(sealed); err != nil {
		return nil, err
	}
	k, err := l.openingKey(ctx, owner)
	if err != nil {
		return nil, err
	}
	defer k.key.wipe()
	return openUnder(&k, place, sealed)
}

// readable says whether bytes may be a sealed record at all.
func readable(sealed []byte) error {
	if n, most := len(sealed), recordHeader+overhead+MaxPlaintext+block; n > most {
		return refuse(stageLength, "%d bytes, at most %d are ever sealed", n, most)
	}
	_, err := parse(sealed, recordHeader)
	return err
}

func openUnder(k *dataKey, place Place, sealed []byte) ([]byte, error) {
	if err := readable(sealed); err != nil {
		return nil, err
	}
	h, err := parse(sealed, recordHeader)
	if err != nil {
		return nil, err
	}
	if h.id != k.id {
		return nil, refuse(stageKey, "sealed under data key %v, the owner's is %v", h.id, k.id)
	}
	padded, err := open(&k.key, sealed, recordHeader, place.Bucket, place.Token)
	if err != nil {
		return nil, err
	}
	return unpad(padded)
}

// SealSecret is Seal for the appliance's own secrets, such as provider
// credentials, under a data key of the appliance that cannot be erased.
func (l *Locker) SealSecret(ctx context.Context, place Place, plaintext []byte) ([]byte, error) {
	return l.sealFor(ctx, appliance, place, plaintext)
}

// OpenSecret is Open for what SealSecret sealed.
func (l *Locker) OpenSecret(ctx context.Context, place Place, sealed []byte) ([]byte, error) {
	return l.openFor(ctx, appliance, place, sealed)
}

// pad appends to dst, which is empty, plaintext and 0x80 and zeros up to a multiple of block (ISO/IEC 7816-4).
func pad(dst, plaintext []byte) []byte {
	n := (len(plaintext)/block + 1) * block
	padded := append(slices.Grow(dst, n), plaintext...)
	padded = append(padded, 0x80)
	return append(padded, zeros[:n-len(padded)]...)
}

var zeros [block]byte

// unpad takes off what pad appended, and nothing else.
func unpad(padded []byte) ([]byte, error) {
	n := len(padded)
	for n > 0 && padded[n-1] == 0 {
		n--
	}
	if n == 0 || padded[n-1] != 0x80 || len(padded) != (n-1)/block*block+block {
		return nil, refuse(stagePadding, "authentic, but not padded to a multiple of %d", block)
	}
	return padded[: n-1 : n-1], nil
}
