// Package hosted is the third dialect: a payout by one call and one link, in
// the words of the API that its merchants integrated before (camelCase, decimal
// amounts as text, bearer tokens), and the page on which the recipient says
// where the money goes. It translates to the engine and back and decides
// nothing about money; DESIGN.md says what was chosen where the original is
// silent.
//
// The package keeps nothing on disk. What is good about a link is a keyed hash
// that is made anew each time; what a recipient has typed and not confirmed is
// in their browser, sealed. After a crash a repeated call gets the answer that
// the engine stored with the effect, and how often a form was sent in the last
// minute is forgotten.
package hosted

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// prefix of a payment's id, which is the request's own behind it.
const prefix = "pay_"

// Settings are what no public document of the original says, and what an
// operator arranges. DefaultSettings gives the choices that were made.
type Settings struct {
	RedirectParam     string        // of the address that the recipient goes back to
	ReplayStatus      int           // of a repeat's answer: 200 or 201
	BodyWindow        time.Duration // how long a body alone is known again; 0: not at all; Forever: always
	ExternalIDUnique  bool
	RequireExternalID bool          // of every token: a create needs an externalId or an Idempotency-Key
	LinkTTL           time.Duration // life of a form's link, where the token has none of its own
	ReturnedFails     bool          // money that came back makes a payment failed; else it stays succeeded, and an event tells
	StandardWebhooks  bool          // bodies of webhooks are {type,timestamp,data}; else the payment itself
	Cards             bool          // the page asks for card numbers too, which puts whoever runs it in scope of PCI DSS
	HeadlessCards     bool          // and takes them from other pages than ours
	Retries           int           // how often a recipient may repair details that the provider refused
}

// Forever is a BodyWindow without an end.
const Forever time.Duration = -1

// DefaultSettings are those of an empty configuration.
func DefaultSettings() Settings {
	return Settings{RedirectParam: "paymentId", ReplayStatus: 200, BodyWindow: 24 * time.Hour, ExternalIDUnique: true, LinkTTL: 72 * time.Hour}
}

// Config is what the dialect is made of. All but Log is required.
type Config struct {
	Engine    *engine.Engine
	Funnel    *wire.Funnel
	Now       func() time.Time
	PublicURL string // that links begin with, without a trailing slash
	Settings  Settings
	Magic     []Magic // accounts of the test provider, shown on the pages of test payments
	// Back says for requests of other dialects, by their names, where the
	// recipient goes back to; empty: nowhere.
	Back map[string]func(*engine.Request) string
	Log  *slog.Logger // of creates that were repeats; nil: nothing is logged
}

// API is the dialect and the page, ready to be mounted. It is safe for
// concurrent use.
type API struct {
	Config
	dialect *wire.Dialect
	page    *wire.Dialect
	face    *face
	tries   *tries
}

// New returns an error when something that is required is missing or can't be.
func New(c Config) (*API, error) {
	if c.Engine == nil || c.Funnel == nil || c.Now == nil {
		return nil, errors.New("hosted: Engine, Funnel and Now are needed")
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" || strings.HasSuffix(c.PublicURL, "/") {
		return nil, fmt.Errorf("hosted: PublicURL %q is not an address without a trailing slash", c.PublicURL)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if !slices.Contains([]int{200, 201}, c.Settings.ReplayStatus) || c.Settings.LinkTTL <= 0 {
		return nil, errors.New("hosted: ReplayStatus is 200 or 201, and LinkTTL more than nothing")
	}
	a := &API{Config: c, tries: newTries(c.Now)}
	if a.face, err = newFace(); err != nil {
		return nil, err
	}
	a.dialect = &wire.Dialect{Name: "hosted", Error: answerError, IgnoreUnknown: true}
	a.page = &wire.Dialect{Name: "checkin", Error: a.errorPage, ContentType: "text/html; charset=utf-8"}
	return a, nil
}
