package dash

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// exchanges are how a payout was spoken about over the wire, newest first: what
// the engine keeps of it, in which there is no account, person or key.
func exchanges(lines []engine.Line, p *payout.Payout) ui.Table {
	t := ui.Table{Name: "Exchange with the provider, newest first", Cols: []ui.Col{
		{Name: "Request", Place: ui.Lead}, {Name: "Answer", Place: ui.Side}, {Name: "Where", Place: ui.Under}, {Name: "It said", Place: ui.Plain}, {Name: "Took", Place: ui.Plain, Count: true}, {Name: "Bytes out", Place: ui.Plain, Count: true}, {Name: "Bytes in", Place: ui.Plain, Count: true}, {Name: "Time", Place: ui.Aside},
	}}
	for _, l := range slices.Backward(lines) {
		if l.On != p.N {
			continue
		}
		for i := range slices.Backward(l.Calls) {
			c := &l.Calls[i]
			more := ""
			if l.More > 0 {
				more = fmt.Sprintf("the latest of %d like it", l.More+1)
			}
			row := ui.Row{Cells: []ui.Cell{{Text: strings.TrimSpace(c.Method + " " + c.Path), Mono: true, Below: more}, {Badge: answerBadge(c.Status)}, {Text: c.Host}, {Text: or(c.Said, sentence(wire.Redact(c.Problem)))}, {Text: tookText(c.Took)}, {Text: bytesText(c.Sent)}, {Text: bytesText(c.Got)}, {At: c.At}}}
			if c.Status == 0 || c.Status >= 500 {
				row.Tone = ui.Warn
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func answerBadge(status int) *ui.Badge {
	b := &ui.Badge{Text: strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status))), Tone: ui.Good}
	switch {
	case status == 0:
		return &ui.Badge{Text: "No answer", Tone: ui.Bad}
	case status >= 500:
		b.Tone = ui.Bad
	case status >= 400:
		b.Tone = ui.Warn
	case status >= 300:
		b.Tone = ui.Off
	}
	return b
}

func tookText(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return short(max(d, time.Millisecond))
}

func bytesText(n int) string {
	if n == 0 {
		return ""
	}
	return grouped(fmt.Sprint(n))
}

// breakerWords are how new payouts are kept off an account that doesn't answer.
var breakerWords = map[engine.BreakerState]ui.Badge{
	engine.BreakerClosed:   {Text: "Closed", Tone: ui.Good},
	engine.BreakerOpen:     {Text: "Open", Tone: ui.Bad},
	engine.BreakerHalfOpen: {Text: "Half-open", Tone: ui.Warn},
}

// breakerFact is the state and what it means for new payouts.
func breakerFact(b engine.Breaker) ui.Fact {
	w := breakerWords[b.State]
	means := map[engine.BreakerState]string{engine.BreakerClosed: "payouts leave by it", engine.BreakerOpen: "new payouts pass by it", engine.BreakerHalfOpen: "the next payout tries it"}
	return ui.Fact{Name: "Breaker", Badge: &w, Hint: means[b.State]}
}

// answersBadge is how an account answers, in short.
func answersBadge(b engine.Breaker) *ui.Badge {
	switch {
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
// for new payouts.
func (d *Dash) answersBlock(v *visit, a *engine.ProviderAccount) ui.Block {
	b := d.Engine.Breaker(v.scope, a.ID)
	out := ui.Block{Title: "Answers of the provider", Badge: answersBadge(b),
		Lead:  "After 5 questions without a good answer the breaker opens: new payouts take another way where there is one, until it is tried again. What was sent is followed to its end as ever.",
		Facts: []ui.Fact{breakerFact(b), {Name: "Since", At: b.Since}, {Name: "Tried again from", At: b.Until}, {Name: "Latest problem", Text: sentence(wire.Redact(b.Why))}, {Name: "Without an answer, in a row", Text: grouped(fmt.Sprint(b.Fails))}, {Name: "Without an answer, since the start", Text: grouped(fmt.Sprint(b.Failures))}, {Name: "Last good answer", At: b.LastGood}, {Name: "Last without one", At: b.LastBad}}}
	if b.Since.IsZero() {
		out.Facts[1] = ui.Fact{Name: "Since", Text: "The start of the appliance"}
	}
	if b.State != engine.BreakerClosed && v.who.May(engine.PermitConnect) {
		out.Press = []ui.Press{{Text: "Close the breaker", Icon: "play", Href: v.at("/accounts/" + a.ID + "/breaker")}}
	}
	return out
}

// closeBreaker lets payouts leave by an account again, by a person's word.
func (d *Dash) closeBreaker(ctx context.Context, v *visit) (wire.Reply, error) {
	if _, err := d.Engine.CloseBreaker(ctx, v.caller(), v.Param("account"), nil); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/accounts/"+v.Param("account")), "closed")), nil
}

// maxAccounts is how many accounts the first page shows.
const maxAccounts = 8

// providersTable are the provider accounts, those in trouble first.
func (d *Dash) providersTable(ctx context.Context, v *visit) (ui.Section, error) {
	out := ui.Section{Title: "Providers", None: "No provider account is connected."}
	all, err := d.Engine.Accounts(ctx, v.scope)
	if err != nil {
		return out, err
	}
	all = slices.DeleteFunc(all, func(a engine.ProviderAccount) bool { return a.Archived })
	trouble := func(a *engine.ProviderAccount) int {
		b := d.Engine.Breaker(v.scope, a.ID)
		switch {
		case b.State == engine.BreakerOpen, a.Health == engine.Down:
			return 0
		case b.State == engine.BreakerHalfOpen, b.Fails > 0, a.Health == engine.Degraded:
			return 1
		case a.Disabled:
			return 3
		}
		return 2
	}
	slices.SortStableFunc(all, func(a, b engine.ProviderAccount) int { return trouble(&a) - trouble(&b) })
	out.Table = ui.Table{Name: out.Title, Cols: []ui.Col{{Name: "Provider account", Place: ui.Lead}, {Name: "Provider", Place: ui.Under}, {Name: "Answers", Place: ui.Side}, {Name: "State", Place: ui.Plain}, {Name: "Last good answer", Place: ui.Aside}}}
	for i := range all[:min(len(all), maxAccounts)] {
		a := &all[i]
		b := d.Engine.Breaker(v.scope, a.ID)
		row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: a.Label, Href: v.at("/accounts/" + a.ID)}}, {Text: a.Provider}, {Badge: answersBadge(b)}, {Badge: stateBadge(a.Disabled, a.Archived, a.Health)}, {At: b.LastGood}}}
		if trouble(a) < 2 {
			row.Tone = ui.Warn
		}
		out.Table.Rows = append(out.Table.Rows, row)
	}
	return out, nil
}
