package rest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// TestEveryEngineCodeHasWords holds the table of errors whole: each code has a
// row that fits whatever object and field it comes with.
func TestEveryEngineCodeHasWords(t *testing.T) {
	for _, code := range engine.Codes() {
		whole := slices.ContainsFunc(errorRows(), func(r errorRow) bool {
			return r.code == code && r.act == anyAct && r.object == "" && r.field == ""
		})
		if !whole {
			t.Errorf("code %q has no row for everything", code)
		}
	}
	for _, row := range errorRows() {
		if !slices.Contains(engine.Codes(), row.code) {
			t.Errorf("row %+v is of no code", row)
		}
		if row.status < 400 || row.ir == "" || row.text == "" {
			t.Errorf("row %+v is not whole", row)
		}
	}
}

// TestNoErrorRowIsShadowed wants each row to be the first that fits something.
func TestNoErrorRowIsShadowed(t *testing.T) {
	rows := errorRows()
	for i, row := range rows {
		for _, before := range rows[:i] {
			if before.code == row.code && (before.act == anyAct || before.act == row.act) && (before.object == "" || before.object == row.object) && (before.field == "" || before.field == row.field) {
				t.Errorf("%+v can't be reached past %+v", row, before)
			}
		}
	}
}

func TestEveryStageHasAStatus(t *testing.T) {
	for _, stage := range payout.Stages() {
		got := stageStatus(stage)
		if !slices.Contains(statuses(), got) {
			t.Errorf("stage %q has status %q", stage, got)
		}
	}
	for _, s := range payout.Statuses() {
		if got := attemptStatus(s); !slices.Contains(statuses(), got) {
			t.Errorf("payout status %q has status %q", s, got)
		}
	}
	if got := statusOf(&engine.Request{Stage: payout.Draft}); got != needsData {
		t.Errorf("a draft without details is %q", got)
	}
	if got := statusOf(&engine.Request{Stage: payout.Draft, Sealed: []byte{1}}); got != needsConfirmation {
		t.Errorf("a draft with details is %q", got)
	}
}

// TestEventsAreTheSix holds what is told, and that nobody is told of the rest.
func TestEventsAreTheSix(t *testing.T) {
	want := []string{"payout_initiated", "payout_success", "payout_failed", "payout_cancelled", "payout_expired", "payout_reversed"}
	var got []string
	for _, s := range allStatuses() {
		if e := eventType(s); e != "" {
			got = append(got, e)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
}

// TestUnknownErrorShowsNothing wants an error that nobody planned to be a 500
// without its text.
func TestUnknownErrorShowsNothing(t *testing.T) {
	call := &wire.Call{}
	r := answerError(errors.New("dial 10.0.0.1: the card was 4111111111111111"), call)
	if r.Status != 500 || strings.Contains(string(r.Body), "4111") || !strings.Contains(string(r.Body), `"type":"api","message":"Something went wrong","code":"HE_00"`) {
		t.Errorf("got %d %s", r.Status, r.Body)
	}
}

// TestFunnelErrorsHaveWords covers what goes wrong around a call.
func TestFunnelErrorsHaveWords(t *testing.T) {
	rows := []struct {
		err    error
		status int
		body   string
	}{
		{wire.ErrNotFound, 404, `{"error":{"type":"invalid_request","message":"Unrecognized request URL","code":"IR_02"}}`},
		{&wire.MethodError{Allow: []string{"GET"}}, 405, `"code":"IR_03"`},
		{fmt.Errorf("key: %w", wire.ErrUnauthenticated), 401, `{"error":{"type":"invalid_request","message":"API key not provided or invalid API key used","code":"IR_01"}}`},
		{wire.ErrTooLarge, 413, `"error_type":"invalid_request"`},
		{wire.ErrMediaType, 400, `"error_type":"invalid_request"`},
		{&wire.RateError{RetryAfter: time.Second}, 429, `"type":"invalid_request"`},
		{wire.ErrQuery, 400, `"code":"IR_06"`},
		{&wire.IdempotencyKeyError{Rule: "must stand once"}, 400, `Idempotency-Key must stand once`},
		{wire.ErrInternal, 500, `"code":"HE_00"`},
		{context.DeadlineExceeded, 504, `"type":"api"`},
	}
	for _, row := range rows {
		got := answerError(row.err, &wire.Call{})
		if got.Status != row.status || !strings.Contains(string(got.Body), row.body) {
			t.Errorf("%v: got %d %s, want %d with %s", row.err, got.Status, got.Body, row.status, row.body)
		}
	}
}

// TestClientSecretExpires is reached over HTTP once payout links expire.
func TestClientSecretExpires(t *testing.T) {
	r := &engine.Request{ID: strings.Repeat("0", 26), Dialect: "rest", Stage: payout.Expired, Echo: engine.Echo{Extra: []byte(`{"secret":"abcdefghij0123456789"}`)}}
	x := extraOf(r)
	err := provePayout(r, secretOf(payoutID(r), &x))
	var refused *refusal
	if !errors.As(err, &refused) || refused.code != "IR_08" {
		t.Errorf("got %v, want IR_08", err)
	}
	if err := provePayout(r, "payout_x_secret_y"); !errors.As(err, &refused) || refused.code != "IR_09" {
		t.Errorf("got %v, want IR_09", err)
	}
}
