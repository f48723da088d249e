package docs

import (
	"bytes"
	_ "embed" // the page and its style
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// Style is the page's, to be served at /docs/style.css.
func Style() []byte { return []byte(pageCSS) }

// Page is the reference as HTML for a browser. It has no script and asks for
// nothing but its style.
func Page(version string) ([]byte, error) {
	all := parts()
	t, err := template.New("docs").Funcs(template.FuncMap{
		"lower": strings.ToLower, "anchor": anchor, "resolve": func(s *schema) *schema { return resolve(all, s) },
		"rows": func(s *schema) []row { return rows(all, s) }, "json": indented, "status": statusText,
	}).Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("read the page's template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, pageOf(all, version)); err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	return b.Bytes(), nil
}

// page is what the template sees.
type page struct {
	Version  string
	Chapters []chapter
}

type chapter struct {
	Name, About string
	Calls       []call
}

type call struct {
	ID, Method, Path, Summary, About string
	Keys                             bool
	Params                           []paramRow
	Body                             *schema
	Optional                         bool
	Media                            string
	Example                          any
	Replies                          []replyRow
}

type paramRow struct {
	Name, In, About, Kind string
	Required              bool
}

type replyRow struct {
	Status int
	About  string
	Schema *schema
}

func pageOf(all []part, version string) page {
	out := page{Version: version}
	for _, p := range all {
		for _, t := range p.tags {
			c := chapter{Name: t.name, About: t.about}
			for _, o := range p.operations {
				if o.tag == t.name {
					c.Calls = append(c.Calls, callOf(o))
				}
			}
			out.Chapters = append(out.Chapters, c)
		}
	}
	return out
}

func callOf(o operation) call {
	c := call{ID: o.id, Method: o.method, Path: o.path, Summary: o.summary, About: o.about, Keys: o.keys != nil}
	for _, p := range o.params {
		c.Params = append(c.Params, paramRow{p.name, p.in, p.schema.about, kindOf(p.schema), p.required || p.in == "path"})
	}
	if o.body != nil {
		c.Body, c.Optional, c.Media, c.Example = o.body.schema, o.body.optional, strings.Join(o.body.media, " or "), o.body.example
	}
	for _, r := range o.replies {
		c.Replies = append(c.Replies, replyRow{r.status, r.about, r.schema})
	}
	return c
}

// row is one member in the table of a body.
type row struct {
	Name, Kind, About string
	Required          bool
	Depth             int
}

// maxDepth is how deep the tables go: what nests deeper is named, not shown.
const maxDepth = 6

// rows are the members of a schema, those of its objects below it.
func rows(all []part, s *schema) []row { return nested(all, s, 0) }

func nested(all []part, s *schema, depth int) (out []row) {
	s = resolve(all, s)
	for s != nil && s.kind == "array" {
		s = resolve(all, s.items)
	}
	if s == nil || depth > maxDepth {
		return nil
	}
	for _, f := range s.fields {
		inner := resolve(all, f.schema)
		about := f.schema.about
		if about == "" && inner != nil {
			about = inner.about
		}
		out = append(out, row{f.name, kindOf(f.schema), about, f.required, depth})
		out = append(out, nested(all, f.schema, depth+1)...)
	}
	return out
}

// resolve follows a reference; Errors and Resource are named and not shown
// again at each call.
func resolve(all []part, s *schema) *schema {
	if s == nil || s.ref == "" {
		return s
	}
	if s.ref == "Errors" || s.ref == "Resource" || s.ref == "PageLinks" {
		return nil
	}
	return find(all, s.ref)
}

// kindOf says what a value may be, in a few words.
func kindOf(s *schema) string {
	text := s.kind
	switch {
	case s.ref != "":
		text = s.ref
	case s.only != "":
		text = fmt.Sprintf("%q", s.only)
	case s.words != nil:
		text = strings.Join(s.words, ", ")
	case s.kind == "array":
		text = "list of " + kindOf(s.items)
	case s.either != nil:
		var all []string
		for _, one := range s.either {
			all = append(all, kindOf(one))
		}
		text = strings.Join(all, " or ")
	case s.kind == "":
		text = "anything"
	}
	if s.nullable {
		text += ", or null"
	}
	return text
}

func anchor(s string) string { return strings.ReplaceAll(strings.ToLower(s), " ", "-") }

func statusText(status int) string {
	if status == 0 {
		return "others"
	}
	return fmt.Sprint(status)
}

func indented(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode an example: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return "", fmt.Errorf("encode an example: %w", err)
	}
	return b.String(), nil
}
