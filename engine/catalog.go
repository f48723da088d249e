package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"penstock/engine/fx"
	"penstock/store"
)

// catalog is the settings of a scope as payouts need them, read once and kept
// in memory as long as their mark stands. It is never changed.
type catalog struct {
	mark     []byte
	sheets   uint64 // which import of rates book is of
	standard string // id of the merchant's default point, which never changes; empty: there is no such merchant
	points   map[string]*Point
	live     []*Point // those that take requests, the oldest first
	schemes  map[string]*Scheme
	rates    map[string]*RateScheme
	accounts map[string]*ProviderAccount
	sorted   []*ProviderAccount // the same, the oldest first
	deposits map[string]*Deposit
	routes   map[string][]*Route // by service, the oldest first
	book     *fx.Book
}

// catalogs are those in memory.
type catalogs struct {
	mu sync.Mutex
	of map[Scope]*catalog
}

// maxCatalogs bounds the scopes whose settings are kept in memory.
const maxCatalogs = 1000

// catalogOf is the catalog as it stands in tx: its own changes are in it.
func (e *Engine) catalogOf(tx store.Tx, s Scope) (*catalog, error) {
	mark, err := tx.Get(bucketMeta, settingsKey(s))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("read the settings' mark: %w", err)
	}
	sheets, err := number(tx, "sheets")
	if err != nil {
		return nil, err
	}
	e.catalogs.mu.Lock()
	k := e.catalogs.of[s]
	e.catalogs.mu.Unlock()
	if k != nil && len(mark) > 0 && bytes.Equal(k.mark, mark) && k.sheets == sheets {
		return k, nil
	}
	if k, err = readCatalog(tx, s); err != nil {
		return nil, err
	}
	k.mark, k.sheets = bytes.Clone(mark), sheets // the mark is the store's own bytes as long as tx lasts
	e.catalogs.mu.Lock()
	defer e.catalogs.mu.Unlock()
	if e.catalogs.of == nil || len(e.catalogs.of) >= maxCatalogs {
		e.catalogs.of = map[Scope]*catalog{}
	}
	e.catalogs.of[s] = k
	return k, nil
}

func readCatalog(tx store.Tx, s Scope) (*catalog, error) {
	k := &catalog{points: map[string]*Point{}, schemes: map[string]*Scheme{}, rates: map[string]*RateScheme{},
		accounts: map[string]*ProviderAccount{}, deposits: map[string]*Deposit{}, routes: map[string][]*Route{}}
	m, err := loadMerchant(tx, s.Merchant)
	switch {
	case err == nil:
		k.standard = m.Point
	case !isNotFound(err):
		return nil, err
	}
	if k.book, err = sheetsOf(tx); err != nil {
		return nil, err
	}
	err = errors.Join(
		keyed(tx, bucketPoint, s, k.points, func(p *Point) string { return p.ID }),
		keyed(tx, bucketScheme, s, k.schemes, func(p *Scheme) string { return p.ID }),
		keyed(tx, bucketRates, s, k.rates, func(p *RateScheme) string { return p.ID }),
		keyed(tx, bucketAccount, s, k.accounts, func(p *ProviderAccount) string { return p.ID }),
		keyed(tx, bucketDeposit, s, k.deposits, func(p *Deposit) string { return p.ID }),
		each(tx, bucketRoute, s.prefix(), func(p store.Pair) error {
			r, err := decode[Route](bucketRoute, p.Value)
			if err == nil {
				k.routes[r.Service] = append(k.routes[r.Service], r)
			}
			return err
		}))
	k.live = livePoints(k.points)
	k.sorted = slices.SortedFunc(maps.Values(k.accounts), func(a, b *ProviderAccount) int { return cmp.Compare(a.ID, b.ID) })
	return k, err
}

func keyed[T any](tx store.Tx, bucket string, s Scope, into map[string]*T, id func(*T) string) error {
	list, err := all[T](tx, bucket, s)
	for i := range list {
		into[id(&list[i])] = &list[i]
	}
	return err
}

// ratesFor is the rate scheme of a point: its own, or else that of its routing
// scheme, or else the System scheme.
func (k *catalog) ratesFor(p *Point) (fx.Scheme, error) {
	id := p.RateScheme
	if s := k.schemes[p.Scheme]; id == "" && s != nil {
		id = s.RateScheme
	}
	if id == "" || id == SystemRates {
		return fx.System(), nil
	}
	rs := k.rates[id]
	if rs == nil {
		return fx.Scheme{}, notFound(ObjRates, id)
	}
	return rs.Scheme, nil
}

// depositOf finds an account's deposit account in a currency.
func (k *catalog) depositOf(account, currency string) *Deposit {
	for _, d := range k.deposits {
		if d.Account == account && d.Currency.Code() == currency {
			return d
		}
	}
	return nil
}
