package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// sourceFile is one Go file of the house, parsed.
type sourceFile struct {
	Path    string // from the module's root, with slashes
	Test    bool
	Imports []string
	Lines   int
	fset    *token.FileSet
	syntax  *ast.File
}

// Dir is the file's package, from the module's root; empty for main.
func (f sourceFile) Dir() string {
	if dir := path.Dir(f.Path); dir != "." {
		return dir
	}
	return ""
}

// at says where in the file pos is.
func (f sourceFile) at(pos token.Pos) string {
	return f.Path + ":" + strconv.Itoa(f.fset.Position(pos).Line)
}

// named returns what the file calls the package it imports by that path;
// empty when it doesn't.
func (f sourceFile) named(importPath string) string {
	for _, spec := range f.syntax.Imports {
		if p, _ := strconv.Unquote(spec.Path.Value); p != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		base := path.Base(importPath)
		if strings.HasPrefix(base, "v") && len(base) == 2 {
			base = path.Base(path.Dir(importPath))
		}
		return base
	}
	return ""
}

func parseSource(t testing.TB, name, text string) sourceFile {
	t.Helper()
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	f := sourceFile{Path: name, Test: strings.HasSuffix(name, "_test.go"), fset: fset, syntax: syntax, Lines: strings.Count(text, "\n")}
	for _, spec := range syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		f.Imports = append(f.Imports, p)
	}
	return f
}

// moduleRoot is where go.mod is: tests run in their package's directory.
func moduleRoot(t testing.TB) string {
	t.Helper()
	root := filepath.Join("..", "..")
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil || !strings.HasPrefix(string(mod), "module penstock\n") {
		t.Fatalf("%s is not the root of module penstock: %v", root, err)
	}
	return root
}

// house parses every Go file of the module.
func house(t testing.TB) []sourceFile {
	t.Helper()
	root := moduleRoot(t)
	var files []sourceFile
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != root && (strings.HasPrefix(base, ".") || base == "testdata" || base == "dist") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		files = append(files, parseSource(t, filepath.ToSlash(rel), string(text)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("found %d Go files; the house is larger", len(files))
	}
	return files
}

// matches reports whether one of the patterns, separated by spaces, names the
// path: * stands for one name, a last ** for all that is below.
func matches(patterns, name string) bool {
	for p := range strings.FieldsSeq(patterns) {
		if stem, ok := strings.CutSuffix(p, "**"); ok {
			if strings.HasPrefix(name, stem) || name == strings.TrimSuffix(stem, "/") {
				return true
			}
		} else if ok, err := path.Match(p, name); err == nil && ok {
			return true
		}
	}
	return false
}
