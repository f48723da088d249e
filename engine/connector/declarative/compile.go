package declarative

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Form is a provider in the form of a file, checked and ready to be built.
type Form struct {
	file     file
	patterns map[string]*regexp.Regexp // of credentials
	key      *regexp.Regexp            // nil: none
	services []body                    // the values of each service
	steps    []request
	answer   reading
	errors   []clear
	lookup   *question
	poll     *question
	balances *funds
	notify   *notice
}

// Name is the provider's name in the catalogue.
func (f *Form) Name() string { return f.file.Name }

// Label is what a person calls it, About what it pays and what it can't do.
func (f *Form) Label() string { return f.file.Label }

// About says what the form pays and what it can't do.
func (f *Form) About() string { return f.file.About }

// Base is where live requests go when the account names no other address.
func (f *Form) Base() string { return f.file.Provider.BaseURL }

// Preview says that it was not proven against the provider's description.
func (f *Form) Preview() bool { return f.file.Preview }

// Samples are the exchanges that came with the form.
func (f *Form) Samples() []Sample { return slices.Clone(f.file.Sample) }

// request is a step, ready to be filled.
type request struct {
	name, method string
	path         template
	query        map[string]template
	headers      map[string]template
	form         bool
	body         *body
	ok           []int
	take         map[string]pointer
	echo         repeats
	reject       []refusal
	key, amount  *spot
	currency     *spot
}

// spot is where penstock writes something into a request.
type spot struct {
	at     pointer
	header string
	lower  bool
}

// repeats is where an answer repeats what was asked; nil where it doesn't.
type repeats struct{ key, amount, currency pointer }

type refusal struct {
	match      matcher
	resolution string
}

// reading is how an answer about a transfer is read.
type reading struct {
	ok                          []int
	ref                         pointer
	refStep                     string
	echo                        repeats
	status, paid, code, message pointer
	words                       map[string]word
	reasons                     map[string]string
}

// word is what a status word means.
type word struct {
	verdict    connector.Verdict
	resolution string
}

type clear struct {
	status        []int
	steps         []string
	match         matcher
	code, message pointer
	resolution    string
	reasons       map[string]string
}

// question is a look-up or a poll, ready to be filled.
type question struct {
	path    template
	query   map[string]template
	headers map[string]template
	answer  reading
	absent  []gone
	list    *pages
	since   bool // it asks from a time on
}

type gone struct {
	status []int
	match  matcher
}

type pages struct {
	items                          pointer
	size, most                     int
	sizeParam, skipParam, pageName string
}

type funds struct {
	path                    template
	query                   map[string]template
	items, currency, amount pointer
	form                    string
	match                   matcher
}

// checker collects what is wrong with a form, by its key.
type checker struct {
	f        *file
	problems []error
}

