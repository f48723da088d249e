package dash_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"penstock/engine"
)

// TestEachRunCanBeSeenLater: who began it, what was read, what matched and what
// differed then, also after it was explained; pages follow by keys.
func TestEachRunCanBeSeenLater(t *testing.T) {
	o := newOffice(t)
	o.named("same", 1000)
	o.named("less", 2000)
	p := o.hired(engine.RoleManager)
	at := home + "/reconcile/" + o.account()
	p.get(at+"/runs").want(200, "No run yet")
	text := statementHead + o.line("same", "10.00", "paid") + o.line("less", "19.50", "paid") + "rent,7.00,EUR,paid,2026-01-06,\n"
	p.handAndLoad(at+"/load", "statement-05.csv", text, nil)
	p.send("POST", at+"/pull", url.Values{"what": {"compare"}, "csrf": {p.get(at).csrf()}}).leads(at + "?done=compared")
	p.get(at+"?done=compared").want(200, "kept among the runs")
	books, err := o.Engine.Reconcile(o.Ctx, onServer("shop").Scope, o.account(), engine.Period{})
	must(t, err)
	line := books.Findings[slices.IndexFunc(books.Findings, func(f engine.BooksFinding) bool { return f.Payout == nil })].Reported[0].ID
	must(t, o.Engine.ExplainReported(o.Ctx, onServer("shop"), o.account(), line, "the rent"))
	p.get(at+"/runs").want(200, "Run 2").want(200, "statement-05.csv").want(200, "Compared by hand").want(200, "The manager").want(200, "Differed")
	first := p.get(at+"/runs/1").want(200, "A statement was loaded").want(200, "statement-05.csv").want(200, "3 lines, 3 new; 0 payouts settled").want(200, "10.00 EUR").want(200, "statement-05.csv, row 3").want(200, "The manager")
	differed, matched, _ := strings.Cut(first.words(), "Matched Finding")
	if !strings.Contains(differed, "Another amount was booked.") || strings.Contains(differed, "explained") || !strings.Contains(matched, "All books say the same.") {
		t.Errorf("the first run: %s", first.words())
	}
	p.get(at+"/runs/3").want(404, "")
	p.get(at+"/runs/x").want(404, "")
	p.get(strings.Replace(at, "/test/", "/live/", 1)+"/runs/1").want(404, "")
	for range 60 {
		must(t, o.Engine.CompareBooks(o.Ctx, onServer("shop"), o.account()))
	}
	page := p.get(at + "/runs")
	if !strings.Contains(page.body, `/runs/62"`) || strings.Contains(page.body, `/runs/2"`) {
		t.Error("the first page is not the newest")
	}
	older := regexp.MustCompile(`href="([^"]+/runs\?before=[0-9]+)"`).FindStringSubmatch(page.body)
	if older == nil {
		t.Fatal("no way to older runs")
	}
	p.get(older[1]).want(200, "Run 1 Differed")
	if file := p.get(home + "/export/reconcile/" + o.account() + "/runs"); strings.Count(file.body, "\r\n") != 63 {
		t.Errorf("the file has %d lines", strings.Count(file.body, "\r\n"))
	}
	o.hired(engine.RoleViewer).get(at+"/runs/1").want(200, "Run 1")
}
