package jsonapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"penstock/engine"
	"penstock/engine/routing"
	"penstock/httpd/wire"
)

const (
	typeScheme   = "payout-routing-schemes"
	typeRevision = "routing-scheme-revisions"
	schemesPath  = "/v1/payout-gateway/routing-schemes"
)

type schemeAttributes struct {
	Name        string         `json:"name"`
	Description *string        `json:"description"`
	RateScheme  *string        `json:"rate_scheme_id"`
	Services    []serviceShown `json:"services"` // what is not listed goes by Optimal
	Archived    bool           `json:"archived"`
	TestMode    bool           `json:"test_mode"`
	Created     *int64         `json:"created"`
	Updated     *int64         `json:"updated"`
}

// serviceShown is the tree of one service, and whose revision it is.
type serviceShown struct {
	Service  string  `json:"service"`
	Enabled  bool    `json:"enabled"`
	Revision int     `json:"revision"`
	Tree     any     `json:"tree"`
	Author   string  `json:"author"`
	Comment  *string `json:"comment"`
	Created  *int64  `json:"created"`
}

func showTree(code string, t engine.ServiceScheme) serviceShown {
	return serviceShown{code, !t.Disabled, t.Revision, rename(t.Tree, outward), t.Author, shown(t.Comment), unix(t.Changed)}
}

func showScheme(s *engine.Scheme, m engine.Mode) resource {
	id := engine.PrefixScheme + s.ID
	at := schemeAttributes{Name: s.Name, Description: shown(s.Description), RateScheme: shown(ratesID(s.RateScheme)), Services: []serviceShown{},
		Archived: s.Archived, TestMode: m == engine.Test, Created: unix(s.Created), Updated: unix(s.Changed)}
	for _, code := range slices.Sorted(maps.Keys(s.Trees)) {
		at.Services = append(at.Services, showTree(code, s.Trees[code]))
	}
	return resource{Type: typeScheme, ID: id, Attributes: at, Links: &self{schemesPath + "/" + id}, Relations: related{"rate-schema": one(typeRates, ratesID(s.RateScheme))}}
}

func schemeOf(who engine.Caller) func(*engine.Scheme) resource {
	return func(s *engine.Scheme) resource { return showScheme(s, who.Mode) }
}

// rename gives a copy of a tree whose references name routes and accounts as
// the other side does.
func rename(t routing.Tree, to func(routing.Ref) routing.Ref) routing.Tree {
	return routing.Tree{Root: renameNode(t.Root, to)}
}

func renameNode(n *routing.Node, to func(routing.Ref) routing.Ref) *routing.Node {
	if n == nil {
		return nil
	}
	own := *n
	own.Then, own.Else = renameNode(n.Then, to), renameNode(n.Else, to)
	own.Strategies = slices.Clone(n.Strategies)
	for i := range own.Strategies {
		routes := slices.Clone(own.Strategies[i].Routes)
		for j := range routes {
			routes[j] = to(routes[j])
		}
		own.Strategies[i].Routes = routes
	}
	return &own
}

// outward shows a reference's ids under the prefixes of this dialect.
func outward(r routing.Ref) routing.Ref {
	r.Route, r.Deposit, r.Account = prefixed(engine.PrefixRoute, r.Route), prefixed(engine.PrefixDeposit, r.Deposit), shownAccount(r.Account)
	return r
}

// inward takes them off again; what has another prefix stays as it is, and is
// known to nobody.
func inward(r routing.Ref) routing.Ref {
	r.Route, r.Deposit = strings.TrimPrefix(r.Route, engine.PrefixRoute), strings.TrimPrefix(r.Deposit, engine.PrefixDeposit)
	if id := accountID(r.Account); id != nobody {
		r.Account = id
	}
	return r
}

type schemeSent struct {
	Name        *string            `json:"name"`
	Description wire.Field[string] `json:"description"`
	RateScheme  wire.Field[string] `json:"rate_scheme_id"`
	Archived    *bool              `json:"archived"`
	TestMode    *bool              `json:"test_mode"`
}

func (s *schemeSent) edit(who engine.Caller) (ed engine.SchemeEdit, err error) {
	if err := inMode(who, s.TestMode); err != nil {
		return ed, err
	}
	ed = engine.SchemeEdit{Name: s.Name, Description: clearable(s.Description), Archived: s.Archived}
	ed.RateScheme = named(engine.PrefixRates, s.RateScheme)
	return ed, nil
}

