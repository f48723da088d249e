package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbArchive(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "archive",
		Short:   "Move what has ended out of the store's file",
		GroupID: groupKeep,
		Long: `With store.archive_after, what has ended that long ago moves from the store's file
into the archive, files of its own that are only added to: a payout, its history
and the messages that told of it. Everything still finds it and reads it: lists,
searches, repeats, check; and what still happens to it, such as money that comes
back, is booked as ever. The store's file stays small, so it is quick to copy and
to check.

The archive is a part of the store. A backup has both; whoever copies files has to
copy the directory store.archive_path too. There is no way back: once something is
archived, versions of penstock from before the archive refuse the store.`,
		Example: `  penstock archive status`,
		Args:    cobra.NoArgs,
	}
	cmd.AddCommand(verbArchiveStatus(env), verbArchiveRun(env))
	return cmd
}

func verbArchiveStatus(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what lies in the archive",
		Args:  cobra.NoArgs,
		Long:  `Shows the archive's files and what they hold. Exit code 1 if one is missing or cut short.`,
		Example: `  penstock archive status --config pay/config.toml
  penstock archive status --json | jq .missing`,
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := reach(env, *r.file)
		if err != nil {
			return err
		}
		a, err := c.Archive(cmd.Context())
		if err != nil {
			return answered(err)
		}
		if err := showArchive(r, a); err != nil {
			return err
		}
		if a.Missing > 0 {
			return withNext(fmt.Errorf("%s missing or cut short", plural(a.Missing, "segment")), "put it back from a backup; until then what lies in it can't be read, and nothing can be done about it")
		}
		return nil
	}
	return cmd
}

func showArchive(r remote, a client.Archive) error {
	if *r.json {
		return printJSON(r.env, a)
	}
	after := "never (store.archive_after)"
	if a.After > 0 {
		after = Duration{time.Duration(a.After) * time.Second}.String() + " after its end"
	}
	printPairs(r.env, []pair{{"A payout moves", after}, {"Archived", plural(a.Requests, "request")}, {"Files", fmt.Sprintf("%d, %s", len(a.Segments), plural(int(a.Bytes), "byte"))}})
	for _, s := range a.Segments {
		state := ""
		if !s.Here {
			state = "  MISSING OR CUT SHORT"
		}
		fmt.Fprintf(r.env.Stdout, "%s  since %s  %s  %s%s\n", s.Name, when(s.Since), plural(s.Requests, "request"), plural(int(s.Bytes), "byte"), state)
	}
	return nil
}

func verbArchiveRun(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Archive what is old enough now",
		Args:  cobra.NoArgs,
		Long: `Moves at once what the daemon moves by itself within hours, a piece at a time, with
the work going on. It may be stopped at any time. store.archive_after must be set.`,
		Example: `  penstock archive run --config pay/config.toml
  penstock archive run --json | jq .moved`,
	}
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := reach(env, *r.file)
		if err != nil {
			return err
		}
		p := newProgress(env, "requests archived", false)
		total := client.ArchiveRun{Left: true}
		for total.Left && err == nil {
			var one client.ArchiveRun
			one, err = c.ArchiveNow(cmd.Context())
			total.Moved, total.Left = total.Moved+one.Moved, one.Left
			p.at(int64(total.Moved))
		}
		p.end()
		if err != nil {
			return answered(err)
		}
		if *r.json {
			return printJSON(env, total)
		}
		fmt.Fprintf(env.Stdout, "%s moved into the archive\n", plural(total.Moved, "request"))
		return nil
	}
	return cmd
}
