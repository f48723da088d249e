package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock/engine/fx"
	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/engine/service"
	"penstock/store"
)

// Pricing is how a payout's amount was made from its share of the request.
type Pricing struct {
	fx.Found
	Quote string `json:"quote,omitzero"` // the locked rate that was taken instead
}

// decide asks the request's tree where a payout leaves. A dry run asks the
// same way, so it tells what would happen.
func (e *Engine) decide(tx store.Tx, s Scope, now time.Time, r *Request, m payout.Move) (routing.Decision, *Pricing, error) {
	k, err := e.provisionFor(tx, s, now, r.Service, e.currency(r))
	if err != nil {
		return routing.Decision{}, nil, err
	}
	q := deliberation{e: e, tx: tx, s: s, k: k, now: now, r: r, m: m, prices: map[money.Currency]*Pricing{}}
	in, err := q.input()
	if err != nil {
		return routing.Decision{}, nil, err
	}
	d := e.decideAround(s, in)
	if d.Choice == nil {
		return d, nil, nil
	}
	price := q.prices[d.Choice.Amount.Currency()]
	if d.Choice.Amount.Currency() == r.Amount.Currency() {
		price = nil
	}
	return d, price, nil
}

// deliberation is one decision in the making.
type deliberation struct {
	e      *Engine
	tx     store.Tx
	s      Scope
	k      *catalog
	now    time.Time
	r      *Request
	m      payout.Move
	prices map[money.Currency]*Pricing // each rate is found once, so that all routes and the payout see the same
}

func (q *deliberation) input() (routing.Input, error) {
	tree, err := q.k.treeFor(q.r)
	if err != nil {
		return routing.Input{}, err
	}
	seed, err := q.e.jitter()
	if err != nil {
		return routing.Input{}, err
	}
	in := routing.Input{Tree: tree, Remaining: q.m.Amount, Split: q.r.Split, PartsLeft: payout.MaxPieces - q.pieces(), Seed: seed}
	if tree.Asks() {
		in.Facts = q.facts()
	}
	routes := q.k.routes[q.r.Service]
	in.Candidates = make([]routing.Candidate, 0, len(routes))
	for _, route := range routes {
		c, err := q.candidate(route, len(routes) > 1)
		if err != nil {
			return routing.Input{}, err
		}
		in.Candidates = append(in.Candidates, c)
	}
	return in, nil
}

// pieces is how many pieces have been made before this one.
func (q *deliberation) pieces() (n int) {
	for _, p := range q.r.Payouts {
		if p.Piece != q.m.Piece {
			n = max(n, p.Piece)
		}
	}
	return n
}

func (q *deliberation) candidate(route *Route, rivals bool) (routing.Candidate, error) {
	d, a := q.k.deposits[route.Deposit], q.k.accounts[route.Account]
	if d == nil || a == nil {
		return routing.Candidate{}, fmt.Errorf("payout route %s leads to nothing", route.ID)
	}
	c := routing.Candidate{Target: route.target(), Cost: route.Cost,
		Disabled: route.Disabled || d.Disabled || a.Disabled, Archived: route.Archived || d.Archived || a.Archived,
		Unhealthy: d.Health == Down || a.Health == Down || a.Forced != nil,
		Tried:     slices.Contains(q.m.Tried, route.ID) && q.m.Only != route.ID, Whole: money.New(0, d.Currency), Available: money.New(0, d.Currency)}
	if len(q.r.Providers) > 0 && !slices.Contains(q.r.Providers, a.Provider) {
		c.Refused = "NOT_ASKED_FOR"
		return c, nil
	}
	if a.Point != "" && a.Point != q.r.Point && q.r.Dialect == dialectRest {
		c.Refused = "OF_ANOTHER_POINT"
		return c, nil
	}
	if q.m.Only != "" && q.m.Only != route.ID {
		c.Refused = "NOT_ASKED_FOR"
		return c, nil
	}
	c.Min, c.Max = q.limits(route)
	if err := q.price(&c, d.Currency); err != nil || c.Refused != "" {
		return c, err
	}
	b, err := loadBalance(q.tx, q.s, d.ID)
	if err != nil {
		return c, err
	}
	if err := q.funds(&c, d, b); err != nil {
		return c, err
	}
	if rivals {
		t, err := loadTally(q.tx, q.s, route.ID)
		if err != nil {
			return c, err
		}
		c.Paid, c.Failed = t.Paid, t.Failed
	}
	return c, nil
}

