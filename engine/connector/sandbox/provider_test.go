package sandbox

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

func TestCardIsPaidAtOnceAndBankWithinSettle(t *testing.T) {
	p, c := world(t, `{"settle_ms":[200,500]}`)
	if got := receive(t, p, card("c")).Transfer; got.Status != Paid || got.Paid != eur(1250) {
		t.Errorf("card: got %s %s, want paid EUR 12.50", got.Status, got.Paid)
	}
	if got := receive(t, p, bank("b")).Transfer; got.Status != Accepted || !got.Paid.IsZero() || movements(t, p, "b") != 0 {
		t.Errorf("bank at once: got %s %s, want accepted and nothing moved", got.Status, got.Paid)
	}
	c.move(199 * time.Millisecond)
	if got := find(t, p, "b").Status; got != Accepted {
		t.Errorf("bank before 200 ms: got %s, want accepted", got)
	}
	c.move(301 * time.Millisecond)
	if got := find(t, p, "b"); got.Status != Paid || got.Paid != eur(1250) || movements(t, p, "b") != 1 {
		t.Errorf("bank after 500 ms: got %s %s, want paid EUR 12.50", got.Status, got.Paid)
	}
}

func TestIdempotentKeyMovesMoneyOnce(t *testing.T) {
	p, c := world(t, `{}`)
	first := receive(t, p, bank("k")).Transfer
	c.move(time.Minute)
	for range 3 {
		if got := receive(t, p, bank("k")).Transfer; got.ID != first.ID || got.Status != Paid {
			t.Errorf("again: got %s %s, want %s paid", got.ID, got.Status, first.ID)
		}
	}
	if got := movements(t, p, "k"); got != 1 {
		t.Errorf("movements: got %d, want 1", got)
	}
}

func TestWithoutIdempotenceEachArrivalMovesMoney(t *testing.T) {
	p, c := world(t, `{"idempotent":false}`)
	first, second := receive(t, p, bank("k")).Transfer, receive(t, p, bank("k")).Transfer
	if first.ID == second.ID {
		t.Errorf("got one transfer %s for two arrivals, want two", first.ID)
	}
	if got := movements(t, p, "k"); got != 0 {
		t.Errorf("movements before settling: got %d, want 0", got)
	}
	c.move(time.Second)
	if got := movements(t, p, "k"); got != 2 {
		t.Errorf("movements: got %d, want 2", got)
	}
	lines, _ := p.Ledger()
	totals, err := Totals(lines)
	if err != nil || totals["EUR"] != (Total{2, eur(2500)}) {
		t.Errorf("totals: got %v, %v, want 2 of EUR 25.00", totals, err)
	}
}

func TestSameKeyForAnotherOrderIsConflict(t *testing.T) {
	other := func(change func(*Order)) Order { o := bank("k"); change(&o); return o }
	for name, o := range map[string]Order{
		"amount":   other(func(o *Order) { o.Amount = eur(1251) }),
		"currency": other(func(o *Order) { o.Amount = money.New(1250, money.MustCurrency("USD")) }),
		"service":  other(func(o *Order) { o.Service = "swift_eur" }),
	} {
		p, c := world(t, `{}`)
		receive(t, p, bank("k"))
		if a := receive(t, p, o); a.Refusal == nil || a.Refusal.Code != codeConflict {
			t.Errorf("other %s: got %+v, want a conflict", name, a)
		}
		c.move(time.Minute)
		if got := movements(t, p, "k"); got != 1 {
			t.Errorf("other %s: got %d movements, want 1", name, got)
		}
	}
}

func TestRefusedKeyIsTriedAfreshUnlessRefusalsAreKept(t *testing.T) {
	for _, row := range []struct {
		faults string
		want   Status
	}{{`{"reject":1}`, Paid}, {`{"reject":1,"keeps_refusal":true}`, Rejected}} {
		p, _ := world(t, row.faults)
		if got := receive(t, p, card("k")).Transfer; got.Status != Rejected || got.Resolution != "declined" {
			t.Fatalf("%s: got %s %s, want rejected, declined", row.faults, got.Status, got.Resolution)
		}
		set(t, p, `{"reject":0}`)
		if got := receive(t, p, card("k")).Transfer.Status; got != row.want {
			t.Errorf("%s, then again: got %s, want %s", row.faults, got, row.want)
		}
		if got := find(t, p, "k").Status; got != row.want {
			t.Errorf("%s, then looked up: got %s, want %s", row.faults, got, row.want)
		}
	}
}

// Attempt 1 hangs, attempt 2 is refused, attempt 1 lands: a look-up must show
// what moved, not what was refused.
func TestLateArrivalAfterRefusalIsFound(t *testing.T) {
	p, c := world(t, `{"drop_request":1,"late_ms":[1000,1000]}`)
	lateArrival(t, p, "k")
	set(t, p, `{"drop_request":0,"reject":1}`)
	if got := receive(t, p, card("k")).Transfer.Status; got != Rejected {
		t.Fatalf("second attempt: got %s, want rejected", got)
	}
	set(t, p, `{"reject":0}`)
	c.move(time.Second)
	if got := find(t, p, "k").Status; got != Paid || movements(t, p, "k") != 1 {
		t.Errorf("after the first landed: got %s, want paid", got)
	}
}

