package wire

import "testing"

func TestFingerprintSeesMeaningOnly(t *testing.T) {
	same := [][]string{
		{`{"a":1,"b":[2,{"d":4,"c":3}]}`, " {\n\"b\":[2,{\"c\":3,\"d\":4}], \"a\":1 }"},
		{`{"n":1.5}`, `{"n":1.50}`, `{"n":15e-1}`, `{"n":0.15E+1}`, `{"n":150e-2}`},
		{`{"n":100}`, `{"n":1e2}`, `{"n":100.0}`, `{"n":1.00E2}`},
		{`{"n":0}`, `{"n":-0}`, `{"n":0.00}`, `{"n":0e7}`},
		{`{"s":"a/\u00e9\u0022"}`, "{\"s\":\"\\u0061\\/é\\\"\"}"},
		{``, ``},
		{`not json`, `not json`},
	}
	seen := map[[32]byte]string{}
	for _, class := range same {
		want := Fingerprint([]byte(class[0]))
		for _, body := range class[1:] {
			if Fingerprint([]byte(body)) != want {
				t.Errorf("%q and %q differ: %s, %s", class[0], body, canonical(nil, []byte(class[0])), canonical(nil, []byte(body)))
			}
		}
		if other, clash := seen[want]; clash {
			t.Errorf("%q and %q are the same", class[0], other)
		}
		seen[want] = class[0]
	}
	for _, pair := range [][2]string{
		{`{"n":9007199254740993}`, `{"n":9007199254740992}`},
		{`{"n":100.000000000000000001}`, `{"n":100}`},
		{`{"n":1e999}`, `{"n":1e998}`},
		{`{"n":1}`, `{"n":"1"}`},
		{`{"n":1}`, `{"n":-1}`},
		{`{"n":1.5}`, `{"n":15}`},
		{`{"n":[1,2]}`, `{"n":[2,1]}`},
		{`{"n":null}`, `{}`},
		{`{"s":"1.50"}`, `{"s":"1.5"}`},
	} {
		if Fingerprint([]byte(pair[0])) == Fingerprint([]byte(pair[1])) {
			t.Errorf("%s and %s are the same", pair[0], pair[1])
		}
	}
}

func TestFingerprintLeavesTheBodyAlone(t *testing.T) {
	body := []byte(`{"b": 1.0, "a": 2}`)
	Fingerprint(body)
	if string(body) != `{"b": 1.0, "a": 2}` {
		t.Errorf("body became %s", body)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	body := []byte(`{"currency":"EUR","amount":1250,"name":"Jane Roe","billing":{"zip":"10115","city":"Berlin"},"metadata":{"order":"A-1"}}`)
	for b.Loop() {
		Fingerprint(body)
	}
}
