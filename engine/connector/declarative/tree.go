package declarative

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/connector"
)

// A tree is a JSON value: nil, bool, string, connector.Number, []any or
// map[string]any. Numbers keep the letters that they were written in.

const maxDepth = 32

var errTree = errors.New("can't be read as JSON")

// readTree reads one JSON value, whole and strictly: UTF-8, no member twice.
func readTree(text []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	v, err := readValue(d, 0)
	if err != nil {
		return nil, errTree
	}
	if d.PeekKind() != 0 { // more, or something unreadable
		return nil, errTree
	}
	if rest := text[d.InputOffset():]; len(bytes.TrimLeft(rest, " \t\r\n")) > 0 {
		return nil, errTree
	}
	return v, nil
}

func readValue(d *jsontext.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTree
	}
	token, err := d.ReadToken()
	if err != nil {
		return nil, errTree
	}
	switch token.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return token.Bool(), nil
	case '"':
		return token.String(), nil
	case '0':
		return connector.Number(token.String()), nil
	case '[':
		list := []any{}
		for d.PeekKind() != ']' {
			v, err := readValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.ReadToken()
		return list, err
	case '{':
		return readMembers(d, depth)
	}
	return nil, errTree
}

func readMembers(d *jsontext.Decoder, depth int) (any, error) {
	members := map[string]any{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, errTree
		}
		key := name.String() // the token's bytes go with the next read
		if members[key], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.ReadToken()
	return members, err
}

// writeTree writes a tree with its members in order.
func writeTree(v any) ([]byte, error) {
	var b []byte
	b, err := appendTree(b, v)
	return b, err
}

func appendTree(b []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		if b, err = jsontext.AppendQuote(b, v); err != nil {
			return nil, errTree
		}
		return b, nil
	case connector.Number:
		n, err := v.MarshalJSON()
		return append(b, n...), err
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendTree(b, e); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		b = append(b, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendTree(b, name); err != nil {
				return nil, err
			}
			if b, err = appendTree(append(b, ':'), v[name]); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	}
	return nil, fmt.Errorf("a %T has no JSON form", v)
}

// pointer is a place in a tree (RFC 6901), ready to be followed.
type pointer []string

func readPointer(text string) (pointer, error) {
	if text == "" {
		return pointer{}, nil
	}
	if text[0] != '/' || len(text) > 256 {
		return nil, fmt.Errorf("%q: a place begins with \"/\", e.g. \"/data/status\"", text)
	}
	parts := strings.Split(text[1:], "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
	}
	return parts, nil
}

// in is what stands at the place; false when there is nothing.
func (p pointer) in(tree any) (any, bool) {
	for _, part := range p {
		switch t := tree.(type) {
		case map[string]any:
			v, ok := t[part]
			if !ok {
				return nil, false
			}
			tree = v
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(t) || part != strconv.Itoa(i) {
				return nil, false
			}
			tree = t[i]
		default:
			return nil, false
		}
	}
	return tree, true
}

// text is the non-empty text at the place, where there is one.
func (p pointer) text(tree any) (string, bool) {
	v, _ := p.in(tree)
	s, ok := v.(string)
	return s, ok && s != ""
}

// name is a text or a whole number at the place, as an id may be either.
func (p pointer) name(tree any) (string, bool) {
	v, _ := p.in(tree)
	switch v := v.(type) {
	case string:
		return v, v != ""
	case connector.Number:
		return string(v), strings.Trim(string(v), "0123456789") == ""
	}
	return "", false
}

// put sets the place in an object, making what lies between.
func (p pointer) put(tree map[string]any, v any) error {
	if len(p) == 0 {
		return errors.New("the whole body is no place")
	}
	for _, part := range p[:len(p)-1] {
		next, ok := tree[part]
		if !ok {
			next = map[string]any{}
			tree[part] = next
		}
		m, ok := next.(map[string]any)
		if !ok {
			return fmt.Errorf("%q stands in the way", part)
		}
		tree = m
	}
	tree[p[len(p)-1]] = v
	return nil
}

func (p pointer) String() string {
	var b strings.Builder
	for _, part := range p {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(part, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// same compares trees by value; numbers by their letters.
func same(a, b any) bool {
	x, errX := writeTree(a)
	y, errY := writeTree(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
