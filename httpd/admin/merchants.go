package admin

import (
	"context"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

type merchant struct {
	ID      string    `json:"merchant_id"`
	Name    string    `json:"name,omitzero"`
	Profile string    `json:"profile_id"`
	Created time.Time `json:"created"`
}

func merchantOf(m *engine.Merchant) merchant {
	return merchant{m.ID, m.Name, engine.PrefixProfile + m.Point, m.Created}
}

// list is a page: what comes after it starts after the id of its last item.
type list[T any] struct {
	Data []T  `json:"data"`
	More bool `json:"more"` // there may be more
}

func page[T any](all []T, limit int) list[T] {
	more := len(all) > limit
	if more {
		all = all[:limit]
	}
	return list[T]{all, more}
}

func (a *Admin) listMerchants(ctx context.Context, c *wire.Call, _ wire.None) (list[merchant], error) {
	limit, err := limitOf(c, 100)
	if err != nil {
		return list[merchant]{}, err
	}
	all, err := a.Engine.Merchants(ctx, c.Query("after"), limit+1)
	if err != nil {
		return list[merchant]{}, err
	}
	out := make([]merchant, len(all))
	for i := range all {
		out[i] = merchantOf(&all[i])
	}
	return page(out, limit), nil
}

type newMerchant struct {
	ID   string `json:"merchant_id"`
	Name string `json:"name"`
}

func (a *Admin) createMerchant(ctx context.Context, _ *wire.Call, req newMerchant) (merchant, error) {
	who, err := operator(req.ID, "")
	if err != nil {
		return merchant{}, err
	}
	m, err := a.Engine.CreateMerchant(ctx, who, req.ID, req.Name)
	if err != nil {
		return merchant{}, err
	}
	return merchantOf(m), nil
}
