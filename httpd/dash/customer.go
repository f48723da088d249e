package dash

import (
	"context"
	"fmt"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// customerPath is the address of a customer's page. A customer's id may be the
// merchant's own, of letters, digits, underscores and hyphens.
func customerPath(v *visit, id string) string { return v.at("/customers/" + id) }

// listCustomers shows whom the merchant pays, in the order of their ids.
func (d *Dash) listCustomers(ctx context.Context, v *visit) (wire.Reply, error) {
	after := v.Query("after")
	if !engine.ChosenID(after) {
		after = ""
	}
	sealed := d.State().Sealed
	all, err := d.Engine.CustomersAfter(ctx, v.caller(), after, v.size()+1, sealed)
	if err != nil {
		return wire.Reply{}, err
	}
	p := &ui.Pager{Text: count(min(len(all), v.size()), "customer") + ", in the order of their ids"}
	if after != "" {
		p.Newest = v.at("/customers")
	}
	if len(all) > v.size() {
		all = all[:v.size()]
		p.Older = v.at("/customers?after=" + all[v.size()-1].ID)
	}
	t := ui.Table{Name: "Customers", Cols: []ui.Col{{Name: "Customer", Place: ui.Lead}, {Name: "Name", Place: ui.Under}, {Name: "E-mail", Place: ui.Plain}, {Name: "State", Place: ui.Side}, {Name: "Created", Place: ui.Aside}}}
	for i := range all {
		c := &all[i]
		state := &ui.Badge{Text: "Known", Tone: ui.Good}
		if c.Redacted {
			state = &ui.Badge{Text: "Erased", Tone: ui.Off}
		}
		row := ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: shortID(c.ID), Href: customerPath(v, c.ID)}, Mono: true}, {Text: c.Person.Name}, {Text: maskedMail(c.Person.Email)}, {Badge: state}, {At: c.Created}}}
		if c.Redacted {
			row.Cells[1], row.Cells[2] = ui.Cell{}, ui.Cell{}
		}
		t.Rows = append(t.Rows, row)
	}
	page := ui.List{Table: t, Pager: p, Filter: &ui.Filter{Action: v.at("/find"), Submit: "Open", Fields: []ui.Field{{Name: "q", Label: "Customer's id", Type: "text", Auto: "off", Max: 64}}},
		Empty: ui.Empty{Title: "No customer yet", Text: "A customer is made when one is saved through the API, or when a payout names one that is new. Make a payout to begin with:",
			Action: payLink(v)}}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Customers"}, page)
}

// payLink leads to a new payout, for whoever may make one.
func payLink(v *visit) *ui.Link {
	if !v.who.May(engine.PermitPay) {
		return nil
	}
	return &ui.Link{Text: "New payout", Href: v.at("/pay")}
}

// maskedMail keeps an address recognisable to who knows it.
func maskedMail(email string) string {
	name, host, ok := strings.Cut(email, "@")
	if !ok || name == "" {
		return ""
	}
	r := []rune(name)
	return string(r[:min(2, len(r))]) + "\u2022\u2022\u2022@" + host
}

// maskedEnd shows the last n characters of a number or a name of a document.
func maskedEnd(s string, n int) string {
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	if len(r) <= n {
		return "\u2022\u2022\u2022\u2022"
	}
	return "\u2022\u2022\u2022\u2022" + string(r[len(r)-n:])
}

