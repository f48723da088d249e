package hosted

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

// policy is what a page may load, and from where: from here, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

// headers are on every answer of the page, which may stand in frames of those
// alone that are named.
func headers(ancestors ...string) [][2]string {
	csp, frames := policy, "DENY"
	if len(ancestors) > 0 {
		csp, frames = strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors "+strings.Join(ancestors, " "), 1), ""
	}
	return [][2]string{
		{"Content-Security-Policy", csp}, {"X-Frame-Options", frames}, {"Referrer-Policy", "no-referrer"}, {"X-Content-Type-Options", "nosniff"},
		{"Cache-Control", "no-store"}, {"Strict-Transport-Security", "max-age=63072000"}, {"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"}, {"Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"}, {"X-Robots-Tag", "noindex"},
	}
}

// frames are who may frame a page: those of its payment, or of its token.
func (t *visit) frames() []string {
	if own := t.page().Frames; own != nil {
		return own
	}
	if t.token != nil {
		return t.token.Origins
	}
	return nil
}

func (a *API) reply(t *visit, status int, name string) (wire.Reply, error) {
	body, err := a.face.render(name, t.view)
	return wire.Reply{Status: status, Body: body, Header: headers(t.frames()...)}, err
}

// errorPage is the page's voice for what goes wrong.
func (a *API) errorPage(err error, c *wire.Call) wire.Reply {
	status, key := http.StatusInternalServerError, "internal"
	var refused *engine.Error
	switch {
	case errors.Is(err, errNoLink), errors.Is(err, wire.ErrNotFound):
		status, key = http.StatusNotFound, "link"
	case errors.Is(err, errGone):
		status, key = http.StatusGone, "gone"
	case errors.Is(err, errForm), errors.Is(err, wire.ErrMediaType), errors.Is(err, wire.ErrQuery), errors.Is(err, wire.ErrIdempotencyKey):
		status, key = http.StatusForbidden, "form"
	case errors.Is(err, wire.ErrTooLarge):
		status, key = http.StatusRequestEntityTooLarge, "form"
	case errors.Is(err, wire.ErrMethod):
		status, key = http.StatusMethodNotAllowed, "link"
	case errors.Is(err, wire.ErrRateLimited):
		status, key = http.StatusTooManyRequests, "often"
	case errors.As(err, &refused) && refused.Code == engine.CodeNotFound:
		status, key = http.StatusNotFound, "link"
	case errors.As(err, &refused) && refused.Code != engine.CodeUnknown:
		status, key = http.StatusServiceUnavailable, "later"
	}
	v := a.newView(c, c.Query("lang"), "")
	v.Step, v.Ref, v.Title, v.Text = "message", c.RequestID, v.T("message."+key+".title"), v.T("message."+key+".text")
	body, failed := a.face.render("page.html", v)
	if failed != nil {
		panic(failed) // the funnel recovers
	}
	return wire.Reply{Status: status, Body: body, Header: headers()}
}

// showState is what the script asks for while a payment is on its way.
func (a *API) showState(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	o, err := a.opening(ctx, c, "")
	if err != nil {
		return wire.Reply{}, err
	}
	body, err := json.Marshal(map[string]string{"state": a.stateNow(o)})
	return wire.Reply{Body: body, Header: append(headers(), [2]string{"Content-Type", "application/json"})}, err
}

func (a *API) stateNow(o *opened) string {
	if o.in != nil {
		return o.in.state(a.Now())
	}
	return stateOf(&o.Request)
}

// showAsset serves style and script. Their address bears their hash, so that a
// browser may keep them.
func (a *API) showAsset(_ context.Context, c *wire.Call) (wire.Reply, error) {
	f, ok := a.face.assets[c.Param("file")]
	if !ok || c.Param("hash") != a.face.hash {
		return wire.Reply{}, wire.ErrNotFound
	}
	return keptAsset(f.kind, f.body), nil
}

