package cli

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What DESIGN.md 13 forbids, as far as a file's syntax shows it.

// maxLines is where a file stops being one idea.
const maxLines = 600

// clockFiles may look at the clock and draw by chance: all else is given both.
const clockFiles = "engine/run.go httpd/cli/*"

// forbidden lists what f does that the house forbids.
func forbidden(f sourceFile) []string {
	var bad []string
	add := func(pos token.Pos, format string, args ...any) {
		bad = append(bad, f.at(pos)+": "+fmt.Sprintf(format, args...))
	}
	for _, word := range []string{f.syntax.Name.Name, path.Base(f.Path)} {
		word = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(word, ".go"), "_test"), "_")
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "types", "models"}, word) {
			add(f.syntax.Package, "%q says nothing of what is in it", word)
		}
	}
	if f.Lines > maxLines && !f.Test && !ast.IsGenerated(f.syntax) {
		add(f.syntax.Package, "%d lines are more than %d", f.Lines, maxLines)
	}
	for _, group := range f.syntax.Comments {
		if m := regexp.MustCompile(`\b(TODO|FIXME)\b`).FindString(group.Text()); m != "" {
			add(group.Pos(), "a %s is a promise to nobody", m)
		}
	}
	forbiddenChance(f, add)
	forbiddenClock(f, add)
	if !f.Test {
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				add(fn.Pos(), "func init runs where nobody sees it")
			}
		}
		if matches("engine/money engine/payout engine/reconcile engine/ledger engine/fx engine/routing", f.Dir()) {
			forbiddenFloats(f, add)
		}
	}
	return bad
}

type adder func(pos token.Pos, format string, args ...any)

// timerless is what has to run in one goroutine under a seed, or to end
// without one: no timer starts there.
const timerless = "engine engine/money engine/payout engine/routing engine/fx engine/ledger engine/service engine/webhook engine/sim store store/* locker"

// forbiddenClock finds the wall clock and waiting. Tests may read the clock,
// but wait only in a synctest bubble, where it costs nothing, or for another
// process.
func forbiddenClock(f sourceFile, add adder) {
	if matches(clockFiles, f.Path) {
		return
	}
	banned := []string{"Now", "Since", "Until", "Sleep", "After", "Tick"}
	if matches(timerless, f.Dir()) {
		banned = append(banned, "AfterFunc", "NewTimer", "NewTicker")
	}
	if f.Test {
		banned = []string{"Sleep"}
		if f.named("testing/synctest") != "" {
			return
		}
	}
	selectors(f, "time", func(sel *ast.SelectorExpr) {
		if slices.Contains(banned, sel.Sel.Name) {
			add(sel.Pos(), "time.%s: the clock is injected", sel.Sel.Name)
		}
	})
}

// forbiddenChance finds randomness without a seed.
func forbiddenChance(f sourceFile, add adder) {
	if f.Test || matches(clockFiles, f.Path) {
		return
	}
	if name := f.named("crypto/rand"); name != "" && f.Dir() != "locker" {
		add(f.syntax.Package, "crypto/rand: randomness is injected")
	}
	seeded := []string{"New", "NewPCG", "NewChaCha8", "NewSource", "NewZipf", "Rand", "Source", "PCG", "ChaCha8", "Zipf"}
	for _, pkg := range []string{"math/rand", "math/rand/v2"} {
		selectors(f, pkg, func(sel *ast.SelectorExpr) {
			if !slices.Contains(seeded, sel.Sel.Name) {
				add(sel.Pos(), "%s.%s: randomness is injected", pkg, sel.Sel.Name)
			}
		})
	}
}

// forbiddenFloats finds binary fractions where amounts are.
func forbiddenFloats(f sourceFile, add adder) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if slices.Contains([]string{"float32", "float64", "ParseFloat", "FormatFloat", "Float64", "Float32", "SetFloat64"}, n.Name) {
				add(n.Pos(), "%s near money", n.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT && strings.Contains(n.Value, ".") { // 1e3 is whole
				add(n.Pos(), "%s near money", n.Value)
			}
		}
		return true
	})
}