func (d *Dash) showCustomer(ctx context.Context, v *visit) (wire.Reply, error) {
	c, err := d.Engine.Customer(ctx, v.caller(), v.Param("customer"))
	if err != nil && !isCode(err, engine.CodeRedacted) {
		return wire.Reply{}, err
	}
	head := ui.Head{Title: "Customer", Crumbs: []ui.Link{{Text: "Customers", Href: v.at("/customers")}}, ID: v.Param("customer")}
	if c == nil || c.Redacted {
		head.Badge = &ui.Badge{Text: "Erased", Tone: ui.Off}
		return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{
			{Title: "Erased", Lead: "The key under which this customer's details lay was destroyed, so that nobody can read them, here or in a backup. Payouts that were made stay in the books."},
			d.customersPayouts(ctx, v, v.Param("customer")),
		}})
	}
	if c.Person.Name != "" {
		head.Title = c.Person.Name
	}
	if v.who.May(engine.PermitPay) {
		head.Actions = []ui.Action{{Text: "Erase", Icon: "close", Href: customerPath(v, c.ID) + "/erase"}}
	}
	methods, _, err := d.Engine.Methods(ctx, v.caller(), c.ID)
	if err != nil {
		return wire.Reply{}, err
	}
	about := ui.Block{Title: "Person", Facts: []ui.Fact{
		{Name: "ID", Text: c.ID, Mono: true, Copy: true}, {Name: "Name", Text: c.Person.Name}, {Name: "E-mail", Text: maskedMail(c.Person.Email)},
		{Name: "Phone", Text: maskedEnd(c.Person.Phone, 2)}, {Name: "Tax number", Text: maskedEnd(c.Person.TaxID, 2)}, {Name: "Description", Text: c.Person.Description}, {Name: "Known since", At: c.Created},
	}}
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{about, methodsBlock(v, c, methods), d.customersPayouts(ctx, v, c.ID)}})
}

// methodsBlock are a customer's saved methods, with what was consented to.
func methodsBlock(v *visit, c *engine.Customer, methods []engine.Method) ui.Block {
	t := ui.Table{Name: "Saved methods", Cols: []ui.Col{{Name: "Account", Place: ui.Lead}, {Name: "Method", Place: ui.Under}, {Name: "Consent", Place: ui.Plain}, {Name: "ID", Place: ui.Plain}, {Name: "Last used", Place: ui.Aside}, {Name: "State", Place: ui.Side}}}
	for i := range methods {
		m := &methods[i]
		shown := &engine.Request{Form: m.Form}
		shown.Masked = m.Masked
		state := ui.Cell{}
		if m.ID == c.DefaultMethod {
			state.Badge = &ui.Badge{Text: "Default", Tone: ui.Good}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Link: &ui.Link{Text: or(payee(shown), methodName(m.Form)), Href: v.at("/methods/" + m.ID)}}, {Text: methodName(m.Form), Sub: m.Nick}, consentCell(m.Consent), {Text: shortID(m.ID), Mono: true}, {At: m.LastUsed}, state,
		}})
	}
	return ui.Block{Title: "Saved methods", Table: t, None: "No card and no account is saved. One is saved through the API, on the recipient's page, or by a recurring payout that succeeds."}
}

// consents say who a consent to storing came from.
var consents = map[string]string{"merchant": "Given to the merchant", "recipient": "Given on the recipient's page", "recurring payout": "Given with a recurring payout", "payment": "Given with a payment"}

func consentCell(c *engine.Consent) ui.Cell {
	if c == nil {
		return ui.Cell{}
	}
	return ui.Cell{Text: consentText(c), Below: c.At.UTC().Format("2 Jan 2006, 15:04 UTC")}
}

func consentText(c *engine.Consent) string {
	return or(consents[c.Source], sentenceCase(c.Source))
}

// customersPayouts are the latest requests that pay a customer.
func (d *Dash) customersPayouts(ctx context.Context, v *visit, customer string) ui.Block {
	const few = 10
	b := ui.Block{Title: "Payout requests", None: "None pays this customer yet."}
	list, _, err := d.Engine.List(ctx, v.caller(), engine.Filter{Customer: customer, Bare: d.State().Sealed}, 0, few+1)
	if err != nil { // what else is known of the customer is shown all the same
		b.None = "They can't be read now."
		return b
	}
	if len(list) > few {
		list = list[:few]
		b.Actions = []ui.Action{{Text: "All of them", Href: v.at("/requests?customer=" + customer)}}
	}
	b.Table = requestTable("Payout requests, newest first", v, list)
	return b
}

