package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

// States of a finding.
const (
	findingOK      = "ok"
	findingWarning = "warning" // it works, and a person should know
	findingProblem = "problem" // something doesn't work, or money or details are at risk
)

// remark is what doctor says of one thing.
type remark struct {
	Check string `json:"check"`
	State string `json:"state"`
	Text  string `json:"text"`
	Mend  string `json:"mend,omitempty"` // a command, or what to do; empty where all is well
}

// diagnosis is what doctor prints for a program.
type diagnosis struct {
	Daemon   bool     `json:"daemon"` // it runs, and was asked
	Problems int      `json:"problems"`
	Warnings int      `json:"warnings"`
	Findings []remark `json:"findings"`
}

// doctor looks at an appliance from outside: at its files, at the machine, and
// at the daemon where one answers. It changes nothing but a file of its own in
// the store's directory, which it removes again.
type doctor struct {
	env     Env
	cfg     Config
	file    string // the configuration
	client  *client.Client
	status  *client.Status // nil: no daemon answers
	live    int            // live keys in use; known only while the daemon answers
	found   []remark
	started time.Time
}

func verbDoctor(env Env) *cobra.Command {
	var reach bool
	cmd := &cobra.Command{
		Use:     "doctor --config FILE [--reach]",
		Short:   "Find what is wrong with this installation, and how to mend it",
		GroupID: groupDoubt,
		Args:    cobra.NoArgs,
		Long: `Looks at the clock, the disk and how fast it syncs, permissions, keys, the port,
TLS, egress rules and, while the daemon runs, at the daemon and the last backup.
Each finding is a line: ok, warning or problem, and below the latter two what
mends it. Run it as the user that the daemon runs as. The store's records are not
looked at (penstock check). Exit code 1 if there is a problem; warnings alone
exit with 0.`,
		Example: `  penstock doctor --config pay/config.toml
  sudo -u penstock penstock doctor --config /var/lib/penstock/config.toml
  penstock doctor --reach                      # also whether the providers can be reached; sends no credentials
  penstock doctor --json | jq -r '.findings[] | select(.state != "ok") | .mend'
  penstock doctor >/dev/null || echo 'look at this machine'`,
	}
	cmd.Flags().BoolVar(&reach, "reach", false, "connect to the providers' addresses, too")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, warnings, err := LoadConfig(*r.file, env.Environ)
		if err != nil {
			return err
		}
		d := &doctor{env: env, cfg: cfg, file: cmp.Or(*r.file, env.Getenv(ConfigVariable)), client: client.New(cfg.SocketPath()), started: time.Now()}
		d.ok("configuration", "%s keeps every rule", d.file)
		for _, w := range warnings {
			d.warn("configuration", "edit "+d.file, "%s", w)
		}
		d.examine(cmd.Context(), reach)
		return d.show(*r.json)
	}
	return cmd
}

// examine makes every look. The daemon comes first: what it says decides what
// some of the others mean.
func (d *doctor) examine(ctx context.Context, reach bool) {
	d.lookDaemon(ctx)
	d.lookDisk()
	d.lookPermissions()
	d.lookKeys()
	d.lookPort(ctx)
	d.lookTLS()
	d.lookEgress()
	if reach {
		d.lookProviders(ctx)
	}
	if d.status != nil {
		d.lookBackups(ctx)
	}
	d.lookClock(ctx) // last, since it compares two clocks over the time of the others
}

func (d *doctor) note(check, state, mend, format string, args ...any) {
	d.found = append(d.found, remark{Check: check, State: state, Mend: mend, Text: fmt.Sprintf(format, args...)})
}

func (d *doctor) ok(check, format string, args ...any) {
	d.note(check, findingOK, "", format, args...)
}

// warn and problem want the line that mends it first.
func (d *doctor) warn(check, mend, format string, args ...any) {
	d.note(check, findingWarning, mend, format, args...)
}

func (d *doctor) problem(check, mend, format string, args ...any) {
	d.note(check, findingProblem, mend, format, args...)
}

// fault is err as a finding; a file that this user may not look at is no fault
// of the installation, but nobody knows what is in it.
func (d *doctor) fault(check, mend string, err error) {
	if errors.Is(err, fs.ErrPermission) {
		d.warn(check, "repeat this as the user that the daemon runs as, e.g. sudo -u penstock penstock doctor", "can't be looked at: %v", err)
		return
	}
	d.problem(check, mend, "%v", err)
}

// show prints the findings, and is an error where one is a problem.
func (d *doctor) show(asJSON bool) error {
	all := diagnosis{Daemon: d.status != nil, Findings: d.found}
	first := ""
	for _, f := range d.found {
		switch f.State {
		case findingWarning:
			all.Warnings++
		case findingProblem:
			all.Problems++
			first = cmp.Or(first, f.Mend)
		}
	}
	if asJSON {
		if err := printJSON(d.env, all); err != nil {
			return err
		}
	} else {
		d.print()
	}
	if all.Problems == 0 {
		return nil
	}
	return withNext(fmt.Errorf("%s, %s", plural(all.Problems, "problem"), plural(all.Warnings, "warning")), first)
}

// print gives each finding its line, and what mends it one below.
func (d *doctor) print() {
	for _, f := range d.found {
		text := strings.ReplaceAll(f.Text, "\n", " ")
		fmt.Fprintf(d.env.Stdout, "%-7s  %-13s  %s\n", f.State, f.Check, text)
		if f.Mend != "" {
			fmt.Fprintf(d.env.Stdout, "%-7s  %-13s  mend: %s\n", "", "", f.Mend)
		}
	}
}
