package jsonapi_test

import (
	"strings"
	"testing"
)

// A breaker that is opened by hand says so with its reason until it is closed;
// a reason that holds a number is refused and changes nothing.
func TestABreakerIsOpenedAndClosedByHand(t *testing.T) {
	s := newShop(t)
	at := s.do("GET", accounts, "").ok().str("data.0.links.self") + "/breaker"
	s.do("GET", at, "").ok().has("data.type", "breakers").has("data.attributes.state", "closed").has("data.attributes.reason", nil)
	s.do("POST", at+"/open", doc("breakers", `{"reason":"4111 1111 1111 1111"}`)).refused(422, "field_invalid", "/data/attributes/reason")
	s.do("POST", at+"/open", doc("breakers", `{"reason":"`+strings.Repeat("x", 201)+`"}`)).refused(422, "field_invalid", "/data/attributes/reason")
	s.do("GET", at, "").ok().has("data.attributes.state", "closed")
	s.do("POST", at+"/open", doc("breakers", `{"reason":"the bank asked us"}`)).ok().has("data.attributes.state", "forced_open").has("data.attributes.reason", "the bank asked us")
	s.do("POST", at+"/open", "").ok().has("data.attributes.reason", nil)
	s.do("GET", at, "").ok().has("data.attributes.state", "forced_open").has("data.attributes.until", nil)
	s.do("POST", at+"/close", "").ok().has("data.attributes.state", "closed")
	s.do("GET", at, "").ok().has("data.attributes.state", "closed")
}
