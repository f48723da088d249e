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
