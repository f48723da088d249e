package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// exampleLine is a key of the example, commented out or set.
var exampleLine = regexp.MustCompile(`^#?([a-z_]+) = (.+)$`)

func readExample(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "config.example.toml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// uncommented sets every key of the example.
func uncommented(example string) string {
	return regexp.MustCompile(`(?m)^#([a-z_]+ = )`).ReplaceAllString(example, "$1")
}

func parseText(doc string, environ ...string) (Config, error) {
	return parseConfig([]byte(doc), "config.toml", "/etc/penstock", environ)
}

func TestExampleIsTheDefaults(t *testing.T) {
	example := readExample(t)
	want := defaults()
	want.resolve("/etc/penstock")
	for name, doc := range map[string]string{"as it stands": example, "every key set": uncommented(example), "empty": ""} {
		got, err := parseText(doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v\nwant %+v", name, got, want)
		}
	}
}

// TestExampleHasEveryKeyWithItsReason holds the file to the struct: each key
// once, in its section and order, with one line of comment right above it.
func TestExampleHasEveryKeyWithItsReason(t *testing.T) {
	var want []string
	cfg := defaults()
	for _, f := range fields(&cfg) {
		want = append(want, f.Key())
	}
	var got []string
	section, above := "", ""
	for i, line := range strings.Split(readExample(t), "\n") {
		switch m := exampleLine.FindStringSubmatch(line); {
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		case m != nil:
			got = append(got, section+"."+m[1])
			if reason, ok := strings.CutPrefix(above, "# "); !ok || len(reason) < 20 || !strings.HasSuffix(reason, ".") {
				t.Errorf("line %d: %s.%s has no line of why above it: %q", i+1, section, m[1], above)
			}
		case line != "" && !strings.HasPrefix(line, "# ") && line != "#":
			t.Errorf("line %d is neither a key nor a comment: %q", i+1, line)
		}
		above = line
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("keys of the example:\n%v\nwant those of Config:\n%v", got, want)
	}
}

// TestVariableForEveryKey gives each default through the environment.
func TestVariableForEveryKey(t *testing.T) {
	var environ []string
	section := ""
	for line := range strings.Lines(readExample(t)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
		}
		if m := exampleLine.FindStringSubmatch(line); m != nil {
			value := strings.NewReplacer(`"`, "", "[", "", "]", "").Replace(m[2])
			environ = append(environ, "PENSTOCK_"+strings.ToUpper(section+"_"+m[1])+"="+value)
		}
	}
	want, err := parseText("")
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseText("", environ...)
	if err != nil {
		t.Fatalf("with %q: %v", environ, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	cfg := defaults()
	if n := len(fields(&cfg)); len(environ) != n {
		t.Errorf("%d variables tried, want %d", len(environ), n)
	}
}

func TestFillExample(t *testing.T) {
	filled, err := fillExample([]byte(readExample(t)), map[string]any{
		"server.listen":      "0.0.0.0:9000",
		"rest.admin_api_key": "0123456789abcdef'\"",
		"engine.ticker":      false,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseText(string(filled))
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Server.Listen = "0.0.0.0:9000"
	want.Rest.AdminAPIKey = Secret{"0123456789abcdef'\""}
	want.Engine.Ticker = false
	want.resolve("/etc/penstock")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if _, err := fillExample([]byte(readExample(t)), map[string]any{"server.nothing": 1}); err == nil {
		t.Error("a key that the example lacks was taken without a word")
	}
}

// TestEveryKeyHasAReader keeps out keys that change nothing: once the
// appliance is wired together, each field is read outside of config*.go.
func TestEveryKeyHasAReader(t *testing.T) {
	cfg := defaults()
	all := fields(&cfg)
	for _, f := range all {
		if f.Reader == "" {
			t.Errorf("%s names no reader", f.Key())
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	wired, text := false, ""
	for _, name := range sources {
		if strings.HasPrefix(name, "config") && name != "config.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		wired = wired || strings.HasSuffix(name, "serve.go")
		text += string(b)
	}
	if !wired {
		t.Skip("there is no serve verb yet that could read the keys")
	}
	root := reflect.TypeOf(cfg)
	for i := range root.NumField() {
		section := root.Field(i)
		for j := range section.Type.NumField() {
			name := section.Type.Field(j).Name
			if !regexp.MustCompile(`\.` + name + `\b`).MatchString(text) {
				t.Errorf("nothing reads %s.%s", section.Name, name)
			}
		}
	}
}
