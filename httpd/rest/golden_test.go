package rest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the answers that came into testdata")

// TestGolden plays the stories of testdata: a file is named for a request, or
// for the time that passes, and what follows a request is its answer. $name
// in a request is the member of that name in the latest answer that had it;
// ids, tokens and secrets are numbered, so that only their places count.
func TestGolden(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.txtar")
	must(t, err)
	if len(stories) == 0 {
		t.Fatal("no stories in testdata")
	}
	for _, path := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { play(t, path) })
	}
}

func play(t *testing.T, path string) {
	script, err := txtar.ParseFile(path)
	must(t, err)
	s := newShop(t)
	b := &book{vars: map[string]string{"key": s.key, "pk": s.pk}, seen: map[string]string{}, count: map[string]int{}}
	out := &txtar.Archive{Comment: script.Comment}
	for i := 0; i < len(script.Files); i++ {
		f := script.Files[i]
		out.Files = append(out.Files, f)
		if span, ok := strings.CutPrefix(f.Name, "run "); ok {
			d, err := time.ParseDuration(span)
			must(t, err)
			s.run(d)
			continue
		}
		method, target, _ := strings.Cut(f.Name, " ")
		header, body := headerOf(string(f.Data))
		r := s.do(method, b.fill(target), b.fill(body), b.fillAll(header)...)
		b.learn(r.json)
		got := txtar.File{Name: fmt.Sprint(r.status), Data: b.shown(t, r.body)}
		out.Files = append(out.Files, got)
		if *update {
			if i+1 < len(script.Files) && isStatus(script.Files[i+1].Name) {
				i++
			}
			continue
		}
		if i++; i >= len(script.Files) || !isStatus(script.Files[i].Name) {
			t.Fatalf("%s has no answer in the story", f.Name)
		}
		if want := script.Files[i]; want.Name != got.Name || !bytes.Equal(want.Data, got.Data) {
			t.Errorf("%s: want %s, got %s\n%s", f.Name, want.Name, got.Name, firstDifference(string(want.Data), string(got.Data)))
		}
	}
	if *update {
		must(t, os.WriteFile(path, txtar.Format(out), 0o644))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			return fmt.Sprintf("line %d:\n- %s\n+ %s", i+1, w[i], strings.Join(g[min(i, len(g)):min(i+3, len(g))], "\n+ "))
		}
	}
	return "more lines than wanted"
}

func isStatus(name string) bool { return len(name) == 3 && name[0] >= '1' && name[0] <= '5' }

// headerOf splits off lines like "Name: value" before the body.
func headerOf(data string) (header []string, body string) {
	for {
		line, rest, ok := strings.Cut(data, "\n")
		if !ok || strings.HasPrefix(line, "{") || !strings.Contains(line, ": ") {
			return header, strings.TrimSpace(data)
		}
		header, data = append(header, line), rest
	}
}

// book knows what earlier answers said.
type book struct {
	vars  map[string]string
	seen  map[string]string // what was made up on the run -> its number
	count map[string]int
}

func (b *book) fill(text string) string {
	return regexp.MustCompile(`\$[a-z_]+`).ReplaceAllStringFunc(text, func(name string) string {
		if v, ok := b.vars[name[1:]]; ok {
			return v
		}
		return name
	})
}

func (b *book) fillAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = b.fill(s)
	}
	return out
}

func (b *book) learn(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, in := range v {
			if s, ok := in.(string); ok {
				b.vars[name] = s
			}
			b.learn(in)
		}
	case []any:
		for i := len(v) - 1; i >= 0; i-- { // the first entry is the one that is meant
			b.learn(v[i])
		}
	}
}

var madeUp = regexp.MustCompile(`(payout|cus|pm|mca|pro|po|evt|txn|trf|req)_[0-9a-hjkmnp-tv-z]{26}|token_[0-9a-z]{60,}|_secret_[0-9A-Za-z]{20}|fingerprint":"[0-9a-z]{32}`)

// shown is an answer as the book has it: indented, with what was made up on
// the run numbered.
func (b *book) shown(t *testing.T, body string) []byte {
	t.Helper()
	body = madeUp.ReplaceAllStringFunc(body, func(s string) string {
		kind := s[:strings.LastIndexAny(s, `_"`)+1]
		if b.seen[s] == "" {
			b.count[kind]++
			b.seen[s] = fmt.Sprintf("%s#%d", kind, b.count[kind])
		}
		return b.seen[s]
	})
	var out bytes.Buffer
	must(t, json.Indent(&out, []byte(body), "", "  "))
	out.WriteByte('\n')
	return out.Bytes()
}
