package sandbox

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of DESIGN.md anew")

// TestDesignShowsTheTables keeps the document and the tables one.
func TestDesignShowsTheTables(t *testing.T) {
	old, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(old)
	for name, table := range map[string]string{"magic": magicMarkdown(), "cards": cardsMarkdown(), "fields": fieldsMarkdown()} {
		before, rest, ok := strings.Cut(text, "<!-- "+name+" -->\n")
		_, after, ends := strings.Cut(rest, "<!-- /"+name+" -->")
		if !ok || !ends {
			t.Fatalf("DESIGN.md has no place for the table %s", name)
		}
		text = before + "<!-- " + name + " -->\n" + table + "<!-- /" + name + " -->" + after
	}
	if *update {
		if err := os.WriteFile("DESIGN.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if text != string(old) {
		t.Error("DESIGN.md shows other tables than the package has; run go test -update")
	}
}

func magicMarkdown() string {
	var b strings.Builder
	b.WriteString("| what happens | | card | IBAN | account number | e-mail | phone |\n|---|---|---|---|---|---|---|\n")
	for _, m := range MagicTable() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", m.Name, m.Meaning, m.Card, m.IBAN, m.Account, m.Email, m.Phone)
	}
	return b.String()
}

func cardsMarkdown() string {
	var b strings.Builder
	b.WriteString("| card | expiry | what happens |\n|---|---|---|\n")
	for _, m := range MagicCards() {
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", m.Number, m.Expiry, m.Name)
	}
	return b.String()
}

func fieldsMarkdown() string {
	var b strings.Builder
	b.WriteString("| field | values | meaning |\n|---|---|---|\n")
	for _, m := range MagicFields() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.Name, m.Values, m.Meaning)
	}
	return b.String()
}
