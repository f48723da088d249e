package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"penstock/engine/routing"
	"penstock/store"
)

// Scheme is a routing scheme: a decision tree for each payout service. A
// service that it has no tree for goes by Optimal.
type Scheme struct {
	ID          string                   `json:"id"` // 26 characters
	Name        string                   `json:"name"`
	Description string                   `json:"description,omitzero"`
	RateScheme  string                   `json:"rate_scheme,omitzero"` // where the point has none of its own
	Trees       map[string]ServiceScheme `json:"trees,omitzero"`       // by service code
	Archived    bool                     `json:"archived,omitzero"`
	Any         *routing.Tree            `json:"any,omitzero"`   // of the services that have no tree of their own; nil: Optimal
	Point       string                   `json:"point,omitzero"` // the one payout point that may go by it; empty: any
	Extra       json.RawMessage          `json:"extra,omitzero"` // what a dialect keeps with it; the engine does not look inside
	Created     time.Time                `json:"created"`
	Changed     time.Time                `json:"changed"`
}

// ServiceScheme is the tree of one service, and whose revision it is.
type ServiceScheme struct {
	Tree     routing.Tree `json:"tree"`
	Disabled bool         `json:"disabled,omitzero"` // a payout by this service finds no route
	Revision int          `json:"revision"`          // from 1
	Author   string       `json:"author"`
	Comment  string       `json:"comment,omitzero"`
	Changed  time.Time    `json:"changed"`
}

// SchemeEdit is what a new scheme is made from, and what a change gives.
type SchemeEdit struct {
	Name, Description, RateScheme *string
	Archived                      *bool
}

// maxTrees bounds the services of a scheme.
const maxTrees = 500

// CreateScheme makes a scheme that leaves every service to Optimal.
func (e *Engine) CreateScheme(ctx context.Context, c Caller, ed SchemeEdit, once *Once) (*Scheme, error) {
	return e.saveScheme(ctx, c, "", "routing_scheme.create", once, func(tx store.Tx, now time.Time, s *Scheme) error {
		return s.edit(tx, c.Scope, ed)
	})
}

// UpdateScheme changes what the edit gives.
func (e *Engine) UpdateScheme(ctx context.Context, c Caller, id string, ed SchemeEdit, once *Once) (*Scheme, error) {
	return e.saveScheme(ctx, c, id, "routing_scheme.update", once, func(tx store.Tx, now time.Time, s *Scheme) error {
		return s.edit(tx, c.Scope, ed)
	})
}

func (s *Scheme) edit(tx store.Tx, scope Scope, ed SchemeEdit) error {
	give(&s.Name, ed.Name)
	give(&s.Description, ed.Description)
	give(&s.RateScheme, ed.RateScheme)
	give(&s.Archived, ed.Archived)
	if s.RateScheme != "" {
		if _, err := find[RateScheme](tx, bucketRates, ObjRates, scope, s.RateScheme); err != nil {
			return err
		}
	}
	if ed.Archived != nil && *ed.Archived {
		return inUse(tx, scope, ObjScheme, s.ID, func(p *Point) bool { return p.Scheme == s.ID })
	}
	return checkName(s.Name, s.Description)
}

// saveScheme changes a scheme, or makes one when id is empty.
func (e *Engine) saveScheme(ctx context.Context, c Caller, id, action string, once *Once, fn func(store.Tx, time.Time, *Scheme) error) (s *Scheme, err error) {
	err = e.alter(ctx, c, once, action, func(tx store.Tx, now time.Time) (string, any, error) {
		if id != "" {
			if s, err = find[Scheme](tx, bucketScheme, ObjScheme, c.Scope, id); err != nil {
				return "", nil, err
			}
		} else {
			if err := roomFor(tx, bucketScheme, c.Scope, ObjScheme); err != nil {
				return "", nil, err
			}
			fresh, err := e.newID(now)
			if err != nil {
				return "", nil, err
			}
			s = &Scheme{ID: fresh, Trees: map[string]ServiceScheme{}, Created: now}
		}
		s.Changed = now
		if err := fn(tx, now, s); err != nil {
			return "", nil, err
		}
		return PrefixScheme + s.ID, s, keep(tx, bucketScheme, c.key(s.ID), s)
	})
	return s, err
}

