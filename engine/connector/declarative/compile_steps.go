package declarative

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"penstock/engine/connector"
)

func (c *checker) steps(f *Form) {
	if len(c.f.Step) == 0 || len(c.f.Step) > 8 {
		c.bad("step", "an order takes one to eight steps")
	}
	for i, s := range c.f.Step {
		key := fmt.Sprintf("step.%d", i)
		if !isWord(s.Name) || slices.ContainsFunc(f.steps, func(r request) bool { return r.name == s.Name }) ||
			slices.Contains([]string{"details", "value", "credential"}, s.Name) {
			c.bad(key+".name", "%s, and each is there once", wordRule)
		}
		key = "step." + s.Name
		r := request{name: s.Name, method: s.Method, form: s.Encode == "form", ok: c.statuses(key+".ok", s.OK, http.StatusOK, http.StatusCreated), take: map[string]pointer{}}
		if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH"}, s.Method) {
			c.bad(key+".method", "must be GET, POST, PUT or PATCH")
		}
		if !slices.Contains([]string{"", "json", "form"}, s.Encode) {
			c.bad(key+".encode", "must be json or form")
		}
		r.path = c.path(key+".path", s.Path, f.steps)
		r.query = c.templates(key+".query", s.Query, f.steps)
		r.headers = c.templates(key+".headers", s.Headers, f.steps)
		for name := range s.Headers {
			c.header(key+".headers."+name, name)
		}
		if s.Body.v != nil {
			b, err := readBody(s.Body.v)
			if err != nil || b.members == nil {
				c.bad(key+".body", "must be a table of texts, numbers, booleans, lists and tables (%v)", err)
			}
			c.holes(key+".body", b.names(), f.steps)
			for name, child := range b.members {
				if r.form && child.text == nil && child.plain == nil {
					c.bad(key+".body."+name, "a form has no lists and tables; name it \"a[b]\"")
				}
			}
			r.body = &b
		}
		for name, at := range s.Take {
			if !isWord(name) {
				c.bad(key+".take."+name, wordRule)
			}
			r.take[name] = c.pointer(key+".take."+name, at)
		}
		r.echo = repeats{c.pointer(key+".echo.key", s.Echo.Key), c.pointer(key+".echo.amount", s.Echo.Amount), c.pointer(key+".echo.currency", s.Echo.Currency)}
		for j, rule := range s.Reject {
			at := fmt.Sprintf("%s.reject.%d", key, j)
			c.resolution(at, rule.Resolution)
			r.reject = append(r.reject, refusal{c.matcher(at+".match", rule.Match), rule.Resolution})
		}
		f.steps = append(f.steps, r)
	}
}

// header refuses those that are the transport's or the authentication's.
func (c *checker) header(key, name string) {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" ||
		slices.Contains([]string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Authorization"}, http.CanonicalHeaderKey(name)) {
		c.bad(key, "is no header that a form may set")
	}
}

// order checks that key, amount and currency stand on the wire, once each,
// where penstock writes them, and that what moves money is what they are in.
func (c *checker) order(f *Form) {
	o := c.f.Order
	if len(f.steps) == 0 {
		return
	}
	last := f.steps[len(f.steps)-1]
	if o.Moves != last.name {
		c.bad("order.moves", "must name the last step: nothing is asked once money may have moved")
	}
	if last.method == "GET" {
		c.bad("step."+last.name+".method", "money isn't moved by GET")
	}
	key := c.spot(f, "order.key", o.Key, func(r *request) **spot { return &r.key })
	amount := c.spot(f, "order.amount", o.Amount, func(r *request) **spot { return &r.amount })
	if o.Currency != (place{}) {
		c.spot(f, "order.currency", o.Currency, func(r *request) **spot { return &r.currency })
	} else if len(c.f.Amount.Currencies) != 1 {
		c.bad("order.currency", "an amount without its currency is none, where there are several")
	}
	if key == last.name && amount == last.name {
		return
	}
	for _, s := range f.steps[:len(f.steps)-1] {
		if s.echo.key != nil && s.echo.amount != nil && s.echo.currency != nil && uses(f.steps[len(f.steps)-1], s.name) {
			return
		}
	}
	c.bad("order", "key and amount are not both in the step that moves money, so an earlier answer must echo key, amount and currency, and the last step must use what was taken there")
}

// uses says whether a step asks for something that another took.
func uses(r request, step string) bool {
	names := r.path.names()
	for _, t := range r.query {
		names = append(names, t.names()...)
	}
	if r.body != nil {
		names = append(names, r.body.names()...)
	}
	return asks(names, step)
}

