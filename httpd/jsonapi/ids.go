package jsonapi

import (
	"strings"

	"penstock/engine"
)

// Prefixes under which this dialect shows what the engine keeps under its own,
// or under none.
const (
	prefixRequest   = "porq_"
	prefixAccount   = "pacc_"
	prefixEvent     = "pore_"
	prefixStatement = "pos_"
	prefixPosting   = "lpo_"
	prefixRule      = "err_"
)

// nobody is an id that the engine gives to nothing.
const nobody = "?"

// inner is the engine's id of what is shown under a prefix; nobody for anything
// else, so that what is no id is answered as one that isn't there.
func inner(prefix, shown string) string {
	id, ok := strings.CutPrefix(shown, prefix)
	if !ok || id == "" {
		return nobody
	}
	return id
}

// accountID and shownAccount turn the id of a provider account round.
func accountID(shown string) string {
	if id := inner(prefixAccount, shown); id != nobody {
		return engine.PrefixAccount + id
	}
	return nobody
}

func shownAccount(id string) string {
	if id == "" {
		return ""
	}
	return prefixAccount + strings.TrimPrefix(id, engine.PrefixAccount)
}

// prefixed is an id as it is shown; "" of none.
func prefixed(prefix, id string) string {
	if id == "" {
		return ""
	}
	return prefix + id
}
