package dense

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

// TestADenseTextIsReadAsItWas whatever it is, and one of an older store, which
// was sealed as it is, too.
func TestADenseTextIsReadAsItWas(t *testing.T) {
	usual := `{"payout_id":"payout_01m8kdtr6c0271n2rpdgscjv8e","merchant_id":"shop","merchant_order_reference_id":"A-1","amount":1459,"currency":"EUR","connector":null,"status":"requires_confirmation","error_message":null,"error_code":null}`
	for _, text := range []string{"", "{", "\x01", "\x01\x02\x03", "\x01" + strings.Repeat("a", 300), usual, strings.Repeat(usual, 3000), strings.Repeat("\x00\xff", 1000), string(words),
		usual[:13], usual[:30], usual[len(usual)-9:], string(words[len(words)-20:]) + usual, strings.Repeat("ab", 2500) + "c" + strings.Repeat("ab", 40) + usual[20:30] + strings.Repeat("ab", 150),
		strings.Repeat(usual, densest/len(usual)+1)[:densest], strings.Repeat(usual, densest/len(usual)+1)[:densest+1]} {
		for _, sealed := range [][]byte{Pack([]byte(text)), []byte(text)} {
			if len(text) > 0 && text[0] == mark && string(sealed) == text {
				continue // no text of a dialect begins so
			}
			got, err := Unpack(sealed)
			if err != nil || string(got) != text {
				t.Fatalf("%.40q reads as %.40q, %v", text, got, err)
			}
		}
	}
	if n, most := len(Pack([]byte(usual))), len(dictionary.Encode(nil, []byte(usual))); n*2 > len(usual) || n > most+most/20 {
		t.Errorf("%d bytes of %d, and s2 writes %d", n, len(usual), most)
	}
}

func BenchmarkPack(b *testing.B) {
	text := []byte(`{"payout_id":"payout_01m8kdtr6c0271n2rpdgscjv8e","merchant_id":"shop","amount":100,"currency":"EUR","connector":null,"payout_type":"bank","billing":{"address":{"line1":"Keizersgracht 1","city":"Amsterdam","zip":"1015CN"}},"status":"requires_confirmation","error_message":null}`)
	b.ReportAllocs()
	for b.Loop() {
		Pack(text)
	}
}

// TestTheWordsNeverChange: what was sealed by them could not be read by others.
func TestTheWordsNeverChange(t *testing.T) {
	sum := sha256.Sum256(words)
	if got, want := hex.EncodeToString(sum[:8]), "98e0bff969f7a788"; got != want {
		t.Errorf("the dictionary is another one (%s, want %s): put the words back, and give new ones a mark of their own", got, want)
	}
	old, err := hex.DecodeString("013e667d0835ec59cf21b81100106e756c6c7d")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Unpack(old); err != nil || string(got) != `{"payout_id":"payout_01","status":"success","error_code":null}` {
		t.Errorf("an older text reads as %q, %v", got, err)
	}
}

// FuzzPack: no bytes make the reader fall over or fill the memory.
func FuzzPack(f *testing.F) {
	f.Add([]byte(`{"status":"success"}`))
	f.Add([]byte("\x01\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if text, err := Unpack(raw); err == nil && len(text) > 1<<20 {
			t.Fatalf("%d bytes of %d", len(text), len(raw))
		}
		if text, err := Unpack(Pack(raw)); err != nil || !bytes.Equal(text, raw) {
			t.Fatalf("%q reads as %q, %v", raw, text, err)
		}
	})
}
