package engine

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"penstock/engine/ledger"
	"penstock/engine/money"
)

// plainBalance is a balance as the codec sees it.
type plainBalance struct {
	ledger.Head
	turnover
}

func drawnBalance(t *rapid.T) *balance {
	minor := rapid.Int64()
	b := &balance{}
	b.Seq = rapid.Uint64().Draw(t, "seq")
	b.Balance = ledger.Balance{Available: minor.Draw(t, "available"), Held: minor.Draw(t, "held"), Paid: minor.Draw(t, "paid"), Fee: minor.Draw(t, "fee"),
		TopUp: minor.Draw(t, "topup"), Adjustment: minor.Draw(t, "adjustment"), Returned: minor.Draw(t, "returned")}
	if code := rapid.SampledFrom([]string{"", "EUR", "JPY", "KWD", "XTS", "USDT"}).Draw(t, "currency"); code != "" {
		b.Balance.Currency = money.MustCurrency(code)
	}
	b.Day, b.Spent = rapid.Int64Range(-1, 30000).Draw(t, "day"), minor.Draw(t, "spent")
	if n := rapid.IntRange(-1, keptDays).Draw(t, "days"); n >= 0 {
		b.Before = []spentDay{}
		for range n {
			b.Before = append(b.Before, spentDay{minor.Draw(t, "d"), minor.Draw(t, "s")})
		}
	}
	return b
}

// TestABalanceIsWrittenAsTheCodecWould: older versions read what this one writes,
// and this one what they have written.
func TestABalanceIsWrittenAsTheCodecWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawnBalance(t)
		got, err := b.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal((*plainBalance)(b), codec)
		if err != nil || string(got) != string(want) {
			t.Fatalf("got %s, want %s (%v)", got, want, err)
		}
		back, err := decode[balance](bucketBalance, got)
		if err != nil || !reflect.DeepEqual(back, b) {
			t.Fatalf("%s came back as %+v, %v, want %+v", got, back, err, b)
		}
	})
}

// TestWhatIsReadByHandIsWhatTheCodecReads: a record of any bytes means the same
// to both, or nothing to both.
func TestWhatIsReadByHandIsWhatTheCodecReads(t *testing.T) {
	bits := []string{"0", "9", "-", "01", "-0", " ", ",", "}", "]", `"`, `{"d":1,"s":2}`, `,"day":3`, `,"spent":-4`, `,"before":[]`, `,"paid":1`, "EUR", "ABC", "1e2", "1.5", "9223372036854775808", `\u0045UR`}
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		raw, err := drawnBalance(t).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			from := rapid.IntRange(0, len(text)).Draw(t, "from")
			to := min(from+rapid.IntRange(0, 3).Draw(t, "cut"), len(text))
			text = text[:from] + rapid.SampledFrom(bits).Draw(t, "bit") + text[to:]
		}
		var want plainBalance
		wantErr := json.Unmarshal([]byte(text), &want, codec)
		var got balance
		gotErr := got.UnmarshalBinary([]byte(text))
		if (gotErr == nil) != (wantErr == nil) || wantErr == nil && !reflect.DeepEqual(got, balance(want)) {
			t.Fatalf("%s: got %+v, %v, want %+v, %v", text, got, gotErr, want, wantErr)
		}
		if new(balance).readPlain([]byte(text)) {
			plain++
		}
	})
	if plain == 0 {
		t.Error("nothing was read by hand")
	}
	typical := &balance{}
	typical.Balance.Currency = money.MustCurrency("EUR")
	typical.leaves(time.Unix(86400, 0), 5)
	typical.leaves(time.Unix(2*86400, 0), 7)
	raw, _ := typical.AppendBinary(nil)
	if !new(balance).readPlain(raw) || !strings.Contains(string(raw), "before") {
		t.Errorf("%s is not read by hand", raw)
	}
}
