package hosted

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"penstock/engine"
	"penstock/engine/payout"
)

// view is everything that a page is made of.
type view struct {
	Lang, Dir string
	words     catalogue
	face      *face
	Languages []link
	Merchant  string
	Voice     string // what the page's own words begin with: "in." of a pay-in, "link." of a payout link; empty: of a payout
	Data      any    // for scripts around the page; empty: none
	Logo      string // address; empty: none
	Brand     string // address of its style; empty: the page's own
	Test      bool
	Embedded  string // origin of the page around, which is told what happens; empty: none
	Framed    bool   // it may stand inside of another page, which links then leave

	Title, Amount, Code, Description string
	Until                            string // until when the link is good, as the language writes it
	UntilISO                         string
	ID, K, Self                      string // Self is the page's own address, without k

	Step    string // method, details, review, done, or a message
	StepN   int
	StepOf  int
	Methods []link
	Method  string // code of the service
	Name    string // of the service
	Fields  []input
	AnyOf   bool
	Errors  []mistake
	Refused []pair // the account that the money could not be delivered to; nil: none was
	Magic   []Magic
	Entered string // sealed
	Review  []pair
	Change  string // address of the choice of a method; empty: there is one alone

	State  string // of a payment whose details are there
	Tone   string
	Facts  []pair
	Back   string // where the recipient goes back to; empty: nowhere
	Status string // address of the state, for the script; empty: it will not change
	Next   string // of a payer's bank; empty: they don't have to go there
	Ref    string // of an error, for whoever is asked about it
	Text   string
}

type link struct {
	Text, Sub, Href, Lang, Icon string
	Here                        bool
}

// input is one field of the form.
type input struct {
	Name, Label, Hint, Value, Error string
	Type, Mode, Complete, Check     string
	Capitals                        string
	Required                        bool
	Half                            bool // it stands beside another one
	Max                             int
	Countries                       []country // that it offers; nil of other fields
	Bad                             string    // what the script says of a value that breaks the check
	Country                         string    // of an IBAN that has another length: {country}, {want} and {got} are filled in
	Lengths                         string    // of the IBANs of each country: DE22 FR27
}

// mistake is one line of the summary of errors.
type mistake struct{ Field, Text string }

type pair struct {
	Name, Value string
	Mono        bool
	Time        string // RFC 3339, of a value that is a time; empty of others
}

// Magic is an account of the test provider that decides the end of a payout,
// for the page of a test payment. The Name works in the test service's field.
type Magic struct{ Name, Meaning, Card, IBAN, Account, Email, Phone string }

// T is a text of the page. Where the page has a voice of its own, its words come first.
func (v *view) T(key string, fill ...string) string {
	if _, own := v.words[v.Voice+key]; own {
		key = v.Voice + key
	}
	return v.words.say(key, fill...)
}

// Initial is the first letter of who pays, where there is no logo.
func (v *view) Initial() string {
	r, _ := utf8.DecodeRuneInString(strings.ToUpper(v.Merchant))
	if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return ""
	}
	return string(r)
}

// Asset is the address of a file of the page.
func (v *view) Asset(name string) string { return v.face.address(name) }

// Integrity is the hash that a browser holds it to.
func (v *view) Integrity(name string) string { return v.face.integrity(name) }

// Steps are the three of the way, for the line above the page.
func (v *view) Steps() []link {
	var out []link
	for i, name := range []string{"method", "details", "review"} {
		if v.StepOf == 2 && name == "method" {
			continue
		}
		out = append(out, link{Text: v.T("step." + name), Here: name == v.Step, Icon: map[bool]string{true: "past"}[i < v.past()]})
	}
	return out
}

func (v *view) past() int {
	return map[string]int{"method": 0, "details": 1, "review": 2}[v.Step]
}

// stateOf is what has become of a payment whose details are there, in the
// page's words.
func stateOf(r *engine.Request) string {
	if r.WantsRepair() {
		return "refused"
	}
	switch r.Stage {
	case payout.AllPaid, payout.SomePaid:
		return "paid"
	case payout.NonePaid:
		return "failed"
	case payout.Expired:
		return "expired"
	case payout.Withdrawn:
		return "canceled"
	case payout.GivenBack:
		return "returned"
	}
	return "processing"
}

func toneOf(state string) string {
	switch state {
	case "paid":
		return "good"
	case "processing", action:
		return "move"
	case "failed", "returned":
		return "bad"
	}
	return "off"
}

// hidden is a masked account as the page writes it.
func hidden(s string) string { return pieces(strings.ReplaceAll(s, "*", "•")) }

// pieces is an account in groups of four, as people read them.
func pieces(s string) string {
	if utf8.RuneCountInString(s) < 9 || strings.ContainsAny(s, " @") {
		return s
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n > 0 && n%4 == 0 {
			b.WriteRune(' ')
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