// SetTree gives a service of a scheme another tree, as a new revision with its
// author and a comment. Payouts decided from now on go by it.
func (e *Engine) SetTree(ctx context.Context, c Caller, id, service string, tree routing.Tree, disabled bool, comment string, once *Once) (*Scheme, error) {
	if len(comment) > 1024 {
		return nil, invalid("comment", "a comment has at most 1024 bytes")
	}
	if _, ok := e.Directory.Service(service); !ok {
		return nil, invalid("service", "there is no payout service of this name")
	}
	return e.saveScheme(ctx, c, id, "routing_scheme.revise", once, func(tx store.Tx, now time.Time, s *Scheme) error {
		if err := checkTree(tx, c.Scope, service, tree); err != nil {
			return err
		}
		if s.Trees == nil {
			s.Trees = map[string]ServiceScheme{}
		}
		if _, there := s.Trees[service]; !there && len(s.Trees) >= maxTrees {
			return invalid("service", "a scheme has at most %d services", maxTrees)
		}
		next := ServiceScheme{Tree: tree, Disabled: disabled, Revision: s.Trees[service].Revision + 1, Author: c.Actor, Comment: comment, Changed: now}
		s.Trees[service] = next
		return keep(tx, bucketRevision, revisionKey(c.Scope, s.ID, service, next.Revision), next)
	})
}

// checkTree refuses a tree that isn't sound, or names a route that the service
// doesn't have.
func checkTree(tx store.Tx, s Scope, service string, tree routing.Tree) error {
	routes, err := all[Route](tx, bucketRoute, s)
	if err != nil {
		return err
	}
	known := make([]routing.Target, 0, len(routes))
	for i := range routes {
		if routes[i].Service == service {
			known = append(known, routes[i].target())
		}
	}
	if err := routing.Validate(tree, known); err != nil {
		return treeError(err)
	}
	return nil
}

func revisionKey(s Scope, scheme, service string, revision int) []byte {
	return s.key(scheme, service, fmt.Sprintf("%08d", revision))
}

// treeError names the place in a tree and the rule that it breaks.
func treeError(err error) error {
	var fault *routing.Fault
	if errors.As(err, &fault) {
		return &Error{Code: CodeInvalid, Object: ObjScheme, Field: "tree" + fault.Pointer, Message: fault.Rule}
	}
	return err
}

// Revisions returns every tree that a service of a scheme has had, the newest
// first, at most 200.
func (e *Engine) Revisions(ctx context.Context, s Scope, id, service string) ([]ServiceScheme, error) {
	return read(ctx, e, func(tx store.Tx) (out []ServiceScheme, err error) {
		if _, err := find[Scheme](tx, bucketScheme, ObjScheme, s, id); err != nil {
			return nil, err
		}
		prefix := s.key(id, service, "")
		page, err := tx.Scan(bucketRevision, prefix, after(prefix), 200, true)
		if err != nil {
			return nil, fmt.Errorf("scan revisions: %w", err)
		}
		for _, row := range page {
			r, err := decode[ServiceScheme](bucketRevision, row.Value)
			if err != nil {
				return nil, err
			}
			out = append(out, *r)
		}
		return out, nil
	})
}

// CloneScheme makes a scheme with the trees of another, under a new name.
func (e *Engine) CloneScheme(ctx context.Context, c Caller, id, name string, once *Once) (*Scheme, error) {
	return e.saveScheme(ctx, c, "", "routing_scheme.clone", once, func(tx store.Tx, now time.Time, s *Scheme) error {
		from, err := find[Scheme](tx, bucketScheme, ObjScheme, c.Scope, id)
		if err != nil {
			return err
		}
		s.Name, s.Description, s.RateScheme = name, from.Description, from.RateScheme
		for service, t := range from.Trees {
			t.Revision, t.Author, t.Changed = 1, c.Actor, now
			s.Trees[service] = t
			if err := keep(tx, bucketRevision, revisionKey(c.Scope, s.ID, service, 1), t); err != nil {
				return err
			}
		}
		return checkName(s.Name, s.Description)
	})
}

// Scheme returns one by its id.
func (e *Engine) Scheme(ctx context.Context, s Scope, id string) (*Scheme, error) {
	return read(ctx, e, func(tx store.Tx) (*Scheme, error) { return find[Scheme](tx, bucketScheme, ObjScheme, s, id) })
}

// Schemes returns every routing scheme of a scope, the oldest first.
func (e *Engine) Schemes(ctx context.Context, s Scope) ([]Scheme, error) {
	return read(ctx, e, func(tx store.Tx) ([]Scheme, error) { return all[Scheme](tx, bucketScheme, s) })
}

// inUse refuses to take away what a payout point still goes by.
func inUse(tx store.Tx, s Scope, o Object, id string, by func(*Point) bool) error {
	points, err := all[Point](tx, bucketPoint, s)
	if err != nil {
		return err
	}
	for i := range points {
		if by(&points[i]) {
			return &Error{Code: CodeState, Object: o, ID: id, Status: "in use", Message: fmt.Sprintf("%s is used by a payout point", o), Hint: "give payout point " + PrefixPoint + points[i].ID + " another one first"}
		}
	}
	return nil
}
