package money

import (
	"bytes"
	"math"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// TestAPackedAmountReadsAsItWasWritten, with what follows it left alone, and
// anything else is refused and changes nothing.
func TestAPackedAmountReadsAsItWasWritten(t *testing.T) {
	eur := MustCurrency("EUR")
	for _, a := range []Amount{{}, New(0, eur), New(1250, eur), New(-1, MustCurrency("JPY")), New(math.MaxInt64, MustCurrency("KWD")), New(math.MinInt64, eur)} {
		raw, err := a.MarshalMsg([]byte("before"))
		if err != nil || len(raw)-len("before") > a.Msgsize() {
			t.Fatalf("%v: %d bytes of %d, %v", a, len(raw), a.Msgsize(), err)
		}
		got := New(7, eur)
		rest, err := got.UnmarshalMsg(append(raw[len("before"):], "after"...))
		if err != nil || got != a || !bytes.Equal(rest, []byte("after")) {
			t.Errorf("%v reads as %v, %q follows, %v", a, got, rest, err)
		}
	}
	pair := func(n uint32, code string) []byte {
		return msgp.AppendString(msgp.AppendInt(msgp.AppendArrayHeader(nil, n), 5), code)
	}
	for _, raw := range [][]byte{nil, {0x92}, {0x92, 5}, pair(3, "EUR"), pair(2, "eur"), pair(2, ""), msgp.AppendString(nil, "5 EUR")} {
		got := New(7, eur)
		if _, err := got.UnmarshalMsg(raw); err == nil || got != New(7, eur) {
			t.Errorf("%q reads as %v, %v", raw, got, err)
		}
	}
}
