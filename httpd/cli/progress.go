package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress tells how far long work is: a bar on a terminal, otherwise a line
// every ten seconds, both on standard error.
type progress struct {
	what string // "records checked"
	out  io.Writer
	bar  *progressbar.ProgressBar
	last time.Time
	done int64
}

const progressEvery = 10 * time.Second

// newProgress begins; the amount of work is not known.
func newProgress(env Env, what string, bytes bool) *progress {
	p := &progress{what: what, out: env.Stderr, last: time.Now()}
	if f, ok := env.Stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(env.Stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowBytes(bytes), progressbar.OptionClearOnFinish(),
			progressbar.OptionSpinnerType(14), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// at says how much has been done in all. An error of the bar is one of the
// terminal, which is nobody's concern here.
func (p *progress) at(done int64) {
	p.done = done
	if p.bar != nil {
		_ = p.bar.Set64(done)
		return
	}
	if time.Since(p.last) >= progressEvery {
		p.last = time.Now()
		fmt.Fprintf(p.out, "%s: %d\n", p.what, done)
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// Write counts bytes, so that a progress can stand in an io.MultiWriter.
func (p *progress) Write(b []byte) (int, error) {
	p.at(p.done + int64(len(b)))
	return len(b), nil
}
