package dash

import (
	"context"
	"errors"
	"net/url"
	"time"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// How fresh a proof of who somebody is must be for an act that wants one: when
// its page is opened, and when its form comes, so that nobody proves anything
// while filling one in.
const (
	freshPage = 5 * time.Minute
	freshForm = 15 * time.Minute
)

// when says in which mode an act wants a proof.
type when bool

const (
	inLive when = false // money leaves
	always when = true  // a secret is shown, or somebody is let in
)

// proofs are the acts that want one, by the address of their page.
var proofs = map[string]when{
	"/keys/new": always, "/settings/secret": always, "/webhooks/endpoints/new": always, "/connect/{provider}": always, "/accounts/{account}/credentials": always,
	"/people/invite": always, "/people/{operator}": always, "/people/{operator}/reset": always, "/people/role": always, "/people/roles/{role}": always, "/people/roles/{role}/delete": always, "/me/app": always, "/me/passkeys/new": always, "/me/second": always,
	"/pay": inLive, "/links/new": inLive, "/requests/{id}/process": inLive, "/requests/{id}/release": inLive, "/requests/{id}/statement/{payout}": inLive, "/requests/{id}/resolve/{payout}": inLive,
	"/deposits/{deposit}/topup": inLive, "/deposits/{deposit}/adjust": inLive, "/customers/{customer}/erase": inLive,
	loadPath: inLive, loadPath + "/{held}": inLive,
}

// backs are the pages of acts that have none of their own.
var backs = map[string]string{"/settings/secret": "/settings", "/me/second": "/me", "/people/{operator}/reset": "/people", "/people/roles/{role}/delete": "/people/roles"}

// wantsProof is where somebody proves who they are before the act at path; ""
// where they need not.
func (d *Dash) wantsProof(v *visit, path string) string {
	rule, some := proofs[path]
	if !some || rule == inLive && v.scope.Mode != engine.Live {
		return ""
	}
	since := v.session.Proved
	if since.IsZero() { // a session of an older version: its log-in was one
		since = v.session.Created
	}
	age, most := d.Now().Sub(since), freshPage
	if v.Method != "GET" {
		most = freshForm
	}
	if age < most && age > -time.Minute {
		return ""
	}
	next := address(v.Path, v.QueryValues())
	if back := backs[path]; back != "" {
		next = v.at(back)
	}
	return v.at("/me/prove?next=" + url.QueryEscape(next))
}

// proofFields ask for what somebody can prove.
func proofFields(o *engine.Operator, next string) []ui.Field {
	fields := []ui.Field{{Name: "next", Type: "hidden", Value: next}}
	switch {
	case !o.Second.On():
		return append(fields, ui.Field{Name: "password", Label: "Password", Type: "password", Auto: "current-password", Required: true, Max: maxPassword, Focus: true})
	case len(o.Second.Salt) > 0:
		return append(fields, ui.Field{Name: "code", Label: "Code of your authenticator app", Type: "text", Mode: "numeric", Auto: "one-time-code", Required: true, Max: 20, Focus: true, Hint: "Or a recovery code."})
	}
	return append(fields, ui.Field{Name: "code", Label: "Recovery code", Type: "text", Auto: "off", Required: true, Max: 20})
}

func (d *Dash) askProve(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.provePage(ctx, v, 200, ours(v.Query("next")), "")
}

func (d *Dash) provePage(ctx context.Context, v *visit, status int, next, problem string) (wire.Reply, error) {
	key, err := d.passkeyForm(ctx, v.token, v.who, v.at("/me/prove"), ui.Field{Name: "next", Type: "hidden", Value: next})
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.Stack{List: []ui.Block{{Lead: "What you are about to do moves money, or shows or lets in somebody. It is good for the next minutes.", Passkey: key,
		Form: &ui.Form{Action: v.at("/me/prove"), Fields: proofFields(v.who, next), Submit: "Go on", Cancel: v.at("")}}}}
	var notes []ui.Notice
	if problem != "" {
		notes = []ui.Notice{{Tone: ui.Bad, Text: problem}}
	}
	return d.show(ctx, v, status, "stack", ui.Head{Title: "Confirm that it is you"}, page, notes...)
}

func (d *Dash) prove(ctx context.Context, v *visit) (wire.Reply, error) {
	_, err := d.proved(ctx, v.Call, v.token, v.session, v.who, v.form)
	switch {
	case errors.Is(err, engine.ErrLogin):
		return d.provePage(ctx, v, 422, ours(v.form.text("next")), sentence(errWrongCode.Error()))
	case err != nil:
		return wire.Reply{}, err
	}
	return goTo(ours(v.form.text("next"))), nil
}

// proved looks at what was shown and has the engine judge it.
func (d *Dash) proved(ctx context.Context, c *wire.Call, token string, s *engine.Session, o *engine.Operator, f form) (string, error) {
	var p engine.Proof
	var err error
	if answer := f.Get("credential"); answer != "" {
		p, err = d.passkeyProof(ctx, c, token, s, o, answer)
	} else {
		p, err = d.readProof(ctx, c, o, f)
	}
	if err != nil {
		return "", err
	}
	p.Token = token
	return d.Engine.Prove(ctx, p)
}

// halfway is whoever has a session that is not whole yet.
func (d *Dash) halfway(ctx context.Context, c *wire.Call) (string, *engine.Session, *engine.Operator, error) {
	if !c.Confidential() {
		return "", nil, nil, errOpenAir
	}
	token := cookie(c, cookieSession)
	if token == "" {
		return "", nil, nil, errAnonymous
	}
	s, o, err := d.Engine.Halfway(ctx, token)
	if errors.Is(err, engine.ErrSession) {
		return "", nil, nil, errors.Join(wire.ErrUnauthenticated, err)
	}
	return token, s, o, err
}

// askSecond asks for what comes after the password.
func (d *Dash) askSecond(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	token, s, o, err := d.halfway(ctx, c)
	if err != nil {
		return wire.Reply{}, err
	}
	if !s.Half {
		return goTo(ours(c.Query("next"))), nil
	}
	return d.secondPage(ctx, c, 200, token, o, ours(c.Query("next")), "")
}

func (d *Dash) secondPage(ctx context.Context, c *wire.Call, status int, token string, o *engine.Operator, next, problem string) (wire.Reply, error) {
	key, err := d.passkeyForm(ctx, token, o, Root+"/login/second", ui.Field{Name: "next", Type: "hidden", Value: next})
	if err != nil {
		return wire.Reply{}, err
	}
	f := ui.Frame{Title: "One more step", Theme: theme(c), CSRF: guard(token), Data: ui.Enter{Title: "One more step", Text: "The password was right. Prove that it is you, within five minutes.", Passkey: key,
		Form: ui.Form{Action: Root + "/login/second", Fields: proofFields(o, next), Submit: "Log in"}, Below: "Lost the device and the recovery codes? Somebody who may invite people can reset it."}}
	if problem != "" {
		f.Notes = []ui.Notice{{Tone: ui.Bad, Text: problem}}
	}
	return d.render(status, "enter", f, nil)
}

func (d *Dash) second(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	token, s, o, err := d.halfway(ctx, c)
	if err != nil {
		return wire.Reply{}, err
	}
	f, err := guarded(c, token)
	if err != nil {
		return wire.Reply{}, err
	}
	next := ours(f.text("next"))
	if !s.Half {
		return goTo(next), nil
	}
	whole, err := d.proved(ctx, c, token, s, o, f)
	if errors.Is(err, engine.ErrLogin) {
		return d.secondPage(ctx, c, 401, token, o, next, sentence(errWrongCode.Error()))
	}
	if err != nil {
		return wire.Reply{}, err
	}
	r := goTo(next)
	r.Header = append(r.Header, setCookie(c, cookieSession, whole, 0))
	return r, nil
}
