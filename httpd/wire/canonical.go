package wire

import (
	"bytes"
	"crypto/sha256"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Fingerprint names what a body says, for telling a repeat from another
// request under the same key: SHA-256 over the body in the canonical form of
// RFC 8785, so that the order of members, white space and ways to escape
// don't matter. It differs from the RFC in numbers, which the RFC rounds to
// 64-bit floats: here 1.50, 1.5 and 15e-1 are one number and
// 9007199254740993 stays apart from 9007199254740992. Members that the
// request ignores count too.
//
// A body that is not JSON is hashed as it is.
func Fingerprint(body []byte) [sha256.Size]byte {
	room := canonicalRoom.Get().(*[]byte)
	defer canonicalRoom.Put(room)
	text := canonical((*room)[:0], body)
	sum := sha256.Sum256(text)
	if cap(text) <= mostRoom {
		*room = text
	}
	clear((*room)[:cap(*room)]) // there may be an account's number in it
	return sum
}

// canonicalRoom is room for canonical texts. What stood in it before means nothing.
var canonicalRoom = sync.Pool{New: func() any { return new([]byte) }}

// mostRoom is the largest that is used again; bodies have some hundred bytes.
const mostRoom = 16 << 10

// canonical may use room for what it returns, which is no part of body.
func canonical(room, body []byte) []byte {
	if plain, ok := canonicalPlain(room, body); ok {
		return plain
	}
	return canonicalAny(body)
}

// canonicalAny is canonical of whatever bytes.
func canonicalAny(body []byte) []byte {
	v := jsontext.Value(body).Clone()
	err := v.Canonicalize(jsontext.CanonicalizeRawInts(false), jsontext.CanonicalizeRawFloats(false))
	if err != nil {
		return bytes.Clone(body)
	}
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); {
		end := i + 1
		switch c := v[i]; {
		case c == '"':
			for ; v[end] != '"'; end++ {
				if v[end] == '\\' {
					end++
				}
			}
			end++
			out = append(out, v[i:end]...)
		case c == '-' || isDigit(c):
			for end < len(v) && inNumber(v[end]) {
				end++
			}
			out = appendNumber(out, string(v[i:end]))
		default:
			out = append(out, c)
		}
		i = end
	}
	return out
}

func inNumber(c byte) bool {
	return isDigit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

// appendNumber writes a JSON number as digits without zeros at either end,
// then e and the exponent where that isn't 0: each value has one such text.
// A number whose exponent itself is beyond measure stays as it was.
func appendNumber(dst []byte, s string) []byte {
	sign, rest := "", s
	if rest[0] == '-' {
		sign, rest = "-", rest[1:]
	}
	digits, exp, ok := splitNumber(rest)
	if !ok {
		return append(dst, s...)
	}
	first := 0
	for first < len(digits) && digits[first] == '0' {
		first++
	}
	last := len(digits)
	for last > first && digits[last-1] == '0' {
		last--
		exp++
	}
	if first == last {
		return append(dst, '0')
	}
	dst = append(append(dst, sign...), digits[first:last]...)
	if exp != 0 {
		dst = strconv.AppendInt(append(dst, 'e'), exp, 10)
	}
	return dst
}

// splitNumber takes the point out of an unsigned number: 12.5e3 is the digits
// 125 and the exponent 2.
func splitNumber(s string) (digits []byte, exp int64, ok bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			digits = append(digits, c)
		case c == '.':
			exp = int64(i)
		default:
			e, err := strconv.ParseInt(s[i+1:], 10, 32)
			if err != nil {
				return nil, 0, false
			}
			if exp > 0 {
				exp -= int64(len(digits))
			}
			return digits, exp + e, true
		}
	}
	if exp > 0 {
		exp -= int64(len(digits))
	}
	return digits, exp, true
}
