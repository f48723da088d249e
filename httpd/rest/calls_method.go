package rest

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// secretLife is how long the client secret of a payment method that waits for
// its details may be used.
const secretLife = 15 * time.Minute

func methodAnswer(merchant string) func(*engine.Method) any {
	return func(m *engine.Method) any { return showMethod(merchant, m) }
}

func (a *API) createMethod(ctx context.Context, who engine.Caller, c *wire.Call, r methodRequest) (wire.Reply, error) {
	if who.Publishable {
		if r.ClientSecret == nil {
			return wire.Reply{}, missingParam("client_secret")
		}
		id, _, _ := strings.Cut(*r.ClientSecret, "_secret_")
		return a.complete(ctx, who, once(c), id, r)
	}
	o := rendered(once(c), methodAnswer(who.Merchant))
	n, err := r.newMethod()
	if err != nil {
		return wire.Reply{}, err
	}
	m, err := a.Engine.SaveMethod(ctx, who, n, o)
	return answer(o, m, in(saveMethod, err), methodAnswer(who.Merchant))
}

func (a *API) getMethod(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (methodResponse, error) {
	m, err := a.Engine.Method(ctx, who, c.Param("id"))
	if err != nil {
		return methodResponse{}, err
	}
	return showMethod(who.Merchant, m), nil
}

// updateMethod changes what is sent; the account itself stays.
func (a *API) updateMethod(ctx context.Context, who engine.Caller, c *wire.Call, r methodRequest) (wire.Reply, error) {
	r.lift()
	if r.empty() {
		return wire.Reply{}, refuse(422, "IR_29", "Request must contain atleast one parameter to update")
	}
	o := rendered(once(c, "id"), methodAnswer(who.Merchant))
	if !who.Publishable {
		if again, done, err := a.saidBefore(ctx, who, o); done || err != nil {
			return again, err
		}
	}
	m, err := a.Engine.Method(ctx, who, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	if who.Publishable {
		if err := a.proveMethod(m, r.ClientSecret); err != nil {
			return wire.Reply{}, err
		}
	}
	ed := engine.MethodEdit{Metadata: rawObject(r.Metadata), Billing: r.Billing.raw(), Nick: r.nick()}
	if _, ed.Details, err = r.pick(m.Kind); err != nil {
		return wire.Reply{}, err
	}
	if len(ed.Details) == 0 {
		ed.Details = nil
	}
	m, err = a.Engine.UpdateMethod(ctx, who, m.ID, ed, o)
	return answer(o, m, in(saveMethod, err), methodAnswer(who.Merchant))
}

// saveMethod completes a method that waits for its details.
func (a *API) saveMethod(ctx context.Context, who engine.Caller, c *wire.Call, r methodRequest) (wire.Reply, error) {
	return a.complete(ctx, who, once(c, "id"), c.Param("id"), r)
}

// complete gives a waiting method its details. A browser proves by the client
// secret that it may.
func (a *API) complete(ctx context.Context, who engine.Caller, o *engine.Once, id string, r methodRequest) (wire.Reply, error) {
	r.lift()
	if who.Publishable && r.ClientSecret == nil {
		return wire.Reply{}, missingParam("client_secret")
	}
	m, err := a.Engine.Method(ctx, who, id)
	if err != nil {
		return wire.Reply{}, err
	}
	if r.ClientSecret != nil {
		if err := a.proveMethod(m, r.ClientSecret); err != nil {
			return wire.Reply{}, err
		}
	}
	form, details, err := r.pick(m.Kind)
	if err != nil {
		return wire.Reply{}, err
	}
	if details == nil {
		return wire.Reply{}, missingParam("payment_method_data")
	}
	o = rendered(o, methodAnswer(who.Merchant))
	m, err = a.Engine.CompleteMethod(ctx, who, m.ID, form, said(r.Type), engine.MethodEdit{
		Details: details, Metadata: rawObject(r.Metadata), Billing: r.Billing.raw(), Nick: r.nick()}, o)
	return answer(o, m, in(saveMethod, err), methodAnswer(who.Merchant))
}

// proveMethod compares a client secret in constant time.
func (a *API) proveMethod(m *engine.Method, secret *string) error {
	if secret == nil {
		return missingParam("client_secret")
	}
	if subtle.ConstantTimeCompare([]byte(m.Secret), []byte(*secret)) != 1 {
		return refuse(400, "IR_09", "The client_secret provided does not match the client_secret associated with the Payment method")
	}
	if m.Waiting && a.Now().Sub(m.Created) > secretLife {
		return refuse(400, "IR_08", "The provided client_secret has expired")
	}
	return nil
}

func (a *API) deleteMethod(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (methodDeleted, error) {
	id := c.Param("id")
	if err := a.Engine.DeleteMethod(ctx, who, id); err != nil {
		return methodDeleted{}, err
	}
	return methodDeleted{MethodID: id, Deleted: true}, nil
}

func (a *API) setDefault(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	show := func(m *engine.Method) any {
		return defaultResponse{MethodID: m.ID, CustomerID: m.Customer, Method: kindMethod(m.Kind), Type: shownType(m)}
	}
	o := rendered(once(c, "customer", "method"), show)
	m, err := a.Engine.SetDefault(ctx, who, c.Param("customer"), c.Param("method"), o)
	return answer(o, m, in(setDefault, err), show)
}

// listMethods mints a token for each of a customer's methods, the latest used
// first.
func (a *API) listMethods(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (methodList, error) {
	out := methodList{Methods: []listedMethod{}}
	f, err := readMethodFilter(c)
	if err != nil {
		return out, err
	}
	return out, a.tokensOf(ctx, who, c, c.Param("customer"), f, &out)
}

// tokensOf fills a list with those methods of a customer that the filter keeps.
func (a *API) tokensOf(ctx context.Context, who engine.Caller, c *wire.Call, customer string, f methodFilter, out *methodList) error {
	life, err := a.tokenLife(ctx, who, c.Header("X-Profile-Id"))
	if err != nil {
		return err
	}
	methods, cust, err := a.Engine.Methods(ctx, who, customer)
	if err != nil {
		return err
	}
	for i := range methods {
		if len(out.Methods) == f.limit {
			break
		}
		if !f.keeps(a.Engine.Directory, &methods[i]) {
			continue
		}
		token, err := a.Engine.MintToken(who.Scope, &methods[i], life)
		if err != nil {
			return err
		}
		out.Methods = append(out.Methods, listMethod(&methods[i], token, cust.DefaultMethod))
	}
	return nil
}

// tokenLife is how long a profile's payment tokens live: its
// intent_fulfillment_time. Of no profile, and of one that doesn't say, it is
// zero, which is what the settings say.
func (a *API) tokenLife(ctx context.Context, who engine.Caller, profile string) (time.Duration, error) {
	if profile == "" {
		m, err := a.Engine.LiveMerchant(ctx, who.Merchant)
		if err != nil {
			return 0, err
		}
		points, err := a.Engine.LivePoints(ctx, who.Scope)
		if err != nil {
			return 0, err
		}
		if profile = defaultOf(pointers(points), m.Point); profile == "" {
			return 0, nil
		}
	}
	p, err := a.profileByID(ctx, who, profile)
	if err != nil {
		return 0, err
	}
	return time.Duration(readProfile(p.Extra).Fulfilment) * time.Second, nil
}

// maxMethods bounds a list; nobody has as many accounts.
const maxMethods = 1000
