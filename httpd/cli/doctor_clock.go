package cli

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"time"
)

// clockJump is how far the wall clock and the monotonic one may part while
// doctor looks.
const clockJump = 500 * time.Millisecond

// lookClock looks whether the time can be right, whether it runs evenly, and
// whether something keeps it so.
func (d *doctor) lookClock(ctx context.Context) {
	now := time.Now()
	const mend = "set the clock and keep it: timedatectl set-ntp true"
	if last := d.lastWrite(); now.Before(last.Add(-time.Minute)) {
		d.problem("clock", mend, "it shows %s, and the store was written at %s: it was set back", when(now), when(last))
	} else if now.Year() < 2026 || now.Year() > 2100 {
		d.problem("clock", mend, "it shows %s, which can't be", when(now))
	} else if jump := now.Round(0).Sub(d.started.Round(0)) - now.Sub(d.started); jump.Abs() > clockJump {
		d.warn("clock", "let it be slewed, not stepped: see your NTP service", "it was set by %s while this ran", jump)
	} else {
		d.ok("clock", "it shows %s and runs evenly", when(now))
	}
	d.lookNTP(ctx, mend)
}

// lastWrite is when the store was last written, by the clock of that time.
func (d *doctor) lastWrite() time.Time {
	info, err := os.Stat(string(d.cfg.Store.Path))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// lookNTP asks timedatectl, where there is one.
func (d *doctor) lookNTP(ctx context.Context, mend string) {
	program, err := exec.LookPath("timedatectl")
	if err != nil {
		d.ok("clock", "whether it is synchronised can't be told without timedatectl")
		return
	}
	ctx, stop := context.WithTimeout(ctx, 3*time.Second)
	defer stop()
	out, err := exec.CommandContext(ctx, program, "show", "--property=NTPSynchronized", "--value").Output()
	switch answer := strings.TrimSpace(string(out)); {
	case err != nil || answer != "yes" && answer != "no":
		d.ok("clock", "whether it is synchronised timedatectl didn't say")
	case answer == "no":
		d.warn("clock", mend, "it is not synchronised (timedatectl): webhook signatures and expiry depend on it")
	default:
		d.ok("clock", "it is synchronised (timedatectl)")
	}
}
