// Package docstest holds what a dialect says to what the description promises,
// for the dialects' own tests. The judge is kin-openapi.
package docstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"penstock/httpd/docs"
)

// Judge knows the description.
type Judge struct{ doc *openapi3.T }

// Load reads the description.
func Load() (*Judge, error) {
	raw, err := docs.OpenAPI("test")
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, fmt.Errorf("load the description: %w", err)
	}
	return &Judge{doc}, nil
}

// New is Load for a test, which ends without it.
func New(t testing.TB) *Judge {
	t.Helper()
	j, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// Describes says whether a call is described.
func (j *Judge) Describes(method, path string) bool {
	_, err := j.find(method, path)
	return err == nil
}

// Valid judges the description itself.
func (j *Judge) Valid(t testing.TB) error {
	t.Helper()
	return j.doc.Validate(t.Context())
}

// Calls lists what is described, as "GET /v1/x/{id}".
func (j *Judge) Calls() (out []string) {
	for path, item := range j.doc.Paths.Map() {
		for method := range item.Operations() {
			out = append(out, method+" "+path)
		}
	}
	return out
}

// Request judges a body that was taken: one that the server takes must be one
// that the description allows.
func (j *Judge) Request(method, path, media string, body []byte) error {
	op, err := j.find(method, path)
	if err != nil || len(body) == 0 {
		return err
	}
	if op.RequestBody == nil {
		return fmt.Errorf("%s %s: no body is described", method, path)
	}
	return j.content(op.RequestBody.Value.Content, media, body)
}

// Reply judges an answer.
func (j *Judge) Reply(method, path string, status int, media string, body []byte) error {
	op, err := j.find(method, path)
	if err != nil {
		return err
	}
	r := op.Responses.Status(status)
	if r == nil && status >= 400 {
		r = op.Responses.Default()
	}
	if r == nil {
		return fmt.Errorf("%s %s: status %d is not described", method, path, status)
	}
	if len(r.Value.Content) == 0 {
		return nil
	}
	return j.content(r.Value.Content, media, body)
}

func (j *Judge) content(all openapi3.Content, media string, body []byte) error {
	media, _, _ = strings.Cut(media, ";")
	c := all[media]
	if c == nil {
		return fmt.Errorf("media type %q is not described", media)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return j.doc.ValidateSchemaJSON(c.Schema.Value, v, openapi3.EnableJSONSchema2020())
}

// find is the call whose path fits best: the one with the fewest parameters.
func (j *Judge) find(method, path string) (*openapi3.Operation, error) {
	path, _, _ = strings.Cut(path, "?")
	var best *openapi3.Operation
	least := len(path) + 1
	for pattern, item := range j.doc.Paths.Map() {
		op := item.GetOperation(method)
		if n := strings.Count(pattern, "{"); op != nil && fits(pattern, path) && n < least {
			best, least = op, n
		}
	}
	if best == nil {
		return nil, fmt.Errorf("%s %s is not described", method, path)
	}
	return best, nil
}

func fits(pattern, path string) bool {
	a, b := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}
