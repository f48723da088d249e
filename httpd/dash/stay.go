package dash

import (
	"context"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// device is a browser's word for itself in two words, as far as it can be told.
func device(agent string) string {
	first := func(names ...[2]string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return ""
	}
	// Most browsers bear the names of those that they are like, so the order counts.
	browser := first([2]string{"Edg/", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox/", "Firefox"}, [2]string{"FxiOS/", "Firefox"}, [2]string{"HeadlessChrome/", "Chromium"},
		[2]string{"CriOS/", "Chrome"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"}, [2]string{"curl/", "curl"})
	system := first([2]string{"Android", "Android"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"Windows", "Windows"}, [2]string{"Mac OS X", "macOS"}, [2]string{"CrOS", "ChromeOS"}, [2]string{"Linux", "Linux"})
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser+system != "":
		return browser + system
	}
	return "Unknown device"
}

// sessionTable lists sessions. at is the page below which each has its own.
func sessionTable(v *visit, all []engine.Session, names map[string]string, at string) ui.Table {
	t := ui.Table{Name: "Sessions, the latest seen first", Cols: []ui.Col{{Name: "Device", Place: ui.Lead}, {Name: "From", Place: ui.Under}, {Name: "Since", Place: ui.Plain}, {Name: "State", Place: ui.Side}, {Name: "Last used", Place: ui.Aside}}}
	if names != nil {
		t.Cols = slices.Insert(t.Cols, 1, ui.Col{Name: "Who", Place: ui.Under})
		t.Cols[2].Place = ui.Plain
	}
	for i := range all {
		s := &all[i]
		state := &ui.Badge{Text: "Here", Tone: ui.Good}
		switch {
		case s.ID == v.session.ID:
			state.Text = "This one"
		case s.Half:
			state = &ui.Badge{Text: "Not let in yet", Tone: ui.Warn}
		}
		cells := []ui.Cell{{Link: &ui.Link{Text: device(s.Agent), Href: v.at(at + "/" + s.ID)}, Whole: s.Agent}, {Text: s.From, Mono: true}, {At: s.Created}, {Badge: state}, {At: s.Seen}}
		if names != nil {
			cells = slices.Insert(cells, 1, ui.Cell{Text: or(names[s.Operator], s.Operator)})
		}
		t.Rows = append(t.Rows, ui.Row{Cells: cells})
	}
	return t
}

// ownSessions is the block of a person's own account.
func (d *Dash) ownSessions(ctx context.Context, v *visit) (ui.Block, error) {
	all, err := d.Engine.Sessions(ctx, v.who.ID)
	b := ui.Block{Title: "Sessions", Lead: "Where you are logged in. A session ends by itself after 15 minutes without use, and after 12 hours.", Table: sessionTable(v, all, nil, "/me/sessions")}
	if len(all) > 1 {
		b.Press = []ui.Press{{Text: "End all others", Icon: "close", Href: v.at("/me/sessions")}}
	}
	return b, err
}

func (d *Dash) endOthers(ctx context.Context, v *visit) (wire.Reply, error) {
	if err := d.Engine.EndOtherSessions(ctx, v.who.ID, v.token); err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/me"), "others")), nil
}

// listSessions shows everybody's, to those who handle people.
func (d *Dash) listSessions(ctx context.Context, v *visit) (wire.Reply, error) {
	all, err := d.Engine.Sessions(ctx, "")
	if err != nil {
		return wire.Reply{}, err
	}
	names, err := d.names(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.List{Table: sessionTable(v, all, names, "/people/sessions"), Pager: &ui.Pager{Text: count(len(all), "session")}}
	return d.show(ctx, v, 200, "list", ui.Head{Title: "Sessions", Tabs: peopleTabs(v, "/sessions")}, page)
}

// sessionAt is the session in the address: of the person's own, or of anybody.
func (d *Dash) sessionAt(ctx context.Context, v *visit, operator string) (*engine.Session, error) {
	all, err := d.Engine.Sessions(ctx, operator)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(s engine.Session) bool { return s.ID == v.Param("session") })
	if i < 0 {
		return nil, &engine.Error{Code: engine.CodeNotFound, Object: engine.ObjSession, Message: "there is no such session, or it has ended"}
	}
	return &all[i], nil
}

// askEnd asks whether a session is to end. own says that it is the person's.
func (d *Dash) askEnd(own bool) handler {
	return func(ctx context.Context, v *visit) (wire.Reply, error) {
		operator, at, crumbs := "", "/people/sessions", []ui.Link{{Text: "People", Href: v.at("/people")}, {Text: "Sessions", Href: v.at("/people/sessions")}}
		if own {
			operator, at, crumbs = v.who.ID, "/me", []ui.Link{{Text: "Your account", Href: v.at("/me")}}
		}
		s, err := d.sessionAt(ctx, v, operator)
		if err != nil {
			return wire.Reply{}, err
		}
		names, err := d.names(ctx)
		if err != nil {
			return wire.Reply{}, err
		}
		text := device(s.Agent) + ", " + or(s.From, "an unknown address") + ", of " + or(names[s.Operator], s.Operator) + ". Whoever uses it has to log in again."
		if s.ID == v.session.ID {
			text += " It is the one that you are using now."
		}
		return d.show(ctx, v, 200, "act", ui.Head{Title: "End this session?", Crumbs: crumbs},
			ui.Act{Text: text, Form: ui.Form{Action: v.Path, Submit: "End the session", Danger: true, Cancel: v.at(at)}})
	}
}

func (d *Dash) end(own bool) handler {
	return func(ctx context.Context, v *visit) (wire.Reply, error) {
		operator, at := "", "/people/sessions"
		if own {
			operator, at = v.who.ID, "/me"
		}
		s, err := d.sessionAt(ctx, v, operator)
		if err != nil {
			return wire.Reply{}, err
		}
		if err := d.Engine.EndSession(ctx, v.caller(), s.ID); err != nil {
			return wire.Reply{}, err
		}
		return goTo(after(v.at(at), "ended")), nil
	}
}
