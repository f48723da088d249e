package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"penstock/httpd/client"
)

// release is what the verb prints for a program.
type release struct {
	client.Hold
	Released bool `json:"released"`
}

func verbRelease(env Env) *cobra.Command {
	var yes, unlisted bool
	cmd := &cobra.Command{
		Use:     "release [--yes] [--unlisted]",
		Short:   "Let a store that is on hold send again",
		GroupID: groupKeep,
		Args:    cobra.NoArgs,
		Long: `A store that is older than what it has done (restored, rolled back, copied over)
is on hold: it asks providers what became of each payout and brings back from
their lists what it had forgotten, but sends nothing and takes no payout. Shows
why, what is still uncertain and what was brought back, and asks before it ends
the hold. Payouts that are uncertain then are looked up before money moves. It
is refused while a provider's list can't be read; --unlisted releases all the
same, once you have compared by hand. Exit code 1 if there is no hold.`,
		Example: `  penstock release --config pay/config.toml          # shows, then asks
  penstock release --yes --json | jq .recovered      # for scripts, after somebody has looked`,
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "don't ask")
	cmd.Flags().BoolVar(&unlisted, "unlisted", false, "although a provider's list can't be read: what it knows stays forgotten")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := reach(env, *r.file)
		if err != nil {
			return err
		}
		h, err := c.Hold(cmd.Context())
		if err != nil {
			return answered(err)
		}
		if h.Why == "" {
			return errors.New("the store is not on hold: there is nothing to release")
		}
		if !*r.json {
			printPairs(env, []pair{{"On hold", h.Why}, {"Uncertain", plural(h.Uncertain, "payout") + ", looked up before money moves"},
				{"Brought back", plural(h.Recovered, "payout") + " from the providers' lists"}})
		}
		if !yes {
			if err := confirm(env, "Send again?"); err != nil {
				return err
			}
		}
		if _, err := c.Release(cmd.Context(), unlisted); err != nil {
			return answered(err)
		}
		if *r.json {
			return printJSON(env, release{h, true})
		}
		fmt.Fprintln(env.Stdout, "Released: payouts are taken and sent again.")
		return nil
	}
	return cmd
}

// confirm asks a person. Where there is none, nothing is taken for a yes.
func confirm(env Env, question string) error {
	f, ok := env.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return withNext(refused(errors.New("standard input is no terminal where a person could be asked")), "look at the above, then repeat it with --yes")
	}
	fmt.Fprintf(env.Stderr, "%s Type yes: ", question)
	line, err := bufio.NewReader(io.LimitReader(f, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if strings.TrimSpace(line) != "yes" {
		return refused(errors.New("not confirmed: nothing was changed"))
	}
	return nil
}
