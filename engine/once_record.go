package engine

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

// onceRecord is what is kept of a command that was carried out: of what body,
// on what, and what was answered. It has a form of its own, for most of it is a
// sealed answer:
//
//	version 1 | state 1 | fingerprint 32 | Unix microseconds 8 | length of subject 1 | length of holder 1 | subject | holder | answer
//
// State is 0 while the answer is open, and 1 once it is given. The answer lies
// sealed under the key of its holder, a customer, or under one of the day.
type onceRecord struct {
	Fingerprint []byte // 32 bytes
	Answer      []byte // sealed; nil while it is open
	Subject     string
	Holder      string // of the key: a customer, or nobody
	At          time.Time
}

const (
	onceVersion = 2
	onceHead    = 1 + 1 + 32 + 8 + 1 + 1
)

// AppendBinary implements encoding.BinaryAppender.
func (r onceRecord) AppendBinary(b []byte) ([]byte, error) {
	if len(r.Fingerprint) != 32 || len(r.Subject) > 255 || len(r.Holder) > 255 {
		return nil, errors.New("a once-record has a fingerprint of 32 bytes, and a subject and a holder of at most 255")
	}
	state := byte(0)
	if r.Answer != nil {
		state = 1
	}
	b = slices.Grow(b, onceHead+len(r.Subject)+len(r.Holder)+len(r.Answer))
	b = append(append(b, onceVersion, state), r.Fingerprint...)
	b = binary.BigEndian.AppendUint64(b, uint64(r.At.UnixMicro()))
	b = append(append(append(b, byte(len(r.Subject)), byte(len(r.Holder))), r.Subject...), r.Holder...)
	return append(b, r.Answer...), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. What it fills in are
// copies.
func (r *onceRecord) UnmarshalBinary(b []byte) error {
	if len(b) < onceHead || b[0] != onceVersion || b[1] > 1 {
		return errors.New("not a once-record of a version that is known")
	}
	mid := onceHead + int(b[onceHead-2])
	end := mid + int(b[onceHead-1])
	if len(b) < end || b[1] == 0 && len(b) != end {
		return errors.New("a once-record of another length than it says")
	}
	*r = onceRecord{
		Fingerprint: append([]byte(nil), b[2:34]...),
		At:          time.UnixMicro(int64(binary.BigEndian.Uint64(b[34:]))).UTC(),
		Subject:     string(b[onceHead:mid]),
		Holder:      string(b[mid:end]),
	}
	if b[1] == 1 {
		r.Answer = append([]byte{}, b[end:]...)
	}
	return nil
}
