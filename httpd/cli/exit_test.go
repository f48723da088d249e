package cli

import (
	"testing"

	"penstock/engine"
	"penstock/httpd/admin"
	"penstock/httpd/client"
)

// TestEveryRefusalHasAnExitCode: a script tells by it whether to mend the call,
// the settings, to wait, or to look before it repeats anything.
func TestEveryRefusalHasAnExitCode(t *testing.T) {
	for _, code := range append(engine.Codes(), admin.CodePolicy) {
		if got, ok := exitCodes[string(code)]; !ok || got < ExitFailed || got > ExitUnknown || (got == ExitUnknown) != (code == engine.CodeUnknown) {
			t.Errorf("%s ends with %d (%v)", code, got, ok)
		}
	}
	for code, want := range map[engine.Code]int{engine.CodeNoRoute: ExitRefused, engine.CodeRealCard: ExitRefused, engine.CodeForbidden: ExitRefused, engine.CodeInvalid: ExitUsage,
		engine.CodeNotFound: ExitFailed, engine.CodeSealed: ExitFailed, engine.CodeUnknown: ExitUnknown, "of a newer daemon": ExitFailed} {
		if got := exitCode(answered(&client.Error{Code: string(code), Message: "m"})); got != want {
			t.Errorf("%s ends with %d, want %d", code, got, want)
		}
	}
}

// TestARefusalIsReadOnce: the field stands before a rule, and not before a
// sentence that speaks of it in other words.
func TestARefusalIsReadOnce(t *testing.T) {
	for want, said := range map[string]client.Error{
		"iban must have a right check digit":                    {Field: "iban", Message: "must have a right check digit"},
		"method is required":                                    {Field: "method", Message: "method is required"},
		"this idempotency key was used with another body":       {Field: "Idempotency-Key", Message: "this idempotency key was used with another body"},
		"inv-1: payout cannot be cancelled while it is paid":    {ID: "inv-1", Message: "payout cannot be cancelled while it is paid"},
		"card_number must be one of the published test numbers": {Field: "card_number", Message: "must be one of the published test numbers"},
	} {
		if got := text(&said); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
