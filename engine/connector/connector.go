// Package connector says what a provider's connector is: the verbs, the
// nature it declares, and the words in which it reports a payout's fate. It
// holds no provider; each has a package of its own below this one, and
// connectortest is the contract that all of them keep.
//
// A connector moves money, so its errors are part of its meaning: a verdict
// is never an error, and an error never says more than why the verdict is
// Unknown.
package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"penstock/engine/money"
)

// Traits is what a connector declares of its provider. The engine owns the
// policy that follows from it (DESIGN.md 5), so a trait that is claimed and
// not true can pay twice; connectortest checks each.
type Traits struct {
	// Idempotent says that the provider honours Instruction.Key: a second Send
	// with the same key never moves money again.
	Idempotent bool
	// Window is how long after the first Send the provider keeps that promise.
	// Zero means for ever. Nothing is resent after it.
	Window time.Duration
	// KeepsRefusal says that a refused key is answered with the same refusal
	// for ever.
	KeepsRefusal bool
	// Lookup says that a transfer can be found by its key: by Lookup, or by
	// Seek where the connector is a Seeker.
	Lookup bool
	// Follow says that a transfer which was accepted can be asked for by its
	// Ref. It takes a Seeker, and helps where there is no Lookup.
	Follow bool
	// Settle is how late a request that timed out may still take effect,
	// counted from the deadline of its call.
	Settle time.Duration
}

// Verdict is what somebody said about a payout's fate.
type Verdict string

const (
	Unknown    Verdict = "unknown"     // nobody can say: timeout, cut connection, 5xx, unreadable answer
	Accepted   Verdict = "accepted"    // the provider has it and will say more later
	Paid       Verdict = "paid"        // money moved, whole
	PartlyPaid Verdict = "partly_paid" // money moved, in part: Outcome.Paid says how much; final
	Rejected   Verdict = "rejected"    // the provider's clear word that no money moves
	Returned   Verdict = "returned"    // money moved and came back
	Absent     Verdict = "absent"      // Lookup only: the provider knows no such key
)

// Details are a beneficiary's account, as clear text: field name to value.
// They exist between the locker and the wire and must not be kept, printed or
// logged; every way to print them says "[redacted]".
type Details map[string]string

func (Details) String() string               { return "[redacted]" }
func (Details) GoString() string             { return "[redacted]" }
func (Details) Format(s fmt.State, _ rune)   { _, _ = s.Write([]byte("[redacted]")) }
func (Details) LogValue() slog.Value         { return slog.StringValue("[redacted]") }
func (Details) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// Instruction is one order to pay, the same on each attempt.
type Instruction struct {
	// Key names the payout at the provider. It is made once, from the payout's
	// id, and is sent unchanged on every attempt.
	Key    string
	Amount money.Amount
	// Service is the payout service, method and currency, e.g. "sepa_eur".
	Service string
	// Details is the beneficiary's account.
	Details Details
	// NotifyURL is where the provider may report; empty when it can't reach us.
	NotifyURL string
	// Memo is a text for the beneficiary's statement; may be empty.
	Memo string
}

// Outcome is a provider's answer in our words.
type Outcome struct {
	Verdict Verdict
	// Ref is the provider's own name of the transfer; empty when it gave none.
	Ref string
	// Paid is the amount that moved, for PartlyPaid; the zero Amount otherwise.
	Paid money.Amount
	// Resolution is why, in the words that all connectors share: empty, or one
	// of [Resolutions].
	Resolution string
	// Code and Message are the provider's own words, safe to show: they bear no
	// account number and no credential.
	Code, Message string
}

// Connector speaks to one account at one provider. It is safe for concurrent
// use, keeps no state that matters, and honours the deadline of its ctx.
type Connector interface {
	Traits() Traits
	// Send makes at most one request that can move money. Its error explains
	// an Unknown and is nil for every other verdict.
	Send(ctx context.Context, in Instruction) (Outcome, error)
	// Lookup asks for a key. Without Traits.Lookup it returns ErrNoLookup.
	Lookup(ctx context.Context, key string) (Outcome, error)
}

// ErrNoLookup is the error of Lookup where the provider has none.
var ErrNoLookup = errors.New("connector: provider has no look-up by key")

// Question is all that is known of a payout whose fate is asked for.
type Question struct {
	Key     string
	Ref     string       // the provider's own name of it; empty where none was heard
	Amount  money.Amount // what was ordered; an answer with another is Unknown
	Service string
	// Sent is when it was first sent: nothing about it at the provider is
	// older. Zero means that nobody knows.
	Sent time.Time
}

// Seeker is what a Connector may offer beyond: a look-up for which the key
// alone is too little, because the provider finds a transfer by its own name,
// or in a list that must begin somewhere. Where it is there it is asked in
// place of Lookup. Without Traits.Lookup it answers only questions with a Ref,
// and a question without one is ErrNoLookup.
type Seeker interface {
	Seek(ctx context.Context, q Question) (Outcome, error)
}

// Batcher is what a Connector may offer beyond: many orders in one movement,
// such as a bank's file.
type Batcher interface {
	// Batch says until when orders of a service may be gathered that are there at
	// now, and how many at the most. A time that isn't after now: they go at once.
	Batch(now time.Time, service string) (until time.Time, most int)
	// SendAll is Send for each of the orders: it makes at most one request that
	// moves money, and gives each an outcome and an error of its own, in their
	// order. No key may be in it twice.
	SendAll(ctx context.Context, in []Instruction) ([]Outcome, []error)
}

