package dash_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/httpd/browsertest"
)

// TestAPageIsKeptUpToDate: what happens elsewhere is seen without a reload.
func TestAPageIsKeptUpToDate(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleManager)
	b := openBrowser(t, o)
	b.as(engine.RoleManager)
	b.Go(home + "/requests")
	b.Sees("No payout request yet")
	b.Until(`document.querySelector("[data-live-state]").textContent === "Up to date"`)
	o.ask("success", 4711, func(n *engine.NewRequest) { n.Ref, n.AutoFulfill = "made-meanwhile", false })
	b.Sees("made-meanwhile")
	b.Sees("47.11 EUR")
	if zone := browsertest.Result[string](b.Browser, `document.querySelector("main time").title`); !strings.HasSuffix(zone, " UTC") {
		t.Errorf("a new time's title is %q: it was not dressed", zone)
	}
}

// TestChangesAreToldToTheirOwnScopeAlone reads two streams.
func TestChangesAreToldToTheirOwnScopeAlone(t *testing.T) {
	o := newOffice(t)
	o.merchant("other", "Other")
	p := o.hired(engine.RoleViewer)
	told := map[string]chan string{}
	for _, shop := range []string{"/dashboard/test/shop", "/dashboard/live/shop", "/dashboard/test/other"} {
		req, err := http.NewRequest("GET", site+shop+"/live", nil)
		must(t, err)
		resp, err := p.client.Do(req)
		must(t, err)
		defer resp.Body.Close()
		if resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%s: %s", shop, resp.Header.Get("Content-Type"))
		}
		r := bufio.NewReader(resp.Body)
		if line, err := r.ReadString('\n'); err != nil || line != "retry: 1000\n" {
			t.Fatalf("%s: %q, %v", shop, line, err)
		}
		c := make(chan string, 1)
		told[shop] = c
		go func() {
			var all strings.Builder
			for {
				line, err := r.ReadString('\n')
				all.WriteString(line)
				if err != nil {
					c <- all.String()
					return
				}
			}
		}()
	}
	o.ask("success", 1250, nil)
	for shop, c := range told {
		if got, want := strings.Count(<-c, "event: change"), map[bool]int{true: 1}[shop == "/dashboard/test/shop"]; got != want {
			t.Errorf("%s was told %d times, want %d", shop, got, want)
		}
	}
	o.run(time.Minute)
}

// TestALookingPageLetsASessionEnd: what no person asked for keeps nobody in.
func TestALookingPageLetsASessionEnd(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleViewer)
	for range 14 {
		o.run(time.Minute)
		if got := p.get(home+"/requests", "X-Penstock-Live: 1"); got.status != 200 {
			t.Fatalf("%s", got)
		}
	}
	o.run(2 * time.Minute)
	p.get(home+"/requests", "X-Penstock-Live: 1").leads("/dashboard/login?next=%2Fdashboard%2Ftest%2Fshop%2Frequests")
}

func TestStreamsAreBounded(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleViewer)
	var open []*http.Response
	status := 0
	for range 7 {
		resp, err := p.client.Get(site + home + "/live")
		must(t, err)
		open, status = append(open, resp), resp.StatusCode
	}
	if status != 429 {
		t.Errorf("the seventh stream of a session: %d, want 429", status)
	}
	for _, r := range open {
		must(t, r.Body.Close())
	}
}
