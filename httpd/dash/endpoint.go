package dash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/webhook"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

func newEndpointPage(d *Dash, v *visit, f form, field, problem string) (ui.Head, ui.Act) {
	words := ui.Field{Name: "profile", Label: "In the words of", Type: "select", Required: true, Hint: "The API that your receiver was written for."}
	for _, p := range []string{"rest", "jsonapi", "hosted", "standard"} {
		if d.Engine.Render[p] != nil {
			words.Options = append(words.Options, ui.Option{Value: p, Text: profileText(p), On: f.text("profile") == p})
		}
	}
	fields := []ui.Field{
		{Name: "url", Label: "Address", Type: "url", Required: true, Auto: "off", Max: 2048, Value: f.text("url"), Focus: true, Hint: "A public https address; others only where egress.allow names them."},
		words,
		{Name: "types", Label: "Event types", Type: "text", Auto: "off", Max: 2048, Value: f.text("types"), Hint: "With commas between them; empty: all."},
	}
	return ui.Head{Title: "Add an endpoint", Crumbs: []ui.Link{{Text: "Endpoints", Href: v.at("/webhooks/endpoints")}}},
		ui.Act{Text: "The secret that verifies its messages is shown once, on the next page.", Form: ui.Form{Action: v.at("/webhooks/endpoints/new"), Fields: mark(fields, field, problem), Submit: "Add the endpoint", Cancel: v.at("/webhooks/endpoints")}}
}

func (d *Dash) askEndpoint(ctx context.Context, v *visit) (wire.Reply, error) {
	head, act := newEndpointPage(d, v, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, act)
}

// addEndpoint registers a receiver and shows its secrets, this once.
func (d *Dash) addEndpoint(ctx context.Context, v *visit) (wire.Reply, error) {
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := newEndpointPage(d, v, v.form, field, problem)
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	types := listed(v.form.text("types"))
	if len(types) > 64 {
		return again(422, "types", "At most 64.")
	}
	if d.Engine.Render[v.form.text("profile")] == nil {
		return again(422, "profile", "Choose one.")
	}
	made, err := d.Engine.AddEndpoint(ctx, v.caller(), v.form.text("url"), v.form.text("profile"), types)
	if err != nil {
		return d.edited(err, "", again)
	}
	facts := []ui.Fact{
		{Name: "Address", Text: withoutSecrets(made.URL)}, {Name: "ID", Text: made.ID, Mono: true, Copy: true},
		{Name: "Secret", Text: made.Secret, Mono: true, Copy: true, Hint: "Verifies webhook-signature, by any library of Standard Webhooks. It is not shown again."},
		{Name: "Hash key", Text: made.HashKey, Mono: true, Copy: true, Hint: "Verifies X-Webhook-Signature-512. It is not shown again."},
	}
	head := ui.Head{Title: "Keep these secrets", Crumbs: []ui.Link{{Text: "Endpoints", Href: v.at("/webhooks/endpoints")}}}
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{{Facts: facts}}})
}

// listed are the entries of a list that was typed with commas.
func listed(text string) []string {
	return slices.Collect(strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '\n' || r == '\r' }))
}

// endpointOf is the one of the address.
func (d *Dash) endpointOf(ctx context.Context, v *visit, id string) (*engine.Endpoint, error) {
	all, err := d.Engine.Endpoints(ctx, v.caller())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(e engine.Endpoint) bool { return e.ID == id })
	if i < 0 {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjEndpoint, Message: "there is no endpoint of this id"}
	}
	return &all[i], nil
}

