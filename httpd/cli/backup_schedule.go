package cli

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"penstock/httpd/dash"
	"penstock/httpd/offsite"
)

// Times of the backups on schedule.
const (
	backupLook  = 30 * time.Second // between two looks at the clock
	backupRetry = 15 * time.Minute // after one that failed
	backupMost  = 6 * time.Hour    // that one may take
)

// copies makes backups on schedule, and remembers how the last one went. What
// matters stands in the audit log and in the place itself: after a crash, or
// when the appliance was down at the hour, the one that is missing is made.
type copies struct {
	mu      sync.Mutex
	last    time.Time
	next    time.Time
	problem string
	place   string
}

// state is what the dashboard shows.
func (c *copies) state(b BackupConfig) dash.Backup {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := dash.Backup{Last: c.last, Problem: c.problem, Next: c.next, Target: c.place, Schedule: b.Schedule}
	if b.Target != "" {
		out.Keep = b.Keep
	}
	return out
}

// made notes a backup, whoever asked for it.
func (c *copies) made(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.last) {
		c.last = at
	}
}

// keepCopies makes backups on schedule until ctx ends. One that fails is told
// in the log and on the dashboard, and tried again; it stops nothing else.
func (d *daemon) keepCopies(ctx context.Context) {
	if at, err := d.lastCopy(ctx); err == nil {
		d.copies.made(at)
	}
	to, err := d.cfg.place(d.env)
	if err != nil || to == nil || d.cfg.Backup.Schedule == "" {
		d.copies.mu.Lock()
		defer d.copies.mu.Unlock()
		if err != nil {
			d.copies.problem = err.Error()
			d.log.ErrorContext(ctx, "backups can't be made", "err", err)
		}
		if to != nil {
			d.copies.place = to.String()
		}
		return
	}
	schedule, err := cron.ParseStandard(d.cfg.Backup.Schedule)
	if err != nil { // kept out by the check of the configuration
		d.log.ErrorContext(ctx, "backup.schedule can't be read", "err", err)
		return
	}
	d.copies.plan(schedule, to, time.Now())
	tick := time.NewTicker(backupLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := time.Now(); d.copies.due(now) {
			d.copyNow(ctx, to, schedule, now)
		}
	}
}

// plan says when the first one is due: at the next hour of the schedule, or at
// once when one was missed.
func (c *copies) plan(s cron.Schedule, to offsite.Place, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place, c.next = to.String(), s.Next(now.UTC())
	if !c.last.IsZero() && s.Next(c.last.UTC()).Before(now) {
		c.next = now
	}
}

func (c *copies) due(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !now.Before(c.next)
}

func (d *daemon) copyNow(ctx context.Context, to offsite.Place, s cron.Schedule, now time.Time) {
	ctx, stop := context.WithTimeout(ctx, backupMost)
	defer stop()
	out, err := d.saveTo(ctx, to, now)
	c := &d.copies
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.problem, c.next = err.Error(), time.Now().Add(backupRetry)
		d.log.ErrorContext(ctx, "the backup on schedule failed; it is tried again", "err", err, "place", to.String())
		return
	}
	c.problem, c.last, c.next = "", now, s.Next(time.Now().UTC())
	d.log.InfoContext(ctx, "backup made", "place", out.Place, "name", out.Name, "bytes", out.Bytes, "removed", len(out.Removed))
}

// saveTo turns a panic into an error: one backup that fails ends no process.
func (d *daemon) saveTo(ctx context.Context, to offsite.Place, now time.Time) (out placed, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("making the backup panicked: %v", p)
		}
	}()
	return saveTo(ctx, to, origin{d.backup, d.keyring, func() error { return nil }}, d.cfg.Backup.Keep, now)
}

// lastCopy is when the latest backup was made, as the audit log has it; zero
// when none is among the latest acts.
func (d *daemon) lastCopy(ctx context.Context) (time.Time, error) {
	before := uint64(0)
	for range actPages {
		acts, err := d.engine.Acts(ctx, before, actPage)
		if err != nil {
			return time.Time{}, err
		}
		for _, a := range acts {
			if a.Action == actBackup {
				return a.At, nil
			}
			before = a.Seq
		}
		if len(acts) < actPage {
			break
		}
	}
	return time.Time{}, nil
}

// noted remembers that somebody was given a backup.
func (d *daemon) noted(backup func(context.Context, io.Writer) error) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) error {
		err := backup(ctx, w)
		if err == nil {
			d.copies.made(time.Now())
		}
		return err
	}
}
