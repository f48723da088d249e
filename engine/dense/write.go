package dense

import (
	"encoding/binary"
	"math/bits"
)

// The writer of blocks. The package s2 has one too, which is made for blocks
// of up to 64 KiB: it clears a table of that size on the stack each time, which
// takes longer than the work on a text of one kilobyte. This one looks into 2 KiB,
// and what it writes is an S2 block that s2 reads.

const (
	densest   = 32 << 10 // longer texts are s2's business; up to here an offset takes two bytes
	leastCopy = 6        // bytes that are worth a copy, which takes two or three
	wordBits  = 13
	nearBits  = 10
)

// wordsAt tells by their hash where in the dictionary some bytes stand.
var wordsAt = func() (at [1 << wordBits]uint16) {
	for i := range len(words) - 8 {
		at[hashOf(binary.LittleEndian.Uint64(words[i:]), wordBits)] = uint16(i)
	}
	return at
}()

// hashOf is of the first six bytes of next.
func hashOf(next uint64, bits int) uint64 {
	return (next << 16 * 0x9e3779b97f4a7c15) >> (64 - bits)
}

// appendBlock appends text as an S2 block without the length before it. The text
// is at most densest long.
func appendBlock(dst, text []byte) []byte {
	var near [1 << nearBits]uint16 // where in the text some bytes stood last, by their hash
	done, last := 0, 0             // what is written; the last copy's offset
	for at := 0; at+8 <= len(text); {
		next := binary.LittleEndian.Uint64(text[at:])
		seen := &near[hashOf(next, nearBits)]
		before, from, gap := text, int(*seen), 0
		if *seen = uint16(at); from >= at || !alike(text[from:], next) {
			before, from, gap = words, int(wordsAt[hashOf(next, wordBits)]), len(words)
			if !alike(words[from:], next) {
				at += 3 + (at-done)>>5 // of what does not come again less and less is looked at
				continue
			}
		}
		n := sameBytes(text[at:], before[from:])
		for from > 0 && at > done && before[from-1] == text[at-1] {
			from, at, n = from-1, at-1, n+1
		}
		dst = appendLiteral(dst, text[done:at])
		offset := at - from + gap
		dst = appendCopy(dst, offset, n, offset == last)
		at += n
		done, last = at, offset
		if at+6 <= len(text) { // what stands at the end of a copy comes again with what follows
			near[hashOf(binary.LittleEndian.Uint64(text[at-2:]), nearBits)] = uint16(at - 2)
		}
	}
	return appendLiteral(dst, text[done:])
}

// alike says whether b begins with the first six bytes of next.
func alike(b []byte, next uint64) bool { return (binary.LittleEndian.Uint64(b)^next)<<16 == 0 }

// sameBytes is how many bytes a and b begin with alike.
func sameBytes(a, b []byte) int {
	n := 0
	for most := min(len(a), len(b)); n+8 <= most; n += 8 {
		if d := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); d != 0 {
			return n + bits.TrailingZeros64(d)/8
		}
	}
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// The elements of a block begin with a tag, whose low two bits are the kind.
const (
	tagLiteral = 0 // n-1 in the high six bits, or 60 or 61 there and n-1 in the next byte or two
	tagNear    = 1 // n-4 in three bits, the offset in three above and in the next byte; an offset of 0 is the last one
	tagFar     = 2 // n-1 in the high six bits, the offset in the next two bytes
)

func appendLiteral(dst, text []byte) []byte {
	switch n := len(text) - 1; {
	case n < 0:
		return dst
	case n < 60:
		dst = append(dst, byte(n)<<2|tagLiteral)
	case n < 1<<8:
		dst = append(dst, 60<<2|tagLiteral, byte(n))
	default:
		dst = append(dst, 61<<2|tagLiteral, byte(n), byte(n>>8))
	}
	return append(dst, text...)
}

// appendCopy takes n bytes, at least four, from offset bytes before. again says
// that the copy before this one had the same offset.
func appendCopy(dst []byte, offset, n int, again bool) []byte {
	switch {
	case again:
		return appendAgain(dst, n)
	case n < 12 && offset < 1<<11:
		return append(dst, byte(offset>>8)<<5|byte(n-4)<<2|tagNear, byte(offset))
	case n <= 64:
		return append(dst, byte(n-1)<<2|tagFar, byte(offset), byte(offset>>8))
	}
	return appendAgain(append(dst, 59<<2|tagFar, byte(offset), byte(offset>>8)), n-60)
}

// appendAgain is a copy of n bytes, at least four, by the last offset.
func appendAgain(dst []byte, n int) []byte {
	const most = 8 + 255 // with its length in a byte of its own
	for ; n > most; n -= most - 4 {
		dst = append(dst, 5<<2|tagNear, 0, byte(most-4-8))
	}
	if n <= 8 {
		return append(dst, byte(n-4)<<2|tagNear, 0)
	}
	return append(dst, 5<<2|tagNear, 0, byte(n-8))
}
