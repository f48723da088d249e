package jsonapi

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"penstock/httpd/wire"
)

// pageLinks are those of a list; prev and next are null at its ends.
type pageLinks struct {
	Self  string  `json:"self"`
	First string  `json:"first"`
	Prev  *string `json:"prev"`
	Next  *string `json:"next"`
	Last  string  `json:"last"`
}

// links are those around a page from the id of its first item to that of its
// last, both empty of an empty page.
func (p *paging) links(first, last string, earlier, later bool) pageLinks {
	out := pageLinks{First: p.at("", ""), Last: p.at("before", lastPage)}
	switch {
	case p.after != "":
		out.Self = p.at("after", p.after)
	case p.before != "":
		out.Self = p.at("before", p.before)
	default:
		out.Self = out.First
	}
	if earlier && first != "" {
		prev := p.at("before", first)
		out.Prev = &prev
	}
	if later && last != "" {
		next := p.at("after", last)
		out.Next = &next
	}
	return out
}

// at is the list's address at a cursor.
func (p *paging) at(word, cursor string) string {
	v := url.Values{}
	for key, values := range p.base {
		v[key] = values
	}
	v.Set("page[size]", strconv.Itoa(p.size))
	if word != "" {
		v.Set("page["+word+"]", cursor)
	}
	return p.path + "?" + v.Encode()
}

// backwards says that the page is the last so many items before a cursor.
func (p *paging) backwards() bool { return p.before != "" }

// cut makes a page of items that were fetched in the direction that the page
// is read, one more than it holds where there are more: it returns them in the
// list's order, and whether there are items on either side.
func cut[T any](p *paging, fetched []T) (items []T, earlier, later bool) {
	more := len(fetched) > p.size
	items = fetched[:min(len(fetched), p.size)]
	if !p.backwards() {
		return items, p.after != "", more
	}
	slices.Reverse(items)
	return items, more, p.before != lastPage
}

// sorter compares two items by a declared field.
type sorter[T any] map[string]func(a, b *T) int

// pick pages a list that is all in memory.
func pick[T any](p *paging, all []T, id func(*T) string, by sorter[T]) (items []T, earlier, later bool) {
	compare := func(a, b T) int {
		n := 0
		if f := by[p.sort]; f != nil {
			n = f(&a, &b)
		}
		if n == 0 {
			n = strings.Compare(id(&a), id(&b))
		}
		if p.up {
			return n
		}
		return -n
	}
	slices.SortFunc(all, compare)
	from, to := 0, len(all)
	at := func(cursor string) int {
		return slices.IndexFunc(all, func(v T) bool { return id(&v) == cursor })
	}
	if p.after != "" {
		if from = at(p.after) + 1; from == 0 {
			from = len(all) // what the cursor named is gone: nothing is said to follow it
		}
	}
	if p.before != "" && p.before != lastPage {
		if to = at(p.before); to < 0 {
			to = 0
		}
	}
	if p.backwards() {
		from = max(from, to-p.size)
	} else {
		to = min(to, from+p.size)
	}
	return all[from:to], from > 0, to < len(all)
}

// compareBy makes a sorter's row.
func compareBy[T any, V cmp.Ordered](of func(*T) V) func(a, b *T) int {
	return func(a, b *T) int { return cmp.Compare(of(a), of(b)) }
}

// shelf is a list that is all in memory, and how it is shown.
type shelf[T any] struct {
	fields   []filterField[T]
	sorts    []string // the first is the default
	up       bool     // the default is ascending
	by       sorter[T]
	id       func(*T) string // as it is shown
	show     func(*T) resource
	includes []string
	include  func(names []string, items []T) ([]resource, error)
	archive  func(*T) bool // what is hidden unless filter[archived] is given; nil: nothing
}

// inMemory answers a list.
func inMemory[T any](c *wire.Call, all []T, s shelf[T]) (document, error) {
	q, err := parseQuery(c.Path, c.QueryValues(), allowed{sorts: s.sorts, up: s.up, includes: s.includes})
	if err != nil {
		return document{}, err
	}
	tests, err := prepare(q.conditions, s.fields)
	if err != nil {
		return document{}, err
	}
	hide := s.archive != nil && !slices.ContainsFunc(q.conditions, func(c condition) bool { return c.field == "archived" })
	all = slices.DeleteFunc(all, func(v T) bool { return !passes(&v, tests) || hide && s.archive(&v) })
	items, earlier, later := pick(&q.paging, all, s.id, s.by)
	out := document{}
	if len(q.include) > 0 && s.include != nil {
		if out.Included, err = s.include(q.include, items); err != nil {
			return document{}, err
		}
	}
	return paged(out, &q.paging, items, s.show, earlier, later), nil
}

// paged completes the document of a page.
func paged[T any](out document, p *paging, items []T, show func(*T) resource, earlier, later bool) document {
	data := make([]resource, len(items))
	for i := range items {
		data[i] = show(&items[i])
	}
	first, last := "", ""
	if len(data) > 0 {
		first, last = data[0].ID, data[len(data)-1].ID
	}
	out.Data, out.Links = data, p.links(first, last, earlier, later)
	return out
}
