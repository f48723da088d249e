package money

import (
	"bytes"
	"testing"
)

// FuzzStoredAmount: a stored amount has one spelling, white space apart.
func FuzzStoredAmount(f *testing.F) {
	f.Add([]byte(`{"minor":1250,"currency":"EUR"}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"minor":-9223372036854775808,"currency":"JPY"}`))
	f.Add([]byte(`{"minor":01,"currency":"EUR"}`))
	f.Add([]byte(`{"currency":"EUR","minor":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var a Amount
		if a.UnmarshalJSON(raw) != nil {
			if a != (Amount{}) {
				t.Fatalf("%q is refused and leaves %v", raw, a)
			}
			return
		}
		var tight []byte
		for _, c := range raw {
			if !bytes.ContainsRune([]byte(" \t\r\n"), rune(c)) {
				tight = append(tight, c)
			}
		}
		if got := a.AppendJSON(nil); !bytes.Equal(got, tight) {
			t.Fatalf("%q reads as %s", raw, got)
		}
	})
}
