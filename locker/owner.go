package locker

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"penstock/store"
)

const maxName = 255 // bytes of each part of an Owner, so that a row key stays within store.MaxKey

// Owner is whose details are sealed. Each has one data key, which Erase
// destroys. OwnerOfCustomer and OwnerOfDay make the two common kinds; whoever
// names another gives Subject a prefix of its own, so that kinds never meet.
type Owner struct {
	Merchant string // 1 to 255 bytes; it never begins with a zero byte
	Mode     string // "test" or "live"; 1 to 255 bytes
	Subject  string // 1 to 255 bytes
}

// appliance owns the appliance's own secrets. check refuses its name, so
// nothing outside can erase it.
var appliance = Owner{Merchant: reserved, Mode: reserved, Subject: "appliance"}

const reserved = "\x00"

// OwnerOfCustomer owns what belongs to a customer, until the customer is
// deleted.
func OwnerOfCustomer(merchant, mode, customer string) Owner {
	return Owner{Merchant: merchant, Mode: mode, Subject: "customer:" + customer}
}

// OwnerOfDay owns what was sealed without a customer on at's day in UTC. Its
// key is destroyed, with all that it sealed, when that day's retention ends.
func OwnerOfDay(merchant, mode string, at time.Time) Owner {
	return Owner{Merchant: merchant, Mode: mode, Subject: dayPrefix + at.UTC().Format(time.DateOnly)}
}

// String names the owner for an operator: no secret is in it, but a
// customer's id is.
func (o Owner) String() string {
	if o == appliance {
		return "appliance"
	}
	return fmt.Sprintf("%q %q %q", o.Merchant, o.Mode, o.Subject)
}

func (o Owner) check() error {
	if err := checkName("owner.Merchant", o.Merchant, maxName); err != nil {
		return err
	}
	if strings.HasPrefix(o.Merchant, reserved) {
		return fmt.Errorf("%w: owner.Merchant begins with a zero byte, which is reserved", ErrName)
	}
	if err := checkName("owner.Mode", o.Mode, maxName); err != nil {
		return err
	}
	return checkName("owner.Subject", o.Subject, maxName)
}

// rowKey is the owner's key in the keyring: each part after one byte of
// length. A merchant's keys lie together, and no two owners share one.
func (o Owner) rowKey() []byte {
	b := make([]byte, 0, 3+len(o.Merchant)+len(o.Mode)+len(o.Subject))
	for _, part := range [...]string{o.Merchant, o.Mode, o.Subject} {
		b = append(b, byte(len(part)))
		b = append(b, part...)
	}
	return b
}

// ownerOf is the inverse of rowKey.
func ownerOf(row []byte) (Owner, bool) {
	var o Owner
	rest := row
	for _, part := range [...]*string{&o.Merchant, &o.Mode, &o.Subject} {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return Owner{}, false
		}
		n := int(rest[0])
		*part, rest = string(rest[1:1+n]), rest[1+n:]
	}
	return o, len(rest) == 0 && (o == appliance || o.check() == nil)
}

// Place is where the sealed bytes will live. It goes into the derivation of
// the key, so sealed bytes that were moved do not open.
type Place struct {
	Bucket string // 1 to store.MaxBucket bytes
	Token  string // 1 to store.MaxKey bytes; unique within Bucket and owner
}

func (p Place) check() error {
	if err := checkName("place.Bucket", p.Bucket, store.MaxBucket); err != nil {
		return err
	}
	return checkName("place.Token", p.Token, store.MaxKey)
}

func checkName(field, s string, most int) error {
	if n := len(s); n == 0 || n > most {
		return fmt.Errorf("%w: %s has %d bytes, 1 to %d are allowed", ErrName, field, n, most)
	}
	return nil
}

// appendPart appends s after its length, so that parts never run into each
// other. Every s is shorter than 64 KiB by the checks above.
func appendPart[T ~string | ~[]byte](b []byte, s T) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}
