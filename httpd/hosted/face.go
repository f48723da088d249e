package hosted

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"sync"
)

//go:embed assets lang templates
var files embed.FS

// face is how the page looks: made once, never changed, safe for concurrent
// use. Nothing in a page is inline, so that the strictest policy holds.
type face struct {
	assets  map[string]asset
	hash    string // of all assets; their addresses bear it
	pages   *template.Template
	words   map[string]catalogue
	orderOf []string // of languages, as the page offers them
	// countries by language, for the fields that ask for one; found when first
	// asked for.
	countries map[string]func() []country
}

// asset is one file of style, script or picture.
type asset struct {
	kind      string
	body      []byte
	integrity string // for the page's reference to it
}

func newFace() (*face, error) {
	f := &face{assets: map[string]asset{}}
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		return nil, fmt.Errorf("hosted: %w", err)
	}
	all := sha256.New()
	for _, e := range entries {
		body, err := fs.ReadFile(files, "assets/"+e.Name())
		if err != nil {
			return nil, fmt.Errorf("hosted: %w", err)
		}
		kind, ok := kinds[path.Ext(e.Name())]
		if !ok {
			return nil, fmt.Errorf("hosted: asset %s is of no known type", e.Name())
		}
		sum := sha512.Sum384(body)
		f.assets[e.Name()] = asset{kind, body, "sha384-" + base64.StdEncoding.EncodeToString(sum[:])}
		fmt.Fprintf(all, "%s %d\n%s", e.Name(), len(body), body)
	}
	f.hash = hex.EncodeToString(all.Sum(nil)[:8])
	if f.words, err = readCatalogues(); err != nil {
		return nil, err
	}
	f.orderOf, f.countries = languages(), map[string]func() []country{}
	for _, lang := range f.orderOf {
		f.countries[lang] = sync.OnceValue(func() []country { return countriesIn(lang) })
	}
	if f.pages, err = template.New("").ParseFS(files, "templates/*.html"); err != nil {
		return nil, fmt.Errorf("hosted: %w", err)
	}
	return f, nil
}

// asset is the address of one, with its hash.
func (f *face) address(name string) string { return "/checkin/assets/" + f.hash + "/" + name }

// Integrity is the hash that a browser holds an asset to.
func (f *face) integrity(name string) string { return f.assets[name].integrity }

// names of the assets, in order.
func (f *face) names() []string {
	var out []string
	for n := range f.assets {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (f *face) render(name string, v *view) ([]byte, error) {
	var b bytes.Buffer
	if err := f.pages.ExecuteTemplate(&b, name, v); err != nil {
		return nil, fmt.Errorf("hosted: %w", err)
	}
	return b.Bytes(), nil
}
