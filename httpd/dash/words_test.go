package dash

import (
	"testing"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/engine/reconcile"
)

// TestEverythingHasAWord: a new status, event or code of the engine needs one.
func TestEverythingHasAWord(t *testing.T) {
	for _, s := range payout.Stages() {
		if stageWords[s].Text == "" {
			t.Errorf("stage %s has no word", s)
		}
	}
	for _, s := range payout.Statuses() {
		if statusWords[s].Text == "" {
			t.Errorf("status %s has no word", s)
		}
	}
	for _, k := range payout.Kinds() {
		if eventWords[string(k)] == "" {
			t.Errorf("event %s has no word", k)
		}
	}
	for _, s := range payout.Steps() {
		if eventWords[string(s)] == "" {
			t.Errorf("step %s has no word", s)
		}
	}
	for _, c := range reconcile.Classes() {
		if classWords[c].Text == "" || nextSteps[c] == "" {
			t.Errorf("class %s has no words", c)
		}
	}
	for _, c := range engine.Codes() {
		if statuses[c].status == 0 || statuses[c].title == "" {
			t.Errorf("code %s has no status or title", c)
		}
	}
}

func TestAmountsAreGrouped(t *testing.T) {
	for in, want := range map[string]string{"0.00": "0.00", "12.50": "12.50", "1234.5": "1,234.5", "1000000": "1,000,000", "999": "999", "-1234.567": "\u22121,234.567"} {
		if got := grouped(in); got != want {
			t.Errorf("%s reads %s, want %s", in, got, want)
		}
	}
}

func TestPasswordsAreHashedSlowly(t *testing.T) {
	c := Cost{}.filled()
	if c.Memory < 19<<10 || c.Passes < 2 {
		t.Errorf("one costs %d KiB and %d passes, less than OWASP's least", c.Memory, c.Passes)
	}
}
