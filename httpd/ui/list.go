package ui

import "time"

// Pager leads through a list by keys: there are no page numbers.
type Pager struct {
	Newest, Older string // "" where there is none
	First         bool   // the list has an order of its own: "first" and "next", not "newest" and "older"
	Text          string // what is shown
}

// Empty is what stands where a list has nothing: why, and what to do first.
type Empty struct {
	Title, Text string
	Action      *Link
	Lines       []string // commands to type, one each
}

// Filter is the bar over a list. Its values stand in the address.
type Filter struct {
	Action string
	Submit string // "" is Filter
	Fields []Field
	On     []Link // what narrows the list now, each leading to the list without it
	Reset  string

	Views       []Link // saved ones of this list
	Save        string // where this one is saved, or taken away; "" where there is nothing to save
	Path, Query string // of this one
}

// Saved says that the list stands as one of the saved views has it, and which.
func (f Filter) Saved() string {
	for _, v := range f.Views {
		if v.On {
			return v.Text
		}
	}
	return ""
}

// Table is a list. On a narrow screen each row becomes a card, in which the
// columns' places say where a cell stands.
type Table struct {
	Name string // what it lists, for those who hear it
	Cols []Col
	Rows []Row
}

// Place is where a column's cell stands in a card.
type Place string

const (
	Lead  Place = "lead"  // at the top, the thing itself
	Side  Place = "side"  // at the top, at the other end
	Under Place = "under" // in the second line
	Aside Place = "aside" // in the second line, at the other end
	Plain Place = "plain" // below, with the column's name
	Quiet Place = "quiet" // left out
)

// Col is a column.
type Col struct {
	Name  string
	Place Place
	Right bool // amounts, which are two columns of a file
	Count bool // numbers that are no amounts
	Tight bool // never broken over two lines
}

// Row is one line; its first link leads to the thing itself.
type Row struct {
	Cells []Cell
	Tone  Tone // marks a line that a person should look at; mostly ""
}

// Cell is one entry: of Money, Badge, At and Link the one that is set is shown
// instead of Text, Sub beside it in a softer voice, and Below under it.
type Cell struct {
	Text  string
	Whole string // what Text is short for; in files
	Mono  bool
	Money *Money
	Badge *Badge
	At    time.Time
	Link  *Link
	Sub   string
	Below string
}

// List is a whole list page.
type List struct {
	Tiles  []Tile  // what there is in all, in numbers
	Press  []Press // what can be done here
	Filter *Filter
	Table  Table
	Pager  *Pager
	Empty  Empty
	Below  []Section // what belongs to it
}
