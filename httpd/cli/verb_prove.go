package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"penstock/engine/sim"
)

func verbProve(env Env) *cobra.Command {
	o := &proof{env: env}
	cmd := &cobra.Command{
		Use:     "prove [--seeds N] [--seed S] [--break NAME] [--list]",
		Short:   "Simulate merchants, faults and attackers, and look for a payout paid twice or lost",
		GroupID: groupDoubt,
		Args:    cobra.NoArgs,
		Long: `Runs the real engine in simulated worlds, one seed each: providers that drop
requests, answer late, mix up answers or answer nonsense, power cuts at any
operation, older stores that are brought back, clocks that are set,
receivers that fail, people who attack. Every second world has the payout
gateway in it: several provider accounts with limits and little money, schemes,
rates that change, splitting, failover, a queue, people who decide. After the
acts of each world its invariants are held against the providers' own books.
A seed tells the same story each time it is run, so a seed is a bug report.

--break plants one of the known bugs of --list, to see that the proof sees it:
it exits 1 as soon as the bug is found. The proof speaks of the engine against
the faults that it models, not of your bank, and not of a disk that lies.`,
		Example: `  penstock prove                                  # 1,000 worlds
  penstock prove --seed 142                       # one world, told in full if something is found
  penstock prove --list                           # the known bugs, one a line
  penstock prove --break timeout-is-failure       # exits 1: found`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.seed == 0 {
				o.seed = 1
			} else if !cmd.Flags().Changed("seeds") {
				o.seeds = 1
			}
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&o.seeds, "seeds", 1000, "how many worlds, from seed 1 or that of --seed on")
	f.Uint64Var(&o.seed, "seed", 0, "run this seed; alone, unless --seeds says how many follow")
	f.StringVar(&o.breakName, "break", "", "plant this known bug")
	f.BoolVar(&o.list, "list", false, "list the known bugs, name first")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

type proof struct {
	env       Env
	seeds     uint64
	seed      uint64
	breakName string
	list      bool
	json      bool
}

// verdict is what a run of prove shows, and its JSON.
type verdict struct {
	Seeds      uint64         `json:"seeds"`
	Break      string         `json:"break,omitempty"`
	Steps      int            `json:"steps"`
	Checks     int            `json:"checks"`
	Payouts    int            `json:"payouts"`
	Faults     map[string]int `json:"faults"`
	Invariants []string       `json:"invariants"`
	Seconds    int            `json:"seconds"`
	FoundSeed  uint64         `json:"found_seed,omitempty"` // the lowest seed at which something was found
	Findings   []string       `json:"findings"`
}

func (o *proof) run(ctx context.Context) error {
	if o.list {
		return o.showList()
	}
	if o.breakName != "" {
		if _, ok := sim.FindBreak(o.breakName); !ok {
			return usage(fmt.Errorf("no known bug is called %q: see penstock prove --list", o.breakName))
		}
	}
	if o.seeds == 0 || o.seed+o.seeds < o.seed {
		return usage(errors.New("--seeds must be at least 1"))
	}
	began := time.Now()
	v, err := o.worlds(ctx, o.seed, o.seed+o.seeds-1)
	if err != nil {
		return err
	}
	v.Seconds = int(time.Since(began).Seconds())
	return o.show(v)
}

// worlds runs the seeds on every core, and stops at the first finding.
func (o *proof) worlds(ctx context.Context, from, to uint64) (*verdict, error) {
	v := &verdict{Break: o.breakName, Faults: map[string]int{}, Invariants: sim.Invariants(), Findings: []string{}}
	p := newProgress(o.env, "worlds", false)
	defer p.end()
	var mu sync.Mutex
	var next, failed atomic.Uint64
	next.Store(from - 1)
	failed.Store(to + 1)
	var first error
	var wg sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				seed := next.Add(1)
				if seed > to || seed > failed.Load() || ctx.Err() != nil {
					return
				}
				r, err := sim.Prove(ctx, seed, o.breakName)
				mu.Lock()
				first = errors.Join(first, err)
				v.add(r, &failed)
				p.at(int64(v.Seeds))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return v, first
}

func (v *verdict) add(r sim.Result, failed *atomic.Uint64) {
	v.Seeds++
	v.Steps += r.Steps
	v.Checks += r.Checks
	v.Payouts += r.Payouts
	for name, n := range r.Faults {
		v.Faults[name] += n
	}
	if len(r.Findings) > 0 && (v.FoundSeed == 0 || r.Seed < v.FoundSeed) {
		v.FoundSeed, v.Findings = r.Seed, r.Findings
		failed.Store(r.Seed)
	}
}

func (o *proof) show(v *verdict) error {
	if o.json {
		if err := printJSON(o.env, v); err != nil {
			return err
		}
	} else {
		o.tell(v)
	}
	switch {
	case v.FoundSeed != 0 && o.breakName != "":
		return fmt.Errorf("found at seed %d, as it should be", v.FoundSeed)
	case v.FoundSeed != 0:
		return withNext(fmt.Errorf("an invariant does not hold at seed %d", v.FoundSeed), fmt.Sprintf("report it with: penstock version, penstock prove --seed %d", v.FoundSeed))
	}
	return nil
}

func (o *proof) tell(v *verdict) {
	out := o.env.Stdout
	fmt.Fprintf(out, "%s, %s done, %s, %s of every invariant, %d s\n", plural(int(v.Seeds), "world"), plural(v.Steps, "act"), plural(v.Payouts, "payout"), plural(v.Checks, "check"), v.Seconds)
	for _, name := range slices.Sorted(maps.Keys(v.Faults)) {
		fmt.Fprintf(out, "  %8d  %s\n", v.Faults[name], name)
	}
	for _, i := range v.Invariants {
		fmt.Fprintf(out, "  %s\n", i)
	}
	if v.FoundSeed == 0 {
		fmt.Fprintln(out, "nothing was found")
		return
	}
	fmt.Fprintf(out, "seed %d:\n", v.FoundSeed)
	for _, f := range v.Findings {
		fmt.Fprintf(out, "  %s\n", f)
	}
}

func (o *proof) showList() error {
	type row struct {
		Name     string `json:"name"`
		Does     string `json:"does"`
		Incident string `json:"incident"`
	}
	var rows []row
	for _, b := range sim.Breaks() {
		rows = append(rows, row{b.Name, b.Does, b.Incident})
	}
	if o.json {
		return printJSON(o.env, rows)
	}
	for _, r := range rows {
		fmt.Fprintf(o.env.Stdout, "%-26s %s (%s)\n", r.Name, r.Does, r.Incident)
	}
	return nil
}
