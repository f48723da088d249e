package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"penstock/engine/connector"
)

// InProcess builds connectors to a provider in this process. Faults work as
// over a wire, but that nothing sleeps: an answer that would come after the
// deadline is Unknown at once. One provider may serve many accounts.
//
// The provider is the other side: one that keeps no file forgets what it paid
// when this process ends. A process that remembers its payouts gives it a Dir.
//
// Time passes when somebody calls; a process that wants notifications, or a
// ledger that settles by itself, runs [Provider.Run] and takes the postings.
func InProcess(p *Provider, options ...Option) connector.Builder {
	return func(a connector.Account) (connector.Connector, error) {
		if p == nil {
			return nil, errors.New("sandbox: a provider is required")
		}
		return &inProcess{provider: p, traits: traitsOf(options), account: a.ID, secret: a.Secrets[SecretName], persona: personaOf(a.Provider)}, nil
	}
}

type inProcess struct {
	connector.Mute
	provider *Provider
	traits   connector.Traits
	account  string
	secret   string
	persona  *Persona // nil: the test provider's own manner
}

var (
	_ connector.Connector = (*inProcess)(nil)
	_ connector.Notifier  = (*inProcess)(nil)
	_ connector.Lister    = (*inProcess)(nil)
)

func (c *inProcess) Traits() connector.Traits { return c.traits }

func (c *inProcess) Send(ctx context.Context, in connector.Instruction) (out connector.Outcome, err error) {
	if err := ctx.Err(); err != nil {
		return unknown(err)
	}
	defer func() { c.note(ctx, "POST", out, err) }()
	pace, refusal, taken := c.persona.judge(in)
	if !taken {
		return refusal, nil
	}
	a, err := c.provider.Receive(Order{Key: in.Key, Amount: in.Amount, Service: in.Service, Fields: in.Details, NotifyURL: in.NotifyURL, Account: c.account, Pace: pace})
	if err != nil {
		return unknown(err)
	}
	if deadline, ok := ctx.Deadline(); ok && a.Delay > 0 && c.provider.now().Add(a.Delay).After(deadline) {
		return unknown(fmt.Errorf("answer is late: %w", context.DeadlineExceeded))
	}
	switch {
	case a.Cut == Dropped:
		return unknown(errors.New("connection closed before the answer"))
	case a.Cut == Failed:
		return unknown(errors.New("provider answered 500"))
	case a.Refusal != nil && a.Refusal.Code == codeConflict:
		return unknown(errors.New("provider answered 409"))
	case a.Refusal != nil:
		return refused(a.Refusal.Code), nil
	}
	return c.persona.says(wireOf(a.Transfer).outcome())
}

// note is the exchange that there would have been with a provider outside.
func (c *inProcess) note(ctx context.Context, method string, out connector.Outcome, err error) {
	call := connector.Call{At: c.provider.now().UTC(), Method: method, Host: "in this process", Path: transfersPath, Status: http.StatusOK}
	switch {
	case err != nil:
		call.Status, call.Problem = 0, err.Error()
	case out.Verdict == connector.Absent:
		call.Status = http.StatusNotFound
	case out.Verdict == connector.Rejected && method == "POST":
		call.Status = http.StatusBadRequest
	}
	if out.Code != "" {
		call.Said = "status=" + out.Code
	}
	connector.Note(ctx, call)
}

func (c *inProcess) Lookup(ctx context.Context, key string) (out connector.Outcome, err error) {
	if !c.traits.Lookup || !c.provider.Faults().Lookup {
		return connector.Outcome{Verdict: connector.Unknown}, connector.ErrNoLookup
	}
	if err := ctx.Err(); err != nil {
		return unknown(err)
	}
	defer func() { c.note(ctx, "GET", out, err) }()
	t, found, err := c.provider.Find(key)
	switch {
	case err != nil:
		return unknown(err)
	case !found:
		return connector.Outcome{Verdict: connector.Absent, Code: codeNotFound}, nil
	}
	return c.persona.says(wireOf(t).outcome())
}

func (c *inProcess) Notification(header http.Header, body []byte) (connector.Notice, error) {
	return c.persona.tells(readNotice(c.secret, header, body))
}

// Transfers lists what the account has ordered, all of it: the ledger bears no
// times.
func (c *inProcess) Transfers(ctx context.Context, _ time.Time) ([]connector.Transfer, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	lines, err := c.provider.Ledger()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	var out []connector.Transfer
	for _, l := range lines {
		if l.Account == c.account {
			out = append(out, connector.Transfer{Key: l.Key, Amount: l.Amount, Service: l.Service})
		}
	}
	return out, nil
}
