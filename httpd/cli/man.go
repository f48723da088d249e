package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// pageName is a command's name as a manual page: penstock-payout-list.
func pageName(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-")
}

// manPage is the page of one command in the language of man(7). It is made of
// what help shows, so that the two can't part, and has no date in it.
func manPage(cmd *cobra.Command, version string) string {
	p := &page{}
	p.macro("TH", strings.ToUpper(pageName(cmd)), "1", "", "penstock "+version, "penstock manual")
	p.macro("SH", "NAME")
	p.line(pageName(cmd) + " - " + cmd.Short)
	p.macro("SH", "SYNOPSIS")
	synopsis := strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
	if cmd.HasAvailableSubCommands() {
		synopsis = " COMMAND"
	}
	p.macro("B", cmd.CommandPath())
	p.line(strings.TrimSpace(synopsis))
	if cmd.Long != "" {
		p.macro("SH", "DESCRIPTION")
		p.text(cmd.Long)
	}
	p.commands(cmd)
	p.flags(cmd)
	if cmd.Example != "" {
		p.macro("SH", "EXAMPLES")
		p.verbatim(cmd.Example)
	}
	p.ending(cmd)
	return p.String()
}

// page collects lines of man(7).
type page struct{ strings.Builder }

// roff writes text so that no character of it is taken for a command.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

func (p *page) macro(name string, args ...string) {
	p.WriteString("." + name)
	for _, a := range args {
		p.WriteString(` "` + roff(a) + `"`)
	}
	p.WriteByte('\n')
}

func (p *page) line(s string) { p.WriteString(roff(strings.TrimSpace(s)) + "\n") }

// text is paragraphs, with a blank line between two; an indented one keeps its
// lines.
func (p *page) text(s string) {
	for i, paragraph := range strings.Split(strings.Trim(s, "\n"), "\n\n") {
		if i > 0 {
			p.macro("PP")
		}
		if strings.HasPrefix(paragraph, " ") {
			p.verbatim(paragraph)
			continue
		}
		for l := range strings.SplitSeq(paragraph, "\n") {
			p.line(l)
		}
	}
}

func (p *page) verbatim(s string) {
	p.macro("nf")
	for l := range strings.SplitSeq(strings.Trim(s, "\n"), "\n") {
		p.WriteString(roff(strings.TrimPrefix(l, "  ")) + "\n")
	}
	p.macro("fi")
}

func (p *page) commands(cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	p.macro("SH", "COMMANDS")
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			p.macro("TP")
			p.macro("BR", pageName(sub), "(1)")
			p.line(sub.Short)
		}
	}
}

func (p *page) flags(cmd *cobra.Command) {
	flags := cmd.NonInheritedFlags()
	if !flags.HasAvailableFlags() {
		return
	}
	p.macro("SH", "OPTIONS")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		p.macro("TP")
		if value == "" {
			p.macro("B", name)
		} else {
			p.macro("BI", name+" ", value)
		}
		if d := f.DefValue; d != "" && d != "false" && d != "0" && d != "0s" && d != "[]" {
			usage += fmt.Sprintf(" (default %s)", d)
		}
		p.line(usage)
	})
}

// ending is what is the same on every page.
func (p *page) ending(cmd *cobra.Command) {
	p.macro("SH", "EXIT STATUS")
	for _, row := range [][2]string{{"0", "done"}, {"1", "failed; nothing is in doubt"}, {"2", "wrong usage or configuration; nothing was tried"},
		{"3", "refused by policy"}, {"4", "the outcome is not known: do not repeat blindly"}} {
		p.macro("TP")
		p.macro("B", row[0])
		p.line(row[1])
	}
	p.macro("SH", "ENVIRONMENT")
	p.macro("TP")
	p.macro("B", ConfigVariable)
	p.line("names the configuration file where --config is not given.")
	p.macro("TP")
	p.macro("B", "PENSTOCK_SECTION_KEY")
	p.line("overrides the key section.key of the configuration.")
	p.macro("SH", "SEE ALSO")
	if cmd.HasParent() {
		p.macro("BR", pageName(cmd.Parent()), "(1)")
		return
	}
	p.line("The daemon serves its documentation at /docs.")
}