// inScheme says where in a scheme's attributes stands what the engine refuses.
func inScheme(err error) error {
	if err == nil {
		return nil
	}
	return &located{err: err, objects: map[engine.Object]string{engine.ObjRates: "rate_scheme_id"}}
}

// schemeID is the engine's id of the scheme that the path names.
func schemeID(c *wire.Call) string { return inner(engine.PrefixScheme, c.Param("id")) }

func (a *API) listSchemes(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	all, err := a.Engine.Schemes(ctx, who.Scope)
	if err != nil {
		return document{}, err
	}
	type s = engine.Scheme
	return inMemory(c, all, shelf[s]{
		id: func(v *s) string { return engine.PrefixScheme + v.ID }, show: schemeOf(who), sorts: []string{"created", "name"},
		by:      sorter[s]{"created": nil, "name": compareBy(func(v *s) string { return v.Name })},
		archive: func(v *s) bool { return v.Archived },
		fields: []filterField[s]{
			{"name", asText, func(v *s) any { return v.Name }},
			{"service", asText, func(v *s) any { return slices.Sorted(maps.Keys(v.Trees)) }},
			{"archived", asFlag, func(v *s) any { return v.Archived }},
			{"created", asTime, func(v *s) any { return v.Created }},
		},
	})
}

func (a *API) getScheme(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	s, err := a.Engine.Scheme(ctx, who.Scope, schemeID(c))
	if err != nil {
		return document{}, err
	}
	return document{Data: showScheme(s, who.Mode)}, nil
}

func (a *API) createScheme(ctx context.Context, who engine.Caller, c *wire.Call, b body[schemeSent]) (wire.Reply, error) {
	s, err := b.attributes(typeScheme, "")
	if err != nil {
		return wire.Reply{}, err
	}
	if s.Name == nil {
		return wire.Reply{}, lacking("/data/attributes/name", "name")
	}
	ed, err := s.edit(who)
	if err != nil {
		return wire.Reply{}, err
	}
	return command(c, http.StatusCreated, schemeOf(who), func(o *engine.Once) (*engine.Scheme, error) {
		next, err := a.Engine.CreateScheme(ctx, who, ed, o)
		return next, inScheme(err)
	})
}

func (a *API) updateScheme(ctx context.Context, who engine.Caller, c *wire.Call, b body[schemeSent]) (wire.Reply, error) {
	s, err := b.attributes(typeScheme, c.Param("id"))
	if err != nil {
		return wire.Reply{}, err
	}
	ed, err := s.edit(who)
	if err != nil {
		return wire.Reply{}, err
	}
	return a.changeScheme(ctx, who, c, ed)
}