// limits are those of the route, within those of its service.
func (q *deliberation) limits(route *Route) (low, high money.Amount) {
	low, high = route.Min, route.Max
	sv, ok := q.e.Directory.Glance(route.Service)
	if !ok || !q.r.Bounded {
		return low, high
	}
	least, most, ok := sv.Limits(route.Currency)
	if ok && !low.IsSet() {
		low = least
	}
	if ok && !high.IsSet() {
		high = most
	}
	return low, high
}

// price converts what is to be paid into the route's currency.
func (q *deliberation) price(c *routing.Candidate, to money.Currency) error {
	from := q.r.Amount.Currency()
	if from == to {
		c.Whole = q.m.Amount
		return nil
	}
	p, err := q.rate(from, to)
	if errors.Is(err, fx.ErrNoRate) || errors.Is(err, fx.ErrQuote) {
		c.Refused = string(payout.RateNotFound)
		return nil
	}
	if err != nil {
		return err
	}
	c.Convert = func(part money.Amount) (money.Amount, error) { return p.Rate.Convert(part, to) }
	if c.Whole, err = c.Convert(q.m.Amount); err != nil {
		c.Whole, c.Refused = money.New(0, to), string(payout.InvalidAmount)
	}
	return nil
}

// rate finds the rate of a pair, once for each decision.
func (q *deliberation) rate(from, to money.Currency) (*Pricing, error) {
	if p := q.prices[to]; p != nil {
		return p, nil
	}
	p := &Pricing{}
	if lock := q.r.Lock; lock != nil && lock.From == from && lock.To == to {
		p.Rate, p.Source, p.Quote = lock.Rate, lock.Rate, lock.ID
	} else {
		point := q.k.points[q.r.Point]
		if point == nil {
			point = &Point{}
		}
		scheme, err := q.k.ratesFor(point)
		if err != nil {
			return nil, err
		}
		if p.Found, err = fx.Find(scheme, q.k.book, from, to); err != nil {
			return nil, err
		}
	}
	q.prices[to] = p
	return p, nil
}

// funds says what may leave the deposit account now, less what the provider
// will take for it.
func (q *deliberation) funds(c *routing.Candidate, d *Deposit, b *balance) error {
	left, err := ledger.Spendable(b.Balance, q.e.Rules.Limits(d.limits()))
	if err != nil {
		return err
	}
	fee, err := q.k.fee(c.Target, c.Whole)
	if err != nil { // more than can be written
		c.Refused = string(payout.InvalidAmount)
		return nil
	}
	c.Available = money.New(max(0, left.Minor()-fee.Minor()), d.Currency)
	if d.Turnover.IsSet() {
		c.TurnoverLeft = money.New(max(0, d.Turnover.Minor()-b.spentOn(q.now)), d.Currency)
	}
	c.AvailableIn = c.Available
	if p := q.prices[d.Currency]; p != nil {
		if c.AvailableIn, err = p.Rate.Back(c.Available, q.r.Amount.Currency()); err != nil {
			c.AvailableIn = money.Amount{}
		}
	}
	return nil
}

// fee is what a route takes for an amount; not set when it takes nothing.
func (k *catalog) fee(t routing.Target, a money.Amount) (money.Amount, error) {
	for _, r := range k.routes[t.Service] {
		if r.ID == t.Route && r.Cost != (routing.Cost{}) {
			return r.Cost.Of(a)
		}
	}
	return money.Amount{}, nil
}

// treeFor is the tree that a request goes by: the exits that it asks for
// itself, or that of its point's scheme.
func (k *catalog) treeFor(r *Request) (routing.Tree, error) {
	if r.Tree != nil {
		return *r.Tree, nil
	}
	if len(r.Exits) > 0 {
		s := routing.Strategy{Type: routing.Priority}
		for _, x := range r.Exits {
			s.Routes = append(s.Routes, routing.Ref{Provider: x.Provider, Account: x.Account, Deposit: x.Deposit})
		}
		return routing.Tree{Root: &routing.Node{Strategies: []routing.Strategy{s}}}, nil
	}
	p := k.points[r.Point]
	tree, err := k.schemeTree(r, p)
	if err != nil || r.Dialect != dialectRest {
		return tree, err
	}
	return withFallback(tree, k.fallback(p)), nil
}

