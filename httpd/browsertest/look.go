package browsertest

import (
	"context"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Look is how a page is looked at.
type Look struct {
	Name          string
	Width, Height int64
	Phone, Dark   bool
}

// Looks are a wide window and a phone's, by day and by night.
func (b *Browser) Looks() []Look {
	return []Look{{"wide-light", b.width, 900, false, false}, {"wide-dark", b.width, 900, false, true}, {"phone-light", 390, 844, true, false}, {"phone-dark", 390, 844, true, true}}
}

// As looks at the page so, from here on. Nothing moves, so that no picture is of
// something half way.
func (b *Browser) As(l Look) {
	b.T.Helper()
	b.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.Width, Height: l.Height, DeviceScaleFactor: 1, Mobile: l.Phone})
		if err != nil {
			return err
		}
		scheme := "light"
		if l.Dark {
			scheme = "dark"
		}
		_, err = cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

// Shoot stores the page as a picture in each look, where pictures are wanted:
// in the directory PENSTOCK_TEST_PICTURES.
func (b *Browser) Shoot(name string) {
	b.T.Helper()
	if os.Getenv("PENSTOCK_TEST_PICTURES") == "" {
		return
	}
	for _, l := range b.Looks() {
		b.As(l)
		b.Picture(name, l)
	}
	b.As(b.Looks()[0])
}

// Picture stores the page as it is.
func (b *Browser) Picture(name string, l Look) {
	b.T.Helper()
	dir := os.Getenv("PENSTOCK_TEST_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.Ctx, chromedp.FullScreenshot(100))
	must(b.T, err)
	must(b.T, os.WriteFile(filepath.Join(dir, name+"-"+l.Name+".png"), png, 0o644))
}

// Barriers looks with axe-core (PENSTOCK_TEST_AXE is its axe.min.js) for what
// would keep somebody out, and for what is wider than a window of 320 pixels: in
// every look where Full says so, else in a wide one by day and a phone's by night.
func (b *Browser) Barriers(name string) {
	b.T.Helper()
	defer b.As(b.Looks()[0])
	b.As(Look{Width: 320, Height: 800, Phone: true})
	if wide := Result[int](b, "document.documentElement.scrollWidth"); wide > 320 {
		b.T.Errorf("%s: at 320 pixels it is %d wide", name, wide)
	}
	path := os.Getenv("PENSTOCK_TEST_AXE")
	if path == "" {
		b.T.Log("axe-core is not there, so it looks for no barrier; set PENSTOCK_TEST_AXE to its axe.min.js (npm pack axe-core)")
		if os.Getenv("PENSTOCK_TEST_NO_SKIP") != "" {
			b.T.Fatal("PENSTOCK_TEST_AXE is not set")
		}
		return
	}
	source, err := os.ReadFile(path)
	must(b.T, err)
	looks := b.Looks()
	if !Full() {
		looks = []Look{looks[0], looks[3]}
	}
	Result[bool](b, string(source)+";true")
	for _, l := range looks {
		b.As(l)
		found := Result[string](b, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target + " " + n.failureSummary).join(" | ")).join("\n"))`, chromedp.EvalAwaitPromise)
		if found != "" {
			b.T.Errorf("%s, %s: %s", name, l.Name, found)
		}
	}
}
