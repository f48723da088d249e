package declarative

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Replay translates every sample of the form and says where it came out
// otherwise than the sample says. Nothing is asked but the samples themselves.
func (f *Form) Replay() []string {
	var problems []string
	for i, s := range f.file.Sample {
		name := s.Name
		if name == "" {
			name = fmt.Sprint(i)
		}
		if len(s.Secrets) == 0 {
			s.Secrets = f.file.Sample[0].Secrets
		}
		r := &replay{form: f, sample: s}
		if err := r.run(); err != nil {
			problems = append(problems, fmt.Sprintf("sample %q: %v", name, err))
		}
		for _, p := range r.problems {
			problems = append(problems, fmt.Sprintf("sample %q: %s", name, p))
		}
	}
	return problems
}

// SampleTime is when every sample happens.
func SampleTime() time.Time { return time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC) }

// replay is the provider of one sample.
type replay struct {
	form     *Form
	sample   Sample
	asked    int
	problems []string
}

func (r *replay) bad(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// RoundTrip compares a request with the one that is expected next.
func (r *replay) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body.Close()
	}
	if r.asked == len(r.sample.Exchange) {
		r.bad("asks %s %s, which the sample doesn't have", req.Method, req.URL.RequestURI())
		return nil, errors.New("no more exchanges")
	}
	x := r.sample.Exchange[r.asked]
	r.asked++
	own, _ := url.Parse(r.form.file.Provider.BaseURL)
	at := *req.URL
	at.Path = strings.TrimPrefix(at.Path, own.Path)
	at.RawPath = strings.TrimPrefix(at.RawPath, own.Path)
	if got := req.Method + " " + at.RequestURI(); !sameRequest(got, x.Request) {
		r.bad("asks %q, want %q", got, x.Request)
	}
	for name, want := range x.Header {
		if got := req.Header.Get(name); got != want {
			r.bad("%s: header %s is %q, want %q", x.Request, name, got, want)
		}
	}
	if !sameBody(req.Header.Get("Content-Type"), body, x.Body) {
		r.bad("%s: body is %s, want %s", x.Request, body, x.Body)
	}
	header := http.Header{"Content-Type": {"application/json"}, "Date": {SampleTime().Format(http.TimeFormat)}}
	return &http.Response{StatusCode: x.Status, Header: header, Body: io.NopCloser(strings.NewReader(x.Answer)), Request: req}, nil
}

func sameRequest(a, b string) bool {
	x, errX := http.NewRequest(cut(a))
	y, errY := http.NewRequest(cut(b))
	return errX == nil && errY == nil && x.Method == y.Method && x.URL.EscapedPath() == y.URL.EscapedPath() && reflect.DeepEqual(x.URL.Query(), y.URL.Query())
}

func cut(request string) (method, target string, body io.Reader) {
	method, target, _ = strings.Cut(request, " ")
	return method, target, nil
}

func sameBody(contentType string, got []byte, want string) bool {
	if strings.TrimSpace(want) == "" {
		return len(got) == 0
	}
	if contentType == "application/x-www-form-urlencoded" {
		x, errX := url.ParseQuery(string(got))
		y, errY := url.ParseQuery(strings.TrimSpace(want))
		return errX == nil && errY == nil && reflect.DeepEqual(x, y)
	}
	x, errX := readTree(got)
	y, errY := readTree([]byte(want))
	return errX == nil && errY == nil && same(x, y)
}

// run does what the sample is of, and compares the outcome.
func (r *replay) run() error {
	s := r.sample
	c, err := New(r.form, connector.Host{Transport: r, Now: SampleTime})(connector.Account{ID: "mca_sample", Provider: r.form.Name(), Test: true, Secrets: s.Secrets})
	if err != nil {
		return err
	}
	var out connector.Outcome
	var key string
	switch s.Op {
	case "", "send":
		in, err := s.Order.instruction()
		if err != nil {
			return err
		}
		out, err = c.Send(context.Background(), in)
		r.judge(out, err)
	case "lookup", "poll":
		in, err := s.Order.instruction()
		if err != nil {
			return err
		}
		seeker, ok := c.(connector.Seeker)
		if !ok {
			return errors.New("the form has no lookup and no poll")
		}
		out, err = seeker.Seek(context.Background(), connector.Question{Key: in.Key, Ref: s.Ref, Amount: in.Amount, Service: in.Service, Sent: SampleTime().Add(-time.Hour)})
		r.judge(out, err)
	case "notification":
		key, err = r.hear(c)
		if err != nil {
			return err
		}
		if key != s.WantKey {
			r.bad("is about key %q, want %q", key, s.WantKey)
		}
	case "balances":
		return r.count(c)
	default:
		return fmt.Errorf("op must be send, lookup, poll, balances or notification")
	}
	if r.asked != len(s.Exchange) {
		r.bad("%d of %d exchanges took place", r.asked, len(s.Exchange))
	}
	return nil
}

func (r *replay) judge(out connector.Outcome, err error) {
	s := r.sample
	if string(out.Verdict) != s.Verdict {
		r.bad("verdict is %s (%v), want %s", out.Verdict, err, s.Verdict)
		return
	}
	if out.Ref != s.WantRef {
		r.bad("ref is %q, want %q", out.Ref, s.WantRef)
	}
	if out.Resolution != s.Resolution {
		r.bad("resolution is %q, want %q", out.Resolution, s.Resolution)
	}
}

func (r *replay) hear(c connector.Connector) (string, error) {
	n, ok := c.(connector.Notifier)
	if !ok {
		return "", errors.New("the form reads no notifications")
	}
	header := http.Header{}
	for name, value := range r.sample.Header {
		header.Set(name, value)
	}
	note, err := n.Notification(header, bytes.TrimSuffix([]byte(r.sample.Body), []byte("\n")))
	if err != nil {
		return "", err
	}
	r.judge(note.Outcome, nil)
	return note.Key, nil
}

func (r *replay) count(c connector.Connector) error {
	b, ok := c.(connector.Balancer)
	if !ok {
		return errors.New("the form tells no balances")
	}
	got, err := b.Balances(context.Background())
	if err != nil {
		return err
	}
	var list []string
	for _, a := range got {
		list = append(list, a.String())
	}
	if !reflect.DeepEqual(list, r.sample.Funds) {
		r.bad("funds are %q, want %q", list, r.sample.Funds)
	}
	return nil
}

func (o SampleOrder) instruction() (connector.Instruction, error) {
	currency, err := money.ParseCurrency(o.Currency)
	if err != nil {
		return connector.Instruction{}, fmt.Errorf("order.currency: %w", err)
	}
	amount, err := money.Parse(o.Amount, currency)
	if err != nil {
		return connector.Instruction{}, fmt.Errorf("order.amount: %w", err)
	}
	return connector.Instruction{Key: o.Key, Amount: amount, Service: o.Service, Memo: o.Memo, Details: o.Details}, nil
}
