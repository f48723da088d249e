package cli

import (
	"penstock/engine"
	"penstock/httpd/admin"
	"penstock/httpd/client"
)

// exitCodes is what each refusal of the daemon ends a verb with; a test holds it
// whole. What a call said wrongly is wrong usage. What the appliance's rules,
// settings or money forbid is refused by policy: the same call may do once a
// person has changed them. What is not there, there already or not in that state,
// and what can't be served now, has failed.
var exitCodes = map[string]int{
	string(engine.CodeInvalid): ExitUsage, string(engine.CodeMissing): ExitUsage, string(engine.CodeToken): ExitUsage,
	string(engine.CodeForeign): ExitUsage,

	admin.CodePolicy: ExitRefused, string(engine.CodeForbidden): ExitRefused, string(engine.CodeUnauthorized): ExitRefused,
	string(engine.CodeRealCard): ExitRefused, string(engine.CodeNoRoute): ExitRefused, string(engine.CodeNoRate): ExitRefused,
	string(engine.CodeFunds): ExitRefused,

	string(engine.CodeNotFound): ExitFailed, string(engine.CodeExists): ExitFailed, string(engine.CodeKeyReused): ExitFailed, string(engine.CodeState): ExitFailed, string(engine.CodeRedacted): ExitFailed,
	string(engine.CodeHeld): ExitFailed, string(engine.CodeSealed): ExitFailed, string(engine.CodeSpace): ExitFailed, string(engine.CodeBusy): ExitFailed, string(engine.CodeNotBuilt): ExitFailed,

	string(engine.CodeUnknown): ExitUnknown,
}

// exitOf is the exit code of the daemon's refusal; a code of another version is
// a failure.
func exitOf(said *client.Error) int {
	if code, ok := exitCodes[said.Code]; ok {
		return code
	}
	return ExitFailed
}
