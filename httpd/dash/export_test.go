package dash_test

import (
	"encoding/csv"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"penstock/engine"
)

// readCSV reads an answer as a spreadsheet would.
func (g page) readCSV() [][]string {
	g.t.Helper()
	if kind := g.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") || !strings.Contains(g.header.Get("Content-Disposition"), "attachment; filename=") {
		g.t.Fatalf("%s: %s, %s", g.what, kind, g)
	}
	rows, err := csv.NewReader(strings.NewReader(g.body)).ReadAll()
	must(g.t, err)
	return rows
}

// TestAnExportHasEveryPageAndTheFilterOfTheList: no row is lost between pages.
func TestAnExportHasEveryPageAndTheFilterOfTheList(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleViewer)
	for i := range 512 { // more than are read at a time
		o.ask("success", int64(100+i), func(n *engine.NewRequest) { n.AutoFulfill, n.Ref = i == 0, fmt.Sprintf("r-%03d", i) })
	}
	o.run(time.Minute)
	rows := p.get(home + "/export/requests").readCSV()
	seen := map[string]bool{}
	for _, r := range rows[1:] {
		seen[r[3]] = true
	}
	if len(rows) != 513 || len(seen) != 512 || strings.Join(rows[0][:6], ",") != "created,updated,id,reference_id,amount,currency" {
		t.Fatalf("%d rows, %d different ones, %v", len(rows), len(seen), rows[0])
	}
	if got := p.get(home + "/export/requests?status=paid").readCSV(); len(got) != 2 || got[1][4] != "1.00" || got[1][7] != "paid" || got[1][11] != "1.00" {
		t.Errorf("of those that were paid: %v", got)
	}
	if body := p.get(home + "/export/requests").body; strings.Contains(body, testIBAN) {
		t.Error("an account number is in the file")
	}
	for _, list := range []string{"deposits", "deposits/" + o.depositIn("EUR").ID, "routes", "accounts", "points", "customers", "activity", "people", "directory/services", "webhooks"} {
		if got := p.get(home + "/export/" + list).readCSV(); len(got[0]) < 2 {
			t.Errorf("%s: %v", list, got[0])
		}
	}
	if got := p.get("/dashboard/live/shop/export/requests").readCSV(); len(got) != 1 {
		t.Errorf("live mode has %d rows", len(got))
	}
	p.get(home+"/export/deposits/nothing").want(404, "")
	p.get(home+"/export/nothing").want(404, "")
}

// TestNoCellOfAnExportIsAFormula: whoever chooses a reference or a memo must
// not run something on a finance person's machine.
func TestNoCellOfAnExportIsAFormula(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleViewer)
	evil := []string{"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1"}
	for i, memo := range evil {
		o.ask("success", 1250, func(n *engine.NewRequest) {
			n.Ref, n.Memo, n.AutoFulfill = fmt.Sprintf("evil-%d", i), memo, false
		})
	}
	for _, row := range p.get(home + "/export/requests").readCSV()[1:] {
		for _, cell := range row {
			if regexp.MustCompile(`^[=+\-@\t\r]`).MatchString(cell) {
				t.Errorf("a spreadsheet takes %q for a formula", cell)
			}
		}
	}
	ledger := p.get(home + "/export/deposits/" + o.depositIn("EUR").ID).body
	if strings.Contains(ledger, "'-") {
		t.Error("a negative amount became text")
	}
}

func TestAViewIsSavedForOnePersonAndFoundAgain(t *testing.T) {
	o := newOffice(t)
	p, other := o.hired(engine.RoleViewer), o.hired(engine.RoleManager)
	list := home + "/requests?status=failed"
	p.get(list).want(200, "Save this view")
	p.post(home+"/views", map[string]string{"path": "/requests", "query": "status=failed", "name": "<b>Failed"}).leads(list)
	got := p.get(home+"/requests").want(200, "<b>Failed")
	if strings.Contains(got.body, "<b>Failed") || !strings.Contains(got.body, home+"/requests?status=failed") {
		t.Error("the view's name is markup, or it leads elsewhere")
	}
	p.get(list).want(200, "Saved as")
	if strings.Contains(other.get(home+"/requests").body, "Failed</a>") {
		t.Error("somebody else's view is shown")
	}
	for what, form := range map[string]map[string]string{
		"elsewhere": {"path": "/nothing", "query": "a=b", "name": "x"}, "no filter": {"path": "/requests", "query": "", "name": "x"}, "no name": {"path": "/requests", "query": "a=b", "name": ""}, "malformed": {"path": "/requests", "query": "%zz", "name": "x"},
	} {
		if got := p.post(home+"/views", form); got.status < 400 {
			t.Errorf("%s: %s", what, got)
		}
	}
	p.post(home+"/views", map[string]string{"path": "/requests", "query": "status=failed", "name": "<b>Failed", "act": "drop"}).leads(home + "/requests")
	if strings.Contains(p.get(home+"/requests").body, "Failed</a>") {
		t.Error("the view is still there")
	}
}
