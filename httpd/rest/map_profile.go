package rest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/payin"
	"penstock/httpd/wire"
)

// edit is the engine's command of a profile; x is what is kept of it so far.
func (r *profileRequest) edit(x profileExtra) (engine.PointEdit, engine.PointHookEdit, error) {
	ed, hook := engine.PointEdit{Name: r.Name}, engine.PointHookEdit{HashKey: r.HashKey, Headers: r.Headers}
	if err := r.note(&x); err != nil {
		return ed, hook, err
	}
	r.Webhook.hook(&hook)
	if r.Retry != nil {
		retry, err := r.Retry.retry()
		if err != nil {
			return ed, hook, err
		}
		ed.Retry = &retry
	}
	raw, err := wire.Encode(x)
	ed.Extra = raw
	return ed, hook, err
}

func (r *profileRequest) note(x *profileExtra) error {
	if r.ReturnURL != nil {
		if len(*r.ReturnURL) > 2048 {
			return tooLong("return_url", 2048)
		}
		if err := checkReturn(r.ReturnURL); err != nil {
			return err
		}
		x.ReturnURL = *r.ReturnURL
	}
	if r.Webhook != nil {
		if err := r.Webhook.check(); err != nil {
			return err
		}
		x.Webhook = r.Webhook.shown()
	}
	if r.Fulfilment != nil {
		if *r.Fulfilment < 60 || *r.Fulfilment > 1800 {
			return refuse(422, "IR_06", "intent_fulfillment_time should be between 60 and 1800")
		}
		x.Fulfilment = *r.Fulfilment
	}
	if r.Expiry != nil {
		if *r.Expiry < 60 || *r.Expiry > 7890000 {
			return refuse(422, "IR_06", "session_expiry should be between 60 and 7890000")
		}
		x.Expiry = *r.Expiry
	}
	if r.Link.Set {
		x.Link = nil
		if !r.Link.Null {
			if err := r.Link.Value.check(); err != nil {
				return err
			}
			x.Link = &r.Link.Value
		}
	}
	if r.Metadata != nil {
		x.Metadata = rawObject(r.Metadata)
	}
	if r.Routing != nil {
		x.Routing = rawObject(r.Routing)
	}
	if r.HashEnabled != nil {
		x.HashDisabled = !*r.HashEnabled
	}
	if r.Redirect != nil {
		x.Redirect = *r.Redirect
	}
	return nil
}

func (w *webhookDetails) check() error {
	for _, f := range []struct {
		name string
		v    *string
	}{{"webhook_version", w.Version}, {"webhook_username", w.Username}, {"webhook_password", w.Password}} {
		if f.v != nil && len(*f.v) > 255 {
			return tooLong(f.name, 255)
		}
	}
	if len(w.Payments)+len(w.Refunds)+len(w.Payouts) > 200 {
		return refuse(422, "IR_06", "webhook_details lists too many statuses")
	}
	return nil
}

// shown is without its password, which opens nothing here.
func (w *webhookDetails) shown() *webhookDetails {
	out := *w
	if out.Password != nil {
		out.Password = shown(masking(*out.Password))
	}
	return &out
}

// hook is where and of what the engine tells the profile. Statuses of which
// nobody is told are none.
func (w *webhookDetails) hook(to *engine.PointHookEdit) {
	if w == nil {
		return
	}
	url := said(w.URL)
	to.URL = &url
	types := []string{}
	if w.chooses() {
		types = w.types()
	}
	to.Types = &types
}

// chooses says that not all is to be told.
func (w *webhookDetails) chooses() bool {
	return w.Payouts != nil || w.Payments != nil || w.Refunds != nil || w.Succeeded != nil && !*w.Succeeded || w.Failed != nil && !*w.Failed
}

