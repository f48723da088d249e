package declarative

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"penstock/engine/connector"
)

// template is a text with holes: "Payout {key}". A hole is a list of names, of
// which the first that has a value is taken, and filters that bend it:
// "{details.phone, details.telephone_number | digits}". A name that ends in
// "?" may have no value. "{{" is a brace.
type template struct {
	parts []part
}

type part struct {
	text    string   // between the holes
	names   []string // of a hole
	maybe   bool
	filters []filter
}

type filter struct {
	name string
	n    int
}

// values are what the holes of one rendering are filled with.
type values map[string]any

// errLacks says that a detail is missing, errOdd that one can't be sent.
type errLacks struct{ name string }

func (e errLacks) Error() string { return e.name + " is missing" }

type errOdd struct{ name, rule string }

func (e errOdd) Error() string { return e.name + " " + e.rule }

func readTemplate(text string) (template, error) {
	var t template
	for text != "" {
		i := strings.IndexAny(text, "{}")
		switch {
		case i < 0:
			t.plain(text)
			return t, nil
		case strings.HasPrefix(text[i:], "{{"), strings.HasPrefix(text[i:], "}}"):
			t.plain(text[:i+1])
			text = text[i+2:]
			continue
		case text[i] == '}':
			return t, fmt.Errorf("%q: a lone \"}\"; write \"}}\"", text)
		}
		t.plain(text[:i])
		hole, rest, ok := strings.Cut(text[i+1:], "}")
		if !ok {
			return t, fmt.Errorf("%q: a \"{\" without its \"}\"", text[i:])
		}
		p, err := readHole(hole)
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, p)
		text = rest
	}
	return t, nil
}

func (t *template) plain(text string) {
	if text != "" {
		t.parts = append(t.parts, part{text: text})
	}
}

func readHole(hole string) (part, error) {
	pieces := strings.Split(hole, "|")
	var p part
	for name := range strings.SplitSeq(pieces[0], ",") {
		name = strings.TrimSpace(name)
		if n, ok := strings.CutSuffix(name, "?"); ok {
			p.maybe, name = true, n
		}
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_.") != "" {
			return p, fmt.Errorf("{%s}: a name has small letters, digits, \"_\" and \".\"", hole)
		}
		p.names = append(p.names, name)
	}
	for _, text := range pieces[1:] {
		f, err := readFilter(strings.TrimSpace(text))
		if err != nil {
			return p, fmt.Errorf("{%s}: %w", hole, err)
		}
		p.filters = append(p.filters, f)
	}
	return p, nil
}

func readFilter(text string) (filter, error) {
	name, arg, has := strings.Cut(text, ":")
	switch name {
	case "upper", "lower", "digits", "number":
		if !has {
			return filter{name: name}, nil
		}
	case "max":
		n, err := strconv.Atoi(arg)
		if err == nil && n > 0 {
			return filter{name, n}, nil
		}
	}
	return filter{}, fmt.Errorf("%q is no filter: upper, lower, digits, number, max:N", text)
}

// names are all that the template asks for.
func (t template) names() []string {
	var out []string
	for _, p := range t.parts {
		out = append(out, p.names...)
	}
	return out
}

// value fills a hole; nil where it has none and needn't have.
func (p part) value(v values) (any, error) {
	for _, name := range p.names {
		got, ok := v[name]
		if s, text := got.(string); ok && got != nil && (!text || s != "") {
			return p.bend(name, got)
		}
	}
	if p.maybe {
		return nil, nil
	}
	return nil, errLacks{p.names[0]}
}

const maxText = 1000 // characters of one filled hole

func (p part) bend(name string, got any) (any, error) {
	for _, f := range p.filters {
		s, ok := got.(string)
		if !ok {
			if n, number := got.(connector.Number); number {
				s, ok = string(n), true
			}
		}
		if !ok {
			return nil, errOdd{name, "is no text"}
		}
		switch f.name {
		case "upper":
			got = strings.ToUpper(s)
		case "lower":
			got = strings.ToLower(s)
		case "digits":
			got = strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, s)
		case "number":
			if s == "" || len(s) > 18 || strings.Trim(s, "0123456789") != "" || s[0] == '0' && s != "0" {
				return nil, errOdd{name, "must be a whole number"}
			}
			got = connector.Number(s)
		case "max":
			if r := []rune(s); len(r) > f.n {
				got = string(r[:f.n])
			} else {
				got = s
			}
		}
	}
	if s, ok := got.(string); ok {
		if !utf8.ValidString(s) || len(s) > maxText || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, errOdd{name, fmt.Sprintf("must be text without control characters, at most %d bytes", maxText)}
		}
	}
	return got, nil
}

