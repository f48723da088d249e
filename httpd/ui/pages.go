package ui

import "time"

// Enter is a page before the log-in.
type Enter struct {
	Title, Text, Below string
	Passkey            *Passkey
	Form               Form
}

// Message is a page that says why there is no other.
type Message struct {
	Title, Text, Hint string
	Link              *Link
	Ref               string // request id, for the log
}

// Act is a page on which a person does something: what it will do, and the
// form that does it.
type Act struct {
	Text  string
	Facts []Facts
	Form  Form
}

// Tile is one number on the first page.
type Tile struct {
	Badge Badge
	Count int
	Sums  []Money
	Href  string
	On    bool // it is what is shown
}

// Home is the first page.
type Home struct {
	Wants  Table // what needs a person, the oldest first
	Count  int   // how many do
	None   string
	Over   string // where the whole list is, when it is longer
	Tiles  []Tile
	Span   string // of the tiles
	Chart  *Chart
	Totals []Section // of the same time, side by side
	Money  Section   // where it is
	Ways   Section   // by whom it leaves
	Health []Fact
	First  *Empty // when nothing was ever asked for
}

// Tries are the attempts of one delivery.
type Tries struct {
	ID, Type, Where string
	Badge           Badge
	Made, Due       time.Time
	Table           Table
	Resend          string // address that sends it again; "" where this person may not
}

// Deliveries are a request's webhooks.
type Deliveries struct {
	List  []Tries
	Empty Empty
}

// Requested is a request's first tab.
type Requested struct{ Left, Right []Facts }

// Instructed is one payout of a request.
type Instructed struct {
	Title   string
	Money   Money
	Badge   Badge
	Facts   []Fact
	Actions []Action
	// Statements are what was said about its fate.
	Statements Table
	Exchange   Table // how it was spoken about over the wire
}

// Payouts is a request's second tab.
type Payouts struct {
	Pull  string // where the provider is asked now; "" where it can't be
	List  []Instructed
	Empty Empty
}

// Ledger is a deposit account's first tab.
type Ledger struct {
	Chart  *Chart
	Sums   Facts
	Filter *Filter
	Table  Table
	Pager  *Pager
}

// Line is a line of an explanation.
type Line struct {
	Text  string
	Depth int // 0 to 3
}

// Decided is one decision about where money leaves, with its reasons.
type Decided struct {
	Title string
	Badge Badge
	At    time.Time
	Lines []Line
	Rate  []Fact
}

// Explained is a page of decisions.
type Explained struct {
	Filter *Filter
	List   []Decided
	Empty  Empty
}

// Tree is a decision tree as it is written.
type Tree struct {
	Title, Lead, Comment string
	Badge                Badge
	At                   time.Time
	Text                 string
	Words                []Line    // the same in sentences
	Changes              []Changed // against the one before, in place of Text
	Edit, Revisions      string    // addresses; "" shows none
	EditText             string    // "" is "Edit the tree"
}

// Changed is a line of a text that was changed: with "-" it went, with "+" it
// came, without a sign it stayed.
type Changed struct{ Text, Sign string }

// Trees is a page of trees.
type Trees struct {
	List  []Tree
	Empty Empty
}

// Section is a list under a heading.
type Section struct {
	Title string
	Table Table
	None  string
}

// Sections is a page of several lists.
type Sections struct{ List []Section }

// Stack is a page of blocks, one under the other.
type Stack struct {
	Filter *Filter
	List   []Block
	Empty  *Empty // in place of all blocks
}

// Block is one part of a page under a heading. What is set is shown, in this
// order; a block that has only a Title and None says that there is nothing.
type Block struct {
	Title   string
	Lead    string // what it is, in a sentence
	Folded  bool   // shown when its title is opened; for what is looked up now and then
	Badge   *Badge
	Actions []Action
	Press   []Press
	Chart   *Chart
	Why     []Line // of a decision
	Facts   []Fact
	Table   Table
	None    string // stands in place of an empty table
	Pager   *Pager
	Lines   []string // as they are typed, or as they were sent
	QR      *QR
	Passkey *Passkey
	Form    *Form
}

// QR is a code for a camera: dark modules as a path on a square.
type QR struct {
	Side int
	Path string
}

// Passkey is a form that the browser fills in by a ceremony of its own. It
// needs a script; whoever has none is told so.
type Passkey struct {
	Action, Submit string
	Kind           string // create or get
	Options        string // JSON, as the ceremony wants it
	Fields         []Field
}

// Press is an act that needs no page of its own: it can be taken back, or
// changes nothing.
type Press struct {
	Text, Href, Icon string
	Fields           []Field // hidden ones
}
