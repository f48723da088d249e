package cli

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An act is what happens to the processes in one round of TestKillLoop, while
// clients create payouts. It leaves both serving, or the server dead.
type act struct {
	name    string
	freezes bool // a process stands still, with what is on its way to it
	do      func(c *crash, chance *rand.Rand)
}

func acts() []act {
	return []act{
		{"server killed", false, func(c *crash, _ *rand.Rand) {
			c.server.end(syscall.SIGKILL)
		}},
		{"provider killed", false, func(c *crash, chance *rand.Rand) {
			c.bank.end(syscall.SIGKILL)
			pause(chance.IntN(300))
			c.restartBank()
		}},
		{"both killed", false, func(c *crash, chance *rand.Rand) {
			c.bank.end(syscall.SIGKILL)
			pause(chance.IntN(20))
			c.server.end(syscall.SIGKILL)
			c.restartBank()
		}},
		{"server killed while it starts", false, func(c *crash, chance *rand.Rand) {
			c.server.end(syscall.SIGKILL)
			for range 3 {
				p := launch(c.t, c.env, "serve", "--config", c.place.Config)
				pause(chance.IntN(120))
				p.end(syscall.SIGKILL)
			}
		}},
		{"server stopped beyond its lease", true, func(c *crash, chance *rand.Rand) {
			c.server.stopFor(c.t, killLease+chance.IntN(600))
		}},
		{"provider stopped beyond the lease", true, func(c *crash, chance *rand.Rand) {
			c.bank.stopFor(c.t, killLease+chance.IntN(600))
		}},
		{"server stopped, and killed as it wakes", true, func(c *crash, chance *rand.Rand) {
			c.server.stopFor(c.t, killLease+100)
			pause(chance.IntN(30))
			c.server.end(syscall.SIGKILL)
		}},
	}
}

// killLease is the lease of a crash's server, in milliseconds.
const killLease = 1000

// pause waits for so many milliseconds: what these tests do to processes they
// do at a random moment, which no event announces.
func pause(ms int) { <-time.After(time.Duration(ms) * time.Millisecond) }

// stopFor stops the process for so many milliseconds, as a machine that was
// put to sleep would.
func (p *process) stopFor(t *testing.T, ms int) {
	t.Helper()
	for _, s := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := p.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		if s == syscall.SIGSTOP {
			pause(ms)
		}
	}
}

// round lets clients begin payouts, and the act happen after some of them were
// acknowledged.
func (c *crash) round(n int, a act, chance *rand.Rand) {
	if c.server == nil || c.server.ended() {
		c.serve()
	}
	before, wanted := c.acks.Load(), int64(1+chance.IntN(acksBeforeEnd()))
	c.issue(n)
	waitFor(c.t, "payouts are acknowledged", func() bool { return c.acks.Load()-before >= wanted })
	a.do(c, chance)
}

// restartBank starts the provider again at its address.
func (c *crash) restartBank() { c.startBank(strings.TrimPrefix(c.bank.url, "http://")) }

// TestKillLoop ends and stops the server, the provider and both, at random
// moments under clients, and holds the three accounts of it against each other
// as TestCrashLoop does. PENSTOCK_TEST_CRASH_ROUNDS says how often.
func TestKillLoop(t *testing.T) {
	t.Parallel()
	rounds := max(roundsOf(t), len(acts()))
	if testing.Short() {
		rounds = 2
	}
	c := newCrash(t, newPlace(t), rounds, badDay)
	clients := c.clients()
	chance := rand.New(rand.NewPCG(11, uint64(rounds)))
	done := map[string]int{}
	for round := range rounds {
		a := acts()[round%len(acts())]
		c.round(round, a, chance)
		done[a.name]++
	}
	close(c.tickets)
	if c.server.ended() {
		c.serve()
	}
	c.finish(clients)
	c.judge(rounds)
	t.Logf("%v", done)
}
