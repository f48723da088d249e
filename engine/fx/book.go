package fx

import "errors"

var errSoon = errors.New("fx: not built yet")

// Book is the sheets in force, in their order of preference for the System
// scheme. It never changes once made and may be shared; new rates are a new
// Book.
type Book struct{ sheets []Sheet }

// NewBook indexes sheets, at most one for each resource; the first is
// preferred. The errors are those of Sheet.Validate.
func NewBook(sheets ...Sheet) (*Book, error) { return nil, errSoon }

// Sheets returns the sheets in order, the caller's own; nil for a nil Book.
func (b *Book) Sheets() []Sheet { return nil }

// Sheet returns the sheet of a resource.
func (b *Book) Sheet(resource string) (Sheet, bool) { return Sheet{}, false }
