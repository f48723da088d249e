package dash_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"penstock/engine"
	"penstock/engine/routing"
	"penstock/httpd/browsertest"
)

// grown is the tree of a service as it is kept, in one line.
func (o *office) grown(id, service string) string {
	o.t.Helper()
	s, err := o.Engine.Scheme(o.Ctx, onServer("shop").Scope, id)
	must(o.t, err)
	raw, err := json.Marshal(s.Trees[service].Tree)
	must(o.t, err)
	return string(raw)
}

func (o *office) schemeWith(service, tree string) string {
	o.t.Helper()
	name := "Grown"
	s, err := o.Engine.CreateScheme(o.Ctx, onServer("shop"), engine.SchemeEdit{Name: &name}, nil)
	must(o.t, err)
	if tree != "" {
		parsed, err := routing.Parse([]byte(tree))
		must(o.t, err)
		_, err = o.Engine.SetTree(o.Ctx, onServer("shop"), s.ID, service, parsed, false, "", nil)
		must(o.t, err)
	}
	return s.ID
}

// TestATreeIsGrownByKeyboard: a tree is made, moved about, tried and set without
// a mouse and without its text.
func TestATreeIsGrownByKeyboard(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleOwner)
	id := o.schemeWith("", "")
	b := openBrowser(t, o)
	b.as(engine.RoleOwner)
	b.Go(home + "/schemes/" + id + "/tree?service=test_usd")
	b.Until(`document.querySelector(".grow-node") !== null`)
	focus := func(key string) {
		t.Helper()
		b.Until(`(() => { const c = document.querySelector('[data-key="` + key + `"]'); if (c) c.focus(); return document.activeElement === c && c !== null; })()`)
	}
	focus(":kind")
	b.Key("C") // Condition, by its first letter
	b.Until(`document.querySelector('[data-key="/if:value"]') !== null`)
	focus("/if:value")
	b.Key(kb.End)
	for range 4 {
		b.Key(kb.Backspace)
	}
	b.Key("5000")
	b.Key(kb.Enter) // sends no form
	focus("/if:and")
	b.Key(kb.Enter)
	b.Until(`document.activeElement.dataset.key === "/if/all/1:attribute"`)
	b.Key("Curr")
	focus("/if/all/1:value")
	b.Key(kb.Home)
	b.Key(kb.End)
	for range 4 {
		b.Key(kb.Backspace)
	}
	b.Key("USD")
	b.Key(kb.Tab)
	focus("/else:kind")
	b.Key("N") // No payout
	focus("/else:why")
	b.Key("too small")
	b.Key(kb.Tab)
	focus("/if/all/1:value")
	browsertest.Result[bool](b.Browser, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", altKey: true, bubbles: true, cancelable: true })) || true`) // the second comparison becomes the first
	b.Until(`document.querySelector('[data-key="/if/all/0:value"]').value === "USD"`)
	focus(":swap")
	b.Key(kb.Enter)
	b.Until(`document.querySelector('[data-key="/then:why"]') !== null`)
	b.Press(`.grow-bar button:first-child`) // undone
	b.Until(`document.querySelector('[data-key="/else:why"]') !== null`)
	b.Press(`button.main`)
	b.Sees("Revision 1 by The owner")
	want := `{"if":{"all":[{"attribute":"currency","operator":"eq","value":"USD"},{"attribute":"amount","operator":"gt","value":"5000"}]},"then":{"strategies":[{"type":"optimal"}]},"else":{"block":"too small"}}`
	if got := o.grown(id, "test_usd"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestTheEditorLosesNothing: what it doesn't understand, and numbers as they are
// written, are the same after it has shown and written them.
func TestTheEditorLosesNothing(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleOwner)
	tree := `{"name":"all of it","if":{"any":[{"attribute":"metadata.tier","operator":"in","value":[7,"7","12.50",12.50,"gold"]},{"attribute":"card_bin","operator":"in","value":[{"from":"4000","to":"4999"},"51"]},{"attribute":"metadata.note","operator":"in","value":["a, b","c"]},
		{"all":[{"attribute":"hour","operator":"gte","value":"8"},{"attribute":"customer.country","operator":"eq","value":"{billing_country}"}]}]},
		"then":{"strategies":[{"type":"weight","routes":[{"provider":"sandbox","weight":3},{"provider":"sandbox","account":"` + o.account() + `","weight":1}]},{"type":"direct","routes":["` + o.routeFor("test_usd").ID + `"]}]},
		"else":{"block":"</textarea><img src=x onerror=alert(1)>"}}`
	tree = strings.Replace(tree, `,"51"]`, `,"5100"]`, 1)
	id := o.schemeWith("test_usd", tree)
	was := o.grown(id, "test_usd")
	b := openBrowser(t, o)
	b.as(engine.RoleOwner)
	at := home + "/schemes/" + id + "/tree?service=test_usd"
	b.Go(at)
	b.Until(`document.querySelector(".grow-node") !== null`)
	if n := browsertest.Result[int](b.Browser, `document.querySelectorAll("main img").length`); n != 0 {
		t.Error("a reason became markup")
	}
	// An act and its undoing, so that the text is the editor's.
	b.Press(`[data-key=":swap"]`)
	b.Press(`[data-key=":swap"]`)
	b.Press(`button.main`)
	b.Sees("Revision 2 by The owner")
	if got := o.grown(id, "test_usd"); got != was {
		t.Errorf("got  %s\nwant %s", got, was)
	}
	b.Go(at)
	b.Until(`document.querySelector(".grow-node") !== null`)
	b.Barriers("the editor of a tree")
	// Branches change places by dragging one onto the other.
	browsertest.Result[bool](b.Browser, `(() => {
		const [from, to] = [document.querySelector('[data-path="/then"]'), document.querySelector('[data-path="/else"]')];
		const data = new DataTransfer();
		for (const [e, kind] of [[from, "dragstart"], [to, "dragover"], [to, "drop"]]) e.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
		return true;
	})()`)
	b.Until(`document.querySelector('[data-key="/then:why"]') !== null`)
}

// TestATreeIsWrittenWithoutScripts: the text is the form's.
func TestATreeIsWrittenWithoutScripts(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleOwner)
	id := o.schemeWith("", "")
	b := openBrowser(t, o)
	b.as(engine.RoleOwner)
	b.Scripts(false)
	b.Go(home + "/schemes/" + id + "/tree?service=test_usd")
	b.Do(chromedp.WaitVisible(chromedp.CSS(`#f-tree`)))
}

