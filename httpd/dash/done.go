package dash

import "penstock/httpd/ui"

// deeds are what a page says after an act that led to it. The address names
// the deed, so that no text of a stranger's gets onto a page.
var deeds = map[string]ui.Notice{
	"processed":   {Tone: ui.Good, Text: "The payout is on its way."},
	"cancelled":   {Tone: ui.Good, Text: "Cancelled."},
	"stated":      {Tone: ui.Good, Text: "Your statement was added."},
	"asked":       {Tone: ui.Good, Text: "The provider was asked; this is what is known now."},
	"booked":      {Tone: ui.Good, Text: "Booked; it stands in the ledger."},
	"moderated":   {Tone: ui.Good, Text: "On moderation: nothing more is done automatically."},
	"released":    {Tone: ui.Good, Text: "The request goes on."},
	"resolved":    {Tone: ui.Good, Text: "The conflict is resolved."},
	"resent":      {Tone: ui.Good, Text: "The webhook is sent again."},
	"saved":       {Tone: ui.Good, Text: "Saved."},
	"second":      {Tone: ui.Good, Text: "Saved; your other sessions have ended."},
	"reset":       {Tone: ui.Good, Text: "Reset: the password alone lets them in now, and their sessions have ended."},
	"made":        {Tone: ui.Good, Text: "The payout request was made.", Hint: "Look it over, then process it: until then nothing is sent."},
	"link":        {Tone: ui.Good, Text: "The link was made.", Hint: "Give it to the recipient. You can look it up here until it is used."},
	"connected":   {Tone: ui.Good, Text: "Connected.", Hint: "Try a test call, then put money on its deposit accounts."},
	"merchant":    {Tone: ui.Good, Text: "The merchant was made.", Hint: "Connect a provider account for it."},
	"deleted":     {Tone: ui.Good, Text: "Deleted."},
	"erased":      {Tone: ui.Good, Text: "Erased for good."},
	"removed":     {Tone: ui.Good, Text: "Removed; nothing more is sent there."},
	"revoked":     {Tone: ui.Good, Text: "Revoked: whoever calls with it is refused."},
	"explained":   {Tone: ui.Good, Text: "Your explanation was kept; the difference is told apart from now on."},
	"asked-books": {Tone: ui.Good, Text: "The provider was asked; this is how the books stand now."},
	"compared":    {Tone: ui.Good, Text: "Compared; how the books stand is kept among the runs."},
	"gone":        {Tone: ui.Warn, Text: "That statement waits here no longer.", Hint: "Choose the file again. Whether it was loaded stands among the runs; loading it again does nothing twice."},
	"ended":       {Tone: ui.Good, Text: "The session has ended."},
	"others":      {Tone: ui.Good, Text: "Your other sessions have ended."},
	"closed":      {Tone: ui.Good, Text: "The breaker is closed: new payouts leave by this account again."},
	"forced":      {Tone: ui.Good, Text: "The breaker is open: nothing is sent by this account until somebody closes it."},
	"password":    {Tone: ui.Good, Text: "Your password was changed; your other sessions have ended."},
}

// done is the notice of the deed in the address, if there is one.
func done(v *visit) []ui.Notice {
	if n, ok := deeds[v.Query("done")]; ok {
		return []ui.Notice{n}
	}
	return nil
}

// after leads from an act to the page that shows its effect.
func after(path, deed string) string { return path + "?done=" + deed }
