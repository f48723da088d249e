package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/money"
)

// sending plants a bug between the engine and the provider.
func sending(fn func(*World, sendFunc, context.Context, connector.Instruction) (connector.Outcome, error)) func(*World, sendFunc) sendFunc {
	return func(w *World, next sendFunc) sendFunc {
		return func(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
			return fn(w, next, ctx, in)
		}
	}
}

// stalling lets a call wait for longer than its lease, while the rest of the
// process goes on, and then makes it all the same.
func stalling(w *World, next sendFunc) sendFunc {
	return func(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
		if w.Rand.IntN(3) == 0 && w.stalled < 3 {
			w.stalled++
			for range 30 {
				w.Clock.Advance(5 * time.Second)
				_, _ = w.Engine.Work(ctx)
			}
			w.stalled--
		}
		return next(ctx, in)
	}
}

// wireBreaks are wrong ways to speak with providers and receivers.
func wireBreaks() []Break {
	return []Break{
		{Name: "new-key-per-attempt", Does: "gives each attempt a key of its own", Incident: "an SDK that makes a fresh random Idempotency-Key per call: a requeue is a second payout",
			Send: sending(func(w *World, next sendFunc, ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
				if n := w.sends[in.Key]; n > 1 {
					in.Key = fmt.Sprintf("%s-%d", in.Key, n)
				}
				return next(ctx, in)
			})},
		{Name: "key-with-date", Does: "puts the day into the key", Incident: "a retry on the next day is a new payment",
			Send: sending(func(w *World, next sendFunc, ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
				in.Key += w.Clock.Now().Format("-20060102")
				return next(ctx, in)
			})},
		{Name: "transport-repeats", Does: "repeats a request whose connection broke", Incident: "an HTTP client that re-sends a POST bearing an Idempotency-Key by itself",
			Send: sending(func(_ *World, next sendFunc, ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
				out, err := next(ctx, in)
				if err != nil {
					return next(ctx, in)
				}
				return out, err
			})},
		{Name: "500-is-refusal", Does: "takes a server error as the provider's refusal", Incident: "a status map with a default of failed",
			Send: sending(func(_ *World, next sendFunc, ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
				out, err := next(ctx, in)
				if err != nil {
					return connector.Outcome{Verdict: connector.Rejected}, nil
				}
				return out, err
			})},
		{Name: "no-answer-is-paid", Does: "takes a call without an answer as paid", Incident: "an optimistic integration; payees who never got their money",
			Send: sending(func(_ *World, next sendFunc, ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
				out, err := next(ctx, in)
				if err != nil {
					return connector.Outcome{Verdict: connector.Paid}, nil
				}
				return out, err
			})},
		{Name: "two-decimals-assumed", Does: "sends every amount with two decimals", Incident: "yen times a hundred, dinars lacking a digit",
			Send: sending(func(_ *World, next sendFunc, ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
				if in.Amount.Currency().Exponent() == 0 {
					in.Amount = money.New(in.Amount.Minor()*100, in.Amount.Currency())
				}
				return next(ctx, in)
			})},
		{Name: "account-in-error", Does: "puts the account number into an error's text", Incident: "a client library that prints the request it could not send",
			Send: sending(func(_ *World, next sendFunc, ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
				out, err := next(ctx, in)
				if err != nil {
					err = errors.New("sending to " + in.Details["iban"] + in.Details["card_number"] + ": " + err.Error())
				}
				return out, err
			})},
		{Name: "key-claimed-honoured", Does: "declares that the provider honours the key, which it doesn't", Incident: "a connector written from the provider's marketing page",
			Traits: func(t connector.Traits) connector.Traits { t.Idempotent, t.Lookup = true, false; return t }},
		{Name: "refusals-claimed-kept", Does: "declares that the provider keeps refusals, which it doesn't", Incident: "rule 4 switched off by one wrong word",
			Traits: func(t connector.Traits) connector.Traits { t.KeepsRefusal = true; return t }},
		{Name: "settle-claimed-short", Does: "declares that a request that timed out is void at once", Incident: "a settle time measured on a quiet day",
			Traits: func(t connector.Traits) connector.Traits { t.Settle = 0; return t }},
		{Name: "answer-about-another", Does: "takes any transfer that an answer shows for the one asked about", Incident: "a proxy that mixes up two answers on one kept-alive connection",
			Reads: reading(func(key string, a answer, t map[string]any) answer {
				if t != nil && t["key"] != nil {
					t["key"] = key
					delete(t, "amount")
					a.body = encoded(t)
				}
				return a
			})},
		{Name: "any-404-is-absent", Does: "takes every 404 for the provider's word that there is no such transfer", Incident: "a load balancer without backends; all that was asked about was sent again",
			Reads: reading(func(_ string, a answer, _ map[string]any) answer {
				if a.status == 404 {
					return said(404, "transfer_not_found", nil)
				}
				return a
			})},
		{Name: "any-4xx-is-refusal", Does: "takes every 4xx for the provider's refusal", Incident: "a firewall's 400, 403 or 429 shown to the merchant as failed, and paid by other means",
			Reads: reading(func(_ string, a answer, _ map[string]any) answer {
				if no := false; a.status >= 400 && a.status < 500 && a.status != 404 {
					return said(400, "invalid_request", &no)
				}
				return a
			})},
		{Name: "last-of-two-members", Does: "reads an answer that names a member twice, and takes the last", Incident: "two parsers that disagree about one body",
			Reads: reading(func(_ string, a answer, t map[string]any) answer {
				if t != nil {
					a.body = encoded(t)
				}
				return a
			})},
		{Name: "notification-unsigned", Does: "believes a notification without its signature", Incident: "anybody who knows a payout's id can mark it paid",
			Unsigned: true},
		{Name: "webhook-of-a-later-state", Does: "renders a webhook when it is sent, not when it happened", Incident: "stale or future status in the payload",
			Receive: func(w *World, m *Message) { m.Body = w.rerendered(m.Body) }},
		{Name: "worker-dies-of-a-panic", Does: "never works again after one payout's handling panicked", Incident: "a cron job under recover and skip-if-running that panicked once",
			StopsAfterPanic: true},
		{Name: "clock-step-believed", Does: "measures how long ago a call ended by the wall clock", Incident: "a time server corrects the clock, and a late arrival is paid again",
			Clock: func(c *Clock) engine.Clock { return wallOnly{c, c.Now()} }},
	}
}

// reading plants a bug in how answers are read: fn gets an answer and, where it
// is an object, its members as a lenient parser sees them.
func reading(fn func(key string, a answer, members map[string]any) answer) func(string, answer) answer {
	return func(key string, a answer) answer {
		var t map[string]any
		if json.Unmarshal(a.body, &t) != nil || a.status != 200 || t["transfers"] != nil {
			t = nil
		}
		return fn(key, a, t)
	}
}

// wallOnly is a clock whose monotonic time is the wall's.
type wallOnly struct {
	*Clock
	start time.Time
}

func (c wallOnly) Mono() time.Duration { return c.Now().Sub(c.start) }
