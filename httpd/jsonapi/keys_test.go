package jsonapi_test

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
	"penstock/httpd/wire/wiretest"
)

const keysPath = "/v1/organization/api-keys"

func basic(user, key string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+key))
}

func TestKeysAreTakenAsBasicAndAsBearer(t *testing.T) {
	s := newShop(t)
	for _, header := range []string{"Authorization: Bearer " + s.key, "Authorization: bearer  " + s.key, basic(s.keyID, s.key), basic(s.id, s.key)} {
		s.do("GET", keysPath, "", header).ok()
	}
	_, _, another := s.newKey(s.id, engine.Test, engine.Admin)
	for name, header := range map[string]string{
		"none": "Authorization: ", "another's id": basic(another, s.key), "no user": basic("", s.key), "half": "Authorization: Bearer " + s.key[:60],
		"publishable": "Authorization: Bearer " + s.pk, "not base64": "Authorization: Basic ???", "another scheme": "Authorization: Token " + s.key,
		"no colon": "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(s.key)),
	} {
		r := s.do("GET", keysPath, "", header).refused(401, "unauthenticated", "")
		if r.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: nothing says how to authenticate", name)
		}
	}
	s.do("GET", keysPath, "", "api-key: "+s.key, "Authorization: ").refused(401, "unauthenticated", "")
}

func TestAKeyIsMadeShownChangedAndRevoked(t *testing.T) {
	s := newShop(t)
	r := s.do("POST", keysPath, doc("api-key", `{"description":"payroll","scopes":["payouts","admin"],"whitelisted_ips":["127.0.0.0/8","::1"],"expires":4102444800,"test_mode":true}`)).created()
	id, secret := r.str("data.id"), r.str("data.attributes.key")
	if !strings.HasPrefix(secret, "snd_") || !strings.HasPrefix(r.str("data.attributes.publishable_key"), "pk_snd_") || r.header.Get("Location") != keysPath+"/"+id {
		t.Errorf("made: %s", r.body)
	}
	r.has("data.attributes.whitelisted_ips", "[127.0.0.0/8 ::1]").has("data.attributes.expires", 4102444800.0).has("data.attributes.test_mode", true)
	mine := s.as(secret)
	shown := mine.do("GET", keysPath+"/"+id, "").ok().has("data.attributes.description", "payroll").has("data.attributes.publishable_key", nil)
	if strings.Contains(shown.body, secret[12:]) {
		t.Error("the secret is shown again")
	}
	s.Clock.Advance(time.Minute)
	mine.do("PATCH", keysPath+"/"+id, doc("api-keys", `{"description":null,"whitelisted_ips":["192.0.2.1"]}`)).ok().
		has("data.attributes.description", nil).has("data.attributes.whitelisted_ips", "[192.0.2.1]")
	mine.do("GET", keysPath, "").refused(403, "forbidden", "")
	mine.do("GET", keysPath, "", "X-Forwarded-For: 192.0.2.1").ok()
	at := s.do("GET", keysPath+"/"+id, "").ok()
	if at.attr("updated").(float64) != at.attr("created").(float64)+60 {
		t.Errorf("updated: %s", at.body)
	}
	r = s.do("POST", keysPath+"/"+id+"/revoke", "").ok()
	if r.attr("revoked") == nil {
		t.Errorf("revoked: %s", r.body)
	}
	mine.do("GET", keysPath, "", "X-Forwarded-For: 192.0.2.1").refused(401, "unauthenticated", "")
	s.do("POST", keysPath+"/"+id+"/revoke", "").ok()
	s.do("PATCH", keysPath+"/"+id, doc("api-keys", `{"description":"x"}`)).refused(409, "state_conflict", "")
}

