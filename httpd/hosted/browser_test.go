package hosted_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/valyala/fasthttp"
)

// browser is a real Chromium before a real socket. What it asks for from
// anywhere else, and what it complains of, fails the test.
type browser struct {
	t        *testing.T
	ctx      context.Context
	base     string
	expected string // what a complaint may speak of; empty: there is none
}

// openBrowser skips, and says why, where there is no Chromium. The world's
// clock must not move while a page is open: other goroutines read it.
func openBrowser(t *testing.T, s *shop) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("PENSTOCK_TEST_NO_SKIP") != "" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed, so no page is looked at in a browser; apt-get install chromium")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	srv := &fasthttp.Server{Handler: s.mux.Serve, NoDefaultServerHeader: true, CloseOnShutdown: true}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	t.Cleanup(func() {
		must(t, srv.Shutdown())
		must(t, <-ended)
	})
	b := &browser{t: t, base: "http://" + ln.Addr().String()}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-features", "OptimizationHints,MediaRouter,Translate,AutofillServerCommunication"),
		chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	must(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	console, quiet := context.WithCancel(ctx)
	said := chromedp.Console(console)
	heard := make(chan []string, 1)
	go func() {
		var wrong []string
		for m, err := range said {
			if err != nil {
				break
			}
			if m.Source != "network" && m.Type != "debug" { // a page of status 422 is what was asked for
				wrong = append(wrong, m.String())
			}
		}
		heard <- wrong
	}()
	t.Cleanup(func() {
		quiet()
		for _, w := range <-heard {
			if b.expected != "" && strings.Contains(w, b.expected) {
				continue
			}
			t.Errorf("the browser complained: %s", w)
		}
	})
	var cancel context.CancelFunc
	b.ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	return b
}

func (b *browser) do(acts ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, acts...); err != nil {
		at, _ := chromedp.Run(b.ctx, chromedp.Location())
		text, _ := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
		b.t.Fatalf("at %s: %v\n%s", at, err, text)
	}
}

// result is what a page's script says.
func result[T any](b *browser, script string, opts ...chromedp.EvaluateOption) T {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, opts...))
	must(b.t, err)
	return got
}

// sees waits for the text; a page that is left meanwhile is looked at anew.
func (b *browser) sees(text string) {
	b.t.Helper()
	script := fmt.Sprintf(`document.readyState === "complete" && document.querySelector("main")?.innerText.includes(%q)`, text)
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](script))
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			at, _ := chromedp.Run(b.ctx, chromedp.Location())
			said, _ := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
			b.t.Fatalf("at %s there is no %q: %v\n%s", at, text, err, said)
		}
	}
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

func (b *browser) openAt(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
}

// until waits for what a script says to be as wanted.
func (b *browser) until(into *string, script string, ok func(string) bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	for {
		var err error
		if *into, err = chromedp.Run(ctx, chromedp.Evaluate[string](script)); err == nil && ok(*into) {
			return
		}
		if ctx.Err() != nil {
			b.t.Fatalf("it is still %q: %v", *into, err)
		}
	}
}

func (b *browser) press(css string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(css)))
}

func (b *browser) typeIn(css, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(css), text))
}

// look is how a page is looked at.
type look struct {
	name        string
	width, high int64
	phone, dark bool
}

func looks() []look {
	return []look{{"wide-light", 1280, 900, false, false}, {"wide-dark", 1280, 900, false, true}, {"phone-light", 390, 844, true, false}, {"phone-dark", 390, 844, true, true}}
}

func (l look) set() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.high, DeviceScaleFactor: 1, Mobile: l.phone})
		if err != nil {
			return err
		}
		scheme := "light"
		if l.dark {
			scheme = "dark"
		}
		_, err = cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	})
}

// scripts switches the page's scripts on or off.
func (b *browser) scripts(on bool) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

// shoot stores the page as a picture in each look, where pictures are wanted.
func (b *browser) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("PENSTOCK_TEST_PICTURES")
	if dir == "" {
		return
	}
	for _, l := range looks() {
		b.do(l.set())
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		must(b.t, err)
		must(b.t, os.WriteFile(filepath.Join(dir, name+"-"+l.name+".png"), png, 0o644))
	}
	b.do(looks()[0].set())
}

// TestTheWholeWayInABrowser walks from the link to the end in each look and in
// two directions of writing, with a mistake on the way, and looks at each step
// for what would keep somebody out.
func TestTheWholeWayInABrowser(t *testing.T) {
	for _, lang := range []string{"en", "ar"} {
		t.Run(lang, func(t *testing.T) {
			s := newShop(t)
			id, page := s.pay(strings.Replace(eur10, `"10.00"`, `"1250.00"`, 1))
			words := catalogueOf(t, lang)
			b := openBrowser(t, s)
			check := func(name string) {
				b.barriers(name)
				b.shoot(lang + "-" + name)
			}
			b.open(page + "&lang=" + lang)
			b.sees(words["method.title"])
			check("1-method")
			b.press(`.choices a[href*="sepa_eur"]`)
			b.sees(words["hint.holder"])
			check("2-details")
			b.do(chromedp.Focus(chromedp.CSS("#f-recipient_name")))
			b.shoot(lang + "-3-focus")
			b.typeIn("#f-iban", "DE89370400440532013")
			b.press(`button[type="submit"]`)
			b.sees(words["errors.title"])
			if !strings.HasPrefix(result[string](b, "document.activeElement.id"), "errors") {
				t.Error("the summary of errors doesn't have the focus")
			}
			check("4-errors")
			if got := result[string](b, `document.querySelector("#f-iban").value`); got != "DE89 3704 0044 0532 013" {
				t.Errorf("the IBAN stands as %q, want it in groups", got)
			}
			result[bool](b, `document.querySelector("#f-iban").value = ""; true`)
			b.typeIn("#f-iban", "de89370400440532013000")
			b.press(`button[type="submit"]`)
			b.sees(words["review.title"])
			if text := result[string](b, "document.body.innerText + document.body.innerHTML"); strings.Contains(text, "37040044") || strings.Contains(text, "3704 0044") {
				t.Error("the review shows the account in full")
			}
			check("5-review")
			b.press(`button[value="confirm"]`)
			b.sees(words["done.processing.title"])
			check("6-processing")
			s.run(time.Minute)
			b.open(page + "&lang=" + lang)
			b.sees(strings.ReplaceAll(words["done.paid.title"], "{merchant}", "Nordwind Outdoor"))
			check("7-paid")
			if back := result[string](b, `document.querySelector(".button").href`); back != "https://shop.example/back?x=1&paymentId="+id+"#top" {
				t.Errorf("the way back is %q", back)
			}
			b.open("/checkin/" + id + "?k=wrong&lang=" + lang)
			b.sees(words["message.link.title"])
			check("8-wrong-link")
		})
	}
}

