package sim

import (
	"context"
	"slices"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/store"
	"penstock/store/bolt"
)

// Break is a known bug that a world can be given, to show that the world sees
// it. It is planted at a seam around the engine, or as a wrong decision of its
// rules; the zero Break is the product.
type Break struct {
	Name     string // as --break takes it
	Does     string // what it does, in a sentence
	Incident string // what it stands for

	Rules           engine.Rules
	Timing          func(engine.Timing) engine.Timing
	Clock           func(*Clock) engine.Clock
	Disk            func(*World, store.Store) store.Store
	Keys            func(*World, store.Store) store.Store
	Anchor          func(engine.Anchor) engine.Anchor
	Traits          func(connector.Traits) connector.Traits
	Reads           func(key string, a answer) answer // what an answer about the key is taken for
	Send            func(*World, sendFunc) sendFunc
	Acquire         func(*World, acquireFunc) acquireFunc
	Receive         func(*World, *Message)
	OnFile          bool       // the store is a file, whose merges are small
	Lazy            bolt.Fault // of that file
	Unsynced        bool       // the store's commits are not synced
	UnsyncedKeys    bool       // the keyring's commits are not synced
	LazyShelf       bool       // the archive's entries are synced with the next ones only
	Unsigned        bool       // notifications are believed without their signature
	StopsAfterPanic bool       // the worker never runs again after a panic
}

type sendFunc func(context.Context, connector.Instruction) (connector.Outcome, error)

type acquireFunc func(connector.Acquisition) (connector.Acquired, error)

// Breaks is the catalogue, in the order of the rules and invariants broken.
func Breaks() []Break {
	return slices.Concat(decisionBreaks(), gatewayBreaks(), wireBreaks(), diskBreaks(), payinBreaks())
}

// FindBreak finds one by its name.
func FindBreak(name string) (Break, bool) {
	for _, b := range Breaks() {
		if b.Name == name {
			return b, true
		}
	}
	return Break{}, false
}
