package wire

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"
)

// Route is one line of a dialect's table. A pattern has parts like {id}, each
// one segment; {rest:*} at the end takes what is left.
type Route struct {
	Method  string
	Pattern string
	Handler Handler
}

// Mount is a dialect's table and the part of the tree where its voice is
// heard: an unknown path at or below Prefix is answered by Dialect. The
// longest prefix wins; "" holds for everything.
type Mount struct {
	Prefix  string
	Dialect *Dialect
	Routes  []Route
}

// Mux finds the handler of a request. It is made once and never changes.
type Mux struct {
	funnel *Funnel
	router *router.Router
	mounts []Mount // longest prefix first
	routes []Route
}

// NewMux returns an error for a route that stands twice or can't be told from
// another, and when no mount has the prefix "". A GET route answers HEAD too,
// unless the table says otherwise.
func NewMux(f *Funnel, mounts ...Mount) (m *Mux, err error) {
	m = &Mux{funnel: f, mounts: slices.Clone(mounts), router: router.New()}
	slices.SortStableFunc(m.mounts, func(a, b Mount) int { return len(b.Prefix) - len(a.Prefix) })
	if len(mounts) == 0 || m.mounts[len(mounts)-1].Prefix != "" {
		return nil, fmt.Errorf("mux: no dialect for unknown paths")
	}
	m.router.RedirectTrailingSlash = false
	m.router.RedirectFixedPath = false
	m.router.HandleOPTIONS = false
	m.router.NotFound = func(rc *fasthttp.RequestCtx) {
		f.Refuse(rc, m.voice(rc), "unknown", ErrNotFound)
	}
	m.router.MethodNotAllowed = m.methodNotAllowed
	seen := map[string]bool{}
	for _, mount := range m.mounts {
		for _, r := range mount.Routes {
			key := r.Method + " " + r.Pattern
			if seen[key] {
				return nil, fmt.Errorf("mux: route %s stands twice", key)
			}
			seen[key] = true
			m.routes = append(m.routes, r)
		}
	}
	for _, r := range m.routes {
		if r.Method == fasthttp.MethodGet && !seen[fasthttp.MethodHead+" "+r.Pattern] {
			err = m.add(fasthttp.MethodHead, r)
		}
		if err == nil {
			err = m.add(r.Method, r)
		}
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Routes lists all routes, so that tests can hold them against the documents.
func (m *Mux) Routes() []Route { return slices.Clone(m.routes) }

// Funnel is what the mux was made with.
func (m *Mux) Funnel() *Funnel { return m.funnel }

// Serve is the fasthttp handler.
func (m *Mux) Serve(rc *fasthttp.RequestCtx) { m.router.Handler(rc) }

// add turns the router's panic at a route that can't be told from another into
// an error.
func (m *Mux) add(method string, r Route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("mux: route %s %s: %v", method, r.Pattern, p)
		}
	}()
	if r.Handler.serve == nil {
		return fmt.Errorf("mux: route %s %s has no handler", method, r.Pattern)
	}
	m.router.Handle(method, r.Pattern, func(rc *fasthttp.RequestCtx) { r.Handler.serve(rc, r.Pattern) })
	return nil
}

// Refuse answers a request that was read no further than its head, in the voice
// of the dialect that it is for.
func (m *Mux) Refuse(rc *fasthttp.RequestCtx, err error) {
	m.funnel.Refuse(rc, m.voice(rc), "refused", err)
}

func (m *Mux) methodNotAllowed(rc *fasthttp.RequestCtx) {
	allow := strings.Split(string(rc.Response.Header.Peek("Allow")), ", ")
	allow = slices.DeleteFunc(allow, func(s string) bool { return s == fasthttp.MethodOptions })
	m.funnel.Refuse(rc, m.voice(rc), "unknown", &MethodError{Allow: allow})
}

// voice is the dialect that answers for a path.
func (m *Mux) voice(rc *fasthttp.RequestCtx) *Dialect {
	path := string(rc.URI().PathOriginal())
	for _, mount := range m.mounts {
		rest, ok := strings.CutPrefix(path, strings.TrimSuffix(mount.Prefix, "/"))
		if ok && (rest == "" || rest[0] == '/') {
			return mount.Dialect
		}
	}
	return m.mounts[len(m.mounts)-1].Dialect
}
