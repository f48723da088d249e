package locker

import (
	"crypto/rand"
	"encoding/binary"

	"golang.org/x/crypto/nacl/secretbox"
)

// Every sealed thing is header | nonce | box. DESIGN.md draws it.
const (
	version   = 1 // of the format
	algorithm = 1 // HKDF-SHA256 (RFC 5869, expand) and NaCl secretbox (XSalsa20-Poly1305)

	nonceSize    = 24
	recordHeader = 3 + idSize       // version, algorithm, kind, data key's id
	wrapHeader   = recordHeader + 4 // and the term that wraps it
	overhead     = nonceSize + secretbox.Overhead

	// domain stands in front of every derivation of this package.
	domain = "penstock locker 1"
)

// kind says what a header belongs to. It is part of every derivation, so a
// value of one kind never opens as another.
type kind byte

const (
	kindRecord kind = 1 + iota // details, under a data key
	kindData                   // a data key, under a term key
	kindErased                 // where a data key was, under a term key
	kindTerm                   // a term key, under the master key
	kindRoot                   // the root of fingerprints and MACs, under a term key
	kindCursor                 // how far a rotation came, under its term key

	// The following are only derived from, never stored.
	kindMasterID
	kindRingID
	kindFingerprint
	kindMAC
)

// header is the part of a sealed thing that can be read without a key. All of
// it goes into the derivation, so all of it is authenticated.
type header struct {
	kind kind
	id   id     // of the data key; of the master key for kindTerm; zero for kindCursor
	term uint32 // what wraps it; 0 for kindTerm; absent from kindRecord
}

func (h header) append(b []byte) []byte {
	b = append(b, version, algorithm, byte(h.kind))
	b = append(b, h.id[:]...)
	if h.kind != kindRecord {
		b = binary.BigEndian.AppendUint32(b, h.term)
	}
	return b
}

// parse reads the header of a record or of a keyring row and checks that the
// rest is long enough to hold a box.
func parse(b []byte, size int) (header, error) {
	if len(b) < size+overhead {
		return header{}, refuse(stageLength, "%d bytes, at least %d are needed", len(b), size+overhead)
	}
	if b[0] != version {
		return header{}, refuse(stageVersion, "format %d, this program knows %d", b[0], version)
	}
	if b[1] != algorithm {
		return header{}, refuse(stageAlgorithm, "algorithm %d, this program knows %d", b[1], algorithm)
	}
	h := header{kind: kind(b[2]), id: id(b[3:recordHeader])}
	if (h.kind == kindRecord) != (size == recordHeader) {
		return header{}, refuse(stageKind, "kind %d does not belong here", h.kind)
	}
	if size == wrapHeader {
		h.term = binary.BigEndian.Uint32(b[recordHeader:])
	}
	return h, nil
}

// derive is HKDF-Expand of parent, with a header and a place as info. Parents
// are uniform 32-byte keys, so the extract step isn't needed (RFC 5869, 3.3).
// One key is one block of it, whose counter is 1.
func derive(parent *key, head []byte, place ...string) key {
	var space [256]byte
	info := append(space[:0], domain...)
	info = appendPart(info, head)
	for _, part := range place {
		info = appendPart(info, part)
	}
	return key(prf(parent, append(info, 1)))
}

// seal returns header | nonce | box of payload, under a key derived from
// parent for this header and this place alone.
func seal(parent *key, h header, payload []byte, place ...string) []byte {
	out := make([]byte, 0, wrapHeader+overhead+len(payload))
	out = h.append(out)
	sub := derive(parent, out, place...)
	defer sub.wipe()
	var nonce [nonceSize]byte
	rand.Read(nonce[:])
	out = append(out, nonce[:]...)
	return secretbox.Seal(out, payload, &nonce, (*[keySize]byte)(&sub))
}

// open is the inverse of seal for bytes whose header parse has read.
func open(parent *key, sealed []byte, size int, place ...string) ([]byte, error) {
	sub := derive(parent, sealed[:size], place...)
	defer sub.wipe()
	nonce := [nonceSize]byte(sealed[size:])
	payload, ok := secretbox.Open(nil, sealed[size+nonceSize:], &nonce, (*[keySize]byte)(&sub))
	if !ok {
		return nil, refuse(stageTag, "changed, or sealed for another place or under another key")
	}
	return payload, nil
}

// masterID names a master key by a value derived from it.
func masterID(master *key) id {
	k := derive(master, []byte{version, algorithm, byte(kindMasterID)})
	return id(k[:idSize])
}