func keptAsset(kind string, body []byte) wire.Reply {
	return wire.Reply{Body: body, Header: append(headers(), [2]string{"Content-Type", kind}, [2]string{"Cache-Control", "public, max-age=31536000, immutable"})}
}

// showInventory lists every script and style that the page may load, with its
// hash, for whoever has to watch over that (PCI DSS 4.0.1, 6.4.3 and 11.6.1).
func (a *API) showInventory(context.Context, *wire.Call) (wire.Reply, error) {
	type item struct {
		Path      string `json:"path"`
		Type      string `json:"type"`
		Integrity string `json:"integrity"`
		Purpose   string `json:"purpose"`
	}
	purposes := map[string]string{"page.js": "groups and checks what is typed, watches the state", "page.css": "how the page looks"}
	out := struct {
		Policy string `json:"contentSecurityPolicy"`
		Items  []item `json:"items"`
	}{Policy: policy}
	for _, name := range a.face.names() {
		f := a.face.assets[name]
		out.Items = append(out.Items, item{a.face.address(name), f.kind, f.integrity, purposes[name]})
	}
	body, err := json.Marshal(out)
	return wire.Reply{Body: body, Header: append(headers(), [2]string{"Content-Type", "application/json"})}, err
}

func (a *API) showLogo(ctx context.Context, c *wire.Call) (wire.Reply, error) {
	o, err := a.opening(ctx, c, "")
	if err != nil {
		return wire.Reply{}, err
	}
	p, err := a.Engine.Point(ctx, o.scope, o.paper().point)
	if err != nil {
		return wire.Reply{}, err
	}
	if p.Brand == nil || p.Brand.Logo == nil {
		return wire.Reply{}, wire.ErrNotFound
	}
	return wire.Reply{Body: p.Brand.Logo, Header: append(headers(), [2]string{"Content-Type", "image/png"})}, nil
}

// brandForm are the tokens of a brand as they stand in the address of its
// style: six colours, the radius, and the font. Whoever writes another address
// gets another style, and puts it on no page.
var brandForm = regexp.MustCompile(`^([0-9a-f]{6})-([0-9a-f]{6})-([0-9a-f]{6})-([0-9a-f]{6})-([0-9a-f]{6})-([0-9a-f]{6})-([0-9]{1,2})-(sans|serif)\.css$`)

func brandAddress(b *engine.Brand) string {
	radius, font := 10, "sans"
	if b.Radius != nil {
		radius = *b.Radius
	}
	if b.Serif {
		font = "serif"
	}
	light, dark := b.Light.Filled(false), b.Dark.Filled(true)
	parts := []string{light.Accent, light.Paper, light.Ink, dark.Accent, dark.Paper, dark.Ink}
	for i := range parts {
		parts[i] = strings.TrimPrefix(parts[i], "#")
	}
	return "/checkin/brand/" + strings.Join(append(parts, strconv.Itoa(radius), font), "-") + ".css"
}

func (a *API) showBrand(_ context.Context, c *wire.Call) (wire.Reply, error) {
	m := brandForm.FindStringSubmatch(c.Param("tokens"))
	if m == nil {
		return wire.Reply{}, wire.ErrNotFound
	}
	for i := 1; i <= 6; i++ {
		m[i] = "#" + m[i]
	}
	style := ":root{--accent:light-dark(" + m[1] + "," + m[4] + ");--accent-ink:light-dark(" + engine.InkOn(m[1]) + "," + engine.InkOn(m[4]) + ");--card:light-dark(" + m[2] + "," + m[5] +
		");--ink:light-dark(" + m[3] + "," + m[6] + ");--round:" + m[7] + "px}"
	if m[8] == "serif" {
		style += `:root{--font:Charter,"Bitstream Charter","Sitka Text",Cambria,"Noto Serif",Georgia,serif}`
	}
	return keptAsset("text/css; charset=utf-8", []byte(style)), nil
}
