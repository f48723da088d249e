package cli

import (
	"slices"
	"strings"
)

// maxProblems bounds how much one look at a configuration complains about.
const maxProblems = 20

// Problem is one thing that is wrong with a configuration. It shows no secret.
type Problem struct {
	Key     string // section.key; empty where the file can't be read at all
	Where   string // FILE:LINE:COLUMN or the variable's name; empty for a default
	Rule    string // what is wanted
	Snippet string // the line in question; may be empty
}

// String is the problem on one line, and the snippet below it.
func (p Problem) String() string {
	var parts []string
	for _, s := range []string{p.Where, p.Key, p.Rule} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	s := strings.Join(parts, ": ")
	if p.Snippet != "" {
		s += "\n" + p.Snippet
	}
	return s
}

// ConfigError is a configuration that can't be used; nothing was changed.
type ConfigError struct{ Problems []Problem }

// Error lists every problem, one after another.
func (e *ConfigError) Error() string {
	lines := []string{"configuration is not valid"}
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// nearest returns the candidate that a person most likely meant, or nothing
// when none is near: at most a third of the word may differ.
func nearest(word string, candidates []string) string {
	if len(word) > 64 {
		return ""
	}
	candidates = slices.Sorted(slices.Values(candidates))
	best, least := "", len(word)/3+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions and replacements of bytes between
// a and b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
