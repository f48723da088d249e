package jsonapi

import (
	"context"
	"net/http"
	"slices"

	"penstock/engine"
	"penstock/engine/payout"
	"penstock/httpd/wire"
)

// shower shows requests to a caller.
func (a *API) shower(ctx context.Context, who engine.Caller) (func(*engine.View) resource, error) {
	points, err := a.Engine.Points(ctx, who.Scope)
	if err != nil {
		return nil, err
	}
	return func(v *engine.View) resource {
		with := around{mode: who.Mode, method: a.methodOf(v.Service)}
		if i := slices.IndexFunc(points, func(p engine.Point) bool { return p.ID == v.Point }); i >= 0 {
			with.point = &points[i]
		}
		return showRequest(v, with)
	}, nil
}

func (a *API) methodOf(code string) string {
	sv, _ := a.directory().Service(code)
	return sv.Method
}

// createRequest makes a payout request. It answers as soon as it is stored;
// what becomes of it is told by callbacks, or asked for.
func (a *API) createRequest(ctx context.Context, who engine.Caller, c *wire.Call, b body[newRequest]) (wire.Reply, error) {
	r, err := b.attributes(typeRequest, "")
	if err != nil {
		return wire.Reply{}, err
	}
	n, err := r.command(who, a.directory(), a.Now())
	if err != nil {
		return wire.Reply{}, err
	}
	show, err := a.shower(ctx, who)
	if err != nil {
		return wire.Reply{}, err
	}
	o := rendered(byReference(c, n.Ref), show)
	v, err := a.Engine.Create(ctx, who, n, o)
	if err != nil {
		err = &located{err: err, fields: requestFields(), objects: requestObjects()}
	}
	return answered(o, http.StatusCreated, v, err, show)
}

func (a *API) getRequest(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	q, err := parseQuery(c.Path, c.QueryValues(), allowed{sorts: []string{"created"}, includes: requestIncludes()})
	if err != nil {
		return document{}, err
	}
	v, err := a.Engine.Get(ctx, who, prefixRequest, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	show, err := a.shower(ctx, who)
	if err != nil {
		return document{}, err
	}
	out := document{Data: show(v)}
	if len(q.include) > 0 {
		out.Included, err = a.includedOf(ctx, who, q.include, []engine.View{*v})
	}
	return out, err
}

func requestIncludes() []string {
	return []string{"payouts", "payout-point", "payout-service"}
}

// includedOf are the resources that requests stand in relation to, each once.
func (a *API) includedOf(ctx context.Context, who engine.Caller, names []string, views []engine.View) ([]resource, error) {
	out := []resource{}
	seen := map[string]bool{}
	add := func(r resource) {
		if key := r.Type + " " + r.ID; !seen[key] {
			seen[key] = true
			out = append(out, r)
		}
	}
	for _, name := range names {
		for i := range views {
			v := &views[i]
			switch name {
			case "payouts":
				for j := range v.Payouts {
					add(showPayout(v, &v.Payouts[j], who.Mode))
				}
			case "payout-point":
				p, err := a.Engine.Point(ctx, who.Scope, v.Point)
				if err != nil {
					return nil, err
				}
				add(showPoint(p, who.Mode))
			case "payout-service":
				if sv, ok := a.directory().Service(v.Service); ok {
					add(showService(&sv))
				}
			}
		}
	}
	return out, nil
}

// changeRequest carries out what changes a request and answers with it.
func (a *API) changeRequest(ctx context.Context, who engine.Caller, c *wire.Call, run func(*engine.Once) (*engine.View, error)) (wire.Reply, error) {
	show, err := a.shower(ctx, who)
	if err != nil {
		return wire.Reply{}, err
	}
	return command(c, http.StatusOK, show, run)
}

func (a *API) processRequest(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	return a.changeRequest(ctx, who, c, func(o *engine.Once) (*engine.View, error) {
		return a.Engine.Fulfil(ctx, who, prefixRequest, c.Param("id"), o)
	})
}

func (a *API) cancelRequest(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	return a.changeRequest(ctx, who, c, func(o *engine.Once) (*engine.View, error) {
		return a.Engine.Cancel(ctx, who, prefixRequest, c.Param("id"), o)
	})
}

// terminateRequest stops a request of which nothing is under way yet.
func (a *API) terminateRequest(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	return a.changeRequest(ctx, who, c, func(o *engine.Once) (*engine.View, error) {
		if done, err := a.Engine.Replayed(ctx, who.Scope, o); done || err != nil {
			return nil, err
		}
		v, err := a.Engine.Get(ctx, who, prefixRequest, c.Param("id"))
		if err != nil {
			return nil, err
		}
		if v.Stage != payout.Draft && v.Stage != payout.Ready {
			return nil, &engine.Error{Code: engine.CodeState, Object: engine.ObjPayout, ID: c.Param("id"), Status: statusOf(&v.Request), Message: "a request can be terminated before it is processed; cancel it"}
		}
		return a.Engine.Cancel(ctx, who, prefixRequest, c.Param("id"), o)
	})
}

type moderation struct {
	Description *string `json:"description"`
}

func (a *API) moderateRequest(ctx context.Context, who engine.Caller, c *wire.Call, b body[moderation]) (wire.Reply, error) {
	r, err := b.optional(typeRequest, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	why, err := text("description", r.Description, 255)
	if err != nil {
		return wire.Reply{}, err
	}
	return a.changeRequest(ctx, who, c, func(o *engine.Once) (*engine.View, error) {
		return a.Engine.Moderate(ctx, who, prefixRequest, c.Param("id"), why, o)
	})
}

func (a *API) unmoderateRequest(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	return a.changeRequest(ctx, who, c, func(o *engine.Once) (*engine.View, error) {
		return a.Engine.Unmoderate(ctx, who, prefixRequest, c.Param("id"), o)
	})
}

// termsSent is what may be changed of a request that is under way.
type termsSent struct {
	AttemptsLimit *int  `json:"attempts_limit"`
	Partially     *bool `json:"allow_partially"`
}

func (a *API) editRequest(ctx context.Context, who engine.Caller, c *wire.Call, b body[termsSent]) (wire.Reply, error) {
	r, err := b.attributes(typeRequest, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	t := engine.Terms{AttemptsLimit: r.AttemptsLimit}
	if r.Partially != nil {
		whole := !*r.Partially
		t.Whole = &whole
	}
	return a.changeRequest(ctx, who, c, func(o *engine.Once) (*engine.View, error) {
		return a.Engine.EditTerms(ctx, who, prefixRequest, c.Param("id"), t, o)
	})
}

func (a *API) requestPayouts(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	v, err := a.Engine.Get(ctx, who, prefixRequest, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	rows := payoutRows([]engine.View{*v})
	return inMemory(c, rows, payoutShelf(who))
}

func (a *API) requestEvents(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	v, err := a.Engine.Get(ctx, who, prefixRequest, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	lines, err := a.Engine.History(ctx, who, prefixRequest, c.Param("id"))
	if err != nil {
		return document{}, err
	}
	show := func(l *engine.Line) resource { return showEvent(&v.Request, l) }
	return inMemory(c, lines, shelf[engine.Line]{
		id: func(l *engine.Line) string { return show(l).ID }, show: show, sorts: []string{"created"},
		by: sorter[engine.Line]{"created": compareBy(func(l *engine.Line) int { return l.Seq })},
		fields: []filterField[engine.Line]{
			{"event", asText, func(l *engine.Line) any { return l.What }},
			{"created", asTime, func(l *engine.Line) any { return l.At }},
		},
	})
}
