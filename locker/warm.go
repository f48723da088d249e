package locker

import (
	"context"
	"fmt"
)

// Warm brings owner's data key to hand, and makes it where there is none, so
// that SealWarm and OpenWarm find it. It stays there until others push it out.
// Errors are those of Seal.
func (l *Locker) Warm(ctx context.Context, owner Owner) error {
	if err := owner.check(); err != nil {
		return err
	}
	k, err := l.sealingKey(ctx, owner)
	k.key.wipe()
	return err
}

// SealWarm is Seal that waits for nothing and touches no store, so that it may
// be called within a transaction of another: ErrCold where the key is not at
// hand.
func (l *Locker) SealWarm(owner Owner, place Place, plaintext []byte) ([]byte, error) {
	k, err := l.atHand(owner, place, 1)
	if err != nil {
		return nil, err
	}
	defer k.key.wipe()
	if n := len(plaintext); n > MaxPlaintext {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrTooLarge, n, MaxPlaintext)
	}
	if k.seals >= MaxSeals {
		return nil, fmt.Errorf("%w: %d", ErrWorn, k.seals)
	}
	return sealUnder(&k, place, plaintext)
}

// OpenWarm is Open that waits for nothing and touches no store.
func (l *Locker) OpenWarm(owner Owner, place Place, sealed []byte) ([]byte, error) {
	k, err := l.atHand(owner, place, 0)
	if err != nil {
		return nil, err
	}
	defer k.key.wipe()
	return openUnder(&k, place, sealed)
}

func (l *Locker) atHand(owner Owner, place Place, seals uint64) (dataKey, error) {
	if err := owner.check(); err != nil {
		return dataKey{}, err
	}
	if err := place.check(); err != nil {
		return dataKey{}, err
	}
	k, ok := l.cache.peek(owner, seals)
	if !ok {
		return dataKey{}, ErrCold
	}
	return k, nil
}