func (d *Dash) showMethod(ctx context.Context, v *visit) (wire.Reply, error) {
	m, err := d.Engine.Method(ctx, v.caller(), v.Param("method"))
	if err != nil {
		return wire.Reply{}, err
	}
	shown := &engine.Request{Form: m.Form}
	shown.Masked = m.Masked
	account := beneficiary(v, shown)
	account.List = append(account.List, ui.Fact{Name: "ID", Text: m.ID, Mono: true, Copy: true}, ui.Fact{Name: "Customer", Link: &ui.Link{Text: m.Customer, Href: customerPath(v, m.Customer)}, Mono: true},
		ui.Fact{Name: "Merchant's word for it", Text: m.Type}, ui.Fact{Name: "Saved", At: m.Created}, ui.Fact{Name: "Last used", At: m.LastUsed}, ui.Fact{Name: "Edits", Text: fmt.Sprint(m.Seq)})
	blocks := []ui.Block{{Title: "Account", Lead: "The whole details lie sealed in the locker; here and everywhere else they are masked.", Facts: account.List}}
	consent := ui.Block{Title: "Consent to storing it", None: "None is recorded: the method was saved by an older version."}
	if c := m.Consent; c != nil {
		source := ui.Fact{Name: "Payout that saved it"}
		if m.Source != "" {
			source.Link = &ui.Link{Text: shortID(engine.PrefixRequest + m.Source), Href: v.at("/requests/" + engine.PrefixRequest + m.Source)}
		}
		consent.Facts = []ui.Fact{{Name: "How", Text: consentText(c)}, {Name: "When", At: c.At}, {Name: "Text that was shown", Text: or(c.Text, "The merchant's own")}, source}
	}
	head := ui.Head{Title: or(payee(shown), "Saved method"), Crumbs: []ui.Link{{Text: "Customers", Href: v.at("/customers")}, {Text: shortID(m.Customer), Href: customerPath(v, m.Customer)}}, Lead: methodName(m.Form)}
	if v.who.May(engine.PermitPay) {
		head.Actions = []ui.Action{{Text: "Pay out to it", Icon: "plus", Main: true, Href: v.at("/pay?method=" + m.ID)}, {Text: "Delete", Icon: "close", Href: v.at("/methods/" + m.ID + "/delete")}}
	}
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: append(blocks, consent)})
}

func eraseCustomerPage(v *visit, id string) (ui.Head, ui.Act) {
	return ui.Head{Title: "Erase this customer?", Crumbs: []ui.Link{{Text: "Customers", Href: v.at("/customers")}, {Text: shortID(id), Href: customerPath(v, id)}}},
		ui.Act{Text: "Destroys the key under which name, contacts and saved methods lie: nobody can read them again, in the backups neither. It can't be undone. Payouts stay in the books, without the person.",
			Form: ui.Form{Action: customerPath(v, id) + "/erase", Submit: "Erase for good", Danger: true, Cancel: customerPath(v, id)}}
}

func (d *Dash) askEraseCustomer(ctx context.Context, v *visit) (wire.Reply, error) {
	if _, err := d.Engine.Customer(ctx, v.caller(), v.Param("customer")); err != nil {
		return wire.Reply{}, err
	}
	head, act := eraseCustomerPage(v, v.Param("customer"))
	return d.show(ctx, v, 200, "act", head, act)
}

func (d *Dash) eraseCustomer(ctx context.Context, v *visit) (wire.Reply, error) {
	id := v.Param("customer")
	_, err := d.Engine.DeleteCustomer(ctx, v.caller(), id, nil)
	return d.edited(err, after(customerPath(v, id), "erased"), func(status int, _, _ string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := eraseCustomerPage(v, id)
		return d.show(ctx, v, status, "act", head, act, notes...)
	})
}

func (d *Dash) askDeleteMethod(ctx context.Context, v *visit) (wire.Reply, error) {
	m, err := d.Engine.Method(ctx, v.caller(), v.Param("method"))
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/methods/" + m.ID)
	return d.show(ctx, v, 200, "act", ui.Head{Title: "Delete this method?", Crumbs: []ui.Link{{Text: "Customers", Href: v.at("/customers")}, {Text: shortID(m.Customer), Href: customerPath(v, m.Customer)}}},
		ui.Act{Text: "Takes the sealed details away. Payouts that were made by it go on and stay in the books.", Form: ui.Form{Action: at + "/delete", Submit: "Delete", Danger: true, Cancel: at}})
}

func (d *Dash) deleteMethod(ctx context.Context, v *visit) (wire.Reply, error) {
	m, err := d.Engine.Method(ctx, v.caller(), v.Param("method"))
	if err != nil {
		return wire.Reply{}, err
	}
	if err := d.Engine.DeleteMethod(ctx, v.caller(), m.ID); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(customerPath(v, m.Customer), "deleted")), nil
}
