package engine_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/engine/sim"
)

// seeker is the test provider, which has to be told all that is known.
type seeker struct {
	connector.Connector
	traits connector.Traits
	asked  []connector.Question
}

func (s *seeker) Traits() connector.Traits { return s.traits }

func (s *seeker) Lookup(context.Context, string) (connector.Outcome, error) {
	return connector.Doubt(connector.ErrNoLookup)
}

func (s *seeker) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	s.asked = append(s.asked, q)
	return s.Connector.Lookup(ctx, q.Key)
}

func TestASeekerIsToldAllThatIsKnown(t *testing.T) {
	for name, traits := range map[string]connector.Traits{"by key": {Lookup: true}, "by its own name alone": {Idempotent: true, Follow: true}} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, sim.Config{})
			s, sandbox := &seeker{traits: traits}, k.Engine.Connectors[engine.SandboxName]
			k.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (_ connector.Connector, err error) {
				s.Connector, err = sandbox(a)
				return s, err
			}
			v := k.pay(sepa(magic(t, "late_success").IBAN))
			k.run(time.Minute)
			v = k.wantStage(v.ID, payout.AllPaid)
			if len(s.asked) == 0 {
				t.Fatal("was not asked")
			}
			p := v.Payouts[0]
			for _, q := range s.asked {
				if q.Key != p.ID || q.Ref == "" || q.Ref != p.Ref || q.Amount != p.Amount || q.Service != p.Service {
					t.Errorf("asked %+v about %s, %s, %s, %s", q, p.ID, p.Ref, p.Amount, p.Service)
				}
				if q.Sent.IsZero() || q.Sent.After(p.First) || p.First.Sub(q.Sent) > time.Second {
					t.Errorf("asked from %v on, first sent %v", q.Sent, p.First)
				}
			}
		})
	}
}

// namer is a provider that notifies by its own name alone.
type namer struct{ connector.Connector }

func (namer) Notification(http.Header, []byte) (connector.Notice, error) {
	return connector.Notice{Outcome: connector.Outcome{Verdict: connector.Rejected, Ref: "tr_1"}}, nil
}

// A notification that names no key is received and settles nothing: the next
// look-up hears the same.
func TestANotificationWithoutAKeySettlesNothing(t *testing.T) {
	k := newKit(t, sim.Config{})
	sandbox := k.Engine.Connectors[engine.SandboxName]
	k.Engine.Connectors[engine.SandboxName] = func(a connector.Account) (connector.Connector, error) {
		c, err := sandbox(a)
		return namer{c}, err
	}
	v := k.pay(sepa(magic(t, "pending").IBAN))
	k.run(time.Second)
	if err := k.Engine.Observe(k.Ctx, "shop", k.get(v.ID).Payouts[0].Account, http.Header{}, []byte("{}")); err != nil {
		t.Errorf("got %v", err)
	}
	if p := k.get(v.ID).Payouts[0]; p.Status != payout.Pending {
		t.Errorf("got %s, want pending", p.Status)
	}
}
