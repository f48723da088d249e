// Package dense writes texts of the dialects densely, before they are sealed.
//
// What a caller was answered, what a request echoes and what a webhook says is
// half of what penstock stores, and most of it are the same names each time. So
// it is written with S2 against a dictionary of those names, which takes some
// microseconds and leaves a third.
//
// A ciphertext then tells by its length how much of a text is new. It told its
// length before; and nobody who can choose one part of such a text sees how long
// the sealed bytes are: they leave the appliance in backups alone, each of which is
// encrypted as a whole.
package dense

import (
	_ "embed"
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/s2"

	"penstock/store"
)

// words is the dictionary: bodies of all dialects without what is somebody's.
// What was written by it can only be read by it, so it never changes; another one
// would need a mark of its own.
//
//go:embed words
var words []byte

// mark begins a text that is written so. No JSON begins with it.
const mark = 1

var dictionary = s2.MakeDict(words, nil)

// ErrDamaged is of what can't be read. It says nothing of what it is: that could
// show a piece of it.
var ErrDamaged = errors.New("a text that was written densely and is damaged")

// Pack is the text as it is sealed; as it is, if that is shorter.
func Pack(text []byte) []byte {
	return PackIn(make([]byte, 0, 16+len(text)/2), text) // most take a third
}

// PackIn is Pack in room that the caller has, where it suffices.
func PackIn(room, text []byte) []byte {
	var out []byte
	if len(text) <= densest {
		out = appendBlock(binary.AppendUvarint(append(room[:0], mark), uint64(len(text))), text)
	} else {
		out = append([]byte{mark}, dictionary.Encode(nil, text)...)
	}
	if len(out) >= len(text) && (len(text) == 0 || text[0] != mark) {
		return text
	}
	return out
}

// Unpack is the text that was sealed, densely or, in older stores, as it is. The
// error is ErrDamaged.
func Unpack(sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != mark {
		return sealed, nil
	}
	n, err := s2.DecodedLen(sealed[1:])
	if err != nil || n > store.MaxValue {
		return nil, ErrDamaged
	}
	text, err := dictionary.Decode(make([]byte, 0, n), sealed[1:])
	if err != nil {
		return nil, ErrDamaged
	}
	return text, nil
}