func (d *Dash) showEndpoint(ctx context.Context, v *visit) (wire.Reply, error) {
	e, err := d.endpointOf(ctx, v, v.Param("endpoint"))
	if err != nil {
		return wire.Reply{}, err
	}
	head := ui.Head{Title: or(withoutSecrets(e.URL), "Callbacks"), Badge: endpointBadge(e), Crumbs: []ui.Link{{Text: "Endpoints", Href: v.at("/webhooks/endpoints")}}}
	if v.who.May(engine.PermitConnect) && !e.Disabled && e.URL != "" {
		head.Actions = []ui.Action{{Text: "Remove", Icon: "close", Href: v.at("/webhooks/endpoints/" + e.ID + "/remove")}}
	}
	facts := []ui.Fact{{Name: "ID", Text: e.ID, Mono: true, Copy: true}, {Name: "Address", Text: withoutSecrets(e.URL)}, {Name: "In the words of", Text: profileText(e.Profile)}, {Name: "Event types", Text: or(strings.Join(e.Types, ", "), "All")},
		{Name: "Payout point", Text: or(e.Point, "All")}, {Name: "Secrets", Text: "Sealed in the locker; they were shown when the endpoint was added"}, {Name: "Added", At: e.Created}}
	return d.show(ctx, v, 200, "stack", head, ui.Stack{List: []ui.Block{{Title: "General", Facts: facts, Actions: []ui.Action{{Text: "Check a signature", Href: v.at("/webhooks/check?endpoint=" + e.ID)}}}}})
}

func (d *Dash) askRemoveEndpoint(ctx context.Context, v *visit) (wire.Reply, error) {
	e, err := d.endpointOf(ctx, v, v.Param("endpoint"))
	if err != nil {
		return wire.Reply{}, err
	}
	at := v.at("/webhooks/endpoints/" + e.ID)
	return d.show(ctx, v, 200, "act", ui.Head{Title: "Remove this endpoint?", Crumbs: []ui.Link{{Text: "Endpoints", Href: v.at("/webhooks/endpoints")}, {Text: withoutSecrets(e.URL), Href: at}}},
		ui.Act{Text: "Nothing more is sent there, and what waits is given up. Its deliveries stay to be read. The same address can be added again, with new secrets.", Form: ui.Form{Action: at + "/remove", Submit: "Remove", Danger: true, Cancel: at}})
}

func (d *Dash) removeEndpoint(ctx context.Context, v *visit) (wire.Reply, error) {
	if _, err := d.endpointOf(ctx, v, v.Param("endpoint")); err != nil {
		return wire.Reply{}, err
	}
	if err := d.Engine.RemoveEndpoint(ctx, v.caller(), v.Param("endpoint")); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/webhooks/endpoints"), "removed")), nil
}

// showDelivery is one webhook: its attempts, what it says, and how it is signed.
func (d *Dash) showDelivery(ctx context.Context, v *visit) (wire.Reply, error) {
	s, err := d.Engine.SignedDelivery(ctx, v.caller(), v.Param("delivery"))
	if err != nil {
		return wire.Reply{}, err
	}
	one := delivered(&s.Delivery, map[string]string{s.Delivery.Endpoint: withoutSecrets(s.To)})
	head := ui.Head{Title: s.Delivery.Type, Badge: &one.Badge, ID: s.Delivery.ID, Crumbs: []ui.Link{{Text: "Webhooks", Href: v.at("/webhooks")}}}
	about := ui.Block{Title: "General", Facts: []ui.Fact{
		{Name: "To", Text: one.Where}, {Name: "Message", Text: s.Delivery.Message, Mono: true, Copy: true, Hint: "the same on every attempt, so that a receiver drops what it has seen"}, {Name: "In the words of", Text: profileText(s.Delivery.Profile)},
		{Name: "Created", At: s.Delivery.Created}, {Name: "Next try", At: s.Delivery.Due},
	}}
	if s.Delivery.Request != "" {
		about.Facts = append(about.Facts, ui.Fact{Name: "Payout request", Mono: true, Link: &ui.Link{Text: shortID(engine.PrefixRequest + s.Delivery.Request), Href: v.at("/requests/" + engine.PrefixRequest + s.Delivery.Request)}})
	}
	if v.who.May(engine.PermitResend) {
		about.Press = []ui.Press{{Text: "Send again", Icon: "reload", Href: v.at("/webhooks/deliveries/" + s.Delivery.ID + "/resend")}}
	}
	page := ui.Stack{List: []ui.Block{about, {Title: "Attempts", Table: one.Table, None: "Not tried yet."}}}
	if v.who.May(engine.PermitResend) { // a message may name a person
		page.List = append(page.List, messageBlocks(s)...)
	}
	return d.show(ctx, v, 200, "stack", head, page)
}

