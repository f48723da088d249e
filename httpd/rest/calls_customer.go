package rest

import (
	"context"

	"penstock/engine"
	"penstock/httpd/wire"
)

func customerAnswer(c *engine.Customer) any { return showCustomer(c) }

func (a *API) createCustomer(ctx context.Context, who engine.Caller, c *wire.Call, r customerRequest) (wire.Reply, error) {
	o := rendered(once(c), customerAnswer)
	cust, err := a.Engine.CreateCustomer(ctx, who, said(r.CustomerID), r.person(), o)
	return answer(o, cust, err, customerAnswer)
}

func (a *API) getCustomer(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (customerResponse, error) {
	cust, err := a.Engine.Customer(ctx, who, c.Param("id"))
	if err != nil {
		return customerResponse{}, err
	}
	return showCustomer(cust), nil
}

func (a *API) updateCustomer(ctx context.Context, who engine.Caller, c *wire.Call, r customerRequest) (wire.Reply, error) {
	o := rendered(once(c, "id"), customerAnswer)
	cust, err := a.Engine.UpdateCustomer(ctx, who, c.Param("id"), r.edit(), o)
	return answer(o, cust, err, customerAnswer)
}

func (a *API) deleteCustomer(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	gone := func(c *engine.Customer) any { return customerDeleted{c.ID, true, true, true} }
	o := rendered(once(c, "id"), gone)
	cust, err := a.Engine.DeleteCustomer(ctx, who, c.Param("id"), o)
	return answer(o, cust, err, gone)
}

func (a *API) listCustomers(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) ([]customerResponse, error) {
	page, err := a.customers(ctx, who, c, false)
	return page.Data, err
}

func (a *API) countCustomers(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (customerPage, error) {
	return a.customers(ctx, who, c, true)
}

// customers reads a page, or the one customer that is asked for by id. One
// whose data is gone is listed as redacted.
func (a *API) customers(ctx context.Context, who engine.Caller, c *wire.Call, count bool) (customerPage, error) {
	page := customerPage{Data: []customerResponse{}}
	limit, err := number(c, "limit", 10, 1, 100)
	if err != nil {
		return page, err
	}
	offset, err := number(c, "offset", 0, 0, 1<<30)
	if err != nil {
		return page, err
	}
	if id := c.Query("customer_id"); id != "" {
		cust, err := a.Engine.Customer(ctx, who, id)
		switch {
		case isCode(err, engine.CodeNotFound), isCode(err, engine.CodeRedacted):
			return page, nil
		case err != nil:
			return page, err
		}
		page.Total = 1
		if offset == 0 {
			page.Data = append(page.Data, showCustomer(cust))
		}
		return page, nil
	}
	list, total, err := a.Engine.Customers(ctx, who, offset, limit, count)
	if err != nil {
		return page, err
	}
	page.Total = total
	for i := range list {
		page.Data = append(page.Data, showCustomer(&list[i]))
	}
	return page, nil
}
