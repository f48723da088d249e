package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/store"
)

// Called is what a test call to a provider account found. Nothing of it moves
// money.
type Called struct {
	Asked    string // balances, or lookup; empty: the connector has nothing that can be asked
	Took     time.Duration
	Balances []money.Amount // as the provider has them
	Problem  string         // why there was no good answer; safe to show
}

// CallAccount asks a provider something that changes nothing, so that a person
// sees whether address and credentials are right: what is on the account, or
// after a transfer that nobody has made. That there is no good answer is in
// Called; an error says that nothing was asked.
func (e *Engine) CallAccount(ctx context.Context, c Caller, id string) (*Called, error) {
	if _, err := e.Account(ctx, c.Scope, id); err != nil {
		return nil, err
	}
	conn, err := e.connectorOf(ctx, c.Scope, id)
	var refused *Error
	if errors.As(err, &refused) {
		return nil, err
	}
	if err != nil {
		return &Called{Problem: err.Error()}, nil
	}
	out := &Called{}
	at, began := e.pulse.now()
	key, err := e.newID(at)
	if err != nil {
		return nil, err
	}
	call, cancel := context.WithTimeout(ctx, e.Timing.Deadline)
	defer cancel()
	if b, ok := conn.(connector.Balancer); ok {
		out.Asked = "balances"
		out.Balances, err = b.Balances(call)
	} else if conn.Traits().Lookup {
		out.Asked = "lookup"
		_, err = conn.Lookup(call, "po_"+key)
	}
	_, ended := e.pulse.now()
	out.Took = ended.Mono - began.Mono
	if err != nil {
		out.Problem = problem(err)
	}
	if out.Asked != "" {
		e.answered(ctx, c.Scope, id, called(out.Problem))
	}
	note := "answered"
	if out.Problem != "" {
		note = "no good answer"
	}
	return out, e.update(ctx, func(tx store.Tx, now time.Time) error {
		return audit(tx, now, Act{Actor: c.Actor, Merchant: c.Merchant, Mode: c.Mode, Action: "provider_account.call", Object: id, Note: note})
	})
}

// problem is what went wrong with a provider, in its connector's words: whoever
// connected the account needs them to mend it, and a receiver's are told by reason
// instead. At most 200 bytes.
func problem(err error) string {
	if word := cutShort(err); word != "" {
		return word
	}
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), 200)], "")
}

// called is what a test call is worth to the breaker.
func called(problem string) connector.Outcome {
	if problem != "" {
		return connector.Outcome{Verdict: connector.Unknown, Message: problem}
	}
	return connector.Outcome{Verdict: connector.Accepted}
}
