package connectortest

import (
	"context"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// toyBook is a connector with a list, sound but for the bug that it is given.
type toyBook struct {
	bug  string
	sent []connector.Transfer
}

func (b *toyBook) Traits() connector.Traits { return connector.Traits{Idempotent: true} }

func (b *toyBook) Send(_ context.Context, in connector.Instruction) (connector.Outcome, error) {
	for _, t := range b.sent {
		if t.Key == in.Key && b.bug != "twice" {
			return connector.Outcome{Verdict: connector.Paid}, nil
		}
	}
	t := connector.Transfer{Key: in.Key, Amount: in.Amount, Service: in.Service}
	switch b.bug {
	case "amount":
		t.Amount = money.New(in.Amount.Minor()*100, in.Amount.Currency())
	case "service":
		t.Service = "other"
	case "key":
		t.Key = "another"
	}
	b.sent = append(b.sent, t)
	return connector.Outcome{Verdict: connector.Paid}, nil
}

func (b *toyBook) Lookup(context.Context, string) (connector.Outcome, error) {
	return connector.Outcome{Verdict: connector.Unknown}, connector.ErrNoLookup
}

func (b *toyBook) Transfers(ctx context.Context, _ time.Time) ([]connector.Transfer, error) {
	if b.bug == "short" {
		return b.sent[1:], ctx.Err()
	}
	if b.bug == "deaf" {
		return b.sent, nil
	}
	return b.sent, ctx.Err()
}

// TestBugsOfListsAreFound breaks a sound list in one place at a time.
func TestBugsOfListsAreFound(t *testing.T) {
	for _, bug := range []string{"", "twice", "amount", "service", "key", "short", "deaf"} {
		h := toyHarness("")
		h.Live = func(testing.TB) Live { return Live{Connector: &toyBook{bug: bug}} }
		problems := run(t, h, check{"SentKeyIsListedOnce", live, sentKeyIsListedOnce})
		if found := len(problems) > 0; found != (bug != "") {
			t.Errorf("bug %q: found %q", bug, problems)
		}
	}
}
