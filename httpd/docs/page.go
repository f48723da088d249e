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
		"lower": strings.ToLower, "anchor": anchor, "rows": rows, "json": indented, "status": statusText,
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
	Schemas  []schemaShown
}

// schemaShown is one that calls refer to.
type schemaShown struct {
	Name, About string
	Schema      *schema
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
		for _, n := range p.schemas {
			out.Schemas = append(out.Schemas, schemaShown{n.name, n.schema.about, n.schema})
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

// row is one member in the table of a body. Ref names the schema that it is,
// or is a list of.
type row struct {
	Name, Kind, About, Ref string
	Required               bool
	Depth                  int
}

// rows are the members of a schema, those of its objects below it. Schemas that
// have a name of their own stand at the end of the page.
func rows(s *schema) []row { return nested(s, 0) }

func nested(s *schema, depth int) (out []row) {
	for s != nil && s.kind == "array" {
		s = s.items
	}
	if s == nil {
		return nil
	}
	if s.ref != "" && depth == 0 {
		return []row{{Name: "", Kind: kindOf(s), Ref: s.ref}}
	}
	for _, f := range s.fields {
		out = append(out, row{f.name, kindOf(f.schema), f.schema.about, refOf(f.schema), f.required, depth})
		out = append(out, nested(f.schema, depth+1)...)
	}
	return out
}

func refOf(s *schema) string {
	for s != nil && s.kind == "array" {
		s = s.items
	}
	if s == nil {
		return ""
	}
	return s.ref
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
