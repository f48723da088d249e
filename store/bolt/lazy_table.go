package bolt

import (
	"bytes"
	"slices"
)

// table is entries in memory. It doesn't change: a batch makes another, which
// shares what it can.
type table struct {
	// parts are in key order each, the newest first. Each is less than half as
	// large as the one behind it, so there are few.
	parts [][]entry
	maybe filter
	bytes int // of memory that its entries hold, about
}

// entryCost is what an entry costs in memory beside its bytes.
const entryCost = 80

func (e entry) cost() int { return len(e.key) + len(e.stored) + entryCost }

// newTable is an empty table that is going to hold about so many bytes.
func newTable(bytes int) *table {
	const perHash = 120
	return &table{maybe: newFilter(bytes / perHash)}
}

// with is the table with newer entries, which are in key order.
func (t *table) with(fresh []entry) *table {
	next := *t
	var before []byte
	for _, e := range fresh {
		hashesOf(before, e.key, next.maybe.add)
		next.bytes += e.cost()
		before = e.key
	}
	older := t.parts
	for len(older) > 0 && len(older[0]) < 2*len(fresh) {
		var hidden int
		fresh, hidden = mergeEntries(fresh, older[0])
		next.bytes -= hidden
		older = older[1:]
	}
	next.parts = slices.Insert(slices.Clone(older), 0, fresh)
	return &next
}

// mergeEntries makes one part of two. It returns what the hidden entries of
// the older one cost.
func mergeEntries(newer, older []entry) (all []entry, hidden int) {
	all = make([]entry, 0, len(newer)+len(older))
	for len(newer) > 0 && len(older) > 0 {
		switch c := bytes.Compare(newer[0].key, older[0].key); {
		case c > 0:
			all, older = append(all, older[0]), older[1:]
			continue
		case c == 0:
			hidden += older[0].cost()
			older = older[1:]
		}
		all, newer = append(all, newer[0]), newer[1:]
	}
	return append(append(all, newer...), older...), hidden
}

// keys counts the entries.
func (t *table) keys() (n int) {
	for _, part := range t.parts {
		n += len(part)
	}
	return n
}

func (t *table) get(key []byte, h keyHash) (entry, bool) {
	if !t.maybe.has(h) {
		return entry{}, false
	}
	for _, part := range t.parts {
		if i, found := findEntry(part, key); found {
			return part[i], true
		}
	}
	return entry{}, false
}

// feeds appends those of a span.
func (t *table) feeds(feeds []feed, r span) []feed {
	for _, part := range t.parts {
		feeds = append(feeds, r.entryFeed(part))
	}
	return feeds
}
