package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"penstock/engine/webhook"
)

// benchFlags are the flags of the verb, as they were given.
type benchFlags struct {
	url, key, scenario, receiver, secret, limits string
	graph                                        string
	workers, rate                                int
	fill                                         uint64
	length, warm                                 time.Duration
	asJSON, remote                               bool
}

// benchPlan is what they mean, when they mean something.
type benchPlan struct {
	benchFlags
	target   *url.URL
	listen   string // empty: no receiver
	secret   webhook.Secret
	patience time.Duration
}

func verbBench(env Env) *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:     "bench --url URL --api-key KEY [-c 64] [-d 10s] [--scenario NAME] [--receiver HOST:PORT] [--rate N] [--fill N [--graph FILE]] [--limits DIR] [--json]",
		Short:   "Measure a running server, and how near it comes to what the machine allows",
		Long:    benchHelp,
		GroupID: groupDoubt,
		Args:    cobra.NoArgs,
		Example: `  penstock bench --url http://127.0.0.1:8080 --api-key dev_... --limits /var/tmp
  penstock bench --url http://127.0.0.1:8080 --api-key dev_... --scenario pay --receiver 127.0.0.1:8099
  penstock bench --url http://127.0.0.1:8080 --api-key dev_... --rate 2000 -c 256 -d 1m --json
  penstock bench --url http://127.0.0.1:8080 --api-key dev_... --fill 1000000 --graph growth.svg --scenario list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := f.plan()
			if err != nil {
				return err
			}
			return bench(cmd.Context(), env, plan)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.url, "url", "", "where the server is, `URL` as http://127.0.0.1:8080 (required)")
	flags.StringVar(&f.key, "api-key", "", "secret `KEY` of test mode (required)")
	flags.IntVarP(&f.workers, "connections", "c", 64, "operations at a time, `N` from 1 to 4096")
	flags.DurationVarP(&f.length, "duration", "d", 10*time.Second, "how long to count, 1s to 1h")
	flags.DurationVar(&f.warm, "warmup", time.Second, "how long to load before counting, up to 1h")
	flags.StringVar(&f.scenario, "scenario", "create", "`NAME` of what to do: "+strings.Join(benchNames(), ", "))
	flags.IntVar(&f.rate, "rate", 0, "open loop: begin `N` operations a second, up to 1000000; 0: closed loop")
	flags.Uint64Var(&f.fill, "fill", 0, "first make `N` payouts more, up to 100000000, so that a large store is measured")
	flags.StringVar(&f.graph, "graph", "", "draw to `FILE`, as SVG, how fast the store took what --fill made")
	flags.StringVar(&f.receiver, "receiver", "", "listen at `HOST:PORT` for the webhooks that end a payout")
	flags.StringVar(&f.secret, "webhook-secret", "", "`SECRET` (whsec_...) of the receiver's endpoint: verify each webhook")
	flags.StringVar(&f.limits, "limits", "", "measure the machine first, with files below `DIR`, on the disk of the store")
	flags.BoolVar(&f.remote, "remote", false, "allow a server or receiver that is not on this machine")
	flags.BoolVar(&f.asJSON, "json", false, "print one line of JSON")
	for _, name := range []string{"url", "api-key"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag stands above
		}
	}
	return cmd
}

const benchHelp = `Measure a running server over HTTP, and how near it comes to what the machine allows.

Scenarios, all with test accounts, all of one customer that the bench makes:
  create  store a payout that is not sent (confirm and auto_fulfill false)
  pay     create one that is sent at once, to a card, and follow it to its end
  saved   the same with a saved card, by its payment token and its id in turns
  list    read GET /payouts/list page by page
  mixed   of ten operations: 5 create, 2 pay, 1 saved, 2 list

A payout's end is the webhook at --receiver: name that address in the server's
egress.allow, and register it beforehand for the merchant of the key with
  penstock webhook add http://HOST:PORT/ --profile rest
Without --receiver the end is found by polling.

Throughput counts operations that ended well within the time; requests are all
calls made for them. Without --rate a worker begins when its last operation has
ended (closed loop). With --rate operations are due at even distances, and a
latency counts from when it was due, so that waiting is not omitted.

--fill first grows the store by the same calls: each hundred payouts are of a
customer of their own, and one in ten is sent and paid. What is measured then is
of one more customer.

--limits first measures what the machine can do: 4 KiB appends synced to disk,
bbolt commits of one key, secretbox seals, a POST of 0.65 kB decoded and
answered without storage; and prints throughput as a share of
  C / (commit of a batch of C packed records + C x (1/http + 1/seal))
