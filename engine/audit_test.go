package engine

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// TestAnAuditLineIsItsJSON, as older lines are, and what reads them expects.
func TestAnAuditLineIsItsJSON(t *testing.T) {
	at := time.Date(2026, 11, 29, 13, 5, 9, 120_000_000, time.UTC)
	for _, a := range []Act{
		{}, {Seq: 1 << 63, At: at, Actor: "apik_1", Merchant: "shop", Mode: Test, Action: "payout.create", Object: "01ke6jq300rkz9t5t75zcfnry8", Before: "00ff"},
		{Seq: 2, At: at.Add(7), Actor: "o\"wner\u2028@é\n", Action: "x", Note: "<a> \\ b\x00"},
	} {
		want, err := json.Marshal(a, codec)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.AppendBinary(nil); err != nil || string(got) != string(want) {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
	if got, err := (Act{Note: "\xff"}).AppendBinary(nil); err == nil {
		t.Errorf("bytes that are no text are written as %s", got)
	}
}
