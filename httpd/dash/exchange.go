package dash

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// maxReported is how many lines of statements are shown of one payout.
const maxReported = 50

// exchanges are how a payout was spoken about, newest first: calls by HTTP, files
// to and from a bank, notifications that came, and lines of statements that name
// it. What the engine keeps of it has no account, person or key in it.
func exchanges(lines []engine.Line, p *payout.Payout, reported []engine.ReportLine) ui.Table {
	t := ui.Table{Name: "Exchange with the provider, newest first", Cols: []ui.Col{
		{Name: "What", Place: ui.Lead}, {Name: "Answer", Place: ui.Side}, {Name: "Where", Place: ui.Under}, {Name: "It said", Place: ui.Plain}, {Name: "Took", Place: ui.Plain, Count: true}, {Name: "Bytes out", Place: ui.Plain, Count: true}, {Name: "Bytes in", Place: ui.Plain, Count: true}, {Name: "Time", Place: ui.Aside},
	}}
	for _, l := range slices.Backward(lines) {
		if l.On != p.N {
			continue
		}
		for i := range slices.Backward(l.Calls) {
			t.Rows = append(t.Rows, exchangeRow(&l.Calls[i], l.More))
		}
	}
	for i := range slices.Backward(reported) {
		t.Rows = append(t.Rows, reportedRow(&reported[i]))
	}
	slices.SortStableFunc(t.Rows, func(a, b ui.Row) int { return b.Cells[7].At.Compare(a.Cells[7].At) })
	return t
}

// exchangeRow is one exchange; more is how often its like took place before it.
func exchangeRow(c *connector.Call, more int) ui.Row {
	path := c.Path
	if c.Kind == connector.FileIn { // named by the bank
		path = wire.Redact(path)
	}
	what := ui.Cell{Text: strings.TrimSpace(c.Method + " " + path), Mono: true}
	if more > 0 {
		what.Below = fmt.Sprintf("the latest of %d like it", more+1)
	}
	where, answer := c.Host, answerBadge(c.Status)
	switch c.Kind {
	case connector.FileOut:
		where, answer = or(where, "A folder of this machine"), &ui.Badge{Text: "File placed", Tone: ui.Good}
		if c.Problem != "" {
			answer = &ui.Badge{Text: "Not known", Tone: ui.Bad}
		}
	case connector.FileIn:
		where, answer = or(where, "A folder of this machine"), &ui.Badge{Text: "File read", Tone: ui.Good}
	case connector.Told:
		where, answer = "They called us", &ui.Badge{Text: "Received", Tone: ui.Good}
	}
	row := ui.Row{Cells: []ui.Cell{what, {Badge: answer}, {Text: where}, {Text: or(c.Said, sentence(wire.Redact(c.Problem)))}, {Text: tookText(c.Took)}, {Text: bytesText(c.Sent)}, {Text: bytesText(c.Got)}, {At: c.At}}}
	if answer.Tone == ui.Bad {
		row.Tone = ui.Warn
	}
	return row
}

// reportedRow is a line of a statement that was loaded.
func reportedRow(l *engine.ReportLine) ui.Row {
	said := or(lineWords[l.Verdict], sentenceCase(string(l.Verdict)))
	if l.Amount.IsSet() {
		said += " " + grouped(l.Amount.Decimal()) + " " + l.Amount.Currency().Code()
	}
	answer := &ui.Badge{Text: "Booked", Tone: ui.Good}
	if !l.Booked {
		answer = &ui.Badge{Text: "Said", Tone: ui.Move}
	}
	return ui.Row{Cells: []ui.Cell{{Text: wire.Redact(source(l)), Mono: true, Below: doneWords[l.Done]}, {Badge: answer}, {Text: "Reconciliation"}, {Text: said}, {}, {}, {}, {At: l.Loaded}}}
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
