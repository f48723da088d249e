package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func reconcileRuns(env Env) *cobra.Command {
	var before uint64
	var limit int
	var keep bool
	cmd := &cobra.Command{
		Use:   "runs ACCOUNT [RUN]",
		Short: "List the runs of an account's reconciliation, or show one as it stood",
		Args:  cobra.RangeArgs(1, 2),
		Long: `Lists each statement that was loaded, each report that was asked for and each
comparison by hand or by reconcile.cron: who began it, what was read, what
matched and what differed then. The latest 200 of an account are kept. With the
number of a run its findings are shown, at most 200 that differ and 100 that
match. --keep compares the books as they stand now and keeps that as a run.`,
		Example: `  penstock reconcile runs mca_... --mode live
  penstock reconcile runs mca_... 17
  penstock reconcile runs mca_... --keep`,
	}
	scope := scopeFlags(cmd)
	f := cmd.Flags()
	f.Uint64Var(&before, "before", 0, "runs before this `NUMBER`")
	f.IntVar(&limit, "limit", 20, "at most `N`")
	f.BoolVar(&keep, "keep", false, "compare now and keep it")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 2 {
			seq, err := strconv.ParseUint(args[1], 10, 64)
			if err != nil || keep {
				return usage(fmt.Errorf("%q is no number of a run, or stands beside --keep", args[1]))
			}
			return ask(r, func(c *client.Client) (client.BooksRun, error) {
				return c.BooksRun(cmd.Context(), *scope, args[0], seq)
			}, func(run client.BooksRun) error { return showRun(env, run) })
		}
		return ask(r, func(c *client.Client) (client.Page[client.BooksRun], error) {
			if keep {
				run, err := c.KeepRun(cmd.Context(), *scope, args[0])
				return client.Page[client.BooksRun]{Data: []client.BooksRun{run}}, err
			}
			return c.BooksRuns(cmd.Context(), *scope, args[0], before, limit)
		}, func(p client.Page[client.BooksRun]) error {
			moreNote(env, p.More, "--before the last number")
			return listRuns(env, p.Data)
		})
	}
	return cmd
}

func listRuns(env Env, runs []client.BooksRun) error {
	rows := make([][]string, len(runs))
	for i, r := range runs {
		rows[i] = []string{fmt.Sprint(r.Seq), when(r.At), r.Began, r.By, r.Source, fmt.Sprint(r.Lines), fmt.Sprint(r.New), fmt.Sprint(r.Settled), fmt.Sprint(r.Counts["matched"]), fmt.Sprint(differing(r)), fmt.Sprint(r.Explained), r.Problem}
	}
	return printTable(env, []string{"RUN", "WHEN", "BEGAN", "BY", "STATEMENT", "LINES", "NEW", "SETTLED", "MATCHED", "DIFFERED", "EXPLAINED", "FAILED"}, rows)
}

// differing is how much differed that nobody had explained.
func differing(r client.BooksRun) (n int) {
	for class, of := range r.Counts {
		if class != "matched" {
			n += of
		}
	}
	return n
}

func showRun(env Env, r client.BooksRun) error {
	if err := listRuns(env, []client.BooksRun{r}); err != nil || r.Problem != "" {
		return err
	}
	sums := make([]string, len(r.Matched))
	for i, s := range r.Matched {
		sums[i] = s.Currency + " " + s.Amount
	}
	fmt.Fprintf(env.Stdout, "%s to %s, matched: %s\n", r.From, r.To, strings.Join(sums, ", "))
	if len(r.Findings) == 0 {
		return nil
	}
	rows := make([][]string, len(r.Findings))
	for i, f := range r.Findings {
		source := f.Source
		if f.Row > 0 {
			source += ":" + strconv.Itoa(f.Row)
		}
		explained := ""
		if f.Explained {
			explained = "yes"
		}
		rows[i] = []string{f.Class, f.Why, f.Payout, f.Currency, moved(f.Ours), moved(f.Theirs), f.Day, source, f.Line, explained}
	}
	return printTable(env, []string{"CLASS", "WHY", "PAYOUT", "CURRENCY", "OURS", "THEIRS", "DAY", "SOURCE", "LINE", "EXPLAINED"}, rows)
}
