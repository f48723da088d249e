package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func verbMan(env Env) *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages",
		GroupID: groupKeep,
		Args:    cobra.ExactArgs(1),
		Long: `Writes a page of section 1 for each verb to DIR, which is made if it isn't there:
penstock.1, penstock-serve.1 and so on. They say what --help says. Pages of the
same names are written over. The same penstock writes the same bytes.`,
		Example: `  penstock man man1 && man -l man1/penstock-serve.1
  sudo penstock man /usr/local/share/man/man1`,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := writePages(cmd.Root(), args[0])
			if err == nil {
				_, err = fmt.Fprintf(env.Stdout, "%s in %s\n", plural(n, "page"), args[0])
			}
			return err
		},
	}
}

// writePages writes the page of a command and those of all below it.
func writePages(root *cobra.Command, dir string) (n int, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, fmt.Errorf("make %s: %w", dir, err)
	}
	for _, cmd := range append([]*cobra.Command{root}, subcommands(root)...) {
		name := filepath.Join(dir, pageName(cmd)+".1")
		if err := os.WriteFile(name, []byte(manPage(cmd, readVersion().Version)), 0o644); err != nil {
			return n, fmt.Errorf("write page: %w", err)
		}
		n++
	}
	return n, nil
}

// subcommands are those below cmd that help shows.
func subcommands(cmd *cobra.Command) (all []*cobra.Command) {
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			all = append(append(all, sub), subcommands(sub)...)
		}
	}
	return all
}
