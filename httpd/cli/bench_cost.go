package cli

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// benchCost is what was used of the machine until a moment.
type benchCost struct {
	own    time.Duration // processor time of this process
	all    time.Duration // of everybody; zero where the system doesn't tell
	at     time.Time
	server benchServer
}

// readCost looks at the processes' clocks.
func readCost(c *benchClient) benchCost {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for a bad address alone
	return benchCost{
		own: time.Duration(u.Utime.Nano() + u.Stime.Nano()), all: busyTime(), at: time.Now(), server: c.server(),
	}
}

// busyTime is the time that all processors have worked since the start of the
// machine (proc_stat(5)); zero when it can't be read.
func busyTime() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		return 0
	}
	var ticks int64
	for i, f := range fields[1:9] { // user nice system idle iowait irq softirq steal
		if i == 3 || i == 4 {
			continue
		}
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100 on all of Linux
}

// benchUse is what was used between two moments, in processors.
type benchUse struct {
	own, server, foreign float64
	perRequest           time.Duration // of this process
	serverPerRequest     time.Duration
	// known says that what is of the server and of others is known.
	known bool
}

func useBetween(from, to benchCost, requests uint64) benchUse {
	wall := to.at.Sub(from.at).Seconds()
	if wall <= 0 {
		return benchUse{}
	}
	u := benchUse{own: (to.own - from.own).Seconds() / wall}
	if requests > 0 {
		u.perRequest = (to.own - from.own) / time.Duration(requests)
	}
	if from.server.seen && to.server.seen && from.all > 0 && to.all > 0 {
		u.known = true
		u.server = (to.server.cpu - from.server.cpu) / wall
		u.serverPerRequest = time.Duration(u.server * wall / float64(max(requests, 1)) * float64(time.Second))
		u.foreign = max((to.all-from.all).Seconds()/wall-u.own-u.server, 0)
	}
	return u
}
