package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

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

// mandateName begins the names under which the test provider keeps what was paid
// with. What is kept always pays, and its holder isn't asked again.
const mandateName = "mandate_"

func acquired(ctx context.Context, in connector.Acquisition) (out connector.Acquired, err error) {
	if err := ctx.Err(); err != nil {
		out.Outcome, err = unknown(err)
		return out, err
	}
	sum := sha256.Sum256([]byte(in.Key))
	out.Outcome = connector.Outcome{Verdict: connector.Paid, Ref: "pi_" + hex.EncodeToString(sum[:10])}
	back, _ := url.ParseQuery(in.Returned)
	if in.What == "void" && back.Get("challenge") == challengeGranted { // the payer was first
		out.Verdict, out.Resolution, out.Code, out.Message = connector.Rejected, connector.Declined, "already_paid", "the payer has said yes before"
		return out, nil
	}
	if in.What != "charge" && in.What != "authorise" {
		return out, nil
	}
	number, _ := value(in.Details, cardFields, digits)
	asks := slices.Contains(challengeCards[:], number)
	switch name := in.Details["psp_token"]; {
	case name != "" && (!strings.HasPrefix(name, mandateName) || in.Customer == ""):
		out.Verdict, out.Resolution, out.Code, out.Message = connector.Rejected, connector.InvalidAccount, "mandate_unknown", "nothing is kept under that name"
		return out, nil
	case asks && in.OffSession:
		out.Verdict, out.Resolution, out.Code, out.Message = connector.Rejected, connector.Declined, "authentication_required", "the payer's bank wants them asked, and they are not there"
		return out, nil
	}
	if in.ReturnURL != "" && (in.Secure || asks) {
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
	case in.Save:
		out.Method, out.Customer = mandateName+hex.EncodeToString(sum[10:20]), "cus_"+hex.EncodeToString(sum[20:30])
	}
	return out, nil
}
