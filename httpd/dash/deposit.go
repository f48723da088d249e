package dash

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

func depositBadge(d *engine.Deposit) *ui.Badge { return stateBadge(d.Disabled, d.Archived, d.Health) }

// stateBadge is whether something may be used, and how it is.
func stateBadge(disabled, archived bool, health string) *ui.Badge {
	switch {
	case archived:
		return &ui.Badge{Text: "Archived", Tone: ui.Off}
	case disabled:
		return &ui.Badge{Text: "Disabled", Tone: ui.Off}
	case health == engine.Down:
		return &ui.Badge{Text: "Down", Tone: ui.Bad}
	case health == engine.Degraded:
		return &ui.Badge{Text: "Degraded", Tone: ui.Warn}
	case health == engine.NotKnown:
		return &ui.Badge{Text: "Unknown", Tone: ui.Wait}
	}
	return &ui.Badge{Text: "Operational", Tone: ui.Good}
}

// listDeposits shows where money is.
func (d *Dash) listDeposits(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Deposits(ctx, v.scope)
	if err != nil {
		return wire.Reply{}, err
	}
	// Those that money has moved on come first.
	slices.SortStableFunc(all, func(a, b engine.DepositView) int {
		used := func(d *engine.DepositView) bool { return d.Balance.Held != 0 || d.Balance.Paid != 0 }
		if used(&a) != used(&b) {
			return pick(used(&a), -1, 1)
		}
		return strings.Compare(a.Name, b.Name)
	})
	currency, archived := v.Query("currency"), v.Query("state") == "archived"
	t := ui.Table{Name: "Deposit accounts", Cols: []ui.Col{
		{Name: "Deposit account", Place: ui.Under}, {Name: "Provider", Place: ui.Aside}, {Name: "Available", Place: ui.Lead, Right: true},
		{Name: "Held", Place: ui.Plain, Right: true}, {Name: "Paid", Place: ui.Plain, Right: true}, {Name: "State", Place: ui.Side},
	}}
	currencies := map[string]bool{}
	for i := range all {
		a := &all[i]
		currencies[a.Currency.Code()] = true
		if a.Archived != archived || currency != "" && currency != a.Currency.Code() {
			continue
		}
		row := ui.Row{Cells: []ui.Cell{
			{Link: &ui.Link{Text: a.Name, Href: v.at("/deposits/" + a.ID)}}, {Text: a.Provider}, {Money: amount(a.Balance.Of(ledger.Available))},
			{Money: someMoney(a.Balance.Of(ledger.Held))}, {Money: someMoney(a.Balance.Of(ledger.Paid))}, {Badge: depositBadge(&a.Deposit)},
		}}
		if !a.Disabled && a.Spendable.IsZero() {
			row.Tone = ui.Warn
		}
		t.Rows = append(t.Rows, row)
	}
	options := []ui.Option{{Text: "Any"}}
	for _, c := range sortedKeys(currencies) {
		options = append(options, ui.Option{Value: c, Text: c, On: c == currency})
	}
	f := &ui.Filter{Action: v.at("/deposits"), Fields: []ui.Field{
		{Name: "currency", Label: "Currency", Type: "select", Options: options},
		{Name: "state", Label: "State", Type: "select", Options: []ui.Option{{Text: "In use"}, {Value: "archived", Text: "Archived", On: archived}}},
	}}
	page := ui.List{Filter: f, Table: t, Pager: &ui.Pager{Text: count(len(t.Rows), "deposit account")},
		Empty: ui.Empty{Title: "No deposit account", Text: "Connecting a provider account makes its deposit accounts, one for each currency:", Lines: []string{"penstock connector add --help"}}}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Deposit accounts"}, page)
}