func (c *checker) bad(key, format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

// Parse reads and checks a form. The error lists what is wrong, each by its
// key.
func Parse(doc []byte) (*Form, error) {
	raw, err := decode(doc)
	if err != nil {
		return nil, err
	}
	c := &checker{f: raw}
	f := &Form{file: *raw}
	c.head(f)
	c.credentials(f)
	c.authentication()
	c.money(f)
	for i, s := range raw.Service {
		key := fmt.Sprintf("service.%d", i)
		b, err := readBody(orEmpty(s.Values.v))
		if err != nil {
			c.bad(key+".values", "%v", err)
		}
		c.holes(key+".values", b.names(), nil)
		f.services = append(f.services, b)
		if len(s.Match) == 0 {
			c.bad(key+".match", "names the services that it is for, e.g. [\"*_ngn\"]")
		}
	}
	c.steps(f)
	f.answer = c.reading("answer", raw.Answer, false)
	c.order(f)
	for i, rule := range raw.Error {
		f.errors = append(f.errors, c.clear(fmt.Sprintf("error.%d", i), rule))
	}
	f.lookup = c.question("lookup", raw.Lookup, "key")
	f.poll = c.question("poll", raw.Poll, "ref")
	f.balances = c.funds(raw.Balances)
	f.notify = c.notice(raw.Notify)
	if len(raw.Sample) == 0 {
		c.bad("sample", "a form brings at least one exchange that shows that it works")
	}
	if len(c.problems) > 0 {
		return nil, errors.Join(c.problems...)
	}
	return f, nil
}

func orEmpty(v any) any {
	if v == nil {
		return map[string]any{}
	}
	return v
}

const wordRule = "has small letters, digits and \"_\""

func isWord(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func (c *checker) head(f *Form) {
	r := c.f
	if r.Format != 1 {
		c.bad("format", "must be 1")
	}
	if !isWord(r.Name) {
		c.bad("name", wordRule)
	}
	if r.Label == "" {
		c.bad("label", "is what a person calls the provider")
	}
	for _, at := range []struct{ key, url string }{{"provider.base_url", r.Provider.BaseURL}, {"provider.test_url", r.Provider.TestURL}} {
		u, err := url.Parse(at.url)
		if at.url == "" && at.key == "provider.test_url" {
			continue
		}
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(at.url, "/") {
			c.bad(at.key, "must be an https URL without credentials, query and trailing slash")
		}
	}
	for _, h := range r.Provider.Hosts {
		if u, err := url.Parse("https://" + h); err != nil || u.Host != h || h == "" || strings.ContainsAny(h, "*/@?#") {
			c.bad("provider.hosts", "%q is no host", h)
		}
	}
	if r.Traits.Window != 0 && !r.Traits.Idempotent || r.Traits.KeepsRefusal && !r.Traits.Idempotent {
		c.bad("traits", "window and keeps_refusal mean nothing without idempotent")
	}
	switch window, settle := time.Duration(r.Traits.Window), r.Traits.settle(); {
	case window < 0:
		c.bad("traits.window", "is not negative")
	case settle < leastSettle:
		c.bad("traits.settle", "is at least %v: an order that timed out may always take effect a while later", leastSettle)
	case window > 0 && window <= settle:
		c.bad("traits.window", "must exceed settle (%v), or nothing could ever be sent again", settle)
	}
}

func (c *checker) credentials(f *Form) {
	f.patterns = map[string]*regexp.Regexp{}
	seen := map[string]bool{}
	for i, cred := range c.f.Credential {
		key := fmt.Sprintf("credential.%d", i)
		if !isWord(cred.Name) || seen[cred.Name] {
			c.bad(key+".name", "%s, and each is there once", wordRule)
		}
		seen[cred.Name] = true
		if cred.Pattern != "" {
			p, err := regexp.Compile(`^(?:` + cred.Pattern + `)$`)
			if err != nil {
				c.bad(key+".pattern", "is no regular expression")
			}
			f.patterns[cred.Name] = p
		}
	}
	if c.f.Key.Pattern != "" {
		p, err := regexp.Compile(`^(?:` + c.f.Key.Pattern + `)$`)
		if err != nil {
			c.bad("key.pattern", "is no regular expression")
		}
		f.key = p
	}
	if !slices.Contains([]string{"plain", "uuid"}, c.f.Key.Form) {
		c.bad("key.form", "must be plain or uuid")
	}
}

func (c *checker) credential(key, name string) {
	if !slices.ContainsFunc(c.f.Credential, func(have credential) bool { return have.Name == name }) {
		c.bad(key, "%q is no credential of this form", name)
	}
}

// money checks how amounts are written, so that none can be bent.
func (c *checker) money(f *Form) {
	a := c.f.Amount
	if !slices.Contains([]string{"minor", "decimal", "number"}, a.Form) {
		c.bad("amount.form", "must be minor, decimal or number")
	}
	if len(a.Currencies) == 0 {
		c.bad("amount.currencies", "lists what the provider pays in, with its decimals, e.g. { EUR = 2 }")
	}
	for code, decimals := range a.Currencies {
		if _, err := money.ParseCurrency(code); err != nil || decimals < 0 || decimals > 8 {
			c.bad("amount.currencies."+code, "must be a currency with 0 to 8 decimals")
		}
	}
}

// holes checks that whatever a template asks for will be there.
func (c *checker) holes(key string, names []string, steps []request, more ...string) {
	for _, name := range names {
		root, field, dotted := strings.Cut(name, ".")
		switch {
		case slices.Contains(more, name):
		case slices.Contains([]string{"key", "amount", "currency", "service", "memo", "notify_url", "now", "unix", "mode"}, name):
		case root == "details" && dotted && isWord(field), root == "value" && dotted && isWord(field):
		case root == "credential" && dotted:
			if !slices.ContainsFunc(c.f.Credential, func(have credential) bool { return have.Name == field && have.Public }) {
				c.bad(key, "{%s}: is no credential that may be shown", name)
			}
		case slices.ContainsFunc(steps, func(s request) bool { return s.name == root && s.take[field] != nil }):
		default:
			c.bad(key, "{%s}: there is no such thing here", name)
		}
	}
}

func (c *checker) template(key, text string, steps []request, more ...string) template {
	t, err := readTemplate(text)
	if err != nil {
		c.bad(key, "%v", err)
	}
	c.holes(key, t.names(), steps, more...)
	return t
}

func (c *checker) templates(key string, texts map[string]string, steps []request, more ...string) map[string]template {
	out := map[string]template{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		out[name] = c.template(key+"."+name, texts[name], steps, more...)
	}
	return out
}

func (c *checker) path(key, text string, steps []request, more ...string) template {
	t := c.template(key, text, steps, more...)
	plain := ""
	for _, p := range t.parts {
		if plain += p.text; p.names != nil {
			plain += "x"
		}
	}
	if !strings.HasPrefix(plain, "/") || strings.ContainsAny(plain, "?# ") || strings.Contains(plain, "..") || strings.Contains(plain, "//") {
		c.bad(key, "begins with \"/\" and has no query: see the query table")
	}
	return t
}

func (c *checker) pointer(key, text string) pointer {
	if text == "" {
		return nil
	}
	p, err := readPointer(text)
	if err != nil {
		c.bad(key, "%v", err)
	}
	return p
}

func (c *checker) statuses(key string, list []int, otherwise ...int) []int {
	if len(list) == 0 {
		return otherwise
	}
	for _, code := range list {
		if code < 200 || code > 299 {
			c.bad(key, "%d is no answer of success", code)
		}
	}
	return list
}
