package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// firstVerbs are what somebody who has typed nothing but the name may be
// looking for.
var firstVerbs = [...]string{"demo", "init", "serve", "status", "payout", "webhook", "check", "doctor"}

// greet prints the first verbs by task.
func greet(root *cobra.Command) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n", root.Short)
	for _, g := range root.Groups() {
		title := g.Title
		for _, c := range root.Commands() {
			if c.GroupID != g.ID || !slices.Contains(firstVerbs[:], c.Name()) {
				continue
			}
			if title != "" {
				fmt.Fprintf(&out, "\n%s:\n", title)
				title = ""
			}
			fmt.Fprintf(&out, "  penstock %-9s%s\n", c.Name(), c.Short)
		}
	}
	fmt.Fprint(&out, "\nAll commands, with examples: penstock --help\n")
	_, err := fmt.Fprint(root.OutOrStdout(), out.String())
	return err
}

// helpTemplate begins with what a command does.
const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{.UsageString}}`

// usageTemplate lists the verbs by task and stays short.
const usageTemplate = `Usage: {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND{{else}}{{.UseLine}}{{end}}
{{- if .HasAvailableSubCommands}}
{{- $cmds := .Commands}}{{$root := .}}
{{- range $group := .Groups}}{{$title := false}}
{{- range $cmds}}{{if and (eq .GroupID $group.ID) .IsAvailableCommand}}
{{- if not $title}}

{{$group.Title}}:{{$title = true}}{{end}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}
{{- if not .AllChildCommandsHaveGroup}}
{{range $cmds}}{{if and (eq .GroupID "") .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}{{end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}

Flags of every verb:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by policy, 4 outcome unknown (do not repeat blindly).
{{- if .HasAvailableSubCommands}}
More: {{.CommandPath}} COMMAND --help{{end}}
`
