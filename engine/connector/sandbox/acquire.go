package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"

	"penstock/engine/connector"
)

var (
	_ connector.Acquirer = (*client)(nil)
	_ connector.Acquirer = (*inProcess)(nil)
)

// Acquire decides by the card alone, like a payout to it: the test provider
// keeps no book of money that comes in, so the same question always has the
// same answer.
func (c *client) Acquire(ctx context.Context, in connector.Acquisition) (connector.Acquired, error) {
	return acquired(ctx, in)
}

// Acquire is the client's.
func (c *inProcess) Acquire(ctx context.Context, in connector.Acquisition) (connector.Acquired, error) {
	return acquired(ctx, in)
}

// ChallengeCards are those whose holder is always asked by the bank (3-D
// Secure), as networks and large providers publish them for tests.
func ChallengeCards() []string { return slices.Clone(challengeCards[:]) }

var challengeCards = [...]string{"4000000000003220", "4000002500003155", "4000002760003184", "4000003800000446"}

// What the payer brings back from the bank's page, which the test provider has
// none of its own for: the address to come back to plays it.
const (
	ChallengeAsk     = "challenge=ask"
	challengeGranted = "granted"
)

func acquired(ctx context.Context, in connector.Acquisition) (out connector.Acquired, err error) {
	if err := ctx.Err(); err != nil {
		out.Outcome, err = unknown(err)
		return out, err
	}
	sum := sha256.Sum256([]byte(in.Key))
	out.Outcome = connector.Outcome{Verdict: connector.Paid, Ref: "pi_" + hex.EncodeToString(sum[:10])}
	if in.What != "charge" && in.What != "authorise" {
		return out, nil
	}
	number, _ := value(in.Details, cardFields, digits)
	if in.ReturnURL != "" && (in.Secure || slices.Contains(challengeCards[:], number)) {
		back, _ := url.ParseQuery(in.Returned)
		switch back.Get("challenge") {
		case "", "ask":
			out.Verdict, out.Next = connector.Accepted, in.ReturnURL+"?"+ChallengeAsk
			return out, nil
		case challengeGranted:
		default:
			out.Verdict, out.Resolution, out.Code, out.Message = connector.Rejected, connector.Declined, "authentication_failed", "the payer did not prove who they are"
			return out, nil
		}
	}
	switch f := fateOf(in.Details); {
	case f.End == Rejected:
		out.Verdict, out.Resolution, out.Code, out.Message = connector.Rejected, f.Resolution, f.Resolution, "the card was declined"
	case f.End == Accepted:
		out.Verdict = connector.Accepted
	}
	return out, nil
}
