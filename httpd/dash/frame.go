package dash

import (
	"context"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// maxShops is how many merchants the switch offers.
const maxShops = 100

// theme is what the person chose; "" follows the system.
func theme(c *wire.Call) string {
	if t := cookie(c, cookieTheme); t == "light" || t == "dark" {
		return t
	}
	return ""
}

// setTheme remembers light or dark in the browser.
func (d *Dash) setTheme(_ context.Context, v *visit) (wire.Reply, error) {
	r := goTo(ours(v.form.text("here")))
	const year = 365 * 24 * 60 * 60
	switch t := v.form.text("theme"); t {
	case "light", "dark":
		r.Header = append(r.Header, setCookie(v.Call, cookieTheme, t, year))
	default:
		r.Header = append(r.Header, setCookie(v.Call, cookieTheme, "", -1))
	}
	return r, nil
}

// render makes the answer of a page, with what keeps browsers from doing
// anything with it that it doesn't ask for.
func (d *Dash) render(status int, name string, f ui.Frame, header [][2]string) (wire.Reply, error) {
	body, err := d.ui.Render(name, f)
	if err != nil {
		return wire.Reply{}, err
	}
	return wire.Reply{Status: status, Body: body, Header: append([][2]string{
		{"Content-Security-Policy", ui.Policy},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
	}, header...)}, nil
}

// show makes a page for who is logged in.
func (d *Dash) show(ctx context.Context, v *visit, status int, name string, head ui.Head, data any, notes ...ui.Notice) (wire.Reply, error) {
	if v.sheet != nil {
		v.sheet.take(data)
		return wire.Reply{}, nil
	}
	shell, err := d.shell(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	d.listTools(v, &head, data)
	title := head.Title
	if head.Unit != "" {
		title += " " + head.Unit
	}
	f := ui.Frame{Title: title, Theme: theme(v.Call), Test: v.scope.Mode == engine.Test, Shell: shell, Head: head, CSRF: guard(v.token), Data: data}
	if status == 200 && isLive(v) {
		f.Live = v.at("/live")
	}
	f.Notes = append(append(d.standing(), done(v)...), notes...)
	return d.render(status, name, f, nil)
}

// message is a page within the shell that says why there is no other.
func (d *Dash) message(ctx context.Context, v *visit, status int, m ui.Message) (wire.Reply, error) {
	return d.show(ctx, v, status, "message", ui.Head{}, m)
}

// standing is what everybody has to know on every page.
func (d *Dash) standing() (out []ui.Notice) {
	if why := d.Engine.Held(); why != "" {
		out = append(out, ui.Notice{Tone: ui.Bad, Text: "On hold: nothing is sent and no payout is taken.", Hint: "On the server: penstock status, then penstock release"})
	}
	s := d.State()
	if s.Sealed {
		out = append(out, ui.Notice{Tone: ui.Warn, Text: "The locker is sealed: payouts wait until custodians have opened it.", Hint: "On the server: penstock unseal"})
	}
	if s.LowSpace {
		out = append(out, ui.Notice{Tone: ui.Bad, Text: "The disk is nearly full: new payouts are refused, accepted ones go on.", Hint: "Free space on the store's disk."})
	}
	return out
}

// shell is navigation and who is logged in.
func (d *Dash) shell(ctx context.Context, v *visit) (*ui.Shell, error) {
	s := &ui.Shell{User: ui.User{Name: v.who.Name, Email: v.who.Email, Role: string(v.who.Role), Here: v.Path}}
	all, err := d.Engine.Merchants(ctx, "", maxShops)
	if err != nil {
		return nil, err
	}
	if v.shop != nil {
		navigation(s, v, all)
	}
	return s, nil
}

// navigation is what leads to the pages of this merchant and mode, to the
// other mode, and to the other merchants.
func navigation(s *ui.Shell, v *visit, all []engine.Merchant) {
	section := section(v)
	link := func(text, icon, path string) ui.Link {
		return ui.Link{Text: text, Icon: icon, Href: v.at(path), On: section == path}
	}
	s.Merchant, s.Search, s.Home, s.User.Me = nameOf(v.shop), v.at("/find"), v.at(""), v.at("/me")
	s.Nav = []ui.Group{
		{Links: []ui.Link{link("Home", "home", "")}},
		{Title: "Payouts", Links: []ui.Link{link("Payout requests", "request", "/requests"), link("Payouts", "out", "/payouts"), link("Links", "link", "/links"), link("Customers", "card", "/customers")}},
		{Title: "Where money leaves", Links: []ui.Link{link("Payout points", "point", "/points"), link("Routing schemes", "scheme", "/schemes"), link("Payout routes", "route", "/routes"), link("Dry run", "play", "/explain")}},
		{Title: "Money", Links: []ui.Link{link("Deposit accounts", "deposit", "/deposits"), link("Provider accounts", "account", "/accounts"), link("Reconciliation", "books", "/reconcile"), link("Exchange rates", "rate", "/rates"), link("Directory", "book", "/directory")}},
		{Title: "Administration", Links: []ui.Link{link("Webhooks", "hook", "/webhooks"), link("Developers", "key", "/keys"), link("People", "people", "/people"), link("Activity log", "log", "/activity"), link("Settings", "gear", "/settings"), link("System", "system", "/system")}},
	}
	if len(all) > 1 {
		for i := range all {
			to := shopPath(engine.Scope{Merchant: all[i].ID, Mode: v.scope.Mode}, "")
			s.Merchants = append(s.Merchants, ui.Link{Text: nameOf(&all[i]), Href: to, On: all[i].ID == v.shop.ID})
		}
	}
	for _, m := range []engine.Mode{engine.Test, engine.Live} {
		text := map[engine.Mode]string{engine.Test: "Test", engine.Live: "Live"}[m]
		s.Mode = append(s.Mode, ui.Link{Text: text, Href: shopPath(engine.Scope{Merchant: v.shop.ID, Mode: m}, section), On: m == v.scope.Mode})
	}
}

// section is the list that a page belongs to: what lies below one merchant or
// mode doesn't exist under another.
func section(v *visit) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(v.here(), "/"), "/")
	if list, ok := sections[first]; ok {
		first = list
	}
	if first == "" {
		return ""
	}
	return "/" + first
}

// sections are the lists to which pages belong whose address begins otherwise.
var sections = map[string]string{"sheets": "rates", "connect": "directory", "methods": "customers", "pay": "requests"}

func nameOf(m *engine.Merchant) string {
	if m.Name != "" {
		return m.Name
	}
	return m.ID
}
