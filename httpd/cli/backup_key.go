package cli

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"

	"penstock/locker"
)

// backupDomain separates the key of backups from all else that is derived
// from a master key.
const backupDomain = "penstock backup v1"

// backupIdentity derives from a master key the age identity (X25519) that
// opens backups, so that the master key alone restores, and a backup's
// identity tells nothing of the master key.
func backupIdentity(key locker.MasterKey) (*age.X25519Identity, error) {
	scalar, err := key.Derive(backupDomain)
	if err != nil {
		return nil, fmt.Errorf("derive the key of backups: %w", err)
	}
	defer clear(scalar)
	identity, err := age.ParseX25519Identity(strings.ToUpper(bech32("age-secret-key-", scalar)))
	if err != nil {
		return nil, errors.New("derive the key of backups: not an X25519 identity") // err could quote it
	}
	return identity, nil
}

const bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// bech32 encodes data under a human-readable part in lower case (BIP 173),
// the form in which age writes its keys. It writes no text of its own length
// limit, which age doesn't have either.
func bech32(hrp string, data []byte) string {
	var values []byte
	acc, bits := 0, 0
	for _, b := range data {
		acc, bits = acc<<8|int(b), bits+8
		for bits >= 5 {
			bits -= 5
			values = append(values, byte(acc>>bits&31))
		}
	}
	if bits > 0 {
		values = append(values, byte(acc<<(5-bits)&31))
	}
	var expanded []byte
	for i := range len(hrp) {
		expanded = append(expanded, hrp[i]>>5)
	}
	expanded = append(expanded, 0)
	for i := range len(hrp) {
		expanded = append(expanded, hrp[i]&31)
	}
	sum := polymod(append(append(expanded, values...), 0, 0, 0, 0, 0, 0)) ^ 1
	for i := range 6 {
		values = append(values, byte(sum>>(5*(5-i))&31))
	}
	out := []byte(hrp + "1")
	for _, v := range values {
		out = append(out, bech32Alphabet[v])
	}
	return string(out)
}

func polymod(values []byte) uint32 {
	sum := uint32(1)
	for _, v := range values {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}
