package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"penstock/engine/connector/stripe"
	"penstock/engine/egress"
	"penstock/httpd/client"
)

const (
	// maxReach bounds the addresses that are tried, maxScopes the merchants
	// whose accounts are looked at.
	maxReach, maxScopes = 64, 200
	reachPatience       = 10 * time.Second
)

// lookProviders connects to every address that money leaves by, by the same
// rules as the daemon. Any answer will do: nothing is authenticated, and a GET
// of the address itself moves nothing.
func (d *doctor) lookProviders(ctx context.Context) {
	policy, err := egress.ParsePolicy(d.cfg.Egress.Allow, d.cfg.Egress.Mode)
	if err != nil {
		return // noted by lookEgress
	}
	targets, err := d.targets(ctx)
	if err != nil {
		d.problem("reach", "journalctl -u penstock", "the provider accounts can't be listed: %v", err)
	}
	names := slices.Sorted(maps.Keys(targets))
	if len(names) > maxReach {
		d.warn("reach", "look at the others by hand", "only the first %d of %d addresses are tried", maxReach, len(names))
		names = names[:maxReach]
	}
	if len(names) == 0 {
		d.ok("reach", "no provider account has an address that could be tried")
	}
	web := egress.Client(egress.Money(policy, egress.Options{Dial: reachPatience, TLS: reachPatience, Header: reachPatience}))
	answers := make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(8)
	for i, name := range names {
		group.Go(func() error { answers[i] = knock(ctx, web, name); return nil })
	}
	_ = group.Wait() // each answer tells of itself
	for i, name := range names {
		if refusal := new(egress.Error); errors.As(answers[i], &refusal) {
			d.problem("reach", "add its address and port to egress.allow, or change egress.mode, and restart", "%s (%s): %v", name, targets[name], answers[i])
		} else if answers[i] != nil {
			d.problem("reach", "curl -v "+name+"; look at DNS, routes and the firewall", "%s (%s): %v", name, targets[name], answers[i])
		} else {
			d.ok("reach", "%s (%s) answers", name, targets[name])
		}
	}
}

// targets are the addresses with who uses them.
func (d *doctor) targets(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	if at := d.cfg.Sandbox.BaseURL; at != "" {
		out[at] = "sandbox.base_url"
	}
	if at := d.cfg.Rates.ECBURL; at != "" {
		out[at] = "rates.ecb_url"
	}
	if d.status == nil {
		d.warn("reach", "start the daemon, then repeat this", "the provider accounts are in the store: without the daemon only the configuration's addresses are tried")
		return out, nil
	}
	forms, err := allForms(string(d.cfg.Connectors.Forms))
	if err != nil {
		return out, err
	}
	merchants, err := d.client.Merchants(ctx, "", maxScopes)
	if err != nil {
		return out, err
	}
	for _, m := range merchants.Data {
		for _, mode := range []string{"test", "live"} {
			accounts, err := d.client.Accounts(ctx, client.Scope{Merchant: m.ID, Mode: mode})
			if err != nil {
				return out, err
			}
			for _, a := range accounts.Data {
				at := a.BaseURL
				if f := forms[a.Provider]; at == "" && mode == "live" && f != nil {
					at = f.Base()
				} else if at == "" && mode == "live" && a.Provider == stripe.Provider {
					at = stripe.BaseURL
				}
				if at != "" && !a.Disabled {
					out[at] = a.Provider
				}
			}
		}
	}
	return out, nil
}

// knock is nil when somebody answers at the address.
func knock(ctx context.Context, web *http.Client, at string) error {
	ctx, stop := context.WithTimeout(ctx, reachPatience)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	resp, err := web.Do(req)
	if err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner // without net/http's "Get ADDRESS"
		}
		return fmt.Errorf("no answer: %w", err)
	}
	return resp.Body.Close()
}