// archiveScheme is also what DELETE does: payouts that were decided by a
// scheme keep it.
func (a *API) archiveScheme(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (wire.Reply, error) {
	yes := true
	return a.changeScheme(ctx, who, c, engine.SchemeEdit{Archived: &yes})
}

func (a *API) changeScheme(ctx context.Context, who engine.Caller, c *wire.Call, ed engine.SchemeEdit) (wire.Reply, error) {
	return command(c, http.StatusOK, schemeOf(who), func(o *engine.Once) (*engine.Scheme, error) {
		next, err := a.Engine.UpdateScheme(ctx, who, schemeID(c), ed, o)
		return next, inScheme(err)
	})
}

func (a *API) cloneScheme(ctx context.Context, who engine.Caller, c *wire.Call, b body[schemeSent]) (wire.Reply, error) {
	s, err := b.optional(typeScheme, "")
	if err != nil {
		return wire.Reply{}, err
	}
	from, err := a.Engine.Scheme(ctx, who.Scope, schemeID(c))
	if err != nil {
		return wire.Reply{}, err
	}
	name := "Copy of " + from.Name
	if s.Name != nil {
		name = *s.Name
	}
	return command(c, http.StatusCreated, schemeOf(who), func(o *engine.Once) (*engine.Scheme, error) {
		return a.Engine.CloneScheme(ctx, who, from.ID, name, o)
	})
}

// revisionRow is a tree that a service of a scheme has, or has had.
type revisionRow struct {
	service string
	engine.ServiceScheme
}

func showRevision(scheme string) func(*revisionRow) resource {
	return func(r *revisionRow) resource {
		return resource{Type: typeRevision, ID: fmt.Sprintf("%s%s_%s_%d", engine.PrefixScheme, scheme, r.service, r.Revision), Attributes: showTree(r.service, r.ServiceScheme),
			Relations: related{"routing-schema": one(typeScheme, engine.PrefixScheme+scheme), "payout-service": one(typeService, r.service)}}
	}
}

func (a *API) listRevisions(ctx context.Context, who engine.Caller, c *wire.Call, _ wire.None) (document, error) {
	s, err := a.Engine.Scheme(ctx, who.Scope, schemeID(c))
	if err != nil {
		return document{}, err
	}
	var rows []revisionRow
	for _, code := range slices.Sorted(maps.Keys(s.Trees)) {
		all, err := a.Engine.Revisions(ctx, who.Scope, s.ID, code)
		if err != nil {
			return document{}, err
		}
		for _, r := range all {
			rows = append(rows, revisionRow{code, r})
		}
	}
	show := showRevision(s.ID)
	return inMemory(c, rows, shelf[revisionRow]{
		id: func(r *revisionRow) string { return show(r).ID }, show: show, sorts: []string{"created"},
		by: sorter[revisionRow]{"created": compareBy(func(r *revisionRow) int64 { return r.Changed.UnixMicro() })},
		fields: []filterField[revisionRow]{
			{"service", asText, func(r *revisionRow) any { return r.service }},
			{"author", asText, func(r *revisionRow) any { return r.Author }},
			{"revision", asWhole, func(r *revisionRow) any { return r.Revision }},
			{"created", asTime, func(r *revisionRow) any { return r.Changed }},
		},
	})
}

// revisionSent is a tree for a service, or the number of one that it had.
type revisionSent struct {
	Service  *string                 `json:"service"`
	Tree     wire.Field[wire.Object] `json:"tree"` // null is Optimal
	Revision *int                    `json:"revision"`
	Enabled  *bool                   `json:"enabled"`
	Comment  *string                 `json:"comment"`
}

func (a *API) createRevision(ctx context.Context, who engine.Caller, c *wire.Call, b body[revisionSent]) (wire.Reply, error) {
	sent, err := b.attributes(typeRevision, "")
	if err != nil {
		return wire.Reply{}, err
	}
	switch {
	case sent.Service == nil:
		return wire.Reply{}, lacking("/data/attributes/service", "service")
	case sent.Tree.Set == (sent.Revision != nil):
		return wire.Reply{}, badAttribute("tree", "or revision must be given, and not both")
	}
	tree, off, err := a.treeSent(ctx, who, c, sent)
	if err != nil {
		return wire.Reply{}, err
	}
	if sent.Enabled != nil {
		off = !*sent.Enabled
	}
	code := *sent.Service
	show := func(s *engine.Scheme) resource { return showRevision(s.ID)(&revisionRow{code, s.Trees[code]}) }
	return command(c, http.StatusCreated, show, func(o *engine.Once) (*engine.Scheme, error) {
		return a.Engine.SetTree(ctx, who, schemeID(c), code, tree, off, said(sent.Comment), o)
	})
}

// treeSent is the tree of a new revision, and whether its service is off.
func (a *API) treeSent(ctx context.Context, who engine.Caller, c *wire.Call, sent *revisionSent) (routing.Tree, bool, error) {
	if sent.Tree.Set {
		if sent.Tree.Null {
			return routing.Tree{}, false, nil
		}
		t, err := routing.Parse(sent.Tree.Value)
		return rename(t, inward), false, treeFault(err)
	}
	all, err := a.Engine.Revisions(ctx, who.Scope, schemeID(c), *sent.Service)
	if err != nil {
		return routing.Tree{}, false, err
	}
	for _, r := range all {
		if r.Revision == *sent.Revision {
			return r.Tree, r.Disabled, nil
		}
	}
	return routing.Tree{}, false, badAttribute("revision", "must be one that the service has had, it has none with the number %d", *sent.Revision)
}

// treeFault says where in a tree which rule is broken.
func treeFault(err error) error {
	var at *routing.Fault
	if !errors.As(err, &at) {
		return err
	}
	return wrong("/data/attributes/tree"+at.Pointer, "tree"+at.Pointer+" "+at.Rule)
}
