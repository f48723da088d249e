package hosted_test

import (
	"strings"
	"testing"
	"time"

	"penstock/engine"
)

// with is a body with one member set to a JSON value, or taken away by "".
func with(name, value string) string {
	members := map[string]string{"amount": `"10.00"`, "currency": `"EUR"`, "type": `"payout"`}
	members[name] = value
	var parts []string
	for _, n := range []string{"amount", "currency", "type", name} {
		if v := members[n]; v != "" {
			parts = append(parts, `"`+n+`":`+v)
			delete(members, n)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestAPaymentKeepsTheRulesOfItsFields(t *testing.T) {
	s := newShop(t)
	long := strings.Repeat("é", 256)
	for _, row := range []struct{ name, value, code string }{
		{"amount", ``, "validation_failed"}, {"amount", `10.00`, "validation_failed"}, {"amount", `"10,00"`, "validation_failed"}, {"amount", `"-1"`, "validation_failed"},
		{"amount", `"+1"`, "validation_failed"}, {"amount", `"1e3"`, "validation_failed"}, {"amount", `""`, "validation_failed"}, {"amount", `"0"`, "validation_failed"}, {"amount", `"0.00"`, "validation_failed"},
		{"amount", `"10."`, "validation_failed"}, {"amount", `".5"`, "validation_failed"}, {"amount", `" 10.00"`, "validation_failed"}, {"amount", `"10.001"`, "validation_failed"}, {"amount", `"10.000"`, "validation_failed"},
		{"amount", `"1234567890123456"`, "validation_failed"}, {"amount", `"١٠"`, "validation_failed"}, {"amount", `null`, "validation_failed"}, {"amount", `"999999999999999"`, "validation_failed"},
		{"currency", ``, "validation_failed"}, {"currency", `"eur"`, "validation_failed"}, {"currency", `"EURO"`, "validation_failed"}, {"currency", `"ZZZ"`, "validation_failed"}, {"currency", `"XAU"`, "validation_failed"}, {"currency", `978`, "validation_failed"},
		{"type", `"refund"`, "validation_failed"}, {"type", `true`, "validation_failed"},
		{"description", `"` + long + `"`, "validation_failed"}, {"description", `"a\u0000b"`, "validation_failed"}, {"description", `7`, "validation_failed"},
		{"externalId", `""`, "validation_failed"}, {"externalId", `"` + long + `"`, "validation_failed"}, {"externalId", `"a\nb"`, "validation_failed"},
		{"metadata", `[]`, "validation_failed"}, {"metadata", `"x"`, "validation_failed"}, {"metadata", `{"a":null}`, "validation_failed"}, {"metadata", `{"a":[1]}`, "validation_failed"}, {"metadata", `{"a":"` + strings.Repeat("x", 4090) + `"}`, "validation_failed"},
		{"redirectUrl", `"http://shop.example/"`, "validation_failed"}, {"redirectUrl", `"/back"`, "validation_failed"}, {"redirectUrl", `"https://a:b@shop.example/"`, "validation_failed"}, {"redirectUrl", `"https://shop.example/` + strings.Repeat("x", 2048) + `"`, "validation_failed"}, {"redirectUrl", `"javascript:alert(1)"`, "validation_failed"},
		{"webhookUrl", `"http://shop.example/"`, "validation_failed"}, {"webhookUrl", `"https://shop.example/#x"`, "validation_failed"}, {"webhookUrl", `"https://a@shop.example/"`, "validation_failed"},
	} {
		s.do("POST", "/api/payments", with(row.name, row.value)).refused(422, row.code, "#/"+row.name)
	}
	s.do("POST", "/api/payments", with("customer", `"x"`)).refused(422, "validation_failed", "#/customer")
	s.do("POST", "/api/payments", with("customer", `{"name":7,"email":"`+long+`"}`)).refused(422, "validation_failed", "#/customer/name", "#/customer/email")
	s.do("POST", "/api/payments", `{"amount":1,"currency":"eur","type":"payout","externalId":""}`).refused(422, "validation_failed", "#/currency", "#/amount", "#/externalId")
	s.do("POST", "/api/payments", `{"amount":"1","currency":"SLE","type":"payout"}`).refused(422, "currency_not_enabled", "#/currency")
	s.do("POST", "/api/payments", `{"amount":"99999999999.00","currency":"EUR","type":"payout"}`).refused(422, "validation_failed", "#/amount")
	if r := s.do("GET", "/api/payments", ""); strings.Contains(r.body, "pay_") {
		t.Errorf("a refused create has made something: %s", r.body)
	}
}

func TestAPaymentTakesWhatTheRulesAllow(t *testing.T) {
	s := newShop(t)
	full := strings.Repeat("é", 255)
	for _, row := range []struct{ name, value, shown string }{
		{"amount", `"0.01"`, `"amount":"0.01"`}, {"amount", `"0010.5"`, `"amount":"0010.5"`}, {"amount", `"7"`, `"amount":"7"`},
		{"description", `"` + full + `"`, full}, {"description", `""`, `"description":""`}, {"description", `null`, `"description":null`},
		{"externalId", `"` + full + `"`, full}, {"metadata", `{"a":{"b":[null,1.50,{"c":[]}]}, "n":12345678901234567890}`, `"metadata":{"a":{"b":[null,1.50,{"c":[]}]},"n":12345678901234567890}`},
		{"metadata", `{}`, `"metadata":{}`}, {"unknown", `{"x":[1]}`, `"status":"pending"`},
		{"redirectUrl", `"https://shop.example/a?b=c#d"`, `"status":"pending"`}, {"customer", `{"id":"any id","locale":"fr"}`, `"status":"pending"`},
	} {
		if r := s.do("POST", "/api/payments", with(row.name, row.value)).is(201); !strings.Contains(r.body, row.shown) {
			t.Errorf("%s %s is shown as %s", row.name, row.value, r.body)
		}
	}
	for _, body := range []string{`{"amount":"1000","currency":"JPY","type":"payout"}`, `{"amount":"1.234","currency":"KWD","type":"payout"}`} {
		s.do("POST", "/api/payments", body).is(201)
	}
	s.do("POST", "/api/payments", `{"amount":"1000.0","currency":"JPY","type":"payout"}`).refused(422, "validation_failed", "#/amount")
	s.do("POST", "/api/payments", `{"amount":"1.2345","currency":"KWD","type":"payout"}`).refused(422, "validation_failed", "#/amount")
}

func TestABodyThatCannotBeReadIsRefused(t *testing.T) {
	s := newShop(t)
	s.do("POST", "/api/payments", `{"amount":"1.00","amount":"2.00","currency":"EUR","type":"payout"}`).refused(400, "malformed_body", "#/amount")
	s.do("POST", "/api/payments", `{"amount":"1.00","currency":"EUR","type":"payout","metadata":{"a":1,"a":2}}`).refused(400, "malformed_body", "#/metadata/a")
	s.do("POST", "/api/payments", `{"amount":`).refused(400, "malformed_body", "#/amount")
	s.do("POST", "/api/payments", `[]`).refused(400, "malformed_body")
	s.do("POST", "/api/payments", "{\"amount\":\"\xff\"}").refused(400, "malformed_body")
	s.do("POST", "/api/payments", "").refused(400, "malformed_body")
	s.do("POST", "/api/payments", eur10, "Content-Type: text/plain").refused(415, "unsupported_media_type")
	s.do("POST", "/api/payments", `{"x":"`+strings.Repeat("x", 64<<10)+`"}`).refused(413, "body_too_large")
	s.do("POST", "/api/payments", eur10, "Idempotency-Key: a b").refused(400, "invalid_idempotency_key")
	s.do("POST", "/api/payments", eur10, "Idempotency-Key: "+strings.Repeat("k", 256)).refused(400, "invalid_idempotency_key")
	s.do("PUT", "/api/payments", eur10).refused(405, "method_not_allowed")
	s.do("GET", "/api/payments/pay_x/y/z", "").refused(404, "not_found")
}

func TestATokenOpensItsOwnMerchantAlone(t *testing.T) {
	s := newShop(t)
	id, _ := s.pay(eur10)
	for _, h := range []string{"Authorization: ", "Authorization: Bearer tk_test_n4912345faza90aefk4c3awf", "Authorization: Basic " + s.token, "Authorization: Bearer " + s.token + "x"} {
		r := s.do("GET", "/api/payments/"+id, "", h).refused(401, "unauthorized")
		if r.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: WWW-Authenticate is %q", h, r.header.Get("WWW-Authenticate"))
		}
	}
	_, err := s.Engine.CreateMerchant(s.Ctx, operator("other", engine.Test), "other", "Other")
	must(t, err)
	theirs, _ := s.newToken("other", engine.TokenSettings{}, engine.Payouts)
	for _, path := range []string{"/api/payments/" + id, "/api/payments/pay_00000000000000000000000000", "/api/payments/" + strings.TrimPrefix(id, "pay_"), "/api/payments/nonsense"} {
		s.do("GET", path, "", "Authorization: Bearer "+theirs).refused(404, "not_found")
		s.do("POST", path+"/cancel", "", "Authorization: Bearer "+theirs).refused(404, "not_found")
	}
	if r := s.do("GET", "/api/payments", "", "Authorization: Bearer "+theirs).is(200); strings.Contains(r.body, id) {
		t.Errorf("another merchant's list shows the payment: %s", r.body)
	}
	weak, _ := s.newToken("shop", engine.TokenSettings{}, engine.Customers)
	s.do("POST", "/api/payments", eur10, "Authorization: Bearer "+weak).refused(403, "forbidden")
	if !strings.HasPrefix(s.token, "tk_test_") {
		t.Errorf("the token begins with %q", s.token[:8])
	}
}

// TestAListAndACancel covers what the original only names.
func TestAListAndACancel(t *testing.T) {
	s := newShop(t)
	first, _ := s.pay(with("externalId", `"a"`))
	s.Clock.Advance(time.Millisecond)
	second, page := s.pay(with("externalId", `"b"`))
	r := s.do("GET", "/api/payments?limit=1", "").is(200)
	if !strings.Contains(r.body, second) || strings.Contains(r.body, first) || r.json["hasMore"] != true {
		t.Errorf("the first page is %s", r.body)
	}
	r = s.do("GET", "/api/payments?limit=1&before="+second, "").is(200)
	if !strings.Contains(r.body, first) || r.json["hasMore"] != false {
		t.Errorf("the second page is %s", r.body)
	}
	s.do("GET", "/api/payments?limit=0", "").refused(422, "validation_failed", "?limit")
	c := s.do("POST", "/api/payments/"+second+"/cancel", "").is(200)
	if c.str("status") != "failed" || c.str("failureReason") != "canceled" {
		t.Errorf("a canceled payment is %s", c.body)
	}
	s.do("POST", "/api/payments/"+second+"/cancel", "").refused(409, "state_conflict")
	if p := s.get(page).is(200); !strings.Contains(p.body, "This payment was canceled") || strings.Contains(p.body, "<form") {
		t.Error("the page of a canceled payment still asks")
	}
}
