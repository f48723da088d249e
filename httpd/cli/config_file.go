package cli

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// source remembers where each value came from, so that a broken rule can name
// the line or the variable that broke it.
type source struct {
	name string
	doc  []byte
	at   map[string]position // by key; only what the file sets
	env  map[string]string   // by key; the variable that overrode it
}

type position struct{ line, column int }

// where names the place that set key; empty when its default holds.
func (s source) where(key string) string {
	if v := s.env[key]; v != "" {
		return v
	}
	if p, ok := s.at[key]; ok {
		return s.place(p)
	}
	return ""
}

func (s source) place(p position) string { return fmt.Sprintf("%s:%d:%d", s.name, p.line, p.column) }

// decodeFile puts what doc sets over cfg. The document is walked first, since
// the decoder alone takes keys in any case, says nothing of a number's place
// where a text is wanted, and speaks of Go types; it then judges syntax,
// repeated keys and the values.
func decodeFile(doc []byte, name string, cfg *Config) (source, error) {
	doc = bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf"))
	src := source{name: name, doc: doc, at: map[string]position{}, env: map[string]string{}}
	known := map[string]field{}
	for _, f := range fields(cfg) {
		known[f.Key()] = f
	}
	w := walker{src: src, known: known}
	if w.walk(); w.syntax == nil && len(w.problems) > 0 {
		return src, &ConfigError{w.problems}
	}
	err := toml.NewDecoder(bytes.NewReader(doc)).DisallowUnknownFields().Decode(cfg)
	if err == nil {
		return src, nil
	}
	var at *toml.DecodeError
	if !errors.As(err, &at) {
		return src, &ConfigError{[]Problem{{Where: name, Rule: "cannot be read as TOML"}}}
	}
	line, column := at.Position()
	p := Problem{
		Where:   src.place(position{line, column}),
		Rule:    strings.TrimPrefix(at.Error(), "toml: "),
		Snippet: src.snippet(position{line, column}, known),
	}
	if f, ok := known[strings.Join(at.Key(), ".")]; ok {
		p.Key = f.Key()
		if f.value.Type() == reflect.TypeFor[Secret]() {
			p.Rule = "wants a text in quotes on one line"
		}
	}
	return src, &ConfigError{[]Problem{p}}
}

// walker goes through the document's keys without storing a value.
type walker struct {
	src      source
	known    map[string]field
	parser   unstable.Parser
	problems []Problem
	syntax   error
}

func (w *walker) walk() {
	w.parser.Reset(w.src.doc)
	var table []string
	for w.parser.NextExpression() {
		expr := w.parser.Expression()
		path, at := w.path(expr)
		switch expr.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = path
			if section := strings.Join(path, "."); expr.Kind == unstable.ArrayTable || !w.section(section) {
				w.unknown(section, at, "is no section")
			}
		case unstable.KeyValue:
			full := append(append([]string(nil), table...), path...)
			if len(table) == 0 || w.section(strings.Join(table, ".")) {
				w.value(strings.Join(full, "."), at, expr.Value())
			}
		}
	}
	w.syntax = w.parser.Error()
}

// path returns the parts of a key and where the first of them stands.
func (w *walker) path(n *unstable.Node) ([]string, position) {
	var parts []string
	var at position
	for it := n.Key(); it.Next(); {
		if len(parts) == 0 {
			start := w.parser.Shape(it.Node().Raw).Start
			at = position{start.Line, start.Column}
		}
		parts = append(parts, string(it.Node().Data))
	}
	return parts, at
}

func (w *walker) section(name string) bool {
	for _, f := range w.known {
		if f.Section == name {
			return true
		}
	}
	return false
}

// value judges one key and the kind of its value; an inline table is a section
// written on one line.
func (w *walker) value(key string, at position, v *unstable.Node) {
	if v.Kind == unstable.InlineTable && w.section(key) {
		for it := v.Children(); it.Next(); {
			child := it.Node()
			if child.Kind != unstable.KeyValue {
				continue
			}
			path, at := w.path(child)
			w.value(key+"."+strings.Join(path, "."), at, child.Value())
		}
		return
	}
	f, ok := w.known[key]
	if !ok {
		w.unknown(key, at, "unknown key")
		return
	}
	w.src.at[key] = at
	if want := wants(f.value.Type(), v); want != "" {
		w.add(Problem{Key: key, Where: w.src.place(at), Rule: want, Snippet: w.src.snippet(at, w.known)})
	}
}

func (w *walker) unknown(key string, at position, what string) {
	var names []string
	for _, f := range w.known {
		names = append(names, f.Key(), f.Section)
	}
	p := Problem{Key: clip(key), Where: w.src.place(at), Rule: what, Snippet: w.src.snippet(at, w.known)}
	if near := nearest(key, names); near != "" {
		p.Rule += fmt.Sprintf("; did you mean %s?", near)
	}
	w.add(p)
}

func (w *walker) add(p Problem) {
	if len(w.problems) < maxProblems {
		w.problems = append(w.problems, p)
	}
}

// wants says what kind of value a key takes, or nothing when v is of it.
func wants(t reflect.Type, v *unstable.Node) string {
	text := reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	switch {
	case text || t.Kind() == reflect.String:
		if v.Kind != unstable.String {
			return "wants a text in quotes" + example(t)
		}
	case t.Kind() == reflect.Bool:
		if v.Kind != unstable.Bool {
			return "wants true or false, without quotes"
		}
	case t.Kind() == reflect.Slice:
		if v.Kind != unstable.Array {
			return "wants a list in square brackets"
		}
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.Comment {
				continue
			}
			if want := wants(t.Elem(), it.Node()); want != "" {
				return "each element " + want
			}
		}
	default:
		if v.Kind != unstable.Integer {
			return "wants a whole number, without quotes"
		}
	}
	return ""
}

func example(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Duration]():
		return `, a time span with a unit, like "10s" or "24h"`
	case reflect.TypeFor[Size]():
		return `, a size with a unit, like "64KiB" or "1GiB"`
	}
	return ""
}

// snippet shows the line at p with a mark under the column. A value is shown
// only where its key is known and no secret: a misspelt key, or the middle of
// a text over several lines, may be a credential.
func (s source) snippet(p position, known map[string]field) string {
	lines := bytes.Split(s.doc, []byte("\n"))
	if p.line < 1 || p.line > len(lines) {
		return ""
	}
	before := bytes.Join(lines[:p.line-1], []byte("\n"))
	if bytes.Contains(before, []byte(`"""`)) || bytes.Contains(before, []byte(`'''`)) {
		return ""
	}
	line := strings.TrimRight(string(lines[p.line-1]), "\r")
	name, _, assigns := strings.Cut(line, "=")
	switch {
	case assigns && !plainKey(strings.TrimSpace(name), known):
		line = name + "= ..."
	case !assigns && !strings.HasPrefix(strings.TrimSpace(line), "["):
		return ""
	}
	if len(line) > 120 || strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && r < ' ' || r == 0x7f }) {
		return ""
	}
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, line[:min(max(p.column-1, 0), len(line))])
	return fmt.Sprintf("%4d | %s\n     | %s^", p.line, line, pad)
}

// plainKey reports whether some section has a key of that name, and none has a
// secret one.
func plainKey(name string, known map[string]field) bool {
	found := false
	for _, f := range known {
		if f.Name == name || f.Key() == name {
			if f.Secret() {
				return false
			}
			found = true
		}
	}
	return found
}
