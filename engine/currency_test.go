package engine

import (
	"context"
	"slices"
	"strings"
	"testing"

	"penstock/engine/money"
	"penstock/store"
	"penstock/store/mem"
)

// TestAStoreRemembersItsCurrencies: amounts in a currency are read after its
// operator file has gone, and never as amounts of another exponent.
func TestAStoreRemembersItsCurrencies(t *testing.T) {
	s := mem.New(mem.Options{})
	learn := func(more ...money.Added) error {
		return s.Update(context.Background(), func(tx store.Tx) error { return learnCurrencies(tx, more) })
	}
	gold, silver := money.Added{Code: "GLDY", Exponent: 4}, money.Added{Code: "SLVY", Exponent: 1}
	for _, more := range [][]money.Added{{gold}, {silver, gold}, nil} {
		err := learn(more...)
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = s.View(context.Background(), func(tx store.Tx) error {
		known, err := load[[]money.Added](tx, bucketMeta, []byte("currencies"))
		if err != nil || !slices.Equal(*known, []money.Added{gold, silver}) {
			t.Errorf("%v, %v", known, err)
		}
		return nil
	})
	// Another process, whose file says otherwise.
	other := mem.New(mem.Options{})
	err := other.Update(context.Background(), func(tx store.Tx) error {
		return keep(tx, bucketMeta, []byte("currencies"), []money.Added{{Code: "GLDY", Exponent: 2}})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = other.Update(context.Background(), func(tx store.Tx) error { return learnCurrencies(tx, []money.Added{gold}) })
	if err == nil || !strings.Contains(err.Error(), "GLDY") {
		t.Errorf("got %v", err)
	}
}