// barriers looks with axe-core, as far as that is there, for what would keep
// somebody out, and for what doesn't fit a small window.
func (b *browser) barriers(name string) {
	b.t.Helper()
	b.do(look{width: 320, high: 800, phone: true}.set())
	if wide := result[int](b, "document.documentElement.scrollWidth"); wide > 320 {
		b.t.Errorf("%s: at 320 pixels it is %d wide", name, wide)
	}
	b.do(looks()[0].set())
	path := os.Getenv("PENSTOCK_TEST_AXE")
	if path == "" {
		b.t.Log("axe-core is not there, so it looks for no barrier; set PENSTOCK_TEST_AXE to its axe.min.js (npm pack axe-core)")
		if os.Getenv("PENSTOCK_TEST_NO_SKIP") != "" {
			b.t.Fatal("PENSTOCK_TEST_AXE is not set")
		}
		return
	}
	source, err := os.ReadFile(path)
	must(b.t, err)
	for _, l := range looks() {
		b.do(l.set())
		result[bool](b, string(source)+";true")
		found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target + " " + n.failureSummary).join(" | ")).join("\n"))`, chromedp.EvalAwaitPromise))
		must(b.t, err)
		if found != "" {
			b.t.Errorf("%s, %s: %s", name, l.name, found)
		}
	}
	b.do(looks()[0].set())
}

// TestThePageWorksWithoutScripts walks the same way with none.
func TestThePageWorksWithoutScripts(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	b := openBrowser(t, s)
	b.open(page)
	b.scripts(false)
	b.open(page)
	b.press(`.choices a[href*="sepa_eur"]`)
	b.do(chromedp.WaitVisible(chromedp.CSS("#f-iban")))
	b.typeIn("#f-iban", "DE89 3704 0044 0532 0130 00")
	b.press(`button[type="submit"]`)
	b.do(chromedp.WaitVisible(chromedp.CSS(`button[value="edit"]`)))
	b.press(`button[value="edit"]`) // the details come back
	b.do(chromedp.WaitVisible(chromedp.CSS("#f-iban")))
	b.press(`button[type="submit"]`)
	b.do(chromedp.WaitVisible(chromedp.CSS(`button[value="confirm"]`)))
	b.press(`button[value="confirm"]`)
	b.do(chromedp.WaitVisible(chromedp.CSS(".seal")))
	b.scripts(true)
	s.run(time.Minute)
	if got := s.do("GET", "/api/payments/"+id, "").is(200); got.str("status") != "succeeded" {
		t.Errorf("the payment is %s", got.body)
	}
}

// TestThePageWorksByKeyboard uses nothing but Tab, Enter and letters.
func TestThePageWorksByKeyboard(t *testing.T) {
	s := newShop(t)
	id, page := s.pay(eur10)
	b := openBrowser(t, s)
	b.open(page)
	b.sees("How do you want to be paid?")
	key := func(keys string) { b.t.Helper(); b.do(chromedp.KeyEvent(keys)) }
	until := func(script string) {
		b.t.Helper()
		for range 30 {
			key("\t")
			if result[bool](b, script) {
				return
			}
		}
		b.t.Fatalf("Tab never comes to %s", script)
	}
	until(`document.activeElement.href?.includes("sepa_eur") ?? false`)
	key("\r")
	b.sees("Your details")
	until(`document.activeElement.id === "f-iban"`)
	key("DE89370400440532013000")
	key("\r")
	b.sees("Check before you confirm")
	until(`document.activeElement.value === "confirm"`)
	key("\r")
	b.sees("Thank you")
	s.run(time.Minute)
	if got := s.do("GET", "/api/payments/"+id, "").is(200); got.str("status") != "succeeded" {
		t.Errorf("the payment is %s", got.body)
	}
}

// TestThePageIsLight and asks nobody else for anything.
func TestThePageIsLight(t *testing.T) {
	s := newShop(t)
	_, page := s.pay(eur10)
	b := openBrowser(t, s)
	b.open(page + "&method=sepa_eur")
	b.sees("Your details")
	type entry struct {
		Name string `json:"name"`
	}
	for _, e := range result[[]entry](b, `performance.getEntriesByType("resource").map(e => ({name: e.name}))`) {
		if !strings.HasPrefix(e.Name, b.base+"/checkin/") {
			t.Errorf("the page asks for %s", e.Name)
		}
	}
	first := result[float64](b, `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1`)
	t.Logf("first contentful paint after %.0f ms", first)
}
