package dash

import "penstock/httpd/ui"

// deeds are what a page says after an act that led to it. The address names
// the deed, so that no text of a stranger's gets onto a page.
var deeds = map[string]ui.Notice{
	"processed": {Tone: ui.Good, Text: "The payout is on its way."},
	"cancelled": {Tone: ui.Good, Text: "Cancelled."},
	"stated":    {Tone: ui.Good, Text: "Your statement was added."},
	"asked":     {Tone: ui.Good, Text: "The provider was asked; this is what is known now."},
	"booked":    {Tone: ui.Good, Text: "Booked; it stands in the ledger."},
	"moderated": {Tone: ui.Good, Text: "On moderation: nothing more is done automatically."},
	"released":  {Tone: ui.Good, Text: "The request goes on."},
	"resolved":  {Tone: ui.Good, Text: "The conflict is resolved."},
	"resent":    {Tone: ui.Good, Text: "The webhook is sent again."},
	"saved":     {Tone: ui.Good, Text: "Saved."},
	"password":  {Tone: ui.Good, Text: "Your password was changed; your other sessions have ended."},
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