func messageBlocks(s *engine.Signed) []ui.Block {
	if s.Body == nil {
		return []ui.Block{{Title: "Message", None: "The customer whom it speaks of was erased, and the message with them."}}
	}
	var lines []string
	for _, name := range []string{webhook.HeaderID, webhook.HeaderTimestamp, webhook.HeaderSignature, webhook.HeaderHash512, webhook.HeaderOwn} {
		for _, value := range s.Header.Values(name) {
			lines = append(lines, strings.ToLower(name)+": "+value)
		}
	}
	var body bytes.Buffer
	if json.Indent(&body, s.Body, "", "  ") != nil {
		body.Reset()
		body.Write(s.Body)
	}
	return []ui.Block{
		{Title: "Signature", Lead: "As it would be sent now: each attempt bears a fresh time. What is signed is webhook-id, webhook-timestamp and the body, with full stops between them.", Lines: lines},
		{Title: "Message", Lead: "Shown with its lines broken; it is sent, and signed, in one line, byte for byte the same on every attempt.", Lines: strings.Split(body.String(), "\n")},
	}
}

func (d *Dash) resendOne(ctx context.Context, v *visit) (wire.Reply, error) {
	if _, err := d.Engine.Resend(ctx, v.caller(), v.Param("delivery"), "", nil); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/webhooks/deliveries/"+v.Param("delivery")), "resent")), nil
}

// hour is how a moment is typed, in UTC.
const hour = "2006-01-02T15:04"

func resendPage(v *visit, f form, field, problem string, now time.Time) (ui.Head, ui.Act) {
	fields := []ui.Field{
		{Name: "from", Label: "Made from (UTC)", Type: "datetime-local", Required: true, Value: or(f.text("from"), now.UTC().Add(-2*time.Hour).Format(hour))},
		{Name: "to", Label: "Until (UTC)", Type: "datetime-local", Required: true, Value: or(f.text("to"), now.UTC().Format(hour))},
	}
	return ui.Head{Title: "Send a period again", Crumbs: []ui.Link{{Text: "Webhooks", Href: v.at("/webhooks")}}},
		ui.Act{Text: "Sends every webhook that was made in the period once more, delivered or not, with its own message id: a receiver that keeps those drops what it has seen. One hour to two days.",
			Form: ui.Form{Action: v.at("/webhooks/resend"), Fields: mark(fields, field, problem), Submit: "Send them again", Cancel: v.at("/webhooks")}}
}

func (d *Dash) askResend(ctx context.Context, v *visit) (wire.Reply, error) {
	head, act := resendPage(v, form{}, "", "", d.Now())
	return d.show(ctx, v, 200, "act", head, act)
}

func (d *Dash) resendPeriod(ctx context.Context, v *visit) (wire.Reply, error) {
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		head, act := resendPage(v, v.form, field, problem, d.Now())
		return d.show(ctx, v, status, "act", head, act, notes...)
	}
	from, err := time.Parse(hour, v.form.text("from"))
	if err != nil {
		return again(422, "from", "A moment is written 2026-01-31T15:04.")
	}
	to, err := time.Parse(hour, v.form.text("to"))
	if err != nil {
		return again(422, "to", "A moment is written 2026-01-31T15:04.")
	}
	sent, err := d.Engine.ResendPeriod(ctx, v.caller(), from, to)
	if field, problem, ok := wrongField(err); ok && field == "period" {
		return again(422, "to", problem)
	}
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := resendPage(v, v.form, "", "", d.Now())
	return d.show(ctx, v, 200, "act", head, act, ui.Notice{Tone: ui.Good, Text: count(sent, "webhook") + " " + pick(sent == 1, "is", "are") + " sent again.", Links: []ui.Link{{Text: "Deliveries", Href: v.at("/webhooks")}}})
}