// Balancer is what a Connector may offer beyond: what can be paid out now, one
// amount for each currency that the account has.
type Balancer interface {
	Balances(ctx context.Context) ([]money.Amount, error)
}

// ErrSignature refuses a notification whose signature is absent or wrong.
var ErrSignature = errors.New("connector: notification is not signed by the provider")

// Notice is a verified notification of a provider about one payout.
type Notice struct {
	// Key is the payout's. Empty means that the provider names it by its own
	// name alone, Outcome.Ref.
	Key     string
	Outcome Outcome
}

// ErrNotOurs is the error of a notification that is signed and not about a
// payout: there is nothing to do, and it is answered as received.
var ErrNotOurs = errors.New("connector: notification is not about a payout")

// Notifier is what a Connector may offer beyond: reading the provider's own
// webhooks. It checks the signature over the raw body, in constant time,
// before it parses anything.
type Notifier interface {
	Notification(header http.Header, body []byte) (Notice, error)
}

// Report is one line of what a provider reported without being asked about a
// payout: a line of a statement, or of a report.
type Report struct {
	// Key is the payout's; empty where the line bears none of ours, and then
	// somebody has to explain it, unless Outcome.Ref names a payout.
	Key string
	// Outcome is what the line means for that payout. Without a key Paid is money
	// that left and Returned money that came.
	Outcome Outcome
	// Booked says that money moved on the account by this line. Otherwise it is a
	// word about an order, as in a status report.
	Booked bool
	Amount money.Amount // the zero Amount where nothing is said
	At     time.Time    // of the booking; zero where nothing is said
	ID     string       // the provider's own name of the line; empty where it has none
	Source string       // where it stands, e.g. the name of a file
	Row    int          // which line of its source it is, from 1; zero where nobody counts
}

// Reporter is what a Connector may offer beyond: all that the provider has
// reported since a day. It is how books are compared, and how what comes back
// after it was paid is heard of: a payout that has ended is not asked about.
type Reporter interface {
	Reports(ctx context.Context, since time.Time) ([]Report, error)
}

// ErrStatement says that a file is no statement of the account: it can't be
// read, is not whole, or is another account's. What wraps it says which, and
// bears no account number.
var ErrStatement = errors.New("not a statement of this account")

// Fault is what is wrong at one place of a statement. It bears nothing of what
// stands there.
type Fault struct {
	Line  int    // of the file, from 1
	Field string // in the words of the statement's form: "amount", "date"; empty: the line as a whole
	Rule  string // what must hold there
}

// MaxFaults is how many faults of one file are told.
const MaxFaults = 100

// Faults are what is wrong with a statement that can't be read, the first ones,
// at least one. It is part of the error of a StatementReader that can say so.
type Faults []Fault

func (f Faults) Error() string {
	first := fmt.Sprintf("line %d: %s", f[0].Line, f[0].Rule)
	switch {
	case len(f) == 1:
		return first
	case len(f) >= MaxFaults:
		return first + ", and so on"
	}
	return fmt.Sprintf("%s, and %d more", first, len(f)-1)
}

// File is a statement or report that somebody hands over.
type File struct {
	Name string // as it is shown; it opens nothing
	Text []byte
	Map  string // how a CSV file is read, where the account doesn't say; empty: the plain form
}

// StatementReader is what a Connector may offer beyond, and what an engine is
// given for the others: it reads a statement, all of it or nothing, and does no
// I/O beyond what it keeps of its own orders. Its error wraps ErrStatement.
type StatementReader interface {
	Statement(ctx context.Context, f File) ([]Report, error)
}

// Canceller is what a Connector may offer beyond: asking the provider to stop
// a transfer. Rejected means that it is stopped and no money will move.
type Canceller interface {
	Cancel(ctx context.Context, key string) (Outcome, error)
}

// Account is what a connector is built from: the credentials and address of
// one account at a provider.
type Account struct {
	ID       string            // the provider account's id (mca_...)
	Provider string            // name in the catalogue: "sandbox", "stripe", ...
	Test     bool              // the account belongs to test mode
	BaseURL  string            // empty: the provider's own
	Secrets  map[string]string // credentials by name; never printed
}

func (a Account) String() string       { return fmt.Sprintf("%s account %s", a.Provider, a.ID) }
func (a Account) GoString() string     { return a.String() }
func (a Account) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Format keeps every verb, %+v too, away from the secrets.
func (a Account) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(a.String())) }

// Builder makes the connector of an account. It does no I/O; what an account
// lacks is an error that names the credential.
type Builder func(Account) (Connector, error)

// Transfer is one line of a provider's own list.
type Transfer struct {
	Key     string // as Instruction.Key was
	Amount  money.Amount
	Service string // empty where the provider doesn't say
	At      time.Time
}

// Lister is what a Connector may offer beyond: the provider's own list of
// what it was asked to do, from a time on. A store that was brought back from
// a backup learns from it what it has forgotten.
type Lister interface {
	Transfers(ctx context.Context, since time.Time) ([]Transfer, error)
}
