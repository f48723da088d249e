package declarative

import (
	"strings"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Whatever an answer is, nothing but an answer with the right key, amount and
// currency is ever a word about the payout.
func FuzzAnswer(f *testing.F) {
	form := shipped(f, "paystack")
	f.Add(200, `{"status":true,"data":{"amount":1250,"currency":"NGN","reference":"po_00000000000000000000000001","status":"success","transfer_code":"TRF_1"}}`)
	f.Add(400, `{"status":false,"type":"validation_error","message":"m","code":"insufficient_balance"}`)
	f.Add(401, `{"status":false,"message":"Invalid key"}`)
	in := connector.Instruction{Key: "po_00000000000000000000000001", Amount: money.New(1250, money.MustCurrency("NGN"))}
	f.Fuzz(func(t *testing.T, status int, body string) {
		o := &ordered{a: &account{form: form}, in: in, key: in.Key, v: values{}}
		out, err := o.means(form.steps[1], connector.Answer{Status: status, Body: []byte(body)}, true)
		if err != nil {
			return
		}
		tree, bad := readTree([]byte(body))
		if bad != nil {
			t.Fatalf("%d %q: got %s from what can't be read", status, body, out.Verdict)
		}
		if out.Verdict != connector.Rejected || status/100 == 2 {
			key, _ := pointer{"data", "reference"}.text(tree)
			amount, _ := pointer{"data", "amount"}.in(tree)
			if status/100 != 2 || key != in.Key || amount != connector.Number("1250") {
				t.Errorf("%d %q: got %s", status, body, out.Verdict)
			}
		}
	})
}

// What is read is written back as the same value.
func FuzzTree(f *testing.F) {
	f.Add(`{"a":[1,2.50,null,true,"x"],"b":{}}`)
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := readTree([]byte(text))
		if err != nil {
			return
		}
		out, err := writeTree(tree)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := readTree(out)
		if err != nil || !same(tree, again) {
			t.Errorf("%q: written as %q, read as another, %v", text, out, err)
		}
	})
}

// A template fills its holes and nothing else; what fills them stays text.
func FuzzTemplate(f *testing.F) {
	f.Add("Payout {key}", "{amount}")
	f.Add("{details.a, details.b? | max:3 | upper}", "x{{y")
	f.Fuzz(func(t *testing.T, text, value string) {
		tmpl, err := readTemplate(text)
		if err != nil {
			return
		}
		v := values{}
		for _, name := range tmpl.names() {
			v[name] = value
		}
		path, err := tmpl.string(v, inPath)
		if err == nil && !strings.Contains(text, "/") && strings.ContainsAny(path, "/") {
			t.Errorf("%q with %q: a path %q", text, value, path)
		}
		if head, err := tmpl.string(v, inHeader); err == nil && !strings.ContainsAny(text, "\r\n") && strings.ContainsAny(head, "\r\n") {
			t.Errorf("%q with %q: a header %q", text, value, head)
		}
	})
}

// Nobody but who has the secret is believed.
func FuzzNotification(f *testing.F) {
	form := shipped(f, "paystack")
	f.Add("00", `{"event":"transfer.success"}`)
	f.Fuzz(func(t *testing.T, header, body string) {
		if form.notify.true("secret", []string{header}, []byte(body)) {
			t.Errorf("%q over %q was believed", header, body)
		}
		if note, err := form.told([]byte(body)); err != nil && note != (connector.Notice{}) {
			t.Errorf("%q: got %+v with %v", body, note, err)
		}
	})
}
