package dash

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// listKeys is what a developer needs: where the API is, and the keys of this
// mode.
func (d *Dash) listKeys(ctx context.Context, v *visit) (wire.Reply, error) {
	keys, err := d.keysHere(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	t := ui.Table{Name: "API keys, newest first", Cols: []ui.Col{{Name: "Key", Place: ui.Lead}, {Name: "Begins with", Place: ui.Under}, {Name: "State", Place: ui.Side}, {Name: "Scopes", Place: ui.Plain}, {Name: "From", Place: ui.Plain}, {Name: "Ends", Place: ui.Plain}, {Name: "Made", Place: ui.Aside}}}
	for i := range slices.Backward(keys) {
		k := &keys[i]
		if k.Publishable {
			continue
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Link: &ui.Link{Text: or(k.Name, shortID(k.ID)), Href: v.at("/keys/" + k.ID)}}, {Text: k.Prefix + "\u2026", Mono: true}, {Badge: d.keyBadge(k)}, {Text: rightsText(k.Rights)}, {Text: or(allowText(k.Allow), "Anywhere")}, {At: k.Expires}, {At: k.Created}}})
	}
	public := v.shop.Public
	if v.scope.Mode == engine.Live {
		public = v.shop.PublicLive
	}
	about := ui.Block{Title: "Integration", Facts: []ui.Fact{
		{Name: "Merchant ID", Text: v.shop.ID, Mono: true, Copy: true}, {Name: "API address", Text: d.PublicURL, Mono: true, Copy: true},
		{Name: "Publishable key", Text: or(public, "Made with the first payout link"), Mono: public != "", Copy: public != "", Hint: pick(public != "", "May stand in a page; opens nothing without a client secret.", "")},
		{Name: "Payout point by default", Text: engine.PrefixPoint + v.shop.Point, Mono: true, Copy: true},
		{Name: "Documentation", Link: &ui.Link{Text: "API reference", Href: "/docs"}}, {Name: "First steps", Link: &ui.Link{Text: "Saved methods, step by step", Href: "/docs/saved-methods"}},
		{Name: "Postman collection", Link: &ui.Link{Text: "Download", Href: "/docs/postman.json"}}, {Name: "OpenAPI", Link: &ui.Link{Text: "openapi.json", Href: "/openapi.json"}},
	}}
	block := ui.Block{Title: "API keys of " + string(v.scope.Mode) + " mode", Table: t, None: "There is none in this mode. Make one first: whoever calls the API bears it."}
	head := ui.Head{Title: "Developers"}
	if v.who.May(engine.PermitConnect) {
		head.Actions = []ui.Action{{Text: "New API key", Icon: "plus", Main: true, Href: v.at("/keys/new")}}
	}
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{about, block}})
}

// keysHere are the keys of this merchant and mode.
func (d *Dash) keysHere(ctx context.Context, v *visit) ([]engine.Key, error) {
	all, err := d.Engine.Keys(ctx, v.scope.Merchant)
	return slices.DeleteFunc(all, func(k engine.Key) bool { return k.Mode != v.scope.Mode }), err
}

func (d *Dash) keyBadge(k *engine.Key) *ui.Badge {
	switch {
	case !k.Revoked.IsZero():
		return &ui.Badge{Text: "Revoked", Tone: ui.Off}
	case !k.Expires.IsZero() && !d.Now().Before(k.Expires):
		return &ui.Badge{Text: "Ended", Tone: ui.Off}
	}
	return &ui.Badge{Text: "In use", Tone: ui.Good}
}

func rightsText(rights []engine.Right) string {
	if len(rights) == len(engine.Rights()) {
		return "all"
	}
	var out []string
	for _, r := range rights {
		out = append(out, string(r))
	}
	return strings.Join(out, ", ")
}

func allowText(all []netip.Prefix) string {
	var out []string
	for _, p := range all {
		out = append(out, strings.TrimSuffix(strings.TrimSuffix(p.String(), "/32"), "/128"))
	}
	return strings.Join(out, ", ")
}

