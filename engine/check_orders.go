package engine

import (
	"hash/fnv"

	"penstock/store"
)

// orderCheck is what is known of bucket order while requests are looked at.
type orderCheck struct {
	low    map[Scope]*string // id from which on rows must stand; nil: nobody has looked yet
	erased marks             // scope and id of those of which nobody can tell any more
}

func newOrderCheck() *orderCheck { return &orderCheck{low: map[Scope]*string{}} }

// order takes down the row of a request whose echo has been opened.
func (k *check) order(tx store.Tx, s Scope, r *Request) error {
	c := k.orders
	low, seen := c.low[s]
	if !seen {
		id, known, err := orderedDownTo(tx, s)
		if err != nil {
			return err
		}
		if known {
			low = &id
		}
		c.low[s] = low
	}
	if r.untold() {
		c.erased.set(s.key(r.ID))
	}
	row, err := k.e.orderRow(s, k.e.soughtOf(r).Order)
	if err != nil || row == "" {
		return err
	}
	if low == nil || r.ID < *low {
		return k.askIfStands(tx, bucketOrder, s.key(row, r.ID))
	}
	k.rows.ask(bucketOrder, s.key(row, r.ID), "")
	return nil
}

// untold says of a request whose echo has been opened that it tells nothing any
// more: its key is gone.
func (r *Request) untold() bool { return r.Shut != nil && r.Echo.empty() }

// byOrder holds the rows that stand against those that requests ask for. A
// sealed locker tells nothing of either.
func (k *check) byOrder(tx store.Tx) error {
	sealed := k.e.Locker.Status().Sealed
	err := each(tx, bucketOrder, nil, func(p store.Pair) error {
		k.Counts[bucketOrder]++
		s, rest, err := cutScope(p.Key)
		if err != nil {
			k.found("order: %v", err)
			return nil
		}
		if len(rest) == 0 || sealed { // how far down they go
			return nil
		}
		if k.outlives(tx, s, string(rest[min(orderRowLen+1, len(rest)):])) || k.rows.stands(bucketOrder, p.Key, "") {
			return nil
		}
		k.found("a row of an order leads to no request of it: %s", rest)
		return nil
	})
	if n := len(k.rows.missing(bucketOrder)); n > 0 {
		k.found("%d rows of orders are missing: lists by order would pass requests by", n)
	}
	return err
}

// outlives says that a row leads to a request of which nobody can tell whether it
// asks for it. Years after, most requests are such: so they are not kept, but
// looked at again where a mark says that it may be one.
func (k *check) outlives(tx store.Tx, s Scope, id string) bool {
	if !k.orders.erased.has(s.key(id)) {
		return false
	}
	r, err := loadRequest(tx, s, id)
	if err != nil {
		return false
	}
	_ = k.e.openEcho(k.ctx, s, r) // one that does not open is a finding already
	return r.untold()
}

// marks is a set of keys that sometimes says of one that it is in it though it
// isn't: of one in forty, with a hundred thousand in it.
type marks []uint64

const marksLen = 1 << 22 // bits

func (m *marks) set(key []byte) {
	if *m == nil {
		*m = make(marks, marksLen/64)
	}
	at := markOf(key)
	(*m)[at/64] |= 1 << (at % 64)
}

func (m marks) has(key []byte) bool {
	at := markOf(key)
	return m != nil && m[at/64]&(1<<(at%64)) != 0
}

func markOf(key []byte) uint64 {
	h := fnv.New64a()
	h.Write(key)
	return h.Sum64() % marksLen
}