// types are the events that are to be told; where none is, a word that is none.
func (w *webhookDetails) types() (types []string) {
	take := func(t string) {
		if t != "" && !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	for _, s := range allStatuses() {
		if w.Payouts == nil || slices.Contains(w.Payouts, statusName(s)) {
			take(eventType(s))
		}
	}
	off := func(choice *bool) bool { return choice != nil && !*choice }
	for _, s := range payin.Statuses() {
		if w.Payments != nil && !slices.Contains(w.Payments, string(s)) || s == payin.Succeeded && off(w.Succeeded) || s == payin.Failed && off(w.Failed) {
			continue
		}
		take(paymentEvents()[s])
	}
	for _, s := range []struct{ own, theirs string }{{"succeeded", "success"}, {"failed", "failure"}} {
		if w.Refunds == nil || slices.Contains(w.Refunds, s.own) || slices.Contains(w.Refunds, s.theirs) {
			take(refundEvents()[s.own])
		}
	}
	if len(types) == 0 {
		types = []string{"none"}
	}
	return types
}

func (r *retrySettings) retry() (out engine.Retry, err error) {
	if r.Others != nil {
		out.Others = *r.Others
	}
	if r.Same != nil {
		out.Same = *r.Same
	}
	for i, rule := range r.Rules {
		if rule.Decision == nil {
			return out, missingParam(fmt.Sprintf("payout_retry_config.rules[%d].decision", i))
		}
		out.Rules = append(out.Rules, engine.RetryRule{Provider: said(rule.Connector), Code: said(rule.Code), Message: said(rule.Message), Retry: *rule.Decision == "retry"})
	}
	return out, nil
}

func showRetry(r engine.Retry) retryShown {
	out := retryShown{Others: r.Others, Same: r.Same, Rules: []retryRule{}}
	for _, rule := range r.Rules {
		word := retryChoice("do_default")
		if rule.Retry {
			word = "retry"
		}
		out.Rules = append(out.Rules, retryRule{Connector: shown(rule.Provider), Code: shown(rule.Code), Message: shown(rule.Message), Decision: &word})
	}
	return out
}

func readProfile(kept json.RawMessage) (x profileExtra) {
	if len(kept) == 0 || wire.Decode(kept, &x, wire.DecodeOptions{IgnoreUnknown: true}) != nil {
		return profileExtra{}
	}
	return x
}

// showProfile shows a profile; of its hook the key and the headers' values are
// masked unless hash says the key.
func showProfile(merchant string, p *engine.Point, hook *engine.PointHook, hash string) profileResponse {
	x := readProfile(p.Extra)
	out := profileResponse{MerchantID: merchant, ProfileID: engine.PrefixProfile + p.ID, Name: p.Name, ReturnURL: shown(x.ReturnURL), HashEnabled: !x.HashDisabled,
		HashKey: shown(hash), Redirect: x.Redirect, Webhook: x.Webhook, Metadata: x.Metadata, Routing: x.Routing, Link: x.Link, Retry: showRetry(p.Retry)}
	for _, f := range []struct {
		to   **uint32
		from uint32
	}{{&out.Fulfilment, x.Fulfilment}, {&out.Expiry, x.Expiry}} {
		if f.from != 0 {
			*f.to = &f.from
		}
	}
	if hook == nil {
		return out
	}
	if hash == "" {
		out.HashKey = shown(masking(hook.HashKey))
	}
	if len(hook.Headers) > 0 {
		out.Headers = map[string]string{}
		for name := range hook.Headers {
			out.Headers[name] = "********"
		}
	}
	return out
}

// profilesOf are the points that are profiles of this dialect: those that it
// made, and the one that every merchant has from the start.
func profilesOf(points []*engine.Point, standard string) (out []*engine.Point) {
	for _, p := range points {
		if p.Extra != nil || p.ID == standard {
			out = append(out, p)
		}
	}
	return out
}

// defaultOf is the default profile, without prefix: there is one only where
// there is no choice.
func defaultOf(points []*engine.Point, standard string) string {
	if own := profilesOf(points, standard); len(own) == 1 {
		return own[0].ID
	}
	return ""
}

func pointers(points []engine.Point) []*engine.Point {
	out := make([]*engine.Point, len(points))
	for i := range points {
		out[i] = &points[i]
	}
	return out
}

// chooseProfile is the profile of a payout that names none: the default, or
// the one that is named after country and label.
func chooseProfile(country, label string) func([]*engine.Point, string) (string, error) {
	return func(points []*engine.Point, standard string) (string, error) {
		own := profilesOf(points, standard)
		if len(own) == 1 {
			return own[0].ID, nil
		}
		for _, p := range own {
			if country != "" && label != "" && p.Name == country+"_"+label {
				return p.ID, nil
			}
		}
		return "", &engine.Error{Code: engine.CodeMissing, Object: engine.ObjPoint, Field: "profile_id", Message: "profile_id or business_country, business_label"}
	}
}

// pointID is the id of a profile without its prefix.
func pointID(profile string) string { return strings.TrimPrefix(profile, engine.PrefixProfile) }

func (l *linkSettings) check() error {
	if len(l.Allowed) > 100 {
		return refuse(422, "IR_06", "allowed_domains has at most 100 entries")
	}
	for _, f := range []struct {
		name string
		v    *string
	}{{"domain_name", l.Domain}, {"logo", l.Logo}, {"merchant_name", l.MerchantName}, {"theme", l.Theme}} {
		if f.v != nil && len(*f.v) > 2048 {
			return tooLong(f.name, 2048)
		}
	}
	if d := said(l.Domain); d != "" && (strings.HasPrefix(d, "*") || !isDomain(strings.TrimPrefix(d, "https://"))) {
		return refuse(422, "IR_06", "domain_name must be a host, e.g. pay.example.com")
	}
	for _, entry := range l.Allowed {
		if !isDomain(strings.TrimPrefix(strings.TrimPrefix(entry, "https://"), "http://")) {
			return refuse(422, "IR_06", "allowed_domains must be hosts, e.g. shop.example.com, *.example.com or localhost:5500")
		}
	}
	return checkLook(said(l.Logo), said(l.Theme))
}

// isDomain says whether a text is a host, of which the first label may be any
// (*), with or without a port.
func isDomain(text string) bool {
	u, err := url.Parse("https://" + strings.TrimSuffix(text, "/"))
	if err != nil || u.Host == "" || u.Host != strings.TrimSuffix(text, "/") {
		return false
	}
	for _, label := range strings.Split(strings.TrimPrefix(u.Hostname(), "*."), ".") {
		if label == "" || strings.ContainsFunc(label, func(c rune) bool {
			return c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
		}) {
			return false
		}
	}
	return true
}

// checkLook judges what a link's page is made to look like; "" is nothing said.
func checkLook(logo, theme string) error {
	if logo != "" {
		u, err := url.Parse(logo)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return refuse(422, "IR_06", "logo must be an http or https URL")
		}
	}
	if strings.ContainsFunc(theme, func(c rune) bool { return c < ' ' || strings.ContainsRune(";{}<>\"'", c) }) {
		return refuse(422, "IR_06", "theme must be a colour, e.g. #4e6ade")
	}
	return nil
}
