package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// fillExample returns the text of config.example.toml with some keys, named
// section.key, set to values of their own. All else stays commented out, so
// that a later version's better default takes effect.
func fillExample(example []byte, set map[string]any) ([]byte, error) {
	var out bytes.Buffer
	done, section := 0, ""
	for line := range strings.Lines(string(example)) {
		if name, ok := strings.CutPrefix(line, "["); ok {
			section, _, _ = strings.Cut(name, "]")
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "#"), " = ")
		if value, ok := set[section+"."+name]; ok && strings.HasPrefix(line, "#"+name+" = ") {
			text, err := toml.Marshal(map[string]any{name: value})
			if err != nil {
				return nil, fmt.Errorf("write %s.%s: %w", section, name, err)
			}
			out.Write(text)
			done++
			continue
		}
		out.WriteString(line)
	}
	if done != len(set) {
		return nil, fmt.Errorf("write configuration: %d of %d keys are in the example", done, len(set))
	}
	return out.Bytes(), nil
}
