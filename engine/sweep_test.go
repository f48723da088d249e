package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"penstock/engine"
)

func TestEveryStoredValueIsReadOncePerPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, me := concurrent(t, engine.DefaultTiming(), "")
		for range 50 {
			order(t, e, me, card("4111111111111111"))
		}
		running(t, e, 25*time.Hour)
		if e.Stats().Scrubs.Load() != 2 || e.Stats().Scrubbed.Load() < 300 {
			t.Errorf("%d passes over %d pairs in a day and an hour; want two passes", e.Stats().Scrubs.Load(), e.Stats().Scrubbed.Load())
		}
	})
}
