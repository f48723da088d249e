// Package ui is the dashboard's face: templates, style and scripts, embedded
// in the binary, and the parts that a page is made of. It knows nothing of
// payouts; whoever serves pages fills the parts in.
//
// Nothing here is inline: a page has no style attribute and no script of its
// own, so that the strictest content security policy holds ([Policy]). Every
// page works without scripts; those only add comfort.
package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed assets templates
var files embed.FS

// Policy is the content security policy of every page.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// sheets are the style sheets in the order in which they are joined to app.css.
var sheets = [...]string{"tokens.css", "base.css", "shell.css", "parts.css", "pages.css", "grow.css", "phone.css"}

// UI renders pages. It is made once, never changes, and is safe for concurrent
// use.
type UI struct {
	base   string // under which assets are served, with their hash and a trailing slash
	assets map[string]Asset
	pages  map[string]*template.Template
}

// Asset is one file of style, script or picture.
type Asset struct {
	Type string // media type
	Body []byte
}

// New parses everything. base is the path under which [UI.Asset]s are served,
// without a trailing slash: their addresses bear a hash of all of them, so a
// browser may keep them for ever.
func New(base string) (*UI, error) {
	u := &UI{assets: map[string]Asset{}, pages: map[string]*template.Template{}}
	if err := u.readAssets(); err != nil {
		return nil, err
	}
	u.base = base + "/" + u.Hash() + "/"
	frame, err := template.New("frame").Funcs(u.funcs()).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("ui: %w", err)
	}
	names, err := fs.Glob(files, "templates/pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("ui: %w", err)
	}
	for _, name := range names {
		page, err := frame.Clone()
		if err == nil {
			page, err = page.ParseFS(files, name)
		}
		if err != nil {
			return nil, fmt.Errorf("ui: %w", err)
		}
		u.pages[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return u, nil
}

func (u *UI) readAssets() error {
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		return fmt.Errorf("ui: %w", err)
	}
	raw := map[string][]byte{}
	for _, e := range entries {
		if raw[e.Name()], err = fs.ReadFile(files, "assets/"+e.Name()); err != nil {
			return fmt.Errorf("ui: %w", err)
		}
	}
	var style []byte
	for _, s := range sheets {
		if raw[s] == nil {
			return fmt.Errorf("ui: style sheet %s is missing", s)
		}
		style = append(style, raw[s]...)
		delete(raw, s)
	}
	raw["app.css"] = style
	for name, body := range raw {
		kind, ok := types[path.Ext(name)]
		if !ok {
			return fmt.Errorf("ui: asset %s is of no known type", name)
		}
		u.assets[name] = Asset{Type: kind, Body: body}
	}
	return nil
}

// Hash names the present state of all assets.
func (u *UI) Hash() string {
	h := sha256.New()
	for _, name := range u.Assets() {
		fmt.Fprintf(h, "%s %d\n", name, len(u.assets[name].Body))
		h.Write(u.assets[name].Body)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Assets returns the names of all assets, in order.
func (u *UI) Assets() []string {
	var names []string
	for name := range u.assets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Asset returns one by its name.
func (u *UI) Asset(name string) (Asset, bool) {
	a, ok := u.assets[name]
	return a, ok
}

// Pages returns the names of all pages, in order.
func (u *UI) Pages() []string {
	var names []string
	for name := range u.pages {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Render makes the page of that name. A page that is not there is a mistake of
// the caller's and an error, like a part that a template misses.
func (u *UI) Render(name string, f Frame) ([]byte, error) {
	page, ok := u.pages[name]
	if !ok {
		return nil, fmt.Errorf("ui: there is no page %q", name)
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "frame.html", f); err != nil {
		return nil, fmt.Errorf("ui: %w", err)
	}
	return b.Bytes(), nil
}
