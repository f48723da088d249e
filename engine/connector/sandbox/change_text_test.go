package sandbox

import (
	"reflect"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/engine/money"
)

// TestChangesAreWrittenAsTheyAreEncoded: whatever a transfer has, by the type that
// says so, is in the line that is put together, as the encoder writes it, and comes
// back from it.
func TestChangesAreWrittenAsTheyAreEncoded(t *testing.T) {
	same := func(c change) {
		t.Helper()
		want, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		line, err := c.appendLine([]byte("before"))
		if err != nil || string(line[:6]) != "before" || string(line[15:]) != string(want)+"\n" {
			t.Fatalf("got %s, %v, want %s", line, err, want)
		}
		if back, whole, err := decodeLine(line[6:]); err != nil || !whole || !reflect.DeepEqual(back, c) {
			t.Errorf("got back %+v, %v, %v, want %+v", back, whole, err, c)
		}
	}
	arrivals, eur := uint64(1<<64-1), money.MustCurrency("EUR")
	row := Transfer{ID: "tr_00000001", Paid: money.New(0, eur)}
	same(change{Arrivals: &arrivals})
	same(change{Arrivals: &arrivals, Rows: []Transfer{row}})
	for i := range reflect.TypeFor[Transfer]().NumField() {
		switch f := reflect.ValueOf(&row).Elem().Field(i); v := f.Interface().(type) {
		case string, Status:
			f.SetString("a\"\\é<&\u2028 \x7f" + reflect.TypeFor[Transfer]().Field(i).Name)
		case money.Amount:
			f.Set(reflect.ValueOf(money.New(-1<<63, money.MustCurrency("JPY"))))
		case time.Time:
			f.Set(reflect.ValueOf(time.Date(2026, 11, 29, 1, 2, 3+i, 0, time.UTC)))
		case dice:
			f.Set(reflect.ValueOf(dice{-1 << 63, 1<<64 - 1}))
		default:
			t.Fatalf("%T is not written", v)
		}
		same(change{Arrivals: &arrivals, Rows: []Transfer{row}})
	}
	faults := DefaultFaults()
	for _, c := range []change{{}, {Rows: []Transfer{row}}, {Arrivals: &arrivals, Rows: []Transfer{row, row}}, {Arrivals: &arrivals, Rows: []Transfer{row}, Done: []uint64{7}},
		{Arrivals: &arrivals, Rows: []Transfer{row}, Plan: []entry{{ID: 1, At: row.Moved, Kind: settles, Row: "tr_1"}}}, {Faults: &faults, Arrivals: &arrivals, Rows: []Transfer{row}}} {
		same(c)
	}
	row.Key = "\xff"
	if line, err := (change{Arrivals: &arrivals, Rows: []Transfer{row}}).appendLine([]byte("before")); err == nil || string(line) != "before" {
		t.Errorf("text that is none: got %q, %v", line, err)
	}
}
