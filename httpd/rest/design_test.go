package rest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTablesOfTheDesignAreWhole holds DESIGN.md to the product: each route and
// each code of a refusal has a row, and each test that a row names is there.
func TestTablesOfTheDesignAreWhole(t *testing.T) {
	raw, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	source, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"account": "/accounts/{merchant}", "profile": "/account/{merchant}/business_profile", "connector": "/account/{merchant}/connectors", "key": "/api_keys/{merchant}", "profileList": profileList}
	routes := regexp.MustCompile(`Method: "(\w+)", Pattern: ([^,]+),`).FindAllStringSubmatch(string(source), -1)
	if len(routes) < 60 {
		t.Fatalf("%d routes were read", len(routes))
	}
	for _, r := range routes {
		pattern := ""
		for piece := range strings.SplitSeq(r[2], "+") {
			if piece = strings.TrimSpace(piece); strings.HasPrefix(piece, `"`) {
				pattern += strings.Trim(piece, `"`)
			} else {
				pattern += names[piece]
			}
		}
		if !strings.Contains(text, "| "+r[1]+" "+pattern+" | Test") {
			t.Errorf("%s %s has no row", r[1], pattern)
		}
	}
	for _, row := range errorRows() {
		if !strings.Contains(text, "| "+row.ir+" | ") {
			t.Errorf("%s has no row", row.ir)
		}
	}
	var tests strings.Builder
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(raw)
	}
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(text, -1) {
		if !strings.Contains(tests.String(), "func "+name+"(") {
			t.Errorf("%s is no test", name)
		}
	}
}
