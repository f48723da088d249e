package payout

import (
	"slices"
	"strings"
	"testing"
)

func TestResolutionsAreThePublishedOnes(t *testing.T) {
	want := map[Group]string{
		GroupOK:    "OK",
		GroupError: "CONNECTION_ERROR CONNECTION_TIMEOUT_ERROR PROVIDER_INTERNAL_ERROR GENERAL_ERROR UNKNOWN",
		GroupFatal: "INVALID_DETAILS INVALID_REQUEST REQUEST_ERROR INVALID_AMOUNT INVALID_METHOD INVALID_CREDENTIALS FORBIDDEN_IP SIGNATURE_ERROR DUPLICATED_ID INSUFFICIENT_FUNDS " +
			"ANTIFRAUD_ERROR DECLINED_ERROR RECIPIENT_NOT_FOUND INVALID_RECIPIENT LIMIT_VIOLATION INTERNAL_ERROR ACCESS_ERROR ACCESS_DENIED GENERAL_FATAL_ERROR OPERATION_EXPIRED PROCESSING_ERROR " +
			"STRATEGY_RECEIVED_NO_ROUTES STRATEGY_CONFIGURED_ROUTES_WERE_FILTERED RATE_NOT_FOUND",
	}
	got := map[Group][]string{}
	for _, r := range Resolutions() {
		got[r.Group()] = append(got[r.Group()], string(r))
	}
	for group, names := range want {
		if text := strings.Join(got[group], " "); text != names {
			t.Errorf("%s: got %s, want %s", group, text, names)
		}
	}
	if Resolution("SOMETHING_NEW").Group() != GroupError {
		t.Error("what nobody knows is not final")
	}
}

func TestConnectorsWordsBecomeResolutions(t *testing.T) {
	rows := []struct {
		word   string
		status Status
		want   Resolution
	}{
		{"declined", Failed, DeclinedError},
		{"insufficient_funds", Failed, InsufficientFunds},
		{"INSUFFICIENT_FUNDS", Failed, InsufficientFunds},
		{"insufficient-funds", Failed, InsufficientFunds},
		{"Insufficient funds", Failed, InsufficientFunds},
		{"invalid_account", Failed, InvalidDetails},
		{"account_closed", Failed, InvalidDetails},
		{"limit_exceeded", Failed, LimitViolation},
		{"recipient_not_found", Failed, RecipientNotFound},
		{"fraud_suspected", Failed, AntifraudError},
		{"invalid_details", Failed, InvalidDetails},
		{"invalid_request", Failed, InvalidRequest},
		{"invalid_amount", Failed, InvalidAmount},
		{"unknown_currency", Failed, InvalidAmount},
		{"returned", Returned, DeclinedError},
		{"", Failed, GeneralFatalError},
		{"no such word", Failed, GeneralFatalError},
		{"connection_error", Failed, GeneralFatalError}, // it is certain by now
		{"ok", Failed, GeneralFatalError},
		{"", Paid, OK},
		{"declined", Paid, OK},
		{"declined", PartlyPaid, OK},
		{"", Queued, OK},
		{"", Sending, OK},
		{"declined", Pending, OK},
		{"", Cancelled, OK},
		{"", Uncertain, UnknownResolution},
		{"declined", Uncertain, UnknownResolution}, // it isn't certain yet
		{"timeout", Uncertain, ConnectionTimeoutError},
		{"connection_error", Uncertain, ConnectionError},
	}
	for _, row := range rows {
		if got := Resolve(row.word, row.status); got != row.want {
			t.Errorf("%q of a payout that is %s: got %s, want %s", row.word, row.status, got, row.want)
		}
	}
	for _, s := range Statuses() {
		for _, r := range Resolutions() {
			got := Resolve(string(r), s).Group()
			if s == Failed && got != GroupFatal || s == Uncertain && got != GroupError || s == Paid && got != GroupOK {
				t.Errorf("%s of a payout that is %s is of the group %s", r, s, got)
			}
		}
	}
}

func TestOnlyCertainFailuresFailOver(t *testing.T) {
	f := DefaultFailover()
	for _, r := range []Resolution{InvalidCredentials, ForbiddenIP, SignatureError, InsufficientFunds, LimitViolation, InvalidMethod, InvalidRequest, RequestError,
		AccessError, AccessDenied, DeclinedError, GeneralFatalError, ProcessingError, InvalidAmount} {
		if !f.Allows(r) {
			t.Errorf("%s is the route's own fault", r)
		}
	}
	if len(f.Names()) != 14 {
		t.Errorf("got %v", f.Names())
	}
	for _, r := range []Resolution{InvalidDetails, RecipientNotFound, InvalidRecipient, AntifraudError, DuplicatedID, OperationExpired, InternalError, OK, UnknownResolution, ConnectionError, "", "NEW"} {
		if f.Allows(r) || (Failover{}).Allows(r) {
			t.Errorf("%s allows a failover", r)
		}
	}
	set, err := ParseFailover([]string{"INVALID_DETAILS", "declined", "DECLINED_ERROR"})
	if err != nil || !slices.Equal(set.Names(), []Resolution{InvalidDetails, DeclinedError}) || set.Allows(InsufficientFunds) || !set.Allows(InvalidDetails) {
		t.Errorf("got %v (%v)", set.Names(), err)
	}
	if none, err := ParseFailover(nil); err != nil || none.Allows(DeclinedError) {
		t.Errorf("an empty set allows nothing: %v (%v)", none.Names(), err)
	}
	for _, bad := range []string{"UNKNOWN", "CONNECTION_TIMEOUT_ERROR", "timeout", "GENERAL_ERROR", "OK", "NEW", "", "DUPLICATED_ID", "STRATEGY_RECEIVED_NO_ROUTES"} {
		if _, err := ParseFailover([]string{"DECLINED_ERROR", bad}); err == nil {
			t.Errorf("%q may never fail over", bad)
		}
	}
}
