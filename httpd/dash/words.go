package dash

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/httpd/ui"
)

// stageWords are the statuses of a request. A test holds the table whole.
var stageWords = map[payout.Stage]ui.Badge{
	payout.Draft:       {Text: "Draft", Tone: ui.Wait},
	payout.Ready:       {Text: "Ready", Tone: ui.Wait},
	payout.Dispatching: {Text: "Dispatching", Tone: ui.Move},
	payout.InHand:      {Text: "Pending", Tone: ui.Move},
	payout.AllPaid:     {Text: "Paid", Tone: ui.Good},
	payout.SomePaid:    {Text: "Partly paid", Tone: ui.Warn},
	payout.NonePaid:    {Text: "Failed", Tone: ui.Bad},
	payout.Expired:     {Text: "Expired", Tone: ui.Off},
	payout.Withdrawn:   {Text: "Cancelled", Tone: ui.Off},
	payout.GivenBack:   {Text: "Returned", Tone: ui.Bad},
}

// statusWords are the statuses of a payout.
var statusWords = map[payout.Status]ui.Badge{
	payout.Queued:     {Text: "Queued", Tone: ui.Wait},
	payout.Sending:    {Text: "Sending", Tone: ui.Move},
	payout.Uncertain:  {Text: "Uncertain", Tone: ui.Warn},
	payout.Pending:    {Text: "Pending", Tone: ui.Move},
	payout.Paid:       {Text: "Paid", Tone: ui.Good},
	payout.PartlyPaid: {Text: "Partly paid", Tone: ui.Warn},
	payout.Failed:     {Text: "Failed", Tone: ui.Bad},
	payout.Cancelled:  {Text: "Cancelled", Tone: ui.Off},
	payout.Returned:   {Text: "Returned", Tone: ui.Bad},
}

// eventWords say what happened, by the word of a line of a request's history.
var eventWords = map[string]string{
	"created": "Created", "queued": "Payout made, money held", "annotated": "Annotated", "customer": "Given to a customer", "method_saved": "Method saved",
	"moderation_required": "Stopped: a person has to decide", "attention": "A person should look", "conflict": "Conflict: nothing was overwritten",
	"recovered": "Found at the provider", "asked_again": "Asked for again", "conflict_resolved": "Conflict resolved", "moderated": "Let go on by a person",
	"no_route": "No route", "waits_for_money": "Waits for money",

	string(payout.Edited): "Changed", string(payout.Approved): "Confirmed", string(payout.Issued): "Dispatched", string(payout.Routed): "No way was found", string(payout.Moved): "Moved on",
	string(payout.Revoked): "Cancelled", string(payout.TimedOut): "Expired",

	string(payout.Claimed): "Sent to the provider", string(payout.Doubtful): "May have been sent before", string(payout.Lapsed): "No answer was stored",
	string(payout.Unheard): "No usable answer", string(payout.Accepted): "Provider has it", string(payout.Whole): "Paid in full", string(payout.Part): "Paid in part",
	string(payout.Refusal): "Refused", string(payout.Doubted): "Refused, not believed yet", string(payout.Withheld): "Refused, waits for a person", string(payout.Late): "Late refusal, noted",
	string(payout.Missing): "Provider doesn't know it", string(payout.Early): "Provider doesn't know it yet", string(payout.CameBack): "Money came back",
	string(payout.Cancel): "Cancelled", string(payout.AfterAll): "Paid after all",
}

// eventWord is what a line says. One of a newer engine shows its own word.
func eventWord(what string) string {
	if w, ok := eventWords[what]; ok {
		return w
	}
	return sentenceCase(what)
}

// speakers are who says something about a payout.
var speakers = map[string]string{
	string(payout.FromSend): "Provider's answer", string(payout.FromLookup): "Provider, asked", string(payout.FromNotice): "Provider's notification", string(payout.FromReport): "Provider's report",
	string(payout.FromPerson): "A person", "penstock": "penstock",
}

func sentenceCase(word string) string {
	word = strings.ReplaceAll(word, "_", " ")
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

func stageBadge(s payout.Stage) *ui.Badge {
	b, ok := stageWords[s]
	if !ok {
		b = ui.Badge{Text: sentenceCase(string(s)), Tone: ui.Off}
	}
	return &b
}

func statusBadge(s payout.Status) *ui.Badge {
	b, ok := statusWords[s]
	if !ok {
		b = ui.Badge{Text: sentenceCase(string(s)), Tone: ui.Off}
	}
	return &b
}

// amount is money for people: digits in groups of three, all decimals.
func amount(a money.Amount) *ui.Money {
	if !a.IsSet() {
		return nil
	}
	return &ui.Money{Text: grouped(a.Decimal()), Currency: a.Currency().Code()}
}

func grouped(decimal string) string {
	sign := ""
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "\u2212", decimal[1:]
	}
	whole, rest, pointed := strings.Cut(decimal, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	if pointed {
		b.WriteByte('.')
		b.WriteString(rest)
	}
	return b.String()
}

// methodName is a method for people.
func methodName(form string) string {
	if m, ok := service.FindMethod(form); ok {
		return m.Label
	}
	return form
}

// stars are what a mask leaves out.
var stars = regexp.MustCompile(`\*+`)

// payee is the account of a request in one short, masked line.
func payee(r *engine.Request) string {
	if last := r.Masked["last4"]; last != "" {
		return "\u2022\u2022\u2022\u2022 " + last
	}
	for _, key := range []string{"iban", "card_number", "bank_account_number", "account_number", "account", "email", "telephone_number", "pix_key", "paypal_id", "psp_token"} {
		if v := r.Masked[key]; v != "" {
			return stars.ReplaceAllString(v, "\u2022\u2022\u2022\u2022")
		}
	}
	return ""
}

// short is how long something takes, for people.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return count(int(d/(24*time.Hour)), "day")
}

// count is "1 request", "2 requests".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%s %ss", grouped(fmt.Sprint(n)), what)
}