// A later refusal under a key must not hide that money moved for it.
func TestLookupShowsWhatMovedNotWhatWasRefused(t *testing.T) {
	p, _ := world(t, `{"idempotent":false}`)
	first := receive(t, p, card("k")).Transfer
	set(t, p, `{"reject":1}`)
	if got := receive(t, p, card("k")).Transfer.Status; got != Rejected {
		t.Fatalf("second order: got %s, want rejected", got)
	}
	if got := find(t, p, "k"); got.ID != first.ID || got.Status != Paid {
		t.Errorf("got %s %s, want %s paid", got.ID, got.Status, first.ID)
	}
}

// lateArrival sends an order that acts later, trying seeds until the even
// chance says so.
func lateArrival(t *testing.T, p *Provider, key string) {
	t.Helper()
	for range 64 {
		if a := receive(t, p, card(key)); a.Cut == Whole {
			t.Fatalf("order got an answer: %+v", a)
		}
		if _, planned := p.Next(); planned {
			return
		}
	}
	t.Fatal("64 dropped orders, none acts later")
}

func TestMagicTableDoesWhatItSays(t *testing.T) {
	ends := map[string]struct {
		first, last Status
		resolution  string
	}{
		"success": {Paid, Paid, ""}, "late_failure": {Accepted, Rejected, "invalid_account"}, "pending": {Accepted, Accepted, ""},
		"late_success": {Accepted, Paid, ""}, "partly": {PartlyPaid, PartlyPaid, ""}, "returned": {Paid, Returned, "returned"},
	}
	for _, row := range MagicTable() {
		want, known := ends[row.Name]
		if !known {
			want.first, want.last, want.resolution = Rejected, Rejected, row.Name
		}
		for form, d := range map[string]connector.Details{
			"card": {"card_number": row.Card}, "iban": {"iban": row.IBAN}, "account": {"bank_account_number": row.Account},
			"email": {"email": row.Email}, "phone": {"telephone_number": row.Phone}, "name": {"account": row.Name},
		} {
			p, c := world(t, `{"settle_ms":[0,0]}`)
			if got := receive(t, p, order("k", d)).Transfer; got.Status != want.first {
				t.Errorf("%s by %s: got %s at first, want %s", row.Name, form, got.Status, want.first)
			}
			c.move(time.Hour)
			if got := find(t, p, "k"); got.Status != want.last || got.Resolution != want.resolution {
				t.Errorf("%s by %s: got %s %q in the end, want %s %q", row.Name, form, got.Status, got.Resolution, want.last, want.resolution)
			}
		}
	}
}

func TestReturnedMoneyHasMovedOnceAndIsNotInTheTotals(t *testing.T) {
	p, c := world(t, `{}`)
	receive(t, p, order("k", connector.Details{"account": "returned"}))
	c.move(time.Hour)
	lines, _ := p.Ledger()
	totals, err := Totals(lines)
	if err != nil || len(lines) != 1 || lines[0].Movements != 1 || lines[0].Status != Returned || len(totals) != 0 {
		t.Errorf("got %+v, totals %v, %v; want one movement, returned, no totals", lines, totals, err)
	}
}

func TestGatewayFieldsDecide(t *testing.T) {
	for _, row := range []struct {
		fields     connector.Details
		want       Status
		resolution string
	}{
		{connector.Details{"test_details_payout_status": "SUCCESS"}, Paid, ""},
		{connector.Details{"test_details_payout_status": "FAIL", "test_details_payout_resolution": "INSUFFICIENT FUNDS"}, Rejected, "insufficient_funds"},
		{connector.Details{"test_details_payout_status": "Invoke-Failed"}, Rejected, "declined"},
		{connector.Details{"test_details_payout_status": "process failed"}, Rejected, "declined"},
		{connector.Details{"test_details_payout_status": "PENDING"}, Accepted, ""},
		{connector.Details{"test_details_payout_status": "PARTIALLY PROCESSED"}, PartlyPaid, ""},
		{connector.Details{"test_details_payout_resolution": "ANTIFRAUD ERROR"}, Rejected, "antifraud_error"},
		{connector.Details{"test_details_payout_resolution": "OK"}, Paid, ""},
		{connector.Details{"test_details_payout_status": "SUCESS"}, Rejected, "invalid_details"},
		{connector.Details{"test_details_success_rate": "100"}, Paid, ""},
		{connector.Details{"test_details_success_rate": "0"}, Rejected, "declined"},
		{connector.Details{"test_details_success_rate": "many"}, Rejected, "invalid_details"},
		{connector.Details{"card_number": "4412397212080000", "expiry_month": "5", "expiry_year": "2029"}, Rejected, "insufficient_funds"},
		{connector.Details{"card_number": "4302912837020000", "card_expiry": "06/42"}, Rejected, "fraud_suspected"},
		{connector.Details{"card_number": "4412397212080000", "expiry_month": "07", "expiry_year": "77"}, Accepted, ""},
		{connector.Details{"card_number": "4412397212080000"}, Rejected, "declined"},
		{connector.Details{"card_number": "5123817234060000"}, Paid, ""},
	} {
		p, c := world(t, `{}`)
		receive(t, p, order("k", row.fields))
		c.move(time.Hour)
		if got := find(t, p, "k"); got.Status != row.want || got.Resolution != row.resolution {
			t.Errorf("%v: got %s %q, want %s %q", map[string]string(row.fields), got.Status, got.Resolution, row.want, row.resolution)
		}
	}
}

