package dash

import (
	"context"
	"encoding/json"
	"strings"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/routing"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// tryNames are the fields that a try reads and nothing else.
var tryNames = []string{"amount", "currency", "customer", "metadata", "split"}

// tryFields ask for the payout that a tree is tried with.
func tryFields(typed form) []ui.Field {
	return []ui.Field{
		{Name: "amount", Label: "Amount", Type: "text", Mode: "decimal", Auto: "off", Max: 40, Value: typed.Get("amount")},
		{Name: "currency", Label: "Currency", Type: "text", Auto: "off", Max: 8, Value: typed.Get("currency")},
		{Name: "customer", Label: "Customer", Type: "text", Auto: "off", Max: 64, Value: typed.Get("customer"), Hint: "Their id, where conditions ask for it."},
		{Name: "metadata", Label: "Metadata", Type: "text", Auto: "off", Max: 1024, Value: typed.Get("metadata"), Hint: `An object such as {"tier": "gold"}.`},
		yesNoField("split", "May be split", "", typed.yes("split")),
	}
}

// tryTree shows what a tree would decide about a payout now; nothing is set and
// nothing is made.
func (d *Dash) tryTree(ctx context.Context, v *visit, s *engine.Scheme, tree routing.Tree) (wire.Reply, error) {
	again := func(field, problem string) (wire.Reply, error) {
		return d.treePage(ctx, v, 422, s, treeView{typed: v.form, field: field, problem: problem})
	}
	run := engine.DryRun{Service: v.form.text("service"), Customer: v.form.text("customer"), Split: v.form.yes("split"), Tree: &tree}
	currency, err := money.ParseCurrency(strings.ToUpper(v.form.text("currency")))
	if err != nil {
		return again("currency", "There is no such currency.")
	}
	sum, problem := readAmount(v.form.text("amount"), currency)
	if problem == "" && !sum.IsPositive() {
		problem = "An amount above zero."
	}
	if problem != "" {
		return again("amount", problem)
	}
	run.Amount = sum
	if text := v.form.text("metadata"); text != "" {
		if !json.Valid([]byte(text)) || text[0] != '{' {
			return again("metadata", `An object such as {"tier": "gold"}.`)
		}
		run.Metadata = json.RawMessage(text)
	}
	if run.Customer != "" && !engine.ChosenID(run.Customer) {
		return again("customer", "A customer's id has letters, digits, underscores and hyphens.")
	}
	c, err := d.Engine.Explain(ctx, v.caller(), run)
	if field, problem, ok := wrongField(err); ok {
		t := treeView{typed: v.form, field: field, problem: problem}
		if pointer, inside := strings.CutPrefix(field, "tree/"); inside {
			t.field, t.problem, t.fault = "tree", "At /"+pointer+": "+problem, "/"+pointer
		}
		return d.treePage(ctx, v, 422, s, t)
	}
	if note := refusal(err); note != nil {
		status, _ := explain(err)
		return d.treePage(ctx, v, status, s, treeView{typed: v.form}, *note)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.routeNames(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	got := chosen(c, names)
	return d.treePage(ctx, v, 200, s, treeView{typed: v.form,
		tried: &ui.Block{Title: "Tried with " + grouped(sum.Decimal()) + " " + currency.Code(), Lead: "Nothing was set. This is what the tree below would decide now.", Badge: &got.Badge, Why: got.Lines, Facts: got.Rate}})
}

// growth is what the graphical editor offers for a service, as JSON.
func (d *Dash) growth(ctx context.Context, v *visit, service string) (string, error) {
	type named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	out := struct {
		Attributes []routing.Attribute    `json:"attributes"`
		Operators  []routing.OperatorInfo `json:"operators"`
		Strategies []named                `json:"strategies"`
		Routes     []named                `json:"routes"`
		Deposits   []named                `json:"deposits"`
		Accounts   []named                `json:"accounts"`
		Providers  []named                `json:"providers"`
	}{Attributes: routing.Attributes(), Operators: routing.Operators(), Routes: []named{}, Deposits: []named{}, Accounts: []named{}, Providers: []named{}}
	for _, t := range routing.StrategyTypes() {
		out.Strategies = append(out.Strategies, named{string(t), strategyNames[t] + ": " + strategyWords[t]})
	}
	routes, err := d.Engine.Routes(ctx, v.scope)
	if err != nil {
		return "", err
	}
	accounts, err := d.Engine.Accounts(ctx, v.scope)
	if err != nil {
		return "", err
	}
	deposits, err := d.depositNames(ctx, v)
	if err != nil {
		return "", err
	}
	labels := map[string]string{}
	for _, a := range accounts {
		labels[a.ID] = a.Label
	}
	seen := map[string]bool{}
	add := func(to *[]named, id, name string) {
		if !seen[id] {
			seen[id] = true
			*to = append(*to, named{id, name})
		}
	}
	for _, r := range routes {
		if r.Service != service || r.Archived {
			continue
		}
		add(&out.Routes, r.ID, deposits[r.Deposit]+pick(r.Disabled, " (disabled)", ""))
		add(&out.Deposits, r.Deposit, deposits[r.Deposit])
		add(&out.Accounts, r.Account, or(labels[r.Account], r.Account))
		add(&out.Providers, r.Provider, r.Provider)
	}
	raw, err := json.Marshal(out)
	return string(raw), err
}

// showGrowth gives the editor what it offers when another service is chosen.
func (d *Dash) showGrowth(ctx context.Context, v *visit) (wire.Reply, error) {
	if _, ok := d.Engine.Directory.Service(v.Param("service")); !ok {
		return wire.Reply{}, wire.ErrNotFound
	}
	text, err := d.growth(ctx, v, v.Param("service"))
	return wire.Reply{Body: []byte(text), Header: [][2]string{{"Content-Type", "application/json"}}}, err
}
