package dash_test

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

	"penstock/engine"
)

// browser is a real Chromium before a real socket.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string
}

// openBrowser skips, and says why, where there is no Chromium. The office's
// clock must not move from here on: other goroutines read it.
func openBrowser(t *testing.T, o *office) *browser {
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
	srv := &fasthttp.Server{Handler: o.mux.Serve, NoDefaultServerHeader: true, CloseOnShutdown: true}
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
		chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1440, 900))
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
			if m.Source != "network" && m.Type != "debug" { // a page of status 404 is what was asked for; advice is no complaint
				wrong = append(wrong, m.String())
			}
		}
		heard <- wrong
	}()
	t.Cleanup(func() {
		quiet()
		for _, w := range <-heard {
			t.Errorf("the browser complained: %s", w)
		}
	})
	var cancel context.CancelFunc
	b.ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
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
func result[T any](b *browser, script string) T {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	must(b.t, err)
	return got
}

// sees waits for the text in the page's main part; a page that is left
// meanwhile is looked at anew.
func (b *browser) sees(text string) {
	b.t.Helper()
	script := fmt.Sprintf(`document.readyState === "complete" && document.querySelector("main")?.innerText.includes(%q)`, text)
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
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

// follow opens the link, or presses the button, that bears the text.
func (b *browser) follow(text string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.Search(fmt.Sprintf(`//main//*[self::a or self::button][contains(normalize-space(.), "%s")]`, text))))
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

// as logs somebody in who has been hired.
func (b *browser) as(role engine.Role) {
	b.t.Helper()
	b.open("/dashboard/login?next=" + home)
	b.do(chromedp.SendKeys(chromedp.CSS("#f-email"), string(role)+"@example.com"), chromedp.SendKeys(chromedp.CSS("#f-password"), password+"\n"))
	b.sees("Nordwind Outdoor")
}

// look is how a page is looked at.
type look struct {
	name  string
	width int64
	phone bool
	dark  bool
}

var looks = []look{{"wide-light", 1440, false, false}, {"wide-dark", 1440, false, true}, {"phone-light", 390, true, false}, {"phone-dark", 390, true, true}}

func (l look) set() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: 900, DeviceScaleFactor: 1, Mobile: l.phone})
		if err != nil {
			return err
		}
		scheme := "light"
		if l.dark {
			scheme = "dark"
		}
		_, err = cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, // so that no picture is of something half way
		}})
		return err
	})
}

// shoot stores the page as a picture, in each look, where pictures are wanted.
func (b *browser) shoot(name string) {
	b.t.Helper()
	for _, l := range looks {
		b.do(l.set())
		b.picture(name, l)
	}
	b.do(looks[0].set())
}

// picture stores the page as it is.
func (b *browser) picture(name string, l look) {
	b.t.Helper()
	dir := os.Getenv("PENSTOCK_TEST_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	must(b.t, err)
	must(b.t, os.WriteFile(filepath.Join(dir, name+"-"+l.name+".png"), png, 0o644))
}

// TestInABrowser walks the main job of an operator: log in, find the request
// that waits, process it, see that it is on its way.
func TestInABrowser(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleManager)
	r := o.ask("success", 125000, func(n *engine.NewRequest) { n.AutoFulfill, n.Ref = false, "invoice-77" })
	b := openBrowser(t, o)
	b.open("/dashboard/test/shop/requests") // not logged in: back here after it
	b.do(chromedp.SendKeys(chromedp.CSS("#f-email"), "manager@example.com"), chromedp.SendKeys(chromedp.CSS("#f-password"), password+"\n"))
	b.sees("Payout requests")
	b.sees("1,250.00 EUR")
	b.follow("invoice-77")
	b.sees("Beneficiary")
	b.follow("Process")
	b.sees("Process this request?")
	b.do(chromedp.Click(chromedp.CSS("main form button.main")))
	b.sees("The payout is on its way.")
	b.follow("Events")
	b.sees("Payout made, money held")
	if got := o.get("invoice-77"); got.ID != r.ID || len(got.Payouts) != 1 {
		t.Errorf("the request has %d payouts, want 1", len(got.Payouts))
	}
	zone := result[string](b, `document.querySelector("time").title`)
	if !strings.HasSuffix(zone, " UTC") {
		t.Errorf("a time's title is %q, want the time in UTC", zone)
	}
}