func TestBadKeysAreRefused(t *testing.T) {
	s := newShop(t)
	for attributes, at := range map[string]string{
		`{}`:                 "field_missing scopes",
		`{"scopes":[]}`:      "field_missing scopes",
		`{"scopes":["all"]}`: "field_invalid scopes",
		`{"scopes":"admin"}`: "field_invalid scopes",
		`{"scopes":["admin"],"description":"` + strings.Repeat("x", 65) + `"}`: "field_invalid description",
		`{"scopes":["admin"],"description":1}`:                                 "field_invalid description",
		`{"scopes":["admin"],"whitelisted_ips":["192.0.2.1/24"]}`:              "field_invalid whitelisted_ips",
		`{"scopes":["admin"],"whitelisted_ips":["here"]}`:                      "field_invalid whitelisted_ips",
		`{"scopes":["admin"],"expires":1}`:                                     "field_invalid expires",
		`{"scopes":["admin"],"expires":1.5}`:                                   "field_invalid expires",
		`{"scopes":["admin"],"expires":999999999999999}`:                       "field_invalid expires",
		`{"scopes":["admin"],"test_mode":false}`:                               "field_invalid test_mode",
		`{"scopes":["admin"],"test_mode":1}`:                                   "field_invalid test_mode",
	} {
		code, field, _ := strings.Cut(at, " ")
		s.do("POST", keysPath, doc("api-keys", attributes)).refused(422, code, "/data/attributes/"+field)
	}
	little, _, _ := s.newKey(s.id, engine.Test, engine.Admin)
	s.as(little).do("POST", keysPath, doc("api-keys", `{"scopes":["payouts"]}`)).refused(403, "forbidden", "")
	poor, _, _ := s.newKey(s.id, engine.Test, engine.Payouts)
	s.as(poor).do("GET", keysPath, "").refused(403, "forbidden", "")
	s.do("POST", keysPath, doc("api-keys", `{"scopes":["payouts"],"unknown":[1]}`)).created()
}

// TestBodiesAreDocuments covers what surrounds the attributes of any call.
func TestBodiesAreDocuments(t *testing.T) {
	s := newShop(t)
	good := `{"scopes":["payouts"]}`
	for sent, want := range map[string]string{
		``:   "400 body_unreadable ",
		`{`:  "400 body_unreadable ",
		`[]`: "422 field_invalid ",
		`{"data":{"type":"api-keys","attributes":` + good + `}} x`:                            "400 body_unreadable ",
		`{"data":{"type":"api-keys","attributes":{"scopes":["payouts"],"scopes":["admin"]}}}`: "400 body_unreadable /data/attributes/scopes",
		`{"data":{"type":"api-keys","attributes":{"scopes":["payouts"],"x":{"a":1,"a":2}}}}`:  "400 body_unreadable /data/attributes/x/a",
		`{}`:                                   "422 field_missing /data",
		`{"data":[]}`:                          "422 field_invalid /data",
		`{"data":null}`:                        "422 field_missing /data",
		`{"data":{"attributes":` + good + `}}`: "422 field_missing /data/type",
		`{"data":{"type":"payouts","attributes":` + good + `}}`:                "422 field_invalid /data/type",
		`{"data":{"type":1,"attributes":` + good + `}}`:                        "422 field_invalid /data/type",
		`{"data":{"type":"api-keys"}}`:                                         "422 field_missing /data/attributes",
		`{"data":{"type":"api-keys","attributes":[]}}`:                         "422 field_invalid /data/attributes",
		`{"data":{"type":"api-keys","id":"apik_1","attributes":` + good + `}}`: "422 field_invalid /data/id",
	} {
		var status int
		var code, at string
		parts := strings.SplitN(want, " ", 3)
		code, at = parts[1], parts[2]
		status = map[string]int{"400": 400, "422": 422}[parts[0]]
		s.do("POST", keysPath, sent, "Content-Type: application/json").refused(status, code, at)
	}
	for _, kind := range []string{"application/json", media, "application/json; charset=utf-8", media + "; charset=UTF-8"} {
		s.do("POST", keysPath, doc("api-key", good), "Content-Type: "+kind).created()
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""} {
		s.do("POST", keysPath, doc("api-key", good), "Content-Type: "+kind).refused(415, "media_type", "Content-Type")
	}
	s.do("GET", "/v1/nothing", "").refused(404, "not_found", "")
	if r := s.do("DELETE", keysPath, "").refused(405, "method_not_allowed", ""); r.header.Get("Allow") == "" {
		t.Error("405 without Allow")
	}
}

