package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
)

func verbWebhook(env Env) *cobra.Command {
	return group("webhook", "Register receivers, watch and resend deliveries", groupPay,
		"  penstock webhook listen", webhookAdd(env), webhookList(env), webhookRemove(env), webhookResend(env), webhookListen(env))
}

func webhookAdd(env Env) *cobra.Command {
	var profile string
	var types []string
	cmd := &cobra.Command{
		Use:   "add URL [--profile rest|jsonapi|hosted|standard] [--merchant M]",
		Short: "Register a receiver; its secrets are shown this once",
		Args:  cobra.ExactArgs(1),
		Long: `Registers where webhooks go. Each delivery bears two signatures: webhook-signature
(Standard Webhooks, verified with secret) and X-Webhook-Signature-512 (hex
HMAC-SHA512 of the body under hash_key). A target that is not a public https
address must be listed under egress.allow.`,
		Example: `  penstock webhook add https://shop.example/hooks --config pay/config.toml
  penstock webhook add https://shop.example/hooks --type payout_success,payout_failed --json`,
	}
	scope := scopeFlags(cmd)
	cmd.Flags().StringVar(&profile, "profile", "rest", "`PROFILE` in whose words it is told: rest, jsonapi, hosted or standard")
	cmd.Flags().StringSliceVar(&types, "type", nil, "event `TYPES` that are wanted, separated by commas (default all)")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.MadeEndpoint, error) {
			return c.AddEndpoint(cmd.Context(), *scope, args[0], profile, types)
		}, func(m client.MadeEndpoint) error {
			printPairs(env, []pair{{"Endpoint", m.ID}, {"Secret", m.Secret}, {"Hash key", m.HashKey}})
			fmt.Fprintln(env.Stderr, "The secrets are not shown again.")
			return nil
		})
	}
	return cmd
}

func webhookList(env Env) *cobra.Command {
	var deliveries bool
	var before string
	var limit int
	cmd := &cobra.Command{
		Use:   "list [--deliveries]",
		Short: "List receivers, or with --deliveries what was sent to them",
		Args:  cobra.NoArgs,
		Example: `  penstock webhook list --config pay/config.toml
  penstock webhook list --deliveries --limit 50       # newest first`,
	}
	scope := scopeFlags(cmd)
	cmd.Flags().BoolVar(&deliveries, "deliveries", false, "list deliveries, newest first")
	cmd.Flags().StringVar(&before, "before", "", "deliveries before the one of this `ID`")
	cmd.Flags().IntVar(&limit, "limit", 20, "at most `N` deliveries, up to 1000")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if deliveries {
			return ask(r, func(c *client.Client) (client.Page[client.Delivery], error) {
				return c.Deliveries(cmd.Context(), *scope, before, limit)
			}, r.showDeliveries)
		}
		return ask(r, func(c *client.Client) (client.Page[client.Endpoint], error) {
			return c.Endpoints(cmd.Context(), *scope)
		}, r.showEndpoints)
	}
	return cmd
}

func (r remote) showEndpoints(p client.Page[client.Endpoint]) error {
	rows := make([][]string, len(p.Data))
	for i, e := range p.Data {
		state := "active"
		if e.Disabled {
			state = "removed"
		}
		wanted := strings.Join(e.Types, ",")
		if wanted == "" {
			wanted = "all"
		}
		rows[i] = []string{e.ID, state, e.Profile, e.URL, wanted}
	}
	return printTable(r.env, []string{"ENDPOINT", "STATE", "PROFILE", "URL", "TYPES"}, rows)
}

func (r remote) showDeliveries(p client.Page[client.Delivery]) error {
	rows := make([][]string, len(p.Data))
	for i, d := range p.Data {
		last := ""
		if n := len(d.Attempts); n > 0 {
			last = d.Attempts[n-1].Error
			if last == "" {
				last = fmt.Sprint(d.Attempts[n-1].Status)
			}
		}
		rows[i] = []string{d.ID, d.State, d.Type, d.Payout, fmt.Sprint(d.Tries), last, when(d.Due)}
	}
	moreNote(r.env, p.More, "--before the last id")
	return printTable(r.env, []string{"DELIVERY", "STATE", "TYPE", "PAYOUT", "TRIES", "LAST ANSWER", "NEXT TRY"}, rows)
}

func webhookRemove(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "remove ENDPOINT",
		Short:   "Stop the deliveries to a receiver",
		Args:    cobra.ExactArgs(1),
		Example: "  penstock webhook remove we_01m7yd36spsb257v8awpzx2d01 --config pay/config.toml",
	}
	scope := scopeFlags(cmd)
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (map[string]any, error) {
			return map[string]any{"endpoint_id": args[0], "removed": true}, c.RemoveEndpoint(cmd.Context(), *scope, args[0])
		}, func(map[string]any) error {
			fmt.Fprintf(env.Stderr, "removed %s\n", clip(args[0]))
			return nil
		})
	}
	return cmd
}

