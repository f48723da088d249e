package rest_test

import (
	"slices"
	"strings"
	"testing"
)

// TestEveryRouteIsDescribed: whoever reads the description finds every call,
// and none that isn't there.
func TestEveryRouteIsDescribed(t *testing.T) {
	s := newShop(t)
	j, err := judge()
	must(t, err)
	var served []string
	for _, r := range s.mux.Routes() {
		if !strings.HasPrefix(r.Pattern, "/checkin/") { // the page of hosted payouts, which a link shows
			served = append(served, r.Method+" "+r.Pattern)
		}
	}
	described := slices.DeleteFunc(j.Calls(), func(call string) bool {
		_, path, _ := strings.Cut(call, " ")
		return strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/public-api/") || strings.HasPrefix(path, "/api/")
	})
	for _, call := range served {
		if !slices.Contains(described, call) {
			t.Errorf("%s is served and not described", call)
		}
	}
	for _, call := range described {
		if !slices.Contains(served, call) {
			t.Errorf("%s is described and not served", call)
		}
	}
}
