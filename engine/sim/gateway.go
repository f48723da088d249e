package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/engine/routing"
)

// gateway is the part of a story in which requests find their own way: several
// provider accounts, limits, schemes, rates, splitting, failover, a queue for
// money. It draws from a stream of its own, so that a story without it is the
// same story. Half of the stories have it, at their first merchant.
//
// What people have set is written down here beside the engine, with the times,
// so that a payout is judged by what was so when it was made and not by what
// the engine says was so.
type gateway struct {
	s      *story
	draw   *rand.Rand
	me     engine.Caller
	steady bool // nobody sets the clock, so that times can be compared
	queue  bool // what lacks money waits
	dirty  bool // the power went while a setting was changed: it has to be read again
	point  string
	scheme string
	since  time.Time // what was made before is not judged: the store was brought back

	routes   map[string]*route
	deposits map[string]*deposit
	accounts map[string]*track[bool] // switched off, or down
	apart    map[string]bool         // accounts that are not with the first provider
	rules    map[string]*track[rule] // by service
	rates    fx.Scheme
	sheets   track[*fx.Book]
	quotes   []fx.Quote

	asked     map[string]*asking     // by idempotency key
	owner     map[string]string      // by payout key, the request that it is of
	limits    map[string]int         // by request, the highest attempts limit that it has had
	partly    map[string]bool        // requests of which a person has said that less will do, or that wants them no more
	ends      map[string]engine.View // by request, as it was when it had ended
	read      map[string][2]int      // by request, up to which line it has been judged
	postings  map[string]uint64      // by deposit, up to which posting it has been judged
	explained map[string]int         // by request, how many payouts were judged
}

// rule is what a service's tree does: it rejects what is larger, or all.
type rule struct {
	block int64 // in minor units of the request; zero: nothing
	over  money.Currency
}

var sums = []string{"USD", "EUR", "JPY", "KWD"}

func newGateway(s *story, seed uint64) *gateway {
	g := &gateway{s: s, draw: rand.New(rand.NewPCG(seed, 5)), routes: map[string]*route{}, deposits: map[string]*deposit{}, accounts: map[string]*track[bool]{}, apart: map[string]bool{},
		rules: map[string]*track[rule]{}, asked: map[string]*asking{}, owner: map[string]string{}, limits: map[string]int{}, partly: map[string]bool{},
		ends: map[string]engine.View{}, read: map[string][2]int{}, postings: map[string]uint64{}, explained: map[string]int{}}
	if g.draw.IntN(2) == 0 {
		return nil
	}
	g.steady, g.queue = g.draw.IntN(4) != 0, g.draw.IntN(2) == 0
	return g
}

func one[T any](g *gateway, list ...T) T { return list[g.draw.IntN(len(list))] }

func (g *gateway) chance(percent int) bool { return g.draw.IntN(100) < percent }

// open connects two more provider accounts and arranges what payouts need.
func (g *gateway) open(me engine.Caller) error {
	w := g.s.w
	g.me = me
	m, err := w.Engine.Merchant(w.Ctx, me.Merchant)
	if err != nil {
		return err
	}
	g.point = m.Point
	var in []money.Currency
	for _, code := range sums {
		in = append(in, money.MustCurrency(code))
	}
	if _, err := w.Engine.UpdatePoint(w.Ctx, me, g.point, engine.PointEdit{Currencies: in}, nil); err != nil {
		return err
	}
	if err := g.closeFirst(); err != nil {
		return err
	}
	for _, name := range []string{"north", "south"} {
		side, err := w.addSide(name, g.draw.IntN(len(natures)))
		if err != nil {
			return err
		}
		if err := g.trouble(side); err != nil {
			return err
		}
		n := engine.NewAccount{Provider: engine.SandboxName, Label: name, BaseURL: side.url, Currencies: in}
		if _, err := w.Engine.ConnectAccount(w.Ctx, me, n, nil); err != nil {
			return err
		}
	}
	if err := g.survey(); err != nil {
		return err
	}
	return g.arrange()
}

