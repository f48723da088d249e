package rest

import (
	"penstock/engine"
)

func (r *customerRequest) person() engine.Person {
	return engine.Person{
		Name: said(r.Name), Email: said(r.Email), Phone: said(r.Phone), PhoneCode: said(r.PhoneCountryCode),
		Description: said(r.Description), TaxID: said(r.TaxID),
		Address: r.Address.raw(), Document: rawObject(r.Document), Metadata: rawObject(r.Metadata),
	}
}

func (r *customerRequest) edit() engine.Edit {
	return engine.Edit{
		Name: r.Name, Email: given(r.Email), Phone: r.Phone, PhoneCode: r.PhoneCountryCode, Description: r.Description, TaxID: r.TaxID,
		Address: r.Address.raw(), Document: rawObject(r.Document), Metadata: rawObject(r.Metadata),
	}
}

func showCustomer(c *engine.Customer) customerResponse {
	p := c.Person
	return customerResponse{
		CustomerID: c.ID, Name: shown(p.Name), Email: shown(p.Email), Phone: shown(p.Phone), PhoneCountryCode: shown(p.PhoneCode),
		Description: shown(p.Description), Address: p.Address, CreatedAt: stamp(c.Created), Metadata: p.Metadata,
		DefaultMethod: shown(c.DefaultMethod), TaxID: shown(p.TaxID), Document: p.Document,
	}
}
