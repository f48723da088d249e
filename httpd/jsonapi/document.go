package jsonapi

import (
	"strings"
	"time"

	"penstock/engine/money"
	"penstock/httpd/wire"
)

// document is the body of every good answer. Its members come in the order of
// the struct and those of maps in that of their names, so the same state is
// always the same bytes.
type document struct {
	Data     any        `json:"data"` // a resource, or a slice of them
	Included []resource `json:"included,omitzero"`
	Links    any        `json:"links,omitzero"`
	Meta     any        `json:"meta,omitzero"`
}

// resource is one thing, as lists, answers and callbacks show it.
type resource struct {
	Type       string  `json:"type"`
	ID         string  `json:"id"`
	Attributes any     `json:"attributes"`
	Relations  related `json:"relationships,omitzero"`
	Links      *self   `json:"links,omitzero"`
}

type related map[string]relation

// relation is where another resource stands: data is a *pointer, null where
// there is none, or a slice of them.
type relation struct {
	Data any `json:"data"`
}

type pointer struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type self struct {
	Self string `json:"self"`
}

// one is a relation to the resource of an id; null when that is empty.
func one(kind, id string) relation {
	if id == "" {
		return relation{}
	}
	return relation{Data: pointer{kind, id}}
}

// many is a relation to several resources, [] of none.
func many(kind string, ids []string) relation {
	all := make([]pointer, len(ids))
	for i, id := range ids {
		all[i] = pointer{kind, id}
	}
	return relation{Data: all}
}

// unix is a time as the dialect tells it: whole seconds, null when it hasn't
// come.
func unix(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	s := t.Unix()
	return &s
}

// decimal is an amount as a JSON number: exact, without zeros at its end; null
// of no amount.
func decimal(a money.Amount) *wire.Number {
	if !a.IsSet() {
		return nil
	}
	n := wire.Number(trimZeros(a.Decimal()))
	return &n
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// shown is a text; null when it is empty.
func shown(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// said is what a caller gave; "" for what is absent.
func said[S ~string](s *S) string {
	if s == nil {
		return ""
	}
	return string(*s)
}

// listed is a slice that is [] and never null.
func listed[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
