package rest_test

import (
	"errors"
	"testing"

	"penstock/engine/connector"
)

// TestUnusableCredentialsAreRefused: credentials that no connector can be built
// from are refused when they are given, and change nothing.
func TestUnusableCredentialsAreRefused(t *testing.T) {
	s := newShop(t)
	con := s.connector("wise")
	build := s.Engine.Connectors["wise"]
	s.Engine.Connectors["wise"] = func(a connector.Account) (connector.Connector, error) {
		if a.Secrets["api_key"] != "good" {
			return nil, errors.New(`credential "api_key" must be good`)
		}
		return build(a)
	}
	details := func(key string) string {
		return `{"connector_type":"payout_processor","connector_name":"wise","connector_label":"other","connector_account_details":{"auth_type":"HeaderKey","api_key":"` + key + `"}}`
	}
	s.do("POST", "/account/shop/connectors", details("bad")).refused(400, "IR_30", "connector_account_details: ")
	s.do("POST", "/account/shop/connectors/"+con, details("bad")).refused(400, "IR_30", "connector_account_details: ")
	s.do("GET", "/account/shop/connectors/"+con, "").ok().is("connector_label", "wise_default")
	s.do("POST", "/account/shop/connectors", details("good")).ok()
}
