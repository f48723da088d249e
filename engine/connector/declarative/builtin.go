package declarative

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed forms/*.toml
var forms embed.FS

// Builtin returns the forms that ship, by their names.
func Builtin() (map[string]*Form, error) {
	names, err := fs.Glob(forms, "forms/*.toml")
	if err != nil {
		return nil, fmt.Errorf("find the forms that ship: %w", err)
	}
	out := map[string]*Form{}
	for _, name := range names {
		doc, err := forms.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		f, err := Parse(doc)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[f.Name()] = f
	}
	return out, nil
}
