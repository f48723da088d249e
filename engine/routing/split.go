package routing

import (
	"cmp"
	"slices"
)

// A part may be sent only if what then remains can be paid as well, in the
// parts that are left: by routes that take parts from..to each, and all their
// parts together up to what their deposit account has (cap). With k[i] parts
// by route i, any total from the sum of k*from to the sum of min(k*to, cap)
// can be paid, and no other. So the question is for which k there is room.

// budget is how many cases are looked at for one route before the best that
// was found so far is taken. Real sets of limits need a dozen; it bounds what
// made-up ones can cost, which is to be refused though a split exists.
const budget = 2_000

// division seeks the largest first part.
type division struct {
	asked int64
	from  int64 // the least that the first part may be
	top   int64 // the most
	own   int   // the group of the first part

	items  []item  // what pays the rest, the largest first
	cap    []int64 // by group: what there is
	lows   []int64 // by group: the least that the parts chosen so far take
	highs  []int64 // by group: the most, at most asked
	onward []int64 // by item: the caps of the groups of it and those behind it, at most asked

	best int64
	left int // of the budget
}

type item struct {
	from, to int64
	group    int
}

// largestPart is the largest part that the slot chosen may take of asked, in
// minor units, so that the slots can pay the rest in at most parts-1 more
// parts; zero when there is none. A nil slot takes nothing.
func largestPart(slots []*Slot, chosen int, asked int64, parts int) int64 {
	s := slots[chosen]
	if s == nil || parts < 2 {
		return 0
	}
	d := newDivision(slots, chosen, asked)
	least := d.from
	// The largest of all is mostly possible, and to ask for that alone is cheap.
	for _, d.from = range [...]int64{d.top, least} {
		if d.left = budget; d.from >= least && d.best == 0 {
			d.seek(0, parts-1, 0, 0)
		}
	}
	return d.best
}

func newDivision(slots []*Slot, chosen int, asked int64) *division {
	d := &division{asked: asked, cap: make([]int64, len(slots)), lows: make([]int64, len(slots)), highs: make([]int64, len(slots))}
	for i := range d.cap {
		d.cap[i] = asked
	}
	for i, s := range slots {
		if s == nil {
			continue
		}
		group := groupOf(s, i)
		d.cap[group] = min(d.cap[group], s.Cap)
		if s.From <= min(s.To, s.Cap) {
			d.items = append(d.items, item{s.From, s.To, group})
		}
	}
	s := slots[chosen]
	d.own = groupOf(s, chosen)
	d.from, d.top = s.From, min(s.To, d.cap[d.own], asked)
	d.items = d.useful()
	d.onward = make([]int64, len(d.items)+1)
	for i := len(d.items) - 1; i >= 0; i-- {
		group := d.items[i].group
		d.onward[i] = d.onward[i+1]
		if !slices.ContainsFunc(d.items[i+1:], func(other item) bool { return other.group == group }) {
			d.onward[i] = d.sum(d.onward[i], d.cap[group])
		}
	}
	return d
}

func groupOf(s *Slot, i int) int {
	if s.Group > 0 {
		return s.Group - 1
	}
	return i
}

// useful leaves out each item that another can always stand in for: one with
// the same or wider limits, and the same account or one with money for all.
func (d *division) useful() []item {
	slices.SortStableFunc(d.items, func(a, b item) int {
		return cmp.Or(cmp.Compare(b.to, a.to), cmp.Compare(a.from, b.from), cmp.Compare(d.cap[b.group], d.cap[a.group]))
	})
	var out []item
	for _, i := range d.items {
		if !slices.ContainsFunc(out, func(o item) bool {
			return o.from <= i.from && o.to >= i.to && (o.group == i.group || d.cap[o.group] >= d.asked)
		}) {
			out = append(out, i)
		}
	}
	return out
}

// seek tries numbers of parts for the items from i on. least and most are what
// the parts chosen so far can pay in groups other than the first part's.
func (d *division) seek(i, parts int, least, most int64) {
	d.left--
	// More parts only take room from the first, so it gets no larger below here.
	first := min(d.top, d.asked-least-d.lows[d.own], d.cap[d.own]-d.lows[d.own])
	if first < d.from || first <= d.best {
		return
	}
	reach := d.sum(first, d.sum(most, min(d.highs[d.own], d.cap[d.own]-first)))
	if reach >= d.asked {
		d.best = first
		return
	}
	if i == len(d.items) || parts == 0 || d.sum(reach, min(d.times(d.items[i].to, parts), d.onward[i])) < d.asked {
		return
	}
	it := d.items[i]
	low, high := d.lows[it.group], d.highs[it.group]
	for k := d.useable(it, parts, least, most); k >= 0 && d.best < d.top && d.left > 0; k-- {
		d.lows[it.group] = low + int64(k)*it.from
		d.highs[it.group] = d.sum(high, d.times(it.to, k))
		if it.group == d.own {
			d.seek(i+1, parts-k, least, most)
		} else {
			had, has := min(high, d.cap[it.group]), min(d.highs[it.group], d.cap[it.group])
			d.seek(i+1, parts-k, least+int64(k)*it.from, d.sum(most-had, has))
		}
	}
	d.lows[it.group], d.highs[it.group] = low, high
}

// useable is how many parts of an item there is room and use for.
func (d *division) useable(it item, parts int, least, most int64) int {
	room := d.asked - d.from - least - d.lows[d.own]
	account := d.cap[it.group] - d.lows[it.group]
	if it.group == d.own {
		account -= d.from
	}
	lacking := d.asked - d.from - most // at most, if the first part is the least
	return int(max(0, min(int64(parts), room/it.from, account/it.from, (lacking-1)/it.to+1)))
}

// sum and times are at most asked, past which nothing matters.
func (d *division) sum(a, b int64) int64 {
	if a > d.asked-b {
		return d.asked
	}
	return a + b
}

func (d *division) times(a int64, k int) int64 {
	if k > 0 && a > d.asked/int64(k) {
		return d.asked
	}
	return a * int64(k)
}