// TestATreeIsTriedBeforeItIsSet: what it would decide is told, and neither a
// tree nor a payout is there after it.
func TestATreeIsTriedBeforeItIsSet(t *testing.T) {
	o := newOffice(t)
	p := o.hired(engine.RoleAdministrator)
	id := o.schemeWith("", "")
	at := home + "/schemes/" + id + "/tree"
	try := func(fields map[string]string) page {
		all := map[string]string{"service": "test_usd", "disabled": "no", "split": "no", "act": "try", "amount": "6000", "currency": "usd",
			"tree": `{"if":{"all":[{"attribute":"amount","operator":"gt","value":"5000"},{"attribute":"metadata.tier","operator":"eq","value":"gold"}]},"then":{"block":"too much for one"},"else":{"strategies":[{"type":"cost"}]}}`}
		for name, value := range fields {
			all[name] = value
		}
		return p.fill(at, all)
	}
	try(map[string]string{"metadata": `{"tier":"gold"}`}).want(200, "Tried with 6,000.00 USD No route").want(200, "too much for one").want(200, "Nothing was set.")
	try(nil).want(200, "Route found")
	try(map[string]string{"amount": "100"}).want(200, "Route found")
	try(map[string]string{"amount": "0"}).want(422, "An amount above zero.")
	try(map[string]string{"amount": "1.001"}).want(422, "at most 2 decimals")
	try(map[string]string{"currency": "nope"}).want(422, "There is no such currency.")
	try(map[string]string{"metadata": `[1]`}).want(422, "An object such as")
	try(map[string]string{"service": ""}).want(422, "no payout service of this name")
	try(map[string]string{"tree": `{"strategies":[{"type":"direct","routes":["nowhere"]}]}`}).want(422, "At /strategies/0/routes/0")
	if got := o.grown(id, "test_usd"); got != "null" {
		t.Errorf("a try has set %s", got)
	}
	if list, _, err := o.Engine.List(o.Ctx, onServer("shop"), engine.Filter{}, 0, 5); err != nil || len(list) != 0 {
		t.Errorf("a try has made %d requests, %v", len(list), err)
	}
	got := p.get(home + "/schemes/" + id + "/growth/test_usd")
	if got.status != 200 || !strings.Contains(got.body, o.routeFor("test_usd").ID) || strings.Contains(got.body, o.routeFor("test_eur").ID) {
		t.Error(got)
	}
	o.hired(engine.RoleViewer).get(home+"/schemes/"+id+"/growth/test_usd").want(403, "")
}
