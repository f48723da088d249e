package ledger

import (
	"encoding/base32"
	"encoding/binary"
)

// Ids are 128-bit numbers as 26 lower-case Crockford base32 characters, with
// or without a prefix; other names may stand in their place. The encoding
// packs an id into its 16 bytes, and the n-th payout of a request, whose
// number is the request's plus n-1, into its distance from it.

const (
	idLen = 26
	// maxNear is the largest distance written so: a request has at most 100
	// parts, and a few attempts for each.
	maxNear = 4095
)

// Forms of an id, in the low two bits of a uvarint whose rest is a length or
// a distance.
const (
	formRaw  = 0 // bytes as they are
	formID   = 1 // prefix of that length, then 16 bytes
	formNear = 2 // the other id, this much larger
)

var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// appendID appends s, which may be near another id; "" for none.
func appendID(dst []byte, s, other string) []byte {
	prefix, number, ok := unpack(s)
	if !ok {
		dst = binary.AppendUvarint(dst, uint64(len(s))<<2|formRaw)
		return append(dst, s...)
	}
	if otherPrefix, base, ok := unpack(other); ok && prefix == otherPrefix {
		if n := number.minus(base); n.high == 0 && n.low <= maxNear {
			return binary.AppendUvarint(dst, n.low<<2|formNear)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(prefix))<<2|formID)
	dst = append(dst, prefix...)
	dst = binary.BigEndian.AppendUint64(dst, number.high)
	return binary.BigEndian.AppendUint64(dst, number.low)
}

// id reads what appendID wrote.
func (r *reader) id(other string) string {
	head := r.uvarint()
	switch head & 3 {
	case formRaw:
		return string(r.bytes(head >> 2))
	case formID:
		prefix := string(r.bytes(head >> 2))
		if b := r.bytes(16); b != nil {
			return prefix + number{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}.text()
		}
	case formNear:
		if prefix, base, ok := unpack(other); ok {
			return prefix + base.plus(head>>2).text()
		}
	}
	r.bad = true
	return ""
}

// number is an id as the 128 bits that it is.
type number struct{ high, low uint64 }

func (n number) plus(d uint64) number {
	low := n.low + d
	if low < d {
		n.high++
	}
	return number{n.high, low}
}

func (n number) minus(m number) number {
	d := number{n.high - m.high, n.low - m.low}
	if n.low < m.low {
		d.high--
	}
	return d
}

// text is n in 26 characters, left-padded to the 130 bits that they hold.
func (n number) text() string {
	var wide [17]byte
	binary.BigEndian.PutUint64(wide[:], n.high>>2)
	binary.BigEndian.PutUint64(wide[8:], n.high<<62|n.low>>2)
	wide[16] = byte(n.low << 6)
	return crockford.EncodeToString(wide[:])[:idLen]
}

// unpack splits an id into prefix and number; false for any other text.
func unpack(s string) (prefix string, n number, ok bool) {
	if len(s) < idLen {
		return "", number{}, false
	}
	var wide [17]byte
	var text [idLen + 2]byte
	copy(text[:], s[len(s)-idLen:])
	text[idLen], text[idLen+1] = '0', '0'
	if _, err := crockford.Decode(wide[:], text[:]); err != nil || wide[0]>>6 != 0 {
		return "", number{}, false
	}
	high, low := binary.BigEndian.Uint64(wide[:]), binary.BigEndian.Uint64(wide[8:])
	n = number{high<<2 | low>>62, low<<2 | uint64(wide[16])>>6}
	return s[:len(s)-idLen], n, true
}
