package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"penstock/engine"
	"penstock/httpd/client"
)

// release is what the verb prints for a program.
type release struct {
	client.Hold
	Released bool `json:"released"`
}

func verbRelease(env Env) *cobra.Command {
	var yes, unlisted, trust bool
	cmd := &cobra.Command{
		Use:     "release [--yes] [--unlisted] | --trust",
		Short:   "Let a store that is on hold send again",
		GroupID: groupKeep,
		Args:    cobra.NoArgs,
		Long: `A store that is older than what it has done (restored, rolled back, copied over)
is on hold: it asks providers what became of each payout and brings back from
their lists what it had forgotten, but sends nothing and takes no payout. Shows
why, what is still uncertain and what was brought back, and asks before it ends
the hold. Payouts that are uncertain then are looked up before money moves, and
a merchant who repeats a create that was forgotten gets what was brought back.
It waits until nothing that was sent before can still arrive (seconds, for most
providers).

It is refused while a provider's list can't be read. --unlisted releases all the
same: each new payout by that provider account then waits for a person, since it
may be one that was forgotten. Once you have compared with the provider's report,
--trust ends that. Exit code 1 if there is no hold, or nothing to trust.`,
		Example: `  penstock release --config pay/config.toml          # shows, then asks
  penstock release --yes --json | jq .recovered      # for scripts, after somebody has looked
  penstock release --trust                           # after a release --unlisted, and a look at the report`,
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "don't ask")
	cmd.Flags().BoolVar(&unlisted, "unlisted", false, "although a provider's list can't be read: new payouts by it wait for a person")
	cmd.Flags().BoolVar(&trust, "trust", false, "let those new payouts go out by themselves again")
	cmd.MarkFlagsMutuallyExclusive("unlisted", "trust")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := reach(env, *r.file)
		if err != nil {
			return err
		}
		if trust {
			return trustAgain(cmd.Context(), env, c, *r.json)
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
		if err := releaseSoon(cmd.Context(), env, c, unlisted); err != nil {
			return answered(err)
		}
		after, err := c.Hold(cmd.Context())
		if err != nil {
			return answered(err)
		}
		h.Wary = after.Wary
		if *r.json {
			return printJSON(env, release{h, true})
		}
		fmt.Fprintln(env.Stdout, "Released: payouts are taken and sent again.")
		if len(h.Wary) > 0 {
			fmt.Fprintln(env.Stdout, "Each new payout by "+strings.Join(h.Wary, ", ")+" waits for you, until penstock release --trust.")
		}
		return nil
	}
	return cmd
}

// releaseSoon releases as soon as nothing that was sent before can arrive any
// more.
func releaseSoon(ctx context.Context, env Env, c *client.Client, unlisted bool) error {
	for {
		_, err := c.Release(ctx, unlisted)
		var refused *client.Error
		if !errors.As(err, &refused) || refused.Code != string(engine.CodeBusy) || refused.After == 0 {
			return err
		}
		fmt.Fprintf(env.Stderr, "Waiting %d s: %s\n", refused.After, refused.Message)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(refused.After) * time.Second):
		}
	}
}

func trustAgain(ctx context.Context, env Env, c *client.Client, asJSON bool) error {
	accounts, err := c.Trust(ctx)
	if err != nil {
		return answered(err)
	}
	if asJSON {
		return printJSON(env, map[string][]string{"trusted": accounts})
	}
	fmt.Fprintln(env.Stdout, "Trusted again: "+strings.Join(accounts, ", ")+". What waits for a person goes on waiting.")
	return nil
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
