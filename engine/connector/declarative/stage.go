package declarative

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Stage is the provider of a form as its samples show it, with the words that
// the form has for each verdict: enough to hold the form to the contract
// without the provider. It shows what the form makes of such answers, not that
// the provider gives them.
type Stage struct {
	form   *Form
	sample Sample
	order  connector.Instruction
	steps  []any // the answer to each step
	found  any   // a transfer that was asked for, as the look-up or the poll answers
	absent *Exchange
	refuse *Exchange // the last answer of an order that is refused by an error

	mu     sync.Mutex
	keys   map[string]string // by the key on the wire
	key    string            // what the steps of the last order said
	amount money.Amount
}

// Stage is built from the first sample that is accepted or paid, and the first
// look-ups that find something and nothing.
func (f *Form) Stage() (*Stage, error) {
	s := &Stage{form: f, keys: map[string]string{}}
	for _, sample := range f.file.Sample {
		if err := s.learn(sample); err != nil {
			return nil, fmt.Errorf("sample %q: %w", sample.Name, err)
		}
	}
	switch {
	case s.steps == nil:
		return nil, errors.New("the samples have no order that is accepted or paid")
	case f.lookup != nil && (s.found == nil || s.absent == nil && f.lookup.list == nil):
		return nil, errors.New("the samples have no look-up that finds something, or none that finds nothing")
	case f.poll != nil && f.lookup == nil && s.found == nil:
		return nil, errors.New("the samples have no poll")
	}
	return s, nil
}

func (s *Stage) learn(sample Sample) (err error) {
	sends, finds := sample.Op == "" || sample.Op == "send", sample.Op == "lookup" || sample.Op == "poll" && s.form.lookup == nil
	last := len(sample.Exchange) - 1
	switch verdict := connector.Verdict(sample.Verdict); {
	case sends && s.steps == nil && (verdict == connector.Accepted || verdict == connector.Paid):
		if last+1 != len(s.form.steps) {
			return fmt.Errorf("has %d exchanges for %d steps", last+1, len(s.form.steps))
		}
		s.sample = sample
		if s.order, err = sample.Order.instruction(); err != nil {
			return err
		}
		for _, x := range sample.Exchange {
			tree, err := readTree([]byte(x.Answer))
			if err != nil {
				return fmt.Errorf("answer %w", err)
			}
			s.steps = append(s.steps, tree)
		}
	case sends && s.refuse == nil && verdict == connector.Rejected && last+1 == len(s.form.steps) && sample.Exchange[last].Status >= 400:
		s.refuse = &sample.Exchange[last]
	case finds && verdict == connector.Absent && last >= 0 && s.absent == nil && s.form.lookup != nil && s.form.lookup.list == nil:
		s.absent = &sample.Exchange[last]
	case finds && verdict != connector.Absent && verdict != connector.Unknown && last >= 0 && s.found == nil:
		if s.found, err = readTree([]byte(sample.Exchange[last].Answer)); err != nil {
			return fmt.Errorf("answer %w", err)
		}
	}
	return nil
}

// Secrets are the made-up credentials of the samples.
func (s *Stage) Secrets() map[string]string {
	if len(s.sample.Secrets) > 0 {
		return s.sample.Secrets
	}
	return s.form.file.Sample[0].Secrets
}

// Public names the credentials that may be shown.
func (s *Stage) Public() []string {
	var out []string
	for _, c := range s.form.file.Credential {
		if c.Public {
			out = append(out, c.Name)
		}
	}
	return out
}

// Currency is that of the sample that everything is made from.
func (s *Stage) Currency() string { return s.order.Amount.Currency().Code() }

// Currencies are all that the form pays in.
func (s *Stage) Currencies() []string {
	return slices.Sorted(maps.Keys(s.form.file.Amount.Currencies))
}

// Order is the sample's order with another key and amount.
func (s *Stage) Order(key string, amount money.Amount) connector.Instruction {
	in := s.order
	in.Key, in.Amount, in.Details = key, amount, maps.Clone(s.order.Details)
	s.mu.Lock()
	defer s.mu.Unlock()
	if wire, err := s.form.wireKey(key); err == nil {
		s.keys[wire] = key
	}
	return in
}

// Lists says that a look-up goes through a list.
func (s *Stage) Lists() bool { return s.form.lookup != nil && s.form.lookup.list != nil }

// Echoes says whether answers to an order repeat its key and its amount.
func (s *Stage) Echoes() (key, amount bool) {
	all := []repeats{s.form.answer.echo}
	for _, r := range s.form.steps {
		all = append(all, r.echo)
	}
	for _, e := range all {
		key, amount = key || e.key != nil, amount || e.amount != nil && e.currency != nil
	}
	return key, amount
}

