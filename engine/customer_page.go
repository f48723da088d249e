package engine

import (
	"context"
	"fmt"

	"penstock/store"
)

// CustomersAfter returns a scope's customers in the order of their ids, from
// the one after the id on; "" begins. bare leaves their persons sealed.
func (e *Engine) CustomersAfter(ctx context.Context, c Caller, afterID string, limit int, bare bool) ([]Customer, error) {
	from := c.prefix()
	if afterID != "" {
		from = append(c.key(afterID), 0)
	}
	out, err := read(ctx, e, func(tx store.Tx) (out []Customer, err error) {
		rows, err := tx.Scan(bucketCustomer, from, after(c.prefix()), limit, false)
		if err != nil {
			return nil, fmt.Errorf("scan customers: %w", err)
		}
		for _, row := range rows {
			one, err := decode[Customer](bucketCustomer, row.Value)
			if err != nil {
				return nil, err
			}
			out = append(out, *one)
		}
		return out, nil
	})
	for i := range out {
		if err == nil && !bare {
			err = e.openPerson(ctx, c.Scope, &out[i])
		}
	}
	return out, err
}
