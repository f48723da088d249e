package cli

import (
	"encoding"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// override puts what the environment sets over cfg and notes it in src. A
// variable that begins like one of ours and is none is refused: a misspelt
// override that does nothing is found out only when it was needed.
func override(cfg *Config, environ []string, src source) []Problem {
	all := fields(cfg)
	known, names := map[string]field{}, make([]string, 0, len(all))
	for _, f := range all {
		known[f.Variable()] = f
		names = append(names, f.Variable())
	}
	var problems []Problem
	for _, e := range environ {
		name, value, ok := strings.Cut(e, "=")
		if !ok || !strings.HasPrefix(name, "PENSTOCK_") || len(problems) >= maxProblems {
			continue
		}
		f, ok := known[name]
		switch {
		case ok:
			if err := setText(f.value.Addr().Interface(), value); err != nil {
				problems = append(problems, Problem{Key: f.Key(), Where: name, Rule: err.Error()})
			}
			src.env[f.Key()] = name
		case !foreign(name):
			p := Problem{Where: clip(name), Rule: "overrides no configuration key"}
			if near := nearest(name, names); near != "" {
				p.Rule += fmt.Sprintf("; did you mean %s?", near)
			}
			problems = append(problems, p)
		}
	}
	return problems
}

// foreign reports whether a variable is ours without being a key: the file's
// name; PENSTOCK_TEST_*, which only tests read (.ci/run lists them); and what
// Kubernetes sets in every container beside a service called "penstock".
func foreign(name string) bool {
	return name == ConfigVariable ||
		strings.HasPrefix(name, "PENSTOCK_TEST_") ||
		name == "PENSTOCK_PORT" || strings.HasPrefix(name, "PENSTOCK_PORT_") ||
		name == "PENSTOCK_SERVICE_HOST" ||
		name == "PENSTOCK_SERVICE_PORT" || strings.HasPrefix(name, "PENSTOCK_SERVICE_PORT_")
}

// setText stores a value that is written as text. Lists are separated by
// commas, and an empty text is an empty list.
func setText(to any, text string) error {
	switch v := to.(type) {
	case encoding.TextUnmarshaler:
		return v.UnmarshalText([]byte(text))
	case *string:
		*v = text
	case *Path:
		*v = Path(text)
	case *bool:
		switch text {
		case "true", "false":
			*v = text == "true"
		default:
			return errors.New("wants true or false")
		}
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("wants a whole number")
		}
		*v = n
	case *int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errors.New("wants a whole number")
		}
		*v = n
	case *[]string:
		*v = list(text)
	case *[]Path:
		*v = []Path{}
		for _, item := range list(text) {
			*v = append(*v, Path(item))
		}
	case *[]Duration:
		items := list(text)
		spans := make([]Duration, len(items))
		for i, item := range items {
			if err := spans[i].UnmarshalText([]byte(item)); err != nil {
				return fmt.Errorf("element %d %w", i+1, err)
			}
		}
		*v = spans
	default:
		return fmt.Errorf("can't be set from the environment: %T has no text form", to)
	}
	return nil
}

func list(text string) []string {
	items := []string{}
	if strings.TrimSpace(text) == "" {
		return items
	}
	for item := range strings.SplitSeq(text, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return items
}
