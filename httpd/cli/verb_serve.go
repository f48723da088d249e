package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func verbServe(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "serve --config FILE",
		Short:   "Run the appliance in the foreground",
		GroupID: groupRun,
		Args:    cobra.NoArgs,
		Long: `Serves the API and does the work until SIGTERM or ^C: then nothing new is
accepted, calls in flight end (server.shutdown), what the worker has in hand is
finished, and the exit code is 0. SIGHUP reads the TLS certificate again.`,
		Example: `  penstock serve --config /var/lib/penstock/config.toml    # what a supervisor runs
  PENSTOCK_CONFIG=./pay/config.toml penstock serve          # the same by the environment
  PENSTOCK_LOG_LEVEL=debug penstock serve --config c.toml   # any key, overridden once`,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, warnings, err := LoadConfig(*file, env.Environ)
		if err != nil {
			return err
		}
		for _, w := range warnings {
			fmt.Fprintf(env.Stderr, "penstock serve: note: %s\n", w)
		}
		ctx := cmd.Context()
		d, err := newDaemon(ctx, env, cfg)
		if err != nil {
			return err
		}
		return d.run(ctx, func() {
			if d.locker.Status().Sealed {
				fmt.Fprintln(env.Stderr, "penstock serve: SEALED: work waits until enough custodians have given their shares: penstock unseal")
			}
			if why := d.engine.Held(); why != "" {
				fmt.Fprintf(env.Stderr, "penstock serve: ON HOLD (%s): nothing is sent and no payout is taken until a person has looked: penstock release\n", why)
			}
			fmt.Fprintf(env.Stderr, "penstock serve: ready at %s, operator's socket %s (^C drains and stops)\n", d.cfg.PublicURL(), d.cfg.SocketPath())
		})
	}
	return cmd
}
