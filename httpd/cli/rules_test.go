package cli

import (
	"go/ast"
	"strings"
	"testing"
)

// TestOnlyTheProofReplacesARule: engine.Rules plants bugs on purpose, and
// nothing that ships may reach them but the proof.
func TestOnlyTheProofReplacesARule(t *testing.T) {
	for _, f := range house(t) {
		if f.Test || f.Dir() == "engine" || strings.HasPrefix(f.Dir(), "engine/sim") {
			continue
		}
		name := f.named("penstock/engine")
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok && name != "" {
				if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Rules" {
					t.Errorf("%s sets the engine's Rules", f.at(n.Pos()))
				}
			}
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Rules" && name != "" {
				t.Errorf("%s reaches for the engine's Rules", f.at(n.Pos()))
			}
			return true
		})
	}
}
