package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbStatus(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Ask the running daemon how it is",
		GroupID: groupRun,
		Args:    cobra.NoArgs,
		Example: `  penstock status --config pay/config.toml
  penstock status --wait 10s    # until it answers: for scripts that have just started it`,
	}
	var wait Duration
	cmd.Flags().TextVar(&wait, "wait", Duration{}, "`SPAN` to wait until it answers")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return ask(r, func(c *client.Client) (client.Status, error) { return statusWithin(cmd.Context(), c, wait.D()) }, func(s client.Status) error {
			locker := fmt.Sprintf("open, term %d", s.Locker.Term)
			if s.Locker.Sealed {
				locker = "sealed: work waits for penstock unseal"
				if s.Locker.Needed > 0 {
					locker = fmt.Sprintf("sealed: %d of %d shares given; work waits", s.Locker.Given, s.Locker.Needed)
				}
			} else if s.Locker.Rotating {
				locker += ", a rotation of its keys is under way (penstock rekey ends one that was cut short)"
			}
			room := ""
			if s.Store.Low {
				room = "; LOW ON SPACE, no new payouts are taken"
			}
			due := when(s.Work.NextDue)
			if due == "" {
				due = "nothing waits"
			}
			held := ""
			if s.Held != "" {
				held = "nothing is sent and no payout is taken: " + s.Held + ". Look, then: penstock release"
			}
			wary := ""
			if len(s.Wary) > 0 {
				wary = "each new payout by " + strings.Join(s.Wary, ", ") + " waits for you, since its list could not be read. Compare with its report, then: penstock release --trust"
			}
			printPairs(env, []pair{
				{"ON HOLD", held}, {"Wary", wary}, {"Version", s.Version}, {"Started", when(s.Started)}, {"Locker", locker},
				{"Store", fmt.Sprintf("%.1f MiB, %.1f MiB of it free, %d commits%s", mebi(s.Store.Bytes), mebi(s.Store.Free), s.Store.Commits, room)},
				{"Worker", fmt.Sprintf("last round %d ms ago, next due %s", s.Work.Round, due)},
				{"Since the start", fmt.Sprintf("%d sends, %d look-ups, %d webhook attempts, %d conflicts, %d panics, %d errors",
					s.Work.Sends, s.Work.Lookups, s.Work.Attempts, s.Work.Conflicts, s.Work.Panics, s.Work.Errors)},
			})
			return nil
		})
	}
	return cmd
}

// statusWithin asks again until the daemon answers or the time is up.
func statusWithin(ctx context.Context, c *client.Client, wait time.Duration) (client.Status, error) {
	limit := time.NewTimer(wait)
	defer limit.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		s, err := c.Status(ctx)
		if err == nil || wait == 0 || !errors.Is(err, client.ErrNoDaemon) {
			return s, err
		}
		select {
		case <-again.C:
		case <-limit.C:
			return s, err
		case <-ctx.Done():
			return s, err
		}
	}
}

func mebi(n int64) float64 { return float64(n) / (1 << 20) }
