package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"penstock/engine/money"
)

// The stored form of a posting:
//
//	version   1 byte, 1
//	kind      1 byte, its place in kinds from 1
//	seq       uvarint
//	at        varint, microseconds since 1970
//	currency  1 byte length, code
//	request, payout, by   ids, see appendID
//	text      uvarint length, bytes
//	entries   vector: 1 byte, a bit for each account that has one; varints
//	after     vector
//
// Each posting has one form, and no other bytes are read.
const version = 1

// AppendBinary appends p's stored form: versioned, and small, since one is
// written with each payout (see DESIGN.md). ErrEncoding is a posting that Post
// can't have made.
func (p Posting) AppendBinary(dst []byte) ([]byte, error) {
	kind := slices.Index(kinds[:], p.Kind) + 1
	entries, err := vectorOf(p.Entries)
	switch {
	case kind == 0 || err != nil || p.Currency.IsZero() || p.After.Currency != p.Currency:
		return dst, fmt.Errorf("%w: posting %d has no kind, no currency or wrong entries", ErrEncoding, p.Seq)
	case !p.At.Equal(p.At.Truncate(time.Microsecond)):
		return dst, fmt.Errorf("%w: posting %d isn't dated to the microsecond", ErrEncoding, p.Seq)
	}
	if err := p.Cause.check(p.Kind); err != nil {
		return dst, fmt.Errorf("%w: posting %d: %v", ErrEncoding, p.Seq, err)
	}
	dst = append(slices.Grow(dst, 128), version, byte(kind)) // most fit into that
	dst = binary.AppendUvarint(dst, p.Seq)
	dst = binary.AppendVarint(dst, p.At.UnixMicro())
	dst = append(dst, byte(len(p.Currency.Code())))
	dst = append(dst, p.Currency.Code()...)
	dst = appendID(dst, p.Cause.Request, "")
	dst = appendID(dst, p.Cause.Payout, p.Cause.Request)
	dst = appendID(dst, p.Cause.By, "")
	dst = binary.AppendUvarint(dst, uint64(len(p.Cause.Text)))
	dst = append(dst, p.Cause.Text...)
	dst = entries.append(dst)
	return p.After.vector().append(dst), nil
}

// MarshalBinary is AppendBinary.
func (p Posting) MarshalBinary() ([]byte, error) { return p.AppendBinary(make([]byte, 0, 128)) }

// UnmarshalBinary reads what AppendBinary wrote, and only that; any other
// bytes are ErrEncoding and leave p as it was. It doesn't judge: see Verify.
func (p *Posting) UnmarshalBinary(data []byte) error {
	r := reader{rest: data}
	if v := r.byte(); v != version {
		return fmt.Errorf("%w: version %d", ErrEncoding, v)
	}
	var read Posting
	if kind := int(r.byte()); kind >= 1 && kind <= len(kinds) {
		read.Kind = kinds[kind-1]
	}
	read.Seq = r.uvarint()
	read.At = time.UnixMicro(r.varint()).UTC()
	code := string(r.bytes(uint64(r.byte())))
	read.Cause.Request = r.id("")
	read.Cause.Payout = r.id(read.Cause.Request)
	read.Cause.By = r.id("")
	read.Cause.Text = string(r.bytes(r.uvarint()))
	read.Entries = r.vector().entries()
	after := r.vector()
	if r.bad || len(r.rest) > 0 {
		return fmt.Errorf("%w: cut short, too long or damaged", ErrEncoding)
	}
	currency, err := money.ParseCurrency(code)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	read.Currency, read.After = currency, after.balance(currency)
	// Writing it again tells every other form of the same posting from its own.
	again, err := read.AppendBinary(make([]byte, 0, len(data)))
	if err != nil {
		return err
	}
	if !bytes.Equal(again, data) {
		return fmt.Errorf("%w: not in its one form", ErrEncoding)
	}
	*p = read
	return nil
}

func (v vector) append(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, 0)
	for i, minor := range v {
		if minor != 0 {
			dst[at] |= 1 << i
			dst = binary.AppendVarint(dst, minor)
		}
	}
	return dst
}

// reader takes bytes from the front; bad once there were too few.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(r.rest)
	r.skip(n)
	return x
}

func (r *reader) varint() int64 {
	x, n := binary.Varint(r.rest)
	r.skip(n)
	return x
}

func (r *reader) skip(n int) {
	if n <= 0 {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[n:]
}

func (r *reader) vector() vector {
	var v vector
	mask := r.byte()
	for i := range v {
		if mask&(1<<i) != 0 {
			v[i] = r.varint()
		}
	}
	return v
}
