package dash_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"penstock/engine"
)

// TestAPressInTheEditorIsAClick: the value that was typed is taken over by the
// press that leaves it, and the button that was pressed still does what it says.
func TestAPressInTheEditorIsAClick(t *testing.T) {
	o := newOffice(t)
	o.hired(engine.RoleOwner)
	id := o.schemeWith("test_usd", `{"if":{"attribute":"amount","operator":"gt","value":"100"},"then":{"strategies":[{"type":"optimal"}]},"else":{"block":"no"}}`)
	b := openBrowser(t, o)
	b.as(engine.RoleOwner)
	b.Go(home + "/schemes/" + id + "/tree?service=test_usd")
	b.Until(`document.querySelector('[data-key="/if:value"]') !== null`)
	b.Until(`(() => { const c = document.querySelector('[data-key="/if:value"]'); c.focus(); return document.activeElement === c; })()`)
	b.Key(kb.End)
	b.Key("0")
	b.Press(`[data-key="/if:and"]`)
	b.Until(`document.querySelector('[data-key="/if/all/1:attribute"]') !== null && document.querySelector('[data-key="/if/all/0:value"]').value === "1000"`)
}
