// Package spectest judges a connector by the description that its provider
// publishes: what the connector sends, and also what a fake of the provider
// answers, so that a fake can't be kinder than life. It proves the form of what
// goes over the wire, never the provider's behaviour; state and timing of a
// fake are ours.
package spectest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"penstock/engine/connector/connectortest"
)

// Dir is where the descriptions lie, seen from the root of the repository.
// They belong to their providers and are no part of it.
const Dir = "../shared/specs"

// Path is the file of a description. The test is skipped when it isn't there.
func Path(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skip("skipped: no go.mod above the test, so the providers' descriptions can't be found")
		}
		dir = parent
	}
	path := filepath.Join(dir, Dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skipped: the provider's own description %s/%s is not here", Dir, name)
	}
	return path
}

// Judge is one provider's descriptions, and what was found against them.
type Judge struct {
	routers []routers.Router

	mu      sync.Mutex
	refused []string // requests
	lies    []string // answers
	seen    map[string]int
}

// Open reads descriptions; a request is judged by the first that has its path.
func Open(t testing.TB, names ...string) *Judge {
	t.Helper()
	openapi3.DefineStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC4122))
	j := &Judge{seen: map[string]int{}}
	for _, name := range names {
		doc, err := os.ReadFile(Path(t, name))
		if err != nil {
			t.Fatalf("read %s: %v", name, err)
		}
		j.add(t, name, doc)
	}
	return j
}

// Read is Open for a description that comes with a module.
func Read(t testing.TB, doc []byte) *Judge {
	t.Helper()
	j := &Judge{seen: map[string]int{}}
	j.add(t, "description", doc)
	return j
}

func (j *Judge) add(t testing.TB, name string, text []byte) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	doc.Servers = nil // whoever serves is asked
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
		for _, op := range item.Operations() {
			op.Servers = nil
		}
	}
	r, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatalf("routes of %s: %v", name, err)
	}
	j.routers = append(j.routers, r)
}

// Over judges what goes to next and what comes from it. A request that breaks
// the description is answered 422 and does not reach next.
func (j *Judge) Over(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		in, err := j.judge(r, body)
		if err != nil {
			j.note(&j.refused, "%s %s: %v", r.Method, r.URL.Path, err)
			http.Error(w, "the provider's description refuses this", http.StatusUnprocessableEntity)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Options: in.Options}
		out.SetBodyBytes(rec.Body.Bytes())
		if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
			j.note(&j.lies, "%d to %s %s: %v", rec.Code, r.Method, r.URL.Path, err)
		}
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func (j *Judge) judge(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	var route *routers.Route
	var params map[string]string
	err := errors.New("no description")
	for _, router := range j.routers {
		if route, params, err = router.FindRoute(r); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	j.mu.Lock()
	j.seen[route.Operation.OperationID]++
	j.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{MultiError: true, IncludeResponseStatus: false, AuthenticationFunc: authenticated}}
	return in, openapi3filter.ValidateRequest(r.Context(), in)
}

// authenticated wants that credentials come by the way that the description
// names; whose they are is the fake's matter.
func authenticated(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	s, header := in.SecurityScheme, in.RequestValidationInput.Request.Header
	auth := header.Get("Authorization")
	switch {
	case s.Type == "http" && strings.EqualFold(s.Scheme, "bearer"), s.Type == "oauth2":
		if strings.HasPrefix(auth, "Bearer ") {
			return nil
		}
	case s.Type == "http" && strings.EqualFold(s.Scheme, "basic"):
		if strings.HasPrefix(auth, "Basic ") {
			return nil
		}
	case s.Type == "apiKey" && s.In == "header":
		if header.Get(s.Name) != "" {
			return nil
		}
	}
	return fmt.Errorf("no credentials by %s", in.SecuritySchemeName)
}

func (j *Judge) note(list *[]string, format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	*list = append(*list, fmt.Sprintf(format, args...))
}

// Refused is what was sent and is not as the description says; asking clears
// the list.
func (j *Judge) Refused() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.refused
	j.refused = nil
	return list
}

// Sound fails the test where a request was refused, where the fake answered
// what the description doesn't have, and where an operation never came.
func (j *Judge) Sound(t testing.TB, operations ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, text := range j.refused {
		t.Errorf("refused by the provider's description: %s", text)
	}
	for _, text := range j.lies {
		t.Errorf("the fake answers what the provider's description doesn't have: %s", text)
	}
	for _, op := range operations {
		if j.seen[op] == 0 {
			t.Errorf("operation %s was never asked for", op)
		}
	}
}

// Contract holds a connector to the contract over fakes that serve makes anew
// for each test, whose requests and answers are judged. What the harness has
// scripted of answers, notifications and balances is held elsewhere.
func Contract(t *testing.T, h connectortest.Harness, serve func(testing.TB) (*Judge, connectortest.Live)) {
	t.Helper()
	h.Build, h.Balances, h.Notice, h.Sign, h.OldNotice = nil, nil, nil, nil, nil
	var judges []*Judge
	h.Live = func(t testing.TB) connectortest.Live {
		judge, live := serve(t)
		judges = append(judges, judge)
		return live
	}
	connectortest.Test(t, h)
	for _, j := range judges {
		j.Sound(t)
	}
}
