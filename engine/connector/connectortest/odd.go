package connectortest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"penstock/engine/connector"
)

// oddThings stand in the place of a member.
func oddThings() []string {
	return []string{`[]`, `{"a":[1]}`, `12.5`, `true`, `null`, `""`, `"` + strings.Repeat("z", 300) + `"`}
}

// oddly calls f once for each member of the answers of script, at any depth,
// and each odd thing in its place. The oddity is in the answer to every
// request.
func (p *probe) oddly(script Script, f func(what string, server *provider, c connector.Connector)) {
	for _, odd := range oddThings() {
		for n, more := 0, true; more; n++ {
			more = false
			p.with(script, func(server *provider, c connector.Connector) {
				server.order(&fault{mangle: func(well string) (string, bool) {
					text, found := oddMember(body(well), n, odd)
					more = more || found
					return JSON(status(well), text), true
				}}, true)
				f(shorten(odd)+" in the place of a member", server, c)
			})
		}
	}
}

func shorten(s string) string { return s[:min(len(s), 12)] }

// oddMember replaces the n-th member of a JSON text, counted through lists and
// objects; false when there is none.
func oddMember(text string, n int, odd string) (string, bool) {
	var tree any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&tree) != nil {
		return text, false
	}
	if !replaceNth(&tree, &n, odd) {
		return text, false
	}
	out, err := json.Marshal(tree)
	return string(out), err == nil
}

// replaceNth counts n down over the members of v, and replaces the one at
// zero.
func replaceNth(v *any, n *int, odd string) bool {
	visit := func(child any, set func(any)) bool {
		if *n == 0 {
			set(json.RawMessage(odd))
			return true
		}
		*n--
		if replaceNth(&child, n, odd) {
			set(child)
			return true
		}
		return false
	}
	switch t := (*v).(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(t)) {
			if visit(t[name], func(c any) { t[name] = c }) {
				return true
			}
		}
	case []any:
		for i := range t {
			if visit(t[i], func(c any) { t[i] = c }) {
				return true
			}
		}
	}
	return false
}
