package engine

import (
	"context"
	"strings"
	"time"

	"penstock/store"
)

// SavedView is a list as a person wants to find it again: a page's address
// below the merchant's, with its filter. It holds for every merchant and mode.
type SavedView struct {
	Name  string `json:"name"`
	Path  string `json:"path"`  // "/requests"
	Query string `json:"query"` // "status=failed", encoded
}

// Bounds of what an operator may keep.
const (
	maxViews     = 20
	maxViewName  = 40
	maxViewQuery = 512
)

// SaveView keeps a view for an operator, in place of one of the same name of
// the same page; without a Query it takes that one away.
func (e *Engine) SaveView(ctx context.Context, operator string, v SavedView) error {
	switch n := len([]rune(v.Name)); {
	case n < 1 || n > maxViewName || strings.ContainsFunc(v.Name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return invalid("name", "a name has 1 to 40 characters")
	case len(v.Query) > maxViewQuery || len(v.Path) > 64 || !strings.HasPrefix(v.Path, "/"):
		return invalid("query", "this filter is too long to be kept")
	}
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		o, err := loadOperator(tx, operator)
		if err != nil {
			return err
		}
		var kept []SavedView
		for _, old := range o.Views {
			if old.Name != v.Name || old.Path != v.Path {
				kept = append(kept, old)
			}
		}
		if v.Query != "" {
			if len(kept) >= maxViews {
				return invalid("name", "20 views are kept at most; take one away first")
			}
			kept = append(kept, v)
		}
		o.Views = kept
		if err := o.save(tx); err != nil {
			return err
		}
		return audit(tx, now, Act{Actor: operator, Action: "operator.view", Object: operator})
	})
}
