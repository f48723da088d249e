package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"penstock/engine/connector"
)

var (
	_ connector.Acquirer = (*client)(nil)
	_ connector.Acquirer = (*inProcess)(nil)
)

// Acquire decides by the card alone, like a payout to it: the test provider
// keeps no book of money that comes in, so the same question always has the
// same answer.
func (c *client) Acquire(ctx context.Context, in connector.Acquisition) (connector.Outcome, error) {
	return acquired(ctx, in)
}

// Acquire is the client's.
func (c *inProcess) Acquire(ctx context.Context, in connector.Acquisition) (connector.Outcome, error) {
	return acquired(ctx, in)
}

func acquired(ctx context.Context, in connector.Acquisition) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return unknown(err)
	}
	sum := sha256.Sum256([]byte(in.Key))
	out := connector.Outcome{Verdict: connector.Paid, Ref: "pi_" + hex.EncodeToString(sum[:10])}
	if in.What != "charge" && in.What != "authorise" {
		return out, nil
	}
	switch f := fateOf(in.Details); {
	case f.End == Rejected:
		out.Verdict, out.Resolution, out.Code, out.Message = connector.Rejected, f.Resolution, f.Resolution, "the card was declined"
	case f.End == Accepted:
		out.Verdict = connector.Accepted
	}
	return out, nil
}
