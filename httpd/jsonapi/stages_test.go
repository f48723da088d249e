package jsonapi

import (
	"slices"
	"testing"

	"penstock/engine"
	"penstock/engine/payout"
)

// A list by status reads the stages at which a request can have it, and must
// pass none by.
func TestNoStageOfAStatusIsPassedBy(t *testing.T) {
	for _, stage := range payout.Stages() {
		for i := range 8 {
			r := &engine.Request{Stage: stage}
			if i&1 != 0 {
				r.Sealed = []byte("sealed")
			}
			if i&2 != 0 {
				r.Moderation = "a person decides"
			}
			if i&4 != 0 {
				r.Payouts = []payout.Payout{{}}
			}
			tests, err := prepare([]condition{{field: "status", values: []string{statusOf(r)}}}, requestFilters())
			if err != nil {
				t.Fatal(err)
			}
			if got := statusStages(tests); !slices.Contains(got, stage) || len(got) > 4 {
				t.Errorf("%s at %s is looked for at %v", statusOf(r), stage, got)
			}
		}
	}
}

// So must a list of payouts.
func TestNoStatusOfAPayoutIsPassedBy(t *testing.T) {
	for _, status := range payout.Statuses() {
		tests, err := prepare([]condition{{field: "status", values: []string{payoutStatus(status)}}}, payoutFilters())
		if err != nil {
			t.Fatal(err)
		}
		if got := byStatus(tests, statusesOf); !slices.Contains(got, status) || len(got) != 2 {
			t.Errorf("%s is looked for at %q", status, got)
		}
	}
}
