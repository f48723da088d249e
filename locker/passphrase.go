package locker

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"

	"penstock/store"
)

// argon2id parameters of new keyrings: the second recommended option of RFC
// 9106, section 4, for machines where 2 GiB is too much.
const (
	kdfTime    = 3
	kdfMemory  = 64 << 10 // KiB
	kdfThreads = 4
	kdfSalt    = 16
	kdfRowSize = 1 + 4 + 4 + 1 + kdfSalt // version, time, memory, threads, salt

	// What a row may ask for at the most, so that a changed one cannot take
	// the machine's memory.
	kdfMaxTime   = 100
	kdfMaxMemory = 1 << 20 // KiB

	minPassphrase = 12
	maxPassphrase = 1024
)

// MasterFromPassphrase derives the master key of the keyring in keys from
// phrase, with the salt and parameters stored there. For an empty keyring it
// is NewPassphrase. A wrong phrase shows only at Open, as ErrWrongMaster.
//
// Errors: ErrMasterSource when the keyring's master key isn't a passphrase
// or phrase is out of range, and what the store gives.
func MasterFromPassphrase(ctx context.Context, keys store.Store, phrase []byte) (MasterKey, error) {
	var row []byte
	found, terms := false, 0
	err := keys.View(ctx, func(tx store.Tx) error {
		v, err := tx.Get(bucketKDF, rowKDF)
		if err == nil {
			row, found = append([]byte(nil), v...), true
			return nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		rows, err := tx.Scan(bucketTerms, nil, nil, 1, false)
		terms = len(rows)
		return err
	})
	if err != nil {
		return MasterKey{}, fmt.Errorf("read passphrase parameters: %w", err)
	}
	if found {
		return stretch(phrase, row)
	}
	if terms > 0 {
		return MasterKey{}, fmt.Errorf("%w: this keyring was not made with a passphrase; use its key file or credential", ErrMasterSource)
	}
	return NewPassphrase(phrase)
}

// NewPassphrase derives a master key from phrase, of 12 to 1,024 bytes, under
// a new salt, for a new keyring or for RotateMaster. Both store salt and
// parameters in the keyring.
func NewPassphrase(phrase []byte) (MasterKey, error) {
	row := make([]byte, 0, kdfRowSize)
	row = append(row, version)
	row = binary.BigEndian.AppendUint32(row, kdfTime)
	row = binary.BigEndian.AppendUint32(row, kdfMemory)
	row = append(row, kdfThreads)
	row = row[:kdfRowSize]
	rand.Read(row[kdfRowSize-kdfSalt:])
	return stretch(phrase, row)
}

func stretch(phrase, row []byte) (MasterKey, error) {
	if n := len(phrase); n < minPassphrase || n > maxPassphrase {
		return MasterKey{}, fmt.Errorf("%w: passphrase has %d bytes, %d to %d are allowed", ErrMasterSource, n, minPassphrase, maxPassphrase)
	}
	if len(row) != kdfRowSize || row[0] != version {
		return MasterKey{}, refuse(stageVersion, "passphrase parameters of an unknown form")
	}
	time, memory, threads := binary.BigEndian.Uint32(row[1:]), binary.BigEndian.Uint32(row[5:]), row[9]
	if time == 0 || time > kdfMaxTime || memory == 0 || memory > kdfMaxMemory || threads == 0 {
		return MasterKey{}, refuse(stageLength, "passphrase parameters out of range: time %d, memory %d KiB, threads %d", time, memory, threads)
	}
	k := argon2.IDKey(phrase, row[10:], time, memory, threads, keySize)
	defer clear(k)
	return masterOf(key(k), row), nil
}

// putKDF stores with the term keys how their master key comes to be.
func putKDF(tx store.Tx, m *master) error {
	if m.kdf == nil {
		return tx.Delete(bucketKDF, rowKDF)
	}
	return tx.Put(bucketKDF, rowKDF, m.kdf)
}
