package engine

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Ids are 48 bits of milliseconds, then 80 random bits, as 26 lower-case
// Crockford base32 characters, so that records written together lie together
// on disk. In the store they bear no prefix where the bucket tells the kind.
//
// Of a request that its caller can name, the first 48 of the random bits are
// a tag of that name, by which it is known again after its record was lost:
// see adopt.go.
const idLen = 26

var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Prefixes of ids, as DESIGN.md 3 lists them.
const (
	PrefixCustomer = "cus_"
	PrefixMethod   = "pm_"
	PrefixToken    = "token_"
	PrefixRequest  = "payout_" // the rest dialect's name of a request
	PrefixPayout   = "po_"
	PrefixAccount  = "mca_"
	PrefixProfile  = "pro_"
	PrefixKey      = "apik_"
	PrefixMessage  = "msg_"
	PrefixDelivery = "dlv_"
	PrefixEvent    = "evt_"
	PrefixEndpoint = "we_"
	PrefixMerchant = "merchant_"
	PrefixPoint    = "pop_"
	PrefixDeposit  = "pda_"
	PrefixRoute    = "por_"
	PrefixScheme   = "rtg_"
	PrefixRates    = "ers_"
	PrefixQuote    = "quo_"
)

// tagLen is how many bytes of an id, after the time's six, may be a tag.
const tagLen = 6

// newID makes an id without its prefix. The 128 bits are left-padded to the
// 130 that 26 characters hold, so that ids sort as their numbers do.
func newID(now time.Time, rnd io.Reader) (string, error) {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	if _, err := io.ReadFull(rnd, b[6:]); err != nil {
		return "", fmt.Errorf("draw an id: %w", err)
	}
	return encodeID(b), nil
}

// newTaggedID is newID with a tag in it. The numbers of its payouts (nthID) stay
// below the tag.
func newTaggedID(now time.Time, rnd io.Reader, tag []byte) (string, error) {
	id, err := newID(now, rnd)
	if err != nil || tag == nil {
		return id, err
	}
	b, err := decodeID(id)
	if err != nil {
		return "", err
	}
	copy(b[6:], tag[:tagLen])
	b[6+tagLen] &= 0x7f
	return encodeID(b), nil
}

// tagIn is where an id's tag would stand; whether it is one, the id doesn't say.
func tagIn(id string) []byte {
	b, err := decodeID(id)
	if err != nil {
		panic(fmt.Sprintf("request id %q: %v", id, err))
	}
	return append([]byte(nil), b[6:6+tagLen]...)
}

// TimeOfID is the millisecond in which an id was made.
func TimeOfID(id string) (time.Time, error) {
	b, err := decodeID(id)
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]) >> 16)).UTC(), nil
}

// placeOf is the n for which nthID(request, n) is id; false where that is not
// near enough to be one of its payouts.
func placeOf(request, id string) (n int, near bool) {
	a, err := decodeID(request)
	b, err2 := decodeID(id)
	if err != nil || err2 != nil {
		return 0, false
	}
	low := binary.BigEndian.Uint64(b[8:]) - binary.BigEndian.Uint64(a[8:])
	carry := uint64(0)
	if binary.BigEndian.Uint64(b[8:]) < binary.BigEndian.Uint64(a[8:]) {
		carry = 1
	}
	if binary.BigEndian.Uint64(b[:8])-binary.BigEndian.Uint64(a[:8]) != carry || low >= 1<<16 {
		return 0, false
	}
	return int(low) + 1, true
}

func encodeID(b [16]byte) string {
	var wide [17]byte // two zero bits in front: 130 bits, of which base32 takes 26 characters
	var carry byte
	for i, v := range b {
		wide[i] = carry | v>>2
		carry = v << 6
	}
	wide[16] = carry
	return crockford.EncodeToString(wide[:])[:idLen]
}

var errID = errors.New("not an id")

func decodeID(s string) (b [16]byte, err error) {
	if len(s) != idLen {
		return b, errID
	}
	wide, err := crockford.DecodeString(s + "00")
	if err != nil || len(wide) != len(b)+1 || wide[0]>>6 != 0 { // the decoder passes over line ends
		return b, errID
	}
	for i := range b {
		b[i] = wide[i]<<2 | wide[i+1]>>6
	}
	return b, nil
}

// nthID is the id of a request's n-th payout: the request's own number plus
// n-1. The first payout shares the request's 26 characters, and a request is
// found from any of its payouts by one look at the key before it, without an
// index.
func nthID(request string, n int) string {
	b, err := decodeID(request)
	if err != nil {
		panic(fmt.Sprintf("request id %q: %v", request, err))
	}
	low := binary.BigEndian.Uint64(b[8:]) + uint64(n-1)
	if low < uint64(n-1) {
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])+1)
	}
	binary.BigEndian.PutUint64(b[8:], low)
	return encodeID(b)
}

// isID says whether s is prefix and a well-formed id, and returns the latter.
func isID(prefix, s string) (string, bool) {
	if len(s) != len(prefix)+idLen || s[:len(prefix)] != prefix {
		return "", false
	}
	_, err := decodeID(s[len(prefix):])
	return s[len(prefix):], err == nil
}

// madeAt is the time in the id of a payout.
func madeAt(payoutID string) (time.Time, bool) {
	id, ok := isID(PrefixPayout, payoutID)
	if !ok {
		return time.Time{}, false
	}
	b, _ := decodeID(id)
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]) >> 16)).UTC(), true
}
