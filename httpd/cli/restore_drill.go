package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// drilled is what a drill prints.
type drilled struct {
	File string `json:"file"`
	Took int64  `json:"took_ms"`
	restored
}

// exercise restores a backup into a directory of its own, checks it, and
// removes it: the newest of the configuration's place, or a file.
func (r restoring) exercise(ctx context.Context, to remote, args []string) (err error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "penstock-drill-") // mode 0700
	if err != nil {
		return fmt.Errorf("make a directory for the drill: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	out := drilled{}
	if len(args) == 1 {
		out.File = args[0]
	} else if out.File, err = fetchNewest(ctx, to, dir); err != nil {
		return err
	}
	if out.restored, err = r.restore(ctx, to.env, out.File, filepath.Join(dir, "restored")); err != nil {
		return err
	}
	out.File, out.Config, out.Took = filepath.Base(out.File), "", time.Since(began).Milliseconds()
	findings := len(out.Report.Findings) + out.Report.More
	if *to.json {
		if err := printJSON(to.env, out); err != nil {
			return err
		}
		if findings > 0 {
			return fmt.Errorf("restored, with %s", plural(findings, "finding"))
		}
		return nil
	}
	printPairs(to.env, []pair{{"Drill", "restored and removed again"}, {"Backup", out.File}, {"Of", when(out.Created)}, {"Took", time.Since(began).Round(10 * time.Millisecond).String()}})
	return to.showReport(out.Report)
}

// fetchNewest brings the newest backup of the configuration's place here.
func fetchNewest(ctx context.Context, r remote, dir string) (string, error) {
	cfg, _, err := LoadConfig(*r.file, r.env.Environ)
	if err != nil {
		return "", err
	}
	from, err := cfg.place(r.env)
	if err == nil && from == nil {
		err = usage(errors.New("give a FILE, or set backup.target in the configuration"))
	}
	if err != nil {
		return "", err
	}
	name, err := newest(ctx, from)
	if err != nil {
		return "", err
	}
	return bring(ctx, from, name, dir)
}
