package dash

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// forbidden refuses an act that the role does not allow.
type forbidden struct{ role engine.Role }

func (f *forbidden) Error() string { return "the role " + string(f.role) + " does not allow this" }

func isCode(err error, code engine.Code) bool {
	var refused *engine.Error
	return errors.As(err, &refused) && refused.Code == code
}

// dialect is the voice of the dashboard: errors are pages.
func (d *Dash) dialect() *wire.Dialect {
	return &wire.Dialect{Name: "dashboard", ContentType: "text/html; charset=utf-8", Error: func(err error, c *wire.Call) wire.Reply {
		if errors.Is(err, errAnonymous) || errors.Is(err, wire.ErrUnauthenticated) {
			return toLogin(c)
		}
		status, m := explain(err)
		m.Ref = c.RequestID
		r, failed := d.render(status, "message", ui.Frame{Title: m.Title, Theme: theme(c), Data: m}, nil)
		if failed != nil {
			panic(failed) // the funnel recovers
		}
		return r
	}}
}

// statuses maps every code of the engine to a status and a title; a test holds
// it whole.
var statuses = map[engine.Code]struct {
	status int
	title  string
}{
	engine.CodeInvalid: {422, "That doesn't fit"}, engine.CodeRealCard: {422, "A real card in test mode"}, engine.CodeMissing: {422, "Something is missing"}, engine.CodeToken: {422, "That doesn't fit"},
	engine.CodeForeign: {422, "That doesn't fit"}, engine.CodeRedacted: {422, "This customer was deleted"}, engine.CodeNoRoute: {409, "There is no way out"}, engine.CodeNoRate: {409, "There is no rate"},
	engine.CodeNotFound: {404, "There is nothing here"}, engine.CodeExists: {409, "That exists already"}, engine.CodeState: {409, "Not in this state"},
	engine.CodeKeyReused: {409, "That was sent before"}, engine.CodeFunds: {409, "Too little money"},
	engine.CodeUnauthorized: {401, "Log in first"}, engine.CodeForbidden: {403, "Your role doesn't allow this"},
	engine.CodeHeld: {503, "On hold"}, engine.CodeSealed: {503, "The locker is sealed"}, engine.CodeSpace: {503, "The disk is nearly full"}, engine.CodeBusy: {503, "Not now"},
	engine.CodeUnknown: {500, "It is not known whether this was stored"}, engine.CodeNotBuilt: {501, "This can't be done"},
}

// explain is an error as a page. What it doesn't know is not shown.
func explain(err error) (int, ui.Message) {
	home := &ui.Link{Text: "To the first page", Href: Root}
	var refused *engine.Error
	var denied *forbidden
	switch {
	case errors.As(err, &refused):
		if row, ok := statuses[refused.Code]; ok {
			return row.status, ui.Message{Title: row.title, Text: sentence(said(refused)), Hint: sentence(refused.Hint), Link: home}
		}
	case errors.As(err, &denied):
		return http.StatusForbidden, ui.Message{Title: "Your role doesn't allow this", Text: "You are " + article(string(denied.role)) + ".", Hint: "An owner or administrator can give you another role.", Link: home}
	case errors.Is(err, errForm):
		return http.StatusForbidden, ui.Message{Title: "Nothing was done", Text: sentence(errForm.Error()), Hint: "Open the page anew and repeat it there.", Link: home}
	case errors.Is(err, errOpenAir):
		return http.StatusForbidden, ui.Message{Title: "Not over plain HTTP", Text: sentence(errOpenAir.Error()),
			Hint: "Set server.tls_cert and server.tls_key, or put a proxy in front and name it in server.trusted_proxies."}
	case errors.Is(err, wire.ErrNotFound):
		return http.StatusNotFound, ui.Message{Title: "There is nothing here", Text: "This address leads nowhere.", Link: home}
	case errors.Is(err, wire.ErrMethod):
		return http.StatusMethodNotAllowed, ui.Message{Title: "Not that way", Text: "This address is not for that method.", Link: home}
	case errors.Is(err, wire.ErrTooLarge):
		return http.StatusRequestEntityTooLarge, ui.Message{Title: "That is too long", Text: "The form holds more than is read.", Link: home}
	case errors.Is(err, wire.ErrMediaType):
		return http.StatusUnsupportedMediaType, ui.Message{Title: "Nothing was done", Text: "Only forms are read here.", Link: home}
	case errors.Is(err, wire.ErrRateLimited):
		return http.StatusTooManyRequests, ui.Message{Title: "Too fast", Text: "Too many requests came from your address.", Hint: "Wait a minute, then repeat it."}
	case errors.Is(err, wire.ErrQuery), errors.Is(err, wire.ErrIdempotencyKey):
		return http.StatusBadRequest, ui.Message{Title: "That can't be read", Text: "The address is malformed.", Link: home}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, ui.Message{Title: "Not now", Text: "It took too long, or the appliance is stopping.", Hint: "Repeat it in a moment.", Link: home}
	}
	return http.StatusInternalServerError, ui.Message{Title: "Something went wrong inside penstock", Text: "The log has it under the request below.", Link: home}
}

// said is a refusal's message with the names of things as people write them.
func said(refused *engine.Error) string {
	if o := string(refused.Object); o != "" && strings.HasPrefix(refused.Message, o+" ") {
		return strings.ReplaceAll(o, "_", " ") + refused.Message[len(o):]
	}
	return refused.Message
}

// noMerchant is the page of an appliance on which nobody pays yet.
func noMerchant() ui.Message {
	return ui.Message{Title: "There is no merchant yet", Text: "Make one on the server: penstock merchant create --id shop", Link: &ui.Link{Text: "Look again", Href: Root}}
}

// sentence is a message as it stands on a page.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.Contains(s, ": penstock ") {
		return s
	}
	return s + "."
}

// article is "an owner", "a viewer".
func article(noun string) string {
	if noun != "" && strings.ContainsRune("aeiou", rune(noun[0])) {
		return fmt.Sprintf("an %s", noun)
	}
	return fmt.Sprintf("a %s", noun)
}