// rightTexts say what a scope opens.
var rightTexts = map[engine.Right]string{
	engine.Payouts: "make and see payouts", engine.Payins: "take payments by card", engine.Customers: "customers and their saved methods", engine.Webhooks: "events and deliveries", engine.Admin: "accounts, routes, schemes, keys",
}

func newKeyPage(v *visit, f form, field, problem string) (ui.Head, ui.Act) {
	fields := []ui.Field{{Name: "name", Label: "Name", Type: "text", Max: 64, Auto: "off", Value: f.text("name"), Focus: true, Hint: "What it is for, such as shop-backend."}}
	for _, r := range engine.Rights() {
		fields = append(fields, ui.Field{Name: "right." + string(r), Label: "May use: " + string(r), Type: "select", Required: true, Hint: sentence(rightTexts[r]),
			Options: []ui.Option{{Value: "no", Text: "No", On: !f.yes("right." + string(r))}, {Value: "yes", Text: "Yes", On: f.yes("right." + string(r))}}})
	}
	fields = append(fields,
		ui.Field{Name: "allow", Label: "Only from", Type: "text", Auto: "off", Max: 1024, Value: f.text("allow"), Hint: "Addresses or ranges with commas between them, such as 192.0.2.0/24. Empty: from anywhere."},
		ui.Field{Name: "days", Label: "Ends after, in days", Type: "text", Mode: "numeric", Auto: "off", Max: 4, Value: f.text("days"), Hint: "Empty: it does not end by itself."})
	text := "The key is shown once, on the next page; only a hash of it is kept."
	if v.scope.Mode == engine.Live {
		text += " This is a live key: with it, real money leaves."
	}
	return ui.Head{Title: "New API key", Crumbs: []ui.Link{{Text: "Developers", Href: v.at("/keys")}}},
		ui.Act{Text: text, Form: ui.Form{Action: v.at("/keys/new"), Fields: mark(fields, field, problem), Submit: "Make the key", Cancel: v.at("/keys")}}
}

func (d *Dash) askKey(ctx context.Context, v *visit) (wire.Reply, error) {
	head, act := newKeyPage(v, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, act)
}

// readKey is the key that was asked for.
func (d *Dash) readKey(v *visit) (n engine.NewKey, field, problem string) {
	n = engine.NewKey{Merchant: v.scope.Merchant, Mode: v.scope.Mode, Name: v.form.text("name")}
	for _, r := range engine.Rights() {
		if v.form.yes("right." + string(r)) {
			n.Rights = append(n.Rights, r)
		}
	}
	if len(n.Rights) == 0 {
		return n, "right." + string(engine.Rights()[0]), "A key may use at least one part of the API."
	}
	for _, text := range listed(v.form.text("allow")) {
		p, err := netip.ParsePrefix(text)
		if a, aErr := netip.ParseAddr(text); aErr == nil {
			p, err = netip.PrefixFrom(a.Unmap().WithZone(""), a.Unmap().BitLen()), nil
		}
		if err != nil {
			return n, "allow", "Addresses, or ranges such as 192.0.2.0/24."
		}
		n.Allow = append(n.Allow, p)
	}
	if text := v.form.text("days"); text != "" {
		days := 0
		for _, c := range text {
			if c < '0' || c > '9' || days > 3650 {
				days = 0
				break
			}
			days = days*10 + int(c-'0')
		}
		if days < 1 || days > 3650 {
			return n, "days", "1 to 3650 days."
		}
		n.Expires = d.Now().Add(time.Duration(days) * 24 * time.Hour)
	}
	return n, "", ""
}

