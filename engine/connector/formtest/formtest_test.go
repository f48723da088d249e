package formtest

import (
	"os"
	"slices"
	"strings"
	"testing"

	"penstock/engine/connector/declarative"
)

func TestTheFormsThatShipKeepTheContractByTheirSamples(t *testing.T) {
	all, err := declarative.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range all {
		t.Run(name, func(t *testing.T) { Test(t, f) })
	}
}

// TestBrokenFormsAreFound spoils a form that loads, and wants the promise that
// it breaks to be named.
func TestBrokenFormsAreFound(t *testing.T) {
	doc, err := os.ReadFile("../declarative/forms/paystack.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, old, new, promise string }{
		{"decimals", "NGN = 2", "NGN = 3", "Samples"},
		{"a word for another", `pending = "accepted"`, `pending = "paid"`, "Samples"},
		{"a key in another shape", "[key]\nform = \"plain\"\n", "[key]\nform = \"uuid\"\n", "Samples"},
		{"a well answer taken for absent", `absent = [{ status = [404], match = { "/status" = false, "/message" = "~not found" } }]`, `absent = [{ status = [200, 404], match = { "/message" = "*" } }]`, "EachVerdictIsRead"},
		{"another's credential", "[auth]\nkind = \"bearer\"\nsecret = \"api_key\"", "[auth]\nkind = \"header\"\nheader = \"X-Key\"\nsecret = \"api_key\"", "Samples"},
		{"no look-up that finds nothing", "name = \"a reference that was never used\"\nop = \"lookup\"", "name = \"a reference that was never used\"\nop = \"poll\"", "Contract"},
	} {
		if !strings.Contains(string(doc), row.old) {
			t.Fatalf("the form has no %q", row.old)
		}
		f, err := declarative.Parse([]byte(strings.Replace(string(doc), row.old, row.new, 1)))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		results := []Result{{"Samples", f.Replay()}}
		if row.promise != "Samples" { // which takes no network
			results = Run(f)
		}
		var broken []string
		for _, r := range results {
			if len(r.Problems) > 0 {
				broken = append(broken, r.Name)
			}
		}
		if !slices.Contains(broken, row.promise) {
			t.Errorf("%s: found broken %q, want %s among them", row.name, broken, row.promise)
		}
	}
}
