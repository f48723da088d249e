package dash

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// errAnonymous says that nobody is logged in; it is no guess at anything.
var errAnonymous = errors.New("not logged in")

// errOpenAir refuses to read passwords and sessions where others could.
var errOpenAir = errors.New("the dashboard is served over TLS, or to this machine")

// enter finds out who calls, by the session in the cookie.
func (d *Dash) enter(ctx context.Context, c *wire.Call) (*visit, error) {
	if !c.Confidential() {
		return nil, errOpenAir
	}
	token := cookie(c, cookieSession)
	if token == "" {
		return nil, errAnonymous
	}
	known := d.Engine.Enter
	if c.Header(liveHeader) != "" || strings.HasSuffix(c.Path, "/live") {
		known = d.Engine.Glimpse // nobody asked for it, so it doesn't keep a session from ending
	}
	s, o, err := known(ctx, token)
	if errors.Is(err, engine.ErrSession) {
		return nil, fmt.Errorf("%w: %w", wire.ErrUnauthenticated, err)
	}
	if err != nil {
		return nil, err
	}
	return &visit{Call: c, token: token, session: s, who: o}, nil
}

// toLogin sends somebody to the log-in, and from there back to what they
// wanted to see.
func toLogin(c *wire.Call) wire.Reply {
	to := Root + "/login"
	if c.Method == "GET" && c.Path != Root && !strings.HasPrefix(c.Path, Root+"/login") {
		to += "?next=" + url.QueryEscape(c.Path)
	}
	r := goTo(to)
	if cookie(c, cookieSession) != "" {
		r.Header = append(r.Header, setCookie(c, cookieSession, "", -1))
	}
	return r
}

// goTo answers a POST, or a page that is elsewhere, with an address of ours.
func goTo(path string) wire.Reply {
	return wire.Reply{Status: 303, Header: [][2]string{{"Location", path}}}
}

// ours is an address within the dashboard, or its first page.
func ours(path string) string {
	plain := !strings.ContainsFunc(path, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '\\' || r == '"' || r == '<' || r == '>'
	})
	if strings.HasPrefix(path, Root+"/") && plain && len(path) < 512 && !strings.HasPrefix(path, Root+"/login") {
		return path
	}
	return Root
}

func (d *Dash) showLogin(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	return d.loginPage(c, 200, "", "")
}

// loginPage asks for e-mail and password. problem says why again.
func (d *Dash) loginPage(c *wire.Call, status int, email, problem string) (wire.Reply, error) {
	if !c.Confidential() {
		return wire.Reply{}, errOpenAir
	}
	f := ui.Form{Action: c.Path, Submit: "Log in", Fields: []ui.Field{
		{Name: "email", Label: "E-mail", Type: "email", Value: email, Auto: "username", Required: true, Max: 254, Focus: email == ""},
		{Name: "password", Label: "Password", Type: "password", Auto: "current-password", Required: true, Max: maxPassword, Focus: email != ""},
		{Name: "next", Type: "hidden", Value: ours(c.Query("next"))},
	}}
	return d.gate(c, status, problem, ui.Enter{Title: "Log in", Form: f, Below: "No password, or forgotten? On the server: penstock operator invite ADDRESS"})
}

// gate is a page before the log-in, with a guarded form.
func (d *Dash) gate(c *wire.Call, status int, problem string, page ui.Enter) (wire.Reply, error) {
	secret, set, err := d.formSecret(c)
	if err != nil {
		return wire.Reply{}, err
	}
	f := ui.Frame{Title: page.Title, Theme: theme(c), CSRF: guard(secret), Data: page}
	if problem != "" {
		f.Notes = []ui.Notice{{Tone: ui.Bad, Text: problem}}
	}
	return d.render(status, "enter", f, set)
}

// logIn is the route that reads passwords. Looking at one is authentication,
// so that the funnel slows down whoever guesses from one address; the engine
// locks who is guessed at.
func (d *Dash) logIn(voice *wire.Dialect) wire.Route {
	again := *voice
	again.Error = func(err error, c *wire.Call) wire.Reply {
		if errors.Is(err, engine.ErrLogin) {
			f, _ := parseForm(c)
			if r, err := d.loginPage(c, 401, f.text("email"), sentence(engine.ErrLogin.Message)); err == nil {
				return r
			}
		}
		return voice.Error(err, c)
	}
	type come struct{ token, next string }
	auth := wire.Auth[come]{Check: func(ctx context.Context, c *wire.Call) (come, error) {
		token, next, err := d.tryPassword(ctx, c)
		if errors.Is(err, engine.ErrLogin) {
			err = fmt.Errorf("%w: %w", wire.ErrUnauthenticated, err)
		}
		return come{token, next}, err
	}}
	return wire.Route{Method: "POST", Pattern: Root + "/login", Handler: wire.Handle(d.Funnel, &again, auth, wire.Options{},
		func(_ context.Context, p come, c *wire.Call, _ wire.Raw) (wire.Reply, error) {
			r := goTo(p.next)
			r.Header = append(r.Header, setCookie(c, cookieSession, p.token, 0))
			return r, nil
		})}
}

// tryPassword opens a session, or refuses by engine.ErrLogin. An address that
// nobody has costs as much time as one that somebody has.
func (d *Dash) tryPassword(ctx context.Context, c *wire.Call) (token, next string, err error) {
	if !c.Confidential() {
		return "", "", errOpenAir
	}
	f, err := guarded(c, cookie(c, cookieForm))
	if err != nil {
		return "", "", err
	}
	o, err := d.Engine.OperatorByEmail(ctx, f.text("email"))
	stored := d.nobody
	switch {
	case err == nil:
		stored = o.Password
	case !isCode(err, engine.CodeNotFound):
		return "", "", err
	}
	password := f.Get("password")
	right, err := d.matches(ctx, password[:min(len(password), maxPassword+1)], stored)
	if err != nil {
		return "", "", err
	}
	if o == nil {
		return "", "", engine.ErrLogin
	}
	token, err = d.Engine.LogIn(ctx, engine.Login{Operator: o.ID, Password: stored, Right: right, From: c.Client.String(), Agent: c.Header("User-Agent")})
	if next = ours(f.text("next")); o.Second.On() {
		next = Root + "/login/second?next=" + url.QueryEscape(next)
	}
	return token, next, err
}

func (d *Dash) logOut(ctx context.Context, v *visit) (wire.Reply, error) {
	if err := d.Engine.LogOut(ctx, v.token); err != nil {
		return wire.Reply{}, err
	}
	r := goTo(Root + "/login")
	r.Header = append(r.Header, setCookie(v.Call, cookieSession, "", -1), [2]string{"Clear-Site-Data", `"cache", "storage"`})
	return r, nil
}
