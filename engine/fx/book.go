package fx

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"penstock/engine/money"
)

// Book is the sheets in force, in their order of preference for the System
// scheme. It never changes once made and may be shared; new rates are a new
// Book. A nil Book has no sheets.
type Book struct{ sheets []*indexed }

type pairKey struct{ base, quote money.Currency }

// indexed is a sheet and how to find what is in it.
type indexed struct {
	sheet Sheet
	pairs map[pairKey]Pair
	hubs  []money.Currency // in more than one pair, the most used first
}

// NewBook indexes sheets, at most one for each resource; the first is
// preferred. The errors are those of Sheet.Validate. The book keeps the slices
// of the sheets: they must not change.
func NewBook(sheets ...Sheet) (*Book, error) {
	b := &Book{}
	for _, s := range sheets {
		if err := s.Validate(); err != nil {
			return nil, fmt.Errorf("sheet of %q: %w", s.Resource, err)
		}
		if b.find(s.Resource) != nil {
			return nil, fmt.Errorf("sheet of %q: %w", s.Resource, &FieldError{Field: "resource", Rule: "has a sheet already"})
		}
		b.sheets = append(b.sheets, index(s))
	}
	return b, nil
}

func index(s Sheet) *indexed {
	x := &indexed{sheet: s, pairs: make(map[pairKey]Pair, len(s.Pairs))}
	uses := map[money.Currency]int{}
	for _, p := range s.Pairs {
		x.pairs[pairKey{p.Base, p.Quote}] = p
		uses[p.Base]++
		uses[p.Quote]++
	}
	x.hubs = slices.SortedFunc(maps.Keys(uses), func(a, b money.Currency) int {
		return cmp.Or(cmp.Compare(uses[b], uses[a]), cmp.Compare(a.Code(), b.Code()))
	})
	x.hubs = slices.DeleteFunc(x.hubs, func(c money.Currency) bool { return uses[c] < 2 })
	return x
}

// Sheets returns the sheets in order; nil for a nil Book.
func (b *Book) Sheets() []Sheet {
	if b == nil {
		return nil
	}
	list := make([]Sheet, len(b.sheets))
	for i, x := range b.sheets {
		list[i] = x.sheet
	}
	return list
}

// Sheet returns the sheet of a resource.
func (b *Book) Sheet(resource string) (Sheet, bool) {
	if x := b.find(resource); x != nil {
		return x.sheet, true
	}
	return Sheet{}, false
}

func (b *Book) find(resource string) *indexed {
	if b == nil {
		return nil
	}
	for _, x := range b.sheets {
		if x.sheet.Resource == resource {
			return x
		}
	}
	return nil
}

// system is the System scheme's rate: a pair that a source quotes, one way or
// the other, before one made of two of the same source.
func (b *Book) system(from, to money.Currency) (Found, bool, error) {
	if b == nil {
		return Found{}, false, nil
	}
	for _, look := range [...]func(*indexed, money.Currency, money.Currency) (Found, bool, error){(*indexed).quoted, (*indexed).cross} {
		for _, x := range b.sheets {
			if found, ok, err := look(x, from, to); ok || err != nil {
				found.Resource, found.SheetAt, found.System, found.Rate = x.sheet.Resource, x.sheet.At, true, found.Source
				return found, ok, err
			}
		}
	}
	return Found{}, false, nil
}

// quoted is the rate at which from can be sold for to: the bid of their pair,
// or 1/ask of the pair the other way round. With one rate for both ways the two
// are the same.
func (x *indexed) quoted(from, to money.Currency) (Found, bool, error) {
	if p, ok := x.pairs[pairKey{from, to}]; ok {
		return Found{Source: p.Bid}, true, nil
	}
	if p, ok := x.pairs[pairKey{to, from}]; ok {
		turned, err := p.Ask.Inverse()
		return Found{Source: turned, Inverse: true}, true, err
	}
	return Found{}, false, nil
}

// cross sells from for a common currency and that for to, without rounding in
// between.
func (x *indexed) cross(from, to money.Currency) (Found, bool, error) {
	for _, hub := range x.hubs {
		first, ok, err := x.quoted(from, hub)
		if err != nil {
			return Found{}, false, err
		}
		second, both, err := x.quoted(hub, to)
		if err != nil {
			return Found{}, false, err
		}
		if !ok || !both {
			continue
		}
		source, err := first.Source.Mul(second.Source)
		return Found{Source: source, Via: hub}, true, err
	}
	return Found{}, false, nil
}
