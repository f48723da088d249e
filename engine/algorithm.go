package engine

import (
	"context"
	"encoding/json"
	"time"

	"penstock/engine/routing"
	"penstock/store"
)

// NewAlgorithm is a routing scheme with one tree for all services, of one
// payout point, as the rest dialect makes them. It never changes; another one
// is made in its place.
type NewAlgorithm struct {
	Name, Description string
	Point             string
	Tree              routing.Tree
	Refs              []Exit // those that the tree names
	Extra             json.RawMessage
}

// CreateAlgorithm makes one. It is not in force until UpdatePoint says so.
func (e *Engine) CreateAlgorithm(ctx context.Context, c Caller, n NewAlgorithm, once *Once) (*Scheme, error) {
	if len(n.Extra) > maxPointExtra {
		return nil, invalid("algorithm", "an algorithm has at most 64 KiB")
	}
	return e.saveScheme(ctx, c, "", "routing_algorithm.create", once, func(tx store.Tx, now time.Time, s *Scheme) error {
		if p, err := find[Point](tx, bucketPoint, ObjPoint, c.Scope, n.Point); err != nil {
			return err
		} else if p.Archived {
			return notFound(ObjPoint, n.Point)
		}
		if err := checkWays(tx, c.Scope, &n.Tree, n.Refs); err != nil {
			return err
		}
		s.Name, s.Description, s.Point, s.Any, s.Extra = n.Name, n.Description, n.Point, &n.Tree, n.Extra
		return checkName(s.Name, s.Description)
	})
}

// checkWays refuses a tree that is malformed, or that names an account which
// isn't there.
func checkWays(tx store.Tx, s Scope, t *routing.Tree, refs []Exit) error {
	if err := reachable(tx, s, refs); err != nil {
		return err
	}
	if t == nil {
		return nil
	}
	return treeError(routing.Validate(*t, nil))
}

// ActivateAlgorithm puts a scheme of the point's own in force, or, with an
// empty id, none. Which one was in force before is returned.
func (e *Engine) ActivateAlgorithm(ctx context.Context, c Caller, point, id string, once *Once) (s *Scheme, err error) {
	err = e.alter(ctx, c, once, "routing_algorithm.activate", func(tx store.Tx, now time.Time) (string, any, error) {
		p, err := find[Point](tx, bucketPoint, ObjPoint, c.Scope, point)
		if err != nil {
			return "", nil, err
		}
		subject := id
		if id == "" {
			if subject = p.Scheme; subject == "" {
				return "", nil, wrongState(ObjScheme, id, "inactive", "deactivated")
			}
		}
		if s, err = find[Scheme](tx, bucketScheme, ObjScheme, c.Scope, subject); err != nil {
			return "", nil, err
		}
		switch {
		case s.Point != "" && s.Point != point || s.Archived:
			return "", nil, notFound(ObjScheme, subject)
		case id != "" && p.Scheme == id:
			return "", nil, wrongState(ObjScheme, id, "active", "activated")
		}
		p.Scheme, p.Changed = id, now
		return PrefixScheme + subject, s, keep(tx, bucketPoint, c.key(point), p)
	})
	return s, err
}
