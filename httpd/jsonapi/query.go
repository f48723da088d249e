package jsonapi

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a query.
const (
	defaultPage = 20
	maxPage     = 100
	maxFilters  = 32  // fields and operators
	maxValues   = 100 // in one filter
	maxValue    = 255 // bytes
)

// lastPage in the place of a cursor is behind the last item.
const lastPage = "last"

// paging is which page of a list is asked for, and in which order.
type paging struct {
	size          int
	after, before string // ids as they are shown; at most one of them is given
	sort          string // a declared field
	up            bool   // ascending
	base          url.Values
	path          string
}

// condition is one filter: the values that a field is held against.
type condition struct {
	field    string
	operator string // "" is "is one of"
	values   []string
	key      string // as it stood in the query
}

// query is what a list's query says.
type query struct {
	paging
	conditions []condition
	include    []string
}

// allowed is what a list takes. Filters are not in it: an unknown field is
// ignored.
type allowed struct {
	sorts    []string // the first is the default
	up       bool     // the default is ascending
	includes []string
}

// parseQuery reads filter, sort, page and include. Other parameters are not
// this dialect's and are ignored.
func parseQuery(path string, all url.Values, may allowed) (query, error) {
	q := query{paging: paging{size: defaultPage, sort: may.sorts[0], up: may.up, base: url.Values{}, path: path}}
	for _, key := range sortedKeys(all) {
		name, parts, err := bracketed(key)
		if err != nil {
			return q, err
		}
		switch name {
		case "filter":
			err = q.filter(key, parts, all[key])
		case "sort":
			err = q.order(parts, all[key], may.sorts)
		case "page":
			err = q.page(key, parts, all[key])
		case "include":
			err = q.including(parts, all[key], may.includes)
		}
		if err != nil {
			return q, err
		}
		if name != "page" || len(parts) == 1 && parts[0] == "size" {
			q.base[key] = all[key]
		}
	}
	if q.after != "" && q.before != "" {
		return q, badQuery("page[before]", "Only one of page[after] and page[before] may be given.")
	}
	if len(q.conditions) > maxFilters {
		return q, badQuery("filter", fmt.Sprintf("At most %d filters may be given.", maxFilters))
	}
	return q, nil
}

func sortedKeys(v url.Values) []string {
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// bracketed takes filter[created][from] apart: the name, and what stands in
// brackets.
func bracketed(key string) (name string, parts []string, err error) {
	name, rest, nested := strings.Cut(key, "[")
	if !nested {
		return key, nil, nil
	}
	if !strings.HasSuffix(rest, "]") {
		return name, nil, badKeyOf(key)
	}
	parts = strings.Split(strings.TrimSuffix(rest, "]"), "][")
	for _, p := range parts {
		if strings.ContainsAny(p, "[]") {
			return name, nil, badKeyOf(key)
		}
	}
	return name, parts, nil
}

func badKeyOf(key string) error {
	return badQuery(key, "Invalid value provided for key `"+key+"`.")
}

// isIndex says whether a part is only the place in an array, as in a[] and
// a[0].
func isIndex(part string) bool {
	n, err := strconv.Atoi(part)
	return part == "" || err == nil && n >= 0
}

// filter reads filter[field]=v, filter[field][]=v and filter[field][op]=v.
// Several values, by comma or as an array, are one of which must fit.
func (q *query) filter(key string, parts, values []string) error {
	var field, operator string
	switch {
	case len(parts) == 1 && parts[0] != "",
		len(parts) == 2 && isIndex(parts[1]):
		field = parts[0]
	case len(parts) == 2, len(parts) == 3 && isIndex(parts[2]):
		field, operator = parts[0], parts[1]
	default:
		return badKeyOf(key)
	}
	if field == "" {
		return badKeyOf(key)
	}
	i := slices.IndexFunc(q.conditions, func(c condition) bool { return c.field == field && c.operator == operator })
	if i < 0 {
		i = len(q.conditions)
		q.conditions = append(q.conditions, condition{field: field, operator: operator, key: key})
	}
	cond := &q.conditions[i]
	for _, v := range values {
		for one := range strings.SplitSeq(v, ",") {
			if one = strings.TrimSpace(one); one == "" || len(one) > maxValue || len(cond.values) == maxValues {
				return badKeyOf(key)
			}
			cond.values = append(cond.values, one)
		}
	}
	return nil
}

func (q *query) order(parts, values, sorts []string) error {
	if len(parts) != 0 || len(values) != 1 {
		return badKeyOf("sort")
	}
	field, down := strings.CutPrefix(values[0], "-")
	if !slices.Contains(sorts, field) {
		return badQuery("sort", "Invalid value provided for key `sort`. It can be sorted by "+strings.Join(sorts, ", ")+", with - in front for descending.")
	}
	q.sort, q.up = field, !down
	return nil
}

func (q *query) page(key string, parts, values []string) error {
	if len(parts) != 1 || len(values) != 1 {
		return badKeyOf(key)
	}
	v := values[0]
	switch parts[0] {
	case "size":
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > maxPage {
			return badQuery(key, fmt.Sprintf("Invalid value provided for key `page[size]`. Expected 1 to %d.", maxPage))
		}
		q.size = n
	case "after":
		q.after = v
	case "before":
		q.before = v
	default:
		return badQuery(key, "Invalid value provided for key `"+key+"`. Lists are paged by page[size], page[after] and page[before].")
	}
	if v == "" || len(v) > maxValue {
		return badKeyOf(key)
	}
	return nil
}

// including reads include=a,b and include[]=a.
func (q *query) including(parts, values, may []string) error {
	if len(parts) > 1 || len(parts) == 1 && !isIndex(parts[0]) {
		return badKeyOf("include")
	}
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			name = strings.TrimSpace(name)
			switch {
			case name == "":
			case !slices.Contains(may, name):
				return badQuery("include", "Invalid value provided for key `include`. It can be "+orNothing(may)+".")
			case !slices.Contains(q.include, name):
				q.include = append(q.include, name)
			}
		}
	}
	return nil
}

func orNothing(may []string) string {
	if len(may) == 0 {
		return "nothing here"
	}
	return strings.Join(may, ", ")
}

func (q *query) includes(name string) bool { return slices.Contains(q.include, name) }