func TestSuccessRateIsAShare(t *testing.T) {
	p, _ := world(t, `{"seed":1}`)
	paid := 0
	for i := range 1000 {
		o := order(string(rune('a'+i%26))+time.Duration(i).String(), connector.Details{"card_number": "4111111111111111", "test_details_success_rate": "30"})
		if receive(t, p, o).Transfer.Status == Paid {
			paid++
		}
	}
	if paid < 250 || paid > 350 {
		t.Errorf("rate 30: got %d of 1000, want about 300", paid)
	}
}

func TestOneMinorUnitIsNeverPaidPartly(t *testing.T) {
	p, _ := world(t, `{"partly":1}`)
	o := card("k")
	o.Amount = eur(1)
	if got := receive(t, p, o).Transfer; got.Status != Paid || got.Paid != eur(1) {
		t.Errorf("got %s %s, want paid EUR 0.01", got.Status, got.Paid)
	}
}

func TestBadOrdersAreRefusedAndBookNothing(t *testing.T) {
	change := func(f func(*Order)) Order { o := card("k"); f(&o); return o }
	for want, orders := range map[string][]Order{
		codeInvalid: {
			change(func(o *Order) { o.Key = "" }), change(func(o *Order) { o.Key = "a b" }), change(func(o *Order) { o.Key = string(make([]byte, 300)) }),
			change(func(o *Order) { o.Service = "ä" }), change(func(o *Order) { o.NotifyURL = "ftp://x/" }), change(func(o *Order) { o.NotifyURL = "/relative" }),
		},
		codeAmount:   {change(func(o *Order) { o.Amount = eur(0) }), change(func(o *Order) { o.Amount = eur(-1) })},
		codeCurrency: {change(func(o *Order) { o.Amount = money.Amount{} })},
	} {
		for _, o := range orders {
			p, _ := world(t, `{}`)
			a := receive(t, p, o)
			lines, _ := p.Ledger()
			if a.Refusal == nil || a.Refusal.Code != want || len(lines) != 0 {
				t.Errorf("%+v: got %+v and %d rows, want %s and none", o, a.Refusal, len(lines), want)
			}
		}
	}
}

func TestSameSeedSameStory(t *testing.T) {
	story := func(seed string) ([]Line, map[string]int) {
		p, c := world(t, `{"drop_request":0.2,"drop_reply":0.1,"error_500":0.2,"late_ms":[0,3000],"reject":0.2,"pending":0.5,"partly":0.2,"seed":`+seed+`}`)
		counts := histogram(t, p, 300)
		c.move(time.Hour)
		lines, err := p.Ledger()
		if err != nil {
			t.Fatal(err)
		}
		return lines, counts
	}
	lines, counts := story("42")
	again, countsAgain := story("42")
	if !reflect.DeepEqual(lines, again) || !reflect.DeepEqual(counts, countsAgain) {
		t.Error("the same seed told two stories")
	}
	if other, _ := story("43"); reflect.DeepEqual(lines, other) {
		t.Error("another seed told the same story")
	}
}

// Chance must not depend on keys: a script with fresh keys sees the same.
func TestSettingTheSeedStartsTheDrawsAnew(t *testing.T) {
	p, _ := world(t, `{"reject":0.5,"seed":7}`)
	round := func(prefix string) (out []Status) {
		for i := range 32 {
			out = append(out, receive(t, p, card(prefix+string(rune('a'+i)))).Transfer.Status)
		}
		return out
	}
	first := round("x")
	set(t, p, `{"seed":7}`)
	if again := round("y"); !reflect.DeepEqual(first, again) {
		t.Errorf("got %v, want %v", again, first)
	}
}

func TestOpenWantsAClockAndSoundFaults(t *testing.T) {
	if _, err := Open(Settings{}); err == nil {
		t.Error("no clock: got no error")
	}
	bad := DefaultFaults()
	bad.Reject = 2
	if _, err := Open(Settings{Now: newClock().Now, Faults: &bad}); !errors.Is(err, ErrFaults) {
		t.Errorf("reject 2: got %v, want ErrFaults", err)
	}
}
