package engine

import (
	_ "embed"
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/s2"

	"penstock/store"
)

// What a caller was answered, what a request echoes and what a webhook says is
// half of what penstock stores, and most of it are the same names each time. So
// it is written densely before it is sealed: with S2 against a dictionary of
// those names, which takes some microseconds and leaves a third.
//
// A ciphertext then tells by its length how much of a text is new. It told its
// length before; and nobody who can choose one part of such a text sees how long
// the sealed bytes are: they leave the appliance in backups alone, each of which is
// encrypted as a whole.

// denseWords is the dictionary: bodies of all dialects without what is somebody's.
// What was written by it can only be read by it, so it never changes; another one
// would need a mark of its own.
//
//go:embed dense.words
var denseWords []byte

// denseMark begins a text that is written so. No JSON begins with it.
const denseMark = 1

var denseDict = s2.MakeDict(denseWords, nil)

var errDense = errors.New("a text that was written densely and is damaged")

// dense is the text as it is sealed; as it is, if that is shorter.
func dense(text []byte) []byte {
	return denseIn(make([]byte, 0, 16+len(text)/2), text) // most take a third
}

// denseIn is dense in room that the caller has, where it suffices.
func denseIn(room, text []byte) []byte {
	var out []byte
	if len(text) <= densest {
		out = appendDense(binary.AppendUvarint(append(room[:0], denseMark), uint64(len(text))), text)
	} else {
		out = append([]byte{denseMark}, denseDict.Encode(nil, text)...)
	}
	if len(out) >= len(text) && (len(text) == 0 || text[0] != denseMark) {
		return text
	}
	return out
}

// undense is the text that was sealed, densely or, in older stores, as it is.
func undense(sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != denseMark {
		return sealed, nil
	}
	n, err := s2.DecodedLen(sealed[1:])
	if err != nil || n > store.MaxValue {
		return nil, errDense
	}
	text, err := denseDict.Decode(make([]byte, 0, n), sealed[1:])
	if err != nil {
		return nil, errDense // the cause could show a piece of it
	}
	return text, nil
}
