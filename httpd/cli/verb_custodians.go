package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"penstock/engine"
	"penstock/httpd/admin"
	"penstock/httpd/client"
)

func verbCustodians(env Env) *cobra.Command {
	var shares, threshold int
	cmd := &cobra.Command{
		Use:     "custodians --shares N --threshold K",
		Short:   "Split the master key for custodians",
		GroupID: groupKeep,
		Args:    cobra.NoArgs,
		Long: `Splits the present master key into N shares, of which any K open the locker and
fewer tell nothing, and prints each, this once, after it was proven that they
give the key back. Give each to another person. Nothing is sealed anew and an
earlier set goes on opening; to put one out of force, change the key itself:
penstock rekey --master --shares N --threshold K.

To start sealed from then on, set locker.master_key = "shares", restart, have
the custodians run penstock unseal, and only then destroy the key's file.`,
		Example: `  penstock custodians --shares 3 --threshold 2 --config pay/config.toml
  penstock custodians --shares 5 --threshold 3 --json    # with the running daemon, or without it`,
	}
	cmd.Flags().IntVar(&shares, "shares", 0, "`N` shares, 2 to 255")
	cmd.Flags().IntVar(&threshold, "threshold", 0, "`K` of them that open the locker, 2 or more")
	mustFlags(cmd, "shares", "threshold")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := goodScheme(threshold, shares); err != nil {
			return err
		}
		cfg, _, err := LoadConfig(*r.file, env.Environ)
		if err != nil {
			return err
		}
		out, err := client.New(cfg.SocketPath()).Split(cmd.Context(), threshold, shares)
		if errors.Is(err, client.ErrNoDaemon) {
			err = withOffline(cmd.Context(), env, cfg, func(a *appliance) error {
				made, err := a.split(cmd.Context(), threshold, shares)
				out = client.Custody(made)
				return err
			})
		}
		if err != nil {
			return answered(err)
		}
		if err := showCustody(r, out); err != nil {
			return err
		}
		next := `To start sealed: set locker.master_key = "shares", restart, and have them run penstock unseal. Destroy the key's file only when that has worked.`
		if cfg.Locker.MasterKey.Kind == KeyShares {
			next = "Shares of earlier sets still open it; to end that: penstock rekey --master --shares N --threshold K."
		}
		fmt.Fprintln(env.Stderr, next)
		return nil
	}
	return cmd
}

func goodScheme(threshold, shares int) error {
	if threshold < 2 || threshold > shares || shares > 255 {
		return usage(fmt.Errorf("--threshold wants 2 or more, and no more than --shares, which wants 255 at the most; got %d of %d", threshold, shares))
	}
	return nil
}

// showCustody prints the shares; an error says that they may not have been
// seen.
func showCustody(r remote, c client.Custody) error {
	if *r.json {
		return printJSON(r.env, c)
	}
	for i, share := range c.Shares {
		if _, err := fmt.Fprintf(r.env.Stdout, "Share %d of %d:  %s\n", i+1, len(c.Shares), share); err != nil {
			return fmt.Errorf("print the shares: %w", err)
		}
	}
	fmt.Fprintf(r.env.Stderr, "Set %s of master key %s: any %d of these %d open the locker. They are shown this once; give each to another person.\n", c.Set, c.Master, c.Threshold, len(c.Shares))
	return nil
}

// withOffline runs fn over the store, which no daemon may hold.
func withOffline(ctx context.Context, env Env, cfg Config, fn func(*appliance) error) (err error) {
	a, err := opening{env: env, cfg: cfg, log: slog.New(slog.DiscardHandler)}.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if a.locker.Status().Sealed {
		return withNext(errors.New("the master key is held by custodians, and no daemon runs that they could open"), "start it (penstock serve), have it opened (penstock unseal), then repeat")
	}
	return inPerson(fn(a))
}

// inPerson gives an error from inside the words and the code that the daemon
// would have given it.
func inPerson(err error) error {
	var said *engine.Error
	var policy *admin.Refusal
	switch {
	case errors.As(err, &said):
		return withHint(errors.New(said.Message), said.Hint)
	case errors.As(err, &policy):
		return refused(withHint(policy, policy.Hint))
	}
	return err
}

func withHint(err error, hint string) error {
	if hint == "" {
		return err
	}
	return withNext(err, hint)
}
