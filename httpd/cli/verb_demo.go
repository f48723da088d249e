package cli

import "github.com/spf13/cobra"

func verbDemo(env Env) *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:     "demo [--once]",
		Short:   "See the main job on this machine: no set-up, no network, play money",
		GroupID: groupTry,
		Args:    cobra.NoArgs,
		Long: `Starts an appliance on a temporary directory with the test provider and a
receiver of webhooks, and does the main job through the public API: make a
customer, save a bank account, list it, pay it by its payment_token, poll until
success, verify the webhook. Then it stays up for you to try, until ^C.`,
		Example: `  penstock demo           # stays up: prints a key and curl lines to try
  penstock demo --once    # stops; exit code 0 only if paid, told and checked`,
	}
	cmd.Flags().BoolVar(&once, "once", false, "stop after the job; exit code 0 only if all of it went well")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), env, once) }
	return cmd
}
