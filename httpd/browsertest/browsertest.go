// Package browsertest is a real Chromium for tests of pages, before a real
// socket. It is for tests alone.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/valyala/fasthttp"
)

// Browser is a window of Chromium. What it complains of fails the test.
type Browser struct {
	T        *testing.T
	Ctx      context.Context
	Base     string // address of the server, without a trailing slash
	Expected string // what a complaint may speak of; empty: there is none
	width    int64  // of the wide looks
}

// Serve puts a handler before a socket until the test ends, and returns its
// address.
func Serve(t *testing.T, h fasthttp.RequestHandler) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	srv := &fasthttp.Server{Handler: h, NoDefaultServerHeader: true, CloseOnShutdown: true}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	t.Cleanup(func() {
		must(t, srv.Shutdown())
		must(t, <-ended)
	})
	return "http://" + ln.Addr().String()
}

// Open opens a window of a width before a handler. It skips, and says why,
// where there is no Chromium. A clock that the handler reads must not be moved
// by the test while a page is being loaded.
func Open(t *testing.T, h fasthttp.RequestHandler, width int) *Browser {
	t.Helper()
	_, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("PENSTOCK_TEST_NO_SKIP") != "" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed, so no page is looked at in a browser; apt-get install chromium")
	}
	browser, err := chromium()
	must(t, err)
	b := &Browser{T: t, Base: Serve(t, h), width: int64(width)}
	b.attach(browser, chromedp.WithNewBrowserContext()) // which shares nothing with others
	b.As(b.Looks()[0])
	return b
}

// chromium is the one process of a test binary, in which each test has a context
// of its own. Starting one costs more than most tests do.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "penstock-chromium-")
	if err != nil {
		return nil, err
	}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-features", "OptimizationHints,MediaRouter,Translate,AutofillServerCommunication"),
		chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(dir), chromedp.WindowSize(1440, 900))
	ctx, _ := chromedp.NewExecAllocator(context.Background(), opts...) // it ends with the process: the kernel sees to that
	ctx, _ = chromedp.NewContext(ctx)
	left <- func() error { return errors.Join(chromedp.Cancel(ctx), os.RemoveAll(dir)) }
	return ctx, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
})

// left is what ends the browser, once it was started.
var left = make(chan func() error, 1)

// Main runs the tests of a package that opens browsers, ends the browser and
// takes away what it leaves. It returns the exit code.
func Main(m *testing.M) int {
	code := m.Run()
	select {
	case end := <-left:
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, "the browser left something behind:", err)
		}
	default: // no test opened one
	}
	return code
}

// Full says that everything is to be looked at, in every look, however long it
// takes; CI wants that.
func Full() bool { return os.Getenv("PENSTOCK_TEST_FULL") != "" }

// Tab opens another tab of the same browser.
func (b *Browser) Tab() *Browser {
	b.T.Helper()
	tab := &Browser{T: b.T, Base: b.Base, Expected: b.Expected, width: b.width}
	tab.attach(b.Ctx)
	tab.As(b.Looks()[0])
	return tab
}

// attach opens a tab and listens to what it complains of.
func (b *Browser) attach(ctx context.Context, opts ...chromedp.ContextOption) {
	b.T.Helper()
	ctx, end := chromedp.NewContext(ctx, opts...)
	b.T.Cleanup(end)
	must(b.T, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	console, quiet := context.WithCancel(ctx)
	said := chromedp.Console(console)
	heard := make(chan []string, 1)
	go func() {
		var wrong []string
		for m, err := range said {
			if err != nil {
				break
			}
			if m.Source != "network" && m.Type != "debug" && m.Type != "info" { // a page of status 404 is what was asked for; advice is no complaint
				wrong = append(wrong, m.String())
			}
		}
		heard <- wrong
	}()
	b.T.Cleanup(func() {
		quiet()
		for _, w := range <-heard {
			if b.Expected == "" || !strings.Contains(w, b.Expected) {
				b.T.Errorf("the browser complained: %s", w)
			}
		}
	})
	var cancel context.CancelFunc
	b.Ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	b.T.Cleanup(cancel)
}

// Do acts, or ends the test with what the page shows.
func (b *Browser) Do(acts ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	if err := chromedp.Do(b.Ctx, acts...); err != nil {
		b.fail(fmt.Sprint(err))
	}
}

func (b *Browser) fail(why string) {
	b.T.Helper()
	at, _ := chromedp.Run(b.Ctx, chromedp.Location())
	text, _ := chromedp.Run(b.Ctx, chromedp.Text(chromedp.CSS("body")))
	b.T.Fatalf("at %s: %s\n%s", at, why, text)
}

// Result is what a script says on the page.
func Result[T any](b *Browser, script string, opts ...chromedp.EvaluateOption) T {
	b.T.Helper()
	got, err := chromedp.Run(b.Ctx, chromedp.Evaluate[T](script, opts...))
	must(b.T, err)
	return got
}

// Go opens a path of the server, or a whole address.
func (b *Browser) Go(path string) {
	b.T.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.Base + path
	}
	b.Do(chromedp.Navigate(path))
}

// Sees waits for the text in the page's main part.
func (b *Browser) Sees(text string) {
	b.T.Helper()
	b.Until(fmt.Sprintf(`document.readyState === "complete" && document.querySelector("main")?.innerText.includes(%q)`, text))
}

// Until waits for a script to say true; a page that is left meanwhile is looked
// at anew.
func (b *Browser) Until(script string) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, 30*time.Second)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](script))
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			b.fail(fmt.Sprintf("it is not so that %s: %v", script, err))
		}
	}
}

// Press clicks on what a selector names.
func (b *Browser) Press(css string) {
	b.T.Helper()
	b.Do(chromedp.Click(chromedp.CSS(css)))
}

// Type types into what a selector names.
func (b *Browser) Type(css, text string) {
	b.T.Helper()
	b.Do(chromedp.SendKeys(chromedp.CSS(css), text))
}

// Key presses keys, wherever the focus is.
func (b *Browser) Key(keys string) {
	b.T.Helper()
	b.Do(chromedp.KeyEvent(keys))
}

// TabTo presses the Tab key until a script says true of where the focus is.
func (b *Browser) TabTo(script string) {
	b.T.Helper()
	for range 60 {
		b.Key("\t")
		if Result[bool](b, script) {
			return
		}
	}
	b.fail("Tab never comes to " + script)
}

// Scripts switches the page's scripts on or off.
func (b *Browser) Scripts(on bool) {
	b.T.Helper()
	b.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
