package wire

import (
	"errors"
	"testing"
	"time"
)

func TestLimitRefusesAndSaysWhenToComeBack(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tab := newTable[string](Rate{PerSecond: 0.5, Burst: 2}, 10)
	for i := range 2 {
		if err := tab.take("a", now); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	if err := tab.take("b", now); err != nil {
		t.Errorf("b pays for a: %v", err)
	}
	var limited *RateError
	if err := tab.take("a", now); !errors.As(err, &limited) || limited.RetryAfter != 2*time.Second {
		t.Fatalf("third call: %v, want to wait 2s", err)
	}
	if err := tab.peek("a", now); err == nil {
		t.Error("peek lets pass what take refuses")
	}
	now = now.Add(limited.RetryAfter)
	if err := tab.peek("a", now); err != nil {
		t.Errorf("peek after the wait: %v", err)
	}
	if err := tab.take("a", now); err != nil {
		t.Errorf("take after the wait: %v", err)
	}
}

func TestLimitForgetsWhoWasNotSeenForLongest(t *testing.T) {
	now := time.Unix(0, 0)
	tab := newTable[int](Rate{PerSecond: 1, Burst: 1}, 3)
	for key := range 1000 {
		_ = tab.take(key, now)
		_ = tab.take(0, now) // stays known
	}
	if len(tab.byKey) != 3 || tab.order.Len() != 3 {
		t.Errorf("%d keys and %d buckets are kept, want 3", len(tab.byKey), tab.order.Len())
	}
	if tab.take(0, now) == nil {
		t.Error("the busiest key was forgotten, and with it its limit")
	}
}

func TestNoLimitIsNoLimit(t *testing.T) {
	tab := newTable[int](Rate{}, 1)
	for range 1000 {
		if err := tab.take(1, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
	}
}
