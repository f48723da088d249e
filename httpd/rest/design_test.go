package rest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"penstock/engine/payin"
)

// TestTablesOfTheDesignAreWhole holds DESIGN.md to the product: each route, each
// code and each status has a row, each test that a row names is there, and one
// of those of a code or a status says it.
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
	words := append(append([]string{}, allStatuses()...), payinWords()...)
	for _, word := range append(words, contractCodes()...) {
		row := regexp.MustCompile(`(?m)^\| ` + word + ` \| [^|]+ \| (Test[^|]*) \|$`).FindStringSubmatch(text)
		if row == nil {
			t.Errorf("%s has no row", word)
			continue
		}
		said := false
		for name := range strings.SplitSeq(row[1], ", ") {
			said = said || strings.Contains(bodyOf(tests.String(), name), word)
		}
		if !said {
			t.Errorf("no test of the row of %s says the word", word)
		}
	}
}

// contractCodes are all codes of the contract but those of which the text below
// the table says why there is no case.
func contractCodes() (codes []string) {
	none := []string{"IR_07", "IR_13", "IR_15", "IR_17", "IR_18", "IR_21", "IR_23", "IR_24", "IR_25", "IR_26", "IR_27", "IR_28", "IR_31", "IR_32", "IR_33", "IR_34", "IR_35", "IR_36", "IR_37"}
	for i := range 41 {
		if code := fmt.Sprintf("IR_%02d", i); !slices.Contains(none, code) {
			codes = append(codes, code)
		}
	}
	return append(codes, "HE_00", "HE_01", "HE_02")
}

func payinWords() (words []string) {
	for _, s := range payin.Statuses() {
		words = append(words, string(s))
	}
	return words
}

// bodyOf is the text of a test.
func bodyOf(source, name string) string {
	_, rest, _ := strings.Cut(source, "\nfunc "+name+"(")
	body, _, _ := strings.Cut(rest, "\n}\n")
	return body
}
