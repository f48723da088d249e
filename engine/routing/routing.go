// Package routing chooses where the money of a payout leaves: it walks the
// decision tree of a payout service, asks the strategies of the branch it ends
// at, and says why each route was taken or refused, and by which number.
//
// It is pure: whoever calls Decide twice with the same Input gets the same
// Decision, so a dry run is the real thing, and the Decision that is stored
// with a payout can be checked afterwards against itself (Decision.Replay).
// Chance comes in as Input.Seed, rates as Candidate.Convert, the time of day
// as an attribute. There is nothing to hold after a crash.
package routing