func webhookResend(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "resend DELIVERY",
		Short:   "Send a delivery once more, now",
		Args:    cobra.ExactArgs(1),
		Long:    `Sends a delivery once more, whatever became of it: the same body under the same webhook-id, so that a receiver that had it drops it.`,
		Example: "  penstock webhook resend dlv_01m7yd36spsb257v8awpzx2d01 --config pay/config.toml",
	}
	scope := scopeFlags(cmd)
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(r, func(c *client.Client) (client.Delivery, error) { return c.Resend(cmd.Context(), *scope, args[0]) }, func(d client.Delivery) error {
			return r.showDeliveries(client.Page[client.Delivery]{Data: []client.Delivery{d}})
		})
	}
	return cmd
}

func webhookListen(env Env) *cobra.Command {
	var at string
	var count int
	cmd := &cobra.Command{
		Use:   "listen [--at HOST:PORT]",
		Short: "Receive webhooks here, check their signatures and print them",
		Args:  cobra.NoArgs,
		Long: `Listens on this machine, registers itself with the daemon, checks both signatures
of each delivery and prints it, until ^C; then it removes itself. The daemon
speaks to private addresses only where egress.allow names them, so it must be
started with PENSTOCK_EGRESS_ALLOW=127.0.0.1:8099 (or the key egress.allow).`,
		Example: `  penstock webhook listen --config pay/config.toml
  penstock webhook listen --at 127.0.0.1:8099 --count 1 --json    # one delivery, for a script`,
	}
	scope := scopeFlags(cmd)
	cmd.Flags().StringVar(&at, "at", "127.0.0.1:8099", "`HOST:PORT` to listen on")
	cmd.Flags().IntVar(&count, "count", 0, "stop after `N` deliveries (default at ^C)")
	r := asking(env, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := reach(env, *r.file)
		if err != nil {
			return err
		}
		return r.listen(cmd.Context(), c, *scope, at, count)
	}
	return cmd
}

// listen runs a receiver and takes it away again at the end.
func (r remote) listen(ctx context.Context, c *client.Client, s client.Scope, at string, count int) (err error) {
	rec, err := newReceiver(at)
	if err != nil {
		return fmt.Errorf("listen at %s: %w", at, err)
	}
	url := "http://" + rec.address() + "/"
	made, err := c.AddEndpoint(ctx, s, url, "rest", nil)
	var said *client.Error
	if errors.As(err, &said) && said.Code == client.CodeRefused {
		said.Hint = fmt.Sprintf("let the daemon speak to it: egress.allow = [%q] in its configuration, or start it with PENSTOCK_EGRESS_ALLOW=%s", rec.address(), rec.address())
	}
	if err != nil {
		return errors.Join(answered(err), rec.listen.Close())
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = errors.Join(err, answered(c.RemoveEndpoint(end, s, made.ID)))
	}()
	if err := rec.trust(made.Secret, made.HashKey); err != nil {
		return errors.Join(err, rec.listen.Close())
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- rec.serve(run) }()
	fmt.Fprintf(r.env.Stderr, "penstock webhook listen: ready at %s, taking the webhooks of merchant %s in %s mode; secret %s (^C to quit)\n", url, s.Merchant, s.Mode, made.Secret)
	err = r.printReceived(run, rec, count)
	stop()
	return errors.Join(err, <-ended)
}

// printReceived prints deliveries until ctx ends or there were enough. One
// that came twice is said to be the same.
func (r remote) printReceived(ctx context.Context, rec *receiver, count int) error {
	seen := map[string]bool{}
	for n := 0; count == 0 || n < count; n++ {
		select {
		case <-ctx.Done():
			return nil
		case d := <-rec.got:
			if err := r.printDelivery(d, seen[d.ID]); err != nil {
				return err
			}
			if len(seen) < 10_000 {
				seen[d.ID] = true
			}
		}
	}
	return nil
}

func (r remote) printDelivery(d received, again bool) error {
	verdict := "signatures right"
	if d.Problem != nil {
		verdict = "REFUSED: " + d.Problem.Error()
	}
	if *r.json {
		return printJSON(r.env, map[string]any{"webhook_id": d.ID, "type": d.Type, "payout_id": d.Payout, "status": d.Status,
			"verified": d.Problem == nil, "again": again, "body": string(d.Body)})
	}
	if again {
		verdict += ", the same once more"
	}
	_, err := fmt.Fprintf(r.env.Stdout, "%s  %-18s %s %s  %s\n", time.Now().UTC().Format(time.TimeOnly), d.Type, d.Payout, d.Status, verdict)
	return err
}