// schemeTree is the tree of a point's routing scheme.
func (k *catalog) schemeTree(r *Request, p *Point) (routing.Tree, error) {
	if p == nil || p.Scheme == "" {
		return routing.Tree{}, nil
	}
	scheme := k.schemes[p.Scheme]
	if scheme == nil {
		return routing.Tree{}, notFound(ObjScheme, p.Scheme)
	}
	t, ok := scheme.Trees[r.Service]
	if ok && t.Disabled {
		return routing.Tree{Root: &routing.Node{Block: true, Reason: "the scheme has this service switched off"}}, nil
	}
	if !ok && scheme.Any != nil {
		return *scheme.Any, nil
	}
	return t.Tree, nil
}

// facts are what conditions may ask about a request.
func (q *deliberation) facts() routing.Facts {
	r, now := q.r, q.now.UTC()
	f := routing.Facts{"amount": r.Amount.Decimal(), "currency": r.Amount.Currency().Code(), "service": r.Service, "attempt": strconv.Itoa(len(r.Payouts) + 1),
		"day_of_week": strconv.Itoa((int(now.Weekday())+6)%7 + 1), "day_of_month": strconv.Itoa(now.Day()), "day_of_year": strconv.Itoa(now.YearDay()),
		"month": strconv.Itoa(int(now.Month())), "hour": strconv.Itoa(now.Hour())}
	if r.Point != "" {
		f["point"] = r.Point
	}
	for name, key := range map[string]string{"card_bin": "card_isin", "card_network": "card_network", "card_brand": "card_network", "card_type": "card_type",
		"issuer_name": "card_issuer", "issuer_country": "card_issuing_country", "country": "bank_country_code"} {
		if v := r.Masked[key]; v != "" {
			f[name] = v
		}
	}
	if sv, ok := q.e.Directory.Glance(r.Service); ok {
		f["method"] = sv.Method
	}
	f["amount_minor"], f["payout_type"] = strconv.FormatInt(r.Amount.Minor(), 10), string(r.Kind)
	switch r.Kind {
	case service.Wallet:
		f["wallet"] = r.Form
	case service.Bank:
		f["bank_transfer"] = r.Form
	}
	if r.Customer != "" {
		f["customer.id"] = r.Customer
	}
	addMetadata(f, "metadata.", r.Metadata)
	if of := q.e.Facts[r.Dialect]; of != nil {
		for name, v := range of(r) {
			f[name] = v
		}
	}
	return f
}

// addMetadata adds what a merchant has hung on a request: texts, numbers and
// truth values by their names.
func addMetadata(f routing.Facts, prefix string, raw json.RawMessage) {
	var m map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &m) != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		text := strings.TrimSpace(string(m[name]))
		var s string
		switch {
		case json.Unmarshal(m[name], &s) == nil && text != "null":
			f[prefix+name] = s
		case text != "" && text != "null" && !strings.ContainsAny(text[:1], "{["):
			f[prefix+name] = text
		}
	}
}

// tally is how payouts by a route have ended. Old ends weigh less and less:
// past a thousand both halves are halved.
type tally struct {
	Paid   int64 `json:"paid,omitzero"`
	Failed int64 `json:"failed,omitzero"`
}

func loadTally(tx store.Tx, s Scope, route string) (*tally, error) {
	t, err := load[tally](tx, bucketTally, s.key(route))
	if errors.Is(err, store.ErrNotFound) {
		return &tally{}, nil
	}
	return t, err
}

// count counts the end of a payout for its route, where there are others to
// choose from.
func (e *Engine) count(tx store.Tx, s Scope, p payout.Payout) error {
	k, err := e.catalogOf(tx, s)
	if err != nil || p.Route == "" || len(k.routes[p.Service]) < 2 {
		return err
	}
	t, err := loadTally(tx, s, p.Route)
	if err != nil {
		return err
	}
	switch p.Status {
	case payout.Paid, payout.PartlyPaid:
		t.Paid++
	case payout.Failed:
		t.Failed++
	default:
		return nil
	}
	if t.Paid+t.Failed > 1000 {
		t.Paid, t.Failed = t.Paid/2, t.Failed/2
	}
	return keep(tx, bucketTally, s.key(p.Route), t)
}

// currency is that in which a request's service pays, where it has one; else
// its own.
func (e *Engine) currency(r *Request) money.Currency {
	if sv, ok := e.Directory.Glance(r.Service); ok && !sv.Currency.IsZero() {
		return sv.Currency
	}
	return r.Amount.Currency()
}