// closeFirst takes the test services away from the account that is there by
// itself, whose money never ends.
func (g *gateway) closeFirst() error {
	w, off := g.s.w, true
	dinars := engine.NewRequest{Dialect: "standard", Amount: money.New(1000, money.MustCurrency("KWD")), Service: "test_kwd", Confirm: true,
		Beneficiary: engine.Beneficiary{Kind: "test", Form: "test", Details: connector.Details{"account": "success"}}}
	v, err := w.Engine.Create(w.Ctx, g.me, dinars, nil) // it opens a route on its way
	if err != nil {
		return err
	}
	if _, err := w.Engine.Cancel(w.Ctx, g.me, engine.PrefixRequest, engine.PrefixRequest+v.ID, nil); err != nil {
		return err
	}
	list, err := w.Engine.Routes(w.Ctx, g.me.Scope)
	if err != nil {
		return err
	}
	for _, r := range list {
		if slices.Contains(services, r.Service) {
			if _, err := w.Engine.UpdateRoute(w.Ctx, g.me, r.ID, engine.RouteEdit{Disabled: &off}, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

var services = []string{"test_usd", "test_eur", "test_jpy", "test_kwd"}

// survey writes down what stands there: at the beginning, and where nobody
// knows what a change has become.
func (g *gateway) survey() error {
	w, now := g.s.w, g.s.w.Clock.Now()
	accounts, err := w.Engine.Accounts(w.Ctx, g.me.Scope)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		t := g.accounts[a.ID]
		if t == nil {
			t = &track[bool]{}
			g.accounts[a.ID] = t
			g.apart[a.ID] = slices.ContainsFunc(w.sides, func(s *side) bool { return s.url == a.BaseURL })
		}
		t.set(now, a.Disabled || a.Archived || a.Health == engine.Down)
	}
	deposits, err := w.Engine.Deposits(w.Ctx, g.me.Scope)
	if err != nil {
		return err
	}
	for i := range deposits {
		d := &deposits[i].Deposit
		if g.deposits[d.ID] == nil {
			g.deposits[d.ID] = &deposit{account: d.Account, in: d.Currency}
		}
		g.deposits[d.ID].note(now, d)
	}
	routes, err := w.Engine.Routes(w.Ctx, g.me.Scope)
	if err != nil {
		return err
	}
	for i := range routes {
		r := &routes[i]
		if g.routes[r.ID] == nil {
			g.routes[r.ID] = &route{service: r.Service, deposit: r.Deposit, account: r.Account, in: r.Currency}
		}
		g.routes[r.ID].note(now, r)
	}
	if g.scheme != "" {
		if err := g.surveyTrees(now); err != nil {
			return err
		}
	}
	return g.surveySheets(now)
}

func (g *gateway) surveyTrees(now time.Time) error {
	w := g.s.w
	scheme, err := w.Engine.Scheme(w.Ctx, g.me.Scope, g.scheme)
	if err != nil {
		return err
	}
	for _, code := range services {
		g.rule(code).set(now, ruleIn(scheme.Trees[code].Tree))
	}
	return nil
}

func (g *gateway) rule(service string) *track[rule] {
	if g.rules[service] == nil {
		g.rules[service] = &track[rule]{}
	}
	return g.rules[service]
}

func (g *gateway) surveySheets(now time.Time) error {
	sheets, err := g.s.w.Engine.Sheets(g.s.w.Ctx)
	if err != nil {
		return err
	}
	book, err := fx.NewBook(sheets...)
	if err != nil {
		return err
	}
	g.sheets.set(now, book)
	return nil
}

// arrange gives each account its money, and draws limits, a scheme, rates.
func (g *gateway) arrange() error {
	w := g.s.w
	if err := g.publish(); err != nil {
		return err
	}
	name := "of the story"
	scheme, err := w.Engine.CreateScheme(w.Ctx, g.me, engine.SchemeEdit{Name: &name}, nil)
	if err != nil {
		return err
	}
	g.scheme = scheme.ID
	edit := engine.PointEdit{Scheme: &g.scheme, Queue: &g.queue}
	g.rates = fx.System()
	if g.chance(50) {
		g.rates = fx.Scheme{Name: "with a fee", Fallback: true, Rules: []fx.Rule{{ID: "fee", Base: money.MustCurrency("EUR"), Quote: money.MustCurrency("USD"),
			Resource: fx.ResourceFixed, Kind: fx.Fixed, FeeRate: fx.MustDecimal("-1.5"), FeeFix: fx.MustDecimal("0.00125")}}}
		rs, err := w.Engine.SaveRates(w.Ctx, g.me, "", engine.RatesEdit{Name: &g.rates.Name, Fallback: &g.rates.Fallback, Rules: g.rates.Rules}, nil)
		if err != nil {
			return err
		}
		edit.RateScheme = &rs.ID
	}
	if _, err := w.Engine.UpdatePoint(w.Ctx, g.me, g.point, edit, nil); err != nil {
		return err
	}
	for _, id := range g.purses() {
		if err := g.fund(id, one(g, int64(0), 30_000, 100_000, 1_000_000)); err != nil {
			return err
		}
	}
	for range 10 {
		if err := g.setting(); err != nil {
			return err
		}
	}
	return nil
}

// others are the two accounts, in their order.
func (g *gateway) others() (ids []string) {
	for id, apart := range g.apart {
		if apart {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// purses are the deposit accounts of the two accounts, in their order.
func (g *gateway) purses() (ids []string) {
	for id, d := range g.deposits {
		if g.apart[d.account] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// ways are the routes of the test services by the two accounts.
func (g *gateway) ways() (ids []string) {
	for id, r := range g.routes {
		if slices.Contains(services, r.service) && g.apart[r.account] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// fund leaves so much on a deposit account.
func (g *gateway) fund(id string, left int64) error {
	w := g.s.w
	d, err := w.Engine.Deposit(w.Ctx, g.me.Scope, id)
	if err != nil || d.Balance.Available == left {
		return err
	}
	_, err = w.Engine.Adjust(w.Ctx, g.me, id, money.New(left-d.Balance.Available, d.Currency), "what is there", nil)
	return err
}

// publish is a source's new rates.
func (g *gateway) publish() error {
	w := g.s.w
	eur := money.MustCurrency("EUR")
	sheet := fx.Sheet{Resource: fx.ResourceFixed, At: w.Clock.Now()}
	for _, row := range []struct {
		code string
		of   int64 // in ten thousandths
	}{{"USD", 10_000 + g.draw.Int64N(3_000)}, {"JPY", 1_400_000 + g.draw.Int64N(400_000)}, {"KWD", 3_100 + g.draw.Int64N(500)}} {
		if row.code == "KWD" && len(g.sheets) == 0 && g.chance(30) {
			continue // a pair that nobody has, for now
		}
		rate := fx.MustRate(fmt.Sprintf("%d.%04d", row.of/10_000, row.of%10_000))
		sheet.Pairs = append(sheet.Pairs, fx.Pair{Base: eur, Quote: money.MustCurrency(row.code), Ask: rate, Bid: rate})
	}
	return g.change(func() error {
		if _, err := w.Engine.ImportSheet(w.Ctx, g.me, sheet); err != nil {
			return err
		}
		return g.surveySheets(w.Clock.Now())
	})
}

// change makes a change of the settings, at a time of its own.
func (g *gateway) change(fn func() error) error {
	g.s.w.Clock.Advance(time.Millisecond)
	err := fn()
	var refused *engine.Error
	if err != nil && (!errors.As(err, &refused) || refused.Code == engine.CodeUnknown) {
		g.dirty = true
	}
	g.s.w.Clock.Advance(time.Millisecond)
	return harmless(err)
}

// tree is a tree for a service, and what it rejects.
func (g *gateway) tree(service string) (routing.Tree, rule, error) {
	var ways []string
	for _, id := range g.ways() {
		if g.routes[id].service == service {
			ways = append(ways, id)
		}
	}
	leaf := `{"strategies":[` + g.strategy(ways) + `,{"type":"optimal"}]}`
	text, r := leaf, rule{}
	switch n := g.draw.IntN(5); {
	case n == 0 && len(ways) > 0:
		r.block, r.over = one(g, int64(5_000), 15_000), money.MustCurrency(one(g, sums...))
		text = fmt.Sprintf(`{"if":{"all":[{"attribute":"currency","operator":"eq","value":%q},{"any":[{"attribute":"amount","operator":"gt","value":%q},{"attribute":"day_of_month","operator":"gt","value":31}]}]},"then":{"block":"too much"},"else":%s}`,
			r.over.Code(), money.New(r.block, r.over).Decimal(), leaf)
	case n == 1 && len(ways) > 1:
		text = fmt.Sprintf(`{"if":{"attribute":"attempt","operator":"eq","value":1},"then":{"strategies":[{"type":"direct","routes":[%q]},{"type":"balance"}]},"else":%s}`, one(g, ways...), leaf)
	case n == 2:
		text = fmt.Sprintf(`{"if":{"attribute":"metadata.rush","operator":"eq","value":"yes"},"then":{"strategies":[{"type":"cost"}]},"else":%s}`, leaf)
	}
	t, err := routing.Parse([]byte(text))
	return t, r, err
}

func (g *gateway) strategy(ways []string) string {
	if len(ways) < 2 {
		return `{"type":"optimal"}`
	}
	switch t := one(g, "optimal", "direct", "priority", "weight", "balance", "cost", "conversion"); t {
	case "direct":
		return fmt.Sprintf(`{"type":"direct","routes":[%q]}`, one(g, ways...))
	case "priority":
		return fmt.Sprintf(`{"type":"priority","routes":[%q,%q]}`, ways[1], ways[0])
	case "weight":
		return fmt.Sprintf(`{"type":"weight","routes":[{"route":%q,"weight":3},{"route":%q,"weight":1}]}`, ways[0], ways[1])
	default:
		return fmt.Sprintf(`{"type":%q}`, t)
	}
}

// ruleIn reads what a tree of this file rejects.
func ruleIn(t routing.Tree) rule {
	n := t.Root
	if n == nil || n.Then == nil || !n.Then.Block || len(n.If.All) != 2 {
		return rule{}
	}
	in := money.MustCurrency(n.If.All[0].Term.Value.Items[0].Text)
	a, err := money.Parse(n.If.All[1].Any[0].Term.Value.Items[0].Text, in)
	if err != nil {
		return rule{}
	}
	return rule{block: a.Minor(), over: in}
}
