package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPutMergesFaults(t *testing.T) {
	p, _ := world(t, `{"reject":0.25,"delay_ms":[1,2],"idempotent":false}`)
	set(t, p, `{"late_ms":[3,4]}`)
	want := DefaultFaults()
	want.Reject, want.DelayMS, want.Idempotent, want.LateMS = 0.25, Range{1, 2}, false, Range{3, 4}
	if got := p.Faults(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDefaultsAreOfTheContract(t *testing.T) {
	p, _ := world(t, `{}`)
	if got, want := p.Faults(), (Faults{Idempotent: true, Lookup: true, SettleMS: Range{0, 500}}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestBadFaultsAreRefusedAndChangeNothing(t *testing.T) {
	for patch, says := range map[string]string{
		`{"reject":0.5,"drop_reply":1.01}`: "drop_reply must be a number from 0 to 1",
		`{"drop_request":-0.1}`:            "drop_request must be a number from 0 to 1",
		`{"pending":"1"}`:                  "pending must be a number from 0 to 1",
		`{"pending":null}`:                 "pending must be a number from 0 to 1",
		`{"late_ms":[5,4]}`:                "late_ms must be [least,most]",
		`{"delay_ms":[-1,4]}`:              "delay_ms must be [least,most]",
		`{"settle_ms":[1]}`:                "settle_ms must be [least,most]",
		`{"settle_ms":[0,1.5]}`:            "settle_ms must be [least,most]",
		`{"settle_ms":[0,2592000001]}`:     "settle_ms must be [least,most]",
		`{"idempotent":1}`:                 "idempotent must be true or false",
		`{"seed":1.5}`:                     "seed must be a whole number",
		`{"rejects":1}`:                    `unknown member "rejects"`,
		`{"Reject":1}`:                     `unknown member "Reject"`,
		`{"reject":1,"reject":0}`:          "without repeated members",
		`[]`:                               "one JSON object",
		`null`:                             "one JSON object",
		``:                                 "one JSON object",
	} {
		p, _ := world(t, `{}`)
		if _, err := p.SetFaults([]byte(patch)); !errors.Is(err, ErrFaults) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", patch, err, says)
		}
		if got := p.Faults(); got != DefaultFaults() {
			t.Errorf("%s: changed to %+v", patch, got)
		}
	}
}

func TestDropRequestClosesBeforeActing(t *testing.T) {
	p, c := world(t, `{"drop_request":1}`)
	if a := receive(t, p, card("k")); a.Cut != Dropped {
		t.Errorf("got %+v, want dropped", a)
	}
	c.move(time.Hour)
	if _, found, _ := p.Find("k"); found {
		t.Error("without late_ms a dropped request acted")
	}
}

func TestDroppedRequestMayActWithinLate(t *testing.T) {
	p, c := world(t, `{"drop_request":1,"late_ms":[1000,2000]}`)
	for i := range 100 {
		receive(t, p, card(fmt.Sprintf("k%d", i)))
	}
	c.move(999 * time.Millisecond)
	if lines, _ := p.Ledger(); len(lines) != 0 {
		t.Errorf("before 1 s: got %d transfers, want none", len(lines))
	}
	c.move(1001 * time.Millisecond)
	if lines, _ := p.Ledger(); len(lines) < 30 || len(lines) > 70 {
		t.Errorf("after 2 s: got %d transfers of 100, want about half", len(lines))
	}
}

func TestDropReplyActsAndCloses(t *testing.T) {
	p, _ := world(t, `{"drop_reply":1}`)
	if a := receive(t, p, card("k")); a.Cut != Dropped {
		t.Errorf("got %+v, want dropped", a)
	}
	if got := movements(t, p, "k"); got != 1 {
		t.Errorf("movements: got %d, want 1", got)
	}
}

func TestError500EitherActsOrNot(t *testing.T) {
	p, c := world(t, `{"error_500":1}`)
	for i := range 100 {
		if a := receive(t, p, card(fmt.Sprintf("k%d", i))); a.Cut != Failed {
			t.Fatalf("got %+v, want a 500", a)
		}
	}
	c.move(time.Hour)
	if lines, _ := p.Ledger(); len(lines) < 30 || len(lines) > 70 {
		t.Errorf("got %d transfers of 100, want about half", len(lines))
	}
}

func TestDelayIsDrawnFromItsRange(t *testing.T) {
	p, _ := world(t, `{"delay_ms":[100,300]}`)
	least, most := time.Hour, time.Duration(0)
	for i := range 200 {
		d := receive(t, p, card(fmt.Sprintf("k%d", i))).Delay
		least, most = min(least, d), max(most, d)
	}
	if least < 100*time.Millisecond || most > 300*time.Millisecond || most-least < 150*time.Millisecond {
		t.Errorf("got %s to %s, want about 100ms to 300ms", least, most)
	}
}

func TestRejectRefusesItsShare(t *testing.T) {
	p, _ := world(t, `{"reject":0.3}`)
	if got := histogram(t, p, 1000); got["rejected"] < 250 || got["rejected"] > 350 || got["rejected"]+got["paid"] != 1000 {
		t.Errorf("got %v, want about 300 rejected and the rest paid", got)
	}
}

func TestPendingAnswersAcceptedAndSettles(t *testing.T) {
	for _, settle := range []string{`[0,0]`, `[100,500]`} {
		p, c := world(t, `{"pending":1,"settle_ms":`+settle+`}`)
		if got := receive(t, p, card("k")).Transfer.Status; got != Accepted {
			t.Errorf("settle %s: got %s, want accepted", settle, got)
		}
		c.move(500 * time.Millisecond)
		if got := find(t, p, "k").Status; got != Paid {
			t.Errorf("settle %s, after it: got %s, want paid", settle, got)
		}
	}
}

func TestPartlyPaysHalf(t *testing.T) {
	p, _ := world(t, `{"partly":1}`)
	o := card("k")
	o.Amount = eur(1251)
	if got := receive(t, p, o).Transfer; got.Status != PartlyPaid || got.Paid != eur(625) || movements(t, p, "k") != 1 {
		t.Errorf("got %s %s, want partly_paid EUR 6.25", got.Status, got.Paid)
	}
}

func TestNotifySaysEachStatusWhereAsked(t *testing.T) {
	p, c := world(t, `{"notify":1,"settle_ms":[100,100]}`)
	o := bank("k")
	o.NotifyURL = "http://merchant.test/hook"
	receive(t, p, o)
	receive(t, p, bank("silent"))
	c.move(time.Second)
	var got []string
	for n, ok := p.Take(); ok; n, ok = p.Take() {
		notice, err := readNotice("s", n.Header("s", c.now), n.Body)
		if err != nil || n.URL != o.NotifyURL || notice.Key != "k" {
			t.Fatalf("got %s %s, %v", n.URL, n.Body, err)
		}
		got = append(got, string(notice.Outcome.Verdict))
		p.Posted(n, true)
	}
	if want := "accepted paid"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestNotifyIsSilentByDefault(t *testing.T) {
	p, c := world(t, `{}`)
	o := bank("k")
	o.NotifyURL = "http://merchant.test/hook"
	receive(t, p, o)
	c.move(time.Hour)
	if n, ok := p.Take(); ok {
		t.Errorf("got %s, want nothing", n.Body)
	}
}

func TestNotifyTwiceComesLateAndOutOfOrder(t *testing.T) {
	p, c := world(t, `{"notify":1,"notify_twice":1,"late_ms":[0,5000],"settle_ms":[10,10]}`)
	for i := range 20 {
		o := bank(fmt.Sprintf("k%d", i))
		o.NotifyURL = "http://merchant.test/hook"
		receive(t, p, o)
	}
	said, reversed := map[string][]string{}, 0
	for range 60 {
		c.move(100 * time.Millisecond)
		for n, ok := p.Take(); ok; n, ok = p.Take() {
			notice, err := parseNotice(n.Body)
			if err != nil {
				t.Fatal(err)
			}
			said[notice.Key] = append(said[notice.Key], string(notice.Outcome.Verdict))
			p.Posted(n, true)
		}
	}
	for key, words := range said {
		if len(words) != 4 {
			t.Errorf("%s: got %v, want four", key, words)
		}
		if words[0] == "paid" {
			reversed++
		}
	}
	if len(said) != 20 || reversed == 0 {
		t.Errorf("got %d keys, %d out of order; want 20 and some", len(said), reversed)
	}
}

func TestUndeliveredNotificationIsTriedAgainAFewTimes(t *testing.T) {
	p, c := world(t, `{"notify":1}`)
	o := card("k")
	o.NotifyURL = "http://merchant.test/hook"
	receive(t, p, o)
	tries := 0
	for range 100 {
		for n, ok := p.Take(); ok; n, ok = p.Take() {
			tries++
			p.Posted(n, false)
		}
		c.move(time.Second)
	}
	if tries != maxTries || len(p.waiting) != 0 {
		t.Errorf("got %d tries and %d still planned, want %d and none", tries, len(p.waiting), maxTries)
	}
}

func TestChangingOneChanceMovesNoOther(t *testing.T) {
	rejected := func(patch string) string {
		p, _ := world(t, `{"reject":0.5,"seed":3}`)
		set(t, p, patch)
		out := ""
		for i := range 64 {
			out += string(receive(t, p, card(fmt.Sprintf("k%d", i))).Transfer.Status[:1])
		}
		return out
	}
	if plain, delayed := rejected(`{}`), rejected(`{"delay_ms":[1,9],"settle_ms":[0,9]}`); plain != delayed {
		t.Errorf("got %s with delays, want %s", delayed, plain)
	}
}