// someMoney is an amount, or nothing where there is none.
func someMoney(a money.Amount) *ui.Money {
	if a.IsZero() {
		return nil
	}
	return amount(a)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// deposit is the one in the address.
func (d *Dash) deposit(ctx context.Context, v *visit) (*engine.DepositView, error) {
	return d.Engine.Deposit(ctx, v.scope, v.Param("deposit"))
}

func depositHead(v *visit, a *engine.DepositView, tab string) ui.Head {
	m := amount(a.Balance.Of(ledger.Available))
	h := ui.Head{Crumbs: []ui.Link{{Text: "Deposit accounts", Href: v.at("/deposits")}}, Title: m.Text, Unit: m.Currency, Badge: depositBadge(&a.Deposit),
		ID: engine.PrefixDeposit + a.ID, Lead: a.Name + ", available now"}
	at := v.at("/deposits/" + a.ID)
	if v.who.May(engine.PermitFund) && !a.Archived {
		h.Actions = []ui.Action{{Text: "Top up", Icon: "plus", Main: true, Href: at + "/topup"}, {Text: "Adjust", Icon: "note", Href: at + "/adjust"}}
	}
	if v.who.May(engine.PermitConnect) {
		h.Actions = append(h.Actions, ui.Action{Text: "Edit", Href: at + "/edit"})
	}
	h.Tabs = []ui.Link{{Text: "Ledger", Href: at, On: tab == ""}, {Text: "General", Href: at + "/general", On: tab == "general"}}
	return h
}

// postingWords are what a line of a ledger records.
var postingWords = map[ledger.Kind]string{
	ledger.KindTopUp: "Top-up", ledger.KindHold: "Held for a payout", ledger.KindRelease: "Released", ledger.KindSettle: "Paid out", ledger.KindReturn: "Came back",
	ledger.KindAdjust: "Adjustment", ledger.KindFee: "Provider's fee", ledger.KindLate: "Paid after all",
}

func (d *Dash) showLedger(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.deposit(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	before, _ := strconv.ParseUint(v.Query("before"), 10, 64) // what is no number is the newest page
	lines, err := d.Engine.Postings(ctx, v.scope, a.ID, before, v.size()+1)
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/deposits/" + a.ID)
	p := &ui.Pager{Text: count(min(len(lines), v.size()), "entry")}
	if len(lines) > 1 || len(lines) == 0 {
		p.Text = strings.Replace(p.Text, "entrys", "entries", 1)
	}
	if before > 0 {
		p.Newest = at
	}
	if len(lines) > v.size() {
		lines = lines[:v.size()]
		p.Older = at + "?before=" + fmt.Sprint(lines[v.size()-1].Seq)
	}
	t := ui.Table{Name: "Ledger, newest first", Cols: []ui.Col{
		{Name: "Time", Place: ui.Aside}, {Name: "Entry", Place: ui.Lead}, {Name: "For", Place: ui.Under}, {Name: "Available", Place: ui.Side, Right: true}, {Name: "Held", Place: ui.Plain, Right: true},
		{Name: "Paid", Place: ui.Plain, Right: true}, {Name: "Fee", Place: ui.Plain, Right: true}, {Name: "Available after it, " + a.Currency.Code(), Place: ui.Plain, Right: true},
	}}
	for i := range lines {
		t.Rows = append(t.Rows, postingRow(v, &lines[i], names))
	}
	chart, err := d.balanceChart(ctx, v, a)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.Ledger{Chart: chart, Sums: d.sums(ctx, v, a), Table: t, Pager: p, Filter: &ui.Filter{Action: at, Submit: "Show", Fields: []ui.Field{{Name: "day", Label: "Balance at the end of (UTC)", Type: "date", Value: v.Query("day")}}}}
	return d.show(ctx, v, 200, "ledger", depositHead(v, a, ""), page)
}

// sums are how the ledger stands, now or at the end of the day asked for.
func (d *Dash) sums(ctx context.Context, v *visit, a *engine.DepositView) ui.Facts {
	b, title := a.Balance, "Balance now"
	spendable := ui.Fact{Name: "A payout may take", Money: amount(a.Spendable)}
	if day, err := time.Parse(time.DateOnly, v.Query("day")); err == nil {
		if then, err := d.Engine.BalanceAt(ctx, v.scope, a.ID, day.AddDate(0, 0, 1).Add(-time.Microsecond)); err == nil {
			b, title, spendable = then, "Balance at the end of "+day.Format("2 Jan 2006")+" UTC", ui.Fact{}
		}
	}
	// Sources stand in the ledger with a minus; here they read as what was put in.
	in := func(account ledger.Account) *ui.Money {
		n, err := b.Of(account).Neg()
		if err != nil {
			n = b.Of(account)
		}
		return amount(n)
	}
	f := ui.Facts{Title: title, List: []ui.Fact{
		{Name: "Available", Money: amount(b.Of(ledger.Available))}, {Name: "Held for payouts", Money: amount(b.Of(ledger.Held))}, {Name: "Paid out", Money: amount(b.Of(ledger.Paid))},
		{Name: "Fees", Money: amount(b.Of(ledger.Fee))}, {Name: "Put in", Money: in(ledger.TopUp)}, {Name: "Adjusted", Money: in(ledger.Adjustment)}, {Name: "Came back", Money: in(ledger.Returned)},
	}}
	if spendable.Name != "" {
		f.List = append(f.List, spendable)
		if st := a.Standing; st != nil {
			f.List = append(f.List, ui.Fact{Name: "By the provider, " + st.At.UTC().Format("2 Jan 15:04") + " UTC", Money: amount(st.Theirs)}, ui.Fact{Name: "Not explained by the ledger", Money: amount(st.Difference)})
		}
	}
	return f
}

func postingRow(v *visit, p *ledger.Posting, names map[string]string) ui.Row {
	change := map[ledger.Account]int64{}
	for _, e := range p.Entries {
		change[e.Account] = e.Minor
	}
	word := postingWords[p.Kind]
	if word == "" {
		word = sentenceCase(string(p.Kind))
	}
	what := ui.Cell{Text: word, Below: p.Cause.Text}
	cause := ui.Cell{Text: actor(p.Cause.By, names)}
	if p.Cause.Request != "" {
		cause = ui.Cell{Mono: true, Link: &ui.Link{Text: shortID(p.Cause.Payout), Href: payoutPath(v, p.Cause.Payout)}}
	}
	after := amount(p.After.Of(ledger.Available))
	after.Currency = ""
	cells := []ui.Cell{{At: p.At}, what, cause}
	for _, account := range []ledger.Account{ledger.Available, ledger.Held, ledger.Paid, ledger.Fee} {
		cells = append(cells, ui.Cell{Money: signed(change[account], p.Currency)})
	}
	return ui.Row{Cells: append(cells, ui.Cell{Money: after})}
}

func (d *Dash) showDeposit(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.deposit(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	general := ui.Facts{Title: "General", List: []ui.Fact{
		{Name: "Name", Text: a.Name}, {Name: "Description", Text: a.Description}, {Name: "ID", Text: engine.PrefixDeposit + a.ID, Mono: true, Copy: true},
		{Name: "External ID", Text: a.ExternalID, Mono: true}, {Name: "Provider", Text: a.Provider}, {Name: "Provider account", Text: a.Account, Mono: true, Link: &ui.Link{Text: a.Account, Href: v.at("/accounts/" + a.Account)}},
		{Name: "State", Badge: depositBadge(&a.Deposit)}, {Name: "Created", At: a.Created}, {Name: "Changed", At: a.Changed},
	}}
	limits := ui.Facts{Title: "Limits", List: []ui.Fact{
		{Name: "Minimal balance", Money: amount(a.MinBalance), Hint: "stays on the account"}, {Name: "Overdraft", Money: amount(a.Overdraft), Hint: "may be spent beyond it"},
		{Name: "Turnover a day (UTC)", Money: amount(a.Turnover)}, {Name: "Left today", Money: amount(a.Spent)},
		{Name: "Prevent failure", Text: yesNo(a.PreventFailure), Hint: "a refusal waits until a person has confirmed it"},
	}}
	return d.show(ctx, v, 200, "request", depositHead(v, a, "general"), ui.Requested{Left: []ui.Facts{general}, Right: []ui.Facts{limits}})
}