// TestAnothersKeyIsAsOneThatIsNot compares the answers to the byte, but for
// what is new in each.
func TestAnothersKeyIsAsOneThatIsNot(t *testing.T) {
	s := newShop(t)
	_, err := s.Engine.CreateMerchant(t.Context(), operator("other", engine.Test), "other", "")
	must(t, err)
	_, _, foreign := s.newKey("other", engine.Test, engine.Admin)
	_, _, live := s.newKey(s.id, engine.Live, engine.Admin)
	for _, call := range []string{"GET ", "PATCH ", "POST /revoke"} {
		method, tail, _ := strings.Cut(call, " ")
		body := map[string]string{"PATCH": doc("api-keys", `{"description":"x"}`)}[method]
		var first string
		for _, id := range []string{"apik_00000000000000000000000000", foreign, live} {
			r := s.do(method, keysPath+"/"+id+tail, body, "X-Request-Id: same-request").refused(404, "not_found", "")
			got := strings.Replace(r.body, r.str("errors.0.id"), "", 1)
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%s: %s\n%s", r.what, got, first)
			}
		}
	}
	s.do("GET", keysPath+"/%2e%2e", "").refused(404, "not_found", "")
	got := s.do("GET", keysPath+"?filter[created][from]=0", "").ok().ids()
	if !slices.Equal(got, []string{s.keyID}) {
		t.Errorf("listed %v, want %s alone", got, s.keyID)
	}
}

func TestKeysAreListedAndFiltered(t *testing.T) {
	s := newShop(t)
	var ids []string
	for _, name := range []string{"b", "a", "c"} {
		s.Clock.Advance(time.Second)
		ids = append(ids, s.do("POST", keysPath, doc("api-keys", `{"scopes":["payouts"],"description":"`+name+`"}`)).created().str("data.id"))
	}
	s.do("POST", keysPath+"/"+ids[0]+"/revoke", "").ok()
	for query, want := range map[string][]string{
		"":                                    {ids[2], ids[1], ids[0], s.keyID},
		"?sort=created&page[size]=2":          {s.keyID, ids[0]},
		"?sort=description&filter[revoked]=0": {s.keyID, ids[1], ids[2]},
		"?filter[description]=a,b":            {ids[1], ids[0]},
		"?filter[nobody]=x&page[size]=1":      {ids[2]},
		"?filter[description]=zzz":            nil,
	} {
		if got := s.do("GET", keysPath+query, "").ok().ids(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	r := s.do("GET", keysPath+"?page[size]=3", "").ok()
	next := s.do("GET", r.str("links.next"), "").ok()
	if got := next.ids(); !slices.Equal(got, []string{s.keyID}) || next.at("links.next") != nil {
		t.Errorf("the second page is %s", next.body)
	}
	s.do("GET", keysPath+"?page[size]=0", "").refused(400, "query_invalid", "page[size]")
	s.do("GET", keysPath+"?filter[created][near]=1", "").refused(400, "query_invalid", "filter[created][near]")
	s.do("GET", keysPath+"?include=owner", "").refused(400, "query_invalid", "include")
	s.do("GET", keysPath+"?x=%zz", "").refused(400, "query_invalid", "")
}

func TestALiveKeyOverPlainHTTPIsRefused(t *testing.T) {
	s := newShop(t)
	live, _, _ := s.newKey(s.id, engine.Live, engine.Admin)
	s.as(live).do("GET", keysPath, "").ok()
	s.as(live).do("GET", keysPath, "", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http").refused(403, "insecure_transport", "")
}

// TestTooManyCallsAreToldWhenToComeAgain covers a key's limit.
func TestTooManyCallsAreToldWhenToComeAgain(t *testing.T) {
	s := newShop(t)
	f, err := wire.New(wire.Config{Now: s.Clock.Now, Random: rand.Reader, Limits: wire.Limits{Principal: wire.Rate{PerSecond: 1, Burst: 2}}})
	must(t, err)
	s.client = wiretest.Client(t, muxOf(t, s.Engine, s.Clock.Now, f))
	s.do("GET", keysPath, "").ok()
	s.do("GET", keysPath, "").ok()
	if r := s.do("GET", keysPath, "").refused(429, "rate_limited", ""); r.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", r.header.Get("Retry-After"))
	}
	s.Clock.Advance(time.Second)
	s.do("GET", keysPath, "").ok()
}
