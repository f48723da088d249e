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
		b := d.Engine.BreakerOf(v.scope, a)
		switch {
		case b.State == engine.BreakerOpen, b.State == engine.BreakerForced, a.Health == engine.Down:
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
		b := d.Engine.BreakerOf(v.scope, a)
		row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: a.Label, Href: v.at("/accounts/" + a.ID)}}, {Text: a.Provider}, {Badge: answersBadge(b)}, {Badge: stateBadge(a.Disabled, a.Archived, a.Health)}, {At: b.LastGood}}}
		if trouble(a) < 2 {
			row.Tone = ui.Warn
		}
		out.Table.Rows = append(out.Table.Rows, row)
	}
	return out, nil
}