// spot gives a step the place where something is written, and returns its name.
func (c *checker) spot(f *Form, key string, p place, of func(*request) **spot) string {
	i := slices.IndexFunc(f.steps, func(r request) bool { return r.name == p.Step })
	if i < 0 {
		c.bad(key+".step", "%q is no step", p.Step)
		return ""
	}
	r := &f.steps[i]
	s := &spot{at: c.pointer(key+".at", p.At), header: p.Header, lower: p.Lower}
	switch {
	case (p.At == "") == (p.Header == ""):
		c.bad(key, "is either at a place of the body or in a header")
	case p.Header != "":
		c.header(key+".header", p.Header)
		if _, taken := r.headers[p.Header]; taken {
			c.bad(key+".header", "the step sets this header itself")
		}
	case len(s.at) == 0, r.form && len(s.at) != 1:
		c.bad(key+".at", "is no place in the body")
	case r.method == "GET":
		c.bad(key+".at", "a GET has no body")
	case r.body != nil && r.body.has(s.at):
		c.bad(key+".at", "the step's body stands in the way: penstock writes there")
	}
	*of(r) = s
	return r.name
}

func (c *checker) resolution(key, word string) {
	if !connector.IsResolution(word) {
		c.bad(key, "%q is no resolution; there are %s", word, strings.Join(connector.Resolutions(), ", "))
	}
}

func (c *checker) reading(key string, a answer, lookup bool) reading {
	r := reading{ok: c.statuses(key+".ok", a.OK, http.StatusOK, http.StatusCreated), refStep: a.RefStep, words: map[string]word{}, reasons: a.Reasons}
	r.ref, r.status, r.paid = c.pointer(key+".ref", a.Ref), c.pointer(key+".status", a.Status), c.pointer(key+".paid", a.Paid)
	r.code, r.message = c.pointer(key+".code", a.Code), c.pointer(key+".message", a.Message)
	r.echo = repeats{c.pointer(key+".key", a.Key), c.pointer(key+".amount", a.Amount), c.pointer(key+".currency", a.Currency)}
	if r.status == nil || len(a.Words) == 0 {
		c.bad(key+".status", "and %s.words say what became of a transfer", key)
	}
	if r.refStep != "" {
		c.holes(key+".ref_step", []string{r.refStep}, c.compiled())
	}
	for text, meaning := range a.Words {
		r.words[text] = c.word(key+".words."+text, meaning, lookup, r.paid != nil)
	}
	for code, resolution := range a.Reasons {
		c.resolution(key+".reasons."+code, resolution)
	}
	return r
}

// compiled are the steps as far as names of what they take go.
func (c *checker) compiled() []request {
	var out []request
	for _, s := range c.f.Step {
		r := request{name: s.Name, take: map[string]pointer{}}
		for name := range s.Take {
			r.take[name] = pointer{}
		}
		out = append(out, r)
	}
	return out
}

func (c *checker) word(key, meaning string, lookup, paid bool) word {
	verdict, resolution, _ := strings.Cut(meaning, " ")
	w := word{connector.Verdict(verdict), resolution}
	switch w.verdict {
	case connector.Accepted, connector.Paid, connector.Unknown:
		if resolution != "" {
			c.bad(key, "only rejected and returned have a resolution")
		}
	case connector.PartlyPaid:
		if !paid || resolution != "" {
			c.bad(key, "partly_paid needs the place of the amount that moved, and has no resolution")
		}
	case connector.Rejected, connector.Returned:
		if resolution != "" {
			c.resolution(key, resolution)
		} else if w.verdict == connector.Rejected {
			w.resolution = connector.Failed
		} else {
			w.resolution = connector.ReturnedByBank
		}
	case connector.Absent:
		if !lookup {
			c.bad(key, "absent is an answer to a look-up alone")
		}
	default:
		c.bad(key, "%q is none of accepted, paid, partly_paid, rejected, returned, absent, unknown", verdict)
	}
	return w
}

