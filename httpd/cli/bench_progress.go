package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// benchProgress says on standard error how far a run is: each second, in
// place, on a terminal; else a line every ten seconds.
type benchProgress struct {
	w        io.Writer
	terminal bool
	last     time.Duration
	done     uint64
}

func newBenchProgress(w io.Writer) *benchProgress {
	f, ok := w.(*os.File)
	return &benchProgress{w: w, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

// step says what is being done now.
func (p *benchProgress) step(what string) {
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", what)
		return
	}
	fmt.Fprintf(p.w, "%s\n", what)
}

// tick is called about once a second.
func (p *benchProgress) tick(l *benchLoad, at time.Duration, warm bool) {
	if !p.terminal && at-p.last < 10*time.Second-time.Second/2 {
		return
	}
	done := l.record.done.Load()
	word := ""
	if warm {
		word = " (warming up)"
	}
	p.step(fmt.Sprintf("%3.0f s%s: %.0f/s, %d errors", at.Seconds(), word,
		float64(done-p.done)/max((at-p.last).Seconds(), .001), l.record.failed.Load()))
	p.last, p.done = at, done
}

// end leaves the terminal's line.
func (p *benchProgress) end() {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
