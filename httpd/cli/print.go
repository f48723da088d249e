package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// jsonFlag gives a verb --json.
func jsonFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "print JSON")
}

// printJSON prints data for a program.
func printJSON(env Env, v any) error {
	enc := json.NewEncoder(env.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// pair is one line of data with its name.
type pair struct{ name, value string }

// printPairs prints data for a person, names in one column; pairs without a
// value are left out.
func printPairs(env Env, pairs []pair) {
	width := 0
	for _, p := range pairs {
		width = max(width, len(p.name))
	}
	for _, p := range pairs {
		if p.value != "" {
			fmt.Fprintf(env.Stdout, "%-*s  %s\n", width, p.name, p.value)
		}
	}
}

// printTable prints rows under headings, each column as wide as it has to be.
func printTable(env Env, headings []string, rows [][]string) error {
	rows = append([][]string{headings}, rows...)
	widths := make([]int, len(headings))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(env.Stdout, out.String())
	return err
}

// when is a moment for a person.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// moreNote says on standard error that a list goes on.
func moreNote(env Env, more bool, how string) {
	if more {
		fmt.Fprintf(env.Stderr, "there may be more: %s\n", how)
	}
}
