package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbCheck(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "check --config FILE",
		Short:   "Verify every invariant of the store",
		GroupID: groupDoubt,
		Args:    cobra.NoArgs,
		Long: `Verifies indexes against records, due work, the money held and paid, history
without gaps, webhook ids, the audit chain, that every sealed record opens, and
that nothing is orphaned. While the daemon runs it does the work, over one
snapshot, and goes on serving; otherwise the store is opened here, and the
structure of its file is checked too. Exit code 1 if anything was found.`,
		Example: `  penstock check --config pay/config.toml           # findings on standard output, one a line
  penstock check --json | jq '.findings | length'`,
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, _, err := LoadConfig(*r.file, env.Environ)
		if err != nil {
			return err
		}
		p := newProgress(env, "records checked", false)
		found, err := client.New(cfg.SocketPath()).Check(cmd.Context(), func(done int) { p.at(int64(done)) })
		if errors.Is(err, client.ErrNoDaemon) {
			found, err = checkHere(cmd.Context(), env, cfg, p)
		}
		p.end()
		if err != nil {
			return answered(err)
		}
		return r.showReport(found)
	}
	return cmd
}

// checkHere opens the store, which no daemon may hold.
func checkHere(ctx context.Context, env Env, cfg Config, p *progress) (out *client.Report, err error) {
	a, err := opening{env: env, cfg: cfg, log: slog.New(slog.DiscardHandler)}.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.check(ctx, p)
}

// check verifies the file, the keyring's file, and every record.
func (a *appliance) check(ctx context.Context, p *progress) (*client.Report, error) {
	if err := a.store.Check(ctx); err != nil {
		return nil, fmt.Errorf("the store's file: %w", err)
	}
	if err := a.keys.Check(ctx); err != nil {
		return nil, fmt.Errorf("the keyring's file: %w", err)
	}
	found, err := a.engine.Check(ctx, func(done int) { p.at(int64(done)) })
	if err != nil {
		return nil, err
	}
	return &client.Report{Counts: found.Counts, Findings: found.Findings, More: found.More}, nil
}

// showReport prints what was found, and is an error when anything was.
func (r remote) showReport(found *client.Report) error {
	if *r.json {
		if err := printJSON(r.env, found); err != nil {
			return err
		}
	} else {
		for _, f := range found.Findings {
			fmt.Fprintln(r.env.Stdout, f)
		}
		if len(found.Findings) == 0 {
			for _, kind := range slices.Sorted(maps.Keys(found.Counts)) {
				fmt.Fprintf(r.env.Stderr, "%8d %s\n", found.Counts[kind], kind)
			}
			fmt.Fprintf(r.env.Stdout, "%s looked at, every invariant holds\n", plural(total(found.Counts), "record"))
		}
	}
	if n := len(found.Findings) + found.More; n > 0 {
		return withNext(fmt.Errorf("%s", plural(n, "finding")), "keep a copy of the store as it is, and stop paying until each is explained")
	}
	return nil
}
