package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestPagesKeepTheirText gives a page all that man(7) would take for its own.
func TestPagesKeepTheirText(t *testing.T) {
	cmd := &cobra.Command{
		Use: "strange FILE", Short: "Strange things", Run: func(*cobra.Command, []string) {},
		Long:    ".TH is a macro\n'br too\n\nwith \\fB and a `tick`\n\n  indented\n    more",
		Example: "  strange 'a b'\n  .hidden \\n",
	}
	cmd.Flags().String("name", `"x"`, "`NAME` that it has")
	got := manPage(cmd, "v1")
	for _, want := range []string{
		"\n\\&.TH is a macro\n\\(aqbr too\n.PP\nwith \\efB and a \\(gatick\\(ga\n", ".nf\nindented\n  more\n.fi\n",
		"\nstrange \\(aqa b\\(aq\n\\&.hidden \\en\n", "\n.BI \"\\-\\-name \" \"NAME\"\nNAME that it has (default \\(dqx\\(dq)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	if strings.Count(got, ".TH") != 2 {
		t.Errorf("a line of text became a macro:\n%s", got)
	}
}

// TestEveryVerbIsShown: each verb that may be called has a page, says what it
// does and gives an example.
func TestEveryVerbIsShown(t *testing.T) {
	for _, cmd := range subcommands(newRoot(Env{})) {
		if cmd.Short == "" || cmd.Example == "" && !cmd.HasSubCommands() {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		if page := manPage(cmd, "v1"); !strings.HasPrefix(page, ".TH ") || !strings.Contains(page, ".SH \"SYNOPSIS\"") {
			t.Errorf("%s has no page: %.80q", cmd.CommandPath(), page)
		}
	}
}
