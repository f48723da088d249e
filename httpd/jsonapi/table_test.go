package jsonapi

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
		if !slices.ContainsFunc(errorRows(), func(r errorRow) bool { return r.code == code && r.object == "" && r.field == "" }) {
			t.Errorf("code %q has no row for everything", code)
		}
		f := words(&engine.Error{Code: code, Object: engine.ObjMerchant, Message: "so it is", Hint: "do that"}, nil)
		if f.status < 400 || f.code == "internal_error" || f.title == "" || f.detail == "" || strings.ContainsAny(f.detail, "{}") {
			t.Errorf("code %q: %+v", code, f)
		}
	}
	for _, row := range errorRows() {
		if !slices.Contains(engine.Codes(), row.code) {
			t.Errorf("row %+v is of no code", row)
		}
	}
}

// TestNoErrorRowIsShadowed wants each row to be the first that fits something.
func TestNoErrorRowIsShadowed(t *testing.T) {
	rows := errorRows()
	for i, row := range rows {
		for _, before := range rows[:i] {
			if before.code == row.code && (before.object == "" || before.object == row.object) && (before.field == "" || before.field == row.field) {
				t.Errorf("%+v can't be reached past %+v", row, before)
			}
		}
	}
}

func TestEveryStageAndStatusHasAWord(t *testing.T) {
	for _, stage := range payout.Stages() {
		if got := stageStatus(stage); !slices.Contains(requestStatuses(), got) {
			t.Errorf("stage %q has status %q", stage, got)
		}
	}
	for _, s := range payout.Statuses() {
		if got := payoutStatus(s); !slices.Contains(payoutStatuses(), got) {
			t.Errorf("payout status %q has status %q", s, got)
		}
	}
	sent := []payout.Payout{{}}
	for _, row := range []struct {
		r    engine.Request
		want string
	}{
		{engine.Request{Stage: payout.Draft}, reqDetails},
		{engine.Request{Stage: payout.Draft, Sealed: []byte{1}}, reqCreated},
		{engine.Request{Stage: payout.Dispatching, Payouts: sent}, reqDispatch},
		{engine.Request{Stage: payout.Dispatching, Payouts: sent, Moderation: "why"}, reqPending},
		{engine.Request{Stage: payout.Ready, Moderation: "why"}, reqReady},
		{engine.Request{Stage: payout.Withdrawn}, reqTerminated},
		{engine.Request{Stage: payout.Withdrawn, Payouts: sent}, reqCanceled},
	} {
		if got := statusOf(&row.r); got != row.want {
			t.Errorf("%s, moderation %q, %d payouts: %s, want %s", row.r.Stage, row.r.Moderation, len(row.r.Payouts), got, row.want)
		}
	}
}

func TestEveryErrorOfTheFunnelHasWords(t *testing.T) {
	for err, status := range map[error]int{
		wire.ErrUnauthenticated: 401, wire.ErrNotFound: 404, error(&wire.MethodError{Allow: []string{"GET"}}): 405, wire.ErrTooLarge: 413, wire.ErrMediaType: 415,
		error(&wire.RateError{RetryAfter: time.Second}): 429, wire.ErrQuery: 400, error(&wire.IdempotencyKeyError{Rule: "x"}): 400, wire.ErrInternal: 500,
		context.DeadlineExceeded: 502, errors.New("secret"): 500,
	} {
		all := faultsOf(fmt.Errorf("around: %w", err))
		if len(all) != 1 || all[0].status != status || all[0].detail == "" || strings.Contains(all[0].detail, "secret") {
			t.Errorf("%v: %+v, want status %d", err, all[0], status)
		}
	}
	for _, kind := range []wire.Kind{wire.KindEmpty, wire.KindSyntax, wire.KindTrailing, wire.KindUTF8, wire.KindDepth, wire.KindDuplicate, wire.KindUnknown, wire.KindType, wire.KindNumber, wire.KindEnum, wire.KindRule} {
		f := faultsOf(&wire.DecodeError{Kind: kind, Path: "/data/attributes/x", Rule: "must be so"})[0]
		if f.pointer != "/data/attributes/x" || f.status != 400 && f.status != 422 || !strings.Contains(f.detail, "x") || !strings.Contains(f.detail, "must be so") {
			t.Errorf("%s: %+v", kind, f)
		}
	}
}

func TestARefusalNamesWhatTheCallerSent(t *testing.T) {
	at := &located{fields: map[string]string{"amount": "point_amount", "account": "fields.account"}, objects: map[engine.Object]string{engine.ObjProfile: "point_id"}}
	for _, row := range []struct {
		err             *engine.Error
		pointer, detail string
	}{
		{&engine.Error{Code: engine.CodeInvalid, Field: "amount", Message: "amount must be more than nothing"}, "/data/attributes/point_amount", "point_amount must be more than nothing"},
		{&engine.Error{Code: engine.CodeInvalid, Field: "account", Message: "must be digits"}, "/data/attributes/fields/account", "fields.account must be digits"},
		{&engine.Error{Code: engine.CodeMissing, Field: "memo", Message: "memo is required"}, "/data/attributes/memo", "memo is required"},
		{&engine.Error{Code: engine.CodeNotFound, Object: engine.ObjProfile, ID: "pop_x"}, "/data/attributes/point_id", "The payout point does not exist"},
		{&engine.Error{Code: engine.CodeNotFound, Object: engine.ObjPayout, ID: "porq_x"}, "", "The payout request does not exist"},
		{&engine.Error{Code: engine.CodeKeyReused, Field: "reference_id"}, "/data/attributes/reference_id", "reference_id was used before with another request"},
	} {
		at.err = row.err
		f := faultsOf(fmt.Errorf("create: %w", at))[0]
		if f.pointer != row.pointer || f.detail != row.detail {
			t.Errorf("%v: %q at %q, want %q at %q", row.err, f.detail, f.pointer, row.detail, row.pointer)
		}
	}
}