Quote that share: absolute figures depend on the machine's other load. The
bench needs no GOMAXPROCS, and says what it used itself.

Live keys are refused: the bench makes payouts.`

func (f benchFlags) plan() (benchPlan, error) {
	p := benchPlan{benchFlags: f, patience: benchPatience}
	var err error
	if p.target, err = benchTarget(f.url, f.remote); err != nil {
		return p, err
	}
	if f.receiver != "" {
		if p.listen, err = benchListenAddr(f.receiver, f.remote); err != nil {
			return p, err
		}
	}
	if f.secret != "" {
		if p.secret, err = webhook.ParseSecret(f.secret); err != nil {
			return p, usage(fmt.Errorf("--webhook-secret: %w", err))
		}
	}
	switch {
	case strings.HasPrefix(f.key, "prd_"):
		return p, refused(errors.New("--api-key: is a live key, and the bench makes payouts"))
	case f.key == "" || strings.ContainsFunc(f.key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return p, usage(errors.New("--api-key: wants visible ASCII"))
	case f.workers < 1 || f.workers > 4096:
		return p, usage(errors.New("-c: wants 1 to 4096"))
	case f.length < time.Second || f.length > time.Hour:
		return p, usage(errors.New("-d: wants 1s to 1h"))
	case f.warm < 0 || f.warm > time.Hour:
		return p, usage(errors.New("--warmup: wants 0 to 1h"))
	case f.rate < 0 || f.rate > 1_000_000:
		return p, usage(errors.New("--rate: wants 0 to 1000000"))
	case f.graph != "" && f.fill < 100:
		return p, usage(errors.New("--graph: draws what --fill makes, from 100 on"))
	case f.fill > 100_000_000:
		return p, usage(errors.New("--fill: wants 0 to 100000000"))
	case !slices.Contains(benchNames(), f.scenario):
		return p, usage(fmt.Errorf("--scenario: %q is none of %s", clip(f.scenario), strings.Join(benchNames(), ", ")))
	case f.secret != "" && f.receiver == "":
		return p, usage(errors.New("--webhook-secret: says nothing without --receiver"))
	}
	return p, nil
}

// fillStore makes what --fill asks for, telling how far it is.
func fillStore(ctx context.Context, env Env, s *benchScenario, p benchPlan) (*benchFilled, error) {
	bar := newProgress(env, "payouts made", false)
	defer bar.end()
	return benchFill{p.fill, p.workers}.run(ctx, s, func(done uint64) { bar.at(int64(done)) })
}

// bench measures and prints. Figures that were counted are printed also after
// an interrupt.
func bench(ctx context.Context, env Env, p benchPlan) (err error) {
	progress := newBenchProgress(env.Stderr)
	defer progress.end()
	result := benchResult{scenario: p.scenario}
	if p.limits != "" {
		said := func(what string) { progress.step("measuring the machine: " + what) }
		if result.limits, err = measureLimits(ctx, p.limits, p.workers, said); err != nil {
			return fmt.Errorf("--limits: %w", err)
		}
	}
	s := &benchScenario{client: newBenchClient(p.target, p.key), patience: p.patience}
	defer s.client.conns.close()
	if p.listen != "" {
		if s.receiver, err = newBenchReceiver(p.listen, p.secret); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.receiver.stop()) }()
	}
	progress.step("preparing")
	if err := s.setup(ctx, p.scenario); err != nil {
		return err
	}
	if p.fill > 0 {
		if result.filled, err = fillStore(ctx, env, s, p); err != nil {
			return err
		}
		if p.graph != "" {
			title := fmt.Sprintf("creates a second from %d clients, while the store grew", p.workers)
			if err = (benchGraph{title, result.filled}).save(p.graph); err != nil {
				return err
			}
		}
	}
	progress.step(fmt.Sprintf("measuring %s for %v, after %v of warming up", p.scenario, p.length, p.warm))
	result.load = &benchLoad{Workers: p.workers, Rate: p.rate, Warm: p.warm, Length: p.length, Do: s.operation(p.scenario)}
	result.load.run(ctx, benchHooks{
		opened: func() { result.from = readCost(s.client) },
		closed: func() { result.to = readCost(s.client) },
		tick:   func(at time.Duration, warm bool) { progress.tick(result.load, at, warm) },
	})
	progress.end()
	result.writeNotes(env.Stderr)
	write := result.writeTable
	if p.asJSON {
		write = result.writeJSON
	}
	if err := write(env.Stdout); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("interrupted after %v: %w", result.load.window().Round(time.Millisecond), err)
	}
	if result.load.record.done.Load() == 0 {
		return errors.New("no operation ended well")
	}
	return nil
}