// AcceptsFirst says that no order is paid in its answer.
func (s *Stage) AcceptsFirst() bool {
	_, ok := s.form.answer.wordFor(connector.Paid)
	return !ok
}

// step is the step that a request is of; -1 for none.
func (s *Stage) step(r *http.Request) int {
	return slices.IndexFunc(s.form.steps, func(st request) bool { return st.method == r.Method && st.path.fits(r.URL.EscapedPath()) })
}

// fits says whether a path is one that the template makes.
func (t template) fits(path string) bool {
	for i, p := range t.parts {
		if p.names == nil {
			rest, ok := strings.CutPrefix(path, p.text)
			if !ok {
				return false
			}
			path = rest
			continue
		}
		end := len(path)
		if i+1 < len(t.parts) && t.parts[i+1].names == nil {
			if end = strings.Index(path, t.parts[i+1].text); end < 0 {
				return false
			}
		}
		if end == 0 || strings.Contains(path[:end], "/") {
			return false
		}
		path = path[end:]
	}
	return path == ""
}

// Moves says whether a request can move money.
func (s *Stage) Moves(r *http.Request) bool { return s.step(r) == len(s.form.steps)-1 }

// hear notes what a step says of the order.
func (s *Stage) hear(n int, r *http.Request, body []byte) {
	st := s.form.steps[n]
	members := map[string]any{}
	if st.form {
		form, _ := url.ParseQuery(string(body))
		for name := range form {
			members[name] = form.Get(name)
		}
	} else if tree, err := readTree(body); err == nil {
		members, _ = tree.(map[string]any)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 0 {
		s.key, s.amount = "", money.Amount{}
	}
	if v, ok := st.key.read(r, members); ok {
		s.key = s.keys[fmt.Sprint(v)]
	}
	code := s.Currency()
	if v, ok := st.currency.read(r, members); ok {
		code = strings.ToUpper(fmt.Sprint(v))
	}
	if v, ok := st.amount.read(r, members); ok {
		if text, is := v.(string); is && (st.form || st.amount.header != "") && s.form.file.Amount.Form != "decimal" {
			v = connector.Number(text)
		}
		if c, err := money.ParseCurrency(code); err == nil {
			s.amount, _ = s.form.file.Amount.read(v, c)
		}
	}
}

func (p *spot) read(r *http.Request, members map[string]any) (any, bool) {
	switch {
	case p == nil:
		return nil, false
	case p.header != "":
		v := r.Header.Get(p.header)
		return v, v != ""
	}
	return p.at.in(members)
}

// Ordered is the key and the amount that the last order bore on the wire.
func (s *Stage) Ordered() (key string, amount money.Amount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key, s.amount
}

// Reply is an answer of the stage.
type Reply struct {
	Status int
	Body   string
}

// NoWord is no verdict: it asks for a status word that the form doesn't have.
const NoWord connector.Verdict = "no word"

// wordFor is a status word for a verdict.
func (r reading) wordFor(v connector.Verdict) (string, bool) {
	if v == NoWord {
		return "no-such-word", true
	}
	for _, text := range slices.Sorted(maps.Keys(r.words)) {
		if r.words[text].verdict == v {
			return text, true
		}
	}
	return "", false
}

// Answers says how the provider answers an order, and questions about it, when
// it means v; false when it has no way to say so.
func (s *Stage) Answers(v connector.Verdict, in connector.Instruction) (func(r *http.Request, body []byte) Reply, bool) {
	_, sends := s.form.answer.wordFor(v)
	sends = sends || v == connector.Rejected && s.refuse != nil || v == connector.Paid && s.AcceptsFirst()
	looks := v == connector.Absent && s.form.lookup != nil
	for _, q := range []*question{s.form.lookup, s.form.poll} {
		if q != nil {
			_, ok := q.answer.wordFor(v)
			looks = looks || ok
		}
	}
	if asked := s.form.lookup != nil || s.form.poll != nil; !sends && v != connector.Returned && v != connector.Absent || !looks && asked {
		return nil, false
	}
	return func(r *http.Request, body []byte) Reply { return s.reply(v, in, r, body) }, true
}

func (s *Stage) reply(v connector.Verdict, in connector.Instruction, r *http.Request, body []byte) Reply {
	path := r.URL.EscapedPath()
	if auth := s.form.file.Auth; auth.Kind == "oauth2" && r.Method == http.MethodPost && (path == auth.TokenPath || strings.HasSuffix(auth.TokenURL, path)) {
		return Reply{http.StatusOK, `{"access_token":"made-up-token","token_type":"Bearer","expires_in":3600}`}
	}
	if n := s.step(r); n >= 0 && r.Method != http.MethodGet {
		s.hear(n, r, body)
		return s.stepped(n, v, in)
	}
	for _, q := range []*question{s.form.lookup, s.form.poll} {
		if q != nil && r.Method == http.MethodGet && q.path.fits(path) {
			return s.asked(q, v, in)
		}
	}
	if n := s.step(r); n >= 0 {
		return s.stepped(n, v, in)
	}
	return Reply{http.StatusNotFound, `{"error":"the samples have no such request"}`}
}

func (s *Stage) stepped(n int, v connector.Verdict, in connector.Instruction) Reply {
	last := n == len(s.form.steps)-1
	if !last {
		return s.written(s.form.steps[n].ok[0], s.repeat(s.form.steps[n].echo, s.steps[n], in))
	}
	word, ok := s.form.answer.wordFor(v)
	switch {
	case !ok && v == connector.Rejected && s.refuse != nil:
		return Reply{s.refuse.Status, s.refuse.Answer}
	case !ok: // what only a look-up says was accepted first
		if word, ok = s.form.answer.wordFor(connector.Accepted); !ok {
			word, _ = s.form.answer.wordFor(connector.Paid)
		}
	}
	return s.written(s.form.answer.ok[0], s.say(s.form.answer, s.steps[n], word, v, in))
}

func (s *Stage) asked(q *question, v connector.Verdict, in connector.Instruction) Reply {
	if v == connector.Absent && q.list == nil && s.absent != nil {
		return Reply{s.absent.Status, s.absent.Answer}
	}
	item := s.found
	if q.list != nil {
		items, _ := q.list.items.in(s.found)
		list, _ := items.([]any)
		item = nil
		for _, one := range list {
			if name, ok := q.answer.echo.key.text(one); ok && item == nil || ok && s.wire(s.order.Key) == name {
				item = one
			}
		}
	}
	word, ok := q.answer.wordFor(v)
	if !ok {
		word, _ = q.answer.wordFor(connector.Accepted)
	}
	item = s.say(q.answer, item, word, v, in)
	if q.list == nil {
		return s.written(q.answer.ok[0], item)
	}
	list := []any{item}
	if v == connector.Absent {
		list = []any{}
	}
	if len(q.list.items) == 0 {
		return s.written(q.answer.ok[0], list)
	}
	whole := clone(s.found)
	if m, ok := whole.(map[string]any); ok {
		_ = q.list.items.put(m, list)
	}
	return s.written(q.answer.ok[0], whole)
}

func (s *Stage) wire(key string) string {
	wire, _ := s.form.wireKey(key)
	return wire
}

// say makes an answer say a word about an order.
func (s *Stage) say(r reading, tree any, word string, v connector.Verdict, in connector.Instruction) any {
	out := s.repeat(r.echo, tree, in)
	m, ok := out.(map[string]any)
	if !ok {
		return out
	}
	_ = r.status.put(m, word)
	if v == connector.PartlyPaid && r.paid != nil {
		if part, err := s.form.file.Amount.wire(money.New(max(1, in.Amount.Minor()/2), in.Amount.Currency())); err == nil {
			_ = r.paid.put(m, part)
		}
	}
	return out
}

// repeat makes an answer repeat an order, where it does.
func (s *Stage) repeat(e repeats, tree any, in connector.Instruction) any {
	out := clone(tree)
	m, ok := out.(map[string]any)
	if !ok {
		return out
	}
	if e.key != nil {
		_ = e.key.put(m, s.wire(in.Key))
	}
	if amount, err := s.form.file.Amount.wire(in.Amount); err == nil && e.amount != nil {
		_ = e.amount.put(m, amount)
	}
	if e.currency != nil {
		code := in.Amount.Currency().Code()
		if was, _ := e.currency.text(tree); was == strings.ToLower(was) {
			code = strings.ToLower(code)
		}
		_ = e.currency.put(m, code)
	}
	return out
}

func (s *Stage) written(status int, tree any) Reply {
	text, err := writeTree(tree)
	if err != nil {
		return Reply{http.StatusInternalServerError, "{}"}
	}
	return Reply{cmp.Or(status, http.StatusOK), string(text)}
}

func clone(tree any) any {
	switch t := tree.(type) {
	case map[string]any:
		out := make(map[string]any, len(t))
		for name, v := range t {
			out[name] = clone(v)
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, v := range t {
			out[i] = clone(v)
		}
		return out
	}
	return tree
}

// Host is what the stage's connectors are lent, over a transport.
func (s *Stage) Host(rt http.RoundTripper) connector.Host {
	return connector.Host{Transport: rt, Now: func() time.Time { return SampleTime() }}
}
