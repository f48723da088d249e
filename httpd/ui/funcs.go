package ui

import (
	"errors"
	"html/template"
	"strings"
	"time"
	"unicode"
)

// funcs are what templates may call.
func (u *UI) funcs() template.FuncMap {
	return template.FuncMap{
		"asset": func(name string) (string, error) {
			if _, ok := u.assets[name]; !ok {
				return "", errors.New("no asset " + name)
			}
			return u.base + name, nil
		},
		"icon":     icon,
		"shape":    func(t Tone) (template.HTML, error) { return icon(string("tone-" + t)) },
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"stamp":    stamp,
		"initial":  initial,
		"ceremony": func(csrf string, p *Passkey) Ceremony { return Ceremony{csrf, p} },
		"part":     func(csrf string, f Form) Posted { return Posted{csrf, f} },
		"press":    func(csrf string, p Press) Pressed { return Pressed{csrf, p} },
	}
}

// Posted is a form with the token that guards it.
type Posted struct {
	CSRF string
	Form
}

// Pressed is an act without a page of its own, with the token that guards it.
type Pressed struct {
	CSRF  string
	Press Press
}

// Ceremony is a passkey's form with the token that guards it.
type Ceremony struct {
	CSRF string
	*Passkey
}

// stamp is a time as it stands in a page before a script puts it into the
// reader's own zone. It always names its zone.
func stamp(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }

// initial is the first letter of a name, for the round picture of a person.
func initial(name string) string {
	for _, r := range strings.TrimSpace(name) {
		return string(unicode.ToUpper(r))
	}
	return "?"
}