// tree fills a template that stands in a body. One that is a single hole
// keeps the kind of what fills it; drop says that there was nothing to fill it.
func (t template) tree(v values) (got any, drop bool, err error) {
	if len(t.parts) == 1 && t.parts[0].names != nil {
		got, err := t.parts[0].value(v)
		return got, got == nil, err
	}
	text, err := t.string(v, nil)
	return text, false, err
}

// string fills a template as text; escape bends what comes from the holes.
func (t template) string(v values, escape func(string) (string, error)) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.names == nil {
			b.WriteString(p.text)
			continue
		}
		got, err := p.value(v)
		if err != nil {
			return "", err
		}
		text := ""
		switch got := got.(type) {
		case nil:
		case string:
			text = got
		case connector.Number:
			text = string(got)
		case bool:
			text = strconv.FormatBool(got)
		default:
			return "", errOdd{p.names[0], "is no text"}
		}
		if escape != nil {
			if text, err = escape(text); err != nil {
				return "", errOdd{p.names[0], err.Error()}
			}
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

var (
	errSegment = errors.New("can't stand in a path")
	errHeader  = errors.New("can't stand in a header")
)

// inPath keeps a value within its segment of a path.
func inPath(s string) (string, error) {
	if s == "." || s == ".." || s == "" {
		return "", errSegment
	}
	return url.PathEscape(s), nil
}

// inHeader wants printable ASCII.
func inHeader(s string) (string, error) {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > 0x7e {
			return "", errHeader
		}
	}
	return s, nil
}

// body is a tree whose texts are templates.
type body struct {
	text    *template
	list    []body
	members map[string]body
	plain   any // bool or Number
}

func readBody(v any) (body, error) {
	switch v := v.(type) {
	case string:
		t, err := readTemplate(v)
		return body{text: &t}, err
	case []any:
		b := body{list: make([]body, len(v))}
		for i := range v {
			var err error
			if b.list[i], err = readBody(v[i]); err != nil {
				return b, fmt.Errorf("%d: %w", i, err)
			}
		}
		return b, nil
	case map[string]any:
		b := body{members: map[string]body{}}
		for name, child := range v {
			var err error
			if b.members[name], err = readBody(child); err != nil {
				return b, fmt.Errorf("%s: %w", name, err)
			}
		}
		return b, nil
	case bool, connector.Number:
		return body{plain: v}, nil
	}
	return body{}, fmt.Errorf("a %T can't stand in a body", v)
}

// fill renders the body. Members whose hole stays empty are left out, and so
// are objects of which nothing is left.
func (b body) fill(v values) (got any, drop bool, err error) {
	switch {
	case b.text != nil:
		return b.text.tree(v)
	case b.list != nil:
		out := []any{}
		for _, child := range b.list {
			got, drop, err := child.fill(v)
			if err != nil {
				return nil, false, err
			}
			if !drop {
				out = append(out, got)
			}
		}
		return out, false, nil
	case b.members != nil:
		out := map[string]any{}
		for name, child := range b.members {
			got, drop, err := child.fill(v)
			if err != nil {
				return nil, false, err
			}
			if !drop {
				out[name] = got
			}
		}
		return out, len(out) == 0 && len(b.members) > 0, nil
	}
	return b.plain, false, nil
}

// names are all that the body asks for.
func (b body) names() []string {
	var out []string
	if b.text != nil {
		out = b.text.names()
	}
	for _, child := range b.list {
		out = append(out, child.names()...)
	}
	for _, child := range b.members {
		out = append(out, child.names()...)
	}
	return out
}

// has says whether the body gives something at the place or on the way to it.
func (b body) has(p pointer) bool {
	for _, part := range p {
		if b.members == nil {
			return true // what stands there isn't an object
		}
		child, ok := b.members[part]
		if !ok {
			return false
		}
		b = child
	}
	return true
}

// asks says whether one of names is a name or begins with it and a dot.
func asks(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return n == name || strings.HasPrefix(n, name+".") })
}
