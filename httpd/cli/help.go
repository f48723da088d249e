package cli

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
