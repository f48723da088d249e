package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:generate go tool msgp -io=false -tests=false -file trace.go
//msgp:tag json
//msgp:timezone utc
//msgp:newtime
//msgp:limit arrays:1048576 maps:1048576
//msgp:ignore Trace

// Call is one exchange with a provider as it may be shown to anybody who may see
// the payout: when and how it went, and of what was said the words alone that
// can't name a person, an account or a key.
type Call struct {
	Kind    CallKind      `json:"kind,omitempty"`
	At      time.Time     `json:"at"`
	Took    time.Duration `json:"took,omitempty"`
	Method  string        `json:"method,omitempty"`
	Host    string        `json:"host,omitempty"`
	Path    string        `json:"path,omitempty"`   // what may be somebody's is "…"
	Status  int           `json:"status,omitempty"` // of HTTP; zero: no whole answer came
	Sent    int           `json:"sent,omitempty"`   // bytes of body
	Got     int           `json:"got,omitempty"`
	Said    string        `json:"said,omitempty"`    // "status=pending code=51"
	Problem string        `json:"problem,omitempty"` // why no answer came, in our words

	Keys []string `json:"-"` // of the payouts that it was about, of a call for several; nil: all of them
}

// CallKind is how something was said.
type CallKind string

const (
	Asked   CallKind = ""         // we asked by HTTP, and Status is the answer's
	FileOut CallKind = "file_out" // a file of ours was put in its place: Method is its kind, Path its name
	FileIn  CallKind = "file_in"  // a file of theirs was read
	Told    CallKind = "notice"   // they called us
)

// maxCalls is how many exchanges of one question are kept: the last.
const maxCalls = 4

// Trace gathers the exchanges of one question.
type Trace struct {
	mu    sync.Mutex
	calls []Call
}

type traceKey struct{}

// WithTrace lets the exchanges under ctx be gathered.
func WithTrace(ctx context.Context) (context.Context, *Trace) {
	t := &Trace{}
	return context.WithValue(ctx, traceKey{}, t), t
}

// Calls are what has been gathered so far, the oldest first.
func (t *Trace) Calls() []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.calls)
}

// CallsOf are those that were about one payout.
func (t *Trace) CallsOf(key string) []Call {
	return slices.DeleteFunc(t.Calls(), func(c Call) bool { return c.Keys != nil && !slices.Contains(c.Keys, key) })
}

// Note adds an exchange, where somebody gathers them.
func Note(ctx context.Context, c Call) {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.calls) == maxCalls {
		t.calls = slices.Delete(t.calls, 0, 1)
	}
	t.calls = append(t.calls, c)
}

// traced says whether somebody gathers under ctx.
func traced(ctx context.Context) bool { return ctx.Value(traceKey{}) != nil }

// note is what may be shown of a request and its answer.
func (r *Request) note(at time.Time, took time.Duration, got Answer, err error) Call {
	c := Call{At: at.UTC(), Took: max(took, 0), Method: r.Method, Sent: len(r.Body), Status: got.Status, Got: len(got.Body)}
	if u, bad := url.Parse(r.URL); bad == nil {
		c.Host, c.Path = u.Host, r.Shown
		if c.Path == "" {
			c.Path = plainPath(u.Path)
		}
	}
	if err != nil {
		c.Problem = err.Error()
	} else {
		c.Said = PlainWords(got.Body)
	}
	return c
}

var (
	plainStep = regexp.MustCompile(`^([a-zA-Z]+[_-]?){1,4}$|^v[0-9]{1,2}(\.[0-9]{1,2})?$`)
	plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,31}$`)
)

// plainPath is a path of which only words stay: a step that could be an id, an
// account or an address is "…".
func plainPath(path string) string {
	steps := strings.Split(path, "/")
	if len(steps) > 12 {
		steps = append(steps[:12], "…")
	}
	for i, s := range steps {
		if s != "" && (len(s) > 32 || !plainStep.MatchString(s)) {
			steps[i] = "…"
		}
	}
	return strings.Join(steps, "/")
}

// plainKeys are the members of an answer whose values are words of the
// provider's own, such as states and codes.
var plainKeys = [...]string{"status", "state", "code", "type", "error", "error_code", "errorcode", "error_type", "errortype", "reason_code", "reasoncode", "result", "result_code", "resultcode",
	"response_code", "responsecode", "decline_code", "failure_code", "transaction_status", "batch_status", "refusalreasoncode", "currency"}

const (
	maxPlain      = 64 << 10 // bytes of an answer that are looked at
	maxPlainWords = 8
	maxPlainDeep  = 3
)

// PlainWords are the words of an answer in JSON that are known to be safe: of
// known members, and shaped like a state or a code. No run of digits that could
// be an account is among them.
func PlainWords(body []byte) string {
	if len(body) == 0 || len(body) > maxPlain {
		return ""
	}
	var read any
	numbers := json.NewDecoder(bytes.NewReader(body))
	numbers.UseNumber()
	if numbers.Decode(&read) != nil {
		return ""
	}
	var out []string
	gather(read, 0, &out)
	return strings.Join(out, " ")
}

func gather(v any, depth int, out *[]string) {
	switch v := v.(type) {
	case map[string]any:
		if depth > maxPlainDeep {
			return
		}
		for _, known := range plainKeys {
			for name, value := range v {
				if len(*out) < maxPlainWords && strings.EqualFold(name, known) {
					if word := plain(value); word != "" {
						*out = append(*out, known+"="+word)
					}
				}
			}
		}
		for _, name := range sortedNames(v) {
			gather(v[name], depth+1, out)
		}
	case []any:
		if len(v) > 0 && depth <= maxPlainDeep {
			gather(v[0], depth+1, out)
		}
	}
}

// plain is a value that is a word or a short number; else "".
func plain(v any) string {
	text := ""
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	digits := 0
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			digits++
		}
	}
	switch {
	case text != "" && digits == len(text) && digits <= 5, digits <= 3 && plainWord.MatchString(text):
		return text
	}
	return ""
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
