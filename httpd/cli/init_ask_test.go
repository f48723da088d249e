package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInitAsks: what is wrong is asked for again, an empty line takes what is
// offered, a flag answers, and an end in the middle makes nothing.
func TestInitAsks(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, typed string
		given, want setting
		said        string
		fails       bool
	}{
		{"nothing typed", "\n\n\n", setting{}, setting{"./pay", "127.0.0.1:8080", "owner@localhost"}, "Directory [./pay]:", false},
		{"all typed", " here \n:9000\nada@example.com\n", setting{}, setting{"here", ":9000", "ada@example.com"}, "", false},
		{"wrong once", full + "\nhere\nnonsense\n:9000\nnobody\nada@example.com\n", setting{}, setting{"here", ":9000", "ada@example.com"}, "is not empty", false},
		{"flags answer", "\n", setting{listen: ":1", email: "a@b"}, setting{"./pay", ":1", "a@b"}, "", false},
		{"an end in the middle", "here\n", setting{}, setting{}, "", true},
		{"nothing but nonsense", "here\n" + strings.Repeat("x\n", 9), setting{}, setting{}, "", true},
	} {
		var out bytes.Buffer
		got, err := askSetting(strings.NewReader(row.typed), &out, row.given)
		if got != row.want || (err != nil) != row.fails || !strings.Contains(out.String(), row.said) {
			t.Errorf("%s: %+v, %v, %s; want %+v", row.name, got, err, &out, row.want)
		}
	}
}
