package cli

import (
	"go/ast"
	"strings"
	"testing"
)

// TestOnlyTheProofReplacesARule: engine.Rules plants bugs on purpose, and
// nothing that ships may reach them but the proof: not by the type's name, not
// in an engine.Config, not by one of its members. (Rate schemes and routing
// trees have rules too, which are something else.)
func TestOnlyTheProofReplacesARule(t *testing.T) {
	files := house(t)
	members := rulesOf(files)
	if len(members) < 10 {
		t.Fatalf("engine.Rules has %d members: the test can't find them", len(members))
	}
	for _, f := range files {
		name := f.named("penstock/engine")
		if f.Test || name == "" || strings.HasPrefix(f.Dir(), "engine/sim") {
			continue
		}
		for _, pos := range reaches(f.syntax, name, members) {
			t.Errorf("%s reaches for the engine's Rules", f.at(pos.Pos()))
		}
	}
	for _, bad := range []string{"var r engine.Rules", "func f(e *engine.Engine) { e.Rules.Judge = nil }", "var c = engine.Config{Rules: nothing}", "func f(c engine.Config) { c.Rules = nothing }"} {
		f := parseSource(t, "bad.go", "package bad\nimport \"penstock/engine\"\n"+bad)
		if len(reaches(f.syntax, "engine", members)) == 0 {
			t.Errorf("%q is not seen", bad)
		}
	}
}

// rulesOf is the names of what engine.Rules has.
func rulesOf(files []sourceFile) map[string]bool {
	members := map[string]bool{}
	for _, f := range files {
		if f.Path != "engine/rules.go" {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if s, ok := n.(*ast.TypeSpec); ok && s.Name.Name == "Rules" {
				for _, field := range s.Type.(*ast.StructType).Fields.List {
					for _, name := range field.Names {
						members[name.Name] = true
					}
				}
			}
			return true
		})
	}
	return members
}

// reaches is where a file that calls the package engine so reaches its Rules.
func reaches(syntax *ast.File, engine string, members map[string]bool) (at []ast.Node) {
	is := func(e ast.Expr, pkg, sel string) bool {
		s, ok := e.(*ast.SelectorExpr)
		if !ok || s.Sel.Name != sel {
			return false
		}
		id, ok := s.X.(*ast.Ident)
		return pkg == "" || ok && id.Name == pkg
	}
	ast.Inspect(syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if is(n, engine, "Rules") || members[n.Sel.Name] && is(n.X, "", "Rules") {
				at = append(at, n)
			}
		case *ast.CompositeLit:
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && is(n.Type, engine, "Config") {
					if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Rules" {
						at = append(at, kv)
					}
				}
			}
		case *ast.AssignStmt:
			for _, to := range n.Lhs {
				if s, ok := to.(*ast.SelectorExpr); ok && s.Sel.Name == "Rules" && holdsConfig(s.X) {
					at = append(at, s)
				}
			}
		}
		return true
	})
	return at
}

// holdsConfig guesses by its name that something is an engine, or what one is
// made of.
func holdsConfig(e ast.Expr) bool {
	name := ""
	switch e := e.(type) {
	case *ast.Ident:
		name = e.Name
	case *ast.SelectorExpr:
		name = e.Sel.Name
	}
	switch strings.ToLower(name) {
	case "e", "engine", "c", "cfg", "config":
		return true
	}
	return false
}
