package sandbox

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"penstock/engine/connector"
)

// Whatever an answer is, the verdict is Unknown exactly if there is an error,
// and nothing but a transfer with the right key is ever Paid.
func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"id":"t","key":"k","amount":"12.50","currency":"EUR","status":"paid","resolution":"","paid_amount":"12.50"}`)
	f.Add(200, `{"id":"t","key":"k","currency":"EUR","status":"partly_paid","paid_amount":"1.00"}`)
	f.Add(400, `{"error":{"code":"invalid_amount","message":"m","booked":false}}`)
	f.Add(404, `{"error":{"code":"transfer_not_found"}}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		in := instruction("k")
		for _, means := range []func() (connector.Outcome, error){
			func() (connector.Outcome, error) { return meansSend(in, status, []byte(body)) },
			func() (connector.Outcome, error) { return meansLookup(in.Key, status, []byte(body)) },
		} {
			out, err := means()
			if (out.Verdict == connector.Unknown) != (err != nil) {
				t.Errorf("%d %q: got %s, %v", status, body, out.Verdict, err)
			}
			if w, err := readTransfer([]byte(body)); out.Verdict == connector.Paid && (err != nil || w.Key != in.Key || status/100 != 2) {
				t.Errorf("%d %q: got paid", status, body)
			}
		}
	})
}

func FuzzReadOrder(f *testing.F) {
	f.Add(`{"key":"k","amount":"12.50","currency":"EUR","service":"s","fields":{"card":{"card_number":"4111"},"n":1}}`)
	f.Fuzz(func(t *testing.T, body string) {
		o, refusal := readOrder([]byte(body))
		if refusal == nil && (!o.Amount.IsSet() || o.Amount.IsNegative()) {
			t.Errorf("%q: got amount %s", body, o.Amount)
		}
		fateOf(o.Fields)
	})
}

func FuzzFaults(f *testing.F) {
	f.Add(`{"drop_request":0.5,"late_ms":[1,2],"seed":-1}`)
	f.Fuzz(func(t *testing.T, patch string) {
		got, _, err := DefaultFaults().merge([]byte(patch))
		if err == nil && got.check() != nil {
			t.Errorf("%q: got %+v", patch, got)
		}
	})
}

func FuzzNotification(f *testing.F) {
	f.Add("t=1,v1=00", `{"key":"k"}`)
	f.Fuzz(func(t *testing.T, header, body string) {
		got, err := readNotice("secret", http.Header{SignatureHeader: {header}}, []byte(body))
		if err != connector.ErrSignature || !reflect.DeepEqual(got, connector.Notice{}) {
			t.Errorf("%q: got %+v, %v", header, got, err)
		}
	})
}

func FuzzJournalLine(f *testing.F) {
	f.Add([]byte("9db52b16 {\"arrivals\":4}\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if c, whole, err := decodeLine(line); whole && err == nil {
			p, _ := world(t, `{}`)
			if err := p.apply(c, 0); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzReport: a report is read whole or not at all, and each line is money that
// moved for a key.
func FuzzReport(f *testing.F) {
	f.Add(`{"lines":[{"id":"tr_1","key":"k","kind":"paid","amount":"12.50","currency":"EUR","at":"2026-03-01T12:00:00Z"},{"id":"tr_1/back","key":"k","kind":"returned","amount":"5","currency":"JPY","at":""}]}`)
	f.Add(`{"lines":[{"id":"tr_1","key":"k","kind":"accepted","amount":"1","currency":"EUR","at":"now"}]}`)
	f.Add(`{"lines":[]}{}`)
	f.Fuzz(func(t *testing.T, body string) {
		list, err := readReport(strings.NewReader(body))
		if err != nil && list != nil {
			t.Fatalf("%q: %d lines and %v", body, len(list), err)
		}
		for _, l := range list {
			if l.Key == "" || l.ID == "" || !l.Booked || !l.Amount.IsPositive() || l.Outcome.Verdict == connector.Accepted {
				t.Fatalf("%q reports %+v", body, l)
			}
		}
	})
}

// FuzzLedger: a list is read whole or not at all, and tells an account nothing
// of another's.
func FuzzLedger(f *testing.F) {
	f.Add(`{"transfers":[{"id":"t","key":"k","amount":"12.50","currency":"EUR","status":"paid","resolution":"","paid_amount":"12.50","account":"mca_1","movements":1}],"totals":{}}`, "mca_1")
	f.Add(`{"totals":{},"transfers":[{"key":"k","account":"mca_2"},{"key":"","account":"mca_1"}]}`, "mca_1")
	f.Add(`{"transfers":[]}x`, "")
	f.Add(`{"transfers":[{"key":"k"`, "")
	f.Fuzz(func(t *testing.T, body, account string) {
		list, err := readLedger(strings.NewReader(body), account)
		if err != nil && list != nil {
			t.Fatalf("%q: %d transfers and %v", body, len(list), err)
		}
		for _, l := range list {
			if l.Key == "" || !l.Amount.IsPositive() {
				t.Fatalf("%q lists %+v", body, l)
			}
		}
		if len(list) > 0 && !strings.Contains(body, account) && json.Valid([]byte(body)) && !strings.Contains(body, `\`) {
			t.Fatalf("%q lists %d transfers of %q", body, len(list), account)
		}
	})
}