// checkPage asks for a message as a receiver got it.
func (d *Dash) checkPage(ctx context.Context, v *visit, status int, f form, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
	all, err := d.Engine.Endpoints(ctx, v.caller())
	if err != nil {
		return wire.Reply{}, err
	}
	at := ui.Field{Name: "endpoint", Label: "Endpoint", Type: "select", Required: true, Options: []ui.Option{{Text: "Choose"}}}
	for _, e := range all {
		at.Options = append(at.Options, ui.Option{Value: e.ID, Text: or(withoutSecrets(e.URL), "Callbacks") + pick(e.Disabled, ", removed", ""), On: e.ID == or(f.text("endpoint"), v.Query("endpoint"))})
	}
	fields := mark([]ui.Field{at,
		{Name: "id", Label: "webhook-id", Type: "text", Auto: "off", Required: true, Max: 256, Value: f.text("id")},
		{Name: "timestamp", Label: "webhook-timestamp", Type: "text", Mode: "numeric", Auto: "off", Required: true, Max: 20, Value: f.text("timestamp")},
		{Name: "signature", Label: "webhook-signature", Type: "text", Auto: "off", Required: true, Max: 2048, Value: f.text("signature")},
		{Name: "body", Label: "Body", Type: "code", Required: true, Value: f.Get("body"), Hint: "Exactly as it came: a parser that writes it anew changes the signature."},
	}, field, problem)
	page := ui.Stack{List: []ui.Block{{Lead: "Says whether a message that your receiver got was signed here, for that endpoint. Nothing is kept of what you paste.", Form: &ui.Form{Action: v.at("/webhooks/check"), Fields: fields, Submit: "Check it"}}}}
	return d.show(ctx, v, status, "stack", ui.Head{Title: "Webhooks", Tabs: webhookTabs(v, "/check")}, page, notes...)
}

func (d *Dash) askCheck(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.checkPage(ctx, v, 200, form{}, "", "")
}

func (d *Dash) check(ctx context.Context, v *visit) (wire.Reply, error) {
	f := v.form
	if _, err := d.endpointOf(ctx, v, f.text("endpoint")); err != nil {
		return d.checkPage(ctx, v, 422, f, "endpoint", "Choose one.")
	}
	seconds, err := strconv.ParseInt(f.text("timestamp"), 10, 64)
	if err != nil || seconds < 0 {
		return d.checkPage(ctx, v, 422, f, "timestamp", "Unix seconds, as digits.")
	}
	at := time.Unix(seconds, 0)
	h := http.Header{}
	h.Set(webhook.HeaderID, f.text("id"))
	h.Set(webhook.HeaderTimestamp, f.text("timestamp"))
	h.Set(webhook.HeaderSignature, f.text("signature"))
	body := strings.TrimSuffix(strings.ReplaceAll(f.Get("body"), "\r\n", "\n"), "\n") // browsers send line ends as two characters
	err = d.Engine.CheckSignature(ctx, v.caller(), f.text("endpoint"), h, []byte(body), at)
	age := d.Now().Sub(at)
	switch {
	case err == nil && age.Abs() > webhook.Tolerance:
		return d.checkPage(ctx, v, 200, f, "", "", ui.Notice{Tone: ui.Warn, Text: "The signature is right, but the message is " + short(age.Abs()) + " " + pick(age > 0, "old", "ahead of time") + ".", Hint: "A receiver refuses what is more than five minutes off; each attempt is signed afresh."})
	case err == nil:
		return d.checkPage(ctx, v, 200, f, "", "", ui.Notice{Tone: ui.Good, Text: "The signature is right: this message was made here, for this endpoint, and nothing in it was changed."})
	case errors.Is(err, webhook.ErrHeaders):
		return d.checkPage(ctx, v, 422, f, "signature", "It begins with v1, and is followed by 44 characters of base64; several have a space between them.")
	case errors.Is(err, webhook.ErrSignature):
		return d.checkPage(ctx, v, 422, f, "", "", ui.Notice{Tone: ui.Bad, Text: "The signature is not right for this endpoint.", Hint: "Most often the body was parsed and written anew, or the secret is that of another endpoint."})
	}
	return wire.Reply{}, err
}
