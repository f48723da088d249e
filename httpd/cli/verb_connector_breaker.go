package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func connectorBreaker(env Env) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "breaker ACCOUNT [open|close] [--reason TEXT]",
		Short: "Let nothing be sent by a provider account, or let payouts leave again",
		Args:  cobra.RangeArgs(1, 2),
		Long: `Shows the breaker of a provider account: it opens by itself while the provider
doesn't answer. open opens it by hand, with a reason that is shown to everybody:
from then on nothing is sent by the account, also after a restart. New payouts
take another way or, where there is none, are refused; what is queued for it
waits; what was sent is followed to its end. close lets payouts leave again, and
what waited leaves within a minute. Both are in the audit log.`,
		Example: `  penstock connector list                                      # the accounts, and which breakers are open
  penstock connector breaker mca_...                           # the state, since when and why
  penstock connector breaker mca_... open --reason "they move to another bank tonight"
  penstock connector breaker mca_... close --mode live         # payouts leave again
  penstock connector breaker mca_... --json | jq -r .state     # for scripts: closed, open, half_open, forced_open`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return []string{"open", "close"}, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	scope := scopeFlags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT`, why it is opened")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		act := "show"
		if len(args) == 2 {
			act = args[1]
		}
		switch {
		case act != "open" && reason != "":
			return usage(errors.New("--reason goes with open"))
		case act == "open" && reason == "":
			return usage(errors.New("open wants --reason TEXT: whoever finds the account shut asks why"))
		case len(args) == 2 && act != "open" && act != "close":
			return usage(fmt.Errorf("a breaker is opened or closed, not %q", clip(act)))
		}
		return ask(r, func(c *client.Client) (client.Breaker, error) {
			switch act {
			case "open":
				return c.OpenBreaker(cmd.Context(), *scope, args[0], reason)
			case "close":
				return c.CloseBreaker(cmd.Context(), *scope, args[0])
			}
			return c.Breaker(cmd.Context(), *scope, args[0])
		}, func(b client.Breaker) error {
			printPairs(env, []pair{{"Account", b.Account}, {"Breaker", breakerWords(b.State)}, {"Reason", b.Reason}, {"By", b.By}, {"Since", when(b.Since)}, {"Tried again from", when(b.Until)},
				{"No answer", fmt.Sprintf("%d in a row, %d since the start", b.Fails, b.Failures)}, {"Last good answer", when(b.LastGood)}, {"Last without one", when(b.LastBad)}})
			return nil
		})
	}
	return cmd
}

// breakerWords says a breaker's state to a person.
func breakerWords(state string) string {
	switch state {
	case client.BreakerClosed:
		return "closed: payouts leave by it"
	case client.BreakerOpen:
		return "open: it doesn't answer, payouts take another way where there is one"
	case client.BreakerHalfOpen:
		return "half open: the next payout shows whether it answers again"
	case client.BreakerForced:
		return "open by hand: nothing is sent by it"
	}
	return state
}
