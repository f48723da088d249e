package payout

import (
	"testing"

	"penstock/engine/connector"
)

// A word that the table doesn't know would become GENERAL_FATAL_ERROR, and
// with it the wrong choice between another route and none.
func TestEveryWordOfTheConnectorsIsKnown(t *testing.T) {
	for _, word := range connector.Resolutions() {
		if r, ok := named(word); !ok || r.Group() != GroupFatal {
			t.Errorf("%q: got %s, %v, want a resolution of the FATAL group", word, r, ok)
		}
	}
}