// makeKey makes a key and shows it, this once.
func (d *Dash) makeKey(ctx context.Context, v *visit) (wire.Reply, error) {
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := newKeyPage(v, v.form, field, problem)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	n, field, problem := d.readKey(v)
	if problem != "" {
		return again(422, field, problem)
	}
	if n.Mode == engine.Live && d.LiveKeys != nil {
		if err := d.LiveKeys(ctx); err != nil {
			return again(409, "", "", ui.Notice{Tone: ui.Bad, Text: sentence(err.Error()), Hint: "Move the master key elsewhere and set locker.master_key, restart, then repeat."})
		}
	}
	made, err := d.Engine.CreateKey(ctx, v.caller(), n)
	if err != nil {
		return d.edited(err, "", again)
	}
	facts := []ui.Fact{
		{Name: "API key", Text: made.Secret, Mono: true, Copy: true, Hint: "It is not shown again. Whoever has it may do what its scopes say."},
		{Name: "Publishable key", Text: made.Publishable, Mono: true, Copy: true, Hint: "May stand in a page."},
		{Name: "Key id", Text: made.ID, Mono: true, Copy: true}, {Name: "Scopes", Text: rightsText(made.Rights)}, {Name: "Ends", At: made.Expires},
	}
	try := "curl -H 'api-key: " + made.Prefix + "\u2026' " + d.PublicURL + "/payouts/list"
	head := ui.Head{Title: "Keep this key", Crumbs: []ui.Link{{Text: "Developers", Href: v.at("/keys")}}}
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{{Facts: facts}, {Title: "Try it", Lines: []string{try}}}})
}

// keyHere is the key of the address.
func (d *Dash) keyHere(ctx context.Context, v *visit) (*engine.Key, error) {
	keys, err := d.keysHere(ctx, v)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(keys, func(k engine.Key) bool { return k.ID == v.Param("key") })
	if i < 0 {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjKey, Message: "there is no key of this id in this mode"}
	}
	return &keys[i], nil
}

func (d *Dash) showKey(ctx context.Context, v *visit) (wire.Reply, error) {
	k, err := d.keyHere(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head := ui.Head{Title: or(k.Name, "API key"), Badge: d.keyBadge(k), ID: k.ID, Crumbs: []ui.Link{{Text: "Developers", Href: v.at("/keys")}}}
	if v.who.May(engine.PermitConnect) && k.Revoked.IsZero() {
		head.Actions = []ui.Action{{Text: "Revoke", Icon: "close", Href: v.at("/keys/" + k.ID + "/revoke")}}
	}
	facts := []ui.Fact{{Name: "Begins with", Text: k.Prefix + "\u2026", Mono: true}, {Name: "Scopes", Text: rightsText(k.Rights)}, {Name: "Only from", Text: or(allowText(k.Allow), "Anywhere")}, {Name: "Made", At: k.Created}, {Name: "Ends", At: k.Expires}, {Name: "Revoked", At: k.Revoked}, {Name: "Description", Text: k.About}}
	if k.Token != nil {
		facts = append(facts, ui.Fact{Name: "Form", Text: "A bearer token of hosted payouts"})
	}
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{{Title: "General", Facts: facts}}})
}

func revokePage(v *visit, k *engine.Key) (ui.Head, ui.Act) {
	at := v.at("/keys/" + k.ID)
	return ui.Head{Title: "Revoke this key?", Crumbs: []ui.Link{{Text: "Developers", Href: v.at("/keys")}, {Text: or(k.Name, shortID(k.ID)), Href: at}}},
		ui.Act{Text: "From now on whoever calls with it, or with its publishable companion, is refused. It can't be taken back; payouts that were made go on.", Form: ui.Form{Action: at + "/revoke", Submit: "Revoke", Danger: true, Cancel: at}}
}

func (d *Dash) askRevoke(ctx context.Context, v *visit) (wire.Reply, error) {
	k, err := d.keyHere(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := revokePage(v, k)
	return d.show(ctx, v, 200, "act", head, act)
}

func (d *Dash) revoke(ctx context.Context, v *visit) (wire.Reply, error) {
	k, err := d.keyHere(ctx, v)
	if err != nil {
		return wire.Reply{}, err
	}
	if _, err := d.Engine.RevokeKey(ctx, v.caller(), k.ID); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/keys/"+k.ID), "revoked")), nil
}
