package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// members are those of a JSON object, in order.
type members []member

type member struct {
	name  string
	value any
}

func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.name, err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (m members) values() []any {
	out := make([]any, len(m))
	for i := range m {
		out[i] = m[i].value
	}
	return out
}

// schema is a JSON schema (draft 2020-12), as much of it as the descriptions
// need. Its methods return a changed copy.
type schema struct {
	ref      string // name of a schema of the parts; everything else but about and nullable is empty
	kind     string // string, integer, number, boolean, array, object; "" is anything
	about    string
	format   string
	pattern  string
	words    []string // an enum
	only     string   // a const
	nullable bool
	least    *int64
	most     *int64
	max      int // maxLength, or maxItems
	items    *schema
	fields   []field
	open     bool    // an object that may have other members
	rest     *schema // what these are
	either   []*schema
	example  any
}

// field is a member of an object.
type field struct {
	name     string
	required bool
	schema   *schema
}

// must is a member that is always there, may one that can be left out.
func must(name string, s *schema) field { return field{name, true, s} }
func may(name string, s *schema) field  { return field{name, false, s} }

func str(about string) *schema   { return &schema{kind: "string", about: about} }
func whole(about string) *schema { return &schema{kind: "integer", about: about} }
func num(about string) *schema   { return &schema{kind: "number", about: about} }
func flag(about string) *schema  { return &schema{kind: "boolean", about: about} }
func ref(name string) *schema    { return &schema{ref: name} }
func anything(about string) *schema {
	return &schema{about: about}
}
func enum(about string, words ...string) *schema {
	return &schema{kind: "string", about: about, words: words}
}
func list(of *schema) *schema { return &schema{kind: "array", items: of} }

// object is closed: it has these members and no others.
func object(about string, fields ...field) *schema {
	return &schema{kind: "object", about: about, fields: fields}
}

// free is an object of whatever the caller likes.
func free(about string) *schema { return &schema{kind: "object", about: about, open: true} }

// dict is an object whose members all have one schema.
func dict(about string, of *schema) *schema {
	return &schema{kind: "object", about: about, rest: of}
}

// constant is a text that is always the same.
func constant(word string) *schema { return &schema{kind: "string", only: word} }

func oneOf(about string, all ...*schema) *schema { return &schema{about: about, either: all} }

func (s *schema) with(change func(*schema)) *schema {
	own := *s
	change(&own)
	return &own
}

func (s *schema) null() *schema            { return s.with(func(s *schema) { s.nullable = true }) }
func (s *schema) as(format string) *schema { return s.with(func(s *schema) { s.format = format }) }
func (s *schema) like(pattern string) *schema {
	return s.with(func(s *schema) { s.pattern = pattern })
}
func (s *schema) upTo(n int) *schema { return s.with(func(s *schema) { s.max = n }) }
func (s *schema) between(least, most int64) *schema {
	return s.with(func(s *schema) { s.least, s.most = &least, &most })
}
func (s *schema) from(least int64) *schema { return s.with(func(s *schema) { s.least = &least }) }
func (s *schema) say(about string) *schema { return s.with(func(s *schema) { s.about = about }) }
func (s *schema) eg(example any) *schema   { return s.with(func(s *schema) { s.example = example }) }
func (s *schema) others() *schema          { return s.with(func(s *schema) { s.open = true }) }
func (s *schema) plus(fields ...field) *schema {
	return s.with(func(s *schema) { s.fields = append(append([]field(nil), s.fields...), fields...) })
}

func (s *schema) MarshalJSON() ([]byte, error) {
	var m members
	if s.about != "" {
		m = append(m, member{"description", s.about})
	}
	switch {
	case s.ref != "" && s.nullable:
		m = append(m, member{"anyOf", []any{ref(s.ref), members{{"type", "null"}}}})
	case s.ref != "":
		m = append(m, member{"$ref", "#/components/schemas/" + s.ref})
	case s.either != nil:
		m = append(m, member{"anyOf", s.either})
	case s.kind != "" && s.nullable:
		m = append(m, member{"type", []string{s.kind, "null"}})
	case s.kind != "":
		m = append(m, member{"type", s.kind})
	}
	if s.words != nil {
		words := make([]any, len(s.words))
		for i, w := range s.words {
			words[i] = w
		}
		if s.nullable {
			words = append(words, nil)
		}
		m = append(m, member{"enum", words})
	}
	m = append(m, s.bounds()...)
	if s.kind == "object" {
		m = append(m, s.object()...)
	}
	if s.example != nil {
		m = append(m, member{"examples", []any{s.example}})
	}
	return json.Marshal(m)
}

func (s *schema) bounds() (m members) {
	if s.only != "" {
		m = append(m, member{"const", s.only})
	}
	if s.format != "" {
		m = append(m, member{"format", s.format})
	}
	if s.pattern != "" {
		m = append(m, member{"pattern", s.pattern})
	}
	if s.least != nil {
		m = append(m, member{"minimum", *s.least})
	}
	if s.most != nil {
		m = append(m, member{"maximum", *s.most})
	}
	switch {
	case s.max > 0 && s.kind == "array":
		m = append(m, member{"maxItems", s.max})
	case s.max > 0:
		m = append(m, member{"maxLength", s.max})
	}
	if s.items != nil {
		m = append(m, member{"items", s.items})
	}
	return m
}

func (s *schema) object() (m members) {
	var properties members
	var required []string
	for _, f := range s.fields {
		properties = append(properties, member{f.name, f.schema})
		if f.required {
			required = append(required, f.name)
		}
	}
	if properties != nil {
		m = append(m, member{"properties", properties})
	}
	if required != nil {
		m = append(m, member{"required", required})
	}
	switch {
	case s.rest != nil:
		m = append(m, member{"additionalProperties", s.rest})
	case !s.open:
		m = append(m, member{"additionalProperties", false})
	}
	return m
}
