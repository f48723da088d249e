package engine

import (
	"penstock/store"
)

// orderCheck is the rows of bucket order that requests ask for.
type orderCheck struct {
	low    map[Scope]*string // id from which on rows must stand; nil: nobody has looked yet
	rows   map[string]bool   // true: must stand; false: may
	erased map[string]bool   // scope and id of those of which nobody can tell any more
}

func newOrderCheck() *orderCheck {
	return &orderCheck{map[Scope]*string{}, map[string]bool{}, map[string]bool{}}
}

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
	if r.Shut != nil && r.Echo.empty() {
		c.erased[string(s.key(r.ID))] = true
	}
	row, err := k.e.orderRow(s, k.e.soughtOf(r).Order)
	if err == nil && row != "" {
		c.rows[string(s.key(row, r.ID))] = low != nil && r.ID >= *low
	}
	return err
}

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
		_, asked := k.orders.rows[string(p.Key)]
		if !asked && !k.orders.erased[string(s.key(string(rest[min(orderRowLen+1, len(rest)):])))] {
			k.found("a row of an order leads to no request of it: %s", rest)
		}
		delete(k.orders.rows, string(p.Key))
		return nil
	})
	missing := 0
	for _, must := range k.orders.rows {
		if must {
			missing++
		}
	}
	if missing > 0 {
		k.found("%d rows of orders are missing: lists by order would pass requests by", missing)
	}
	return err
}