// clear checks a rule for an answer of error. What is said under a status
// that proxies use, or that asks to come again, is never believed.
func (c *checker) clear(key string, e errorRule) clear {
	r := clear{status: e.Status, steps: e.Steps, match: c.matcher(key+".match", e.Match), code: c.pointer(key+".code", e.Code), message: c.pointer(key+".message", e.Message),
		resolution: e.Resolution, reasons: e.Reasons}
	for _, code := range e.Status {
		if code < 400 || code > 499 || slices.Contains([]int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}, code) {
			c.bad(key+".status", "%d is never the provider's clear word that no money moves", code)
		}
	}
	if len(e.Status) == 0 {
		c.bad(key+".status", "names the statuses that it is for")
	}
	if e.Verdict != string(connector.Rejected) {
		c.bad(key+".verdict", "must be rejected; everything else is unknown by itself")
	}
	for _, name := range e.Steps {
		if !slices.ContainsFunc(c.f.Step, func(s step) bool { return s.Name == name }) {
			c.bad(key+".steps", "%q is no step", name)
		}
	}
	c.resolution(key+".resolution", e.Resolution)
	for code, resolution := range e.Reasons {
		c.resolution(key+".reasons."+code, resolution)
	}
	return r
}

func (c *checker) question(key string, l *look, name string) *question {
	if l == nil {
		return nil
	}
	more := []string{"since", "ref", "skip", "page", "uuid"}
	q := &question{path: c.path(key+".path", l.Path, nil, more...), query: c.templates(key+".query", l.Query, nil, more...), headers: c.templates(key+".headers", l.Headers, nil, more...)}
	a := c.f.Answer
	if l.Answer != nil {
		a = l.Answer.over(a)
	}
	a.RefStep = ""
	q.answer = c.reading(key+".answer", a, name == "key")
	if name != "key" && len(l.Absent) > 0 {
		c.bad(key+".absent", "what was accepted under a name of the provider's own is never absent")
	}
	names := q.path.names()
	for _, t := range q.query {
		names = append(names, t.names()...)
	}
	q.since = slices.Contains(names, "since")
	for i, g := range l.Absent {
		at := fmt.Sprintf("%s.absent.%d", key, i)
		if len(g.Status) == 0 || slices.ContainsFunc(g.Status, func(code int) bool { return code != 404 && (code < 200 || code > 299) }) {
			c.bad(at+".status", "only 404 or a success can say that there is no such transfer")
		}
		q.absent = append(q.absent, gone{g.Status, c.matcher(at+".match", g.Match)})
	}
	if l.List == nil {
		if !slices.Contains(names, name) {
			c.bad(key, "asks for nobody: path or query must hold {%s}", name)
		}
		return q
	}
	if name != "key" || len(l.Absent) > 0 {
		c.bad(key+".list", "a list is for a look-up by key, and its end is the word for absent")
	}
	if q.answer.echo.key == nil {
		c.bad(key+".answer.key", "is how a transfer is told from others in a list")
	}
	p := l.List
	q.list = &pages{items: c.pointer(key+".list.items", p.Items), size: p.Size, most: p.Most, sizeParam: p.SizeParam, skipParam: p.SkipParam, pageName: p.PageParam}
	if p.Size < 1 || p.Size > 1000 || p.Most < 1 || p.Most > 100 || p.SizeParam == "" || (p.SkipParam == "") == (p.PageParam == "") {
		c.bad(key+".list", "size is 1 to 1000, most 1 to 100, with size_param and either skip_param or page_param")
	}
	return q
}

// over is the answer with what it leaves out taken from another.
func (a answer) over(b answer) answer {
	if len(a.OK) > 0 {
		b.OK = a.OK
	}
	for _, f := range []struct {
		to   *string
		from string
	}{{&b.Ref, a.Ref}, {&b.Key, a.Key}, {&b.Amount, a.Amount}, {&b.Currency, a.Currency}, {&b.Status, a.Status}, {&b.Paid, a.Paid}, {&b.Code, a.Code}, {&b.Message, a.Message}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if a.Words != nil {
		b.Words = a.Words
	}
	if a.Reasons != nil {
		b.Reasons = a.Reasons
	}
	return b
}

func (c *checker) funds(b *balances) *funds {
	if b == nil {
		return nil
	}
	f := &funds{path: c.path("balances.path", b.Path, nil), query: c.templates("balances.query", b.Query, nil), items: c.pointer("balances.items", b.Items),
		currency: c.pointer("balances.currency", b.Currency), amount: c.pointer("balances.amount", b.Amount), form: b.Form}
	if b.Form == "" {
		f.form = c.f.Amount.Form
	}
	if f.currency == nil || f.amount == nil || !slices.Contains([]string{"minor", "decimal", "number"}, f.form) {
		c.bad("balances", "needs currency and amount, and a form of amount.form's")
	}
	if len(b.Match) > 0 {
		f.match = c.matcher("balances.match", b.Match)
	}
	return f
}
