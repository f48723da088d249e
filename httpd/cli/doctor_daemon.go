package cli

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"penstock/httpd/client"
)

// actBackup is the audit log's word for a backup that was made.
const actBackup = "store.backup"

const (
	// oldBackup is when a backup deserves a word.
	oldBackup = 26 * time.Hour // a day, and the time that one takes
	// actPages bounds how far back the audit log is looked through.
	actPages, actPage = 20, 100
)

// lookDaemon asks the daemon how it is, and counts the live keys in use.
func (d *doctor) lookDaemon(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	s, err := d.client.Status(ctx)
	switch {
	case errors.Is(err, fs.ErrPermission):
		d.fault("daemon", "", err)
		return
	case errors.Is(err, client.ErrNoDaemon):
		d.ok("daemon", "it does not run; what only it knows (live keys, backups, provider accounts) was not looked at")
		return
	case err != nil:
		d.problem("daemon", "systemctl restart penstock; journalctl -u penstock", "it answers, but not as it should: %v", err)
		return
	}
	d.status = &s
	d.judgeStatus(s)
	keys, err := d.client.Keys(ctx, "")
	if err != nil {
		d.problem("daemon", "journalctl -u penstock", "its list of keys can't be read: %v", err)
		return
	}
	for _, k := range keys.Data {
		if k.Mode == "live" && keyState(k) == "secret" {
			d.live++
		}
	}
}

// judgeStatus says what of the daemon's own words wants a person.
func (d *doctor) judgeStatus(s client.Status) {
	before := len(d.found)
	if s.Held != "" {
		d.problem("daemon", "look at what it found out, then: penstock release", "it is on hold, nothing is sent and no payout is taken: %s", s.Held)
	}
	if len(s.Wary) > 0 {
		d.warn("daemon", "compare with the provider's report, then: penstock release --trust", "each new payout by %s waits for a person", strings.Join(s.Wary, ", "))
	}
	if s.Locker.Sealed {
		d.problem("daemon", "penstock unseal, by each custodian", "its locker is sealed (%d of %d shares given): work waits", s.Locker.Given, s.Locker.Needed)
	}
	if s.Locker.Rotating {
		d.warn("daemon", "penstock rekey", "a rotation of its keys was begun and has not ended")
	}
	if round := time.Duration(s.Work.Round) * time.Millisecond; round > time.Minute {
		d.problem("daemon", "journalctl -u penstock; systemctl restart penstock", "its worker has not ended a round for %s", round.Round(time.Second))
	}
	if s.Work.Conflicts > 0 {
		d.warn("daemon", "penstock payout list; journalctl -u penstock", "providers contradicted the end of a payout %s since its start", plural(int(s.Work.Conflicts), "time"))
	}
	if s.Work.Panics > 0 {
		d.warn("daemon", "keep the log (journalctl -u penstock) and report it", "%s since its start", plural(int(s.Work.Panics), "panic"))
	}
	if mine := readVersion().Version; mine != s.Version {
		d.warn("daemon", "systemctl restart penstock", "it is version %s, and this is %s", s.Version, mine)
	}
	if len(d.found) == before {
		d.ok("daemon", "it runs since %s, its last round ended %d ms ago", when(s.Started), s.Work.Round)
	}
}

// lookBackups finds the latest backup in the audit log.
func (d *doctor) lookBackups(ctx context.Context) {
	const mend = "penstock backup FILE, and have a timer repeat it each day"
	last, err := d.lastBackup(ctx)
	switch age := time.Since(last); {
	case err != nil:
		d.problem("backup", "penstock audit verify", "the audit log can't be read: %v", err)
	case last.IsZero() && d.live > 0:
		d.problem("backup", mend, "none is known, while %s in use", liveKeysAre(d.live))
	case last.IsZero():
		d.warn("backup", mend, "none is known")
	case age > oldBackup:
		d.warn("backup", mend, "the last one was made %s ago (%s)", age.Round(time.Hour), when(last))
	default:
		d.ok("backup", "the last one was made at %s", when(last))
	}
}

// lastBackup is zero when there is none among the latest acts.
func (d *doctor) lastBackup(ctx context.Context) (time.Time, error) {
	before := uint64(0)
	for range actPages {
		acts, err := d.client.Acts(ctx, before, actPage)
		if err != nil {
			return time.Time{}, err
		}
		for _, a := range acts.Data {
			if a.Action == actBackup {
				return a.At, nil
			}
			before = a.Seq
		}
		if !acts.More || len(acts.Data) == 0 {
			break
		}
	}
	return time.Time{}, nil
}
