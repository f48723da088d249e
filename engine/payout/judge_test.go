package payout

import (
	"testing"
	"time"

	"penstock/engine/connector"
)

func said(v connector.Verdict, src Source, attempt int) Statement {
	return Statement{Source: src, Attempt: attempt, Outcome: connector.Outcome{Verdict: v}}
}

func TestTimeoutIsNotFailure(t *testing.T) {
	p := fresh(Sending)
	ev := Judge(p, said(connector.Unknown, FromSend, 1), connector.Traits{Lookup: true})
	next, _, err := Apply(p, ev)
	if err != nil || next.Status != Uncertain || !next.Doubt {
		t.Errorf("got %s, doubt %v, %v; want uncertain with doubt", next.Status, next.Doubt, err)
	}
}

func TestAWordThatIsNoVerdictIsUnknown(t *testing.T) {
	if ev := Judge(fresh(Sending), said("settled", FromSend, 1), connector.Traits{}); ev.Kind != Unheard {
		t.Errorf("got %s, want unheard", ev.Kind)
	}
}

func TestRefusalAfterUnknownWaitsForASettledLookup(t *testing.T) {
	traits := connector.Traits{Idempotent: true, Lookup: true, Settle: 5 * time.Second}
	p := fresh(Sending)
	p.Attempt, p.Doubt, p.Deadline = 2, true, Mark{1, 10 * time.Second}
	ev := Judge(p, said(connector.Rejected, FromSend, 2), traits)
	if ev.Kind != Doubted {
		t.Fatalf("a refusal after an unknown: got %s, want doubted", ev.Kind)
	}
	p, _, err := Apply(p, ev)
	if err != nil || p.Status != Uncertain {
		t.Fatalf("got %s, %v", p.Status, err)
	}
	for _, row := range []struct {
		name  string
		asked Mark
		want  Kind
	}{
		{"asked at the deadline", Mark{1, 10 * time.Second}, Early},
		{"asked just before it settled", Mark{1, 15*time.Second - 1}, Early},
		{"asked when settled", Mark{1, 15 * time.Second}, Missing},
		{"asked early after a restart", Mark{2, time.Second}, Early},
		{"asked late after a restart", Mark{2, 5 * time.Second}, Missing},
	} {
		st := Statement{Source: FromLookup, Asked: row.asked, Outcome: connector.Outcome{Verdict: connector.Absent}}
		if got := Judge(p, st, traits).Kind; got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

func TestRefusalIsBelieved(t *testing.T) {
	for _, row := range []struct {
		name   string
		p      Payout
		st     Statement
		traits connector.Traits
		want   Kind
	}{
		{"at the first attempt", fresh(Sending), said(connector.Rejected, FromSend, 1), connector.Traits{}, Refusal},
		{"after an unknown by one who keeps refusals", doubtful(2), said(connector.Rejected, FromSend, 2), connector.Traits{KeepsRefusal: true}, Refusal},
		{"of an attempt before the latest: only written down", doubtful(2), said(connector.Rejected, FromSend, 1), connector.Traits{KeepsRefusal: true}, Late},
		{"by a notification after an unknown: not yet", doubtful(2), said(connector.Rejected, FromNotice, 0), connector.Traits{Lookup: true}, Doubted},
		{"by a settled look-up", doubtful(2), Statement{Source: FromLookup, Asked: Mark{1, time.Hour}, Outcome: connector.Outcome{Verdict: connector.Rejected}}, connector.Traits{Lookup: true, Settle: time.Second}, Refusal},
		{"by a person", doubtful(2), said(connector.Rejected, FromPerson, 0), connector.Traits{}, Refusal},
	} {
		if got := Judge(row.p, row.st, row.traits).Kind; got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

func doubtful(attempt int) Payout {
	p := fresh(Sending)
	p.Attempt, p.Doubt, p.Deadline = attempt, true, Mark{1, time.Second}
	return p
}

func TestPartOfAnotherAmountIsNoWord(t *testing.T) {
	for _, row := range []struct {
		paid int64
		want Kind
	}{{400, Part}, {1000, Whole}, {0, Unheard}, {1001, Unheard}, {-1, Unheard}} {
		st := Statement{Source: FromSend, Attempt: 1, Outcome: connector.Outcome{Verdict: connector.PartlyPaid, Paid: eur(row.paid)}}
		if got := Judge(fresh(Sending), st, connector.Traits{}).Kind; got != row.want {
			t.Errorf("%d of 1000: got %s, want %s", row.paid, got, row.want)
		}
	}
}

func TestWhatIsDoneNext(t *testing.T) {
	refused := fresh(Uncertain)
	refused.Refused = true
	old := fresh(Uncertain)
	old.First = t0.Add(-25 * time.Hour)
	both := connector.Traits{Idempotent: true, Lookup: true}
	key := connector.Traits{Idempotent: true}
	ask := connector.Traits{Lookup: true}
	follow := connector.Traits{Idempotent: true, Follow: true}
	named := fresh(Pending)
	named.Ref = "tr_1"
	for _, row := range []struct {
		name string
		p    Payout
		t    connector.Traits
		want Act
	}{
		{"queued is sent", fresh(Queued), connector.Traits{}, Send},
		{"pending is asked about", fresh(Pending), ask, Ask},
		{"pending without look-up waits for the provider", fresh(Pending), key, Wait},
		{"pending under the provider's own name is followed", named, follow, Ask},
		{"pending without that name can't be", fresh(Pending), follow, Wait},
		{"uncertain is sent again, which following can't prove void", fresh(Uncertain), follow, Send},
		{"uncertain is asked about before anything else", fresh(Uncertain), both, Ask},
		{"uncertain without key is never resent before a look-up (rule 5)", fresh(Uncertain), ask, Ask},
		{"uncertain with a key alone is sent again under it", fresh(Uncertain), key, Send},
		{"past the provider's window nothing is resent", old, connector.Traits{Idempotent: true, Window: 24 * time.Hour}, Moderate},
		{"a doubted refusal without look-up needs a person (rule 4)", refused, key, Moderate},
		{"neither key nor look-up needs a person (rule 6)", fresh(Uncertain), connector.Traits{}, Moderate},
		{"paid is over", fresh(Paid), both, Nothing},
	} {
		if got := Plan(row.p, row.t, t0); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}
