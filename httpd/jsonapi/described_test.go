package jsonapi_test

import (
	"slices"
	"strings"
	"testing"
)

// TestRoutesAndDescriptionAreTheSame: whoever reads it must find every call,
// and none that isn't there.
func TestRoutesAndDescriptionAreTheSame(t *testing.T) {
	s := newShop(t)
	var served, described []string
	for _, r := range s.mux.Routes() {
		served = append(served, r.Method+" "+r.Pattern)
	}
	for _, call := range s.judge.Calls() {
		if _, path, _ := strings.Cut(call, " "); strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/public-api/") {
			described = append(described, call)
		}
	}
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
	if len(served) < 5 {
		t.Errorf("only %d calls are served", len(served))
	}
}
