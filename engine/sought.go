package engine

import "penstock/engine/service"

// Sought is what a dialect tells of a request so that lists find it by that,
// out of what it echoes, which lies sealed.
type Sought struct {
	Order  string       // the merchant's own name of an order, which need not be unique; "": none
	Entity string       // what is paid: a person, a company; not empty
	Kind   service.Kind // that the caller named; "": none
}

func (e *Engine) tells(dialect string) bool { return e.Sought[dialect] != nil }

// soughtOf is what the dialect of a request tells of it, whose echo is opened;
// nothing, where that is erased or the dialect tells nothing.
func (e *Engine) soughtOf(r *Request) Sought {
	of := e.Sought[r.Dialect]
	if of == nil || len(r.Extra) == 0 {
		return Sought{}
	}
	return of(r.Extra)
}

// toldOf is soughtOf a request that is being made, where its dialect may have told
// it with the rest.
func (e *Engine) toldOf(r *Request, told *Sought) Sought {
	if told != nil && e.tells(r.Dialect) {
		return *told
	}
	return e.soughtOf(r)
}

// seek keeps in the record what lists may read in it without opening anything.
func (r *Request) seek(s Sought) {
	r.Entity, r.Asked = s.Entity, ""
	if r.Kind == "" {
		r.Asked = s.Kind
	}
}
