package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"penstock/engine/money"
	"penstock/store"
)

// learnCurrencies makes the currencies known that records of this store may
// be in, those whose operator file has gone included, and stores what is new.
// A currency keeps its exponent for ever, since amounts are counted in it.
func learnCurrencies(tx store.Tx, more []money.Added) error {
	known, err := knownCurrencies(tx)
	if err != nil {
		return err
	}
	all := slices.Clone(known)
	for _, a := range more {
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	if len(all) == len(known) {
		return nil
	}
	return keep(tx, bucketMeta, []byte("currencies"), all)
}

// LearnCurrencies makes the currencies known that a store's records may be in,
// for whoever reads amounts that lie beside it before the engine is opened.
func LearnCurrencies(ctx context.Context, s store.Store) error {
	return s.View(ctx, func(tx store.Tx) error {
		_, err := knownCurrencies(tx)
		return err
	})
}

func knownCurrencies(tx store.Tx) ([]money.Added, error) {
	known, err := load[[]money.Added](tx, bucketMeta, []byte("currencies"))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := money.Add(*known...); err != nil {
		return nil, fmt.Errorf("a currency of this store is another than that of the operator's file: %w", err)
	}
	return *known, nil
}
