package ui

import "time"

// Frame is a whole page: what every page has, and the page's own Data.
type Frame struct {
	Title string
	Theme string // "light", "dark"; "" follows the system
	Test  bool   // the striped band of test mode
	Shell *Shell // navigation; nil on pages before the log-in
	Head  Head
	Notes []Notice // above the page, the latest first
	Live  string   // where changes are told, of a page that keeps itself up to date
	CSRF  string   // of every form
	Data  any
}

// Shell is what surrounds a page.
type Shell struct {
	Nav       []Group
	Merchant  string // name of the one that is shown
	Merchants []Link // more than one: a switch
	Mode      []Link // test and live
	Home      string // the first page
	Search    string // where the search field leads
	Query     string // what it shows
	User      User
}

// User is who is logged in.
type User struct {
	Name, Email, Role string
	Me                string // where their account is
	Here              string // the page they are on
}

// Group is a part of the navigation under one heading; "" has none.
type Group struct {
	Title string
	Links []Link
}

// Link leads somewhere.
type Link struct {
	Text, Href, Icon string
	On               bool // it is where we are
	Count            int  // what waits there; 0 shows nothing
}

// Head is the top of a page.
type Head struct {
	Crumbs  []Link
	Title   string // of a thing that has an amount, the amount
	Unit    string // the currency after it
	Badge   *Badge
	Lead    string // a line below
	ID      string // shown in full, to be copied
	Actions []Action
	Tabs    []Link
}

// Action is what a person can do here.
type Action struct {
	Text, Href, Icon string
	Main             bool // the one that is expected
}

// Tone is what a colour and a shape say together.
type Tone string

const (
	Good Tone = "good" // ended well
	Move Tone = "move" // goes on by itself
	Wait Tone = "wait" // waits for somebody
	Warn Tone = "warn" // a person should look
	Bad  Tone = "bad"  // ended badly
	Off  Tone = "off"  // ended, or switched off
)

// Tones returns all of them.
func Tones() []Tone { return []Tone{Good, Move, Wait, Warn, Bad, Off} }

// Badge is a status: its text, its shape and its colour say the same.
type Badge struct {
	Text string
	Tone Tone
}

// Notice is a message to whoever looks at the page.
type Notice struct {
	Tone  Tone
	Text  string
	Hint  string // what to do next
	Links []Link
}

// Money is an amount with the decimals of its currency.
type Money struct {
	Text     string // "1,250.00"
	Currency string // "" where the column says it
}

// Fact is one line of a list of facts. Of Money, Badge, At and Link the one
// that is set is shown instead of Text.
type Fact struct {
	Name  string
	Text  string
	Mono  bool // an id or a code
	Copy  bool // with a button that copies it
	Money *Money
	Badge *Badge
	At    time.Time
	Link  *Link
	Hint  string
}

// Facts are some under one heading.
type Facts struct {
	Title string
	List  []Fact
	Empty string // shown when there are none
}

// Field is one entry of a form.
type Field struct {
	Name, Label, Hint, Value, Error string
	Type                            string // text, password, email, date, select, area, code, file, hidden
	Accept                          string // of a file: its endings and media types
	Auto                            string // autocomplete
	Mode                            string // inputmode
	Required, Fixed, Focus          bool
	Max                             int // characters; 0 none
	Options                         []Option
	Grow                            *Growth // of code that is a decision tree: its editor; nil: the text alone
}

// Growth is what the graphical editor of a tree is given. Without scripts the
// text is written.
type Growth struct {
	Offers string // what trees can be made of, as JSON
	More   string // where the same is had for another service, before its code
	Fault  string // the place that is wrong, as a JSON pointer
}

// Option is one choice of a select.
type Option struct {
	Value, Text string
	On          bool
}

// Form is a form whose answer is an act.
type Form struct {
	Action string // address; "" is the page's own
	Fields []Field
	Submit string
	Danger bool // what it does can't be undone
	Cancel string
	Upload bool // one of its fields is a file

	// More are fields that mostly stay as they are, folded away under a title.
	More                []Field
	MoreTitle, MoreText string
	MoreOpen            bool
	Try                 string // a button under them that sends the form with act=try; "" has none
}

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
