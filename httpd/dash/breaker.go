package dash

import (
	"context"
	"fmt"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// breakerWords are how new payouts are kept off an account that doesn't answer.
var breakerWords = map[engine.BreakerState]ui.Badge{
	engine.BreakerClosed:   {Text: "Closed", Tone: ui.Good},
	engine.BreakerOpen:     {Text: "Open", Tone: ui.Bad},
	engine.BreakerHalfOpen: {Text: "Half-open", Tone: ui.Warn},
	engine.BreakerForced:   {Text: "Opened by hand", Tone: ui.Bad},
}

// breakerFact is the state and what it means for new payouts.
func breakerFact(b engine.Breaker) ui.Fact {
	w := breakerWords[b.State]
	means := map[engine.BreakerState]string{engine.BreakerClosed: "payouts leave by it", engine.BreakerOpen: "new payouts pass by it", engine.BreakerHalfOpen: "the next payout tries it", engine.BreakerForced: "nothing is sent by it"}
	return ui.Fact{Name: "Breaker", Badge: &w, Hint: means[b.State]}
}

// answersBadge is how an account answers, in short.
func answersBadge(b engine.Breaker) *ui.Badge {
	switch {
	case b.State == engine.BreakerForced:
		return &ui.Badge{Text: "Opened by hand", Tone: ui.Bad}
	case b.State == engine.BreakerOpen:
		return &ui.Badge{Text: "Doesn't answer", Tone: ui.Bad}
	case b.State == engine.BreakerHalfOpen, b.Fails > 0:
		return &ui.Badge{Text: "Shaky", Tone: ui.Warn}
	case b.LastGood.IsZero():
		return &ui.Badge{Text: "Not asked yet", Tone: ui.Off}
	}
	return &ui.Badge{Text: "Answers", Tone: ui.Good}
}

// answersBlock is how an account's provider answers, and what follows from it
// for new payouts. names are those of people.
func (d *Dash) answersBlock(v *visit, a *engine.ProviderAccount, names map[string]string) ui.Block {
	b := d.Engine.BreakerOf(v.scope, a)
	out := ui.Block{Title: "Answers of the provider", Badge: answersBadge(b),
		Lead:  "After 5 questions without a good answer the breaker opens: new payouts take another way where there is one, until it is tried again. What was sent is followed to its end as ever.",
		Facts: []ui.Fact{breakerFact(b), {Name: "Since", At: b.Since}, {Name: "Tried again from", At: b.Until}, {Name: "Latest problem", Text: sentence(wire.Redact(b.Why))}, {Name: "Without an answer, in a row", Text: grouped(fmt.Sprint(b.Fails))}, {Name: "Without an answer, since the start", Text: grouped(fmt.Sprint(b.Failures))}, {Name: "Last good answer", At: b.LastGood}, {Name: "Last without one", At: b.LastBad}}}
	switch {
	case a.Forced != nil:
		out.Lead = "A person has opened the breaker: nothing is sent by this account until it is closed. New payouts take another way or are refused, what is queued waits, what was sent is followed to its end."
		out.Facts[2], out.Facts[3] = ui.Fact{Name: "Opened by", Text: actor(a.Forced.By, names)}, ui.Fact{Name: "Why", Text: or(sentence(wire.Redact(b.Why)), "No reason was given.")}
	case b.Since.IsZero():
		out.Facts[1] = ui.Fact{Name: "Since", Text: "The start of the appliance"}
	}
	if !v.who.May(engine.PermitConnect) {
		return out
	}
	at := v.at("/accounts/" + a.ID + "/breaker")
	if b.State != engine.BreakerClosed {
		out.Press = append(out.Press, ui.Press{Text: "Close the breaker", Icon: "play", Href: at})
	}
	return out
}

// openBreakerLink leads to the question whether nothing is to be sent any more.
func openBreakerLink(v *visit, a *engine.ProviderAccount) ui.Action {
	return ui.Action{Text: "Open the breaker", Icon: "close", Href: v.at("/accounts/" + a.ID + "/breaker/open")}
}

// closeBreaker lets payouts leave by an account again, by a person's word.
func (d *Dash) closeBreaker(ctx context.Context, v *visit) (wire.Reply, error) {
	if _, err := d.Engine.CloseBreaker(ctx, v.caller(), v.Param("account"), nil); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/accounts/"+v.Param("account")), "closed")), nil
}

func (d *Dash) askOpenBreaker(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.openBreakerPage(ctx, v, 200, "")
}

func (d *Dash) openBreakerPage(ctx context.Context, v *visit, status int, problem string) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/accounts/" + a.ID)
	head := ui.Head{Title: "Open the breaker?", Crumbs: []ui.Link{{Text: "Provider accounts", Href: v.at("/accounts")}, {Text: a.Label, Href: at}}}
	return d.show(ctx, v, status, "act", head, ui.Act{
		Text:  "Nothing is sent by this account from then on, until somebody closes the breaker. New payouts take another way, or are refused where there is none; what is queued for it waits. What was sent is followed to its end as ever.",
		Facts: []ui.Facts{{List: []ui.Fact{{Name: "Provider account", Text: a.Label}, {Name: "Provider", Text: a.Provider}, breakerFact(d.Engine.BreakerOf(v.scope, a))}}},
		Form: ui.Form{Action: at + "/breaker/open", Submit: "Open the breaker", Danger: true, Cancel: at,
			Fields: mark([]ui.Field{{Name: "why", Label: "Why", Type: "text", Auto: "off", Max: 200, Value: v.form.text("why")}}, "why", problem)}})
}

// openBreaker lets nothing be sent by an account any more.
func (d *Dash) openBreaker(ctx context.Context, v *visit) (wire.Reply, error) {
	why := v.form.text("why")
	switch {
	case wire.Redact(why) != why:
		return d.openBreakerPage(ctx, v, 422, "There is an account number or a key in it. Leave it out.")
	case len([]rune(why)) > 200:
		return d.openBreakerPage(ctx, v, 422, "At most 200 characters.")
	}
	if _, err := d.Engine.OpenBreaker(ctx, v.caller(), v.Param("account"), why, nil); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/accounts/"+v.Param("account")), "forced")), nil
}
