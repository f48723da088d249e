package dash

import (
	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/reconcile"
	"penstock/httpd/ui"
)

// classWords are how books can stand to each other. A test holds the table whole.
var classWords = map[reconcile.Class]ui.Badge{
	reconcile.TheirsOnly:    {Text: "Theirs only", Tone: ui.Bad},
	reconcile.Duplicate:     {Text: "Duplicate", Tone: ui.Bad},
	reconcile.AmountDiffers: {Text: "Amount differs", Tone: ui.Warn},
	reconcile.OursOnly:      {Text: "Ours only", Tone: ui.Warn},
	reconcile.Matched:       {Text: "Matched", Tone: ui.Good},
}

// whyWords say more about a finding than its class.
var whyWords = map[reconcile.Why]string{
	reconcile.Same:          "All books say the same.",
	reconcile.NoKey:         "Money moved there, and the line bears no name of ours.",
	reconcile.UnknownKey:    "The line names a payout that this account doesn't have.",
	reconcile.NotPaidHere:   "They booked it; by our books it wasn't paid.",
	reconcile.StillOpen:     "They booked it; by our books it is still under way.",
	reconcile.NotBooked:     "By our books it was paid; nothing of theirs names it.",
	reconcile.OnlySaid:      "They said that it was paid, and booked nothing.",
	reconcile.Refused:       "They said that it was refused; by our books it was paid.",
	reconcile.OnlyBack:      "They booked its return, and not its payment.",
	reconcile.Twice:         "Its payment is booked more than once.",
	reconcile.BackTwice:     "Its return is booked more than once.",
	reconcile.OtherAmount:   "Another amount was booked.",
	reconcile.OtherCurrency: "It was booked in another currency.",
	reconcile.NotBackHere:   "They booked a return that our books don't have.",
	reconcile.NotBackThere:  "Our books have a return that they didn't book.",
	reconcile.Ledger:        "Our record and our ledger differ.",
}

// nextSteps say what a person does first about a class.
var nextSteps = map[reconcile.Class]string{
	reconcile.TheirsOnly:    "Find out at the provider what left. If it is a payout of ours, add a statement to it; if it is none, explain it here.",
	reconcile.Duplicate:     "Ask the provider which of the bookings is real, and for the money of the other one. Explain it here once it is settled.",
	reconcile.AmountDiffers: "Compare it with the provider's own page: a fee, a rate, or a part that came back. Adjust the deposit account or explain it here.",
	reconcile.OursOnly:      "Load the statement of the days after it; a bank may book it later. If it never appears, ask the provider about it.",
	reconcile.Matched:       "Nothing has to be done.",
}

func classBadge(c reconcile.Class) *ui.Badge {
	b, ok := classWords[c]
	if !ok {
		b = ui.Badge{Text: sentenceCase(string(c)), Tone: ui.Warn}
	}
	return &b
}

func whyText(w reconcile.Why) string {
	if text, ok := whyWords[w]; ok {
		return text
	}
	return sentence(sentenceCase(string(w)))
}

// lineWords are what a line of theirs says.
var lineWords = map[connector.Verdict]string{
	connector.Unknown: "Unknown", connector.Accepted: "Accepted", connector.Paid: "Paid", connector.PartlyPaid: "Partly paid", connector.Rejected: "Refused",
	connector.Returned: "Returned", connector.Absent: "Not known there",
}

// doneWords are what a line meant to the payout that it names.
var doneWords = map[engine.Done]string{
	engine.DoneSettled: "Taken as the provider's word", engine.DoneKnown: "The payout stood so already", engine.DoneDiffers: "Not taken: it speaks of other money",
	engine.DoneForeign: "No payout of this account", engine.DoneNothing: "It says nothing about a payout",
}
