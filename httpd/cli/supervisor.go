package cli

import (
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
)

// supervisor is systemd, where it started this process (Type=notify). Without
// it every word is said to nobody; an error means the same, for the service
// must not end because nobody listens.
type supervisor struct{ watchdog time.Duration }

func newSupervisor() supervisor {
	every, err := sd.SdWatchdogEnabled(false)
	if err != nil {
		every = 0
	}
	return supervisor{every}
}

// every is how often alive should be said: twice as often as is asked for.
func (s supervisor) every() time.Duration {
	if s.watchdog <= 0 {
		return time.Minute
	}
	return s.watchdog / 2
}

func (s supervisor) ready() { _, _ = sd.SdNotify(false, sd.SdNotifyReady) }

// say shows a line in the unit's status.
func (s supervisor) say(line string) { _, _ = sd.SdNotify(false, "STATUS="+line) }

func (s supervisor) stopping() { _, _ = sd.SdNotify(false, sd.SdNotifyStopping) }

func (s supervisor) alive() {
	if s.watchdog > 0 {
		_, _ = sd.SdNotify(false, sd.SdNotifyWatchdog)
	}
}