// selectors calls fn for each use of a member of the package.
func selectors(f sourceFile, pkg string, fn func(*ast.SelectorExpr)) {
	name := f.named(pkg)
	if name == "" {
		return
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == name {
				fn(sel)
			}
		}
		return true
	})
}

func TestNothingForbidden(t *testing.T) {
	for _, f := range house(t) {
		for _, bad := range forbidden(f) {
			t.Error(bad)
		}
	}
}

// TestForbiddenIsSeen plants each thing once where it is forbidden, and what
// is alike and allowed beside it.
func TestForbiddenIsSeen(t *testing.T) {
	rows := []struct {
		file, text string
		want       int
	}{
		{"engine/work.go", "package engine\nimport \"time\"\nvar f = time.Now\n", 1},
		{"engine/work.go", "package engine\nimport clock \"time\"\nfunc f() { clock.Sleep(1) }\n", 1},
		{"engine/work.go", "package engine\nimport \"time\"\nvar d = time.Second\n", 0},
		{"engine/work.go", "package engine\nimport \"time\"\nvar t = time.NewTimer(1)\n", 1},
		{"httpd/guard.go", "package httpd\nimport \"time\"\nvar t = time.NewTimer(1)\n", 0},
		{"httpd/guard.go", "package httpd\nimport \"time\"\nvar t = time.After(1)\n", 1},
		{"engine/run.go", "package engine\nimport \"time\"\nvar f = time.Now\n", 0},
		{"httpd/cli/serve.go", "package cli\nimport \"time\"\nvar f = time.Now\n", 0},
		{"engine/work_test.go", "package engine\nimport \"time\"\nfunc f() { time.Sleep(1) }\n", 1},
		{"engine/work_test.go", "package engine\nimport (\n\"testing/synctest\"\n\"time\"\n)\nfunc f() { synctest.Wait(); time.Sleep(1) }\n", 0},
		{"engine/work_test.go", "package engine\nimport \"time\"\nvar f = time.Now\n", 0},
		{"engine/ids.go", "package engine\nimport \"crypto/rand\"\nvar r = rand.Reader\n", 1},
		{"locker/seal.go", "package locker\nimport \"crypto/rand\"\nvar r = rand.Reader\n", 0},
		{"engine/work.go", "package engine\nimport \"math/rand/v2\"\nvar n = rand.IntN(3)\n", 1},
		{"engine/sim/world.go", "package sim\nimport \"math/rand/v2\"\nvar r = rand.New(rand.NewPCG(1, 2))\n", 0},
		{"engine/money/amount.go", "package money\nvar x float64\n", 1},
		{"engine/ledger/post.go", "package ledger\nvar x = 1.5\n", 1},
		{"engine/work.go", "package engine\nvar x float64\n", 0},
		{"engine/work.go", "package engine\nfunc init() {}\n", 1},
		{"engine/work.go", "package engine\ntype t int\nfunc (t) init() {}\n", 0},
		{"engine/common/x.go", "package common\n", 1},
		{"engine/helpers_test.go", "package engine\n", 1},
		{"engine/work.go", "package engine\n" + strings.Repeat("\n", maxLines), 1},
		{"engine/work_test.go", "package engine\n" + strings.Repeat("\n", maxLines), 0},
		{"engine/work.go", "package engine\n\n// TO" + "DO: later\n", 1},
	}
	for _, row := range rows {
		if got := forbidden(parseSource(t, row.file, row.text)); len(got) != row.want {
			t.Errorf("%s: %q: got %q, want %d findings", row.file, clip(row.text), got, row.want)
		}
	}
}

// TestTopOfTheHouse keeps new folders from appearing at the top unnoticed.
func TestTopOfTheHouse(t *testing.T) {
	entries, err := os.ReadDir(moduleRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	rooms := []string{".ci", ".git", "deploy", "dist", "engine", "httpd", "locker", "store"}
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(rooms, e.Name()) {
			t.Errorf("folder %s is not in the plan of the house (DESIGN.md 2)", e.Name())
		}
	}
}
